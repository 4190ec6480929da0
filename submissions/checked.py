"""The last gate of every format: plain arrays become a crystal only if they describe one."""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.crystal import Crystal
from submissions.elements import ATOMIC_NUMBERS, SYMBOLS
from submissions.refusal import Reason, RecordRefusedError, one_line, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from submissions.limits import Limits

FULL_OCCUPANCY_TOLERANCE = 1e-8
# What str() of a Python dict begins with; JSON has double quotes.
_PYTHON_LITERAL = re.compile(r"[\[{(\s]*+'")
# The parser of Python needs some 500 times the bytes of the text, and recurses as deep as it is nested.
_LITERAL_CHARACTERS = 500_000
_LITERAL_DEPTH = 20
_NUMBER_CHARACTERS = 100
_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eEdD][+-]?[0-9]+)?|nan|inf(?:inity)?)", re.IGNORECASE | re.ASCII
)
# Beyond Pu an element in capitals is a slip: NO is nitrogen and oxygen, not nobelium.
_LAST_IN_ONE_CASE = 94
# Na, Na+, Na1+, Na+1, O2-
_CHARGED_SYMBOL = re.compile(r"([A-Z][a-z]?)(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)?[+-]|[+-][0-9]+(?:\.[0-9]*)?)?")


def atomic_number(symbol: object) -> int:
    """Atomic number of an element's symbol, with or without a charge.

    Raises:
        RecordRefusedError: it is not one of the 118 elements, D or T.

    """
    match = _CHARGED_SYMBOL.fullmatch(symbol) if isinstance(symbol, str) else None
    number = ATOMIC_NUMBERS.get(match[1]) if match else None
    if number is None:
        detail = f"{shown(symbol)} is not one of the 118 elements; use the symbols of the periodic table"
        raise RecordRefusedError(Reason.UNKNOWN_ELEMENT, detail)
    return number


def atomic_numbers(symbols: Sequence[str]) -> list[int]:
    """Atomic numbers of symbols that stand in one file, which may write all of them in one case (CS CL, cs cl).

    Raises:
        RecordRefusedError: one is not an element's; a symbol in one case beside others that are not is none.

    """
    in_one_case = all(symbol.isupper() for symbol in symbols) or all(symbol.islower() for symbol in symbols)
    numbers = [atomic_number(symbol.capitalize() if in_one_case else symbol) for symbol in symbols]
    for symbol, number in zip(symbols, numbers, strict=True):
        if in_one_case and len(symbol) > 1 and number > _LAST_IN_ONE_CASE:
            detail = f"{shown(symbol)} may be one element or two; write the symbols as in the periodic table"
            raise RecordRefusedError(Reason.UNKNOWN_ELEMENT, detail)
    return numbers


def is_number(word: str) -> bool:
    """Whether a word is a number as C or Fortran write it; the exponent may be a D."""
    return len(word) <= _NUMBER_CHARACTERS and _NUMBER.fullmatch(word) is not None


def numbers_of_words(words: Sequence[Sequence[str]], shape: tuple[int, ...], what: str) -> NDArray[np.float64]:
    """Numbers from the words of a text, ``1.0D0`` included, as an array of the shape given.

    Raises:
        RecordRefusedError: a word is no number, or there are not as many.

    """
    flat = [word for row in words for word in row]
    wrong = next((word for word in flat if not is_number(word)), None)
    if wrong is not None:
        detail = f"{what} must be numbers, got {shown(wrong)}; write the record again"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    values = [float(word.replace("D", "e").replace("d", "e")) for word in flat]
    return numbers_of(values, shape, what)


def decoded(payload: bytes) -> str:
    """Text of a record; a byte order mark is accepted.

    Raises:
        RecordRefusedError: it is not UTF-8.

    """
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        detail = f"byte {error.object[error.start]:#04x} at {error.start:,} is not UTF-8; save the file as UTF-8"
        raise RecordRefusedError(Reason.WRONG_ENCODING, detail) from error


