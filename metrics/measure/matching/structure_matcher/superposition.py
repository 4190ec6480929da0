"""Whether one crystal can be laid over another: the search that StructureMatcher makes, compiled.

For every choice of lattice vectors of one crystal that resemble the cell of the other, and every translation that lays
a site of its rarest element on one of the other's, the sites are assigned at the least sum of squared distances; the
worst of these, after the mean shift is removed, decides (Ong et al. 2013, DOI 10.1016/j.commatsci.2012.10.028).
pymatgen does the same through objects that it makes, reduces and inverts again for every translation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from pymatgen.core.lattice import Lattice

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOO_FAR = 1e20
"""Squared distance of sites that must not be assigned to each other; pymatgen's."""
STEPS_OF_DISTANCES = 100
"""What a pair of sites costs when all distances are computed and assigned, in units of looking at it once."""


def cells_that_resemble(
    target: NDArray[np.float64],
    lattice: NDArray[np.float64],
    *,
    length_tolerance: float,
    angle_tolerance: float,
    n_cells: int = 1,
) -> NDArray[np.float64]:
    """(m, 3, 3) whole numbers: lattice vectors with nearly the lengths, the angles and the volume of a cell.

    Args:
        target: (3, 3) rows in angstrom.
        lattice: (3, 3) to choose from.
        length_tolerance: relative.
        angle_tolerance: in degrees.
        n_cells: volume in cells of the lattice.

    """
    widths = np.linalg.norm(np.linalg.inv(lattice), axis=0)
    return np.asarray(_cells(target, lattice, widths, length_tolerance, angle_tolerance, n_cells))


def laid_over(
    ours: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]],
    theirs: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]],
    cells: NDArray[np.float64],
    stol: float,
    max_steps: int,
) -> tuple[bool, int]:
    """Whether some cell and translation brings every site within a distance of one of the other's.

    Args:
        ours: cell (3, 3) in angstrom, fractional coordinates (n, 3), atomic numbers (n,).
        theirs: the same of a crystal with as many sites of each element and the same volume.
        cells: of ours, as :func:`cells_that_resemble` gives them for theirs.
        stol: largest distance, in units of (volume / n)^(1/3).
        max_steps: at which the search ends, see `STEPS_OF_DISTANCES`.

    Returns:
        The answer, and the steps it took; one more than the bound where that ended the search without an answer.

    """
    (our_cell, our_coords, our_numbers), (their_cell, their_coords, their_numbers) = ours, theirs
    differ = their_numbers[:, None] != our_numbers[None, :]
    start = int(np.argmax(differ.sum(axis=1)))
    starts = np.flatnonzero(~differ[start])
    their_shape = _shape(their_cell)
    n_steps = 0
    for cell in cells:
        coords, mean = _in_cell(cell, our_cell, our_coords, their_shape)
        furthest = stol * (abs(np.linalg.det(mean)) / len(coords)) ** (1 / 3)
        places = _translations(coords, their_coords, starts, start, _reach(mean, furthest), differ)
        if len(places):
            lattice = Lattice(mean)
            reduced, to_reduced = lattice.lll_matrix, np.asarray(lattice.lll_inverse)
            found, steps = _some_translation_lays_over(
                coords, their_coords, starts, places, start, differ, to_reduced, reduced,
                _reach(reduced, furthest), furthest, max_steps - n_steps,
            )  # fmt: skip
            if found:
                return True, n_steps + steps
            if n_steps + steps > max_steps:
                return False, max_steps + 1
        n_steps += differ.size * (len(starts) + STEPS_OF_DISTANCES * len(places))
        if n_steps > max_steps:
            return False, max_steps + 1
    return False, n_steps


def _reach(cell: NDArray[np.float64], distance: float) -> NDArray[np.float64]:
    """Fractional coordinates between planes twice a distance apart, (3,)."""
    planes = np.linalg.inv(cell)
    return np.asarray(2 * distance * np.sqrt((planes**2).sum(axis=0)))


