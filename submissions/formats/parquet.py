"""Parquet: every row is a record; the structure is text in one column."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from submissions.formats.table import first_filled, from_cell, id_column, structure_columns
from submissions.record import Record
from submissions.refusal import FileRefusedError, Reason, RecordRefusedError, one_line, shown
from submissions.stream import read_all, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from submissions.limits import Limits

_BATCH_ROWS = 64


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    """One record per row, named by the id column, else by its number from 0.

    Text columns stay dictionary encoded, so that a value repeated a million times is in memory once. The bytes of the
    rows are counted as they are read, because the sizes in the footer are claims.
    """
    content = io.BytesIO(read_all(stream))
    try:
        schema = pq.ParquetFile(content).schema_arrow
        fields = [schema.field(place) for place in structure_columns(schema.names, limits)]
        structures = list(dict.fromkeys(field.name for field in fields if _is_text(field.type)))
        if not structures:
            # nested columns are not read: what they unpack to cannot be bounded before it is in memory
            detail = f"column {fields[0].name} holds {shown(fields[0].type)}, text is needed; write json.dumps of each"
            raise RecordRefusedError(Reason.NO_STRUCTURE_COLUMN, detail)
        name = id_column(schema.names)
        ids = None if name is None or not _is_name(schema.field(name).type) else schema.field(name)
        texts = [*structures, *([ids.name] if ids is not None and _is_text(ids.type) else [])]
        file = pq.ParquetFile(content, read_dictionary=texts)
        _check_claims(file.metadata, limits)
        yield from _records(file, structures, None if ids is None else ids.name, limits)
    except MemoryError:  # of Arrow, which is also one of its own exceptions
        raise
    except (pa.ArrowException, OSError, ValueError, LookupError) as error:
        detail = f"the parquet file cannot be read ({one_line(error)}); write it again"
        raise RecordRefusedError(Reason.DAMAGED, detail) from error


def _records(file: pq.ParquetFile, structures: Sequence[str], ids: str | None, limits: Limits) -> Iterator[Record]:
    number = spent = 0
    columns = list(dict.fromkeys([*structures, *([] if ids is None else [ids])]))
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
        cells = [cell for structure in structures for cell in _columns(batch, structure)]
        names = None if ids is None else batch.column(batch.schema.names.index(ids))
        for row in range(batch.num_rows):
            record_id = _name(None if names is None else names[row], number, limits)
            sizes = [_size(cell, row) for cell in cells]
            spent += sum(sizes)
            number += 1
            if spent > limits.unpacked_bytes:
                raise FileRefusedError(Reason.UNPACKED_TOO_LARGE, _unpacked(limits))
            if max(sizes) > limits.record_bytes:
                yield Record(record_id, "table", b"", Reason.RECORD_TOO_LARGE, too_large(limits))
            else:
                stored = [_stored(cell, row) for cell in cells]
                texts = [buffer.to_pybytes() for buffer in stored if buffer is not None and buffer.size]
                yield from_cell(record_id, first_filled(texts), limits)


def _columns(batch: pa.RecordBatch, name: str) -> list[pa.Array]:
    """Columns of a name, of which there may be several; those of text."""
    places = [place for place, other in enumerate(batch.schema.names) if other == name]
    return [batch.column(place) for place in places if _is_text(batch.schema.field(place).type)]


def _is_name(kind: pa.DataType) -> bool:
    """Whether values of a type can be ids; of nested ones nobody knows how large they unpack."""
    return _is_text(kind) or pa.types.is_primitive(kind) or pa.types.is_decimal(kind)


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
    return f"the table unpacks to more than {limits.unpacked_bytes:,} bytes; submit fewer structures"


def _size(cells: pa.Array, row: int) -> int:
    """Bytes of one cell, without decoding it."""
    stored = _stored(cells, row)
    return 0 if stored is None else int(stored.size)


def _stored(cells: pa.Array, row: int) -> pa.Buffer | None:
    """Where the bytes of one cell lie; None of a null."""
    value = cells[row]
    if isinstance(value, pa.DictionaryScalar):
        value = value.value
    return None if value is None else value.as_buffer()


def _name(value: pa.Scalar | None, number: int, limits: Limits) -> str:
    if value is None or not value.is_valid:
        return str(number)
    if _is_text(value.type):
        buffer = (value.value if isinstance(value, pa.DictionaryScalar) else value).as_buffer()
        # More bytes than an id may have, so that one too long is still seen to be.
        head = buffer.slice(0, min(buffer.size, 5 * limits.id_characters))
        return head.to_pybytes().decode("utf-8", "surrogateescape") or str(number)
    return str(value.as_py())
