"""Spread of counts of classes against drawing samples of a known population, and against limits in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.statistics.classes import variance_of_classes, variance_of_sum
from metrics.statistics.uncertainty import bounded_interval

POPULATIONS = {
    "few copies": np.full(40_000, 1.0),
    "each drawn once on average": np.full(500, 1.0),
    "some often": 1 / (np.arange(2_000) + 20.0),
    "one structure over and over": np.append(np.full(40_000, 1.0), 20_000.0),
}


def test_a_pair_of_copies_among_many_varies_as_a_poisson_number() -> None:
    # d pairs are a Poisson number; each takes one class, and both distances from the sum
    sizes = np.append(np.ones(2_480, dtype=np.int64), np.full(10, 2))
    assert variance_of_classes(sizes, 2_500) == pytest.approx(10, rel=0.02)
    sums = np.append(np.ones(2_480), np.zeros(10))
    assert variance_of_sum(sums, sizes, 2_500) == pytest.approx(40, rel=0.02)


def test_without_copies_the_variance_is_that_of_independent_records() -> None:
    # 300 hits of 1,000: n p (1 - p)
    assert variance_of_classes(np.ones(300, dtype=np.int64), 1_000) == pytest.approx(210, rel=0.01)


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=30), n_other=st.integers(0, 50))
def test_variances_are_at_least_one(sizes: list[int], n_other: int) -> None:
    total = sum(sizes) + n_other
    assert variance_of_classes(np.array(sizes), total) >= 1
    assert variance_of_sum(np.array(sizes) == 1.0, np.array(sizes), total) >= 1


@pytest.mark.parametrize("name", POPULATIONS)
@pytest.mark.parametrize("statistic", ["classes", "alone"])
def test_intervals_cover_the_mean_over_samples_of_the_same_size(name: str, statistic: str) -> None:
    # 600 samples of 500: standard error of 95% 0.9 points
    generator = np.random.default_rng(23)
    weights = POPULATIONS[name] / POPULATIONS[name].sum()
    lost = (1 - weights) ** 500
    once = 500 * weights * (1 - weights) ** 499
    expected = float((1 - lost).sum() if statistic == "classes" else once.sum()) / 500
    held = []
    for drawn in generator.multinomial(500, weights, size=600):
        sizes = drawn[drawn > 0]
        if statistic == "classes":
            count, variance, trials = len(sizes), variance_of_classes(sizes, 500), 500
        else:
            alone = (sizes == 1).astype(np.float64)
            count, variance, trials = int(alone.sum()), variance_of_sum(alone, sizes, 500), 250
        low, high = bounded_interval(count / 500, variance / 500**2, trials)
        held.append(low <= expected <= high)
    assert 0.92 <= np.mean(held) <= 0.985
