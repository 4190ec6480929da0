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
    tolerances: tuple[float, float],
) -> NDArray[np.int64]:
    """(q, 3, 3) whole-number matrices that turn the rows of `lattice` into nearly those of `target`, turned somehow.

    Args:
        lattice: (3, 3) rows in angstrom.
        target: (3, 3) rows in angstrom, `index` times the volume.
        index: determinant of the matrices, or its negative: mirror images are the same.
        tolerances: by what share of itself a row of the target may differ in length, and by how much the cosine
            between two of them.

    Raises:
        UnmeasurableError: a needle or a plate, which very many vectors could be mapped on.

    """
    lengths = np.linalg.norm(target, axis=1)
    reach = (lengths.max() * (1 + tolerances[0]) * np.linalg.norm(np.linalg.inv(lattice), axis=0)).astype(np.int64)
    n_points = math.prod((2 * reach + 1).tolist())
    if n_points > MAX_POINTS:
        reason = f"too many lattice vectors could be edges of the cell: {n_points:.2g}, {MAX_POINTS:.2g} is the bound"
        raise UnmeasurableError(reason)
    maps, finished = _maps(lattice, target, index, tolerances, reach)
    if not finished:
        reason = f"more than {MAX_MAPS} maps of one lattice on the other, or more than {MAX_STEPS:.0e} steps"
        raise UnmeasurableError(reason)
    return maps.astype(np.int64)


@njit(cache=True)
def _maps(
    lattice: NDArray[np.float64],
    target: NDArray[np.float64],
    index: int,
    tolerances: tuple[float, float],
    reach: NDArray[np.int64],
) -> tuple[NDArray[np.float64], bool]:
    """The maps, and whether all were looked for."""
    lengths = np.sqrt((target**2).sum(axis=1))
    first = _points_of_length(lattice, lengths[0], tolerances[0], reach)
    second = _points_of_length(lattice, lengths[1], tolerances[0], reach)
    third = _points_of_length(lattice, lengths[2], tolerances[0], reach)
    dots = target @ target.T
    off = tolerances[1] * np.outer(lengths, lengths)
    metric = lattice @ lattice.T
    result = np.empty((MAX_MAPS, 3, 3))
    n_maps = 0
    steps = 0
    for p, to_p in zip(first, first @ metric):  # noqa: B905 - compiled code knows no strict
        for q, to_q in zip(second, second @ metric):  # noqa: B905 - as above
            steps += 1
            if abs(_dot(to_p, q) - dots[0, 1]) > off[0, 1]:
                continue
            normal = np.cross(p, q)
            steps += len(third)
            for r in third:
                if (
                    abs(_dot(normal, r)) == index
                    and abs(_dot(to_p, r) - dots[0, 2]) <= off[0, 2]
                    and abs(_dot(to_q, r) - dots[1, 2]) <= off[1, 2]
                ):
                    if n_maps == MAX_MAPS:
                        return result[:n_maps], False
                    result[n_maps, 0], result[n_maps, 1], result[n_maps, 2] = p, q, r
                    n_maps += 1
            if steps > MAX_STEPS:
                return result[:n_maps], False
    return result[:n_maps], True


@njit(cache=True)
def _points_of_length(
    lattice: NDArray[np.float64], length: float, tolerance: float, reach: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(n, 3) whole numbers of the lattice vectors whose length is within a share of itself of the one wanted."""
    shortest, longest = (length * (1 - tolerance)) ** 2, (length * (1 + tolerance)) ** 2
    points = np.empty((int((2 * reach + 1).prod()), 3))
    n_points = 0
    for a in range(-reach[0], reach[0] + 1):
        for b in range(-reach[1], reach[1] + 1):
            for c in range(-reach[2], reach[2] + 1):
                square = 0.0
                for axis in range(3):
                    square += (a * lattice[0, axis] + b * lattice[1, axis] + c * lattice[2, axis]) ** 2
                if shortest <= square <= longest:
                    points[n_points, 0], points[n_points, 1], points[n_points, 2] = a, b, c
                    n_points += 1
    return points[:n_points].copy()


@njit(cache=True)
def _dot(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]
