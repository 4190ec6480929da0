"""Rank ranges: which ranks a model takes when every model is sampled anew."""

from __future__ import annotations

from math import fsum, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import rankdata

from metrics.statistics.resampling import CONFIDENCE, SEED
from metrics.statistics.runs import pooled
from metrics.statistics.uncertainty import Z

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from metrics.statistics.uncertainty import Estimate

DRAWS = 4_000
"""Boards that are drawn: the ends of a 95% range are then certain to within half a percent of the draws."""

_DRAWS_AT_ONCE = 250
_MOST_TRIALS = 1e12
"""A share with an interval of no width is drawn as if from so many records."""


class Sampled(NamedTuple):
    """A score of one run, with what is needed to draw it anew.

    Attributes:
        estimate: value and 95% interval.
        is_share: whether the value lies in [0, 1].

    """

    estimate: Estimate
    is_share: bool


class RankRange(NamedTuple):
    """Rank of a model, 1 the best, and the ends of its 95% range; equal values share the better rank."""

    rank: int
    low: int
    high: int


def rank_ranges(models: Sequence[Sequence[Sampled]], draws: int = DRAWS) -> list[RankRange]:
    """Rank of each model and the range of ranks that it would take if all models were sampled anew, the highest first.

    A model stands for the mean of its runs, and new samples have as many. These are prediction ranges, since what is
    seen is itself a draw: first what could be behind it is drawn, then a new sample from that, so the new value is off
    by both errors. A share of n records has Jeffreys' distribution Beta(hits + 1/2, misses + 1/2) behind it, and its
    new hits are binomial, which keeps it discrete and right near 0 and 1; one with another interval than Wilson's takes
    the number of trials whose interval is as wide. Any other score moves by two half normal distributions that have its
    interval.

    Where models have several runs, runs differ by more than their records. Their pooled variance (see
    :class:`.runs.RunVariance`) has few degrees of freedom: it is drawn as total * dof / chi2(dof), so that differences
    follow Student's t; what exceeds the variance of drawing records is the spread between runs, and moves both the
    model's mean and each new run. Where no model has several, that spread is unknown and not in the ranges.

    Args:
        models: the runs of each model, at least one each.
        draws: number of boards drawn.

    Sources: prediction by a posterior: A. Gelman et al., Bayesian Data Analysis (2013), DOI 10.1201/b16018, sections
    2.4 and 3.2.

    """
    if not models:
        return []
    # sorted, so that the order of the models plays no part
    order = sorted(range(len(models)), key=lambda place: sorted(models[place]))
    *seeds, of_spread = np.random.SeedSequence(SEED).spawn(len(models) + 1)
    between = _between_runs(models, draws, np.random.default_rng(of_spread))
    drawn = np.empty((len(models), draws))
    for place, seed in zip(order, seeds, strict=True):
        drawn[place] = _new_mean(models[place], between, np.random.default_rng(seed))
    means = np.array([[fsum(run.estimate.value for run in runs) / len(runs)] for runs in models])
    _rank(means)
    _rank(drawn)
    tail = (1 - CONFIDENCE) / 2
    ends = [np.quantile(of_model, [tail, 1 - tail], method="inverted_cdf") for of_model in drawn]
    return [
        RankRange(int(rank), min(int(rank), int(low)), max(int(rank), int(high)))
        for rank, (low, high) in zip(means[:, 0], ends, strict=True)
    ]


def _between_runs(
    models: Sequence[Sequence[Sampled]], draws: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """(draws,) standard deviations between runs that the runs speak for; 0 where nothing is known."""
    variance = pooled([[run.estimate for run in runs] for runs in models])
    if variance is None:
        return np.zeros(draws)
    total = variance.total * variance.dof / generator.chisquare(variance.dof, size=draws)
    deviations: NDArray[np.float64] = np.sqrt(np.maximum(total - variance.sampling, 0.0))
    return deviations


def _new_mean(
    runs: Sequence[Sampled], between: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.float64]:
    """(draws,) means of new runs of a model, as many as it has."""
    runs, shape = sorted(runs), between.shape
    behind = np.mean([_behind(run, generator, shape) for run in runs], axis=0)
    behind += between * generator.standard_normal(shape) / sqrt(len(runs))
    new = [_new(run, behind + between * generator.standard_normal(shape), generator) for run in runs]
    mean: NDArray[np.float64] = np.mean(new, axis=0)
    return mean


def _behind(run: Sampled, generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """What endless records of the run could give."""
    if not run.is_share:
        return _moved(run.estimate, np.full(shape, run.estimate.value), generator)
    trials = trials_behind(run.estimate)
    hits = run.estimate.value * trials
    return generator.beta(hits + 0.5, trials - hits + 0.5, size=shape)


def _new(run: Sampled, behind: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """What as many new records give."""
    if not run.is_share:
        return _moved(run.estimate, behind, generator)
    trials = round(trials_behind(run.estimate))
    return generator.binomial(trials, np.clip(behind, 0.0, 1.0)) / trials


def _moved(estimate: Estimate, values: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    normal = generator.standard_normal(values.shape)
    value, low, high = estimate
    moved: NDArray[np.float64] = values + normal * np.where(normal > 0, high - value, value - low) / Z
    return moved


def trials_behind(estimate: Estimate) -> float:
    """Number of trials, at least 1, for which Wilson's interval of the share is as wide.

    With a = z^2 / n and half the width h: h^2 (1 + a)^2 = a p (1 - p) + a^2 / 4.
    """
    share, width = min(max(estimate.value, 0.0), 1.0), estimate.high - estimate.low
    square = (width / 2) ** 2
    a, b = square - 0.25, 2 * square - share * (1 - share)
    if a >= 0:
        return 1.0
    root = (-b - sqrt(max(b * b - 4 * a * square, 0.0))) / (2 * a)
    return min(max(Z**2 / root, 1.0), _MOST_TRIALS) if root > 0 else _MOST_TRIALS


def _rank(values: NDArray[np.float64]) -> None:
    """Put ranks in the place of (models, draws) values: one more than there are higher values in the draw.

    In place and a few draws at a time: a board of 3,000 models has 100 MB of values.
    """
    for start in range(0, values.shape[1], _DRAWS_AT_ONCE):
        some = values[:, start : start + _DRAWS_AT_ONCE]
        some[:] = rankdata(-some, method="min", axis=0)
