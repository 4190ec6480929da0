"""JSON and JSON lines: every structure that the text holds is a record, in whatever object or list it stands.

Lists and lines of structures, of rows that carry one, or of CIF texts; objects by id; what pandas, ASE's JSON database
and OPTIMADE write. The text is cut at brackets and decoded record by record, so that no more than one record is ever
turned into Python objects.
"""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from submissions.checked import is_python_literal, parse_json
from submissions.files.ignored import names_facts
from submissions.formats import optimade
from submissions.formats.detect import STRUCTURE_COLUMNS, column_name
from submissions.formats.json_cut import Member, Span, Text
from submissions.formats.json_rows import (
    is_record,
    is_structure_text,
    of_field,
    of_row,
    only_structure,
    shows_a_structure,
)
from submissions.formats.table import ID_COLUMNS, named_columns
from submissions.record import Ignored, Record
from submissions.refusal import FileRefusedError, Reason, RecordRefusedError
from submissions.stream import read_all, too_large

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Sequence

    from submissions.limits import Limits

_OPEN = (b"{", b"[")
# Two values side by side, which stands in no JSON text outside its strings.
_SIDE_BY_SIDE = re.compile(rb"[}\]]\s*+[{\[]")
# Names of what pandas (orient `split`) and OPTIMADE write.
_ENTRIES, _COLUMNS, _INDEX = "data", "columns", "index"
_NAMES = ("ids", "names", *ID_COLUMNS)
# What ASE's JSON database keeps beside its rows.
_ASE_KEYS = ("ids", "nextid")
# Keys of texts about a file that stand beside its structures.
_HEADING_KEYS = "model name title author authors date created source description comment doi"
_HEADINGS = frozenset(_HEADING_KEYS.split())
# How deep containers of structures may be nested in each other, and how much of one is looked at.
_DEPTH = 4
_LOOKED_AT = 5
_KEYS = 40


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record | Ignored]:
    """One record per structure, named by its id or key, else by its number from 0; a lone structure is nameless."""
    text = Text(read_all(stream), limits)
    cutter, start = _Cutter(text, limits), text.skip_blanks(0)
    yield from cutter.lines(start) if cutter.is_lines(start) else cutter.values(start)


