"""How many structures look stable because competing phases are missing, and how many because of the potential.

Run as ``python -m tests.bench_sparse_hull`` (two minutes, one core); needs the test data. The hull of Materials
Project is thinned, and the same 1,963 generated structures are placed on what is left of it: with CHGNet's energies,
and with those of DFT (the published distance plus the energy of the whole hull at the composition). The shares and
counts of docs/sparse-hulls.md are printed here.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from leaderboard.calibration.expectation import THRESHOLDS, expectation
from leaderboard.calibration.fit import Labelled, fit
from metrics.formula import chemical_system, elements_of, smallest_whole
from metrics.measure.energy.hull import Hull, formation_energy_per_atom
from metrics.table import frame
from reference_data.reference import open_reference
from tests.metrics.hull_entries import DATA, mp_entries
from tests.metrics.measure.energy.test_published_energies import (
    CHGNET,
    elemental_references,
    energies_per_atom,
    published,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

CONVENTION = "pbe_mp2020"
SHARES_KEPT = (0.9, 0.5, 0.25, 0.1, 0.05)
N_SEEDS = 3
ENTRIES = (1, 5, 8, 12, 21, 1_000)
"""Bounds of the bins by entries of a chemical system."""
LEFT = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Bounds of the bins by the share of a chemical system's compounds that is left; a last bin is where all are."""
_PERCENT = 100
FEWEST_SHOWN = 20


@dataclass(frozen=True)
class Structures:
    """The generated structures.

    Attributes:
        formulas: n of them.
        sizes: (n,) number of elements.
        methods: n names of generators.
        formation: (n,) formation energy by CHGNet, eV/atom.
        on_whole: (n,) distances from the whole hull at a formation energy of zero, eV/atom: minus the hull's energy.
        n_whole: (n,) entries of the chemical system in the whole hull.
        labels: (n,) distance from the whole hull by DFT, eV/atom.

    """

    formulas: Sequence[str]
    sizes: NDArray[np.int64]
    methods: NDArray[np.str_]
    formation: NDArray[np.float64]
    on_whole: NDArray[np.float64]
    n_whole: NDArray[np.int64]
    labels: NDArray[np.float64]

    @property
    def raw(self) -> NDArray[np.float64]:
        """Distances from the whole hull by CHGNet."""
        return self.formation + self.on_whole

    @property
    def labelled(self) -> Labelled:
        """For a calibration on the whole hull."""
        return Labelled(self.raw, self.labels, self.formulas, self.methods.tolist(), self.n_whole)


@dataclass(frozen=True)
class Placed:
    """The structures on one hull.

    Attributes:
        raw: (n,) distances by CHGNet, eV/atom.
        dft: (n,) distances by DFT, eV/atom.
        n_entries: (n,) entries of the chemical system.
        left: (n,) share of the compounds of the chemical system that is left.

    """

    raw: NDArray[np.float64]
    dft: NDArray[np.float64]
    n_entries: NDArray[np.int64]
    left: NDArray[np.float64]

    @property
    def stable(self) -> tuple[float, float]:
        """Shares by potential and DFT."""
        return share(self.raw <= THRESHOLDS[0]), share(self.dft <= THRESHOLDS[0])


def share(hits: NDArray[np.bool_]) -> float:
    """Percent."""
    return _PERCENT * float(hits.mean())


def main() -> None:
    """Print the tables."""
    if not (DATA / "submissions").is_dir() or not (DATA / "reference").is_dir():
        print(f"sparse hulls: no test data in {DATA}, nothing measured")
        return
    if CHGNET.missing() is not None:
        print(f"sparse hulls: {CHGNET.missing()}, nothing measured")
        return
    entries = described(mp_entries())
    structures, on_starter = measured(entries)
    whole = placed(structures, entries)
    is_element = entries["is_element"]
    n_compounds = int((~is_element).sum())
    print(f"sparse hulls: {len(structures.formulas):,} structures, {n_compounds:,} compounds in the whole hull")
    print(f"the starter set's own hull, of CHGNet's energies: {on_starter:.1f}% stable")
    print("\npercent of structures; excess over DFT on the whole hull: by missing phases, and by the potential")
    print(
        f"{'hull':26}{'left':>7}{'entries':>9}{'CHGNet':>14}{'DFT':>14}{'calibrated':>12}{'phases':>9}{'potential':>10}"
    )
    print(f"{'':49}{'stable <=0.1':>14}{'stable <=0.1':>14}{'stable':>12}")
    calibrated = calibration_on(structures)
    for name, thinnings in thinned(entries):
        of_seeds = [
            (float(kept.sum()) / n_compounds, placed(structures, entries[kept | is_element])) for kept in thinnings
        ]
        print(f"{name:26}{row(whole, of_seeds, calibrated)}")
    of_starter = placed(structures, entries[starter_formulas(entries) | is_element])
    half = placed(structures, entries[at_random(entries, 0.5, 0) | is_element])
    for name, one in (("whole hull", whole), ("starter set's formulas", of_starter), ("half of the compounds", half)):
        print(f"\n{name}, by entries of the chemical system and by the share of its compounds that is left; % stable")
        print(f"{'':26}{'n':>6}{'CHGNet':>9}{'DFT':>8}{'calibrated':>12}{'DFT, whole hull':>17}")
        bins(structures, one, calibrated(one.raw))
    print("\nwhole hull, each method predicted from the others: structures that DFT finds stable, and expected ones")
    by_entries(structures)


