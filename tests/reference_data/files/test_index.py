"""The look-up index: every row is found, nothing else is, and broken files are noticed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.family import family_of
from reference_data.files.index import INDEX_FILES, Index, IndexBuilder, digests

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEXTS = st.text(alphabet="AB:1", min_size=1, max_size=4)
FORMULAS = st.sampled_from(["NaCl", "KBr", "CsPbI3", "Fe2O3", "O2", "Si", "C", "LaCe"])
Row = tuple[str, list[str], list[str | None], str | None]  # formula, keys, BAWLs, prototype
Columns = tuple[list[list[str]], list[list[str | None]], list[str | None], list[str]]
ROWS = st.lists(
    st.tuples(FORMULAS, st.lists(TEXTS, max_size=3), st.lists(st.none() | TEXTS, max_size=3), st.none() | TEXTS),
    min_size=1,
    max_size=20,
)


def columns(rows: list[Row]) -> Columns:
    """In the order that an index takes them."""
    return [row[1] for row in rows], [row[2] for row in rows], [row[3] for row in rows], [row[0] for row in rows]


def test_digest_is_the_start_of_blake2b() -> None:
    # BLAKE2b with an 8-byte digest of b"abc", from coreutils: printf abc | b2sum -l 64
    assert digests(["abc"]).tobytes().hex() == "d8bb14d833d59559"


@given(ROWS)
def test_written_index_finds_exactly_the_rows_of_each_text_and_formula(rows: list[Row]) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    formulas, keys, bawls, prototypes = (list(column) for column in zip(*rows, strict=True))
    with TemporaryDirectory() as folder:
        Index.build(keys, bawls, prototypes, formulas).write(Path(folder))
        index = Index.open(Path(folder))
        wanted = sorted({key for keys_of_row in keys for key in keys_of_row} | {"absent"})
        for key, hits in zip(wanted, index.keys.rows_with(wanted), strict=True):
            assert hits.tolist() == [row for row, keys_of_row in enumerate(keys) for _ in range(keys_of_row.count(key))]
        for text_index, column in (
            (index.bawls, bawls),
            (index.prototypes, [[prototype] for prototype in prototypes]),
            (index.families, [[family_of(formula)] for formula in formulas]),
        ):
            wanted = sorted({text for texts in column for text in texts if text is not None} | {"absent"})
            for text, hits in zip(wanted, text_index.rows_with(wanted), strict=True):
                assert hits.tolist() == [row for row, texts in enumerate(column) if text in texts][:1]
        wanted = sorted({*formulas, "absent"})
        for formula, hits in zip(wanted, index.rows_of_formulas(wanted), strict=True):
            assert hits.tolist() == [row for row, formula_of_row in enumerate(formulas) if formula_of_row == formula]


@given(ROWS, st.lists(st.integers(0, 20), max_size=3))
def test_pieces_of_a_table_give_the_index_of_the_whole(rows: list[Row], cuts: list[int]) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    builder = IndexBuilder()
    for start, stop in pairwise([0, *sorted(cuts), len(rows) + 20]):
        builder.add(*columns(rows[start:stop]))
    whole = Index.build(*columns(rows))
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        builder.result().write(Path(one))
        whole.write(Path(other))
        for name in INDEX_FILES:
            assert (Path(one) / name).read_bytes() == (Path(other) / name).read_bytes()


def small_index() -> Index:
    return Index.build([["a", "b"], ["b"]], [["c", None], ["d", "c"]], ["p", None], ["Ag", "B"])


def test_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        small_index().write(tmp_path / name)
    for name in INDEX_FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("name", INDEX_FILES)
@pytest.mark.parametrize("damage", [np.zeros(5, dtype=np.float32), np.zeros((7, 2), dtype=np.uint32), None])
def test_a_foreign_array_is_refused(tmp_path: Path, name: str, damage: NDArray[np.generic] | None) -> None:
    small_index().write(tmp_path)
    if damage is None:
        (tmp_path / name).write_bytes(b"no array")
    else:
        np.save(tmp_path / name, damage)
    with pytest.raises(ValueError):  # noqa: PT011 - numpy's own words for a file that is no array
        Index.open(tmp_path)
