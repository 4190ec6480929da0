"""Laws that every registered score keeps, over random tables of facts."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.protocol import load_protocol
from leaderboard.run.columns import columns_schema
from metrics.measure import registry as measures
from metrics.score import PARTS, Against, Score, Value, registry
from metrics.score import score as register
from metrics.scores.stability import CALIBRATED_COLUMNS, VIEW_COLUMNS
from metrics.statistics.value import FEWEST_FOR_INTERVAL
from metrics.table import frame
from tests.metrics.facts import AGAINST, cell

# all that the code can measure, named by a protocol or not
EVERYTHING = load_protocol().model_copy(update={"measures": {name: {} for name in measures()}})
SCHEMA = pa.schema([*columns_schema(EVERYTHING), *pa.schema({**VIEW_COLUMNS, **CALIBRATED_COLUMNS})])
EXPECTED = [expected for score in registry().values() if (expected := score.in_calibrated_view)]

COUNTS = {"families", "chemical systems", "prototypes"}
"""Units of scores that count classes among hits."""

every_definition = pytest.mark.parametrize("score", list(registry().values()), ids=lambda score: score.name)
every_score = pytest.mark.parametrize(
    "score",
    [*(pytest.param(score, id=name) for name, score in registry().items())]
    + [pytest.param(score, id=f"{score.name}, calibrated") for score in EXPECTED],
)


def columns(names: tuple[str, ...]) -> st.SearchStrategy[pd.DataFrame]:
    """Tables of 1 to 12 records with the named columns, nulls among them."""
    cells = {name: cell(name, SCHEMA.field(name).type) for name in names}
    schema = pa.schema([SCHEMA.field(name) for name in names])
    return st.lists(st.fixed_dictionaries(cells), min_size=1, max_size=12).map(lambda rows: frame(rows, schema))


@every_definition
def test_needs_names_columns_of_the_table_and_the_definition_has_all_its_parts(score: Score) -> None:
    assert set(score.needs) <= set(SCHEMA.names)
    assert tuple(score.parts) == PARTS
    assert score.meaning
    assert all(text.endswith(".") for text in score.parts.values())
    assert score.parts["Missing values"].startswith(f"{score.missing}; ")


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
        assert (value.low is None) == (value.high is None)
        if value.low is None or value.high is None:
            # what counts hits or sums among all structures has an interval as soon as there is one structure
            assert score.missing not in {"counts against", "counts as 0"}
            return
        assert value.value is not None
        assert value.low <= value.value <= value.high
        # a width that is more than rounding: none of the scores is known exactly
        assert value.high - value.low > 1e-12
        if score.unit == "share":
            assert value.low >= 0
            assert value.high <= 1

    law()


@every_score
@pytest.mark.parametrize("n", [1, 2, 4, 30])
def test_alike_records_give_no_interval_or_one_with_a_width(score: Score, n: int) -> None:
    """Neither one structure nor thirty copies of it say that other samples would be the same."""

    @settings(max_examples=10, deadline=None)
    @given(rows=columns(score.needs))
    def law(rows: pd.DataFrame) -> None:
        value = score.compute(pd.concat([rows.iloc[:1]] * n, ignore_index=True), AGAINST)
        assert (value.low is None) == (value.high is None)
        if value.low is not None and value.high is not None:
            assert value.high - value.low > 1e-12
        elif value.value is not None:
            assert score.missing in {"counts at its worst", "left out, shown only"}

    law()


@every_score
def test_a_statistic_of_the_spread_of_few_records_has_no_interval(score: Score) -> None:
    if score.missing != "left out, shown only" or "overage" in score.label or score.unit in COUNTS:
        pytest.skip("its interval is that of a number of hits or bins, which one record has")

    @settings(max_examples=10, deadline=None)
    @given(rows=columns(score.needs))
    def law(rows: pd.DataFrame) -> None:
        value = score.compute(rows.iloc[: FEWEST_FOR_INTERVAL - 1], AGAINST)
        assert (value.low, value.high) == (None, None)

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

    @settings(max_examples=25, deadline=None)
    @given(rows=columns(score.needs), data=st.data())
    def law(rows: pd.DataFrame, data: st.DataObject) -> None:
        before = score.compute(rows, AGAINST).value
        after = score.compute(lost(rows, data.draw(st.integers(0, len(rows) - 1))), AGAINST).value
        assert before is not None
        assert after is not None
        assert after <= before if score.better == "higher" else after >= before

    law()


@every_score
def test_a_missing_value_does_what_the_policy_says(score: Score) -> None:
    @settings(max_examples=25, deadline=None)
    @given(rows=columns(score.needs), data=st.data())
    def law(rows: pd.DataFrame, data: st.DataObject) -> None:
        rows = lost(rows, data.draw(st.integers(0, len(rows) - 1)))
        result = score.compute(rows, AGAINST)
        if score.missing == "left out, shown only":
            known = rows[rows[list(score.needs)].notna().all(axis=1)].reset_index(drop=True)
            alone = score.compute(known, AGAINST)
            assert (result.value, result.low, result.high) == (alone.value, alone.low, alone.high)
            assert score.better == "neither"
        elif score.missing == "counts at its worst":
            assert result.value is not None
            # as many unknown records again cannot make it more varied
            more = pd.concat([rows, lost(rows, slice(None))], ignore_index=True)
            worse = score.compute(more, AGAINST).value
            assert worse is not None
            assert worse <= result.value + 1e-9
        else:  # a mean over what was submitted of something in [0, 1]: nobody can gain more than the known records give
            assert result.value is not None
            sums = result.value * len(rows)
            assert sums <= result.n_counted + 1e-9
            if score.counts_hits and score not in EXPECTED:
                assert sums == pytest.approx(round(sums))
            # records of which nothing is known add nothing
            more = pd.concat([rows, lost(rows, slice(None))], ignore_index=True)
            diluted = score.compute(more, AGAINST)
            if list(score.needs) != ["refusal"]:
                assert diluted.value == pytest.approx(result.value / 2)

    law()


def test_a_score_that_leaves_failures_out_cannot_rank() -> None:
    def survivors(rows: pd.DataFrame, _against: Against) -> Value:
        return Value(None, None, None, 0, len(rows))

    for better in ("higher", "lower"):
        with pytest.raises(ValueError, match=f"must have better='neither', not '{better}'"):
            register(label="Mean", unit="eV", better=better, missing="left out, shown only", needs=())(survivors)


def lost(rows: pd.DataFrame, which: int | slice) -> pd.DataFrame:
    """The rows without the measured facts of some; a null refusal is not lost, it says that nothing was refused."""
    changed = rows.copy(deep=True)
    measured = [name for name in rows.columns if name != "refusal"]
    if measured:
        changed.loc[changed.index[which], measured] = pd.NA
    return changed
