"""Laws that every registered score keeps, over random tables of facts."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.stages import columns_schema
from metrics.score import Score, registry
from metrics.table import frame
from tests.metrics.facts import AGAINST, cell

SCHEMA = columns_schema()

every_score = pytest.mark.parametrize("score", list(registry().values()), ids=lambda score: score.name)


def columns(names: tuple[str, ...]) -> st.SearchStrategy[pd.DataFrame]:
    """Tables of 1 to 12 records with the named columns, nulls among them."""
    cells = {name: cell(name, SCHEMA.field(name).type) for name in names}
    schema = pa.schema([SCHEMA.field(name) for name in names])
    return st.lists(st.fixed_dictionaries(cells), min_size=1, max_size=12).map(lambda rows: frame(rows, schema))


@every_score
def test_needs_names_columns_of_the_table_and_the_definition_says_what_missing_values_do(score: Score) -> None:
    assert set(score.needs) <= set(SCHEMA.names)
    assert "Missing values:" in score.definition


@every_score
def test_needs_is_the_whole_truth_and_the_input_is_untouched(score: Score) -> None:
    @settings(max_examples=25, deadline=None)
    @given(rows=columns(score.needs))
    def law(rows: pd.DataFrame) -> None:
        before = rows.copy(deep=True)
        score.compute(rows, AGAINST)
        pd.testing.assert_frame_equal(rows, before)

    law()


@every_score
def test_counted_and_unknown_make_submitted_and_the_interval_holds_the_value(score: Score) -> None:
    @settings(max_examples=25, deadline=None)
    @given(rows=columns(score.needs))
    def law(rows: pd.DataFrame) -> None:
        value = score.compute(rows, AGAINST)
        assert value.n_counted + value.n_unknown == len(rows)
        if value.value is not None:
            assert value.low is not None
            assert value.high is not None
            assert value.low <= value.value <= value.high
            if score.unit == "share":
                assert value.low >= 0
                assert value.high <= 1

    law()


@every_score
def test_the_order_of_the_records_does_not_matter(score: Score) -> None:
    @settings(max_examples=25, deadline=None)
    @given(rows=columns(score.needs), random=st.randoms())
    def law(rows: pd.DataFrame, random: Any) -> None:  # noqa: ANN401 - hypothesis's Random
        order = list(range(len(rows)))
        random.shuffle(order)
        assert score.compute(rows.iloc[order].reset_index(drop=True), AGAINST) == score.compute(rows, AGAINST)

    law()


@every_score
def test_a_failed_measurement_never_pays(score: Score) -> None:
    if score.better == "neither":
        pytest.skip("shown, never ranked")
    # reading never leaves a record undecided: its null means that nothing was refused
    measured = [name for name in score.needs if name != "refusal"]
    if not measured:
        pytest.skip("reads no measurement")

    @settings(max_examples=25, deadline=None)
    @given(rows=columns(score.needs), data=st.data())
    def law(rows: pd.DataFrame, data: st.DataObject) -> None:
        before = score.compute(rows, AGAINST).value
        lost = rows.copy(deep=True)
        row = data.draw(st.integers(0, len(rows) - 1))
        lost.loc[row, measured] = pd.NA
        after = score.compute(lost, AGAINST).value
        assert before is not None
        assert after is not None
        assert after <= before if score.better == "higher" else after >= before

    law()
