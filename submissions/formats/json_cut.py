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


class Span(NamedTuple):
    """Where a value stands in the text, blanks around it included."""

    begin: int
    end: int


class Member(NamedTuple):
    """One member of an object."""

    key: str
    value: Span


def skip_blanks(text: bytes, at: int, end: int | None = None) -> int:
    """The first place from `at` on that is no blank, or the end."""
    stop = len(text) if end is None else end
    match = _NOT_BLANK.search(text, at, stop)
    return stop if match is None else match.start()


def first_byte(text: bytes, span: Span) -> bytes:
    """What the value begins with; nothing where it is blank."""
    at = skip_blanks(text, span.begin, span.end)
    return text[at : min(at + 1, span.end)]


def end_of(text: bytes, start: int, limits: Limits) -> int:
    """Where the array or object that opens at `start` is closed, the end of the text if it is not."""
    return next((token.end() for token, depth in _tokens(text, start, limits) if depth == 0), len(text))


def elements(text: bytes, start: int, limits: Limits, end: int | None = None) -> Iterator[Span]:
    """Values of the array that opens at `start`; the last one runs to the end of the text if it is not closed.

    What follows the array up to `end` is one more value, so that it is refused and not lost.
    """
    begin = start + 1
    for token, depth in _tokens(text, start, limits):
        if depth == 0 or (depth == 1 and text[token.start()] in b","):
            value = Span(begin, token.start())
            # nothing between two commas is a value that is missing, nothing at all is an empty array
            if depth == 1 or first_byte(text, value):
                yield value
            begin = token.end()
        if depth == 0:
            if end is not None and first_byte(text, rest := Span(begin, end)):
                yield rest
            return
    if first_byte(text, rest := Span(begin, len(text))):
        yield rest


def members(text: bytes, start: int, limits: Limits) -> Iterator[Member]:
    """Members of the object that opens at `start`; the value of the last one runs to the end if it is not closed.

    What has no key and colon before it is left out.
    """
    key, begin = "", -1
    for token, depth in _tokens(text, start, limits):
        mark = text[token.start()]
        if mark in b'"':
            if depth == 1 and begin < 0 and (colon := _COLON.match(text, token.end())):
                key, begin = _decoded(token[0]), colon.end()
        elif depth == 0 or (depth == 1 and mark in b","):
            if begin >= 0:
                yield Member(key, Span(begin, token.start()))
            begin = -1
        if depth == 0:
            return
    if begin >= 0:
        yield Member(key, Span(begin, len(text)))


def _tokens(text: bytes, start: int, limits: Limits) -> Iterator[tuple[re.Match[bytes], int]]:
    """Each string, bracket and comma from `start` on, and how deep it leaves us."""
    depth = 0
    for count, token in enumerate(_TOKEN.finditer(text, start)):
        if count >= limits.parts:
            detail = f"the JSON has more than {limits.parts:,} brackets, commas and strings; submit fewer structures"
            raise FileRefusedError(Reason.TOO_MANY_PARTS, detail)
        mark = text[token.start()]
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
