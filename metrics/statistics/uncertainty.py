"""Intervals: how far a score could be from what it would be for endless samples of the same generator."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from metrics.statistics.runs import RunVariance

    Floats: TypeAlias = NDArray[np.float64]

_WHOLE = np.array(1.0)
Z = NormalDist().inv_cdf(0.975)
"""Standard deviations on each side of a 95% interval of a normal value."""


def wilson_interval(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a binomial share.

    Unlike the normal approximation it stays inside [0, 1] and has width at 0 and n successes.

    Args:
        successes: number of hits, 0 <= successes <= n; a sum of numbers between 0 and 1 is one too.
        n: number of trials, at least 1; an effective one need not be whole.
        confidence: coverage, between 0 and 1.

    Returns:
        Lower and upper bound of the share.

    Raises:
        ValueError: the counts are impossible.

    Source: E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927), DOI 10.1080/01621459.1927.10502953.

    """
    if n < 1 or not 0 <= successes <= n:
        msg = f"a share needs 0 <= successes <= n and n >= 1, got {successes} of {n}"
        raise ValueError(msg)
    quantile = NormalDist().inv_cdf(0.5 + confidence / 2)
    hits, misses = successes / n, (n - successes) / n
    # the two ends of a share have the product hits^2 / (1 + z^2 / n): a difference would leave digits below 0
    low = hits**2 / (1 + quantile**2 / n) / _wilson_upper(hits, n, quantile)
    low_of_misses = misses**2 / (1 + quantile**2 / n) / _wilson_upper(misses, n, quantile)
    return low, 1 - low_of_misses


def _wilson_upper(share: float, n: float, quantile: float) -> float:
    """Upper end of Wilson's interval, above 0."""
    variance = share * (1 - share) / n + (quantile / (2 * n)) ** 2
    return (share + quantile**2 / (2 * n) + quantile * math.sqrt(variance)) / (1 + quantile**2 / n)


def bounded_interval(mean: float, variance: float, n: int) -> tuple[float, float]:
    """95% interval of a mean of n numbers between 0 and 1, from the variance of the mean.

    Wilson's interval for the number of independent trials whose share would have that variance (the effective sample
    size: E. L. Korn and B. I. Graubard, Surv. Methodol. 24, 193 (1998)). At 0 and 1, and where the numbers do not
    differ, it is that of n trials.

    Args:
        mean: between 0 and 1.
        variance: of the mean, as estimated.
        n: number of records, at least 1.

    """
    of_one_trial = mean * (1 - mean)
    # one record more or less is the finest that n records resolve
    trials = float(n)
    if of_one_trial > 0 and variance * n > _ROUNDING**2:
        trials = n**2 if variance * n**2 <= of_one_trial else max(of_one_trial / variance, 1.0)
    low, high = wilson_interval(min(mean * trials, trials), trials)
    return min(low, mean), max(high, mean)


_ROUNDING = 1e-9
"""Numbers between 0 and 1 with a smaller standard deviation are alike."""


class Estimate(NamedTuple):
    """A value with the ends of its 95% interval, ``low <= value <= high``."""

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """A difference with the ends of its 95% interval, and the probability of one as large where there is none."""

    value: float
    low: float
    high: float
    p_value: float


def difference(first: Estimate, second: Estimate, between: RunVariance | None = None) -> Difference:
    """How much higher the first of two independent estimates is than the second, with its 95% interval.

    d = a - b; low = d - sqrt((a - low_a)^2 + (high_b - b)^2), high = d + sqrt((high_a - a)^2 + (b - low_b)^2): each
    end is as far as the two ends that push it there, added as independent errors. It needs nothing but the two
    intervals, so it holds for every score:

    - shares, whose intervals are Wilson's: this is Newcombe's method 10 (R. G. Newcombe, Stat. Med. 17, 873 (1998),
      DOI 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I), which keeps 95% near 0 and 1;
    - means, whose intervals come from the bootstrap: the usual sqrt(s_a^2 / n_a + s_b^2 / n_b), its sides apart;
    - statistics that are resampled (diversity, distances): the same, with their own intervals.

    General form: G. Y. Zou and A. Donner, Stat. Med. 27, 1693 (2008), DOI 10.1002/sim.3095. Independent are the
    records of two submissions; what both share, such as the reference set, is taken as given.

    Where the variance between runs of a model is known, that of two runs is added, and the whole has Student's t with
    the degrees of freedom of Satterthwaite (Biometrics Bull. 2, 110 (1946), DOI 10.2307/3002019). The p-value is two
    times that of t at d over the standard error of the side on which 0 lies. Where both values are the ends of their
    intervals on that side, which says nothing of how far off they may be, that side is as long as the other one.

    Args:
        first: of one run.
        second: of another one, of another model.
        between: of the runs of a model.

    """
    value, below, above = map(float, _sides(np.array(first), np.array(second)))
    towards_zero = np.array(below if value > 0 else above)
    low, high = (_half_width(error, between) for error in (below, above))
    return Difference(value, value - low, value + high, float(_p_values(np.array(abs(value)), towards_zero, between)))