@njit(cache=True)
def _in_cell(
    cell: NDArray[np.float64],
    our_cell: NDArray[np.float64],
    our_coords: NDArray[np.float64],
    their_shape: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Our sites in a cell of ours, and the cell whose lengths and angles are the means of that and theirs."""
    coords = our_coords @ np.linalg.inv(cell)
    lengths, angles = (_shape(cell @ our_cell) + their_shape) / 2
    cosines, sines = np.cos(np.radians(angles)), np.sin(np.radians(angles))
    cosine = (cosines[0] * cosines[1] - cosines[2]) / (sines[0] * sines[1])
    cosine = min(1.0, max(-1.0, cosine))
    # as pymatgen places a cell of given lengths and angles
    mean = np.zeros((3, 3))
    mean[0, 0], mean[0, 2] = lengths[0] * sines[1], lengths[0] * cosines[1]
    mean[1, 0] = -lengths[1] * sines[0] * cosine
    mean[1, 1] = lengths[1] * sines[0] * math.sqrt(1.0 - cosine * cosine)
    mean[1, 2] = lengths[1] * cosines[0]
    mean[2, 2] = lengths[2]
    return coords - np.floor(coords), mean


@njit(cache=True)
def _shape(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths, and the angles opposite in degrees, (2, 3)."""
    shape = np.empty((2, 3))
    for axis in range(3):
        shape[0, axis] = math.sqrt((cell[axis] ** 2).sum())
        shape[1, axis] = _angle(cell[(axis + 1) % 3], cell[(axis + 2) % 3])
    return shape


@njit(cache=True)
def _translations(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    starts: NDArray[np.int64],
    start: int,
    reach: NDArray[np.float64],
    differ: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Places of those `starts` at which every site has one within reach."""
    fitting = np.empty(len(starts), np.int64)
    n_fitting = 0
    for place in range(len(starts)):
        shift = ours[starts[place]] - theirs[start]
        all_near = True
        for i in range(len(theirs)):
            near = False
            for j in range(len(ours)):
                if differ[i, j]:
                    continue
                near = True
                for axis in range(3):
                    off = theirs[i, axis] + shift[axis] - ours[j, axis]
                    if abs(off - np.rint(off)) > reach[axis]:
                        near = False
                        break
                if near:
                    break
            if not near:
                all_near = False
                break
        if all_near:
            fitting[n_fitting] = place
            n_fitting += 1
    return fitting[:n_fitting]


@njit(cache=True)
def _some_translation_lays_over(  # noqa: PLR0913, PLR0917 - compiled: plain arrays
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    starts: NDArray[np.int64],
    places: NDArray[np.int64],
    start: int,
    differ: NDArray[np.bool_],
    to_reduced: NDArray[np.float64],
    cell: NDArray[np.float64],
    reach: NDArray[np.float64],
    furthest: float,
    max_steps: int,
) -> tuple[bool, int]:
    """Whether one of the translations brings all sites within the distance; and the steps it took up to there."""
    n = len(ours)
    our_coords = ours @ to_reduced
    n_steps = 0
    squares, vectors = np.empty((n, n)), np.empty((n, n, 3))
    for number in range(len(places)):
        n_steps = differ.size * (places[number] + 1 + STEPS_OF_DISTANCES * (number + 1))
        if n_steps > max_steps:
            return False, n_steps
        at = starts[places[number]]
        their_coords = (theirs + (ours[at] - theirs[start])) @ to_reduced
        _shortest_vectors(their_coords, our_coords, differ, cell, reach, squares, vectors)
        assigned = _assignment(squares)
        mean = np.zeros(3)
        for i in range(n):
            mean += vectors[i, assigned[i]]
        mean /= n
        worst = 0.0
        for i in range(n):
            off = vectors[i, assigned[i]] - mean
            worst = max(worst, off[0] * off[0] + off[1] * off[1] + off[2] * off[2])
        if math.sqrt(worst) < furthest:
            return True, n_steps
    return False, n_steps


@njit(cache=True)
def _shortest_vectors(
    theirs: NDArray[np.float64],
    ours: NDArray[np.float64],
    differ: NDArray[np.bool_],
    cell: NDArray[np.float64],
    reach: NDArray[np.float64],
    squares: NDArray[np.float64],
    vectors: NDArray[np.float64],
) -> None:
    """Shortest vectors in a reduced cell from each of theirs to each of ours, and their squares, where within reach."""
    images = np.empty((27, 3))
    number = 0
    for a in range(-1, 2):
        for b in range(-1, 2):
            for c in range(-1, 2):
                images[number] = a * cell[0] + b * cell[1] + c * cell[2]
                number += 1
    for i in range(len(theirs)):
        for j in range(len(ours)):
            squares[i, j] = TOO_FAR
            vectors[i, j] = TOO_FAR
            if differ[i, j]:
                continue
            off = ours[j] - theirs[i]
            off -= np.rint(off)
            if abs(off[0]) > reach[0] or abs(off[1]) > reach[1] or abs(off[2]) > reach[2]:
                continue
            base = off[0] * cell[0] + off[1] * cell[1] + off[2] * cell[2]
            for image in images:
                x, y, z = base[0] + image[0], base[1] + image[1], base[2] + image[2]
                square = x * x + y * y + z * z
                if square < squares[i, j]:
                    squares[i, j] = square
                    vectors[i, j, 0], vectors[i, j, 1], vectors[i, j, 2] = x, y, z


@njit(cache=True)
def _assignment(costs: NDArray[np.float64]) -> NDArray[np.int64]:  # noqa: C901 - one loop of a known algorithm
    """Column of each row at the least sum of costs, by shortest augmenting paths.

    Crouse 2016, DOI 10.1109/TAES.2016.140952; scipy's does the same, and cannot be called from compiled code.
    """
    n = len(costs)
    of_rows, of_columns = np.zeros(n), np.zeros(n)
    column_of, row_of = np.full(n, -1), np.full(n, -1)
    path = np.full(n, -1)
    for first in range(n):
        shortest = np.full(n, np.inf)
        seen_rows, seen_columns = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        left = np.arange(n - 1, -1, -1)
        n_left = n
        row, sink, lowest = first, -1, 0.0
        while sink < 0:
            seen_rows[row] = True
            best, at = np.inf, -1
            for place in range(n_left):
                column = left[place]
                cost = lowest + costs[row, column] - of_rows[row] - of_columns[column]
                if cost < shortest[column]:
                    path[column] = row
                    shortest[column] = cost
                if shortest[column] < best or (shortest[column] == best and row_of[column] < 0):
                    best, at = shortest[column], place
            lowest = best
            column = left[at]
            if row_of[column] < 0:
                sink = column
            else:
                row = row_of[column]
            seen_columns[column] = True
            n_left -= 1
            left[at] = left[n_left]
        of_rows[first] += lowest
        for i in range(n):
            if seen_rows[i] and i != first:
                of_rows[i] += lowest - shortest[column_of[i]]
            if seen_columns[i]:
                of_columns[i] -= lowest - shortest[i]
        column = sink
        while True:
            row = path[column]
            row_of[column] = row
            column_of[row], column = column, column_of[row]
            if row == first:
                break
    return column_of


@njit(cache=True)
def _cells(
    target: NDArray[np.float64],
    lattice: NDArray[np.float64],
    widths: NDArray[np.float64],
    length_tolerance: float,
    angle_tolerance: float,
    n_cells: int,
) -> NDArray[np.float64]:
    lengths, angles = _shape(target)
    whole, vectors, counts = _vectors_of_length(lengths, lattice, widths, length_tolerance)
    found = np.empty((16, 3, 3))
    n_found = 0
    for a in range(counts[0]):
        for b in range(counts[1]):
            if abs(_angle(vectors[0, a], vectors[1, b]) - angles[2]) > angle_tolerance:
                continue
            for c in range(counts[2]):
                x, y, z = whole[0, a], whole[1, b], whole[2, c]
                if (
                    abs(abs((x * np.cross(y, z)).sum()) - n_cells) <= CELLS_OFF
                    and abs(_angle(vectors[1, b], vectors[2, c]) - angles[0]) <= angle_tolerance
                    and abs(_angle(vectors[0, a], vectors[2, c]) - angles[1]) <= angle_tolerance
                ):
                    if n_found == len(found):
                        longer = np.empty((2 * n_found, 3, 3))
                        longer[:n_found] = found
                        found = longer
                    found[n_found, 0], found[n_found, 1], found[n_found, 2] = x, y, z
                    n_found += 1
    return found[:n_found]


CELLS_OFF = 0.5
"""Of a volume in cells, which is a whole number."""
ROUNDING = 1e-4
"""More than rounding makes of a number of cells; vectors at the edge of the sphere are looked at."""


@njit(cache=True)
def _vectors_of_length(
    lengths: NDArray[np.float64], lattice: NDArray[np.float64], widths: NDArray[np.float64], tolerance: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Lattice vectors of nearly each of three lengths: in units of the cell vectors, in angstrom, and how many."""
    most = np.floor(lengths.max() * (1.0 + tolerance) * widths + ROUNDING).astype(np.int64)
    n_points = (2 * most[0] + 1) * (2 * most[1] + 1) * (2 * most[2] + 1)
    whole, vectors = np.empty((3, n_points, 3)), np.empty((3, n_points, 3))
    counts = np.zeros(3, np.int64)
    for i in range(-most[0], most[0] + 1):
        for j in range(-most[1], most[1] + 1):
            for k in range(-most[2], most[2] + 1):
                vector = i * lattice[0] + j * lattice[1] + k * lattice[2]
                length = math.sqrt((vector**2).sum())
                for axis in range(3):
                    ratio = length / lengths[axis]
                    if 1.0 / (1.0 + tolerance) < ratio < 1.0 + tolerance:
                        whole[axis, counts[axis]] = np.array([i, j, k])
                        vectors[axis, counts[axis]] = vector
                        counts[axis] += 1
    return whole, vectors, counts


@njit(cache=True)
def _angle(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """In degrees."""
    cosine = (one * other).sum() / math.sqrt((one**2).sum() * (other**2).sum())
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))
