"""Intervals: how far a score could be from what it would be for endless samples of the same generator."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAWS = 1_000
SEED = 20_261_123
CHUNK = 1_000_000
"""Values resampled at once, 8 MB; how many has no influence on the numbers."""


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


def bootstrap_mean_interval(values: NDArray[np.float64], confidence: float = 0.95) -> tuple[float, float]:
    """Percentile bootstrap interval of a mean: 1,000 samples of the same size, drawn with replacement.

    The same values in any order give the same interval, because they are sorted first and the draws are seeded. It
    holds the mean itself, also where rounding alone, or a sample of a few values, would leave it out.

    Args:
        values: (n,) finite numbers, at least one.
        confidence: coverage, between 0 and 1.

    Returns:
        Lower and upper bound of the mean.

    Raises:
        ValueError: there is no value.

    Source: B. Efron, Ann. Stat. 7, 1 (1979), DOI 10.1214/aos/1176344552.

    """
    if not len(values):
        msg = "the mean of no values has no interval"
        raise ValueError(msg)
    ordered = np.sort(values)
    generator = np.random.default_rng(SEED)
    step = max(1, CHUNK // len(ordered))
    means = np.concatenate(
        [
            ordered[generator.integers(len(ordered), size=(min(step, DRAWS - start), len(ordered)))].mean(axis=1)
            for start in range(0, DRAWS, step)
        ]
    )
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    mean = mean_of(values)
    return min(float(low), mean), max(float(high), mean)


def mean_of(values: NDArray[np.float64]) -> float:
    """Mean of at least one number, rounded once: the order of the numbers changes no digit of it."""
    return math.fsum(values.tolist()) / len(values)
