"""How far a sample is from a reference distribution: pure formulas, vectorised over resampled samples."""

from __future__ import annotations

from copy import copy
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


def jensen_shannon_influence(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Derivative of the divergence by the share of each bin, up to a constant: log2(2 p / (p + q)) / 2.

    Args:
        p: (b,) shares above 0.
        q: (b,) shares in the same bins.

    """
    influence: NDArray[np.float64] = np.log2(2 * p / (p + q)) / 2
    return influence


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


def wasserstein_influence(
    values: NDArray[np.float64], counts: NDArray[np.int64], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Derivative of the distance by the share of each value, up to a constant: integral of sign(F - G) from it on.

    M. Sommerfeld and A. Munk, J. R. Stat. Soc. B 80, 219 (2018), DOI 10.1111/rssb.12236: the limit of the distance of
    samples is the derivative, linear where F and G differ almost everywhere.

    Args:
        values: (k,) rising, all different.
        counts: (k,) how often each occurs.
        points: (r,) rising values of the reference, of equal weight.

    """
    grid = np.union1d(values, points)
    cumulated = np.append(0.0, np.cumsum(counts) / counts.sum())
    ours = cumulated[np.searchsorted(values, grid[:-1], side="right")]
    theirs = np.searchsorted(points, grid[:-1], side="right") / len(points)
    lengths = np.append(np.sign(ours - theirs) * np.diff(grid), 0.0)
    influence: NDArray[np.float64] = np.cumsum(lengths[::-1])[::-1][np.searchsorted(grid, values)]
    return influence


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

    def from_itself(self, counts: NDArray[np.int64]) -> SquaredMmd:
        """The same of a reference in which the values occur so often; no kernel is evaluated anew.

        Args:
            counts: (k,) how often each number occurs.

        """
        other = copy(self)
        is_once = bool((counts == 1).all())
        across = self._within if is_once else self._within.repeat(counts, axis=1)
        other._across = across.mean(axis=1)  # noqa: SLF001 - of this class
        pairs = across if is_once else across.repeat(counts, axis=0)
        other._reference = float(pairs.mean())  # noqa: SLF001 - of this class
        return other

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

    def influence(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """(k,) derivative by the share of each number, up to a constant: 2 (E k(a, x) - E k(a, y)).

        Args:
            counts: (k,) how often each number occurs.

        """
        derivative: NDArray[np.float64] = 2 * (self._within @ counts / counts.sum() - self._across)
        return derivative

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

    def influence(self) -> NDArray[np.float64]:
        """(k,) derivative by the share of each record, each of which occurs once, up to a constant.

        With r the root of the reference's covariance: 2 m (x - m) + (x - m) (1 - r (r C r)^(-1/2) r) (x - m).
        """
        mean = self._features.mean(axis=0)
        centred = self._features - mean
        values, vectors = np.linalg.eigh(self._root @ np.atleast_2d(np.cov(centred, rowvar=False)) @ self._root)
        seen = values > _NEGLIGIBLE * values.max(initial=0.0)
        half = self._root @ (vectors[:, seen] * values[seen] ** -0.25)
        derivative: NDArray[np.float64] = (
            2 * centred @ mean + (centred**2).sum(axis=1) - ((centred @ half) ** 2).sum(axis=1)
        )
        return derivative


_NEGLIGIBLE = 1e-10
"""Share of the largest eigenvalue that is rounding."""


def _gaussian(left: NDArray[np.float64], right: NDArray[np.float64], bandwidth: float) -> NDArray[np.float64]:
    # in place: a temporary of all pairs takes longer to get than to fill
    kernel: NDArray[np.float64] = cdist(left[:, None], right[:, None], "sqeuclidean")
    np.negative(kernel, out=kernel)
    kernel /= 2 * bandwidth**2
    return np.exp(kernel, out=kernel)
