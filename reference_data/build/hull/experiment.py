"""Formation energies of a hull beside measured ones, an independent check that the manifest states."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

from pymatgen.core.composition import Composition

from metrics.formula import elements_of, smallest_whole
from reference_data.files.manifest import ExperimentRecord

if TYPE_CHECKING:
    import pandas as pd


def measured_formation_energies() -> dict[str, float]:
    """Formation energies by reduced formula, eV/atom, of the table that pymatgen ships.

    Standard enthalpies of formation at 298 K from calorimetry, with which the corrections of Materials Project were
    fitted: A. Wang et al., Sci. Rep. 11, 15496 (2021), doi 10.1038/s41598-021-94550-5.
    """
    path = Path(str(files("pymatgen.analysis.compatibility") / "exp_compounds.json.gz"))
    energies = {}
    for entry in json.loads(gzip.decompress(path.read_bytes())):
        composition = Composition(entry["formula"])
        energies[composition.reduced_formula] = entry["exp energy"] / composition.num_atoms
    return energies


def compare_with_experiment(entries: pd.DataFrame) -> ExperimentRecord:
    """How far the lowest entry of each measured formula lies from the measurement.

    Args:
        entries: columns reduced_formula and formation_energy_per_atom (eV/atom) of a hull.

    """
    measured = measured_formation_energies()
    wanted = {_ratios(formula) for formula in measured}
    lowest = entries.groupby("reduced_formula")["formation_energy_per_atom"].min()
    computed = {key: float(energy) for formula, energy in lowest.items() if (key := _ratios(str(formula))) in wanted}
    differences = [
        computed[key] - energy for formula, energy in measured.items() if (key := _ratios(formula)) in computed
    ]
    return ExperimentRecord(
        n_measured=len(measured),
        n_compared=len(differences),
        mean_absolute_difference=round(fmean(map(abs, differences)), 4) if differences else None,
        median_difference=round(median(differences), 4) if differences else None,
    )


def _ratios(formula: str) -> tuple[tuple[str, int], ...]:
    """Equal for every spelling of a composition, also of elements that pymatgen cannot order, as argon."""
    return smallest_whole(elements_of(formula))
