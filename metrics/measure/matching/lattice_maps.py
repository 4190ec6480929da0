"""All ways in which a supercell of one lattice is nearly another lattice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from metrics.measure import UnmeasurableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_POINTS = 2_000_000
"""Bound on the lattice points looked at, about 0.02 s."""
MAX_STEPS = 50_000_000
"""Bound on the pairs and triples of vectors looked at, about 0.2 s."""
MAX_MAPS = 20_000
"""Bound on the maps: a lattice has at most 48 symmetries, which a loose tolerance multiplies."""


def lattice_maps(
    lattice: NDArray[np.float64],
    target: NDArray[np.float64],
    index: int,
    length_tolerance: float,
    angle_tolerance: float,
) -> NDArray[np.int64]:
    """(q, 3, 3) whole-number matrices that turn the rows of `lattice` into nearly those of `target`, turned somehow.

    Args:
        lattice: (3, 3) rows in angstrom.
        target: (3, 3) rows in angstrom, `index` times the volume.
        index: determinant of the matrices, or its negative: mirror images are the same.
        length_tolerance: by what share of itself a row of the target may differ in length.
        angle_tolerance: by how much the cosine between two rows may differ.

    Raises:
        UnmeasurableError: a needle or a plate, which very many vectors could be mapped on.

    """
    lengths = np.linalg.norm(target, axis=1)
    reach = (lengths.max() * (1 + length_tolerance) * np.linalg.norm(np.linalg.inv(lattice), axis=0)).astype(np.int64)
    n_points = math.prod((2 * reach + 1).tolist())
    if n_points > MAX_POINTS:
        reason = f"too many lattice vectors could be edges of the cell: {n_points:.2g}, {MAX_POINTS:.2g} is the bound"
        raise UnmeasurableError(reason)
    maps, finished = _maps(lattice, target, index, length_tolerance, angle_tolerance, reach)
    if not finished:
        reason = f"mapping the lattices took more than {MAX_STEPS:.2g} steps"
        raise UnmeasurableError(reason)
    return maps


@njit(cache=True)
def _maps(
    lattice: NDArray[np.float64],
    target: NDArray[np.float64],
    index: int,
    length_tolerance: float,
    angle_tolerance: float,
    reach: NDArray[np.int64],
) -> tuple[NDArray[np.int64], bool]:
    """The maps, and whether all were looked for."""
    wanted = np.array([math.sqrt((row * row).sum()) for row in target])
    n_points = (2 * reach[0] + 1) * (2 * reach[1] + 1) * (2 * reach[2] + 1)
    points = np.empty((3, n_points, 3), np.int64)
    vectors = np.empty((3, n_points, 3))
    count = np.zeros(3, np.int64)
    for a in range(-reach[0], reach[0] + 1):
        for b in range(-reach[1], reach[1] + 1):
            for c in range(-reach[2], reach[2] + 1):
                vector = a * lattice[0] + b * lattice[1] + c * lattice[2]
                length = math.sqrt((vector * vector).sum())
                for row in range(3):
                    if abs(length - wanted[row]) <= length_tolerance * wanted[row]:
                        points[row, count[row], 0], points[row, count[row], 1], points[row, count[row], 2] = a, b, c
                        vectors[row, count[row]] = vector
                        count[row] += 1
    dots = target @ target.T
    result = np.empty((MAX_MAPS, 3, 3), np.int64)
    n_maps = 0
    steps = 0
    for i in range(count[0]):
        one = vectors[0, i]
        for j in range(count[1]):
            other = vectors[1, j]
            steps += 1
            if abs((one * other).sum() - dots[0, 1]) > angle_tolerance * wanted[0] * wanted[1]:
                continue
            p, q = points[0, i], points[1, j]
            normal = (p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0])
            steps += count[2]
            if steps > MAX_STEPS:
                return result[:n_maps], False
            for k in range(count[2]):
                r = points[2, k]
                if abs(normal[0] * r[0] + normal[1] * r[1] + normal[2] * r[2]) != index:
                    continue
                third = vectors[2, k]
                if abs((one * third).sum() - dots[0, 2]) > angle_tolerance * wanted[0] * wanted[2]:
                    continue
                if abs((other * third).sum() - dots[1, 2]) > angle_tolerance * wanted[1] * wanted[2]:
                    continue
                if n_maps == MAX_MAPS:
                    return result[:n_maps], False
                result[n_maps, 0], result[n_maps, 1], result[n_maps, 2] = p, q, r
                n_maps += 1
    return result[:n_maps], True