def described(entries: pd.DataFrame) -> pd.DataFrame:
    """The entries with chemical_system, composition and is_element, by chemical system."""
    amounts = [elements_of(formula) for formula in entries["reduced_formula"]]
    entries = entries.assign(
        chemical_system=[chemical_system(one) for one in amounts],
        composition=[str(smallest_whole(one)) for one in amounts],
        is_element=[len(one) == 1 for one in amounts],
    )
    return entries.sort_values(["chemical_system", "formation_energy_per_atom"]).reset_index(drop=True)


def measured(entries: pd.DataFrame) -> tuple[Structures, float]:
    """The structures with their energies, and the percentage that is stable on the starter set's own hull."""
    table, crystals = published()
    chosen = [crystals[key] for key in table["key"]]
    with tempfile.TemporaryDirectory() as folder:
        totals = np.array(energies_per_atom(chosen, Path(folder), jobs=1), dtype=np.float64)
    formulas = table["formula"].tolist()

    def formation(references: dict[str, float]) -> list[float]:
        return [
            formation_energy_per_atom(formula, total, references)
            for formula, total in zip(formulas, totals, strict=True)
        ]

    starter = open_reference("starter")
    own_convention = f"own:{CHGNET.id}"
    on_starter = starter.hull(own_convention).distances(
        formulas, formation(starter.elemental_references(own_convention)), convention=own_convention
    )
    known = np.array([one.e_above_hull for one in on_starter], dtype=np.float64)
    zero, n_entries = at_zero(formulas, entries)
    structures = Structures(
        formulas,
        np.array([len(elements_of(formula)) for formula in formulas]),
        table["method"].to_numpy(dtype=str),
        np.array(formation(elemental_references())),
        zero,
        n_entries,
        table["e_decomp_dft"].to_numpy(np.float64),
    )
    return structures, share(known <= THRESHOLDS[0])


