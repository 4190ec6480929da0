"""Distances against scipy, scikit-learn and closed forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance as scipy_wasserstein
from sklearn.metrics.pairwise import rbf_kernel

from metrics.statistics.divergence import (
    FrechetDistance,
    SquaredMmd,
    jensen_shannon_divergence,
    jensen_shannon_influence,
    median_bandwidth,
    wasserstein_distance,
    wasserstein_influence,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

WEIGHTS = st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda weights: sum(weights) > 0.1)
NUMBERS = st.lists(st.floats(-50, 50), min_size=1, max_size=12).map(np.array)


def normalised(weights: list[float]) -> NDArray[np.float64]:
    return np.array(weights) / sum(weights)


@given(p=WEIGHTS.map(normalised), q=WEIGHTS.map(normalised))
def test_divergence_is_the_square_of_scipys_distance(p: NDArray[np.float64], q: NDArray[np.float64]) -> None:
    assert jensen_shannon_divergence(p, q) == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-9)


def test_bins_that_only_the_reference_has_may_be_left_out() -> None:
    whole = jensen_shannon_divergence(np.array([0.5, 0.5, 0.0]), np.array([0.2, 0.0, 0.8]))
    assert jensen_shannon_divergence(np.array([0.5, 0.5]), np.array([0.2, 0.0])) == pytest.approx(float(whole))
    assert jensen_shannon_divergence(np.array([1.0]), np.array([0.0])) == 1.0


@given(sample=NUMBERS, points=NUMBERS)
def test_transport_is_that_of_scipy(sample: NDArray[np.float64], points: NDArray[np.float64]) -> None:
    values, counts = np.unique(sample, return_counts=True)
    distances = wasserstein_distance(values, np.stack([counts, 2 * counts]), np.sort(points))
    expected = scipy_wasserstein(sample, points)
    assert distances == pytest.approx([expected, expected], abs=1e-9)


def test_bandwidth_is_the_median_of_all_pairs() -> None:
    assert median_bandwidth(np.array([0.0, 1.0, 3.0, 7.0])) == np.median([1, 3, 7, 2, 6, 4])
    assert median_bandwidth(np.array([2.0])) == 0


@given(sample=NUMBERS.filter(lambda numbers: len(numbers) > 1), points=NUMBERS)
def test_mmd_is_the_sum_over_pairs(sample: NDArray[np.float64], points: NDArray[np.float64]) -> None:
    def kernel(a: float, b: float) -> float:
        return float(np.exp(-((a - b) ** 2) / 18))

    values, counts = np.unique(sample, return_counts=True)
    squared = SquaredMmd(values, points, bandwidth=3.0)
    n = len(sample)
    across = np.mean([kernel(a, b) for a in sample for b in points])
    theirs = np.mean([kernel(a, b) for a in points for b in points])
    pairs = [kernel(a, b) for i, a in enumerate(sample) for j, b in enumerate(sample) if i != j]
    assert squared.unbiased(counts[None])[0] == pytest.approx(np.mean(pairs) - 2 * across + theirs, abs=1e-9)
    biased = (sum(pairs) + n) / n**2 - 2 * across + theirs
    assert squared.biased(counts[None])[0] == pytest.approx(biased, abs=1e-9)


@given(
    sample=NUMBERS.filter(lambda numbers: len(numbers) > 1),
    points=NUMBERS,
    bandwidth=st.floats(0.5, 20),
    data=st.data(),
)
def test_mmd_is_that_of_the_kernels_of_scikit_learn(
    sample: NDArray[np.float64], points: NDArray[np.float64], bandwidth: float, data: st.DataObject
) -> None:
    values = np.unique(sample)
    counts = np.array(data.draw(st.lists(st.integers(1, 4), min_size=len(values), max_size=len(values)))) + 1
    drawn = np.repeat(values, counts)[:, None]
    gamma = 1 / (2 * bandwidth**2)
    within, across = rbf_kernel(drawn, gamma=gamma), rbf_kernel(drawn, points[:, None], gamma=gamma)
    theirs = rbf_kernel(points[:, None], gamma=gamma).mean()
    pairs = within[~np.eye(len(drawn), dtype=bool)].mean()
    squared = SquaredMmd(values, points, bandwidth)
    assert squared.unbiased(counts[None])[0] == pytest.approx(pairs - 2 * across.mean() + theirs, abs=1e-9)
    assert squared.biased(counts[None])[0] == pytest.approx(within.mean() - 2 * across.mean() + theirs, abs=1e-9)


@given(sample=NUMBERS, points=NUMBERS, bandwidth=st.floats(0.5, 20))
def test_a_sample_is_a_reference_without_new_kernels(
    sample: NDArray[np.float64], points: NDArray[np.float64], bandwidth: float
) -> None:
    values, counts = np.unique(sample, return_counts=True)
    short = SquaredMmd(values, points, bandwidth).from_itself(counts)
    anew = SquaredMmd(values, np.repeat(values, counts), bandwidth)
    # to the last bit: published intervals come from it
    assert short.biased(counts[None]).tolist() == anew.biased(counts[None]).tolist()


def test_frechet_of_one_feature_is_the_closed_form() -> None:
    sample = np.array([[1.0], [2.0], [6.0], [7.0]])
    distance = FrechetDistance(sample, np.array([3.0]), np.array([[4.0]]))
    expected = (sample.mean() - 3) ** 2 + (sample.std(ddof=1) - 2) ** 2
    assert distance(np.ones((1, 4), dtype=np.int64))[0] == pytest.approx(expected)


def test_frechet_of_many_features_is_that_of_the_matrix_root() -> None:
    generator = np.random.default_rng(7)
    sample, reference = generator.normal(size=(40, 5)) * 2 + 1, generator.normal(size=(60, 5))
    ours, theirs = np.cov(sample, rowvar=False), np.cov(reference, rowvar=False)
    shift = sample.mean(axis=0) - reference.mean(axis=0)
    expected = shift @ shift + np.trace(ours + theirs - 2 * np.real(sqrtm(ours @ theirs)))
    distance = FrechetDistance(sample, reference.mean(axis=0), theirs)
    assert distance(np.ones((1, 40), dtype=np.int64))[0] == pytest.approx(expected)
    assert distance(np.full((1, 40), 2))[0] == pytest.approx(expected, rel=0.05)  # each record twice


def slope(distance: Callable[[NDArray[np.float64]], float], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Derivative by the share of each kind, by central differences, less its mean over the records."""
    step, n = 1e-4, counts.sum()
    ends = [[distance(counts + sign * step * unit) for unit in np.eye(len(counts))] for sign in (1, -1)]
    return np.asarray((np.array(ends[0]) - np.array(ends[1])) * n / (2 * step))


