"""Counts that fall as a sample grows, such as that of different crystals: their spread, from the classes seen.

A count of n records in which copies occur is no sum of n independent ones. What is needed is the spread of its value
over samples of n records about its mean over such samples; a smaller sample has another mean.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

import numpy as np

from metrics.statistics.rarefaction import further

if TYPE_CHECKING:
    from numpy.typing import NDArray


def variance_of_classes(sizes: NDArray[np.int64], n_records: int) -> float:
    """Variance of the number of classes of a kind in a sample of n records.

    Var S(n) = E S(2n) - E S(n) - (n dE S / dn)^2 / n, which holds for records drawn independently (the number of
    records in each class is then a Poisson number, given its sum; n dE S / dn is the expected number of classes of one
    record). Without copies it is the binomial variance, with few copies the number of pairs. The expectation at 2n is
    that of :func:`.rarefaction.further`.

    Args:
        sizes: records of each class of the kind that is counted.
        n_records: all records, those of other kinds too.

    Returns:
        At least 1, one class more or less.

    """
    once, twice = _seen(sizes)
    return max(further(once, twice, n_records, n_records) - once**2 / n_records, 1.0)


def variance_of_sum(sums: NDArray[np.float64], sizes: NDArray[np.int64], n_records: int) -> float:
    """Variance of a sum over records to which only classes of one record add.

    The sum over groups of T^2, less the squared expectations, less the part that goes with the number of records.
    Classes seen once and twice stand for f1^2 / (2 f2) equal ones, whose squared expectations add up to
    w^2 2 f2 exp(-2 f2 / f1), w what a class of one record adds on average.

    Args:
        sums: (g,) T of each group; groups are independent of each other.
        sizes: records of each class.
        n_records: all records.

    Returns:
        At least 1, one record more or less.

    """
    once, twice = _seen(sizes)
    if not once:
        return 1.0
    total = float(np.sort(sums).sum())
    weight = total / once
    expected = weight**2 * 2 * twice * exp(-2 * twice / once)
    return max(float(np.sort(sums**2).sum()) - expected - (total - 2 * weight * twice) ** 2 / n_records, 1.0)


def _seen(sizes: NDArray[np.int64]) -> tuple[int, int]:
    """Number of classes of one record, and of two."""
    return int((sizes == 1).sum()), int((sizes == 2).sum())  # noqa: PLR2004 - two
