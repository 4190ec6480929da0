"""Extended XYZ (https://github.com/libAtoms/extxyz): one record per frame."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from submissions.checked import atomic_number, check_site_count, decoded, from_cartesian, numbers_of
from submissions.record import Record
from submissions.refusal import Reason, RecordRefusedError, shown
from submissions.stream import too_large

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from metrics.crystal import Crystal
    from submissions.limits import Limits

_COUNT = re.compile(rb"\s*(\d{1,9})\s*")
_VALUE = r"""(?:"([^"]*)"|'([^']*)'|\{([^}]*)\}|\[([^\]]*)\]|(\S+))"""
_LATTICE = re.compile(rf"(?:^|\s)lattice\s*=\s*{_VALUE}", re.IGNORECASE)
_PROPERTIES = re.compile(rf"(?:^|\s)properties\s*=\s*{_VALUE}", re.IGNORECASE)
_PBC = re.compile(rf"(?:^|\s)pbc\s*=\s*{_VALUE}", re.IGNORECASE)
_WIDTH_DIGITS = 4
_DEFAULT_PROPERTIES = "species:S:1:pos:R:3"
_SYMBOL_NAMES = ("species", "symbols")
_POSITION_NAMES = ("pos", "positions")


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    """One record per frame, numbered from 0; a file of a single frame is one record without a name of its own."""
    frames = _frames(stream, limits)
    first = next(frames, None)
    if first is None:
        raise RecordRefusedError(Reason.EMPTY, "the file holds 0 frames, at least 1 is needed")
    second = next(frames, None)
    if second is None:
        yield Record("", first.format, first.payload, first.refusal, first.detail)
        return
    yield first
    yield second
    yield from frames


def _frames(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    number = 0
    while line := stream.readline(limits.record_bytes):
        if not line.strip():
            continue
        count = _COUNT.fullmatch(line.removeprefix(b"\xef\xbb\xbf"))
        if count is None:
            detail = f"{shown(line.decode('utf-8', 'replace').strip())} is no number of atoms; what follows is lost"
            yield Record(str(number), "extxyz", b"", Reason.MALFORMED, detail)
            return
        yield _frame(stream, str(number), int(count[1]), limits)
        number += 1


def _frame(stream: io.BufferedReader, name: str, n_sites: int, limits: Limits) -> Record:
    kept: list[bytes] = []
    size = 0
    left = n_sites + 1
    while left and (line := stream.readline(limits.record_bytes)):
        left -= line.endswith(b"\n")
        size += len(line)
        if size <= limits.record_bytes and n_sites <= limits.sites:
            kept.append(line)
    if n_sites > limits.sites:
        detail = f"{n_sites:,} sites, at most {limits.sites:,}; hand in the primitive cell"
        return Record(name, "extxyz", b"", Reason.TOO_MANY_SITES, detail)
    if size > limits.record_bytes:
        return Record(name, "extxyz", b"", Reason.RECORD_TOO_LARGE, too_large(limits))
    return Record(name, "extxyz", b"".join((b"%d\n" % n_sites, *kept)))


def parse(payload: bytes, limits: Limits) -> Crystal:
    """Read one frame: `Lattice` holds the cell vectors one after the other, positions are Cartesian, in angstrom.

    Raises:
        RecordRefusedError: with the reason.

    """
    head, _, rest = decoded(payload).partition("\n")
    comment, _, body = rest.partition("\n")
    n_sites = int(head) if head.strip().isdigit() and len(head) <= len(str(limits.sites)) + 2 else limits.sites + 1
    check_site_count(n_sites, limits)
    lattice = _value(_LATTICE, comment)
    if lattice is None:
        detail = 'no Lattice="..." on the second line, 9 numbers are needed; hand in crystals'
        raise RecordRefusedError(Reason.NOT_PERIODIC, detail)
    periodic = (_value(_PBC, comment) or "T T T").replace(",", " ").split()
    if not all(one.upper() in ("T", "TRUE", "1") for one in periodic):
        detail = f"pbc is {shown(' '.join(periodic))}, T T T is needed; hand in crystals"
        raise RecordRefusedError(Reason.NOT_PERIODIC, detail)
    symbol, position = _columns(_value(_PROPERTIES, comment) or _DEFAULT_PROPERTIES)
    rows = [line.split() for line in body.splitlines()[:n_sites]]
    if len(rows) < n_sites or any(len(row) <= max(symbol, position + 2) for row in rows):
        detail = f"not all of the {n_sites} atoms are there; the file may be cut off, write it again"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    cell = numbers_of(lattice.replace(",", " ").split(), (3, 3), "Lattice")
    numbers = [_number_of(row[symbol]) for row in rows]
    return from_cartesian(cell, [row[position : position + 3] for row in rows], numbers, limits)


def _value(pattern: re.Pattern[str], comment: str) -> str | None:
    match = pattern.search(comment)
    return None if match is None else next(group for group in match.groups() if group is not None)


def _columns(properties: str) -> tuple[int, int]:
    """Where the symbol and the first coordinate stand in a line, from triples of name, type and width."""
    parts = properties.split(":")
    symbol = position = None
    column = 0
    for name, width in zip(parts[::3], parts[2::3], strict=False):
        if name.lower() in _SYMBOL_NAMES or (name == "Z" and symbol is None):
            symbol = column
        elif name.lower() in _POSITION_NAMES:
            position = column
        column += int(width[:_WIDTH_DIGITS]) if width.isdigit() else 1
    if symbol is None or position is None:
        detail = f"Properties is {shown(properties)}, species and pos are needed; write it with ASE"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    return symbol, position


def _number_of(word: str) -> int:
    # A column Z holds atomic numbers; `crystal` checks their range.
    return int(word[:4]) if word.isdigit() else atomic_number(word)