class _Cutter:
    """Walks through the containers of one text.

    Args:
        text: the JSON.
        limits: the bounds.

    """

    def __init__(self, text: Text, limits: Limits) -> None:
        self._text = text
        self._content = text.content
        self._limits = limits

    def is_lines(self, start: int) -> bool:
        """Whether values stand one to a line, be the first or the second of them damaged."""
        pieces = (piece for piece in map(self._piece, self._line_spans(start)) if piece)
        first, second = next(pieces, b""), next(pieces, b"")
        # Inside one object a second line cannot begin with a bracket: a key must come first.
        if first.startswith(b"{") and second.startswith(b"{"):
            return True
        return bool(second) and isinstance(self._field(first), dict | str)

    def lines(self, start: int) -> Iterator[Record | Ignored]:
        """Records of the lines; the first line of an OPTIMADE export is a header."""
        spans = (span for span in self._line_spans(start) if self._text.first_byte(span))
        first = next(spans)
        header = self._field(self._piece(first))
        is_optimade = isinstance(header, dict) and optimade.HEADER in header
        for number, span in enumerate(spans if is_optimade else chain((first,), spans)):
            value = self._field(self._piece(span)) if is_optimade else None
            kind = value.get("type") if isinstance(value, dict) else None
            if kind in optimade.OTHER_TYPES:
                yield Ignored(str(number), f"OPTIMADE {kind}")
            else:
                yield from self._value(span, str(number), _DEPTH)

    def values(self, start: int) -> Iterator[Record | Ignored]:
        """Records of the values that stand one after the other from `start` on; one is the rule."""
        number = 0
        for span in self._spans(start):
            is_alone = span.end == len(self._content) and not number
            if self._text.first_byte(span) == b"[":
                pieces = self._array(span, "", 0, number)
            else:
                pieces = self._value(span, "" if is_alone else str(number), 0)
            for piece in pieces:
                number += isinstance(piece, Record)
                yield piece

    def _spans(self, start: int) -> Iterator[Span]:
        while start < len(self._content):
            end = len(self._content)
            if _SIDE_BY_SIDE.search(self._content, start):
                after = self._text.skip_blanks(self._text.end_of(start))
                # what cannot begin a value belongs to the one before, which is then no JSON
                end = after if self._content[after : after + 1] in _OPEN else end
            yield Span(start, end)
            start = end

    def _line_spans(self, start: int) -> Iterator[Span]:
        while start < len(self._content):
            end = self._content.find(b"\n", start)
            end = len(self._content) if end < 0 else end
            yield Span(start, end)
            start = end + 1

    def _array(self, span: Span, prefix: str, depth: int, number: int = 0) -> Iterator[Record | Ignored]:
        """Records of the elements of an array, numbered on from `number`."""
        for element in self._text.elements(self._text.skip_blanks(span.begin), span.end):
            yield from self._value(element, f"{prefix}{number}", depth + 1)
            number += 1

    def _value(self, span: Span, name: str, depth: int) -> Iterator[Record | Ignored]:
        """Records of one value: itself, or what it contains."""
        opening = self._text.first_byte(span)
        if opening not in _OPEN:
            yield self._one(span, name)
            return
        piece = self._piece(span)
        value = self._field(piece)
        if isinstance(value, dict) and is_record(value):
            yield of_row(value, name, self._limits, piece=piece)
        elif isinstance(value, list) and (cell := only_structure(value)) is not None:
            yield of_field(cell, name, self._limits)
        elif depth >= _DEPTH or not self._looks(span.begin, depth):
            yield self._one(span, name)
        elif opening == b"[":
            yield from self._array(span, f"{name}/" if name else "", depth)
        else:
            yield from self._object(span, name, depth)

    def _object(self, span: Span, name: str, depth: int) -> Iterator[Record | Ignored]:
        """Records of an object that holds some, by what its keys say it is."""
        table = self._table(span)
        by_name = {column_name(member.key): member.value for member in table}
        prefix = f"{name}/" if name else ""
        if self._is_one(by_name):
            yield self._one(span, name)
            return
        named = [column_name(key) for key in (*STRUCTURE_COLUMNS, *ID_COLUMNS)]
        columns = {key: by_name[key] for key in named if key in by_name and self._is_column(by_name[key])}
        if named_columns(columns, STRUCTURE_COLUMNS):
            yield from self._of_columns(columns, prefix)
        elif {_COLUMNS, _ENTRIES} <= by_name.keys() and self._text.first_byte(by_name[_COLUMNS]) == b"[":
            yield from self._of_rows(by_name, prefix)
        else:
            holding = [member for member in table if self._looks(member.value.begin, depth + 1)]
            only = holding[0] if len(holding) == 1 else None
            if only is not None and (only.key == _ENTRIES or self._text.first_byte(only.value) == b"["):
                yield from self._of_list(only, by_name, name, depth)
            else:
                yield from self._by_id(table, holding, prefix, depth)

    def _of_list(self, only: Member, by_name: dict[str, Span], name: str, depth: int) -> Iterator[Record | Ignored]:
        """Records of the one member that holds some, named by a list of ids beside it if there is one for each."""
        if self._text.first_byte(only.value) != b"[":
            yield from self._value(only.value, name, depth + 1)
            return
        ids = next((self._scalars(by_name[key]) for key in _NAMES if key in by_name), [])
        walk = self._text.elements(self._text.skip_blanks(only.value.begin))
        spans = list(islice(walk, len(ids) + 1)) if ids else []
        prefix = f"{name}/" if name else ""
        if ids and len(ids) == len(spans):
            for own_name, span in zip(ids, spans, strict=True):
                yield from self._value(span, f"{prefix}{own_name}", depth + 1)
        else:
            yield from self._array(only.value, prefix, depth)

    def _by_id(
        self, table: Sequence[Member], holding: Sequence[Member], prefix: str, depth: int
    ) -> Iterator[Record | Ignored]:
        """Records of the members, named by their keys; what is no structure and not meant as one is left out."""
        chosen = {member.value for member in holding}
        for member in table:
            opening = self._text.first_byte(member.value)
            is_heading = opening == b'"' and member.key.casefold() in _HEADINGS
            is_fact = is_heading or names_facts(member.key) or opening not in (b"{", b'"', b"n", b"N")
            if member.value in chosen:
                yield from self._value(member.value, f"{prefix}{member.key}", depth + 1)
            elif member.key in _ASE_KEYS:
                continue
            elif is_fact:
                yield Ignored(f"{prefix}{member.key}", "a value beside the structures")
            else:
                yield self._one(member.value, f"{prefix}{member.key}")

    def _of_columns(self, columns: dict[str, Span], prefix: str) -> Iterator[Record]:
        """Rows of columns as objects by row (pandas' default) or as lists."""
        tables = {name: self._cells(column) for name, column in columns.items()}
        rows = dict.fromkeys(key for name in STRUCTURE_COLUMNS for key in tables.get(column_name(name), ()))
        for key in rows:
            row = {name: self._field(self._piece(table[key])) for name, table in tables.items() if key in table}
            yield of_row(row, f"{prefix}{key}", self._limits)

    def _of_rows(self, by_name: dict[str, Span], prefix: str) -> Iterator[Record]:
        """Rows of lists under names of columns, as pandas' orient `split` has them."""
        columns = self._scalars(by_name[_COLUMNS])
        index = self._scalars(by_name[_INDEX]) if _INDEX in by_name else []
        start = self._text.skip_blanks(by_name[_ENTRIES].begin)
        for number, span in enumerate(self._text.elements(start)):
            name = f"{prefix}{index[number] if number < len(index) else number}"
            cells = self._field(self._piece(span))
            if isinstance(cells, list) and len(cells) == len(columns):
                yield of_row(dict(zip(columns, cells, strict=True)), name, self._limits)
            else:
                detail = f"the row is no list of {len(columns)} cells, as there are columns; write the table again"
                yield Record(name, "json", b"", Reason.MALFORMED, detail)

    def _looks(self, at: int, depth: int) -> bool:
        """Whether the value that begins here is a structure, carries one, or holds some, by its beginning."""
        at = self._text.skip_blanks(at)
        opening = self._content[at : at + 1]
        if opening == b'"':
            text = self._field(self._piece(self._text.string_at(at)))
            return isinstance(text, str) and is_structure_text(text)
        if depth > _DEPTH or opening not in _OPEN:
            return False
        if opening == b"[":
            return any(self._looks(start, depth + 1) for start in islice(self._text.starts(at), _LOOKED_AT))
        places: dict[str, int] = {}
        for key, place in islice(self._text.keys(at), _KEYS):
            places[key] = place
            if shows_a_structure(places):
                return True
            if _COLUMNS in places and _ENTRIES in places:
                columns = self._scalars(Span(places[_COLUMNS], self._text.end_of(places[_COLUMNS])))
                return bool(named_columns(dict.fromkeys(columns), STRUCTURE_COLUMNS))
        return any(self._looks(place, depth + 1) for place in list(places.values())[:_LOOKED_AT])

    def _table(self, span: Span) -> list[Member]:
        """Members of an object.

        Raises:
            FileRefusedError: there are more than a file may have records.

        """
        walk = self._text.members(self._text.skip_blanks(span.begin))
        table = list(islice(walk, self._limits.members + 1))
        if len(table) > self._limits.members:
            detail = f"a JSON object of more than {self._limits.members:,} members; submit fewer structures in one file"
            raise FileRefusedError(Reason.TOO_MANY_MEMBERS, detail)
        return table

    def _cells(self, column: Span) -> dict[str, Span]:
        """Values of a column by row; those of a list by their number."""
        if self._text.first_byte(column) == b"{":
            return {member.key: member.value for member in self._table(column)}
        start = self._text.skip_blanks(column.begin)
        spans = islice(self._text.elements(start), self._limits.members + 1)
        return {str(number): span for number, span in enumerate(spans)}

    def _is_one(self, by_name: dict[str, Span]) -> bool:
        """Whether an object is one structure or a row that carries one, however damaged."""
        fields = named_columns(by_name, STRUCTURE_COLUMNS)
        if fields and not any(map(self._is_column, fields)):
            return True
        return shows_a_structure({key: None for key in by_name if not fields})

    def _is_column(self, span: Span) -> bool:
        """Whether a value holds the cells of a column and is not itself a structure."""
        opening = self._text.first_byte(span)
        if opening != b"{":
            return opening == b"["
        keys = [key for key, _ in islice(self._text.keys(self._text.skip_blanks(span.begin)), _KEYS)]
        return not shows_a_structure(keys)

    def _scalars(self, span: Span) -> list[str]:
        value = self._field(self._piece(span))
        return [str(one) for one in value] if isinstance(value, list) else []

    def _one(self, span: Span, name: str) -> Record:
        """Record of a value as it stands."""
        piece = self._piece(span)
        # read where it is parsed: what str() makes of Python's objects takes a hundred times as long as JSON
        if is_python_literal(piece):
            return Record(name, "json", piece)
        return of_field(self._field(piece), name, self._limits)

    def _piece(self, span: Span) -> bytes:
        """Part of the text without the blanks around it; of one too large, no more than shows that it is."""
        begin = self._text.skip_blanks(span.begin, span.end)
        end = begin + self._limits.record_bytes + 1
        if end < span.end and self._text.skip_blanks(end, span.end) < span.end:
            return self._content[begin:end]
        return self._content[begin : min(span.end, end)].strip()

    def _field(self, piece: bytes) -> Any:  # noqa: ANN401 - whatever the submission holds
        """What a value decodes to, or the refusal that says why it does not."""
        if len(piece) > self._limits.record_bytes:
            return RecordRefusedError(Reason.RECORD_TOO_LARGE, too_large(self._limits))
        if is_python_literal(piece):
            return RecordRefusedError(Reason.MALFORMED, "this is str() of a Python object; write it with json.dumps")
        try:
            return parse_json(piece)
        except RecordRefusedError as refused:
            return refused