def is_python_literal(payload: bytes) -> bool:
    """Whether a text that should be JSON is what ``str()`` makes of Python's dicts and lists."""
    return _PYTHON_LITERAL.match(payload[:_NUMBER_CHARACTERS].decode("utf-8", "replace")) is not None


def parse_json(payload: bytes) -> Any:  # noqa: ANN401 - whatever the submission holds
    """Value of a JSON text, or of what ``str()`` makes of Python's dicts and lists.

    Raises:
        RecordRefusedError: it is not UTF-8, or not JSON, or nested too deeply.

    """
    text = decoded(payload)
    if is_python_literal(payload):
        return _python_literal(text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        detail = f"this is no JSON ({one_line(error)}); it may be cut off, write it again"
        raise RecordRefusedError(Reason.MALFORMED, detail) from error


def _python_literal(text: str) -> Any:  # noqa: ANN401 - whatever the submission holds
    """Value of a Python literal, tuples as lists; nothing in it is evaluated (``ast.literal_eval``)."""
    try:
        if len(text) > _LITERAL_CHARACTERS or _depth(text) > _LITERAL_DEPTH:
            msg = f"more than {_LITERAL_CHARACTERS:,} characters, or nested more than {_LITERAL_DEPTH} deep"
            raise ValueError(msg)  # noqa: TRY301 - one way out
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an invalid escape is a warning of the compiler
            return json.loads(json.dumps(ast.literal_eval(text.strip())))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, Warning) as error:
        detail = f"this is str() of a Python object, not JSON ({one_line(error)}); write it with json.dumps"
        raise RecordRefusedError(Reason.MALFORMED, detail) from error


def _depth(text: str) -> int:
    """How deep brackets are nested, those in strings included."""
    depth = deepest = 0
    for bracket in re.finditer(r"[\[{(]|[\]})]", text):
        depth += 1 if bracket[0] in "[{(" else -1
        deepest = max(deepest, depth)
    return deepest


def check_site_count(count: int, limits: Limits) -> None:
    """Refuse a cell that is empty or too large, before anything is built from it.

    Raises:
        RecordRefusedError: no site, or more than `limits.sites`.

    """
    if count < 1:
        raise RecordRefusedError(Reason.EMPTY, "the cell holds no atoms; at least 1 is needed")
    if count > limits.sites:
        detail = f"{count:,} sites, at most {limits.sites:,}; submit the primitive cell"
        raise RecordRefusedError(Reason.TOO_MANY_SITES, detail)


def check_full_occupancy(occupancies: Sequence[object]) -> None:
    """Refuse a site that is not occupied by exactly one atom of one kind.

    Args:
        occupancies: of every species on the site, as found in the data.

    Raises:
        RecordRefusedError: more than one species, or an occupancy other than 1.

    """
    only = occupancies[0] if len(occupancies) == 1 else None
    if not isinstance(only, int | float) or not abs(only - 1.0) <= FULL_OCCUPANCY_TOLERANCE:
        detail = f"occupancies {shown(list(occupancies))} on one site, 1 atom of 1 element is needed; order it"
        raise RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)


def numbers_of(values: object, shape: tuple[int, ...], what: str) -> NDArray[np.float64]:
    """Numbers from a submission as an array of the shape given.

    Raises:
        RecordRefusedError: not numbers, or not that many.

    """
    try:
        array: NDArray[np.float64] = np.asarray(values, dtype=np.float64).reshape(shape)
    except (ValueError, TypeError, OverflowError) as error:
        detail = f"{what} must be {' x '.join(map(str, shape))} numbers, got {shown(values)}; write the record again"
        raise RecordRefusedError(Reason.MALFORMED, detail) from error
    return array


