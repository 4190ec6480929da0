"""Means over what was submitted, for facts that are numbers from 0 (bad) upwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.score import Value
from metrics.uncertainty import bootstrap_mean_interval, mean_of

if TYPE_CHECKING:
    import pandas as pd


def mean_over_submitted(values: pd.Series[float]) -> Value:
    """Mean in which unknown (null) counts as 0, so a crash never pays. Interval: bootstrap, 95 %.

    Args:
        values: nullable numbers, not below 0, one entry per submitted record.

    """
    n_unknown = int(values.isna().sum())
    if not len(values):
        return Value(None, None, None, 0, 0)
    numbers = np.array(values.fillna(0.0).tolist(), dtype=np.float64)
    low, high = bootstrap_mean_interval(numbers)
    return Value(mean_of(numbers), low, high, len(values) - n_unknown, n_unknown)
