"""Classes, representatives and standings: laws over random verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.matching.classes import (
    Fact,
    Place,
    Standing,
    any_of,
    certain,
    representatives,
    spread,
    spread_facts,
    standing,
)
from metrics.measure.matching.pairs import components
from metrics.measure.matching.verdict import Comparison, Undecided

MAX_NODES = 9
N = st.integers(1, MAX_NODES)


def edges(n: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    node = st.integers(0, n - 1)
    return st.lists(st.tuples(node, node), max_size=12)


@given(n=N, data=st.data())
def test_who_counts_does_not_depend_on_the_order_of_the_records(n: int, data: st.DataObject) -> None:
    same, failed = data.draw(edges(n)), data.draw(edges(n))
    valid = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    order = data.draw(st.permutations(range(n)))

    def who_counts(order: list[int]) -> tuple[set[int], set[int]]:
        """Crystals that stand for a class, and those that certainly do, when record i is the order[i]-th crystal."""
        place = {crystal: row for row, crystal in enumerate(order)}
        moved_same = [(place[a], place[b]) for a, b in same]
        moved_all = moved_same + [(place[a], place[b]) for a, b in failed]
        places = [Place(not valid[crystal], f"content {crystal}") for crystal in order]
        classes = components(n, moved_same)
        representative = representatives(classes, places)
        sure = certain(classes, components(n, moved_all), representative, places)
        return {order[number] for number in representative.values()}, {order[representative[label]] for label in sure}

    assert who_counts(list(order)) == who_counts(list(range(n)))


@given(n=N, data=st.data())
def test_a_failed_comparison_never_pays(n: int, data: st.DataObject) -> None:
    same, failed = data.draw(edges(n)), data.draw(edges(n))
    places = [Place(data.draw(st.booleans()), f"content {crystal}") for crystal in range(n)]
    classes = components(n, same)
    sure = certain(classes, components(n, [*same, *failed]), representatives(classes, places), places)
    if_all_had_matched = set(components(n, [*same, *failed]))
    assert len(sure) == len(if_all_had_matched)


def test_a_valid_crystal_stands_for_its_class_and_of_several_the_first_by_content() -> None:
    places = [Place(is_not_valid=True, sha256="a"), Place(is_not_valid=False, sha256="c")]
    places += [Place(is_not_valid=False, sha256="b"), Place(is_not_valid=True, sha256="d")]
    assert representatives([0, 0, 0, 1], places) == {0: 2, 1: 3}


def verdict(rule: str, *, same: bool, distance: float | None) -> Comparison:
    return Comparison(same=same, rule=rule, distance=distance)  # type: ignore[arg-type] # a literal of the closed list


NEAR = 0.1
FAR_MISS = verdict("distance", same=False, distance=0.4)
NEAR_MISS = verdict("matcher", same=False, distance=0.09)
MATCH = verdict("keys_and_distance", same=True, distance=0.2)
NEARER_MATCH = verdict("matcher", same=True, distance=0.15)
NO_DISTANCE = verdict("matcher", same=False, distance=None)
TIME_LIMIT = "time_limit: took longer than 30 s"
NO_ANSWER = Undecided(None, TIME_LIMIT)
FAR_NO_ANSWER = Undecided(0.12, TIME_LIMIT)
NOT_ASKED = Undecided(0.16)
FAILED = f"comparison with b: {TIME_LIMIT}"


@pytest.mark.parametrize(
    ("comparisons", "expected"),
    [
        ([], Standing(known=False, rule="no_candidate")),
        ([("a", FAR_MISS)], Standing(known=False, rule="distance", distance=0.4)),
        ([("a", FAR_MISS), ("b", NEAR_MISS)], Standing(known=False, rule="matcher", distance=0.09, near=True)),
        (
            [("a", NEAR_MISS), ("b", MATCH), ("c", NEARER_MATCH)],
            Standing(known=True, rule="matcher", matched_id="c", distance=0.09),
        ),
        (
            [("b", NO_ANSWER), ("c", MATCH)],
            Standing(known=True, rule="keys_and_distance", matched_id="c", distance_failure=FAILED),
        ),
        (
            [("a", NEAR_MISS), ("b", NO_ANSWER)],
            Standing(known=None, near=None, failure=FAILED, distance_failure=FAILED),
        ),
        (
            [("a", FAR_MISS), ("b", FAR_NO_ANSWER)],
            Standing(known=None, near=None, distance=0.12, failure=FAILED),
        ),
        (
            [("a", NOT_ASKED), ("c", NEARER_MATCH)],
            Standing(known=True, rule="matcher", matched_id="c", distance=0.15),
        ),
        (
            [("a", FAR_MISS), ("b", NO_DISTANCE)],
            Standing(
                known=False,
                rule="distance",
                near=None,
                distance_failure="comparison with b: the distance is not determined, too many sites",
            ),
        ),
    ],
    ids=[
        "nothing of the formula",
        "none matches",
        "one is near",
        "nearest match",
        "a match outweighs a failure",
        "a failure never pays",
        "the matcher failed, not the distance",
        "what is farther than a match was not asked about",
        "an unknown distance could be the smallest",
    ],
)
def test_standing_sums_up_comparisons(
    comparisons: list[tuple[str, Comparison | Undecided]], expected: Standing
) -> None:
    assert standing(comparisons, NEAR) == expected
    assert standing(comparisons[::-1], NEAR) == expected


def test_a_class_that_holds_a_known_crystal_is_known_and_each_keeps_its_distance() -> None:
    known = Standing(known=True, rule="matcher", matched_id="ref", distance=0.1)
    novel = Standing(known=False, rule="distance", distance=0.3)
    near = Standing(known=False, rule="distance", distance=0.05, near=True)
    unknown = Standing(known=None, near=None, failure=FAILED, distance_failure=FAILED)
    spread_out = spread([known, novel, unknown, novel, unknown, near], [0, 0, 0, 1, 2, 2])
    assert spread_out[1] == Standing(known=True, rule="matcher", matched_id="ref", distance=0.3)
    assert spread_out[2] == Standing(known=True, rule="matcher", matched_id="ref", distance_failure=FAILED)
    assert spread_out[3] == novel
    assert spread_out[5] == Standing(known=None, near=None, distance=0.05, failure=FAILED)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([], Fact(value=False)),
        ([("a", False)], Fact(value=False)),
        ([("a", False), ("b", TIME_LIMIT)], Fact(value=None, reason=FAILED)),
        ([("b", TIME_LIMIT), ("a", True)], Fact(value=True)),
    ],
)
def test_any_of_is_three_valued(answers: list[tuple[str, bool | str]], expected: Fact) -> None:
    assert any_of(answers) == expected


@given(data=st.data(), n=N)
def test_a_class_has_one_fact_whatever_the_order(data: st.DataObject, n: int) -> None:
    facts = data.draw(st.lists(st.sampled_from([True, False, None]), min_size=n, max_size=n))
    classes = data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    shared = spread_facts([Fact(value, None if value is not None else "why") for value in facts], classes)
    for label, fact in zip(classes, shared, strict=True):
        members = {value for value, other in zip(facts, classes, strict=True) if other == label}
        assert fact.value == (True if True in members else None if None in members else False)
        assert (fact.reason is None) == (fact.value is not None)
