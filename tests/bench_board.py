"""How fast a board gets its intervals and rank ranges: 20 models of 2,500 records, against a loop over the draws.

Run as ``python -m tests.bench_board``. CPU times of one process. Drawn are the intervals of two means for each model
and the rank ranges of the whole board; differences and Wilson intervals are closed forms and cost nothing.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from metrics.statistics.mean import mean_over_submitted
from metrics.statistics.ranks import DRAWS, Sampled, rank_ranges
from metrics.statistics.resampling import DRAWS as MEAN_DRAWS
from metrics.statistics.uncertainty import Estimate, wilson_interval

N_MODELS, N_RECORDS, N_MEANS = 20, 2_500, 2
BOUND_S = 5.0
NAIVE_DRAWS = 20
"""Draws of the loop, whose time is scaled to all of them: it would take minutes."""


def main() -> None:
    """Print CPU seconds, the bound on them and the ratio to the loop."""
    generator = np.random.default_rng(1)
    hits = generator.random((N_MODELS, N_RECORDS)) < np.linspace(0.3, 0.4, N_MODELS)[:, None]
    distances = generator.random((N_MODELS, N_MEANS, N_RECORDS))
    start = time.process_time()
    for own in distances.reshape(-1, N_RECORDS):
        mean_over_submitted(pd.Series(own, dtype="Float64"))
    means = time.process_time() - start
    start = time.process_time()
    rank_ranges([[_sampled(own)] for own in hits])
    ranks = time.process_time() - start
    naive = _naive_means(distances) + _naive_ranks(hits)
    print(f"{N_MODELS} models of {N_RECORDS:,} records: {N_MEANS} bootstrapped means each and the ranges of all ranks")
    print(f"{'':24}{'CPU seconds':>12}{'bound':>8}{'times faster than a loop':>26}")
    total = means + ranks
    print(f"{'intervals and ranges':24}{total:12.2f}{BOUND_S:8.0f}{naive / total:26.1f}")
    print(f"of these: means {means:.2f}, ranks {ranks:.2f}; the loop {naive:.1f}")


def _sampled(hits: np.ndarray) -> Sampled:
    n_hits = int(hits.sum())
    return Sampled(Estimate(n_hits / N_RECORDS, *wilson_interval(n_hits, N_RECORDS)), is_share=True)


def _naive_means(distances: np.ndarray) -> float:
    """CPU seconds of drawing the records of each mean one by one."""
    generator = np.random.default_rng(2)
    start = time.process_time()
    for own in distances.reshape(-1, N_RECORDS).tolist():
        for _ in range(NAIVE_DRAWS // 10):
            drawn = generator.integers(N_RECORDS, size=N_RECORDS)
            sum(own[place] for place in drawn) / N_RECORDS
    return (time.process_time() - start) * MEAN_DRAWS / (NAIVE_DRAWS // 10)


def _naive_ranks(hits: np.ndarray) -> float:
    """CPU seconds of drawing the records of every model and ranking the board, one draw after the other."""
    generator = np.random.default_rng(3)
    start = time.process_time()
    for _ in range(NAIVE_DRAWS):
        shares = [generator.choice(own, size=N_RECORDS).mean() for own in hits]
        for own in shares:
            1 + sum(other > own for other in shares)
    return (time.process_time() - start) * DRAWS / NAIVE_DRAWS


if __name__ == "__main__":
    main()
