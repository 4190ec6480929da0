"""A CIF is cut into the structures that somebody meant, and into nothing else."""

from __future__ import annotations

import io

import pytest

from submissions.formats import cif
from submissions.limits import Limits
from submissions.record import Ignored, Record
from submissions.refusal import Reason, RecordRefusedError
from tests.submissions.formats.cif.texts import read, written

ROWS = ("K1 K 0 0 0", "Br1 Br .5 .5 .5")


def block(name: str, *items: str) -> str:
    return written(ROWS, *items).replace("data_made", f"data_{name}")


def cut(text: str | bytes, limits: Limits | None = None) -> tuple[list[Record], list[str]]:
    """Records, and names of what is left out."""
    content = text.encode() if isinstance(text, str) else text
    pieces = list(cif.split(io.BufferedReader(io.BytesIO(content)), limits or Limits()))
    return [one for one in pieces if isinstance(one, Record)], [one.name for one in pieces if isinstance(one, Ignored)]


def names(text: str | bytes) -> list[str]:
    return [record.id for record in cut(text)[0]]


def test_one_block_has_the_name_of_its_file_and_several_have_their_own() -> None:
    assert names(block("a")) == [""]
    assert names(block("a") + block("b") + block("")) == ["a", "b", "2"]
    assert names(block("a").replace("data_", "DATA_") + block("b").replace("data_", "  Data_")) == ["a", "b"]


def test_every_record_is_read_as_it_was() -> None:
    for record in cut(block("a") + "# between\n\n" + block("b", "_x\n;\ndata_c\n;") + "\ufeff" + block("c"))[0]:
        assert read(record.payload.decode()).n_sites == 2


@pytest.mark.parametrize(
    "metadata", ["data_global\n_journal_year 2021\n", "data_pwd\nloop_\n_pd_meas_counts\n1\n2\n", "data_global\n"]
)
def test_metadata_is_left_out_and_named(metadata: str) -> None:
    for text in (metadata + block("a"), block("a") + metadata):
        records, ignored = cut(text)
        assert [record.id for record in records] == [""]
        assert len(ignored) == 1


@pytest.mark.parametrize(
    "broken", ["data_b\n", "data_b\n_cell_length_a 4\n", "data_b\n_symmetry_space_group_name_H-M Fm-3m\n"]
)
def test_a_structure_that_failed_counts(broken: str) -> None:
    assert names(block("a") + broken + block("c")) == ["a", "b", "c"]


@pytest.mark.parametrize("text", ["data_global\n_journal_year 2021\n", "data_\n", "data_x"])
def test_a_file_without_any_structure_is_one_refused_record(text: str) -> None:
    records, _ = cut(text)
    assert len(records) == 1
    if records[0].refusal is None:
        with pytest.raises(RecordRefusedError):
            cif.parse(records[0].payload, Limits())


def test_no_block_is_no_cif() -> None:
    with pytest.raises(RecordRefusedError, match="no CIF"):
        cut("loop_\n_cell_length_a\n4\n")


def test_a_byte_order_mark_hides_no_block() -> None:
    joined = "\ufeff" + block("a") + "\ufeff" + block("b")
    assert names(joined) == ["a", "b"]


def test_text_fields_begin_no_blocks() -> None:
    field = "_x\n;\nsee also\ndata_other\nof last year\n;"
    assert names(block("a", field)) == [""]
    assert names(block("a", field) + block("b", field)) == ["a", "b"]
    # no text field, as it does not begin its line
    assert names(block("a", "_x ;") + block("b")) == ["a", "b"]


def test_a_text_field_without_an_end_does_not_swallow_what_follows() -> None:
    text = block("a") + block("b", "_x\n;\nno end") + block("c") + block("d")
    assert names(text) == ["a", "b", "c", "d"]
    records = cut(text)[0]
    assert [read(record.payload.decode()).n_sites for record in (records[0], *records[2:])] == [2, 2, 2]
    with pytest.raises(RecordRefusedError):
        cif.parse(records[1].payload, Limits())


def test_a_huge_block_is_refused_and_the_next_is_read() -> None:
    records, _ = cut(block("a") + block("b", f"_x '{'y' * 3000}'\n" * 10) + block("c"), Limits(record_bytes=10_000))
    assert [record.refusal for record in records] == [None, Reason.RECORD_TOO_LARGE, None]
