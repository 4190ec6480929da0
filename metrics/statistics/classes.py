"""Counts of classes among records, which fall as a sample grows, and their spread from the classes seen.

How many different crystals, families or chemical systems n records hold is no sum of n independent records: a class
that was seen often is in every sample, and a resampled sample, whose records repeat, holds too few. What is needed is
the spread over samples of n records about the mean over such samples; a smaller sample has another mean.
"""

from __future__ import annotations

from collections import Counter
from math import exp
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from metrics.statistics.rarefaction import further
from metrics.statistics.uncertainty import Estimate, Z, bounded_interval

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


def classes_per_record(classes: Iterable[str], n_records: int) -> Estimate:
    """Different classes over records drawn, with a 95% interval of what other samples of this size hold on average.

    A class of which l records are expected is seen with probability 1 - exp(-l), so the number S(n) of classes has the
    variance sum exp(-l) (1 - exp(-l)), less (sum l exp(-l))^2 / n as n is fixed. The first sum is what as many records
    again would add, E S(2n) - E S(n), which :func:`.rarefaction.further` estimates from the numbers of classes of one
    and of two records; the second is that of classes of one. It is taken to be at least 1, one class more or less, and
    at most that of independent records, which it is where every class was seen once. Else it rests on f1 classes, a
    number whose relative variance is 1 / f1, as that of a variance with 2 f1 degrees of freedom is: Student's t for
    those (of one class more, so that there are any) takes the place of the normal. The interval is
    :func:`.bounded_interval`.

    Args:
        classes: of each record whose class counts.
        n_records: records of the sample, those that do not count too, at least 1.

    """
    n_of_size = Counter(Counter(classes).values())
    n_classes, once, twice = n_of_size.total(), n_of_size[1], n_of_size[2]
    # without a class of two records nothing tells how many are unseen: endlessly many
    added = further(once, twice, n_records, n_records) if twice else float(once)
    variance = min(max(added - once**2 / n_records, 1.0), n_classes * (1 - n_classes / n_records))
    if twice:
        variance *= (float(stdtrit(2 * (once + 1), NormalDist().cdf(Z))) / Z) ** 2
    share = n_classes / n_records
    return Estimate(share, *bounded_interval(share, variance / n_records**2, n_records))


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
    once, twice = int((sizes == 1).sum()), int((sizes == 2).sum())  # noqa: PLR2004 - seen twice
    if not once:
        return 1.0
    total = float(np.sort(sums).sum())
    weight = total / once
    expected = weight**2 * 2 * twice * exp(-2 * twice / once)
    return max(float(np.sort(sums**2).sum()) - expected - (total - 2 * weight * twice) ** 2 / n_records, 1.0)
