"""CIF: one record per data block; the structure is the one that pymatgen's reader gives, symmetry expanded."""

from __future__ import annotations

import math
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from submissions.checked import atomic_number, check_full_occupancy, check_site_count, crystal, decoded
from submissions.formats import plain_cif
from submissions.record import Record
from submissions.refusal import Reason, RecordRefusedError, one_line, shown
from submissions.stream import lines, too_large

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from pymatgen.io.cif import CifBlock, CifParser

    from metrics.crystal import Crystal
    from submissions.limits import Limits

_BLOCK_START = re.compile(rb"[^\S\n]*data_(\S*)", re.IGNORECASE)
_CELL_KEYS = tuple(
    f"_cell_{kind}" for kind in ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
)
_COORDINATE_KEYS = tuple(f"_atom_site_fract_{axis}" for axis in "xyz")
_SYMMETRY_KEYS = tuple(
    f"{key}{end}" for key in ("_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz") for end in ("", "_")
)
_MAGNETIC = ("_space_group_magn", "_space_group_symop_magn", "_atom_site_moment")
_UNCERTAINTY = re.compile(r"\(.+\)*")
_LEADING_LETTERS = re.compile(r"[A-Za-z]+")
# Sites closer than this, as a fraction of the cell, are one site: the tolerance of pymatgen's reader.
_SITE_TOLERANCE = 1e-4
# What pymatgen's CIF reader is known to raise on content it cannot read.
_READER_ERRORS = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, ArithmeticError, AssertionError,
    NotImplementedError, RuntimeError, re.error,
)  # fmt: skip


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    """One record per block, named by its header; a file of a single block is one record without a name of its own."""
    blocks = _blocks(stream, limits)
    first = next(blocks, None)
    if first is None:
        raise RecordRefusedError(Reason.MALFORMED, "no line begins a block with 'data_'; write the CIF again")
    second = next(blocks, None)
    if second is None:
        yield Record("", first.format, first.payload, first.refusal, first.detail)
        return
    yield first
    yield second
    yield from blocks


def _blocks(stream: io.BufferedReader, limits: Limits) -> Iterator[Record]:
    name: str | None = None
    number = 0
    kept: list[bytes] = []
    size = 0
    line_starts = True
    for piece, line_ends in lines(stream, limits.record_bytes):
        header = _BLOCK_START.match(piece) if line_starts else None
        line_starts = line_ends
        if header:
            if name is not None:
                yield _block(name, kept, size, limits)
            # Lower case, because pymatgen knows no other.
            name = header[1].decode("utf-8", "replace") or str(number)
            number += 1
            kept, size = [b"data_" + piece[header.start(1) :]], len(piece)
        elif name is not None:
            size += len(piece)
            if size <= limits.record_bytes:
                kept.append(piece)
            else:
                kept.clear()
    if name is not None:
        yield _block(name, kept, size, limits)


def _block(name: str, kept: list[bytes], size: int, limits: Limits) -> Record:
    if size > limits.record_bytes:
        return Record(name, "cif", b"", Reason.RECORD_TOO_LARGE, too_large(limits))
    return Record(name, "cif", b"".join(kept))


def parse(payload: bytes, limits: Limits) -> Crystal:
    """Read one CIF block.

    Oxidation states are dropped and sites are in pymatgen's order. Everything that costs time grows with the text,
    the sites and the symmetry operations, so these are bounded before the symmetry is applied.

    Raises:
        RecordRefusedError: with the reason.

    """
    text = bounded(decoded(payload), limits)
    return plain_cif.read(text, limits) or parse_with_pymatgen(text, limits)


def parse_with_pymatgen(text: str, limits: Limits) -> Crystal:
    """Read one CIF block, however it is written; `plain_cif.read` gives the same or nothing.

    Args:
        text: the CIF without empty lines.
        limits: the bounds.

    Raises:
        RecordRefusedError: with the reason.

    """
    # pymatgen takes about a second to import, and whoever only lists records or reads plain CIFs has no use for it.
    from pymatgen.io.cif import CifFile, CifParser  # noqa: PLC0415 - see above

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            blocks = list(CifFile.from_str(text).data.values())
            if len(blocks) != 1:
                detail = f"{len(blocks)} blocks in one record, 1 is needed; split them"
                raise RecordRefusedError(Reason.MALFORMED, detail)
            parser = CifParser.from_str(text)
            _check_content(parser, blocks[0], limits)
            structure = parser.parse_structures(primitive=False, on_error="raise")[0]
        except _READER_ERRORS as error:
            raise _malformed(error) from error
        mismatch = parser.check(structure) if _declares_formula(blocks[0]) else None
    if mismatch is not None:
        detail = f"{one_line(mismatch)}; the file may be cut off, write it again"
        raise RecordRefusedError(Reason.FORMULA_MISMATCH, detail)
    return _ordered(structure, limits)


