"""CSV and TSV: every row is a record; the structure is text in one column."""

from __future__ import annotations

import io
from itertools import islice
from typing import TYPE_CHECKING, Any

from submissions.files.unpack import without_mark
from submissions.formats import extxyz, poscar
from submissions.formats.csv_rows import Rows
from submissions.formats.detect import STRUCTURE_COLUMNS, Format, column_name, delimiter_of, detect
from submissions.record import Record
from submissions.refusal import Reason, RecordRefusedError, shown
from submissions.stream import HEAD_BYTES, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from submissions.limits import Limits

_NEVER_CLOSED = "a quote that opens a cell is never closed, so where the cell ends is lost"
ID_COLUMNS = ("id", "material_id", "file", "name")
_CELL_FORMATS = {Format.CIF: "cif", Format.JSON: "json", Format.POSCAR: "poscar", Format.EXTXYZ: "extxyz"}
# Texts that may go on with a second structure.
_SPLITTERS = {Format.POSCAR: poscar.split, Format.EXTXYZ: extxyz.split}
EMPTY_CELLS = (b"", b"nan", b"none", b"null", b"na", b"n/a")
"""What programs write into a cell that holds nothing."""
_LONGEST_EMPTY = 100


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    """One record per row, named by the id column, else by its number from 0; lines of blanks are no rows."""
    rows = Rows(stream, limits)
    every = iter(rows)
    first = next(every)
    if first.text is None:
        detail = f"the header has more than {limits.record_bytes:,} bytes; write the table again"
        raise RecordRefusedError(Reason.NO_STRUCTURE_COLUMN, detail)
    header_text = first.text.decode("utf-8", "surrogateescape")
    rows.delimiter = delimiter_of(header_text)
    header = rows.cells(header_text)
    # `id, cif` over rows written so too: the blank before a quote is no part of the cell
    rows.has_blanks = any(column.startswith(" ") for column in header[1:])
    structures = structure_columns(header, limits)
    name = id_column(header)
    for number, row in enumerate(every):
        if row.text is None:
            lost = f"; {_NEVER_CLOSED}" if row.is_open else ""
            yield Record(str(number), "table", b"", Reason.RECORD_TOO_LARGE, too_large(limits) + lost)
            continue
        try:
            fields = rows.cells(row.text.decode("utf-8", "surrogateescape"))
        except RecordRefusedError as refused:
            yield Record(str(number), "table", b"", refused.reason, refused.detail)
            continue
        record_id = (fields[name] if name is not None and name < len(fields) else "") or str(number)
        if row.is_open:
            yield Record(record_id, "table", b"", Reason.MALFORMED, f"{_NEVER_CLOSED}; write the table again")
        elif len(fields) != len(header):
            detail = f"the row has {len(fields)} cells, the header {len(header)}; write the table again"
            yield Record(record_id, "table", b"", Reason.MALFORMED, detail)
        else:
            cells = [fields[column].encode("utf-8", "surrogateescape") for column in structures]
            yield from_cell(record_id, first_filled(cells), limits)


def structure_columns(header: Sequence[str], limits: Limits) -> list[int]:
    """Indices of the columns that hold structures, the first of the four names first; case and blanks do not matter.

    Raises:
        RecordRefusedError: there is none, or there are too many columns.

    """
    if len(header) > limits.table_columns:
        detail = f"{len(header):,} columns, at most {limits.table_columns:,}; keep id and structure"
        raise RecordRefusedError(Reason.NO_STRUCTURE_COLUMN, detail)
    found = _columns_named(header, STRUCTURE_COLUMNS)
    if not found:
        detail = f"columns {shown(', '.join(header))}, one must be {', '.join(STRUCTURE_COLUMNS)}; rename yours"
        raise RecordRefusedError(Reason.NO_STRUCTURE_COLUMN, detail)
    return found


def id_column(header: Sequence[str]) -> int | None:
    """Index of the column that holds ids: the first that exists of the four names, else None."""
    return next(iter(_columns_named(header, ID_COLUMNS)), None)


def named_columns(row: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    """Values of an object's fields of these names, in the order of the names."""
    keys = list(row)
    return [row[keys[place]] for place in _columns_named(keys, names)]


def first_filled(cells: Sequence[bytes]) -> bytes:
    """The first cell that holds something, else the first."""
    filled = (cell for cell in cells if len(cell) > _LONGEST_EMPTY or cell.strip().lower() not in EMPTY_CELLS)
    return next(filled, b"")


def from_cell(record_id: str, cell: bytes, limits: Limits) -> Record:
    """Record of one cell, whose format is told from its content."""
    if len(cell) > limits.record_bytes:
        return Record(record_id, "table", b"", Reason.RECORD_TOO_LARGE, too_large(limits))
    try:
        text = without_mark(io.BufferedReader(io.BytesIO(cell))).read()
        kind = _kind_of_one(text, limits)
    except RecordRefusedError as refused:
        return Record(record_id, "table", b"", refused.reason, refused.detail)
    return Record(record_id, _CELL_FORMATS[kind], text)


def _kind_of_one(text: bytes, limits: Limits) -> Format:
    """Format of a cell's one structure.

    Raises:
        RecordRefusedError: it is none of a text, or there is a second structure.

    """
    kind = detect(text[:HEAD_BYTES])
    if kind not in _CELL_FORMATS:
        detail = f"the cell holds {kind}, CIF text or a pymatgen dict as JSON is needed; write it as text"
        raise RecordRefusedError(Reason.UNREADABLE_FORMAT, detail)
    if kind in _SPLITTERS and len(list(islice(_SPLITTERS[kind](io.BufferedReader(io.BytesIO(text)), limits), 2))) > 1:
        raise RecordRefusedError(Reason.MALFORMED, "the cell holds 2 structures or more, 1 is needed; give each a row")
    return kind


def _columns_named(header: Sequence[str], names: Sequence[str]) -> list[int]:
    """Places of columns of these names in the order of the names; one written exactly so before one written alike."""
    found = []
    for name in names:
        alike = [place for place, column in enumerate(header) if column_name(column) == column_name(name)]
        found += sorted(alike, key=lambda place: header[place] != name)
    return found
