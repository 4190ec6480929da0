"""Records of JSON, CSV and parquet files come one by one, whatever the compression and wherever a chunk ends."""

from __future__ import annotations

import bz2
import gzip
import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_data.errors import ReferenceSetError
from reference_data.sources import records as module
from reference_data.sources.records import records

if TYPE_CHECKING:
    from pathlib import Path

VALUES = st.recursive(
    st.sampled_from([None, True, 12, -1.5e-7]) | st.text(alphabet='a"\\[]{},: é', max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from('a"]'), inner, max_size=2),
    max_leaves=4,
)
OBJECTS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "entries"]), VALUES, max_size=3), max_size=4)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(OBJECTS, st.integers(1, 40), st.sampled_from([None, 2]))
def test_a_json_array_gives_its_elements_wherever_a_chunk_ends(
    tmp_path: Path, elements: list[dict[str, object]], chunk: int, indent: int | None
) -> None:
    (tmp_path / "array.json").write_text(json.dumps(elements, indent=indent), encoding="utf-8")
    answer = {"links": {"next": None}, "rows": elements, "meta": [1, 2]}
    (tmp_path / "object.json").write_text(json.dumps(answer, indent=indent), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_CHARACTERS", chunk)
        assert list(records(tmp_path / "array.json", [])) == elements
        assert list(records(tmp_path / "object.json", [], "rows")) == elements


ROWS = [{"id": "a", "x": "1"}, {"id": "b", "x": "two, three"}, {"id": "c", "x": ""}]


@pytest.mark.parametrize(
    "ending", [".csv", ".csv.gz", ".csv.bz2", ".json.gz", ".json.bz2", ".jsonl", ".jsonl.bz2", ".parquet"]
)
def test_every_kind_and_compression_gives_the_same_records(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t{ending}"
    if ending == ".parquet":
        pq.write_table(pa.Table.from_pylist([{**row, "other": 1} for row in ROWS]), path)
    else:
        if ending.startswith(".csv"):
            text = "id,other,x\n" + "".join(f'{row["id"]},7,"{row["x"]}"\n' for row in ROWS)
        elif ending.startswith(".jsonl"):
            text = "\n".join(json.dumps(row) for row in ROWS) + "\n\n"
        else:
            text = json.dumps(ROWS)
        content = text.encode()
        packed = gzip.compress(content) if ending.endswith(".gz") else content
        path.write_bytes(bz2.compress(content) if ending.endswith(".bz2") else packed)
    assert list(records(path, ["id", "x"])) == ROWS


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.json", b'[{"a": 1}, {"a": 2', "cannot be read"),
        ("t.json", b'[{"a": 1} {"a": 2]', "cannot be read"),
        ("t.json", b'{"a": 1}', "there is no array"),
        ("t.json", b"[1]", "element 0 of .* is a JSON int"),
        ("t.json", b'["\xff"]', "cannot be read"),
        ("t.json.gz", gzip.compress(b"[{}]", mtime=0)[:-9], "cannot be read"),
        ("t.json.bz2", bz2.compress(b"[{}]")[:-9], "cannot be read"),
        ("t.jsonl", b'{"a": 1}\n{"a": \n', "cannot be read"),
        ("t.xlsx", b"x", "unknown kind; expected a file ending in"),
    ],
)
def test_a_broken_file_is_one_clear_error(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReferenceSetError, match=message):
        list(records(tmp_path / name, ["a"]))
