"""Seeded resampling of records, vectorised over the draws: how far a score moves with the sample.

Records that are alike are one *kind*: drawing how often each kind occurs is drawing records, and kinds in a sorted
order make every draw independent of the order of the records.

Means are bootstrapped. Statistics that repeated records would bias (entropy, distances) are subsampled without
replacement instead (Politis and Romano 1994, DOI 10.1214/aos/1176325770). Intervals are set around the value on the
full sample: the mean shift of a resampled statistic is its bias, not its uncertainty.
"""

from __future__ import annotations

from math import exp, inf, sqrt
from typing import TYPE_CHECKING

import numpy as np

from metrics.statistics.uncertainty import Z

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Statistic = Callable[[NDArray[np.int64]], NDArray[np.float64]]
    """From (draws, k) counts of kinds to (draws,) values."""

DRAWS = 1000
SEED = 2013
CONFIDENCE = 0.95
COMMON_SIZE = 500
"""Records that rarefied scores are brought down to, so that submissions of different size compare."""

_KIND_COST = 4
"""What drawing how often a kind occurs costs, in drawn records."""
_CHUNK = 1_000_000
"""Records drawn at once, 8 MB; how many has no influence on the numbers."""


def bootstrap(counts: NDArray[np.int64], draws: int = DRAWS) -> NDArray[np.int64]:
    """(draws, k) counts of samples of the same size, drawn with replacement.

    Args:
        counts: (k,) records of each kind, at least one in all.
        draws: number of samples.

    """
    generator = np.random.default_rng(SEED)
    n_records, n_kinds = int(counts.sum()), len(counts)
    if n_kinds * _KIND_COST < n_records:
        return generator.multinomial(n_records, counts / n_records, size=draws)
    # nearly every record is a kind of its own: drawing records is cheaper than drawing the count of each kind
    kinds = np.repeat(np.arange(n_kinds), counts)
    drawn = np.empty((draws, n_kinds), dtype=np.int64)
    step = max(1, _CHUNK // n_records)
    for start in range(0, draws, step):
        rows = drawn[start : start + step]
        places = kinds[generator.integers(n_records, size=(len(rows), n_records))]
        places += n_kinds * np.arange(len(rows))[:, None]
        rows[:] = np.bincount(places.ravel(), minlength=rows.size).reshape(rows.shape)
    return drawn


def subsample(counts: NDArray[np.int64], size: int, draws: int = DRAWS) -> NDArray[np.int64]:
    """(draws, k) counts of samples of ``size`` records, drawn without replacement.

    Args:
        counts: (k,) records of each kind.
        size: records in a sample, at most all.
        draws: number of samples.

    """
    generator = np.random.default_rng(SEED)
    if counts.max(initial=0) > 1:
        return generator.multivariate_hypergeometric(counts, size, size=draws, method="marginals")
    # every record is a kind of its own: a shuffle is four times faster
    first = np.zeros(len(counts), dtype=np.int64)
    first[np.cumsum(counts) <= size] = 1
    return generator.permuted(np.broadcast_to(first, (draws, len(counts))), axis=1)


def rarefied(
    counts: NDArray[np.int64], statistic: Statistic, *, draws: int = DRAWS, lowest: float = 0.0
) -> tuple[float, float, float]:
    """Expected value of a statistic above 0 in a sample of 500 of the records, with its 95% interval.

    A smaller sample keeps its own size. The interval comes from samples of at most half of the n records; with s
    records their spread is that of s, larger than that of n by sqrt((n - s) / s). It is normal in the logarithm: an
    effective number is spread in proportion to itself, so a sample that is too uniform shows too little spread.

    Args:
        counts: (k,) records of each kind, at least one in all.
        statistic: what is rarefied.
        draws: number of samples.
        lowest: no interval ends below.

    Returns:
        Value, lower and upper end.

    """
    n_records = int(counts.sum())
    size = min(n_records, COMMON_SIZE)
    spread_size = min(size, n_records // 2)
    sampled = statistic(subsample(counts, spread_size, draws)) if spread_size else np.ones(1)
    if size == n_records:
        value = float(statistic(counts[None])[0])
    elif size == spread_size:
        value = float(sampled.mean())
    else:
        value = float(statistic(subsample(counts, size, draws)).mean())
    factor = exp(Z * sqrt(spread_size / (n_records - spread_size)) * float(np.log(sampled).std()))
    return value, min(max(value / factor, lowest), value), value * factor


def half_sample_interval(
    counts: NDArray[np.int64], statistic: Statistic, value: float, *, draws: int = DRAWS, lowest: float = -inf
) -> tuple[float, float]:
    """95% interval of a statistic by samples of half of the records, whose spread is that of all of them.

    Args:
        counts: (k,) records of each kind, at least two in all.
        statistic: what is resampled.
        value: the statistic of the counts themselves.
        draws: number of samples.
        lowest: no interval ends below.

    """
    n_records = int(counts.sum())
    half = n_records // 2
    scale = sqrt(half / (n_records - half))
    return interval(value, statistic(subsample(counts, half, draws)), scale=scale, lowest=lowest)


def distance_from(
    counts: NDArray[np.int64],
    from_reference: Statistic,
    from_sample: Statistic,
    influence: NDArray[np.float64],
    *,
    draws: int = DRAWS,
) -> tuple[float, float, float]:
    """Distance of endless samples from a reference, with its 95% interval.

    A sample is farther from everything than what it is drawn from, by a bias that about halves with twice the records:
    2 D(all) - mean D(half) is without it (the jackknife by halves: M. H. Quenouille, Biometrika 43, 353 (1956), DOI
    10.1093/biomet/43.3-4.353).

    Far from the reference the distance moves as the mean of the influence of its records does (F. R. Hampel, J. Am.
    Stat. Assoc. 69, 383 (1974), DOI 10.1080/01621459.1974.10482962). Near it the influence says nothing, so records are
    dealt into quarters again and again: two of them make a half, whose own 2 D(half) - mean D(quarter) is spread as
    that of all records is. The interval is the wider one on each side. It reaches down to 0 where the sample is no
    farther from the reference than 97.5% of the halves are from the sample, which is as far as samples of the reference
    itself would be.

    Args:
        counts: (k,) records of each kind, at least four in all.
        from_reference: distance of samples from the reference.
        from_sample: distance of samples from the counts themselves.
        influence: (k,) derivative of the distance by the share of each kind, up to a constant.
        draws: number of quarters.

    Returns:
        Value, at least 0, lower and upper end.

    """
    quarters = _dealt(counts, max(draws // 4, 1))
    halves = quarters[0::2] + quarters[1::2]
    of_quarters, of_halves = from_reference(quarters), from_reference(halves)
    plain = float(from_reference(counts[None])[0])
    value = 2 * plain - float(of_halves.mean())
    low, high = interval(value, 2 * of_halves - (of_quarters[0::2] + of_quarters[1::2]) / 2)
    half_width = Z * error_of_mean(influence, counts)
    low, high = min(low, value - half_width), max(high, value + half_width)
    if not is_far(plain, from_sample(halves)):
        low = 0.0
    value = max(value, 0.0)
    return value, min(value, max(low, 0.0)), max(value, high)


def is_far(distance: float, of_halves: NDArray[np.float64]) -> bool:
    """Whether a sample is farther from a reference than 97.5% of its halves are from the sample."""
    return distance > float(np.quantile(of_halves, (1 + CONFIDENCE) / 2))


def error_of_mean(numbers: NDArray[np.float64], counts: NDArray[np.int64]) -> float:
    """Standard error of the mean of numbers that occur so often."""
    n_records = int(counts.sum())
    deviations = numbers - counts @ numbers / n_records
    return sqrt(float(counts @ deviations**2)) / n_records


def _dealt(counts: NDArray[np.int64], deals: int) -> NDArray[np.int64]:
    """(4 deals, k) counts of the quarters that all records are dealt into; they differ by one record at most."""
    generator = np.random.default_rng(SEED)
    n_kinds, n_records = len(counts), int(counts.sum())
    kinds = np.repeat(np.arange(n_kinds), counts)
    hands = np.arange(n_records) * 4 // n_records
    dealt = np.empty((4 * deals, n_kinds), dtype=np.int64)
    for start in range(0, len(dealt), 4):
        places = hands * n_kinds + generator.permutation(kinds)
        dealt[start : start + 4] = np.bincount(places, minlength=4 * n_kinds).reshape(4, n_kinds)
    return dealt


def interval(
    value: float, sampled: NDArray[np.float64], *, scale: float = 1.0, lowest: float = -inf, highest: float = inf
) -> tuple[float, float]:
    """Ends of the 95% interval around a value from the spread of resampled ones about their mean.

    Args:
        value: on the full sample; always inside.
        sampled: (draws,) resampled values.
        scale: spread on the full sample over spread of the resampled values.
        lowest: no interval ends below.
        highest: no interval ends above.

    """
    tail = (1 - CONFIDENCE) / 2
    below, above = np.quantile(sampled, [1 - tail, tail]) - sampled.mean()
    low, high = value - scale * float(below), value - scale * float(above)
    return min(value, max(low, lowest)), max(value, min(high, highest))
