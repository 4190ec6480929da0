"""Extended XYZ (https://github.com/libAtoms/extxyz): one record per frame."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from submissions.checked import (
    atomic_numbers,
    check_site_count,
    decoded,
    from_cartesian,
    is_number,
    numbers_of_words,
    parse_json,
)
from submissions.formats.ase_atoms import OCCUPANCY_COLUMNS, check_occupancy, check_periodic
from submissions.formats.detect import is_whole_number
from submissions.record import Record
from submissions.refusal import Reason, RecordRefusedError, shown
from submissions.stream import too_large

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from metrics.crystal import Crystal
    from submissions.limits import Limits

# More digits than any count that is accepted, fewer than int() refuses to convert.
_COUNT_DIGITS = 9
# A key, and a value in quotes, in brackets (one array or an array of arrays), or bare.
_PAIR = re.compile(
    r"""(?<![^\s,])([A-Za-z_][\w.-]*+)\s*=\s*
    (?:"((?:[^"\\]|\\.)*+)"|'([^']*+)'|\{([^{}]*+)\}|(\[[^\[\]]*+(?:\[[^\[\]]*+\][^\[\]]*+)*+\])|([^\s"'\[{]\S*+))""",
    re.VERBOSE | re.DOTALL,
)
_JSON_PREFIX = "_JSON "
_KINDS = "spacegroup_kinds"
_WIDTH_DIGITS = 4
_DEFAULT_PROPERTIES = "species:S:1:pos:R:3"
_SYMBOL_NAMES = ("species", "symbols")
_POSITION_NAMES = ("pos", "positions")
_TRUE, _FALSE = ("T", "TRUE", "1"), ("F", "FALSE", "0")
_DIMENSIONS = 3


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    """One record per frame, numbered from 0; a file of a single frame is one record without a name of its own."""
    frames = _frames(stream, limits)
    first, second = next(frames, None), next(frames, None)
    if first is None:
        raise RecordRefusedError(Reason.EMPTY, "the file holds 0 frames, at least 1 is needed")
    if second is None:
        yield Record("", first.format, first.payload, first.refusal, first.detail)
        return
    yield from chain((first, second), frames)


