"""Numbers of kinds: closed forms where there are some, and coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.statistics.kinds import kinds_per_record
from metrics.statistics.uncertainty import wilson_interval

TRIALS = 1_000
COVERED = (0.93, 0.985)
"""What 1,000 intervals of 95% cover: 93 to 97%, give or take two standard deviations of 0.7% at the upper end."""


@given(st.lists(st.sampled_from("abcdefgh"), max_size=40), st.integers(1, 60))
def test_the_interval_holds_the_value_and_stays_a_share(kinds: list[str], without: int) -> None:
    value, low, high = kinds_per_record(kinds, len(kinds) + without)
    assert value == len(set(kinds)) / (len(kinds) + without)
    assert 0 <= low <= value <= high <= 1
    assert low < high


@given(st.integers(1, 200), st.integers(0, 200))
def test_kinds_seen_once_are_independent_hits(n_kinds: int, without: int) -> None:
    n = n_kinds + without
    kinds = [str(number) for number in range(n_kinds)]
    assert kinds_per_record(kinds, n) == pytest.approx((n_kinds / n, *wilson_interval(n_kinds, n)))


def test_kinds_seen_often_are_seen_again() -> None:
    seen_once = kinds_per_record(map(str, range(40)), 1_000)
    often = kinds_per_record([str(number % 40) for number in range(400)], 1_000)
    assert often.value == seen_once.value
    # a variance of one kind instead of 40: the interval is shorter by about the root of 40
    assert (often.high - often.low) < (seen_once.high - seen_once.low) / 5


PROBABILITIES = {
    "all rare": np.full(300, 1e-4),
    "Zipf, a fifth of the records": 0.2 / np.arange(1, 2001) / np.sum(1 / np.arange(1, 2001)),
    "Zipf, most records": 0.6 / np.arange(1, 5001) ** 0.8 / np.sum(1 / np.arange(1, 5001) ** 0.8),
    "two hundred equal ones": np.full(200, 0.1 / 200),
    "twenty common and many rare": np.concatenate([np.full(20, 0.02), np.full(1000, 5e-5)]),
}


@pytest.mark.parametrize("n", [500, 2500])
@pytest.mark.parametrize("name", PROBABILITIES)
def test_intervals_cover_what_other_samples_hold_on_average(name: str, n: int) -> None:
    probabilities = PROBABILITIES[name]
    expected = float((1 - (1 - probabilities) ** n).sum()) / n
    generator = np.random.default_rng(7)
    drawn = generator.multinomial(n, np.append(probabilities, 1 - probabilities.sum()), size=TRIALS)[:, :-1]
    labels = np.array([str(number) for number in range(len(probabilities))])
    intervals = [kinds_per_record(np.repeat(labels, counts).tolist(), n) for counts in drawn]
    covered = np.mean([low <= expected <= high for _, low, high in intervals])
    assert COVERED[0] <= covered <= COVERED[1]
