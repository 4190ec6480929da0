"""Sets of achievable charges behave as sets of integers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from metrics.measure.chemistry.charge_sums import NEUTRAL, NOTHING, ChargeSums

SETS = st.sets(st.integers(-60, 60), max_size=8)


@given(SETS)
def test_members_come_back_in_order(values: set[int]) -> None:
    sums = ChargeSums.of(values)
    assert list(sums) == sorted(values)
    assert all((value in sums) == (value in values) for value in range(-65, 66))


@given(SETS, SETS)
def test_union_and_sum_are_those_of_sets(left: set[int], right: set[int]) -> None:
    a, b = ChargeSums.of(left), ChargeSums.of(right)
    assert set(a | b) == left | right
    assert set(a + b) == {x + y for x in left for y in right}
    assert set(a + NEUTRAL) == left
    assert set(a | NOTHING) == left
    assert set(a + NOTHING) == set()
