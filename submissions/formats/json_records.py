"""JSON and JSON lines: every element or line is a record.

Three shapes are cut here: an array, lines of objects, and one object, which is a structure unless it is an OPTIMADE
response, whose `data` array holds the records. The text is cut at brackets first and only then decoded record by
record, so that no more than one record is ever turned into Python objects.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from submissions.checked import parse_json
from submissions.formats.detect import STRUCTURE_COLUMNS
from submissions.formats.table import ID_COLUMNS, from_cell
from submissions.record import Record
from submissions.refusal import FileRefusedError, Reason, RecordRefusedError
from submissions.stream import HEAD_BYTES, too_large

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from submissions.limits import Limits

_BOM = b"\xef\xbb\xbf"
# A whole string, closed or not, or one bracket or comma. Possessive, so that an unclosed string is scanned once.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
_DATA_ARRAY = re.compile(rb'"data"\s*:\s*(?=\[)')


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    """One record per element or line, named by its id, else by its number from 0; a lone structure is nameless."""
    text = stream.read()
    start = len(head := text[:HEAD_BYTES]) - len(head.removeprefix(_BOM).lstrip())
    if text[start : start + 1] == b"[":
        pieces = _elements(text, start, limits, to_end=True)
    elif _is_lines(text, start, limits):
        pieces = (line for line in _lines(text, start, limits) if line)
    elif (data := _data_array(text, start, limits)) is not None:
        pieces = _elements(text, data, limits, to_end=False)
    else:
        yield _record(_piece(text, start, len(text), limits), "", limits)
        return
    for number, piece in enumerate(pieces):
        yield _record(piece, str(number), limits)


def _piece(text: bytes, begin: int, end: int, limits: Limits) -> bytes:
    """Part of the text without the blanks around it; of one too large, no more than shows that it is."""
    return text[begin : min(end, begin + limits.record_bytes + 1)].strip()


def _lines(text: bytes, start: int, limits: Limits) -> Iterator[bytes]:
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        yield _piece(text, start, end, limits)
        start = end + 1


def _is_lines(text: bytes, start: int, limits: Limits) -> bool:
    """Whether objects stand one to a line, be the first or the second of them damaged."""
    lines = (line for line in _lines(text, start, limits) if line)
    first, second = next(lines, b""), next(lines, b"")
    # Inside one object a second line cannot begin with a bracket: a key must come first.
    if second.startswith(b"{"):
        return True
    try:
        _row(first, limits)
    except RecordRefusedError:
        return False
    return bool(second)


def _tokens(text: bytes, start: int, limits: Limits) -> Iterator[tuple[int, int, int]]:
    """Each string, bracket and comma from `start` on: where it begins, its first byte, and how deep it leaves us."""
    depth = 0
    for count, token in enumerate(_TOKEN.finditer(text, start)):
        if count >= limits.parts:
            detail = f"the JSON has more than {limits.parts:,} brackets, commas and strings; hand in fewer structures"
            raise FileRefusedError(Reason.TOO_MANY_PARTS, detail)
        mark = text[token.start()]
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
        yield token.start(), mark, depth


def _elements(text: bytes, start: int, limits: Limits, *, to_end: bool) -> Iterator[bytes]:
    """Elements of the array that opens at `start`, as they are written; the last one runs to the end if unclosed.

    With `to_end`, whatever follows the array is one more piece, so that it is refused and not lost.
    """
    begin, depth = start + 1, 1
    for position, mark, depth in _tokens(text, start, limits):
        if depth == 0 or (depth == 1 and mark in b","):
            element = _piece(text, begin, position, limits)
            if element or depth == 1:
                yield element
            begin = position + 1
        if depth == 0:
            break
    if (depth > 0 or to_end) and (element := _piece(text, begin, len(text), limits)):
        yield element


def _data_array(text: bytes, start: int, limits: Limits) -> int | None:
    """Where the `data` array of an OPTIMADE response begins, if the object has one at its first level."""
    for position, mark, depth in _tokens(text, start, limits):
        if depth == 1 and mark in b'"' and (found := _DATA_ARRAY.match(text, position)):
            return found.end()
    return None


def _record(piece: bytes, own_name: str, limits: Limits) -> Record:
    try:
        row = _row(piece, limits)
    except RecordRefusedError as refused:
        return Record(own_name, "json", b"", refused.reason, refused.detail)
    if isinstance(row, str):
        return from_cell(own_name, row.encode("utf-8", "surrogatepass"), limits)
    name = next((str(row[key]) for key in ID_COLUMNS if isinstance(row.get(key), str | int)), "") or own_name
    # An object that names its class is what it says; other objects may carry the structure in one of their fields.
    field = None if "@class" in row else next((row[key] for key in STRUCTURE_COLUMNS if key in row), None)
    if isinstance(field, str):
        return from_cell(name, field.encode("utf-8", "surrogatepass"), limits)
    if field is not None:
        return Record(name, "json", json.dumps(field).encode())
    # A lone structure is its file, whatever id it carries; a row that wraps one is a row of a table.
    return Record(name if own_name else "", "json", piece)


def _row(piece: bytes, limits: Limits) -> dict[str, Any] | str:
    if len(piece) > limits.record_bytes:
        raise RecordRefusedError(Reason.RECORD_TOO_LARGE, too_large(limits))
    row = parse_json(piece)
    if not isinstance(row, dict | str):
        detail = f"a JSON {type(row).__name__} is no structure; write Structure.as_dict()"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    return row
