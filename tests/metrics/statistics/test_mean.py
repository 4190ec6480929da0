"""Means and their intervals against sampling theory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from metrics.statistics.mean import mean_over_known, mean_over_submitted, median_over_known
from metrics.statistics.uncertainty import wilson_interval
from metrics.statistics.value import FEWEST_FOR_INTERVAL
from tests.metrics.facts import facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics.statistics.value import Value

    Statistic = Callable[[pd.Series[float]], Value]

NUMBERS = st.lists(st.none() | st.floats(0, 1), min_size=1, max_size=40)


def column(values: list[float | None]) -> pd.Series[float]:
    return pd.Series(values, dtype="Float64")


def test_a_mean_is_over_what_is_known_with_the_interval_of_sampling_theory() -> None:
    values = np.random.default_rng(6).normal(3, 1, size=400)
    column = facts({"density": value} for value in [*values.tolist(), None])["density"]
    mean = mean_over_known(column)
    assert (mean.n_counted, mean.n_unknown) == (400, 1)
    assert mean.value == pytest.approx(values.mean())
    assert mean.low == pytest.approx(values.mean() - 1.96 * values.std() / 20, abs=0.02)
    assert mean.high == pytest.approx(values.mean() + 1.96 * values.std() / 20, abs=0.02)


def test_an_unknown_number_counts_as_zero_over_what_was_submitted() -> None:
    mean = mean_over_submitted(column([0.5, None, 1.0, None]))
    assert (mean.value, mean.n_counted, mean.n_unknown) == (0.375, 2, 2)
    zeros = mean_over_submitted(column([0.5, 0.0, 1.0, 0.0]))
    assert (mean.low, mean.high) == (zeros.low, zeros.high)


@settings(max_examples=50, deadline=None)
@given(values=NUMBERS, seed=st.integers(0, 100))
def test_the_interval_holds_the_mean_and_does_not_see_the_order(values: list[float | None], seed: int) -> None:
    mean = mean_over_submitted(column(values))
    numbers = [value or 0.0 for value in values]
    assert mean.value == pytest.approx(np.mean(numbers))
    assert mean.value is not None
    assert mean.low is not None
    assert mean.high is not None
    assert 0 <= mean.low <= mean.value <= mean.high <= 1
    order = np.random.default_rng(seed).permutation(len(values))
    assert mean_over_submitted(column([values[place] for place in order])) == mean


@pytest.mark.parametrize("mean", [mean_over_known, mean_over_submitted])
def test_no_records_have_no_mean(mean: object) -> None:
    assert mean(column([])).value is None  # type: ignore[operator] # one of two functions of this form
    assert mean_over_known(column([None])).n_unknown == 1


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), seed=st.integers(0, 100))
@pytest.mark.parametrize("statistic", [mean_over_known, median_over_known])
def test_the_interval_holds_its_value_among_the_numbers(statistic: Statistic, values: list[float], seed: int) -> None:
    value = statistic(column([*values, None]))
    assert value.value is not None
    slack = 1e-9 * max(map(abs, values))
    if value.low is None or value.high is None:
        assert min(values) - slack <= value.value <= max(values) + slack
    else:
        assert len(values) >= FEWEST_FOR_INTERVAL
        assert min(values) - slack <= value.low <= value.value <= value.high <= max(values) + slack
    order = np.random.default_rng(seed).permutation(len(values))
    assert statistic(column([values[place] for place in order] + [None])) == value


@pytest.mark.parametrize("n", [5, 6, 40, 501])
def test_the_interval_of_a_median_is_that_of_the_sign_test(n: int) -> None:
    # David and Nagaraja 2003: between the r-th number from each end, r the largest with P(B < r) <= 2.5%, B(n, 1/2)
    ranks = [rank for rank in range(1, n // 2 + 1) if binom.cdf(rank - 1, n, 0.5) <= 0.025] or [1]
    value = median_over_known(column([float(number) for number in range(1, n + 1)]))
    assert (value.low, value.value, value.high) == (max(ranks), (n + 1) / 2, n + 1 - max(ranks))


def test_a_mean_with_a_long_tail_is_covered() -> None:
    # 400 samples of 100 of a lognormal distribution, mean exp(1/2): a percentile interval covers 87%; 93.6% here,
    # standard error 1.2%
    generator = np.random.default_rng(21)
    held = []
    for _ in range(400):
        mean = mean_over_known(column(generator.lognormal(size=100).tolist()))
        assert mean.low is not None
        assert mean.high is not None
        held.append(mean.low <= np.exp(0.5) <= mean.high)
    assert 0.91 <= np.mean(held) <= 0.98


@pytest.mark.parametrize("statistic", [mean_over_known, median_over_known])
@pytest.mark.parametrize("values", [[1.3], [1.3, 2.9], [1.0, 2.0, 3.0, 4.0], [2.1] * 30], ids=len)
def test_few_or_alike_numbers_have_a_value_and_no_interval(statistic: Statistic, values: list[float | None]) -> None:
    value = statistic(column(values))
    assert value.value == pytest.approx(np.mean(np.array(values, dtype=np.float64)))
    assert (value.low, value.high) == (None, None)


def test_five_numbers_that_differ_have_an_interval() -> None:
    mean = mean_over_known(column([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert mean.low is not None
    assert mean.high is not None
    assert mean.low < 3 < mean.high


@pytest.mark.parametrize("value", [0.0, 2e-14, 0.3])
def test_alike_shares_have_the_interval_of_as_many_trials(value: float) -> None:
    """A distance of 0 that rounding made 2e-14 says no more than 0 does."""
    mean = mean_over_submitted(column([value] * 30))
    assert (mean.low, mean.high) == pytest.approx(wilson_interval(30 * value, 30), abs=1e-9)
