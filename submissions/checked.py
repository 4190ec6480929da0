"""The last gate of every format: plain arrays become a crystal only if they describe one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.crystal import Crystal
from submissions.elements import ATOMIC_NUMBERS, SYMBOLS
from submissions.refusal import Reason, RecordRefusedError, one_line, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from submissions.limits import Limits

FULL_OCCUPANCY_TOLERANCE = 1e-8
# Na, Na+, Na1+, Na+1, O2-
_CHARGED_SYMBOL = re.compile(r"([A-Z][a-z]?)(?:\d*\.?\d*[+-]|[+-]\d+\.?\d*)?")


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


def parse_json(payload: bytes) -> Any:  # noqa: ANN401 - whatever the submission holds
    """Value of a JSON text.

    Raises:
        RecordRefusedError: it is not UTF-8, or not JSON, or nested too deeply.

    """
    try:
        return json.loads(decoded(payload))
    except (ValueError, RecursionError) as error:
        detail = f"this is no JSON ({one_line(error)}); it may be cut off, write it again"
        raise RecordRefusedError(Reason.MALFORMED, detail) from error


def check_site_count(count: int, limits: Limits) -> None:
    """Refuse a cell that is empty or too large, before anything is built from it.

    Raises:
        RecordRefusedError: no site, or more than `limits.sites`.

    """
    if count < 1:
        raise RecordRefusedError(Reason.EMPTY, "the cell holds no atoms; at least 1 is needed")
    if count > limits.sites:
        detail = f"{count:,} sites, at most {limits.sites:,}; hand in the primitive cell"
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
    """Refuse a cell that is not finite, absurdly large, flat or left-handed.

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
    faces = np.linalg.norm(np.cross(lattice[[1, 2, 0]], lattice[[2, 0, 1]]), axis=1)
    thickness = abs(volume) / float(faces.max()) if faces.max() > 0 else 0.0
    if thickness < limits.cell_thickness:
        detail = (
            f"the cell is {thickness:.3g} angstrom thick (volume {volume:.3g} cubic angstrom), "
            f"at least {limits.cell_thickness}; check the cell"
        )
        raise RecordRefusedError(Reason.ZERO_VOLUME, detail)
    if volume < 0:
        detail = f"the volume is {volume:.6g} cubic angstrom, more than 0 is needed; exchange two cell vectors"
        raise RecordRefusedError(Reason.ZERO_VOLUME, detail)


def crystal(lattice: ArrayLike, frac_coords: ArrayLike, atomic_numbers: Sequence[int], limits: Limits) -> Crystal:
    """Build a crystal from numbers that may be anything.

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
    return Crystal.from_arrays(cell, coords, atomic_numbers)


def from_cartesian(
    lattice: ArrayLike, cart_coords: ArrayLike, atomic_numbers: Sequence[int], limits: Limits
) -> Crystal:
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


def _first_not_finite(values: NDArray[np.float64]) -> float:
    return float(values[~np.isfinite(values)][0])
