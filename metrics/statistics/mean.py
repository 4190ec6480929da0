"""Means over records, with their intervals."""

from __future__ import annotations

from math import fsum, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtr

from metrics.statistics.histogram import distinct
from metrics.statistics.resampling import CONFIDENCE, bootstrap
from metrics.statistics.uncertainty import bounded_interval
from metrics.statistics.value import FEWEST_FOR_INTERVAL, Value, by_spread

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def mean_over_submitted(values: pd.Series[float]) -> Value:
    """Mean of numbers between 0 and 1 in which unknown (null) counts as 0, so a crash never pays.

    Interval, 95%: Wilson's for as many trials as would have the mean's variance, see :func:`.bounded_interval`.

    Args:
        values: nullable numbers from 0 to 1, one entry per submitted record.

    """
    n_records, n_unknown = len(values), int(values.isna().sum())
    if not n_records:
        return Value(None, None, None, 0, 0)
    numbers = np.sort(values.fillna(0.0).to_numpy(dtype=np.float64))
    mean = min(fsum(numbers) / n_records, 1.0)
    variance = float(((numbers - mean) ** 2).sum()) / (max(n_records - 1, 1) * n_records)
    low, high = bounded_interval(mean, variance, n_records)
    return Value(mean, low, high, n_records - n_unknown, n_unknown)


def mean_over_known(values: pd.Series[float]) -> Value:
    """Mean over the records with a number: shown, never ranked. Interval: bootstrap-t, 95%; see :func:`.by_spread`.

    (B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), DOI 10.1201/9780429246593, section 12.5.)

    Args:
        values: nullable numbers, one entry per submitted record.

    """
    numbers, counts, n_unknown = distinct(values)
    n_known = len(values) - n_unknown
    if not n_known:
        return Value(None, None, None, 0, n_unknown)
    # rounded once, so that the order of the records changes no digit
    mean = fsum(numbers * counts) / n_known
    low, high = _bootstrap_t(numbers - mean, counts)
    low, high = max(mean + low, float(numbers[0])), min(mean + high, float(numbers[-1]))
    return by_spread(mean, min(low, mean), max(high, mean), n_known, n_unknown)


def median_over_known(values: pd.Series[float]) -> Value:
    """Median over the records with a number: shown, never ranked.

    Interval, 95%: between the two records between which the median lies with that probability, by the binomial
    distribution of the number of records below it, whatever the distribution of the numbers (H. A. David and H. N.
    Nagaraja, Order Statistics (2003), DOI 10.1002/0471722162, section 7.1). There is none
    of fewer than five records, or of records that are all alike.

    Args:
        values: nullable numbers, one entry per submitted record.

    """
    numbers = np.sort(values.dropna().to_numpy(dtype=np.float64))
    n_known = len(numbers)
    if not n_known:
        return Value(None, None, None, 0, len(values))
    # the probability that so many, or fewer, of the numbers are below the median
    below = bdtr(np.arange(n_known // 2 + 1, dtype=np.float64), n_known, 0.5)
    first = max(int(np.searchsorted(below, (1 - CONFIDENCE) / 2)) - 1, 0)
    ends = float(numbers[first]), float(numbers[n_known - 1 - first])
    median, n_unknown = float(np.median(numbers)), len(values) - n_known
    if n_known < FEWEST_FOR_INTERVAL or numbers[0] == numbers[-1]:
        return Value(median, None, None, n_known, n_unknown)
    # where many records are alike both ends can be theirs
    return Value(median, *ends, n_known, n_unknown)


def _bootstrap_t(deviations: NDArray[np.float64], counts: NDArray[np.int64]) -> tuple[float, float]:
    """Ends of the 95% interval of a mean, less the mean.

    Quantiles of t = (mean of the draw - mean) / standard error in the draw: a draw without the long tail has a low mean
    and a small error, as a sample has.

    Args:
        deviations: (k,) different numbers, less their mean.
        counts: (k,) how often each occurs.

    """
    n_known = int(counts.sum())
    drawn = bootstrap(counts)
    means = drawn @ deviations / n_known
    errors = np.sqrt(np.maximum(drawn @ deviations**2 / n_known - means**2, 0.0) / n_known)
    error = sqrt(float(counts @ deviations**2)) / n_known
    # a draw of equal numbers has no error to measure by
    t = np.divide(means, errors, out=np.zeros_like(means), where=errors > error * _NEGLIGIBLE)
    tail = (1 - CONFIDENCE) / 2
    lowest, highest = np.quantile(t, [tail, 1 - tail])
    return -float(highest) * error, -float(lowest) * error


_NEGLIGIBLE = 1e-6