def pairwise_p_values(estimates: Sequence[Estimate], n_runs: Sequence[int], between: RunVariance | None) -> Floats:
    """P-values of the differences of every two of many estimates, as :func:`difference` gives them.

    Args:
        estimates: of n models, each the mean of its runs.
        n_runs: of each model.
        between: of single runs of the models.

    Returns:
        (n (n - 1) / 2,) in the order of ``itertools.combinations``.

    """
    ends, runs = np.array(estimates, dtype=np.float64).reshape(-1, 3).T, np.array(n_runs, dtype=np.float64)
    first, second = np.triu_indices(len(runs), 1)
    value, below, above = _sides(ends[:, first], ends[:, second])
    # the variance that two single runs would need to have for their difference to vary as that of two means
    share = (1 / runs[first] + 1 / runs[second]) / 2
    return _p_values(np.abs(value), np.where(value > 0, below, above), between, share)


def _sides(first: Floats, second: Floats) -> tuple[Floats, Floats, Floats]:
    """A difference, and the standard errors of its two sides, from (3, ...) values with their lower and upper ends."""
    value = first[0] - second[0]
    below = np.hypot(first[0] - first[1], second[2] - second[0]) / Z
    above = np.hypot(first[2] - first[0], second[0] - second[1]) / Z
    return (
        value,
        np.where((value > 0) & (below == 0), above, below),
        np.where((value < 0) & (above == 0), below, above),
    )


def _half_width(error: float, between: RunVariance | None) -> float:
    """Length of one side of a 95% interval."""
    length, dof = map(float, _with_runs(np.array(error), between))
    return length * (Z if math.isinf(dof) else float(stdtrit(dof, 0.975)))


def _p_values(value: Floats, error: Floats, between: RunVariance | None, share: Floats = _WHOLE) -> Floats:
    """Two-sided p-values of values of at least 0."""
    length, dof = _with_runs(error, between, share)
    scaled = -value / np.where(length > 0, length, 1.0)
    tail: Floats = ndtr(scaled) if between is None else np.where(np.isinf(dof), ndtr(scaled), stdtr(dof, scaled))
    return np.where((value > 0) & (length > 0), 2 * tail, (value == 0).astype(np.float64))


def _with_runs(error: Floats, between: RunVariance | None, share: Floats = _WHOLE) -> tuple[Floats, Floats]:
    """Standard errors that hold the spread between runs where it is known, and their degrees of freedom.

    Args:
        error: without that spread.
        between: of single runs.
        share: of its variances that counts.

    """
    variance = error**2
    if between is None:
        return np.sqrt(variance), np.array(math.inf)
    variance = variance + 2 * between.between * share
    if not between.total > 0:
        return np.sqrt(variance), np.array(math.inf)
    dof = between.dof * (variance / (2 * between.total * share)) ** 2
    return np.sqrt(variance), np.maximum(dof, between.dof)


def holm(p_values: Sequence[float] | Floats) -> list[float]:
    """P-values of a family of comparisons, adjusted so that none of its true null hypotheses is rejected in 95 of 100.

    The k-th smallest of m is multiplied by m - k + 1, and is no smaller than those before it. It holds whatever the
    dependence between them: S. Holm, Scand. J. Stat. 6, 65 (1979), https://www.jstor.org/stable/4615733.
    """
    raw = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(raw, kind="stable")
    times = np.arange(len(raw), 0, -1)
    adjusted = np.empty(len(raw))
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, times * raw[order]))
    result: list[float] = adjusted.tolist()
    return result
