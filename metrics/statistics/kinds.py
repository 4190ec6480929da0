"""How many different kinds a sample of records holds, and how far that number moves from sample to sample.

The number grows with the sample, so a resampled one, whose records repeat, is too low; and its hits are not
independent: a kind that was seen often is seen in every sample. Its variance is read from how many kinds were seen once
and twice instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.statistics.uncertainty import Estimate, wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray


def kinds_per_record(counts: NDArray[np.int64], n_records: int) -> Estimate:
    """Different kinds over records drawn, with a 95% interval of what other samples of this size hold on average.

    A kind of which lambda records are expected is seen with probability 1 - exp(-lambda), so the number D of kinds
    has the variance sum exp(-lambda) (1 - exp(-lambda)), less (sum lambda exp(-lambda))^2 / n as n is fixed. Of f1
    kinds seen once and f2 seen twice, f1 - f2/2 - f1^2/n estimates it: its mean has lambda (1 - lambda/4) for
    1 - exp(-lambda), at most 15% too large up to lambda = 2; the unbiased f1 - f2 + f3 - ... (I. J. Good and
    G. H. Toulmin, Biometrika 43, 45 (1956), DOI 10.1093/biomet/43.1-2.45) is noisier. The interval is Wilson's with as
    many records as give that variance to independent hits; where every kind was seen once, it is Wilson's itself.

    Args:
        counts: (k,) records of each kind that was seen, each at least 1.
        n_records: records of the sample, of any kind or none.

    """
    n_kinds = len(counts)
    once, twice = np.count_nonzero(counts == 1), np.count_nonzero(counts == 2)  # noqa: PLR2004 - seen twice
    independent = n_kinds * (1 - n_kinds / n_records)
    variance = min(independent, max(1.0, once - twice / 2 - once**2 / n_records))
    n_effective = n_records * independent / variance if variance else float(n_records)
    value = n_kinds / n_records
    return Estimate(value, *wilson_interval(value * n_effective, n_effective))
