"""What a store of many runs costs: a start with and without the index, and what a page asks.

Run as ``python -m tests.bench_store``.
All runs share the tables of one run of 2,500 structures with energies in two views, by hard links; each has a record
and 180 scores of its own.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from leaderboard.store.json_files import read_json, write_json
from leaderboard.store.local import Store
from leaderboard.store.run import TABLES
from leaderboard.store.tables import ENERGIES
from metrics.crystal import Crystal
from tests.made_runs import Made, energy, good, publish

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaderboard.store.run import Run

N_STRUCTURES, N_SCORES = 2_500, 180


def main() -> None:
    """Print each figure as a line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3_000)
    n_runs = options.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "runs"
        _fill(root, _one(Path(folder) / "one"), n_runs)
        print(f"{n_runs:,} runs of {N_STRUCTURES:,} structures with {N_SCORES} scores each")
        timed("first start: runs(), without an index", lambda: Store(root).runs())
        index = root / "index.sqlite"
        print(f"{'index':<44}{index.stat().st_size / 1e6:8.1f} MB")
        store = Store(root)
        timed("start: runs(), from the index", store.runs)
        timed("again: runs(), nothing changed", store.runs)
        timed("state()", store.state)
        timed("scores of every run, one after the other", lambda: [len(run.scores.scores) for run in store.runs()])
        print(f"{'peak memory':<44}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:8.0f} MB")


def timed(what: str, call: Callable[[], object]) -> None:
    """Print how long a call takes."""
    start = time.perf_counter()
    call()
    print(f"{what:<44}{time.perf_counter() - start:8.2f} s")


def _one(root: Path) -> Run:
    """A run of as many structures as are ranked."""
    random = np.random.default_rng(0)
    crystals = {}
    for number in range(N_STRUCTURES):
        n_sites = int(random.integers(4, 20))
        lattice, sites = 5 * np.eye(3) + random.random((3, 3)), random.random((n_sites, 3))
        crystals[f"structure-{number}"] = Crystal.from_arrays(lattice, sites, random.integers(1, 80, n_sites))
    energies = [
        energy(crystal, float(random.random()), relaxed=relaxed)
        for crystal in crystals.values()
        for relaxed in (False, True)
    ]
    return publish(root, Made("m", [good(name) for name in crystals], crystals=crystals, energies=energies))


def _fill(root: Path, one: Run, n_runs: int) -> None:
    record, scores = read_json(one.path / "run.json"), read_json(one.path / "scores.json")
    entries = [
        {**scores["scores"][number % len(scores["scores"])], "variant": f"view {number}"} for number in range(N_SCORES)
    ]
    for number in range(n_runs):
        sha256, run_key = (hashlib.sha256(f"{part} {number}".encode()).hexdigest() for part in ("file", "run"))
        folder = root / sha256[:12] / run_key[:12]
        folder.mkdir(parents=True)
        for name in (*TABLES, ENERGIES):
            os.link(one.path / name, folder / name)
        write_json({**scores, "run_key": run_key, "scores": entries}, folder / "scores.json")
        write_json({**record, "run_key": run_key, "submission_sha256": sha256}, folder / "run.json")


if __name__ == "__main__":
    main()
