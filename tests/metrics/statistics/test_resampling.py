"""Resampling against closed forms: sampling theory of means and rarefaction."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.statistics import resampling
from metrics.statistics.resampling import (
    bootstrap,
    bootstrap_interval,
    half_sample_interval,
    interval,
    rarefied,
    subsample,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

COUNTS = st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(any).map(np.array)


def means(sampled: NDArray[np.int64]) -> NDArray[np.float64]:
    values = np.arange(sampled.shape[1], dtype=float)
    return np.asarray(sampled @ values / sampled.sum(axis=1))


def richness(sampled: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray((sampled > 0).sum(axis=1), dtype=np.float64)


@given(counts=COUNTS)
def test_draws_have_the_right_size_and_are_the_same_every_time(counts: NDArray[np.int64]) -> None:
    drawn = bootstrap(counts, 20)
    assert (drawn.sum(axis=1) == counts.sum()).all()
    assert (drawn == bootstrap(counts, 20)).all()
    size = int(counts.sum()) // 2
    without = subsample(counts, size, 20)
    assert (without.sum(axis=1) == size).all()
    assert (without <= counts).all()


def test_many_kinds_are_drawn_as_few_are_and_the_size_of_a_chunk_does_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = np.array([1, 2, 3, 1, 5])
    drawn = bootstrap(counts, 20_000)
    # multinomial: mean n p, variance n p (1 - p), covariance -n p q
    shares = counts / 12
    expected = 12 * (np.diag(shares) - np.outer(shares, shares))
    assert drawn.mean(axis=0) == pytest.approx(counts, abs=0.05)
    assert np.cov(drawn, rowvar=False) == pytest.approx(expected, abs=0.1)
    monkeypatch.setattr(resampling, "_CHUNK", 70)
    assert (bootstrap(counts, 200) == drawn[:200]).all()


@pytest.mark.parametrize("counts", [np.array([300, 500, 200, 0, 100]), np.arange(40) % 3 + 1], ids=["few", "many"])
@pytest.mark.parametrize("resampled", [bootstrap_interval, half_sample_interval])
def test_the_interval_of_a_mean_is_that_of_sampling_theory(resampled: object, counts: NDArray[np.int64]) -> None:
    values = np.repeat(np.arange(float(len(counts))), counts)
    value = float(values.mean())
    low, high = resampled(counts, means, value)  # type: ignore[operator] # one of two functions of this form
    half_width = 1.96 * values.std() / np.sqrt(len(values))
    assert (value - low, high - value) == pytest.approx((half_width, half_width), rel=0.1)


def test_the_interval_of_a_rarefied_mean_is_that_of_all_records() -> None:
    counts = np.array([600, 1000, 400, 0, 500])
    values = np.repeat(np.arange(5.0), counts)
    value, low, high = rarefied(counts, means)
    assert value == pytest.approx(values.mean(), abs=5e-3)  # the error of 1,000 draws of 500
    assert high - low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(len(values)), rel=0.1)


def test_rarefied_richness_is_that_of_hurlbert() -> None:
    # Hurlbert 1971, DOI 10.2307/1934145: sum over bins of 1 - C(N - N_i, m) / C(N, m), m = 500
    counts = np.array([1, 1, 2, 3, 5, 8, 13, 40, 200, 427, 800])
    total = int(counts.sum())
    expected = sum(1 - Fraction(comb(total - count, 500), comb(total, 500)) for count in counts.tolist())
    value, low, high = rarefied(counts, richness, lowest=0, highest=len(counts))
    assert value == pytest.approx(float(expected), abs=0.1)  # three standard errors of 1,000 draws
    assert low < value < high <= len(counts)


@pytest.mark.parametrize("n_records", [1, 2, 40, 500])
def test_a_small_sample_keeps_its_own_value(n_records: int) -> None:
    counts = np.array([n_records - n_records // 3, n_records // 3])
    value, low, high = rarefied(counts, means)
    assert value == means(counts[None])[0]
    assert low <= value <= high


@given(
    value=st.floats(0, 1),
    sampled=st.lists(st.floats(0, 1), min_size=1, max_size=20).map(np.array),
    scale=st.floats(0, 2),
)
def test_an_interval_holds_its_value_and_keeps_its_bounds(
    value: float, sampled: NDArray[np.float64], scale: float
) -> None:
    low, high = interval(value, sampled, scale=scale, lowest=0.0, highest=1.0)
    assert 0 <= low <= value <= high <= 1
