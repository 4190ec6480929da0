"""Novelty and uniqueness by hand: a few records each, the answers worked out on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from metrics.score import registry
from metrics.table import frame

if TYPE_CHECKING:
    from metrics.score import Value

KINDS = {
    "nearest_reference_distance": pa.float64(),
    "identity_rule": pa.string(),
    "nearest_record_distance": pa.float64(),
    "n_others_of_formula": pa.int64(),
}


def scored(name: str, *rows: tuple[object, object]) -> Value:
    """The score of rows that hold the first two of the columns it needs."""
    needs = registry()[name].needs
    schema = pa.schema([(column, KINDS.get(column, pa.string())) for column in needs])
    return registry()[name].compute(frame([dict(zip(needs, row, strict=False)) for row in rows], schema), {})


def test_continuous_novelty_is_a_mean_over_all_records() -> None:
    value = scored(
        "continuous_novelty",
        (0.0, "keys_and_distance"),  # a copy
        (0.3, "distance"),
        (1.7, "distance"),  # counts as 1
        (None, "no_candidate"),  # nothing of its formula: 1
        (None, "matcher"),  # compared, the distance is not known: 0
        (None, None),  # could not be compared: 0
    )
    assert value.value == pytest.approx((0.3 + 1 + 1) / 6)
    assert (value.n_counted, value.n_unknown) == (4, 2)


def test_continuous_uniqueness_is_a_mean_over_all_records() -> None:
    value = scored(
        "continuous_uniqueness",
        (0.0, 1),  # two copies
        (0.0, 1),
        (None, 0),  # alone with its formula: 1
        (0.25, 2),
        (None, 2),  # a comparison failed: 0
        (None, None),
    )
    assert value.value == pytest.approx((1 + 0.25) / 6)
    assert (value.n_counted, value.n_unknown) == (4, 2)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("novel", "in_reference"),
        ("novel_fingerprint", "in_reference_fingerprint"),
        ("novel_bawl", "in_reference_bawl"),
        ("novel_matcher", "in_reference_matcher"),
        ("novel_up_to_disorder", "known_up_to_disorder"),
        ("novel_prototype", "prototype_in_reference"),
        ("unique_bawl", "duplicate_bawl"),
    ],
)
def test_shares_count_what_is_certainly_not_known(name: str, column: str) -> None:
    assert registry()[name].needs[0] == column
    schema = pa.schema([(column, pa.bool_()), ("bawl", pa.string())])
    rows = frame([{column: value} for value in (True, False, False, None, None)], schema)
    value = registry()[name].compute(rows, {})
    assert value.value == 2 / 5
    assert (value.n_counted, value.n_unknown) == (3, 2)


def test_novel_structures_that_are_known_up_to_a_defect() -> None:
    kinds = dict.fromkeys(registry()["known_up_to_defect"].needs, pa.bool_())
    cells = [(True, True), (False, True), (False, False), (False, None), (None, True), (None, None)]
    rows = frame([dict(zip(kinds, pair, strict=True)) for pair in cells], pa.schema(kinds))
    value = registry()["known_up_to_defect"].compute(rows, {})
    assert value.value == 1 / 6
    assert (value.n_counted, value.n_unknown) == (3, 3)


@pytest.mark.parametrize("name", ["continuous_novelty", "continuous_uniqueness"])
def test_no_records_no_value(name: str) -> None:
    assert scored(name).value is None
