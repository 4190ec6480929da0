"""The Vendi score: how many unlike points a sample amounts to, by the similarity of each two."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import cdist

from metrics.statistics.resampling import COMMON_SIZE, SEED

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHUFFLES = 2
"""Times that the points are dealt into samples of 500; in each, every point is in one sample at most."""


def dealt(n: int) -> list[NDArray[np.int64]]:
    """Places of the samples of 500; all of them once where there are no more."""
    if n <= COMMON_SIZE:
        return [np.arange(n)]
    generator = np.random.default_rng(SEED)
    shuffled = [generator.permutation(n) for _ in range(_SHUFFLES)]
    return [
        order[start : start + COMMON_SIZE] for order in shuffled for start in range(0, n - COMMON_SIZE + 1, COMMON_SIZE)
    ]


def vendi_score(points: NDArray[np.float64], bandwidth: float) -> tuple[float, float]:
    """Vendi score of points, and the standard deviation of what a point adds to its logarithm.

    K = exp(-d^2 / (2 bandwidth^2)), d the root mean square difference of two points; the score is exp of the entropy of
    the eigenvalues of K / n (Friedman and Dieng 2023, arXiv 2210.02410). A point i of a little more weight changes the
    entropy of K / n = V diag(l) V^T by -n sum_k l_k V_ik^2 ln l_k - entropy.

    Args:
        points: (n, m).
        bandwidth: above 0, in the unit of the points.

    """
    n = len(points)
    kernel = np.exp(-cdist(points, points, "sqeuclidean") / (2 * points.shape[1] * bandwidth**2))
    values, vectors = np.linalg.eigh(kernel / n)
    positive = values > _NEGLIGIBLE
    values, vectors = values[positive], vectors[:, positive]
    values /= values.sum()
    logarithms = np.log(values)
    score = exp(-float(values @ logarithms))
    influence = -n * vectors**2 @ (values * logarithms)
    return score, float(influence.std())


_NEGLIGIBLE = 1e-13
