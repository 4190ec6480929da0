"""How many different kinds a sample of records holds, and how far that number moves from sample to sample.

The number grows with the sample, so a resampled one, whose records repeat, is too low; and its hits are not
independent: a kind that was seen often is seen in every sample. Its variance is read from how many kinds were seen once
and twice instead.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from metrics.statistics.uncertainty import Estimate, wilson_interval

if TYPE_CHECKING:
    from collections.abc import Iterable


def kinds_per_record(kinds: Iterable[str], n_records: int) -> Estimate:
    """Different kinds over records drawn, with a 95% interval of what other samples of this size hold on average.

    A kind of which lambda records are expected is seen with probability 1 - exp(-lambda), so the number D of kinds
    has the variance sum exp(-lambda) (1 - exp(-lambda)), less (sum lambda exp(-lambda))^2 / n as n is fixed. Of f1
    kinds seen once and f2 seen twice, f1 - f2/2 - f1^2/n estimates it: its mean has lambda (1 - lambda/4) for
    1 - exp(-lambda), at most 15% too large up to lambda = 2; the unbiased f1 - f2 + f3 - ... (I. J. Good and
    G. H. Toulmin, Biometrika 43, 45 (1956), DOI 10.1093/biomet/43.1-2.45) is noisier. The interval is Wilson's with as
    many records as give that variance to independent hits; where every kind was seen once, it is Wilson's itself.

    Args:
        kinds: of each record that has one.
        n_records: records of the sample, with a kind or without, at least 1.

    """
    n_kinds_seen = Counter(Counter(kinds).values())
    n_kinds, once, twice = n_kinds_seen.total(), n_kinds_seen[1], n_kinds_seen[2]
    independent = n_kinds * (1 - n_kinds / n_records)
    variance = min(independent, max(1.0, once - twice / 2 - once**2 / n_records))
    n_effective = n_records * independent / variance if variance else float(n_records)
    value = n_kinds / n_records
    return Estimate(value, *wilson_interval(value * n_effective, n_effective))
