"""How often rank ranges hold true ranks, and those of new samples, on boards of models whose truth is known.

Run as ``python -m tests.bench_ranks``: 300 boards of each kind, a minute.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from metrics.statistics.ranks import Sampled, rank_ranges
from metrics.statistics.uncertainty import Estimate, wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_MODELS, N_RECORDS = 8, 2_500
TRUTH = 0.30 + 0.01 * np.arange(N_MODELS)
"""True shares, a point apart: about a standard error of 2,500 records."""


class Held(NamedTuple):
    """Shares of the ranges that hold the true rank, and the rank among new samples of all models; their mean width."""

    true_rank: float
    new_rank: float
    width: float


def main(n_boards: int = 300) -> None:
    """Print both shares by the runs of each model and the spread between runs."""
    print(f"{N_MODELS} models of {N_RECORDS:,} records a point apart, {n_boards} boards")
    print(f"{'runs of a model':18}{'spread':>8}{'true rank':>12}{'new rank':>12}{'ranks wide':>12}")
    for label, runs in {
        "1": (1,) * 8,
        "3": (3,) * 8,
        "1, one has 3": (3,) + (1,) * 7,
        "1 to 5": (1, 2, 3, 5) * 2,
    }.items():
        for between in (0.0, 0.014):
            held = boards(n_boards, runs, between)
            print(f"{label:18}{between:8.3f}{100 * held.true_rank:12.1f}{100 * held.new_rank:12.1f}{held.width:12.1f}")


def boards(
    n_boards: int, runs: tuple[int, ...], between: float, n_records: int = N_RECORDS, draws: int = 1_000
) -> Held:
    """Simulate boards.

    Args:
        n_boards: how many.
        runs: of each model.
        between: standard deviation of the true share between runs of a model.
        n_records: of each run.
        draws: boards drawn for each range.

    """
    generator = np.random.default_rng(31)

    def sampled() -> list[NDArray[np.int64]]:
        return [
            generator.binomial(n_records, np.clip(truth + between * generator.standard_normal(n), 0, 1))
            for truth, n in zip(TRUTH, runs, strict=True)
        ]

    held = np.zeros(3)
    for _ in range(n_boards):
        models = [[share(int(hits), n_records) for hits in of_model] for of_model in sampled()]
        new = np.array([of_model.mean() for of_model in sampled()])
        for place, ranks in enumerate(rank_ranges(models, draws)):
            true_rank, new_rank = N_MODELS - place, 1 + int((new > new[place]).sum())
            held += [
                ranks.low <= true_rank <= ranks.high,
                ranks.low <= new_rank <= ranks.high,
                ranks.high - ranks.low + 1,
            ]
    return Held(*(held / (N_MODELS * n_boards)))


def share(hits: int, n_records: int) -> Sampled:
    """A share of hits with its interval."""
    return Sampled(Estimate(hits / n_records, *wilson_interval(hits, n_records)), is_share=True)


if __name__ == "__main__":
    main()
