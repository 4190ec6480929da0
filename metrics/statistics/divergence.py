"""How far a sample is from a reference distribution: pure formulas, vectorised over resampled samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import rel_entr

if TYPE_CHECKING:
    from numpy.typing import NDArray


def jensen_shannon_divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divergence in bits, 0 to 1: (KL(p | m) + KL(q | m)) / 2 with m = (p + q) / 2.

    Args:
        p: (..., b) shares that add up to one.
        q: (b,) shares in the same bins; what is lacking to one lies in bins where p has nothing.

    Source: J. Lin, IEEE Trans. Inf. Theory 37, 145 (1991), DOI 10.1109/18.61115.

    """
    middle = (p + q) / 2
    inside = (rel_entr(p, middle) + rel_entr(q, middle)).sum(axis=-1) / (2 * np.log(2))
    divergence: NDArray[np.float64] = np.clip(inside + (1 - q.sum()) / 2, 0.0, 1.0)
    return divergence


def wasserstein_distance(
    values: NDArray[np.float64], counts: NDArray[np.int64], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """1-Wasserstein distance, in the unit of the values: the area between the two distribution functions.

    Args:
        values: (k,) rising, all different.
        counts: (..., k) how often each occurs in a sample.
        points: (r,) rising values of the reference, of equal weight.

    Source: S. S. Vallender, Theory Probab. Appl. 18, 784 (1974), DOI 10.1137/1118101.

    """
    grid = np.union1d(values, points)
    cumulated = np.cumsum(counts, axis=-1) / counts.sum(axis=-1, keepdims=True)
    # up to the first value of the sample its distribution function is zero
    cumulated = np.concatenate([np.zeros((*cumulated.shape[:-1], 1)), cumulated], axis=-1)
    ours = cumulated[..., np.searchsorted(values, grid[:-1], side="right")]
    theirs = np.searchsorted(points, grid[:-1], side="right") / len(points)
    area: NDArray[np.float64] = np.abs(ours - theirs) @ np.diff(grid)
    return area


def median_bandwidth(points: NDArray[np.float64]) -> float:
    """Median distance of two different points, the median heuristic; 0 where more than half of them coincide.

    Source: D. Garreau, W. Jitkrittum, M. Kanagawa, arXiv 1707.07269 (2017).

    """
    first, second = np.triu_indices(len(points), k=1)
    return float(np.median(np.abs(points[first] - points[second]))) if len(first) else 0.0


class SquaredMmd:
    """Squared maximum mean discrepancy of samples of numbers from a reference, Gaussian kernel.

    MMD^2 = E k(x, x') - 2 E k(x, y) + E k(y, y') with k(a, b) = exp(-(a - b)^2 / (2 bandwidth^2)); Gretton et al. 2012,
    J. Mach. Learn. Res. 13, 723.

    Args:
        values: (k,) numbers that occur in the samples.
        points: (r,) the reference, taken as it is (all pairs, a point with itself included).
        bandwidth: of the kernel, in the unit of the values.

    """

    def __init__(self, values: NDArray[np.float64], points: NDArray[np.float64], bandwidth: float) -> None:
        """Evaluate the kernels once for all samples."""
        self._within = _gaussian(values, values, bandwidth)
        self._across = _gaussian(values, points, bandwidth).mean(axis=1)
        self._reference = float(_gaussian(points, points, bandwidth).mean())

    def unbiased(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Estimate without the pairs of a record with itself; may fall below 0.

        Args:
            counts: (draws, k) how often each number occurs, at least two in all.

        """
        sizes = counts.sum(axis=1)
        pairs = self._pairs(counts) - sizes
        estimate: NDArray[np.float64] = pairs / (sizes * (sizes - 1)) - self._cross(counts, sizes) + self._reference
        return estimate

    def biased(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Estimate with all pairs; never below 0, and above 0 for a sample of the reference itself."""
        sizes = counts.sum(axis=1)
        estimate: NDArray[np.float64] = self._pairs(counts) / sizes**2 - self._cross(counts, sizes) + self._reference
        return estimate

    def _pairs(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        weights = counts.astype(np.float64)
        total: NDArray[np.float64] = np.einsum("dk,dk->d", weights @ self._within, weights)
        return total

    def _cross(self, counts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
        cross: NDArray[np.float64] = 2 * (counts @ self._across) / sizes
        return cross


class FrechetDistance:
    """Squared Frechet distance of samples from a reference, both taken as normal distributions.

    d^2 = |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)); Dowson and Landau 1982, DOI 10.1016/0047-259X(82)90077-X.

    Args:
        features: (k, d) of the records that occur in the samples.
        mean: (d,) of the reference.
        covariance: (d, d) of the reference.

    """

    def __init__(
        self, features: NDArray[np.float64], mean: NDArray[np.float64], covariance: NDArray[np.float64]
    ) -> None:
        """Prepare the sums that the moments of every sample are made of."""
        self._features = features - mean
        self._products = (self._features[:, :, None] * self._features[:, None, :]).reshape(len(features), -1)
        values, vectors = np.linalg.eigh(covariance)
        self._root = (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
        self._trace = float(np.trace(covariance))

    def __call__(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Distance of each sample.

        Args:
            counts: (draws, k) how often each record occurs.

        """
        sizes = counts.sum(axis=1)[:, None]
        weights = counts.astype(np.float64)
        means = weights @ self._features / sizes
        n_features = self._features.shape[1]
        second = (weights @ self._products).reshape(-1, n_features, n_features)
        outer = means[:, :, None] * means[:, None, :]
        covariances = (second - sizes[:, :, None] * outer) / np.maximum(sizes - 1, 1)[:, :, None]
        shared = np.linalg.eigvalsh(self._root @ covariances @ self._root)
        overlap = np.sqrt(np.clip(shared, 0.0, None)).sum(axis=1)
        traces = np.trace(covariances, axis1=1, axis2=2)
        distances: NDArray[np.float64] = (means**2).sum(axis=1) + traces + self._trace - 2 * overlap
        return distances


def _gaussian(left: NDArray[np.float64], right: NDArray[np.float64], bandwidth: float) -> NDArray[np.float64]:
    kernel: NDArray[np.float64] = np.exp(-cdist(left[:, None], right[:, None], "sqeuclidean") / (2 * bandwidth**2))
    return kernel
