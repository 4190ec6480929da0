"""The cell of a block: its vectors, how far operations leave its metric, Cartesian coordinates in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from submissions.formats.cif.values import DEFAULT, numbers_of, plain_numbers
from submissions.refusal import Reason, RecordRefusedError, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from submissions.formats.cif.document import Block

LENGTHS = tuple(f"_cell_length_{axis}" for axis in "abc")
ANGLES = tuple(f"_cell_angle_{angle}" for angle in ("alpha", "beta", "gamma"))
_RIGHT_ANGLE = "90"
_STRAIGHT_ANGLE = 180.0
# Names that transform fractional into Cartesian coordinates and back: of the core dictionary, and of mmCIF.
_TO_CARTESIAN = ("_atom_sites_cartn_tran_matrix_{}{}", "_atom_sites_cartn_transf_matrix[{}][{}]")
_TO_FRACTIONAL = ("_atom_sites_fract_tran_matrix_{}{}", "_atom_sites_fract_transf_matrix[{}][{}]")
_SHIFTS = {"matrix_{}{}": "vector_{}", "matrix[{}][{}]": "vector[{}]"}


@dataclass(frozen=True)
class Cell:
    """Lengths in angstrom and angles in degrees, as written, and what follows from them.

    Attributes:
        lengths: a, b, c.
        angles: alpha, beta, gamma.
        vectors: (3, 3), rows are the cell vectors in angstrom, c along z and a in the xz plane, as pymatgen has them.

    """

    lengths: tuple[float, float, float]
    angles: tuple[float, float, float]
    vectors: NDArray[np.float64]

    def strain(self, rotations: NDArray[np.float64]) -> float:
        """How far rotations, (m, 3, 3), leave the metric: the largest change of a scalar product of cell vectors.

        Products are taken of vectors divided by their lengths, so 0.02 is 1 % of a length or about 1 degree.
        """
        metric = self.vectors @ self.vectors.T
        moved = np.swapaxes(rotations, 1, 2) @ metric @ rotations
        lengths = np.sqrt(np.diag(metric))
        return float(np.abs((moved - metric) / np.outer(lengths, lengths)).max(initial=0.0))


def cell_of(block: Block) -> Cell:
    """Cell of a block; an angle given as '.' has its default, 90 degrees.

    Raises:
        RecordRefusedError: a parameter is missing, contradicts itself or is impossible.

    """
    a, b, c, alpha, beta, gamma = _parameters(block)
    angles = (alpha, beta, gamma)
    for name, angle in zip(ANGLES, angles, strict=True):
        if not 0 < angle < _STRAIGHT_ANGLE:
            detail = f"{name} is {angle:g} degrees, more than 0 and less than 180 is needed; check the cell"
            raise RecordRefusedError(Reason.ZERO_VOLUME, detail)
    for name, length in zip(LENGTHS, (a, b, c), strict=True):
        if length <= 0:
            detail = f"{name} is {length:g} angstrom, more than 0 is needed; check the cell"
            raise RecordRefusedError(Reason.ZERO_VOLUME, detail)
    return Cell((a, b, c), angles, _vectors(a, b, c, angles))


def fractional(block: Block, cart_coords: NDArray[np.float64], cell: Cell) -> NDArray[np.float64]:
    """(n, 3) fractional coordinates of Cartesian ones in angstrom.

    By the transformation that the block gives, else by the usual one: a along x, b in the xy plane (International
    Tables for Crystallography G, 4.5, doi:10.1107/97809553602060000747).
    """
    with np.errstate(over="ignore", invalid="ignore"):  # numbers of any size, which are bounded afterwards
        return _fractional(block, cart_coords, cell)


def _fractional(block: Block, cart_coords: NDArray[np.float64], cell: Cell) -> NDArray[np.float64]:
    for names in _TO_FRACTIONAL:
        if (given := _transformation(block, names)) is not None:
            matrix, shift = given
            return cart_coords @ matrix.T + shift
    for names in _TO_CARTESIAN:
        if (given := _transformation(block, names)) is not None:
            matrix, shift = given
            if np.linalg.det(matrix):
                return (cart_coords - shift) @ np.linalg.inv(matrix).T
    return cart_coords @ np.linalg.inv(_usual_vectors(cell))


def _parameters(block: Block) -> list[float]:
    given = [value for name in (*LENGTHS, *ANGLES) for value in block.items.get(name, [])]
    if len(given) == len((*LENGTHS, *ANGLES)) and (numbers := plain_numbers(given)) is not None:
        return numbers
    return [_parameter(block, name) for name in LENGTHS] + [_parameter(block, name, _RIGHT_ANGLE) for name in ANGLES]


def _parameter(block: Block, name: str, default: str | None = None) -> float:
    values = block.known([name])
    if not values and default is not None and DEFAULT in block.items.get(name, ()):
        values = [default]
    if not values:
        detail = f"{name} is not given; lengths and angles of the cell are needed"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    numbers = numbers_of(values, name)
    if len(set(numbers)) > 1:
        detail = f"{name} is {shown(values[0])} and {shown(values[1])}; give one value"
        raise RecordRefusedError(Reason.CONTRADICTION, detail)
    return numbers[0]


def _vectors(a: float, b: float, c: float, angles: tuple[float, float, float]) -> NDArray[np.float64]:
    # In the order of pymatgen's Lattice.from_parameters, so that no bit differs from structures it has read.
    radians = np.radians(angles)
    cos_alpha, cos_beta, cos_gamma = np.cos(radians)
    sin_alpha, sin_beta, _ = np.sin(radians)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # angles near 0: no cell, which is seen later
        cos_reciprocal = np.clip((cos_alpha * cos_beta - cos_gamma) / (sin_alpha * sin_beta), -1, 1)
    reciprocal = np.arccos(cos_reciprocal)
    return np.array(
        [
            [a * sin_beta, 0.0, a * cos_beta],
            [-b * sin_alpha * np.cos(reciprocal), b * sin_alpha * np.sin(reciprocal), b * cos_alpha],
            [0.0, 0.0, c],
        ],
        dtype=np.float64,
    )


def _usual_vectors(cell: Cell) -> NDArray[np.float64]:
    """The same cell turned so that a is along x and b in the xy plane."""
    lower = np.linalg.cholesky(cell.vectors @ cell.vectors.T)
    return np.asarray(lower, dtype=np.float64)


def _transformation(block: Block, names: str) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    elements = [block.known([names.format(row, column)]) for row in "123" for column in "123"]
    if not all(elements):
        return None
    matrix = np.array(numbers_of([element[0] for element in elements], names)).reshape(3, 3)
    ending = next(ending for ending in _SHIFTS if names.endswith(ending))
    shifts = names.removesuffix(ending) + _SHIFTS[ending]
    shift = [block.known([shifts.format(row)]) or ["0"] for row in "123"]
    return matrix, np.array(numbers_of([element[0] for element in shift], shifts))
