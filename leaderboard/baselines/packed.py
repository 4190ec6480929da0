"""A run packed for shipping: what the pages show, in as few bytes as may be."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from leaderboard.store.run import TABLES
from leaderboard.store.tables import COLUMNS, ENERGIES, NEEDED, STRUCTURES

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.store.run import Run

FINGERPRINTS = ("bawl", "short_bawl", "canonical_bawl")
"""Texts that no page prints."""
RECORDS = ("run.json", "scores.json")
COMPRESSION_LEVEL = 19


CELLS = ("lattice", "frac_coords")
"""Of a structure; without them its elements are left."""


def pack(run: Run, folder: Path, *, with_cells: bool = True) -> int:
    """Write a run into a folder; the number of bytes.

    Structures are kept whole, or their elements alone where their cells are not ours to ship; so are energies. Of the
    facts, lists, fingerprints and numbers that no page prints are left out: scores are made of them before, and the
    structures give them again.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in RECORDS:
        shutil.copyfile(run.path / name, folder / name)
    for name in (*TABLES, ENERGIES):
        if (run.path / name).exists():
            table = pq.read_table(run.path / name)
            if name == COLUMNS:
                table = _shown(table)
            if name == STRUCTURES and not with_cells:
                table = _without_cells(table)
            write_packed(table, folder / name)
    return sum(path.stat().st_size for path in folder.iterdir())


def write_packed(table: pa.Table, path: Path) -> None:
    """Write a table with the bytes of its numbers in streams of their own, which compress well."""
    leaves = [leaf for field in table.schema for leaf in _leaves(field.name, field.type)]
    numbers = [path for path, kind in leaves if pa.types.is_floating(kind)]
    others = [path for path, kind in leaves if not pa.types.is_floating(kind)]
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        use_dictionary=others,
        use_byte_stream_split=numbers,
    )


def _without_cells(structures: pa.Table) -> pa.Table:
    for name in CELLS:
        at = structures.schema.get_field_index(name)
        field = structures.schema.field(at)
        structures = structures.set_column(at, field, pa.nulls(structures.num_rows, field.type))
    return structures


def _shown(columns: pa.Table) -> pa.Table:
    needed = NEEDED[COLUMNS]
    left_out = [
        field.name
        for field in columns.schema
        if field.name in FINGERPRINTS
        or pa.types.is_list(field.type)
        or (pa.types.is_floating(field.type) and field.name not in needed)
    ]
    return columns.drop_columns(left_out)


def _leaves(path: str, kind: pa.DataType) -> list[tuple[str, pa.DataType]]:
    """Columns of plain values inside one column, by their path as parquet names it."""
    if pa.types.is_list(kind):
        return _leaves(f"{path}.list.element", kind.value_type)
    if pa.types.is_struct(kind):
        return [leaf for field in kind for leaf in _leaves(f"{path}.{field.name}", field.type)]
    return [(path, kind)]