def bounded(text: str, limits: Limits) -> str:
    """Text without empty lines.

    Raises:
        RecordRefusedError: a line is too long, or there are too many values.

    """
    kept = [line for line in text.splitlines() if line.strip()]
    longest = max(map(len, kept), default=0)
    if longest > limits.cif_line_characters:
        detail = f"a line of {longest:,} characters, at most {limits.cif_line_characters:,}; break it"
        raise RecordRefusedError(Reason.RECORD_TOO_LARGE, detail)
    values = sum(len(line.split()) for line in kept)
    if values > limits.cif_values:
        detail = f"{values:,} values in one CIF, at most {limits.cif_values:,}; keep only cell, symmetry and atoms"
        raise RecordRefusedError(Reason.RECORD_TOO_LARGE, detail)
    return "\n".join(kept) + "\n"


def _column(block: CifBlock, key: str) -> list[str]:
    values: Any = block.data.get(key, [])
    return [values] if isinstance(values, str) else values


def _check_content(parser: CifParser, block: CifBlock, limits: Limits) -> None:
    if any(mark in key for key in block.data for mark in _MAGNETIC):
        detail = "a magnetic CIF is not read; write the structure without its moments"
        raise RecordRefusedError(Reason.UNREADABLE_FORMAT, detail)
    _check_numbers(block)
    _check_symbols(block, limits)
    _check_expansion(parser, block, limits)


def _check_numbers(block: CifBlock) -> None:
    for key in (*_CELL_KEYS, *_COORDINATE_KEYS):
        for value in _column(block, key):
            try:
                number = float(_UNCERTAINTY.sub("", value))
            except ValueError:
                continue  # not a number: left to the reader, which knows '.' and '?'
            if not math.isfinite(number):
                raise RecordRefusedError(Reason.NOT_FINITE, f"{key} is {shown(value)}; every number must be finite")
            if number <= 0 and key in _CELL_KEYS:
                detail = f"{key} is {shown(value)}, more than 0 is needed; check the cell"
                raise RecordRefusedError(Reason.ZERO_VOLUME, detail)


def _check_symbols(block: CifBlock, limits: Limits) -> None:
    """Refuse what the reader would guess an element for ('Cx' as C) or leave out without a word ('OH')."""
    symbols = _column(block, "_atom_site_type_symbol") or _column(block, "_atom_site_label")
    if not symbols:
        raise RecordRefusedError(Reason.MALFORMED, "no _atom_site_label in the CIF; it may be cut off, write it again")
    check_site_count(len(symbols), limits)
    for symbol in symbols:
        letters = _LEADING_LETTERS.match(symbol)
        atomic_number(letters[0].title() if letters else symbol)


def _check_expansion(parser: CifParser, block: CifBlock, limits: Limits) -> None:
    """Count the sites that the symmetry will make, without pymatgen's comparison of each with each."""
    _check_operations(max(len(_column(block, key)) for key in _SYMMETRY_KEYS), limits)
    operations = parser.get_symops(block)
    _check_operations(len(operations), limits)
    points = np.array([[_number(value) for value in _column(block, key)] for key in _COORDINATE_KEYS]).T
    rotations = np.array([operation.rotation_matrix for operation in operations])
    shifts = np.array([operation.translation_vector for operation in operations])
    images = np.einsum("oij,nj->noi", rotations, points) + shifts
    cells = np.rint((images % 1.0) / _SITE_TOLERANCE).astype(np.int64) % round(1 / _SITE_TOLERANCE)
    # One site may straddle a corner of the counting grid and be counted up to eight times.
    at_least = sum(len(np.unique(orbit, axis=0)) for orbit in cells) / 8
    check_site_count(math.ceil(at_least), limits)


def _check_operations(count: int, limits: Limits) -> None:
    if count > limits.symmetry_operations:
        detail = f"{count:,} symmetry operations, at most {limits.symmetry_operations}; write the cell in P1"
        raise RecordRefusedError(Reason.RECORD_TOO_LARGE, detail)


def _number(value: str) -> float:
    return 0.0 if value.strip() == "." else float(_UNCERTAINTY.sub("", value))


def _declares_formula(block: CifBlock) -> bool:
    return any(_column(block, key) for key in ("_chemical_formula_sum", "_chemical_formula_structural"))


def _malformed(error: Exception) -> RecordRefusedError:
    message = one_line(error)
    if "ccupanc" in message:
        detail = f"{message}; every site needs occupancy 1, and no two sites may coincide"
        return RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)
    if "thickness" in message:
        return RecordRefusedError(Reason.ZERO_VOLUME, f"{message}; check the cell")
    detail = f"the CIF cannot be read ({type(error).__name__}: {message}); it may be cut off, write it again"
    return RecordRefusedError(Reason.MALFORMED, detail)


def _ordered(structure: Any, limits: Limits) -> Crystal:  # noqa: ANN401 - a pymatgen Structure, typed nowhere else here
    check_site_count(len(structure), limits)
    numbers = []
    for site in structure:
        check_full_occupancy(list(site.species.values()))
        numbers.append(atomic_number(site.species.elements[0].symbol))
    return crystal(structure.lattice.matrix, structure.frac_coords, numbers, limits)
