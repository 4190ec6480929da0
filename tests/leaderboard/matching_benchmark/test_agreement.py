"""Recall and precision against a judge: laws that hold whatever the answers are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.matching_benchmark.agreement import Share, agreement, resampled

PAIRS = st.lists(
    st.tuples(st.sampled_from([True, False, None]), st.sampled_from([True, False, None]), st.sampled_from("abc")),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(pairs=PAIRS)
def test_a_method_that_always_says_same_has_the_base_rate_as_precision(
    pairs: list[tuple[bool | None, bool | None, str]],
) -> None:
    judge, formulas = [pair[1] for pair in pairs], [pair[2] for pair in pairs]
    result = agreement([True] * len(pairs), judge, formulas, seed=0)
    n_judged, n_same = len([one for one in judge if one is not None]), judge.count(True)
    assert result.precision.value == (n_same / n_judged if n_judged else None)
    assert result.recall.value == (1.0 if n_same else None)


@settings(max_examples=60, deadline=None)
@given(pairs=PAIRS)
def test_a_judge_agrees_with_itself(pairs: list[tuple[bool | None, bool | None, str]]) -> None:
    judge, formulas = [pair[1] for pair in pairs], [pair[2] for pair in pairs]
    result = agreement(judge, judge, formulas, seed=0)
    expected = Share(1.0, 1.0, 1.0) if True in judge else Share(None, None, None)
    assert result.recall == result.precision == expected
    assert result.n_missed == result.n_added == result.n_unknown == 0


@settings(max_examples=60, deadline=None)
@given(pairs=PAIRS)
def test_counts_are_those_of_the_pairs_and_unknown_never_agrees(
    pairs: list[tuple[bool | None, bool | None, str]],
) -> None:
    method, judge, formulas = (list(part) for part in zip(*pairs, strict=True))
    result = agreement(method, judge, formulas, seed=0)
    assert result.n_both == sum(a is True and b is True for a, b, _ in pairs)
    assert result.n_missed == sum(a is not True and b is True for a, b, _ in pairs)
    assert result.n_added == sum(a is True and b is False for a, b, _ in pairs)
    assert result.n_unknown == sum(a is None and b is not None for a, b, _ in pairs)
    for share in (result.recall, result.precision):
        if share.value is not None:
            assert share.low is not None
            assert share.high is not None
            assert 0 <= share.low <= share.high <= 1


def test_answers_that_are_all_unknown_recall_nothing() -> None:
    result = agreement([None, None], [True, False], ["a", "b"], seed=0)
    assert result.recall == Share(0.0, 0.0, 0.0)
    assert result.precision == Share(None, None, None)
    assert result.n_unknown == 2


def test_interval_of_independent_pairs_is_that_of_a_share() -> None:
    # 400 formulas of one pair each, 80 % found: standard error sqrt(0.8 x 0.2 / 400) = 0.02, so 0.761-0.839
    result = agreement([True] * 320 + [False] * 80, [True] * 400, [str(i) for i in range(400)], seed=1)
    assert result.recall.value == 0.8
    assert result.recall.low == pytest.approx(0.761, abs=0.006)
    assert result.recall.high == pytest.approx(0.839, abs=0.006)


def test_pairs_of_few_formulas_say_less() -> None:
    # the same pairs in 8 formulas that stand or fall together: standard error sqrt(0.8 x 0.2 / 8) = 0.14
    answers = [True] * 320 + [False] * 80
    formulas = [str(i // 50) for i in range(400)]
    result = agreement(answers, [True] * 400, formulas, seed=1)
    assert result.recall.low is not None
    assert result.recall.low < 0.6


def test_draws_keep_the_mean_and_repeat_with_the_seed() -> None:
    counts = np.array([[3, 1, 0], [0, 2, 5], [10, 0, 1], [1, 1, 1]])
    drawn = resampled(counts, seed=3)
    assert drawn.shape == (1_000, 3)
    # the mean of 1,000 sums of 4 draws; the first column has a standard deviation of 2 x 3.9
    np.testing.assert_allclose(drawn.mean(axis=0), counts.sum(axis=0), atol=4 * 2 * 3.9 / 1_000**0.5)
    assert np.array_equal(drawn, resampled(counts, seed=3))
    assert not np.array_equal(drawn, resampled(counts, seed=4))
