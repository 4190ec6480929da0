"""How fast the hull is: vertices of all entries of Materials Project, and distances against pymatgen's phase diagram.

Run as ``python -m tests.bench_hull``; needs the test data. pymatgen gets the entries of each candidate's chemical
system alone, already chosen, which is the fastest way to ask it.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import time
import warnings
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core.composition import Composition

from metrics.formula import elements_of
from metrics.measure.energy.hull import Hull
from metrics.measure.energy.hull_vertices import hull_vertices
from tests.metrics.hull_entries import DATA, mp_entries

if TYPE_CHECKING:
    import pandas as pd

CONVENTION = "pbe_mp2020"
N_CANDIDATES = 1_000
VERTICES_BOUND_S = 180.0
SPEED_UP_BOUND = 20.0
AGREEMENT_BOUND_EV_PER_ATOM = 1e-8


def main() -> None:
    """Print CPU times, ratios and the largest difference, each beside its bound.

    Raises:
        ValueError: a distance is unknown or differs from pymatgen's.

    """
    warnings.filterwarnings("ignore", message="No Pauling electronegativity", category=UserWarning)
    if not (DATA / "reference").is_dir():
        print(f"hull: no test data in {DATA}, nothing measured")
        return
    entries = mp_entries()
    # compile outside the clock
    Hull.from_entries(CONVENTION, entries[entries["reduced_formula"].isin(["Na", "Cl2", "NaCl"])]).distances(
        ["NaCl2"], [0.0], convention=CONVENTION
    )
    start = time.process_time()
    vertices, systems = hull_vertices(entries)
    seconds = time.process_time() - start
    counts = dict(zip(systems["chemical_system"], systems["n_entries"], strict=True))
    print(f"hull: {len(entries):,} entries, {len(vertices):,} vertices, {len(systems):,} chemical systems")
    print(f"{'vertices, CPU s':40}{seconds:10.2f}   bound {VERTICES_BOUND_S:.0f}")

    asked = entries.sample(N_CANDIDATES, random_state=0)
    formulas = asked["reduced_formula"].tolist()
    noise = np.random.default_rng(0).normal(0, 0.1, N_CANDIDATES)
    energies = (asked["formation_energy_per_atom"].to_numpy() + noise).tolist()
    start = time.process_time()
    hull = Hull(CONVENTION, vertices, counts)
    hull.distances(["NaCl2"], [0.0], convention=CONVENTION)
    opened = time.process_time()
    ours = [own.e_above_hull for own in hull.distances(formulas, energies, convention=CONVENTION)]
    taken = time.process_time() - opened
    theirs, their_seconds = of_pymatgen(entries, formulas, energies)
    difference = max(abs(own - their) for own, their in zip(ours, theirs, strict=True) if own is not None)
    print(f"{'first question to a hull, CPU s':40}{opened - start:10.3f}")
    print(f"{'one distance, CPU ms':40}{1e3 * taken / N_CANDIDATES:10.3f}   bound 1")
    print(f"{'one PhaseDiagram each, CPU ms':40}{1e3 * their_seconds / N_CANDIDATES:10.3f}")
    print(f"{'times faster':40}{their_seconds / taken:10.1f}   bound {SPEED_UP_BOUND:.0f}")
    print(f"{'largest difference, eV/atom':40}{difference:10.1e}   bound {AGREEMENT_BOUND_EV_PER_ATOM:.0e}")
    if None in ours or difference > AGREEMENT_BOUND_EV_PER_ATOM:
        msg = "a distance is unknown, or differs from pymatgen's by more than the bound"
        raise ValueError(msg)


def of_pymatgen(entries: pd.DataFrame, formulas: list[str], energies: list[float]) -> tuple[list[float], float]:
    """Distances by one phase diagram for each candidate, and the CPU seconds these took."""
    by_system: dict[tuple[str, ...], list[PDEntry]] = {}
    for text, energy in zip(entries["reduced_formula"], entries["formation_energy_per_atom"], strict=True):
        composition = Composition(text)
        entry = PDEntry(composition, energy * composition.num_atoms)
        by_system.setdefault(tuple(elements_of(text)), []).append(entry)
    distances, seconds = [], 0.0
    for text, energy in zip(formulas, energies, strict=True):
        symbols = tuple(elements_of(text))
        parts = [own for size in range(1, len(symbols) + 1) for own in combinations(symbols, size)]
        chosen = [entry for part in parts for entry in by_system.get(part, [])]
        composition = Composition(text)
        start = time.process_time()
        distances.append(energy - float(PhaseDiagram(chosen).get_hull_energy_per_atom(composition)))
        seconds += time.process_time() - start
    return distances, seconds


if __name__ == "__main__":
    main()
