"""Tables keep their schema: through a file, and against every way to break it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.table import SchemaError, check, frame, read_parquet, write_parquet

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "valid": pa.bool_(),
        "n_sites": pa.int64(),
        "density": pa.float64(),
        "keys": pa.list_(pa.string()),
    }
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.none() | st.text(st.characters(codec="utf-8"), max_size=5),
            "valid": st.none() | st.booleans(),
            "n_sites": st.none() | st.integers(0, 2**62),
            "density": st.none() | st.floats(allow_nan=False),
            "keys": st.none() | st.lists(st.sampled_from("abc"), max_size=3),
        },
    ),
    max_size=6,
)


@settings(max_examples=50, deadline=None)
@given(rows=ROWS)
def test_a_table_survives_its_file(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]) -> None:
    path = tmp_path_factory.mktemp("table") / "table.parquet"
    table = frame(rows, SCHEMA)
    write_parquet(table, SCHEMA, path)
    pd.testing.assert_frame_equal(check(read_parquet(path), SCHEMA), table)
    assert [file.name for file in path.parent.iterdir()] == ["table.parquet"]


def test_no_column_is_object() -> None:
    assert "object" not in {str(dtype) for dtype in frame([{}], SCHEMA).dtypes}


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    table = frame([{"id": "a", "keys": ["x"]}], SCHEMA)
    write_parquet(table, SCHEMA, tmp_path / "one.parquet")
    write_parquet(table, SCHEMA, tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"colour": "red"}, r"columns \['colour'\] are not declared"),
        ({"n_sites": "eight"}, "does not fit its declared column"),
        ({"keys": 5}, "does not fit its declared column"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(row: dict[str, object], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        frame([row], SCHEMA)


def test_a_table_that_does_not_fit_is_not_written(tmp_path: Path) -> None:
    table = frame([{"id": "a"}], SCHEMA).drop(columns="density").astype({"valid": "string"}).assign(more=1)
    with pytest.raises(SchemaError, match=r"density: .*; more: .*; valid: expected boolean, found string"):
        write_parquet(table, SCHEMA, tmp_path / "table.parquet")
    assert not list(tmp_path.iterdir())
