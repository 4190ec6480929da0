"""The Vendi score against the whole kernel, as scikit-learn makes it, and its limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import rbf_kernel

from metrics.scores.vendi import BANDWIDTH_ANGSTROM, diversity_vendi, kernel_factors, vendi_score
from tests.metrics.facts import facts


def curve(density: float) -> list[float]:
    return [density * (k + 1) ** (1 / 3) for k in range(100)]


def test_equal_structures_are_one_and_unlike_ones_are_all_of_them() -> None:
    same = facts([{"amd": curve(1.0)}] * 5)
    assert diversity_vendi(same, {}).value == pytest.approx(1)
    unlike = facts({"amd": curve(1.0 + k)} for k in range(6))
    assert diversity_vendi(unlike, {}).value == pytest.approx(6, rel=1e-6)
    pairs = facts({"amd": curve(1.0 + k // 2)} for k in range(6))
    assert diversity_vendi(pairs, {}).value == pytest.approx(3, rel=1e-6)


def test_the_score_is_that_of_the_eigenvalues_of_the_whole_kernel() -> None:
    curves = np.array([curve(density) for density in np.random.default_rng(3).uniform(1, 2, size=150)])
    counts = np.random.default_rng(4).integers(0, 3, size=150)
    repeated = np.repeat(curves, counts, axis=0)
    gamma = 1 / (2 * BANDWIDTH_ANGSTROM**2 * curves.shape[1])
    eigenvalues = np.linalg.eigvalsh(rbf_kernel(repeated, gamma=gamma) / len(repeated))
    positive = eigenvalues[eigenvalues > 0]
    expected = np.exp(-(positive * np.log(positive)).sum())
    factors = kernel_factors(curves, BANDWIDTH_ANGSTROM, 128)
    assert vendi_score(factors, counts) == pytest.approx(float(expected), rel=1e-6)


def test_factors_rebuild_the_kernel() -> None:
    curves = np.random.default_rng(5).normal(size=(20, 4))
    factors = kernel_factors(curves, 0.5, 20)
    kernel = np.exp(-cdist(curves, curves, "sqeuclidean") / 4 / (2 * 0.5**2))
    assert factors @ factors.T == pytest.approx(kernel, abs=1e-8)
