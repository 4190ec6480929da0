"""Means and their intervals against sampling theory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.statistics.mean import mean_over_known, mean_over_submitted
from tests.metrics.facts import facts

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
    assert min(numbers) - 1e-15 <= mean.low <= mean.value <= mean.high <= max(numbers) + 1e-15
    order = np.random.default_rng(seed).permutation(len(values))
    assert mean_over_submitted(column([values[place] for place in order])) == mean


@pytest.mark.parametrize("mean", [mean_over_known, mean_over_submitted])
def test_no_records_have_no_mean(mean: object) -> None:
    assert mean(column([])).value is None  # type: ignore[operator] # one of two functions of this form
    assert mean_over_known(column([None])).n_unknown == 1
