"""Intervals: how far a score could be from what it would be for endless samples of the same generator."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple


def wilson_interval(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a binomial share.

    Unlike the normal approximation it stays inside [0, 1] and has width at 0 and n successes.

    Args:
        successes: number of hits, 0 <= successes <= n.
        n: number of trials, at least 1; an effective one need not be whole.
        confidence: coverage, between 0 and 1.

    Returns:
        Lower and upper bound of the share.

    Raises:
        ValueError: the counts are impossible.

    Source: E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927), DOI 10.1080/01621459.1927.10502953.

    """
    if n < 1 or not 0 <= successes <= n:
        msg = f"a share needs 0 <= successes <= n and n >= 1, got {successes} of {n}"
        raise ValueError(msg)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / n
    centre = share + z * z / (2 * n)
    half_width = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # exact ends where no hit, or nothing but hits, was seen: rounding would leave 1e-19
    low = 0.0 if successes == 0 else (centre - half_width) / scale
    high = 1.0 if successes == n else (centre + half_width) / scale
    return low, high


class Estimate(NamedTuple):
    """A value with the ends of its 95% interval, ``low <= value <= high``."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval lies on one side of 0: a difference that is significant at 5%."""
        return self.low > 0 or self.high < 0


def difference(first: Estimate, second: Estimate) -> Estimate:
    """How much higher the first of two independent estimates is than the second, with its 95% interval.

    d = a - b; low = d - sqrt((a - low_a)^2 + (high_b - b)^2), high = d + sqrt((high_a - a)^2 + (b - low_b)^2): each
    end is as far as the two ends that push it there, added as independent errors. It needs nothing but the two
    intervals, so it holds for every score:

    - shares, whose intervals are Wilson's: this is Newcombe's method 10 (R. G. Newcombe, Stat. Med. 17, 873 (1998),
      DOI 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I), which keeps 95% near 0 and 1;
    - means, whose intervals come from the bootstrap: the usual sqrt(s_a^2 / n_a + s_b^2 / n_b), its sides apart;
    - statistics that are resampled (diversity, distances): the same, with their own intervals.

    General form: G. Y. Zou and A. Donner, Stat. Med. 27, 1693 (2008), DOI 10.1002/sim.3095. Independent are the
    records of two submissions; what both share, such as the reference set, is taken as given.
    """
    value = first.value - second.value
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return Estimate(value, value - below, value + above)
