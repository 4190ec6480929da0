"""Decoded JSON becomes records: a structure, a row that carries one in a field, a text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from submissions.formats.detect import STRUCTURE_COLUMNS, Format, detect
from submissions.formats.pymatgen_dict import is_structure
from submissions.formats.table import EMPTY_CELLS, ID_COLUMNS, from_cell, named_columns
from submissions.record import Record
from submissions.refusal import Reason, RecordRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from submissions.limits import Limits

_CLASS = "@class"
_ENTRY = "attributes"
_TEXTS = (Format.CIF, Format.POSCAR, Format.EXTXYZ)
_HEAD_CHARACTERS = 65_536


def shows_a_structure(keys: Iterable[str]) -> bool:
    """Whether an object with these keys is a structure or carries one."""
    row = dict.fromkeys(keys)
    return is_structure(row) or _CLASS in row or _ENTRY in row or bool(named_columns(row, STRUCTURE_COLUMNS))


def is_record(row: Mapping[str, Any]) -> bool:
    """Whether a decoded object is one structure or a row that carries one, not a table of them."""
    if is_structure(row) or _CLASS in row:
        return True
    fields = named_columns(row, STRUCTURE_COLUMNS)
    return bool(fields) and not any(_is_table(field) for field in fields)


def only_structure(cells: Sequence[Any]) -> object:
    """The one structure in a row without names of columns; None where it has none or several."""
    found = [cell for cell in cells if is_structure_cell(cell)]
    others = [cell for cell in cells if isinstance(cell, dict | list) and not is_structure_cell(cell)]
    return found[0] if len(found) == 1 and len(cells) > 1 and not others else None


def is_structure_cell(value: object) -> bool:
    """Whether a decoded value is a structure, as an object or as text."""
    if isinstance(value, dict):
        return is_structure(value) or _CLASS in value
    return isinstance(value, str) and is_structure_text(value)


def is_structure_text(text: str) -> bool:
    """Whether a text is a structure in a format of text, or the JSON of an object that shows one."""
    try:
        kind = detect(text[:_HEAD_CHARACTERS].encode("utf-8", "surrogatepass"))
    except RecordRefusedError:
        return False
    return kind in _TEXTS or (
        kind is Format.JSON and any(f'"{key}"' in text for key in ("lattice", "positions", "cif"))
    )


def of_row(row: Mapping[str, Any], name: str, limits: Limits, *, piece: bytes | None = None) -> Record:
    """Record of a decoded object, named by its id.

    Args:
        row: a structure or a row that carries one.
        name: what it is called without an id of its own; nothing for a structure that stands for its file.
        limits: the bounds.
        piece: the object as it is written; it is written again where there is none.

    """
    own_name = next((str(value) for value in named_columns(row, ID_COLUMNS) if _is_name(value)), "") or name
    fields = [] if is_structure(row) else named_columns(row, STRUCTURE_COLUMNS)
    if fields:
        return of_field(next((field for field in fields if not _is_empty(field)), None), own_name, limits)
    # A lone structure is its file, whatever id it carries; a row that wraps one is a row of a table.
    return Record(own_name if name else "", "json", json.dumps(row).encode() if piece is None else piece)


def of_field(value: object, name: str, limits: Limits) -> Record:
    """Record of a decoded value that is not named by itself."""
    if isinstance(value, RecordRefusedError):
        return Record(name, "json", b"", value.reason, value.detail)
    if isinstance(value, str):
        return from_cell(name, value.encode("utf-8", "surrogatepass"), limits)
    if _is_empty(value):
        detail = "null stands where a structure should, as of a failed generation"
        return Record(name, "json", b"", Reason.EMPTY, detail)
    if not isinstance(value, dict):
        detail = f"a JSON {type(value).__name__} is no structure; write Structure.as_dict()"
        return Record(name, "json", b"", Reason.MALFORMED, detail)
    return Record(name, "json", json.dumps(value).encode())


def _is_table(field: object) -> bool:
    return bool(field) and (isinstance(field, list) or (isinstance(field, dict) and not shows_a_structure(field)))


def _is_empty(value: object) -> bool:
    is_nan = isinstance(value, float) and value != value  # noqa: PLR0124 - NaN is what differs from itself
    if isinstance(value, str):
        return value.strip().lower().encode("utf-8", "replace") in EMPTY_CELLS
    return value is None or is_nan


def _is_name(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
