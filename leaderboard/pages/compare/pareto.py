"""Which of several models no other one is better than in one score without being worse in the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def dominates(goodness: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n, n): whether the point of a row is at least as good as that of a column in both, and better in one.

    Args:
        goodness: (n, 2), higher is better in both.

    """
    row, column = goodness[:, None, :], goodness[None, :, :]
    result: NDArray[np.bool_] = np.logical_and(np.all(row >= column, axis=2), np.any(row > column, axis=2))
    return result


def front(goodness: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n,): which points nothing dominates, the Pareto front; equal points are on it together.

    Args:
        goodness: (n, 2), higher is better in both.

    """
    result: NDArray[np.bool_] = np.logical_not(np.any(dominates(goodness), axis=0))
    return result
