"""Classes, representatives and standings: laws over random verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.classes import Standing, certain, representatives, spread, standing
from metrics.measure.matching import Comparison
from metrics.measure.pairs import components

MAX_NODES = 9
N = st.integers(1, MAX_NODES)


def edges(n: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    node = st.integers(0, n - 1)
    return st.lists(st.tuples(node, node), max_size=12)


@given(n=N, data=st.data())
def test_counts_do_not_depend_on_the_order_of_the_records(n: int, data: st.DataObject) -> None:
    same, failed = data.draw(edges(n)), data.draw(edges(n))
    valid = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    order = data.draw(st.permutations(range(n)))

    def counts(order: list[int]) -> tuple[int, int, int]:
        """Unique, certainly unique, certainly unique and valid, when record i is the order[i]-th crystal."""
        place = {crystal: row for row, crystal in enumerate(order)}
        moved_same = [(place[a], place[b]) for a, b in same]
        moved_all = moved_same + [(place[a], place[b]) for a, b in failed]
        own_valid = [valid[crystal] for crystal in order]
        classes = components(n, moved_same)
        first = representatives(classes, [[row] for row in range(n)], own_valid)
        sure = certain(classes, components(n, moved_all), first, own_valid)
        return len(first), len(sure), sum(own_valid[first[label]] for label in sure)

    assert counts(list(order)) == counts(list(range(n)))


@given(n=N, data=st.data())
def test_a_failed_comparison_never_pays(n: int, data: st.DataObject) -> None:
    same, failed = data.draw(edges(n)), data.draw(edges(n))
    valid = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    classes = components(n, same)
    first = representatives(classes, [[row] for row in range(n)], valid)
    sure = certain(classes, components(n, [*same, *failed]), first, valid)
    if_all_had_matched = set(components(n, [*same, *failed]))
    assert len(sure) == len(if_all_had_matched)


def test_the_first_valid_record_stands_for_its_class() -> None:
    assert representatives([0, 0, 1], [[0], [1, 3], [2]], [False, True, False, True]) == {0: 1, 1: 2}


def verdict(rule: str, *, same: bool, distance: float | None) -> Comparison:
    return Comparison(same=same, rule=rule, distance=distance)  # type: ignore[arg-type] # a literal of the closed list


NEAR_MISS = verdict("matcher", same=False, distance=0.1)
MATCH = verdict("keys_and_distance", same=True, distance=0.2)
NEARER_MATCH = verdict("matcher", same=True, distance=0.15)
TIME_LIMIT = "time_limit: took longer than 30 s"


@pytest.mark.parametrize(
    ("comparisons", "expected"),
    [
        ([], Standing(known=False, rule="no_candidate")),
        ([("a", NEAR_MISS)], Standing(known=False, rule="matcher", distance=0.1)),
        (
            [("a", NEAR_MISS), ("b", MATCH), ("c", NEARER_MATCH)],
            Standing(known=True, rule="matcher", matched_id="c", distance=0.1),
        ),
        (
            [("a", TIME_LIMIT), ("b", MATCH)],
            Standing(known=True, rule="keys_and_distance", matched_id="b", distance=0.2),
        ),
        (
            [("a", NEAR_MISS), ("b", TIME_LIMIT)],
            Standing(known=None, distance=0.1, failure=f"comparison with b: {TIME_LIMIT}"),
        ),
    ],
    ids=["nothing of the formula", "none matches", "nearest match", "a match outweighs a failure", "failure"],
)
def test_standing_sums_up_comparisons(comparisons: list[tuple[str, Comparison | str]], expected: Standing) -> None:
    assert standing(comparisons) == expected
    assert standing(comparisons[::-1]) == expected


def test_a_class_that_holds_a_known_crystal_is_known_and_each_keeps_its_distance() -> None:
    known = Standing(known=True, rule="matcher", matched_id="ref", distance=0.1)
    novel = Standing(known=False, rule="distance", distance=0.3)
    unknown = Standing(known=None, failure="comparison with x: time_limit")
    spread_out = spread([known, novel, unknown, novel, unknown, novel], [0, 0, 0, 1, 2, 2])
    assert spread_out[1] == Standing(known=True, rule="matcher", matched_id="ref", distance=0.3)
    assert spread_out[2] == Standing(known=True, rule="matcher", matched_id="ref", distance=None)
    assert spread_out[3] == novel
    assert spread_out[5].known is None
    assert spread_out[5].failure == unknown.failure
