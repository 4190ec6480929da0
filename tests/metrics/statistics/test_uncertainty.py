"""Intervals against closed forms and an independent implementation."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from metrics.scores.diversity import shannon_entropy
from metrics.statistics.mean import mean_over_known
from metrics.statistics.resampling import half_sample_interval
from metrics.statistics.runs import RunVariance
from metrics.statistics.uncertainty import Estimate, difference, holm, pairwise_p_values, wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray


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


def wilson(successes: int, n: int) -> Estimate:
    return Estimate(successes / n, *wilson_interval(successes, n))


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe 1998, DOI 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((0, 10), (0, 20), -0.1611, 0.2775),
    ],
)
def test_differences_of_shares_are_newcombes(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    gap = difference(wilson(*first), wilson(*second))
    assert (gap.low, gap.high) == pytest.approx((low, high), abs=5e-5)
    assert (gap.p_value < 0.05) == (low > 0)


def test_the_difference_of_means_is_that_of_sampling_theory() -> None:
    generator = np.random.default_rng(1)
    first, second = generator.gamma(2.0, size=900), generator.gamma(2.2, size=400)
    gap = difference(Estimate(*_mean(first)), Estimate(*_mean(second)))
    error = np.sqrt(first.var() / 900 + second.var() / 400)
    assert gap.value == pytest.approx(first.mean() - second.mean())
    assert (gap.value - gap.low, gap.high - gap.value) == pytest.approx((1.96 * error, 1.96 * error), rel=0.1)


def test_the_difference_of_a_resampled_statistic_is_that_of_resampling_both() -> None:
    first, second = np.array([300, 120, 60, 20]), np.array([200, 180, 90, 30])

    def effective_number(sampled: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.exp(shannon_entropy(sampled / sampled.sum(axis=1, keepdims=True)))

    values = [float(effective_number(counts[None])[0]) for counts in (first, second)]
    estimates = [
        Estimate(value, *half_sample_interval(counts, effective_number, value))
        for value, counts in zip(values, (first, second), strict=True)
    ]
    generator = np.random.default_rng(8)
    drawn = [
        effective_number(generator.multinomial(counts.sum(), counts / counts.sum(), 20_000))
        for counts in (first, second)
    ]
    gaps = drawn[0] - drawn[1]
    gap = difference(estimates[0], estimates[1])
    half_widths = np.quantile(gaps, [0.025, 0.975]) - gaps.mean()
    assert (gap.low - gap.value, gap.high - gap.value) == pytest.approx(tuple(half_widths), rel=0.1)


def test_intervals_of_differences_cover_the_truth_as_often_as_they_say() -> None:
    # 2,000 pairs of submissions; standard error of the coverage 0.5%
    generator = np.random.default_rng(2)
    hits = generator.binomial(300, [0.02, 0.06], size=(2_000, 2))
    gaps = [difference(wilson(int(second), 300), wilson(int(first), 300)) for first, second in hits]
    covered = np.mean([gap.low <= 0.04 <= gap.high for gap in gaps])
    assert 0.935 <= covered <= 0.985


ESTIMATES = st.tuples(st.floats(-5, 5), st.floats(0, 3), st.floats(0, 3)).map(
    lambda parts: Estimate(parts[0], parts[0] - parts[1], parts[0] + parts[2])
)


@example(first=Estimate(0.0, 0.0, 0.0), second=Estimate(0.5, 0.5, 1.5))
@given(first=ESTIMATES, second=ESTIMATES)
def test_the_other_way_round_a_difference_has_the_other_sign(first: Estimate, second: Estimate) -> None:
    forth, back = difference(first, second), difference(second, first)
    assert (forth.value, forth.low, forth.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert forth.low <= forth.value <= forth.high
    assert forth.p_value == pytest.approx(back.p_value)
    assert (forth.p_value < 0.05) == (forth.low > 0 or forth.high < 0) or forth.p_value == pytest.approx(0.05)
    assert difference(first, first).p_value == 1


@given(
    estimates=st.lists(ESTIMATES, min_size=1, max_size=5),
    between=st.none() | st.builds(RunVariance, st.floats(0, 2), st.floats(0, 1), st.integers(1, 9)),
)
def test_p_values_of_many_are_those_of_each_two(estimates: list[Estimate], between: RunVariance | None) -> None:
    together = pairwise_p_values(estimates, [1] * len(estimates), between)
    alone = [difference(one, other, between).p_value for one, other in combinations(estimates, 2)]
    assert together.tolist() == pytest.approx(alone)


def test_means_of_runs_differ_less_than_single_runs() -> None:
    # variance of a run 0.5, of the mean of two 0.25: the difference of two means has 0.5, of two runs 1
    models, between = [Estimate(3.0, 3.0, 3.0), Estimate(1.0, 1.0, 1.0)], RunVariance(0.5, 0.0, 3)
    assert pairwise_p_values(models, [2, 2], between) == pytest.approx([2 * t.sf(2 / np.sqrt(0.5), 3)])


def test_few_runs_widen_a_difference_as_student_says() -> None:
    # no error of records; two runs of variance 0.5 each, known with three degrees of freedom: t = 2 / 1 on 3
    sure, other = Estimate(3.0, 3.0, 3.0), Estimate(1.0, 1.0, 1.0)
    gap = difference(sure, other, RunVariance(0.5, 0.0, 3))
    assert gap.p_value == pytest.approx(2 * t.sf(2, 3))
    assert (gap.low, gap.high) == pytest.approx((2 - t.ppf(0.975, 3), 2 + t.ppf(0.975, 3)))


def test_holm_is_the_published_procedure() -> None:
    # by hand, m = 4: 4 x 0.01, 3 x 0.02, then 2 x 0.03 = 0.06 (not below 0.06), 1 x 0.04 raised to 0.06
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([]) == []
    assert holm([0.7, 0.9]) == [1.0, 1.0]


@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_adjusted_values_keep_the_order_and_are_no_smaller(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(0 <= before <= after <= 1 for before, after in zip(p_values, adjusted, strict=True))
    ranked = [after for _, after in sorted(zip(p_values, adjusted, strict=True))]
    assert ranked == sorted(ranked)


def _mean(values: NDArray[np.float64]) -> tuple[float, float, float]:
    mean = mean_over_known(pd.Series(values, dtype="Float64"))
    assert mean.value is not None
    assert mean.low is not None
    assert mean.high is not None
    return mean.value, mean.low, mean.high


def test_an_end_at_the_value_makes_no_difference_certain() -> None:
    # 0 lies where neither interval reaches beyond its value, so the other sides say how far off the values may be
    first, second = Estimate(2.0, 2.0, 2.0 + 1.96), Estimate(1.0, 1.0 - 1.96, 1.0)
    gap = difference(first, second)
    # one deviation of 1 in each: z = 1 / sqrt(2), two-sided p 0.4795 of the normal distribution
    assert gap.p_value == pytest.approx(0.4795, abs=1e-3)
    # and the interval says the same as the p-value
    assert (gap.low, gap.high) == pytest.approx((1 - 1.96 * 2**0.5, 1 + 1.96 * 2**0.5), abs=1e-3)