def test_influences_are_the_derivatives_of_the_distances() -> None:
    generator = np.random.default_rng(3)
    values, points = np.sort(generator.normal(size=12)), np.sort(generator.normal(0.7, 2, size=20))
    counts = generator.integers(1, 6, size=12)
    theirs = np.append(generator.dirichlet(np.ones(12)) * 0.9, 0)[:12]
    shares = counts / counts.sum()
    squared = SquaredMmd(values, points, 1.5)
    influences: list[tuple[Callable[[NDArray[np.float64]], float], NDArray[np.float64]]] = [
        (
            lambda weights: float(jensen_shannon_divergence(weights / weights.sum(), theirs)),
            jensen_shannon_influence(shares, theirs),
        ),
        (
            lambda weights: float(wasserstein_distance(values, weights, points)),  # type: ignore[arg-type]
            wasserstein_influence(values, counts, points),
        ),
        (lambda weights: float(squared.biased(weights[None])[0]), squared.influence(counts)),  # type: ignore[arg-type]
    ]
    for distance, influence in influences:
        centred = influence - shares @ influence
        assert centred == pytest.approx(slope(distance, counts.astype(np.float64)), abs=1e-5)


def test_the_influence_on_frechet_is_its_derivative() -> None:
    generator = np.random.default_rng(4)
    sample = generator.normal(size=(2_000, 3)) * [1, 2, 0.5] + 0.3
    distance = FrechetDistance(sample, np.zeros(3), np.array([[1.0, 0.3, 0.0], [0.3, 2.0, 0.0], [0.0, 0.0, 1.0]]))
    influence, n = distance.influence(), len(sample)
    ones = np.ones(n, dtype=np.int64)
    for place in (0, 1, 2):
        added = ones.copy()
        added[place] += 1
        # a record more changes the distance by its influence / n, the rest being of order 1 / n^2
        change = float(distance(added[None])[0] - distance(ones[None])[0])
        assert change == pytest.approx((influence[place] - influence.mean()) / n, abs=60 / n**2)
