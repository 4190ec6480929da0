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
"""Bound on the lattice points among which edges are looked for, about 0.02 s."""
MAX_STEPS = 20_000_000
"""Bound on the pairs and triples of vectors looked at, about 0.2 s."""
MAX_MAPS = 50_000
"""Bound on the maps, of which there are 48 for each that no symmetry of a cubic lattice turns into another."""
ANGLE_FACTOR = 1.5
"""A strain changes the cosine of two vectors by at most the square root of 2 of itself, and somewhat more if large."""
REACH_FACTOR = 2.5
"""It moves the end of a third vector against the frame of two by its own part and that of the frame's turn."""


def lattice_maps(
    lattice: NDArray[np.float64], target: NDArray[np.float64], index: int, max_strain: float
) -> NDArray[np.int64]:
    """(q, 3, 3) whole-number matrices that turn the rows of `lattice` into nearly those of `target`, turned somehow.

    They come by rising strain, the root of the sum of the squares of the logarithms of the principal stretches.

    Args:
        lattice: (3, 3) rows in angstrom.
        target: (3, 3) rows in angstrom, `index` times the volume.
        index: determinant of the matrices, or its negative: mirror images are the same.
        max_strain: largest strain between what a matrix makes of the lattice and the target.

    Raises:
        UnmeasurableError: a large or flat cell, which very many vectors could be mapped on.

    """
    order = np.argsort(np.linalg.norm(target, axis=1), kind="stable")
    ordered = np.ascontiguousarray(target[order])
    longest = float(np.linalg.norm(ordered[1])) * math.exp(max_strain)
    reach = (longest * np.linalg.norm(np.linalg.inv(lattice), axis=0)).astype(np.int64)
    n_points = math.prod((2 * reach + 1).tolist())
    if n_points > MAX_POINTS:
        reason = f"too many lattice vectors could be edges of the cell: {n_points:.2g}, {MAX_POINTS:.2g} is the bound"
        raise UnmeasurableError(reason)
    maps, finished = _maps(lattice, ordered, index, max_strain, reach)
    if not finished:
        reason = f"more than {MAX_MAPS} maps of one lattice on the other, or more than {MAX_STEPS:.0e} steps"
        raise UnmeasurableError(reason)
    strains = _strains(maps @ lattice, ordered)
    kept = np.argsort(strains, kind="stable")[: int((strains <= max_strain).sum())]
    result = np.empty((len(kept), 3, 3), dtype=np.int64)
    result[:, order] = np.rint(maps[kept])
    return result


def _strains(lattices: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """(q,) strain that turns each of (q, 3, 3) lattices into the target."""
    deformations = np.linalg.inv(lattices) @ target
    stretches = np.linalg.eigvalsh(deformations @ deformations.transpose(0, 2, 1))
    strains: NDArray[np.float64] = np.linalg.norm(np.log(stretches) / 2, axis=1)
    return strains


@njit(cache=True)
def _maps(
    lattice: NDArray[np.float64], target: NDArray[np.float64], index: int, max_strain: float, reach: NDArray[np.int64]
) -> tuple[NDArray[np.float64], bool]:
    """Maps that keep lengths and angles about as well as wanted, and whether all were looked for."""
    lengths = np.sqrt((target**2).sum(axis=1))
    first = _points_of_length(lattice, lengths[0], max_strain, reach)
    second = _points_of_length(lattice, lengths[1], max_strain, reach)
    off = ANGLE_FACTOR * max_strain * lengths[0] * lengths[1]
    dot = _dot(target[0], target[1])
    in_frame = np.linalg.solve(_frame(target[0], target[1]).T, target[2])
    inverse = np.linalg.inv(lattice)
    around = REACH_FACTOR * max_strain * lengths[2] * np.sqrt((inverse**2).sum(axis=0))
    result = np.empty((MAX_MAPS, 3, 3))
    n_maps = 0
    steps = 0
    for p, one in zip(first, first @ lattice):  # noqa: B905 - compiled code knows no strict
        for q, other in zip(second, second @ lattice):  # noqa: B905 - as above
            steps += 1
            if abs(_dot(one, other) - dot) > off:
                continue
            normal = np.cross(p, q)
            frame = _frame(one, other)
            for side in (-1.0, 1.0):
                place = (in_frame[0] * frame[0] + in_frame[1] * frame[1] + side * in_frame[2] * frame[2]) @ inverse
                low, high = np.ceil(place - around), np.floor(place + around)
                steps += int((high - low + 1).prod())
                if steps > MAX_STEPS:
                    return result[:n_maps], False
                for r in _points_on_plane(low, high, normal, index):
                    if n_maps == MAX_MAPS:
                        return result[:n_maps], False
                    result[n_maps, 0], result[n_maps, 1], result[n_maps, 2] = p, q, r
                    n_maps += 1
    return result[:n_maps], True


@njit(cache=True)
def _points_on_plane(
    low: NDArray[np.float64], high: NDArray[np.float64], normal: NDArray[np.float64], index: int
) -> NDArray[np.float64]:
    """(n, 3) whole numbers in a box that make the determinant of the map the index or its negative."""
    points = np.empty((max(0, int((high - low + 1).prod())), 3))
    n_points = 0
    for a in range(low[0], high[0] + 1):
        for b in range(low[1], high[1] + 1):
            for c in range(low[2], high[2] + 1):
                if abs(a * normal[0] + b * normal[1] + c * normal[2]) == index:
                    points[n_points, 0], points[n_points, 1], points[n_points, 2] = a, b, c
                    n_points += 1
    return points[:n_points]


@njit(cache=True)
def _points_of_length(
    lattice: NDArray[np.float64], length: float, max_strain: float, reach: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(n, 3) whole numbers of the lattice vectors whose length a strain could make that wanted."""
    shortest, longest = (length * math.exp(-max_strain)) ** 2, (length * math.exp(max_strain)) ** 2
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
def _frame(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) orthonormal right-handed rows: along the first vector, towards the second, across both."""
    frame = np.empty((3, 3))
    frame[0] = one / math.sqrt(_dot(one, one))
    across = other - _dot(other, frame[0]) * frame[0]
    frame[1] = across / math.sqrt(_dot(across, across))
    frame[2] = np.cross(frame[0], frame[1])
    return frame


@njit(cache=True)
def _dot(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]