def _frames(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    number = 0
    line = stream.readline(limits.record_bytes)
    while line:
        if not line.strip() or line.lstrip().startswith(b"#"):
            line = stream.readline(limits.record_bytes)
            continue
        text = line.decode("utf-8", "replace").strip()
        if not is_whole_number(text):
            detail = f"{shown(text)} is no number of atoms; what follows is lost"
            yield Record(str(number), "extxyz", b"", Reason.MALFORMED, detail)
            return
        frame, line = _frame(stream, str(number), _count(text, limits), limits)
        yield frame
        number += 1


def _frame(stream: io.BufferedReader, name: str, n_sites: int, limits: Limits) -> tuple[Record, bytes]:
    """The frame of so many atoms, and the line after it.

    A line that holds one whole number is no atom: the frame ends before it, whatever number of atoms it promised.
    """
    kept: list[bytes] = []
    size = n_lines = 0
    while line := stream.readline(limits.record_bytes):
        if n_lines > n_sites or (n_lines and line.strip().isdigit()):
            break
        n_lines += line.endswith(b"\n")
        size += len(line)
        if size <= limits.record_bytes and n_lines <= limits.sites + 1:
            kept.append(line)
    if n_sites > limits.sites:
        detail = f"{n_sites:,} sites, at most {limits.sites:,}; submit the primitive cell"
        return Record(name, "extxyz", b"", Reason.TOO_MANY_SITES, detail), line
    if size > limits.record_bytes:
        return Record(name, "extxyz", b"", Reason.RECORD_TOO_LARGE, too_large(limits)), line
    return Record(name, "extxyz", b"".join((b"%d\n" % n_sites, *kept))), line


def parse(payload: bytes, limits: Limits) -> Crystal:
    """Read one frame: the rows of `Lattice` are the cell vectors, positions are Cartesian, in angstrom.

    Raises:
        RecordRefusedError: with the reason.

    """
    head, _, rest = decoded(payload).partition("\n")
    comment, _, body = rest.partition("\n")
    n_sites = _count(head, limits) if is_whole_number(head) else 0
    check_site_count(n_sites, limits)
    values = _values(comment)
    cell = _lattice(values.get("lattice"))
    check_periodic(_flags(values.get("pbc", "T T T")), cell)
    columns = _columns(values.get("properties", _DEFAULT_PROPERTIES))
    rows = [line.split() for line in body.splitlines()[:n_sites]]
    width = max(end for _, end in columns.values())
    there = sum(len(row) >= width for row in rows)
    if there < n_sites:
        detail = f"{there} of {n_sites} atoms are there; the file may be cut off, write it again"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    _check_order(values, columns, rows)
    symbol, position = columns["symbol"][0], columns["position"][0]
    words = [row[position : position + _DIMENSIONS] for row in rows]
    positions = numbers_of_words(words, (n_sites, _DIMENSIONS), "the positions")
    return from_cartesian(cell, positions, _numbers([row[symbol] for row in rows]), limits)


def _count(text: str, limits: Limits) -> int:
    """A number of atoms; one with more digits than any that is accepted is one too many."""
    digits = text.strip().lstrip("0") or "0"
    return int(digits) if len(digits) <= _COUNT_DIGITS else limits.sites + 1


def _values(comment: str) -> dict[str, str]:
    """Value of each key as written, without what encloses it; keys in lower case, the first of equal ones."""
    values: dict[str, str] = {}
    for match in _PAIR.finditer(comment):
        value = next(group for group in match.groups()[1:] if group is not None)
        values.setdefault(match[1].lower(), value)
    return values


def _lattice(value: str | None) -> object:
    if value is None:
        detail = 'no Lattice="..." on the second line, 9 numbers are needed; submit crystals'
        raise RecordRefusedError(Reason.NOT_PERIODIC, detail)
    words = _array(value)
    if len(words) == _DIMENSIONS:
        # the diagonal, which the specification allows
        words = [words[row] if row == column else "0" for row in range(_DIMENSIONS) for column in range(_DIMENSIONS)]
    return numbers_of_words([words], (_DIMENSIONS, _DIMENSIONS), "Lattice").tolist()


def _flags(value: str) -> object:
    words = _array(value.upper())
    if not set(words) <= {*_TRUE, *_FALSE}:
        detail = f"pbc is {shown(value)}, T or F for each of three directions is needed; write it again"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    flags = [word in _TRUE for word in words]
    return flags[0] if len(flags) == 1 else flags


def _array(value: str) -> list[str]:
    """Words of an array in any of the ways the specification has: blanks or commas between, brackets or none around."""
    return re.sub(r"[\[\],]", " ", value).split()


def _columns(properties: str) -> dict[str, tuple[int, int]]:
    """Where symbol, position and what else is looked at begin and end in a line, by triples of name, type and width."""
    parts = properties.split(":")
    columns: dict[str, tuple[int, int]] = {}
    at = 0
    for name, width in zip(parts[::3], parts[2::3], strict=False):
        is_width = width.isascii() and width.isdigit()
        end = at + (int(width[:_WIDTH_DIGITS]) if is_width else 1)
        if name.lower() in _SYMBOL_NAMES:
            columns["symbol"] = (at, at + 1)
        elif name == "Z":
            columns.setdefault("symbol", (at, at + 1))
        elif name.lower() in _POSITION_NAMES:
            columns["position"] = (at, at + _DIMENSIONS)
        elif name.lower() in (*OCCUPANCY_COLUMNS, _KINDS):
            columns[name.lower()] = (at, at + 1)
        at = end
    if not columns.keys() >= {"symbol", "position"}:
        detail = f"Properties is {shown(properties)}, species and pos are needed; write it with ASE"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    return columns


def _check_order(values: dict[str, str], columns: dict[str, tuple[int, int]], rows: list[list[str]]) -> None:
    """Refuse the occupancies that ASE keeps for each kind of site, or a column of them.

    Raises:
        RecordRefusedError: a site is not occupied by exactly one atom.

    """
    kinds = [row[columns[_KINDS][0]] for row in rows] if _KINDS in columns else None
    if (occupancy := values.get("occupancy")) is not None:
        text = re.sub(r"\\(.)", r"\1", occupancy).removeprefix(_JSON_PREFIX).strip()
        if text.startswith("{"):
            check_occupancy(parse_json(text.encode("utf-8", "surrogatepass")), kinds)
        else:
            check_occupancy([_amount(word) for word in _array(text)], None)
    for column in OCCUPANCY_COLUMNS:
        if column in columns:
            check_occupancy([_amount(row[columns[column][0]]) for row in rows], None)


def _amount(word: str) -> object:
    return float(numbers_of_words([[word]], (1,), "occupancy")[0]) if is_number(word) else word


def _numbers(words: list[str]) -> list[int]:
    # A column Z holds atomic numbers; `crystal` checks their range.
    if all(word.isascii() and word.isdigit() for word in words):
        return [int(word[:_WIDTH_DIGITS]) for word in words]
    return atomic_numbers(words)
