"""Verdicts in arrays: what went in comes out, whatever the order in which it came."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.matching.verdicts import RULES, Verdicts
from metrics.measure.matching.verdict import Comparison, Undecided

N = 7
DISTANCE = st.none() | st.floats(0, 3, width=64)
REASON = st.sampled_from(["time_limit: took longer than 30 s", "a cell is flat"])
FOUND = st.one_of(
    st.builds(Comparison, same=st.booleans(), rule=st.sampled_from(RULES), distance=DISTANCE),
    st.builds(Undecided, distance=DISTANCE, reason=st.none() | REASON),
)
ANSWERS = st.dictionaries(st.sampled_from(list(combinations(range(N), 2))), FOUND)


@given(answers=ANSWERS, data=st.data())
def test_what_goes_in_comes_out_in_the_order_of_the_pairs(
    answers: dict[tuple[int, int], Comparison | Undecided], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(list(answers.items())))
    assert list(Verdicts.collected(shuffled)) == sorted(answers.items())


@given(answers=ANSWERS, data=st.data())
def test_a_part_holds_the_answers_of_its_pairs(
    answers: dict[tuple[int, int], Comparison | Undecided], data: st.DataObject
) -> None:
    verdicts = Verdicts.collected(answers.items())
    kept = data.draw(st.lists(st.booleans(), min_size=len(verdicts), max_size=len(verdicts)))
    part = [match for match, keep in zip(verdicts, kept, strict=True) if keep]
    assert list(verdicts.where(np.array(kept, dtype=bool))) == part


@given(answers=ANSWERS)
def test_the_nearest_of_each(answers: dict[tuple[int, int], Comparison | Undecided]) -> None:
    expected = [np.inf] * N
    for pair, match in answers.items():
        for number in pair:
            if match.distance is not None:
                expected[number] = min(expected[number], match.distance)
    assert Verdicts.collected(answers.items()).nearest(N).tolist() == expected


@given(answers=ANSWERS, data=st.data())
def test_what_was_left_undecided_is_decided_later(
    answers: dict[tuple[int, int], Comparison | Undecided], data: st.DataObject
) -> None:
    verdicts = Verdicts.collected(answers.items())
    ordered = sorted(answers)
    open_pairs = [pair for pair, match in sorted(answers.items()) if isinstance(match, Undecided) and not match.reason]
    assert [ordered[at] for at in np.flatnonzero(verdicts.undecided)] == open_pairs
    by_matcher = {pair: data.draw(st.booleans() | REASON) for pair in open_pairs}
    expected = answers | {
        pair: Undecided(answers[pair].distance, answer)
        if isinstance(answer, str)
        else Comparison(same=answer, rule="matcher", distance=answers[pair].distance)
        for pair, answer in by_matcher.items()
    }
    decided = verdicts.with_answers({ordered.index(pair): answer for pair, answer in by_matcher.items()})
    assert dict(decided) == expected
    assert not decided.undecided.any()
