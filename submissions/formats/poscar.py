"""POSCAR and CONTCAR of VASP 5 and later (https://www.vasp.at/wiki/index.php/POSCAR)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from submissions.checked import (
    atomic_number,
    check_site_count,
    crystal,
    decoded,
    from_cartesian,
    numbers_of,
)
from submissions.record import Record
from submissions.refusal import Reason, RecordRefusedError, shown
from submissions.stream import read_record

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from metrics.crystal import Crystal
    from submissions.limits import Limits

_SYMBOLS_LINE = 5
_COUNTS_LINE = 6
_MODE_LINE = 7
_DIMENSIONS = 3
# More digits than any count that is accepted, fewer than int() refuses to convert.
_COUNT_DIGITS = 9


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    """The whole file is one record."""
    yield Record("", "poscar", read_record(stream, limits))


def parse(payload: bytes, limits: Limits) -> Crystal:
    """Read a POSCAR; velocities and whatever else follows the positions is left out.

    Raises:
        RecordRefusedError: with the reason.

    """
    lines = decoded(payload).splitlines()
    if len(lines) <= _MODE_LINE:
        detail = f"{len(lines)} lines, at least 9 are needed; the file may be cut off, write it again"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    symbols, counts = _composition(lines)
    check_site_count(sum(counts), limits)
    # VASP 6 writes the hash of a potential after the symbol, VASP 5 sometimes its name: Fe/ab12, Fe_pv.
    numbers = [
        number
        for symbol, count in zip(symbols, counts, strict=True)
        for number in [atomic_number(symbol.partition("/")[0].partition("_")[0])] * count
    ]
    lattice, factors = _cell(lines)
    selective = lines[_MODE_LINE].lstrip()[:1] in ("S", "s")
    mode_line = _MODE_LINE + selective
    rows = [line.split()[:3] for line in lines[mode_line + 1 : mode_line + 1 + len(numbers)]]
    if len(rows) < len(numbers):
        detail = f"{len(rows)} of {len(numbers)} positions are there; the file may be cut off, write it again"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    positions = numbers_of(rows, (len(numbers), 3), "the positions")
    if lines[mode_line].lstrip()[:1] in ("C", "c", "K", "k"):
        with np.errstate(all="ignore"):
            positions = positions * factors
        return from_cartesian(lattice, positions, numbers, limits)
    return crystal(lattice, positions, numbers, limits)


def _composition(lines: list[str]) -> tuple[list[str], list[int]]:
    symbols = lines[_SYMBOLS_LINE].split("!")[0].split()
    counts = lines[_COUNTS_LINE].split("!")[0].split()
    if all(symbol.isdigit() for symbol in symbols):
        detail = "line 6 names no elements, as in VASP 4; add a line of element symbols before the counts"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    if len(symbols) != len(counts) or not all(count.isdigit() for count in counts):
        detail = f"{len(symbols)} symbols but counts {shown(' '.join(counts))}; one whole number for each is needed"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    return symbols, [int(count[:_COUNT_DIGITS]) for count in counts]


def _cell(lines: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cell vectors in angstrom as rows, and the factors of x, y and z that Cartesian positions take too."""
    words = lines[1].split("!")[0].split()
    factors = words if len(words) == _DIMENSIONS else [words[0]] * _DIMENSIONS
    scale = numbers_of(factors, (_DIMENSIONS,), "the scale")
    rows = [line.split()[:_DIMENSIONS] for line in lines[2:_SYMBOLS_LINE]]
    vectors = numbers_of(rows, (_DIMENSIONS, _DIMENSIONS), "the cell")
    # Numbers out of all range are refused by whoever builds the crystal, not warned about here.
    with np.errstate(all="ignore"):
        volume = abs(float(np.linalg.det(vectors)))
        if len(words) == 1 and scale[0] < 0 and volume > 0:
            # A single negative scale is the volume that the cell shall have.
            scale = np.full(_DIMENSIONS, (-scale[0] / volume) ** (1 / 3))
        return vectors * scale, scale
