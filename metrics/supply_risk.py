"""How far the elements of the crystals are in the hands of few countries."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from metrics.kinds import distinct
from metrics.reference_statistics import undefined
from metrics.resampling import bootstrap_interval
from metrics.score import Against, Value, score

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

PRODUCTION_WEIGHT = 0.25
RESERVE_WEIGHT = 0.75


@score(label="HHI production", unit="0-10", better="neither", needs=("hhi_production",))
def hhi_production(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean Herfindahl-Hirschman index of the production of the elements, 0 (spread out) to 10 (one country).

    Of a record: sum of x_el HHI_el / 1000 with atomic fractions x; values of Gaultois et al. 2013 (DOI
    10.1021/cm400893e). Missing values: records with an element without a value (H, Xe, Tc, the actinides, ...) are
    left out, so the mean is shown and never ranked.
    """
    return mean(rows["hhi_production"])


@score(label="HHI reserves", unit="0-10", better="neither", needs=("hhi_reserve",))
def hhi_reserve(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean Herfindahl-Hirschman index of the known reserves of the elements, 0 (spread out) to 10 (one country).

    Of a record: sum of x_el HHI_el / 1000 with atomic fractions x; values of Gaultois et al. 2013 (DOI
    10.1021/cm400893e). Missing values: records with an element without a value (H, Xe, Tc, the actinides, ...) are
    left out, so the mean is shown and never ranked.
    """
    return mean(rows["hhi_reserve"])


@score(label="HHI combined", unit="0-10", better="neither", needs=("hhi_production", "hhi_reserve"))
def hhi_combined(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean of 0.25 times the index of production and 0.75 times that of reserves, 0 to 10.

    Values of Gaultois et al. 2013 (DOI 10.1021/cm400893e). Missing values: records with an element without a value
    are left out, so the mean is shown and never ranked.
    """
    return mean(PRODUCTION_WEIGHT * rows["hhi_production"] + RESERVE_WEIGHT * rows["hhi_reserve"])


def mean(column: pd.Series[float]) -> Value:
    """Mean over the known records, with its 95 % bootstrap interval."""
    values, counts, n_unknown = distinct(column)
    n_known = len(column) - n_unknown
    if not n_known:
        return undefined(0, n_unknown)
    value = fsum(values * counts) / n_known

    def means(sampled: NDArray[np.int64]) -> NDArray[np.float64]:
        drawn: NDArray[np.float64] = sampled @ values / n_known
        return drawn

    low, high = bootstrap_interval(counts, means, value, lowest=float(values[0]), highest=float(values[-1]))
    return Value(value, low, high, n_known, n_unknown)