def check_lattice(lattice: NDArray[np.float64], limits: Limits) -> None:
    """Refuse a cell that is not finite, absurdly large or flat.

    Args:
        lattice: (3, 3), rows are the cell vectors in angstrom.
        limits: the bounds.

    Raises:
        RecordRefusedError: with the reason.

    """
    if not np.isfinite(lattice).all():
        detail = f"the cell has a {_first_not_finite(lattice)}; every number must be finite"
        raise RecordRefusedError(Reason.NOT_FINITE, detail)
    longest = float(np.abs(lattice).max())
    if longest > limits.cell_length:
        detail = f"a cell vector of {longest:.3g} angstrom, at most {limits.cell_length:,.0f}; check the unit"
        raise RecordRefusedError(Reason.OUT_OF_RANGE, detail)
    volume = float(np.linalg.det(lattice))
    largest_face = max(math.hypot(*face) for face in _faces(lattice.tolist()))
    thickness = abs(volume) / largest_face if largest_face > 0 else 0.0
    if thickness < limits.cell_thickness:
        detail = (
            f"the cell is {thickness:.3g} angstrom thick (volume {volume:.3g} cubic angstrom), "
            f"at least {limits.cell_thickness}; check the cell"
        )
        raise RecordRefusedError(Reason.ZERO_VOLUME, detail)


def crystal(lattice: object, frac_coords: object, atomic_numbers: Sequence[int], limits: Limits) -> Crystal:
    """Build a crystal from numbers that may be anything.

    A left-handed cell becomes the right-handed one of the opposite vectors, which is the same crystal: the atoms stay
    where they are, as no mirror image would.

    Args:
        lattice: (3, 3), rows are the cell vectors in angstrom.
        frac_coords: (n, 3) fractional coordinates.
        atomic_numbers: n numbers, 1 to 118.
        limits: the bounds.

    Raises:
        RecordRefusedError: with the reason.

    """
    check_site_count(len(atomic_numbers), limits)
    for number in atomic_numbers:
        if not 1 <= number <= len(SYMBOLS):
            detail = f"atomic number {shown(number)}, 1 to 118 are the elements; check the atoms"
            raise RecordRefusedError(Reason.UNKNOWN_ELEMENT, detail)
    cell = numbers_of(lattice, (3, 3), "the cell")
    check_lattice(cell, limits)
    coords = numbers_of(frac_coords, (len(atomic_numbers), 3), "the coordinates")
    if not np.isfinite(coords).all():
        detail = f"a coordinate is {_first_not_finite(coords)}; every number must be finite"
        raise RecordRefusedError(Reason.NOT_FINITE, detail)
    largest = float(np.abs(coords).max())
    if largest > limits.fractional_coordinate:
        detail = f"a fractional coordinate of {largest:.3g}, at most {limits.fractional_coordinate:,.0f}; wrap it"
        raise RecordRefusedError(Reason.OUT_OF_RANGE, detail)
    if np.linalg.det(cell) < 0:
        # 0.0 - x, because -x would make minus zeros
        cell, coords = 0.0 - cell, 0.0 - coords
    return Crystal.from_arrays(cell, coords, atomic_numbers)


def from_cartesian(lattice: object, cart_coords: object, atomic_numbers: Sequence[int], limits: Limits) -> Crystal:
    """Build a crystal from Cartesian coordinates, (n, 3) in angstrom; see `crystal`."""
    check_site_count(len(atomic_numbers), limits)
    cell = numbers_of(lattice, (3, 3), "the cell")
    check_lattice(cell, limits)
    cart = numbers_of(cart_coords, (len(atomic_numbers), 3), "the coordinates")
    if not np.isfinite(cart).all():
        detail = f"a coordinate is {_first_not_finite(cart)}; every number must be finite"
        raise RecordRefusedError(Reason.NOT_FINITE, detail)
    with np.errstate(over="ignore", invalid="ignore"):
        frac = cart @ np.linalg.inv(cell)
    return crystal(cell, frac, atomic_numbers, limits)


def _faces(vectors: list[list[float]]) -> list[tuple[float, float, float]]:
    """Vector products of the three pairs of cell vectors; numpy's takes ten times as long for so few numbers."""
    pairs = [(vectors[1], vectors[2]), (vectors[2], vectors[0]), (vectors[0], vectors[1])]
    return [(a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]) for a, b in pairs]


def _first_not_finite(values: NDArray[np.float64]) -> float:
    return float(values[~np.isfinite(values)][0])
