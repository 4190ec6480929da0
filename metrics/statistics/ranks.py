"""Rank ranges: which ranks a model takes when the records of every model are drawn anew; and the spread of its runs."""

from __future__ import annotations

from math import fsum
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from metrics.statistics.resampling import CONFIDENCE, SEED
from metrics.statistics.uncertainty import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from metrics.statistics.uncertainty import Estimate

DRAWS = 4_000
"""Boards that are drawn: the ends of a 95% range are then certain to within half a percent of the draws."""

_ROUNDING = 1e-9
_Z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


class Sampled(NamedTuple):
    """A score of one run, with what is needed to draw it anew.

    Attributes:
        estimate: value and 95% interval.
        n_records: records of which the value is the share of hits; None where it is another statistic.

    """

    estimate: Estimate
    n_records: int | None


class RankRange(NamedTuple):
    """Rank of a model, 1 the best, and the ends of its 95% range; equal values share the better rank."""

    rank: int
    low: int
    high: int


class Spread(NamedTuple):
    """Several runs of one model: mean, standard deviation (n - 1), smallest and largest value of each score."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    smallest: NDArray[np.float64]
    largest: NDArray[np.float64]


def rank_ranges(models: Sequence[Sequence[Sampled]], draws: int = DRAWS) -> list[RankRange]:
    """Rank and rank range of each model, the highest value first; a model stands for the mean of its runs.

    All models' records are drawn independently, and the board is ranked for each draw. A share of hits is drawn from
    its binomial distribution, which is what drawing its records with replacement amounts to; any other score from two
    half normal distributions that have its interval. A range holds the rank itself, and says nothing about the spread
    between training or sampling runs.

    Args:
        models: the runs of each model, at least one each.
        draws: number of boards drawn.

    """
    if not models:
        return []
    # sorted, so that the order of the models plays no part
    order = sorted(range(len(models)), key=lambda place: _sort_key(models[place]))
    generators = [np.random.default_rng(seed) for seed in np.random.SeedSequence(SEED).spawn(len(models))]
    drawn = np.empty((len(models), draws))
    for place, generator in zip(order, generators, strict=True):
        drawn[place] = np.mean([_draw(run, draws, generator) for run in models[place]], axis=0)
    means = np.array([fsum(run.estimate.value for run in runs) / len(runs) for runs in models])
    ranks = _ranks(means[:, None])[:, 0]
    tail = (1 - CONFIDENCE) / 2
    ends = np.quantile(_ranks(drawn), [tail, 1 - tail], axis=1, method="inverted_cdf")
    return [
        RankRange(int(rank), min(int(rank), int(low)), max(int(rank), int(high)))
        for rank, low, high in zip(ranks, *ends, strict=True)
    ]


def spread(values: NDArray[np.float64]) -> Spread:
    """Spread of scores over several runs of one model.

    Args:
        values: (runs, scores), two runs or more; a score that a run does not have is NaN, and so is its spread.

    Raises:
        ValueError: there are fewer than two runs.

    """
    if len(values) < 2:  # noqa: PLR2004 - a deviation takes two
        msg = f"a spread needs two runs or more, got {len(values)}"
        raise ValueError(msg)
    # sorted, so that the order of the runs plays no part
    values = np.sort(values, axis=0)
    return Spread(values.mean(axis=0), values.std(axis=0, ddof=1), values.min(axis=0), values.max(axis=0))


def _draw(run: Sampled, draws: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """(draws,) values of the score on other samples."""
    value, low, high = run.estimate
    if run.n_records is not None and _is_counted(run.estimate, run.n_records):
        return generator.binomial(run.n_records, min(value, 1.0), size=draws) / run.n_records
    normal = generator.standard_normal(draws)
    return value + normal * np.where(normal > 0, high - value, value - low) / _Z


def _is_counted(estimate: Estimate, n_records: int) -> bool:
    """Whether the value is a whole number of hits with Wilson's interval; an expected number of hits is not."""
    hits = round(estimate.value * n_records)
    ends = wilson_interval(hits, n_records)
    return np.allclose(estimate, (hits / n_records, *ends), rtol=0.0, atol=_ROUNDING)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """(models, draws) ranks of values of that shape: one more than there are higher values in the draw."""
    return np.stack([1 + (values > of_model).sum(axis=0) for of_model in values])


def _sort_key(runs: Sequence[Sampled]) -> list[tuple[float, float, float, int]]:
    return sorted((*run.estimate, -1 if run.n_records is None else run.n_records) for run in runs)
