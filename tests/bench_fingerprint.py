"""How fast the fingerprints are, as ratios to pymatgen's own neighbour weights on the same crystals in the same run.

Run as ``python -m tests.bench_fingerprint``. CPU times of one process; ratios hardly depend on the machine. The base is
what the published BAWL spends most of its time on: the bond graph of EconNN, without its hash and space group.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import statistics
import time
import warnings
from typing import TYPE_CHECKING

from pymatgen.core.graphs import StructureGraph
from pymatgen.core.local_env import EconNN

from metrics.measure.convert import to_structure
from metrics.measure.fingerprint import METHODS
from metrics.measure.fingerprint.distance_profile import distance_profile, profile_distance
from metrics.measure.fingerprint.elements import COVALENT_RADII
from tests.metrics.measure.fingerprint_crystals import DATA, SOURCES, lemat_cifs, parsed, prototypes

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics.crystal import Crystal

EVERY = 80
MAX_SITES = 60


def main() -> None:
    """Print CPU milliseconds and ratios."""
    crystals = sample()
    econ = EconNN(tol=0.2, cutoff=10, use_fictive_radius=True)
    tasks: dict[str, Callable[[Crystal], object]] = {
        "bond graph by EconNN": lambda crystal: StructureGraph.from_local_env_strategy(to_structure(crystal), econ),
        **{name: method.compute for name, method in METHODS.items()},
        "distance of two": lambda crystal: profile_distance(distance_profile(crystal), distance_profile(crystal)),
    }
    times: dict[str, list[float]] = {}
    for name, task in tasks.items():
        task(crystals[0])  # compiled or loaded from the cache of compiled code before the clock starts
        times[name] = [cpu_ms(task, crystal) for crystal in crystals]
    base = next(iter(times.values()))
    print(f"{len(crystals)} crystals, {statistics.median(crystal.n_sites for crystal in crystals):g} sites (median)")
    print(f"{'':28}{'median ms':>10}{'mean ms':>10}{'times faster than it: sum':>32}{'median':>9}")
    for name, ours in times.items():
        ratio = statistics.median(a / b for a, b in zip(base, ours, strict=True))
        mean = statistics.fmean(ours)
        print(f"{name:28}{statistics.median(ours):10.2f}{mean:10.2f}{sum(base) / sum(ours):32.1f}{ratio:9.1f}")


def sample() -> list[Crystal]:
    """Real crystals of the shared data, else of pymatgen's AFLOW prototypes."""
    if (DATA / "reference").exists():
        chosen = [parsed(cif) for source in SOURCES for cif in list(lemat_cifs(source).values())[::EVERY]]
    else:
        chosen = [crystal for crystal in prototypes().values() if crystal.atomic_numbers.max() < len(COVALENT_RADII)]
    return [crystal for crystal in chosen if crystal.n_sites <= MAX_SITES]


def cpu_ms(task: Callable[[Crystal], object], crystal: Crystal) -> float:
    """CPU milliseconds of one call."""
    start = time.process_time()
    task(crystal)
    return 1e3 * (time.process_time() - start)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # pymatgen about noble gases without an electronegativity
        main()
