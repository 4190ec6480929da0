"""Whose turn it is: laws over any queue, and what serving one after the other amounts to."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from leaderboard.queue.turns import Waiting, in_turn

PARTIES = st.sampled_from(["ada", "bob", "cyd"])
QUEUES = st.lists(st.tuples(PARTIES, st.integers(0, 5)), max_size=12).map(
    lambda pairs: [Waiting(str(number), party, queued, number) for number, (party, queued) in enumerate(pairs)]
)
SERVED = st.dictionaries(PARTIES, st.floats(0, 10))


@given(QUEUES, st.lists(PARTIES, max_size=3), SERVED)
def test_everybody_comes_once_and_the_oldest_of_each_first(
    waiting: list[Waiting], running: list[str], served: dict[str, float]
) -> None:
    order = in_turn(waiting, running, served)
    by_id = {one.id: one for one in waiting}
    assert sorted(order) == sorted(by_id)
    for party in {one.party for one in waiting}:
        mine = [(by_id[name].queued, by_id[name].number) for name in order if by_id[name].party == party]
        assert mine == sorted(mine)


@given(QUEUES, SERVED)
def test_nobody_is_served_twice_while_somebody_else_waits_for_the_first_time(
    waiting: list[Waiting], served: dict[str, float]
) -> None:
    party = {one.id: one.party for one in waiting}
    counts: Counter[str] = Counter()
    left = Counter(party.values())
    for name in in_turn(waiting, [], served):
        counts[party[name]] += 1
        left[party[name]] -= 1
        waits = [counts[other] for other, n_left in left.items() if n_left]
        assert all(counts[party[name]] <= n + 1 for n in waits)


@given(QUEUES, SERVED)
def test_the_order_is_that_of_taking_the_first_again_and_again(
    waiting: list[Waiting], served: dict[str, float]
) -> None:
    """The place that somebody is told is the one that serving gives, when one ends before the next begins."""
    told = in_turn(waiting, [], served)
    left, served_then, order = list(waiting), dict(served), []
    for moment in range(100, 100 + len(waiting)):
        first = in_turn(left, [], served_then)[0]
        order.append(first)
        served_then[next(one.party for one in left if one.id == first)] = moment
        left = [one for one in left if one.id != first]
    assert order == told


def test_who_has_one_running_waits_for_who_has_none() -> None:
    waiting = [Waiting("a", "ada", 0, 0), Waiting("b", "bob", 1, 1)]
    assert in_turn(waiting, ["ada"], {"bob": 5.0}) == ["b", "a"]
