"""Seeded resampling of records, vectorised over the draws: how far a score moves with the sample.

Records that are alike are one *kind*: drawing how often each kind occurs is drawing records, and kinds in a sorted
order make every draw independent of the order of the records.

Means and histogram distances are bootstrapped. Statistics that repeated records would bias (coverage, entropy, Vendi
score, kernel and Frechet distances) are subsampled without replacement instead (Politis and Romano 1994, DOI
10.1214/aos/1176325770). Intervals are set around the value on the full sample: the mean shift of a resampled statistic
is its bias, not its uncertainty.
"""

from __future__ import annotations

from math import inf, sqrt
from typing import TYPE_CHECKING

import numpy as np

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
    return np.random.default_rng(SEED).multivariate_hypergeometric(counts, size, size=draws, method="marginals")


def bootstrap_interval(
    counts: NDArray[np.int64], statistic: Statistic, value: float, *, lowest: float = -inf, highest: float = inf
) -> tuple[float, float]:
    """95% interval of a statistic by bootstrap.

    Args:
        counts: (k,) records of each kind, at least one in all.
        statistic: what is resampled.
        value: the statistic of the counts themselves.
        lowest: no interval ends below.
        highest: no interval ends above.

    """
    return interval(value, statistic(bootstrap(counts)), lowest=lowest, highest=highest)


def rarefied(
    counts: NDArray[np.int64],
    statistic: Statistic,
    *,
    draws: int = DRAWS,
    lowest: float = -inf,
    highest: float = inf,
) -> tuple[float, float, float]:
    """Expected value of a statistic in a sample of 500 of the records, with its 95% interval.

    A smaller sample keeps its own size. The interval comes from samples of at most half of the n records; with s
    records their spread is that of s, larger than that of n by sqrt((n - s) / s).

    Args:
        counts: (k,) records of each kind, at least one in all.
        statistic: what is rarefied.
        draws: number of samples.
        lowest: no interval ends below.
        highest: no interval ends above.

    Returns:
        Value, lower and upper end.

    """
    n_records = int(counts.sum())
    size = min(n_records, COMMON_SIZE)
    spread_size = min(size, n_records // 2)
    sampled = statistic(subsample(counts, spread_size, draws)) if spread_size else np.zeros(1)
    if size == n_records:
        value = float(statistic(counts[None])[0])
    elif size == spread_size:
        value = float(sampled.mean())
    else:
        value = float(statistic(subsample(counts, size, draws)).mean())
    scale = sqrt(spread_size / (n_records - spread_size))
    return value, *interval(value, sampled, scale=scale, lowest=lowest, highest=highest)


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
