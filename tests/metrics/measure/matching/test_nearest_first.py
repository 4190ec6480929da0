"""Asking about the nearest pairs first: the outcome is that of asking about all, and few are asked where most match."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metrics.measure.matching.nearest_first import ask_until_joined, ask_until_matched
from metrics.measure.matching.pairs import components

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_N = 8
ANSWER = st.booleans() | st.just("no answer")
DISTANCE = st.sampled_from([0.0, 0.1, 0.2, 0.3, float("nan")])


class Oracle:
    """Answers known beforehand, and what was asked."""

    def __init__(self, answers: list[bool | str]) -> None:
        self.answers = answers
        self.places: list[int] = []

    def __call__(self, places: NDArray[np.int64], n_open: int) -> list[bool | str]:
        # what was asked about before is open no more, and what is asked about now still is
        assert len(places) <= n_open <= len(self.answers) - len(self.places)
        self.places += places.tolist()
        return [self.answers[at] for at in places]


def of_length(strategy: st.SearchStrategy[object], n: int) -> st.SearchStrategy[list[object]]:
    return st.lists(strategy, min_size=n, max_size=n)


def partition(labels: list[int]) -> set[frozenset[int]]:
    return {frozenset(i for i, other in enumerate(labels) if other == label) for label in labels}


@given(n=st.integers(0, MAX_N), data=st.data())
def test_classes_are_those_of_asking_about_all(n: int, data: st.DataObject) -> None:
    drawn = [pair for pair in combinations(range(n), 2) if data.draw(st.booleans())]
    pairs = np.array(drawn, dtype=np.int32).reshape(-1, 2)
    distance = np.array(data.draw(of_length(DISTANCE, len(pairs))), dtype=np.float64)
    same = np.array(data.draw(of_length(st.booleans(), len(pairs))), dtype=np.bool_)
    undecided = ~same & np.array(data.draw(of_length(st.booleans(), len(pairs))), dtype=np.bool_)
    oracle = Oracle(data.draw(st.lists(ANSWER, min_size=len(pairs), max_size=len(pairs))))
    answers = ask_until_joined(n, pairs, distance, same, undecided, oracle)

    assert sorted(answers) == sorted(oracle.places)  # each pair once
    assert undecided[list(answers)].all()
    assert all(oracle.answers[at] == answer for at, answer in answers.items())
    if_all = [pair for at, pair in enumerate(drawn) if same[at] or (undecided[at] and oracle.answers[at] is True)]
    joined = [pair for at, pair in enumerate(drawn) if same[at] or answers.get(at) is True]
    assert partition(components(n, joined)) == partition(components(n, if_all))
    # the same when failed comparisons count as matches
    if_all += [pair for at, pair in enumerate(drawn) if undecided[at] and oracle.answers[at] == "no answer"]
    joined += [pair for at, pair in enumerate(drawn) if answers.get(at) == "no answer"]
    assert partition(components(n, joined)) == partition(components(n, if_all))


@given(n=st.integers(0, 12), data=st.data())
def test_the_nearest_match_is_that_of_asking_about_all(n: int, data: st.DataObject) -> None:
    owner = np.array(data.draw(of_length(st.integers(0, 2), n)), dtype=np.int32)
    distance = np.array(data.draw(of_length(DISTANCE, n)), dtype=np.float64)
    same = np.array(data.draw(of_length(st.booleans(), n)), dtype=np.bool_)
    undecided = ~same & np.array(data.draw(of_length(st.booleans(), n)), dtype=np.bool_)
    oracle = Oracle(data.draw(st.lists(ANSWER, min_size=n, max_size=n)))
    answers = ask_until_matched(owner, distance, same, undecided, oracle)

    assert sorted(answers) == sorted(oracle.places)
    far = np.where(np.isnan(distance), np.inf, distance)
    if_all = [bool(same[at] or (undecided[at] and oracle.answers[at] is True)) for at in range(n)]
    known = [bool(same[at] or answers.get(at) is True) for at in range(n)]
    for one in range(3):
        mine = [at for at in range(n) if owner[at] == one]
        nearest = min((far[at] for at in mine if if_all[at]), default=None)
        # all that match at the least distance, so that any rule among equals finds the same
        assert [at for at in mine if known[at] and far[at] == nearest] == [
            at for at in mine if if_all[at] and far[at] == nearest
        ]
        if nearest is None:
            assert set(np.flatnonzero(undecided & (owner == one)).tolist()) <= set(answers)


def test_copies_of_one_crystal_need_few_questions() -> None:
    n = 400
    pairs = np.array(list(combinations(range(n), 2)), dtype=np.int32)
    every = np.ones(len(pairs), dtype=np.bool_)
    distance = np.random.default_rng(0).random(len(pairs))
    oracle = Oracle([True] * len(pairs))
    ask_until_joined(n, pairs, distance, ~every, every, oracle)
    # each round at least halves the number of classes and asks at most once for each
    assert len(oracle.places) < 2 * n


def test_crystals_that_never_match_need_few_rounds() -> None:
    n = 60
    pairs = np.array(list(combinations(range(n), 2)), dtype=np.int32)
    every = np.ones(len(pairs), dtype=np.bool_)
    rounds: list[int] = []

    def no(places: NDArray[np.int64], n_open: int) -> list[bool | str]:
        assert len(places) <= n_open == len(pairs) - sum(rounds)
        rounds.append(len(places))
        return [False] * len(places)

    ask_until_joined(n, pairs, np.zeros(len(pairs)), ~every, every, no)
    assert sum(rounds) == len(pairs)
    assert len(rounds) <= 1 + np.ceil(np.log2(n))
