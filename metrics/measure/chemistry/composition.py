"""What a crystal is made of: formula, chemical system, density."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element

from metrics.measure import NoSettings, UnmeasurableError, measure

if TYPE_CHECKING:
    from metrics.crystal import Crystal

# CODATA 2022 atomic mass constant: 1 u per cubic angstrom in g per cubic centimetre
_DENSITY_PER_AMU_PER_CUBIC_ANGSTROM = 1.66053906892


def composition_of(crystal: Crystal) -> Composition:
    """Integer amounts in the cell, elements by atomic number, so that no result depends on the order of the sites."""
    counts = Counter(crystal.atomic_numbers.tolist())
    return Composition({Element.from_Z(number).symbol: counts[number] for number in sorted(counts)})


def reduced_formula_of(crystal: Crystal) -> str:
    """Formula with the same element ratios exactly, in pymatgen's spelling (``O2``, ``Na2O2`` included)."""
    with warnings.catch_warnings():
        # pymatgen orders a formula by electronegativity and complains about the elements without one
        warnings.filterwarnings("ignore", message="No Pauling electronegativity", category=UserWarning)
        return str(composition_of(crystal).reduced_formula)


def mass_density(crystal: Crystal) -> float:
    """Mass density in g/cm3; infinite for a cell without volume."""
    numbers, counts = np.unique(crystal.atomic_numbers, return_counts=True)
    mass = sum(float(Element.from_Z(int(z)).atomic_mass) * int(n) for z, n in zip(numbers, counts, strict=True))
    return mass / crystal.volume * _DENSITY_PER_AMU_PER_CUBIC_ANGSTROM if crystal.volume > 0 else float("inf")


@measure(
    name="composition",
    version=1,
    columns={
        "reduced_formula": pa.string(),
        "anonymous_formula": pa.string(),
        "chemical_system": pa.string(),
        "n_sites": pa.int64(),
        "density": pa.float64(),
        "volume_per_atom": pa.float64(),
    },
)
def measure_composition(crystal: Crystal, settings: NoSettings) -> dict[str, object]:  # noqa: ARG001 - the common form
    """Formulas, elements joined by ``-`` in alphabetical order, density (g/cm3) and volume per atom (A3)."""
    composition = composition_of(crystal)
    facts: dict[str, object] = {
        "reduced_formula": reduced_formula_of(crystal),
        "anonymous_formula": str(composition.anonymized_formula),
        "chemical_system": "-".join(sorted(element.symbol for element in composition)),
        "n_sites": crystal.n_sites,
    }
    if not (np.isfinite(crystal.volume) and crystal.volume > 0):
        message = f"density: the cell volume is {crystal.volume:g} cubic angstrom"
        raise UnmeasurableError(message, **facts)
    return facts | {"density": mass_density(crystal), "volume_per_atom": crystal.volume / crystal.n_sites}
