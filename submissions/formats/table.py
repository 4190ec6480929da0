"""CSV and TSV: every row is a record; the structure is text in one column."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from submissions.formats.detect import STRUCTURE_COLUMNS, Format, detect
from submissions.record import Record
from submissions.refusal import Reason, RecordRefusedError, one_line, shown
from submissions.stream import lines, too_large

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Sequence

    from submissions.limits import Limits

_BLANK = b"\r\n "
ID_COLUMNS = ("id", "material_id", "file", "name")
_CELL_FORMATS = {Format.CIF: "cif", Format.JSON: "json", Format.POSCAR: "poscar", Format.EXTXYZ: "extxyz"}


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    """One record per row, named by the id column, else by its number from 0; lines of blanks are no rows."""
    rows = _rows(stream, limits)
    header_bytes = next(rows)
    if header_bytes is None:
        detail = f"the header has more than {limits.record_bytes:,} bytes; write the table again"
        raise RecordRefusedError(Reason.NO_STRUCTURE_COLUMN, detail)
    header_text = header_bytes.decode("utf-8-sig", "surrogateescape")
    delimiter = "\t" if "\t" in header_text else ","
    header = _fields(header_text, delimiter, limits)
    structure = structure_column(header, limits)
    name = id_column(header)
    for number, row in enumerate(rows):
        if row is None:
            yield Record(str(number), "table", b"", Reason.RECORD_TOO_LARGE, too_large(limits))
            continue
        try:
            fields = _fields(row.decode("utf-8", "surrogateescape"), delimiter, limits)
        except RecordRefusedError as refused:
            yield Record(str(number), "table", b"", refused.reason, refused.detail)
            continue
        record_id = (fields[name] if name is not None and name < len(fields) else "") or str(number)
        if len(fields) != len(header):
            detail = f"the row has {len(fields)} cells, the header {len(header)}; write the table again"
            yield Record(record_id, "table", b"", Reason.MALFORMED, detail)
        else:
            yield from_cell(record_id, fields[structure].encode("utf-8", "surrogateescape"), limits)


def structure_column(header: Sequence[str], limits: Limits) -> int:
    """Index of the column that holds structures: the first that exists of the four names.

    Raises:
        RecordRefusedError: there is none, or there are too many columns.

    """
    if len(header) > limits.table_columns:
        detail = f"{len(header):,} columns, at most {limits.table_columns:,}; keep id and structure"
        raise RecordRefusedError(Reason.NO_STRUCTURE_COLUMN, detail)
    for column in STRUCTURE_COLUMNS:
        if column in header:
            return header.index(column)
    detail = f"columns {shown(', '.join(header))}, one must be {', '.join(STRUCTURE_COLUMNS)}; rename yours"
    raise RecordRefusedError(Reason.NO_STRUCTURE_COLUMN, detail)


def id_column(header: Sequence[str]) -> int | None:
    """Index of the column that holds ids: the first that exists of the four names, else None."""
    return next((header.index(column) for column in ID_COLUMNS if column in header), None)


def from_cell(record_id: str, cell: bytes, limits: Limits) -> Record:
    """Record of one cell, whose format is told from its content."""
    if len(cell) > limits.record_bytes:
        return Record(record_id, "table", b"", Reason.RECORD_TOO_LARGE, too_large(limits))
    try:
        found = detect(cell)
    except RecordRefusedError as refused:
        return Record(record_id, "table", b"", refused.reason, refused.detail)
    if found not in _CELL_FORMATS:
        detail = f"the cell holds {found}, CIF text or a pymatgen dict as JSON is needed; write it as text"
        return Record(record_id, "table", b"", Reason.UNREADABLE_FORMAT, detail)
    return Record(record_id, _CELL_FORMATS[found], cell)


def _rows(stream: io.BufferedReader, limits: Limits) -> Iterator[bytes | None]:
    """Logical rows, None for one that is too large.

    A row ends at a line end outside quotes, where the quotes seen so far are even in number. Counting them here bounds
    a row before it is in memory, which csv.reader does not.
    """
    kept: list[bytes] = []
    size = quotes = 0
    for piece, line_ends in lines(stream, limits.record_bytes):
        size += len(piece)
        quotes += piece.count(b'"')
        if size <= limits.record_bytes:
            kept.append(piece)
        else:
            kept.clear()
        if line_ends and quotes % 2 == 0:
            if size > limits.record_bytes:
                yield None
            elif row := b"".join(kept).strip(_BLANK):
                yield row
            kept, size, quotes = [], 0, 0
    if size > limits.record_bytes:
        yield None
    elif row := b"".join(kept).strip(_BLANK):
        yield row


def _fields(text: str, delimiter: str, limits: Limits) -> list[str]:
    # A process-wide setting that only ever grows, so that no two readers can disturb each other.
    if csv.field_size_limit() < limits.record_bytes:
        csv.field_size_limit(limits.record_bytes)
    try:
        return next(csv.reader([text], delimiter=delimiter))
    except csv.Error as error:
        detail = f"a row is no CSV ({one_line(error)}); write the table again"
        raise RecordRefusedError(Reason.MALFORMED, detail) from error
