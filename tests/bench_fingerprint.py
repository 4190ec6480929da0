"""How fast the fingerprints are, beside pymatgen's neighbour weights and beside the published code.

Run as ``python -m tests.bench_fingerprint``. CPU times of one process. The base of the ratios, which hardly depend on
the machine, is what the published BAWL spends most of its time on: the bond graph of EconNN, without hash and space
group. The CPU seconds of the published code itself were recorded elsewhere, so the same steps are timed here on a
sample of the same crystals to show what that record is worth on this machine.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import statistics
import time
import warnings
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd
from pymatgen.core.graphs import StructureGraph
from pymatgen.core.local_env import EconNN
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint import METHODS
from metrics.measure.fingerprint.elements import COVALENT_RADII
from metrics.measure.matching.distance_profile import distance_profile, profile_distance
from metrics.measure.structure.convert import to_structure
from tests.metrics.measure.fingerprint_crystals import (
    DATA,
    SOURCES,
    lemat_cifs,
    parsed,
    prototypes,
    shared_cifs,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics.crystal import Crystal

EVERY = 80
MAX_SITES = 60
ECON = EconNN(tol=0.2, cutoff=10, use_fictive_radius=True)
ITERATIONS = 100
TIMES_FASTER = 20
ANCHOR_EVERY = 10
N_CANONICAL = 2_000
CANONICAL_MEDIAN_MS = 1.6
CANONICAL_MEAN_MS = 3.3


def main() -> None:
    """Print CPU milliseconds and ratios."""
    with warnings.catch_warnings():
        # pymatgen about missing oxidation states and electronegativities, and about how it calls spglib
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        print_ratios(sample())
        if (DATA / "oracles").exists():
            print_beside_published_code()
            print_canonical()


def print_ratios(crystals: list[Crystal]) -> None:
    """All methods beside EconNN on the same crystals in the same run."""
    tasks: dict[str, Callable[[Crystal], object]] = {
        "bond graph by EconNN": bond_graph,
        **{name: method.compute for name, method in METHODS.items()},
        "distance of two": lambda crystal: profile_distance(distance_profile(crystal), distance_profile(crystal)),
    }
    times = {name: cpu_ms(task, crystals) for name, task in tasks.items()}
    base = next(iter(times.values()))
    print(f"{len(crystals)} crystals, {statistics.median(crystal.n_sites for crystal in crystals):g} sites (median)")
    print(f"{'':28}{'median ms':>10}{'mean ms':>10}{'times faster than it: sum':>32}{'median':>9}")
    for name, ours in times.items():
        print(
            f"{name:28}{np.median(ours):10.2f}{np.mean(ours):10.2f}"
            f"{np.sum(base) / np.sum(ours):32.1f}{np.median(base / ours):9.1f}"
        )


def print_beside_published_code() -> None:
    """BAWL on every crystal of the record, and the published steps here on every tenth of them."""
    oracle = pd.read_csv(DATA / "oracles/bawl.csv", keep_default_na=False)
    cifs = {source: lemat_cifs(source) for source in SOURCES}
    crystals = [parsed(cifs[source][file]) for source, file in zip(oracle["source"], oracle["file"], strict=True)]
    wrong = sum(
        METHODS["bawl"].compute(crystal).fingerprint != bawl
        for crystal, bawl in zip(crystals, oracle["bawl"], strict=True)
    )
    recorded = 1e3 * oracle["anchor_hash_cpu_s"].to_numpy(dtype=float)
    ours = cpu_ms(METHODS["bawl"].compute, crystals)
    here = cpu_ms(published_steps, crystals[::ANCHOR_EVERY])
    print(f"bawl on {len(crystals)} crystals of the record, {wrong} strings differ:")
    print(f"  published code, recorded:{recorded.mean():9.1f} ms (mean)")
    print(f"  here:{ours.mean():29.2f} ms, {recorded.sum() / ours.sum():.1f} times faster; the bound is {TIMES_FASTER}")
    print(
        f"  its steps by pymatgen and networkx, here, on {len(here)} of them: {here.mean():.1f} ms where the record"
        f" has {recorded[::ANCHOR_EVERY].mean():.1f}; {here.sum() / ours[::ANCHOR_EVERY].sum():.1f} times ours"
    )


def print_canonical() -> None:
    """All keys of canonical-bawl on a random sample of all shared crystals."""
    cifs = list(shared_cifs().values())
    chosen = np.random.default_rng(0).permutation(len(cifs))[:N_CANONICAL]
    ours = cpu_ms(canonical, [parsed(cifs[at]) for at in chosen])
    print(
        f"canonical-bawl with all keys on {len(ours)} of {len(cifs)} crystals:"
        f" median {np.median(ours):.2f} ms (bound {CANONICAL_MEDIAN_MS:g}),"
        f" mean {np.mean(ours):.2f} ms (bound {CANONICAL_MEAN_MS:g}), 95 % within {np.percentile(ours, 95):.1f} ms"
    )


def sample() -> list[Crystal]:
    """Real crystals of the shared data, else of pymatgen's AFLOW prototypes."""
    if (DATA / "reference").exists():
        chosen = [parsed(cif) for source in SOURCES for cif in list(lemat_cifs(source).values())[::EVERY]]
    else:
        chosen = [crystal for crystal in prototypes().values() if crystal.atomic_numbers.max() < len(COVALENT_RADII)]
    return [crystal for crystal in chosen if crystal.n_sites <= MAX_SITES]


def bond_graph(crystal: Crystal) -> StructureGraph:
    """The graph that BAWL hashes, by pymatgen."""
    return StructureGraph.from_local_env_strategy(to_structure(crystal), ECON)


def published_steps(crystal: Crystal) -> tuple[str, int]:
    """What the published BAWL does, by the libraries it uses: graph, hash, space group."""
    graph = nx.Graph(bond_graph(crystal).graph)
    nx.set_node_attributes(graph, dict(enumerate(map(str, crystal.atomic_numbers))), "element")
    digest = nx.weisfeiler_lehman_graph_hash(graph, node_attr="element", iterations=ITERATIONS)
    return digest, SpacegroupAnalyzer(to_structure(crystal)).get_space_group_number()


def canonical(crystal: Crystal) -> object:
    """The keys, or the reason why there are none, which takes time too."""
    try:
        return METHODS["canonical-bawl"].compute(crystal)
    except UnmeasurableError as error:
        return error.reason


def cpu_ms(task: Callable[[Crystal], object], crystals: list[Crystal]) -> np.ndarray:
    """CPU milliseconds of each call; what has to be compiled or loaded is, before the clock starts."""
    task(crystals[0])
    times = []
    for crystal in crystals:
        start = time.process_time()
        task(crystal)
        times.append(1e3 * (time.process_time() - start))
    return np.array(times)


if __name__ == "__main__":
    main()
