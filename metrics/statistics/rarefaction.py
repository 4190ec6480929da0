"""How many bins a smaller or larger sample would show: closed forms of rarefaction, and their variance.

Sources: expected number of bins in m of n records, S. H. Hurlbert, Ecology 52, 577 (1971), DOI 10.2307/1934145; in more
than n, from the numbers of bins seen once and twice, A. Chao, Scand. J. Stat. 11, 265 (1984) and R. K. Colwell et al.,
J. Plant Ecol. 5, 3 (2012), DOI 10.1093/jpe/rtr044.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

from metrics.statistics.resampling import COMMON_SIZE
from metrics.statistics.uncertainty import Z

if TYPE_CHECKING:
    from numpy.typing import NDArray


def covered_bins(records: NDArray[np.int64], n_records: int, size: int = COMMON_SIZE) -> tuple[float, float, float]:
    """Expected number of bins that occur in ``size`` of the records, with its 95% interval.

    The variance over samples of n records is, for each bin, E h^2 - (E h)^2, h the share of the subsamples of m records
    without the bin; (E h)^2 is the probability to lack it in 2 m records, estimated in the same way (for bins that
    occur independently of each other). It is about a number of rare bins, itself a Poisson number, so z^2 / 4 is added
    as in the score interval of a Poisson mean, at the weight (m / n)^2 of a rare bin.

    Args:
        records: (b,) that hold each bin, at least one each.
        n_records: all of them, at least one; a smaller number than ``size`` keeps its own.
        size: of the subsamples, m.

    Returns:
        Value, lower and upper end.

    """
    size = min(size, n_records)
    absent = _absent(records, n_records, size)
    value = float((1 - absent).sum())
    variance = expected_bins(records, n_records, 2 * size) - float((1 - absent**2).sum())
    half_width = Z * sqrt(max(variance, 0.0) + (Z * size / (2 * n_records)) ** 2)
    return value, max(value - half_width, 0.0), value + half_width


def expected_bins(records: NDArray[np.int64], n_records: int, size: int) -> float:
    """Expected number of bins in a sample of any size: of a part of the records, or of more of the same kind."""
    if size <= n_records:
        return float((1 - _absent(records, n_records, size)).sum())
    once, twice = int((records == 1).sum()), int((records == 2).sum())  # noqa: PLR2004 - seen twice
    return len(records) + further(once, twice, n_records, size - n_records)


def further(once: int, twice: int, n_records: int, more: int) -> float:
    """Expected number of new bins in more records, from the numbers of bins that were seen once and twice."""
    if not once:
        return 0.0
    unseen = (n_records - 1) / n_records * (once**2 / (2 * twice) if twice else once * (once - 1) / 2)
    return unseen * (1 - (1 - once / (n_records * unseen + once)) ** more)


def _absent(records: NDArray[np.int64], n_records: int, size: int) -> NDArray[np.float64]:
    """Probability of each bin to be in none of ``size`` records drawn without replacement."""
    rest = n_records - records
    possible = rest >= size
    left = np.where(possible, rest, size)
    logarithm = gammaln(left + 1) - gammaln(left - size + 1) - gammaln(n_records + 1) + gammaln(n_records - size + 1)
    absent: NDArray[np.float64] = np.where(possible, np.exp(logarithm), 0.0)
    return absent
