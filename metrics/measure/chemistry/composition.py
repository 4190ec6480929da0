"""What a crystal is made of: formula, chemical system, density."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from metrics.measure import NoSettings, UnmeasurableError, measure
from metrics.measure.fingerprint.elements import anonymous_formula, element_of, reduced_formula
from metrics.measure.structure.density import mass_density

if TYPE_CHECKING:
    from metrics.crystal import Crystal


@lru_cache(maxsize=4)
def reduced_formula_of(crystal: Crystal) -> str:
    """Formula with the same element ratios exactly, in pymatgen's spelling (``O2``, ``Na2O2`` included).

    The last few answers are kept, because several facts about one crystal need it.
    """
    return reduced_formula(crystal.atomic_numbers)


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
    facts: dict[str, object] = {
        "reduced_formula": reduced_formula_of(crystal),
        "anonymous_formula": anonymous_formula(crystal.counts),
        "chemical_system": "-".join(sorted(element_of(number).symbol for number in crystal.counts)),
        "n_sites": crystal.n_sites,
    }
    if not (np.isfinite(crystal.volume) and crystal.volume > 0):
        message = f"density: the cell volume is {crystal.volume:g} cubic angstrom"
        raise UnmeasurableError(message, **facts)
    return facts | {"density": mass_density(crystal), "volume_per_atom": crystal.volume / crystal.n_sites}
