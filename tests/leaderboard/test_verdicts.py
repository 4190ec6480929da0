"""Verdicts in arrays: what went in comes out, whatever the order in which it came."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.verdicts import RULES, Verdicts
from metrics.measure.matching import Comparison

N = 7
FOUND = st.one_of(
    st.builds(
        Comparison, same=st.booleans(), rule=st.sampled_from(RULES), distance=st.none() | st.floats(0, 3, width=64)
    ),
    st.sampled_from(["time_limit: took longer than 30 s", "a cell is flat"]),
)
ANSWERS = st.dictionaries(st.sampled_from(list(combinations(range(N), 2))), FOUND)


@given(answers=ANSWERS, data=st.data())
def test_what_goes_in_comes_out_in_the_order_of_the_pairs(
    answers: dict[tuple[int, int], Comparison | str], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(list(answers.items())))
    assert list(Verdicts.collected(shuffled)) == sorted(answers.items())


@given(answers=ANSWERS, data=st.data())
def test_a_part_holds_the_answers_of_its_pairs(
    answers: dict[tuple[int, int], Comparison | str], data: st.DataObject
) -> None:
    verdicts = Verdicts.collected(answers.items())
    kept = data.draw(st.lists(st.booleans(), min_size=len(verdicts), max_size=len(verdicts)))
    part = [found for found, keep in zip(verdicts, kept, strict=True) if keep]
    assert list(verdicts.where(np.array(kept, dtype=bool))) == part


@given(answers=ANSWERS)
def test_the_nearest_of_each(answers: dict[tuple[int, int], Comparison | str]) -> None:
    expected = [np.inf] * N
    for pair, found in answers.items():
        for number in pair:
            if isinstance(found, Comparison) and found.distance is not None:
                expected[number] = min(expected[number], found.distance)
    assert Verdicts.collected(answers.items()).nearest(N).tolist() == expected
