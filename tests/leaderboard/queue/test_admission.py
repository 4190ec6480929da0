"""Limits: what operators set, what a Space has by itself, and the decision over counts."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.queue.admission import VARIABLES, Counts, Limits, refusal

COUNTS = st.builds(Counts, *[st.integers(0, 300)] * 4)
BOUNDS = st.none() | st.integers(0, 300)


@given(COUNTS, BOUNDS, BOUNDS, BOUNDS, BOUNDS)
def test_it_is_refused_exactly_where_a_bound_is_reached(
    counts: Counts, waiting: int | None, waiting_of_one: int | None, owner_week: int | None, address_day: int | None
) -> None:
    limits = Limits(waiting, waiting_of_one, owner_week, address_day)
    pairs = [(getattr(counts, field.name), getattr(limits, field.name)) for field in fields(Counts)]
    why = refusal(counts, limits)
    assert (why is not None) == any(bound is not None and count >= bound for count, bound in pairs)
    assert why is None or any(why.startswith(f"{count:,} ") for count, bound in pairs if bound is not None)


def test_a_space_takes_five_files_of_a_user_in_seven_days() -> None:
    # the number that the board promises its users
    assert Limits.of_environment({"SPACE_ID": "org/space"}).owner_week == 5
    assert Limits.of_environment({}).owner_week is None


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_operators_set_each_bound(name: str) -> None:
    for space in ({}, {"SPACE_ID": "org/space"}):
        assert getattr(Limits.of_environment({**space, VARIABLES[name]: "17"}), name) == 17
        assert getattr(Limits.of_environment({**space, VARIABLES[name]: "none"}), name) is None


@pytest.mark.parametrize("text", ["", "-1", "1.5", "many", "NONE"])
def test_what_is_no_bound_is_refused_with_the_name_of_its_variable(text: str) -> None:
    with pytest.raises(ValueError, match=r"LEADERBOARD_MAX_WAITING is .* expected a whole number"):
        Limits.of_environment({VARIABLES["waiting"]: text})
