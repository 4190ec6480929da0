"""Intervals: how far a score could be from what it would be for endless samples of the same generator."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a binomial share.

    Unlike the normal approximation it stays inside [0, 1] and has width at 0 and n successes.

    Args:
        successes: number of hits, 0 <= successes <= n.
        n: number of trials, at least 1.
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
