"""Cutting JSON at its brackets: where the values of an array or an object stand, without decoding any of it.

Text that is damaged is cut as well as it goes, so that damage costs only the record it hits.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from submissions.refusal import FileRefusedError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from submissions.limits import Limits

# A whole string, closed or not, or one bracket or comma. Possessive, so that an unclosed string is scanned once.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
_COLON = re.compile(rb"\s*+:")
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")
# An object of columns is walked through thrice: its members, the cells of each, and a look at what they are.
_PASSES = 3
# Brackets open at once. Texts of structures have some ten; one damaged in each of 100,000 records has a few for each.
_DEEPEST = 1_000_000


class Span(NamedTuple):
    """Where a value stands in the text, blanks around it included."""

    begin: int
    end: int


class Member(NamedTuple):
    """One member of an object."""

    key: str
    value: Span


class Text:
    """A JSON text and how much of it may still be walked through, over all walks together.

    Args:
        content: the text.
        limits: its `parts` bound the strings, brackets and commas of one walk.

    """

    def __init__(self, content: bytes, limits: Limits) -> None:
        """Nothing is read yet."""
        self.content = content
        self._limits = limits
        self._left = _PASSES * limits.parts

    def skip_blanks(self, at: int, end: int | None = None) -> int:
        """The first place from `at` on that is no blank, or the end."""
        stop = len(self.content) if end is None else end
        match = _NOT_BLANK.search(self.content, at, stop)
        return stop if match is None else match.start()

    def first_byte(self, span: Span) -> bytes:
        """What the value begins with; nothing where it is blank."""
        at = self.skip_blanks(span.begin, span.end)
        return self.content[at : min(at + 1, span.end)]

    def string_at(self, at: int) -> Span:
        """The string that begins here."""
        token = _TOKEN.match(self.content, at)
        return Span(at, at) if token is None else Span(*token.span())

    def end_of(self, start: int) -> int:
        """Where the array or object that opens at `start` is closed, the end of the text if it is not."""
        return next((token.end() for token, depth in self._tokens(start) if depth == 0), len(self.content))

    def elements(self, start: int, end: int | None = None) -> Iterator[Span]:
        """Values of the array that opens at `start`; the last one runs to the end of the text if it is not closed.

        What follows the array up to `end` is one more value, so that it is refused and not lost.
        """
        begin = start + 1
        for token, depth in self._tokens(start):
            if depth == 0 or (depth == 1 and self.content[token.start()] in b","):
                value = Span(begin, token.start())
                # nothing between two commas is a value that is missing, nothing at all is an empty array
                if depth == 1 or self.first_byte(value):
                    yield value
                begin = token.end()
            if depth == 0:
                if end is not None and self.first_byte(rest := Span(begin, end)):
                    yield rest
                return
        if self.first_byte(rest := Span(begin, len(self.content))):
            yield rest

    def starts(self, start: int) -> Iterator[int]:
        """Where each value of the array that opens at `start` begins: given before its end is known."""
        yield start + 1
        for token, depth in self._tokens(start):
            if depth == 0:
                return
            if depth == 1 and self.content[token.start()] in b",":
                yield token.end()

    def keys(self, start: int) -> Iterator[tuple[str, int]]:
        """Each key of the object that opens at `start`, and where its value begins: given before its end is known."""
        is_key = True
        for token, depth in self._tokens(start):
            if depth == 0:
                return
            mark = self.content[token.start()]
            if depth == 1 and mark in b",":
                is_key = True
            elif depth == 1 and mark in b'"' and is_key and (colon := _COLON.match(self.content, token.end())):
                is_key = False
                yield _decoded(token[0]), colon.end()

    def members(self, start: int) -> Iterator[Member]:
        """Members of the object that opens at `start`; the value of the last one runs to the end if it is not closed.

        What has no key and colon before it is left out.
        """
        key, begin = "", -1
        for token, depth in self._tokens(start):
            mark = self.content[token.start()]
            if mark in b'"':
                if depth == 1 and begin < 0 and (colon := _COLON.match(self.content, token.end())):
                    key, begin = _decoded(token[0]), colon.end()
            elif depth == 0 or (depth == 1 and mark in b","):
                if begin >= 0:
                    yield Member(key, Span(begin, token.start()))
                begin = -1
            if depth == 0:
                return
        if begin >= 0:
            yield Member(key, Span(begin, len(self.content)))

    def _tokens(self, start: int) -> Iterator[tuple[re.Match[bytes], int]]:
        """Each string, bracket and comma from `start` on, and how deep it leaves us."""
        depth = 0
        for count, token in enumerate(_TOKEN.finditer(self.content, start)):
            self._left -= 1
            if count >= self._limits.parts or self._left < 0 or depth > _DEEPEST:
                detail = (
                    f"the JSON has more than {self._limits.parts:,} brackets, commas and strings, or nests them too "
                    "deeply; submit fewer structures"
                )
                raise FileRefusedError(Reason.TOO_MANY_PARTS, detail)
            mark = self.content[token.start()]
            if mark in b"[{":
                depth += 1
            elif mark in b"]}":
                depth -= 1
            yield token, depth


def _decoded(literal: bytes) -> str:
    try:
        value = json.loads(literal)
    except ValueError:
        value = literal.decode("utf-8", "replace").strip('"')
    return value if isinstance(value, str) else str(value)
