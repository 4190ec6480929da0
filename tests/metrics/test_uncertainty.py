"""Intervals against closed forms and an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from metrics import uncertainty
from metrics.uncertainty import bootstrap_mean_interval, mean_of, wilson_interval


@given(n=st.integers(1, 5000), data=st.data(), confidence=st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_equals_scipy(n: int, data: st.DataObject, confidence: float) -> None:
    successes = data.draw(st.integers(0, n))
    expected = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    assert wilson_interval(successes, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(n=st.integers(1, 500), data=st.data())
def test_wilson_holds_the_share_and_stays_a_share(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    low, high = wilson_interval(successes, n)
    assert 0 <= low <= successes / n <= high <= 1
    assert low < high


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match=rf"got {successes} of {n}"):
        wilson_interval(successes, n)


VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(np.array)


@settings(max_examples=50, deadline=None)
@given(values=VALUES, seed=st.integers(0, 100))
def test_bootstrap_holds_the_mean_stays_in_range_and_does_not_see_the_order(values: np.ndarray, seed: int) -> None:
    low, high = bootstrap_mean_interval(values)
    assert values.min() - 1e-15 <= low <= mean_of(values) <= high <= values.max() + 1e-15
    shuffled = np.random.default_rng(seed).permutation(values)
    assert bootstrap_mean_interval(shuffled) == (low, high)
    assert mean_of(shuffled) == mean_of(values)


def test_bootstrap_of_many_values_is_the_normal_interval() -> None:
    # standard error of a mean: s / sqrt(n); 1,000 draws leave the ends about 5 % of the half-width uncertain
    values = np.random.default_rng(3).random(2500)
    low, high = bootstrap_mean_interval(values)
    half_width = norm.ppf(0.975) * values.std() / np.sqrt(len(values))
    assert (values.mean() - low, high - values.mean()) == pytest.approx((half_width, half_width), rel=0.15)


def test_equal_values_have_no_spread() -> None:
    assert bootstrap_mean_interval(np.full(7, 0.1)) == pytest.approx((0.1, 0.1), abs=1e-15)


def test_the_size_of_a_chunk_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(4).random(30)
    whole = bootstrap_mean_interval(values)
    monkeypatch.setattr(uncertainty, "CHUNK", 70)
    assert bootstrap_mean_interval(values) == whole


def test_no_values_have_no_interval() -> None:
    with pytest.raises(ValueError, match="no values"):
        bootstrap_mean_interval(np.array([]))
