"""Parquet: every row is a record; the structure is text in one column."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from submissions.formats.table import from_cell, id_column, structure_column
from submissions.record import Record
from submissions.refusal import FileRefusedError, Reason, RecordRefusedError, one_line, shown
from submissions.stream import too_large

if TYPE_CHECKING:
    from collections.abc import Iterator

    from submissions.limits import Limits

_BATCH_ROWS = 64


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    """One record per row, named by the id column, else by its number from 0.

    Text columns stay dictionary encoded, so that a value repeated a million times is in memory once. The bytes of the
    rows are counted as they are taken, because the sizes in the footer are claims.
    """
    content = io.BytesIO(stream.read())
    try:
        schema = pq.ParquetFile(content).schema_arrow
        structure = schema.field(structure_column(schema.names, limits))
        if not _is_text(structure.type):
            detail = f"column {structure.name} holds {shown(structure.type)}, text is needed; write CIF or JSON text"
            raise RecordRefusedError(Reason.NO_STRUCTURE_COLUMN, detail)
        name = id_column(schema.names)
        ids = None if name is None else schema.field(name)
        texts = [field.name for field in (structure, ids) if field is not None and _is_text(field.type)]
        file = pq.ParquetFile(content, read_dictionary=texts)
        _check_claims(file.metadata, limits)
        yield from _records(file, structure.name, None if ids is None else ids.name, limits)
    except (pa.ArrowException, OSError, ValueError) as error:
        detail = f"the parquet file cannot be read ({one_line(error)}); write it again"
        raise RecordRefusedError(Reason.DAMAGED, detail) from error


def _records(file: pq.ParquetFile, structure: str, ids: str | None, limits: Limits) -> Iterator[Record]:
    number = taken = 0
    columns = [structure] if ids is None else [structure, ids]
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
        cells = batch.column(structure)
        names = None if ids is None else batch.column(ids)
        for row in range(batch.num_rows):
            record_id = _name(None if names is None else names[row], number, limits)
            size = _size(cells, row)
            taken += size
            number += 1
            if taken > limits.unpacked_bytes:
                raise FileRefusedError(Reason.UNPACKED_TOO_LARGE, _unpacked(limits))
            if size > limits.record_bytes:
                yield Record(record_id, "table", b"", Reason.RECORD_TOO_LARGE, too_large(limits))
            else:
                yield from_cell(record_id, cells[row].value.as_buffer().to_pybytes() if size else b"", limits)


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(
        test(value)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )


def _check_claims(footer: Any, limits: Limits) -> None:  # noqa: ANN401 - pyarrow has no types
    # Only the groups are asked: pyarrow ends the whole process over a column whose statistics are damaged.
    if sum(footer.row_group(group).total_byte_size for group in range(footer.num_row_groups)) > limits.unpacked_bytes:
        raise FileRefusedError(Reason.UNPACKED_TOO_LARGE, _unpacked(limits))


def _unpacked(limits: Limits) -> str:
    return f"the table unpacks to more than {limits.unpacked_bytes:,} bytes; hand in fewer structures"


def _size(cells: pa.DictionaryArray, row: int) -> int:
    """Bytes of one cell, without decoding it."""
    value = cells[row].value
    buffer = None if value is None else value.as_buffer()
    return 0 if buffer is None else int(buffer.size)


def _name(value: pa.Scalar | None, number: int, limits: Limits) -> str:
    if value is None or not value.is_valid:
        return str(number)
    if isinstance(value, pa.DictionaryScalar):
        buffer = value.value.as_buffer()
        # More bytes than an id may have, so that one too long is still seen to be.
        head = buffer.slice(0, min(buffer.size, 5 * limits.id_characters))
        return head.to_pybytes().decode("utf-8", "surrogateescape") or str(number)
    return str(value.as_py())
