"""POSCAR, CONTCAR and XDATCAR of VASP (https://www.vasp.at/wiki/index.php/POSCAR, .../XDATCAR).

A file may hold one after the other, as trajectories and generators write them: every structure is a record.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from submissions.checked import (
    atomic_number,
    atomic_numbers,
    check_site_count,
    crystal,
    decoded,
    from_cartesian,
    is_number,
    numbers_of_words,
)
from submissions.elements import ATOMIC_NUMBERS
from submissions.formats.detect import is_poscar_head, starts_with_vector
from submissions.record import Record
from submissions.refusal import Reason, RecordRefusedError, shown
from submissions.stream import too_large

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from metrics.crystal import Crystal
    from submissions.limits import Limits

_AFTER_VECTORS = 5
_LOOK = _AFTER_VECTORS + 2
_DIMENSIONS = 3
# A comment, a scale, three vectors, and symbols and counts of 118 elements on lines of their own are fewer.
_HEAD_LINES = 250
# More digits than any count that is accepted, fewer than int() refuses to convert.
_COUNT_DIGITS = 9
_NUMBER_STARTS = [bytes([start]) for start in b"0123456789+-.nNiI"]
_CONFIGURATION = re.compile(rb"\s*(?:direct\s+configuration|konfig)\s*=", re.IGNORECASE)
_COMMENT = re.compile(r"[!#].*", re.DOTALL)
_FORMULA_WORD = re.compile(r"(?:[A-Z][a-z]?[0-9]{0,6})+")
_FORMULA_PART = re.compile(r"([A-Z][a-z]?)([0-9]*)")
_SITE_SYMBOL = re.compile(r"([A-Z][a-z]?)[0-9]*")


@dataclass(frozen=True)
class _Head:
    """What stands before the positions.

    Attributes:
        symbols: as written, none in files of VASP 4.
        counts: atoms of each, as written.
        after_counts: number of the line after the counts.
        mode: number of the line that says how positions are given; one after it in selective dynamics.

    """

    symbols: list[str]
    counts: list[str]
    after_counts: int
    mode: int

    @property
    def n_sites(self) -> int:
        """Atoms in all; of a count with too many digits no more than shows that it is too large."""
        return sum(int(count[:_COUNT_DIGITS]) for count in self.counts)


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    """One record per structure, numbered from 0; a file of a single one is one record without a name of its own."""
    structures = _structures(_Lines(stream, limits), limits)
    first_two = list(islice(structures, 2))  # one may be None, too large
    if not first_two:
        raise RecordRefusedError(Reason.EMPTY, "the file holds 0 structures, at least 1 is needed")
    if len(first_two) == 1:
        yield _record("", first_two[0], limits)
        return
    for number, payload in enumerate(chain(first_two, structures)):
        yield _record(str(number), payload, limits)


def parse(payload: bytes, limits: Limits) -> Crystal:
    """Read a POSCAR; velocities and whatever else follows the positions is left out.

    Raises:
        RecordRefusedError: with the reason.

    """
    lines = decoded(payload).splitlines()
    head = _head(lines)
    if head is None:
        detail = (
            "a scale, three vectors, counts and a line Direct or Cartesian are needed before the positions; "
            "the file may be cut off, write it again"
        )
        raise RecordRefusedError(Reason.MALFORMED, detail)
    check_site_count(head.n_sites, limits)
    if head.symbols and len(head.symbols) != len(head.counts):
        detail = f"{len(head.symbols)} symbols but {len(head.counts)} counts; one whole number for each is needed"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    rows = [_words(line) for line in lines[head.mode + 1 : head.mode + 1 + head.n_sites]]
    there = sum(len(row) >= _DIMENSIONS for row in rows)
    if there < head.n_sites:
        detail = f"{there} of {head.n_sites} positions are there; the file may be cut off, write it again"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    behind = _DIMENSIONS if head.mode == head.after_counts else 2 * _DIMENSIONS
    numbers = _numbers(head, lines[0], [row[behind:] for row in rows])
    lattice, factors = _cell(lines)
    positions = numbers_of_words([row[:_DIMENSIONS] for row in rows], (len(numbers), 3), "the positions")
    if lines[head.mode].lstrip()[:1] in ("C", "c", "K", "k"):
        with np.errstate(all="ignore"):
            positions = positions * factors
        return from_cartesian(lattice, positions, numbers, limits)
    return crystal(lattice, positions, numbers, limits)


class _Lines:
    """Lines of a stream, none longer than a record may be, and a look at those to come."""

    def __init__(self, stream: io.BufferedReader, limits: Limits) -> None:
        self._stream = stream
        self._limit = limits.record_bytes
        self._ahead: deque[bytes] = deque()

    def ahead(self, count: int) -> list[bytes]:
        """The next lines, fewer at the end."""
        while len(self._ahead) < count and (line := self._line()):
            self._ahead.append(line)
        return list(islice(self._ahead, count))

    def _line(self) -> bytes:
        """The next line; of a longer one than a record may be only so much that the record is too large."""
        line = self._stream.readline(self._limit)
        if len(line) < self._limit or line.endswith(b"\n"):
            return line
        while (rest := self._stream.readline(self._limit)) and not rest.endswith(b"\n"):
            pass
        return line + b"\n"

    def take(self, count: int) -> list[bytes]:
        """The next lines, which are then gone."""
        taken = self.ahead(count)
        for _ in taken:
            self._ahead.popleft()
        return taken


def _structures(lines: _Lines, limits: Limits) -> Iterator[bytes | None]:
    """Payload of each structure, None for one that is too large."""
    common: list[bytes] | None = None  # of a trajectory: what its frames share
    n_sites = 0
    while following := lines.ahead(_LOOK):
        head = _head_ahead(lines, following)
        if head is not None:
            before = lines.take(head.mode + 1)
            common, n_sites = before[: head.after_counts], head.n_sites
            yield _with_positions(before, n_sites, lines, limits)
        elif common is None:
            common = []
            yield _up_to_a_structure(lines, limits)
        elif common and _CONFIGURATION.match(following[0]):
            lines.take(1)
            yield _with_positions([*common, b"Direct\n"], n_sites, lines, limits)
        elif _is_cut_off(following):
            yield b"".join(lines.take(_LOOK))
        elif _names_elements(following[0]):
            # velocities name no elements: here a structure was meant whose head is damaged
            yield _up_to_a_structure(lines, limits)
        else:
            lines.take(1)


def _with_positions(before: list[bytes], n_sites: int, lines: _Lines, limits: Limits) -> bytes | None:
    """The head and as many of the positions it announces as follow it."""
    kept, size = before, sum(map(len, before))
    for _ in range(min(n_sites, limits.sites + 1)):
        if not any(starts_with_vector(_text(line)) for line in lines.ahead(1)):
            break
        line = lines.take(1)[0]
        size += len(line)
        if size <= limits.record_bytes:
            kept.append(line)
    return b"".join(kept) if size <= limits.record_bytes else None


def _up_to_a_structure(lines: _Lines, limits: Limits) -> bytes | None:
    """What is not understood: one record, which says what is wrong."""
    kept, size = lines.take(1), 0
    while (following := lines.ahead(_LOOK)) and _head_ahead(lines, following) is None:
        size += len(following[0])
        kept += lines.take(1) if size <= limits.record_bytes else []
        if size > limits.record_bytes:
            lines.take(1)
    return b"".join(kept) if size <= limits.record_bytes else None


def _names_elements(line: bytes) -> bool:
    """Whether a line is the one of element symbols; a lone C or K is a mode, Cartesian, of velocities."""
    words = _words(_text(line))
    return bool(words) and all(word in ATOMIC_NUMBERS for word in words) and words not in (["C"], ["K"], ["D"])


def _head_ahead(lines: _Lines, following: list[bytes]) -> _Head | None:
    """The head of a structure that begins with the next line."""
    # A number where the scale is and letters where symbols or a mode are: cheap questions, for each line skipped.
    if len(following) < _LOOK or following[1].lstrip()[:1] not in _NUMBER_STARTS:
        return None
    if not any(line.lstrip()[:1].isalpha() for line in following[_AFTER_VECTORS:]):
        return None
    if not is_poscar_head("\n".join(map(_text, following[:_AFTER_VECTORS]))):
        return None
    return _head([_text(line) for line in lines.ahead(_HEAD_LINES)])


def _is_cut_off(following: list[bytes]) -> bool:
    """Whether the last lines of a file are the beginning of a structure: a comment, a scale, one vector or more."""
    if not len(("comment", "scale")) < len(following) < _LOOK:
        return False
    texts = [_text(line) for line in following]
    vectors = texts[2:_AFTER_VECTORS]
    return not is_number(texts[0].strip()) and len(_words(texts[1])) == 1 and all(map(starts_with_vector, vectors))


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r\n")


def _head(lines: Sequence[str]) -> _Head | None:
    """The head of a structure that begins with the first line; None where none does."""
    if not is_poscar_head("\n".join(lines[:_AFTER_VECTORS])):
        return None
    symbols, after_symbols = _run(lines, _AFTER_VECTORS, lambda word: word[0].isalpha())
    counts, after_counts = _run(lines, after_symbols, lambda word: word.isascii() and word.isdigit())
    is_selective = any(line.lstrip()[:1] in ("S", "s") for line in lines[after_counts : after_counts + 1])
    mode = after_counts + is_selective
    if not counts or mode >= len(lines) or starts_with_vector(lines[mode]):
        return None
    return _Head(symbols, counts, after_counts, mode)


def _run(lines: Sequence[str], at: int, test: Callable[[str], bool]) -> tuple[list[str], int]:
    """Words of the lines from `at` on whose words all pass, and the number of the line after them."""
    run: list[str] = []
    while at < len(lines) and (words := _words(lines[at])) and all(map(test, words)):
        run += words
        at += 1
    return run, at


def _words(line: str) -> list[str]:
    return _COMMENT.sub("", line).replace(",", " ").split()


def _record(name: str, payload: bytes | None, limits: Limits) -> Record:
    if payload is None:
        return Record(name, "poscar", b"", Reason.RECORD_TOO_LARGE, too_large(limits))
    return Record(name, "poscar", payload)


def _numbers(head: _Head, comment: str, behind_sites: list[list[str]]) -> list[int]:
    """Atomic number of every site: by the symbols before the counts, in files of VASP 4 by the comment or the sites."""
    counts = [int(count) for count in head.counts]
    if head.symbols:
        # VASP 6 writes the hash of a potential after the symbol, VASP 5 sometimes its name: Fe/ab12, Fe_pv.
        kinds = atomic_numbers([symbol.partition("/")[0].partition("_")[0] for symbol in head.symbols])
        return _repeated(kinds, counts)
    by_comment = _kinds_in_comment(comment, counts)
    by_sites = _kinds_at_sites(behind_sites, counts)
    if by_comment and by_sites and by_comment != by_sites:
        detail = f"the comment {shown(comment)} and the sites name other elements; name them before the counts"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    if not (by_comment or by_sites):
        detail = "no element is named, as in VASP 4; add a line of element symbols before the counts"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    return _repeated(by_sites or by_comment, counts)


def _repeated(kinds: list[int], counts: list[int]) -> list[int]:
    return [kind for kind, count in zip(kinds, counts, strict=True) for _ in range(count)]


def _kinds_at_sites(behind_sites: list[list[str]], counts: list[int]) -> list[int]:
    """Element of each count if every site names one and those of one count agree, else none."""
    kinds, at = [], 0
    for count in counts:
        words = [words[0] if words else "" for words in behind_sites[at : at + count]]
        symbols = {match[1] for match in map(_SITE_SYMBOL.fullmatch, words) if match}
        if len(symbols) != 1 or not all(map(_SITE_SYMBOL.fullmatch, words)):
            return []
        kinds.append(atomic_number(symbols.pop()))
        at += count
    return kinds


def _kinds_in_comment(comment: str, counts: list[int]) -> list[int]:
    """Element of each count if the comment begins with as many symbols, or with a formula of these proportions."""
    parts: list[tuple[str, str]] = []
    for word in comment.split():
        if len(parts) == len(counts) or not _FORMULA_WORD.fullmatch(word):
            break
        parts += _FORMULA_PART.findall(word)
    if len(parts) != len(counts) or any(symbol not in ATOMIC_NUMBERS for symbol, _ in parts):
        return []
    amounts = [int(amount or 1) for _, amount in parts]
    is_list = comment.split()[: len(parts)] == [symbol for symbol, _ in parts]
    in_proportion = all(amounts[0] * count == amount * counts[0] for amount, count in zip(amounts, counts, strict=True))
    return [ATOMIC_NUMBERS[symbol] for symbol, _ in parts] if is_list or in_proportion else []


def _cell(lines: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cell vectors in angstrom as rows, and the factors of x, y and z that Cartesian positions take too.

    Raises:
        RecordRefusedError: a word is no number, or one of three scales is not positive.

    """
    words = _words(lines[1])
    is_one = len(words) != _DIMENSIONS or not all(map(is_number, words))
    scale = numbers_of_words([words[:1] * _DIMENSIONS if is_one else words], (_DIMENSIONS,), "the scale")
    if not is_one and not (scale > 0).all():
        detail = f"scales {shown(lines[1].strip())}, three must all be positive; one negative one is a volume"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    rows = [_words(line)[:_DIMENSIONS] for line in lines[2:_AFTER_VECTORS]]
    vectors = numbers_of_words(rows, (_DIMENSIONS, _DIMENSIONS), "the cell")
    # Numbers out of all range are refused by whoever builds the crystal, not warned about here.
    with np.errstate(all="ignore"):
        volume = abs(float(np.linalg.det(vectors)))
        if is_one and scale[0] < 0 and volume > 0:
            # A single negative scale is the volume that the cell shall have.
            scale = np.full(_DIMENSIONS, (-scale[0] / volume) ** (1 / 3))
        return vectors * scale, scale
