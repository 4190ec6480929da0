"""The Vendi score against the whole kernel, as scikit-learn makes it, and its limits."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel

from metrics.scores.diversity import BANDWIDTH_ANGSTROM, diversity_vendi
from metrics.statistics.resampling import COMMON_SIZE
from metrics.statistics.vendi import dealt, vendi_score
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
    gamma = 1 / (2 * BANDWIDTH_ANGSTROM**2 * curves.shape[1])
    eigenvalues = np.linalg.eigvalsh(rbf_kernel(curves, gamma=gamma) / len(curves))
    positive = eigenvalues[eigenvalues > 0]
    expected = np.exp(-(positive * np.log(positive)).sum())
    assert vendi_score(curves, BANDWIDTH_ANGSTROM)[0] == pytest.approx(float(expected), rel=1e-6)


def test_the_influence_is_the_slope_of_the_entropy_in_the_weight_of_a_structure() -> None:
    # structures of three kinds unlike each other: the score is exp(entropy) of their shares. The slope of entropy in
    # the weight of kind i is -ln p_i - entropy; its standard deviation over the structures, by hand
    shares = np.array([5, 3, 2]) / 10
    curves = np.array([curve(1.0 + 3 * kind) for kind, count in enumerate((5, 3, 2)) for _ in range(count)])
    entropy = -(shares * np.log(shares)).sum()
    slopes = -np.log(shares) - entropy
    score, deviation = vendi_score(curves, BANDWIDTH_ANGSTROM)
    assert score == pytest.approx(np.exp(entropy), rel=1e-6)
    assert deviation == pytest.approx(np.sqrt(shares @ slopes**2), rel=1e-5)


@pytest.mark.parametrize("n", [1, COMMON_SIZE, COMMON_SIZE + 1, 1_700, 2_500])
def test_structures_are_dealt_into_disjoint_samples_of_the_common_size(n: int) -> None:
    samples = dealt(n)
    assert {len(sample) for sample in samples} == {min(n, COMMON_SIZE)}
    deals = len(samples) // max(n // COMMON_SIZE, 1)
    per_deal = len(samples) // deals
    for start in range(0, len(samples), per_deal):
        places = np.concatenate(samples[start : start + per_deal])
        assert len(set(places.tolist())) == len(places)


def test_the_score_does_not_grow_with_the_number_of_structures() -> None:
    # the same 200 densities, on average 2.5 and 7.5 times each: both are the expectation for 500 of them
    densities = np.random.default_rng(9).uniform(1, 4, size=200)
    drawn = [np.random.default_rng(10).choice(densities, size) for size in (500, 1_500)]
    small, large = (diversity_vendi(facts({"amd": curve(float(density))} for density in part), {}) for part in drawn)
    for one, other in product((small, large), repeat=2):
        assert one.low is not None
        assert one.high is not None
        assert other.value is not None
        assert one.low < other.value < one.high
