"""Means over records, with their interval: the one bootstrap of means."""

from __future__ import annotations

from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING

from metrics.statistics.histogram import distinct
from metrics.statistics.resampling import bootstrap_interval
from metrics.statistics.value import Value

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def mean_over_submitted(values: pd.Series[float]) -> Value:
    """Mean in which unknown (null) counts as 0, so a crash never pays. Interval: bootstrap, 95%.

    Args:
        values: nullable numbers, not below 0, one entry per submitted record.

    """
    n_unknown = int(values.isna().sum())
    return replace(mean_over_known(values.fillna(0.0)), n_counted=len(values) - n_unknown, n_unknown=n_unknown)


def mean_over_known(values: pd.Series[float]) -> Value:
    """Mean over the records with a number: shown, never ranked. Interval: bootstrap, 95%.

    Args:
        values: nullable numbers, one entry per submitted record.

    """
    numbers, counts, n_unknown = distinct(values)
    n_known = len(values) - n_unknown
    if not n_known:
        return Value(None, None, None, 0, n_unknown)
    # rounded once, so that the order of the records changes no digit
    mean = fsum(numbers * counts) / n_known

    def means(sampled: NDArray[np.int64]) -> NDArray[np.float64]:
        drawn: NDArray[np.float64] = sampled @ numbers / n_known
        return drawn

    low, high = bootstrap_interval(counts, means, mean, lowest=float(numbers[0]), highest=float(numbers[-1]))
    return Value(mean, low, high, n_known, n_unknown)