def at_zero(formulas: Sequence[str], entries: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distances at a formation energy of zero (eV/atom), and entries of the chemical systems.

    Entries above the hull stay among its vertices: they change no distance, and to find them takes longer.
    """
    entries = entries.reset_index(drop=True)
    hull = Hull(CONVENTION, entries, Counter(entries["chemical_system"]))
    distances = hull.distances(formulas, [0.0] * len(formulas), convention=CONVENTION)
    return (
        np.array([one.e_above_hull for one in distances], dtype=np.float64),
        np.array([one.n_entries for one in distances]),
    )


def placed(structures: Structures, entries: pd.DataFrame) -> Placed:
    """The structures on the hull of these entries."""
    zero, n_entries = at_zero(structures.formulas, entries)
    n_compounds = structures.n_whole - structures.sizes
    left = np.where(n_compounds > 0, (n_entries - structures.sizes) / np.maximum(n_compounds, 1), 1.0)
    return Placed(structures.formation + zero, structures.labels - structures.on_whole + zero, n_entries, left)


def thinned(entries: pd.DataFrame) -> Iterator[tuple[str, list[pd.Series[bool]]]]:
    """Names of thinnings, and for each seed which entries are kept; elements are kept anyway."""
    compounds = ~entries["is_element"]
    yield "whole", [compounds]
    for kept in SHARES_KEPT:
        yield f"random, {kept:.0%}", [at_random(entries, kept, seed) for seed in range(N_SEEDS)]
    for kept in SHARES_KEPT:
        yield f"chemical systems, {kept:.0%}", [by_system(entries, kept, seed) for seed in range(N_SEEDS)]
    yield "starter set's formulas", [starter_formulas(entries)]
    yield "starter set's systems", [compounds & entries["chemical_system"].isin(set(starter()["chemical_system"]))]


def at_random(entries: pd.DataFrame, kept: float, seed: int) -> pd.Series[bool]:
    """Each compound by itself."""
    drawn = np.random.default_rng(seed).random(len(entries)) < kept
    return ~entries["is_element"] & drawn


def by_system(entries: pd.DataFrame, kept: float, seed: int) -> pd.Series[bool]:
    """All compounds of a chemical system, or none."""
    systems = entries["chemical_system"].unique()
    drawn = systems[np.random.default_rng(seed).random(len(systems)) < kept]
    return ~entries["is_element"] & entries["chemical_system"].isin(drawn)


def starter_formulas(entries: pd.DataFrame) -> pd.Series[bool]:
    """Compounds with a formula that the starter set has a crystal of."""
    covered = {str(smallest_whole(elements_of(formula))) for formula in starter()["reduced_formula"]}
    return ~entries["is_element"] & entries["composition"].isin(covered)


def starter() -> pd.DataFrame:
    """Formulas and chemical systems of the starter set's crystals."""
    reference = open_reference("starter")
    schema = pa.schema({"reduced_formula": pa.string(), "chemical_system": pa.string()})
    return frame(reference.rows(range(reference.n_crystals), schema.names).to_pylist(), schema)


def calibration_on(structures: Structures) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Probability of being stable by the calibration of the whole hull, of distances from any."""
    best, draws = fit(structures.labelled, 1)
    return lambda raw: expectation(best, draws, raw, structures.formulas, THRESHOLDS).below[THRESHOLDS[0]]


def row(
    whole: Placed,
    of_seeds: Sequence[tuple[float, Placed]],
    calibrated: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> str:
    """Means over the seeds.

    The excess is what the potential calls stable on the hull and DFT does not on the whole one. Its two causes are
    removed one after the other, in both orders, and the mean of the two is printed.
    """
    raw_whole, dft_whole = whole.stable
    columns = []
    for left, one in of_seeds:
        raw, dft = one.stable
        by_phases = ((dft - dft_whole) + (raw - raw_whole)) / 2
        by_potential = ((raw - dft) + (raw_whole - dft_whole)) / 2
        better = (share(one.raw <= THRESHOLDS[1]), share(one.dft <= THRESHOLDS[1]))
        expected = _PERCENT * float(calibrated(one.raw).mean())
        entries = float(np.median(one.n_entries))
        columns.append((_PERCENT * left, entries, raw, better[0], dft, better[1], expected, by_phases, by_potential))
    values = np.array(columns)
    left, entries, raw, raw_better, dft, dft_better, expected, by_phases, by_potential = values.mean(axis=0)
    spread = f"   stable by CHGNet {values[:, 2].min():.1f} to {values[:, 2].max():.1f}" if len(of_seeds) > 1 else ""
    return (
        f"{left:7.1f}{entries:9.0f}{raw:8.1f}{raw_better:6.1f}{dft:8.1f}{dft_better:6.1f}{expected:12.1f}"
        f"{by_phases:9.1f}{by_potential:10.1f}{spread}"
    )


def bins(structures: Structures, one: Placed, expected: NDArray[np.float64]) -> None:
    """Shares by entries of the chemical system, and by the share of its compounds that is left."""
    kinds = [(f"{low} to {high - 1} entries", in_bin(one.n_entries, low, high)) for low, high in pairwise(ENTRIES)]
    kinds += [
        (f"{_PERCENT * low:.0f} to {_PERCENT * high:.0f}% of compounds", in_bin(one.left, low, high))
        for low, high in pairwise(LEFT)
    ]
    kinds.append(("all of the compounds", one.left == 1.0))
    for name, chosen in kinds:
        if chosen.sum() >= FEWEST_SHOWN:
            raw, dft = share(one.raw[chosen] <= THRESHOLDS[0]), share(one.dft[chosen] <= THRESHOLDS[0])
            on_whole = share(structures.labels[chosen] <= THRESHOLDS[0])
            calibrated = _PERCENT * float(expected[chosen].mean())
            print(f"{name:26}{chosen.sum():6}{raw:9.1f}{dft:8.1f}{calibrated:12.1f}{on_whole:17.1f}")


def by_entries(structures: Structures) -> None:
    """Labels against what a calibration by the other methods expects, by entries of the chemical system."""
    labelled = structures.labelled
    stable, better, covered = np.zeros((3, len(structures.formulas)))
    for method in np.unique(structures.methods):
        left_out = structures.methods == method
        one = labelled.where(left_out)
        expected = expectation(*fit(labelled.where(~left_out), 1), one.distances, one.formulas, THRESHOLDS)
        stable[left_out], better[left_out] = (expected.below[threshold] for threshold in THRESHOLDS)
        covered[left_out] = (expected.low <= one.labels) & (one.labels <= expected.high)
    print(f"{'':26}{'n':>6}{'DFT':>6}{'expected':>17}{'<=0.1 DFT':>11}{'expected':>17}{'in 90% interval':>17}")
    for low, high in (*pairwise(ENTRIES), (1, 12), (12, 1_000)):
        chosen = in_bin(structures.n_whole, low, high)
        cells = ""
        for threshold, probability in zip(THRESHOLDS, (stable[chosen], better[chosen]), strict=True):
            count = int((structures.labels[chosen] <= threshold).sum())
            error = float(np.sqrt((probability * (1 - probability)).sum()))
            cells += f"{count:{6 if threshold == THRESHOLDS[0] else 11}}{probability.sum():10.1f} +- {error:3.1f}"
        inside = _PERCENT * covered[chosen].mean()
        print(f"{f'{low} to {high - 1} entries':26}{chosen.sum():6}{cells}{inside:16.1f}%")


def in_bin(values: NDArray[np.float64] | NDArray[np.int64], low: float, high: float) -> NDArray[np.bool_]:
    """From low, below high."""
    return (low <= values) & (values < high)


if __name__ == "__main__":
    main()
