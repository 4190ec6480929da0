"""Rows of CSV before they are cells, told apart as Python's ``csv`` does, and bounded before they are in memory.

A quote opens only at the beginning of a cell; anywhere else it is a character like others. So ``5" wafer`` costs no row
that follows, which it would where quotes are only counted. What follows a quote that is never closed is given back as
the rows that it is.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from submissions.refusal import Reason, RecordRefusedError, one_line
from submissions.stream import lines

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from submissions.limits import Limits

_BLANK = b"\r\n "
_ENDS = (b"", b"\r", b"\n")
_ANY_DELIMITER = "\t,;"
# Characters within quotes up to the one that closes; two quotes are one of the cell.
_WITHIN = re.compile(rb'(?:[^"]++|"")*+')


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        text: without the end of its line; None where it has too many bytes.
        is_open: whether a quote of it is never closed, so that what belongs to it is not known.

    """

    text: bytes | None
    is_open: bool = False


class Rows:
    """Rows of a table, blank ones left out; iterate over it.

    Args:
        stream: the table.
        limits: the bounds.

    Attributes:
        delimiter: between cells; any of the usual ones before it is known, which the header shows.

    """

    def __init__(self, stream: io.BufferedReader, limits: Limits) -> None:
        """Read nothing yet."""
        self.delimiter = _ANY_DELIMITER
        self.has_blanks = False
        """Whether a blank between delimiter and quote is no part of the cell."""
        self._limits = limits
        self._stream = stream
        self._pieces = lines(stream, limits.record_bytes)
        self._given_back: deque[bytes] = deque()

    def __iter__(self) -> Iterator[Row]:
        """Row by row."""
        while (row := self._next()) is not None:
            if row.text is None or row.text:
                yield row
            elif not self._given_back:
                self._skip_line_ends()

    def cells(self, text: str) -> list[str]:
        """Cells of a row.

        Raises:
            RecordRefusedError: it is no CSV.

        """
        # A process-wide setting that only ever grows, so that no two readers can disturb each other.
        if csv.field_size_limit() < self._limits.record_bytes:
            csv.field_size_limit(self._limits.record_bytes)
        try:
            return next(csv.reader([text], delimiter=self.delimiter, skipinitialspace=self.has_blanks))
        except csv.Error as error:
            detail = f"a row is no CSV ({one_line(error)}); write the table again"
            raise RecordRefusedError(Reason.MALFORMED, detail) from error

    def _skip_line_ends(self) -> None:
        """At the beginning of a line: those at hand in one go, as a table may hold any number of empty lines."""
        ahead = self._stream.peek()
        self._stream.read(len(ahead) - len(ahead.lstrip(b"\n")))

    @property
    def _marks(self) -> list[bytes]:
        return [mark.encode() for mark in self.delimiter]

    def _next(self) -> Row | None:
        kept: list[bytes] = []
        size = 0
        at_cell, within = True, False
        opened_at = 0  # which of the pieces holds the quote that is open
        while (piece := self._piece()) is not None:
            size += len(piece)
            is_too_large = size > self._limits.record_bytes
            if is_too_large:
                kept.clear()
            else:
                kept.append(piece)
            was_within = within
            at_cell, within, is_closed_badly = self._after(piece, at_cell=at_cell, within=within)
            if is_closed_badly and was_within and not is_too_large:
                # the quote that seems to close opens a cell of its own: the one before it was never closed
                return self._without_rest(kept, opened_at)
            if within and not was_within:
                opened_at = max(len(kept) - 1, 0)
            if piece.endswith(b"\n") and not within:
                return Row(None) if is_too_large else Row(b"".join(kept).strip(_BLANK))
        if size > self._limits.record_bytes:
            return Row(None, is_open=within)
        if within and self._are_rows(kept[opened_at + 1 :]):
            return self._without_rest(kept, opened_at)
        return Row(b"".join(kept).strip(_BLANK), is_open=within) if kept else None

    def _piece(self) -> bytes | None:
        return self._given_back.popleft() if self._given_back else next(self._pieces, (None, True))[0]

    def _without_rest(self, kept: list[bytes], opened_at: int) -> Row:
        """The row up to the line whose quote is never closed; the lines after it are rows again."""
        self._given_back.extendleft(reversed(kept[opened_at + 1 :]))
        return Row(b"".join(kept[: opened_at + 1]).strip(_BLANK), is_open=True)

    def _are_rows(self, pieces: list[bytes]) -> bool:
        """Whether lines are rows of several cells each, as those of no structure are."""
        counts = {len(piece.split(self.delimiter.encode())) for piece in pieces if piece.strip(_BLANK)}
        return len(counts) == 1 and counts != {1}

    def _after(self, piece: bytes, *, at_cell: bool, within: bool) -> tuple[bool, bool, bool]:
        """Where a piece of a line leaves us.

        Returns:
            Whether a cell begins; whether we are within quotes; whether the first quote that was closed in the piece
            stands before something else than the end of a cell.

        """
        at, is_bad = 0, False
        if not within and not at_cell and b'"' not in piece:
            return piece.endswith((b"\n", *self._marks)), False, False
        opening, whole = _patterns(self.delimiter, has_blanks=self.has_blanks)
        if not within and at_cell and piece.startswith(b'"'):
            within, at = True, 1
        is_first = True
        while True:
            if within:
                match = _WITHIN.match(piece, at)
                at = len(piece) if match is None else match.end()
                if at == len(piece):
                    return False, True, is_bad
                at, within = at + 1, False
                following = piece[at:].lstrip(b" ")[:1] if is_first else b""
                is_bad = is_bad or following not in (*_ENDS, *self._marks)
                is_first = False
            if (cells := whole.match(piece, at)) is not None:
                at = cells.end()
            match = opening.search(piece, at)
            if match is None:
                return piece.endswith((b"\n", *self._marks)), False, is_bad
            at, within = match.end(), True


@lru_cache(maxsize=16)
def _patterns(delimiter: str, *, has_blanks: bool) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """A quote that opens a cell after another; and any number of whole cells, which is what makes many of them fast."""
    mark = b"[" + re.escape(delimiter.encode()) + b"]" + (b" *+" if has_blanks else b"")
    other = b"[^" + re.escape(delimiter.encode()) + b"]*+"
    return re.compile(mark + b'"'), re.compile(b"(?:" + other + mark + rb'(?:"(?:[^"]++|"")*+"|(?!")))*+')
