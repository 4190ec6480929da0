"""How the lattice of a perfect crystal may underlie a structure with defects.

Edges of the perfect cell shift the structure nearly onto itself: all sites but the defects and their images fall on
like sites. There are few such shifts whatever the number of cells, where a search among the supercells of a lattice
would have ten thousands to try.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from metrics.measure import UnmeasurableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_STEPS = 100_000_000
"""Bound on the distances between sites, about half a second."""
MAX_SHIFTS = 5_000
"""Bound on the shifts as long as an edge of the perfect cell."""
MAX_MAPS = 5_000
"""Bound on the triples of them; 48 is the largest number of symmetries of a lattice."""
SLACK = 1.5
"""By how much more than the whole cell three single shifts may be strained: they carry the noise of the sites."""


class Sites(NamedTuple):
    """Sites of a crystal: (n, 3) fractional coordinates and (n,) rising atomic numbers."""

    frac_coords: NDArray[np.float64]
    atomic_numbers: NDArray[np.int64]


def lattice_maps(
    structure: Sites,
    lattice: NDArray[np.float64],
    host_lattice: NDArray[np.float64],
    pivots: NDArray[np.int64],
    limits: tuple[float, float, int],
) -> NDArray[np.int64]:
    """(q, 3, 3) whole-number matrices: supercells of the host that have nearly the structure's shape, turned somehow.

    The determinant is the number of cells, negative for mirror images, which are the same crystal.

    Args:
        structure: with defects.
        lattice: (3, 3) its cell in angstrom, scaled to the volume per site of the host.
        host_lattice: (3, 3) the perfect cell in angstrom.
        pivots: sites of one element, of which one is no defect.
        limits: largest strain between the supercell and the structure's cell at equal volume, the root of the sum of
            the squares of the logarithms of the principal stretches; how far in angstrom a shifted site may be off; and
            how many sites may have no like site there.

    Raises:
        UnmeasurableError: more distances, shifts or matrices than the bounds allow.

    """
    max_strain, reach, most_missed = limits
    lengths = np.linalg.norm(host_lattice, axis=1)
    shortest = float(lengths.min()) * math.exp(-SLACK * max_strain)
    longest = float(lengths.max()) * math.exp(SLACK * max_strain)
    shifts, n_shifts = _near_shifts(structure, lattice, pivots, (shortest, longest), reach, most_missed)
    edges, n_maps = _triples(shifts[: max(0, n_shifts)], host_lattice, SLACK * max_strain)
    if n_shifts < 0 or n_maps < 0:
        reason = f"too many shifts map {len(structure.frac_coords)} sites nearly on themselves"
        raise UnmeasurableError(reason)
    # three shifts in nearly one plane can have the lengths and angles of a flat cell's edges; they span no cell of it
    volumes = np.abs(np.linalg.det(edges[:n_maps]))
    edges = edges[:n_maps][volumes > abs(float(np.linalg.det(host_lattice))) / 2]
    # rows of the structure's lattice in the edges that were measured, without their noise
    maps = np.unique(np.rint(lattice @ np.linalg.inv(edges)).astype(np.int64), axis=0)
    maps = maps[np.rint(np.linalg.det(maps)) != 0]
    strains = _strains(maps @ host_lattice, lattice)
    by_strain: NDArray[np.int64] = maps[np.argsort(strains, kind="stable")[: int((strains <= max_strain).sum())]]
    return by_strain


def _strains(lattices: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """(q,) strain without change of volume that turns each of (q, 3, 3) lattices into the target."""
    deformations = np.linalg.inv(lattices) @ target
    squares = np.linalg.eigvalsh(deformations @ deformations.transpose(0, 2, 1))
    # rounding can make those of a hardly regular matrix negative; it is far from any limit
    stretches = np.log(np.maximum(squares, np.finfo(float).tiny)) / 2
    strains: NDArray[np.float64] = np.linalg.norm(stretches - stretches.mean(axis=1, keepdims=True), axis=1)
    return strains


@njit(cache=True)
def _near_shifts(
    structure: Sites,
    lattice: NDArray[np.float64],
    pivots: NDArray[np.int64],
    lengths: tuple[float, float],
    reach: float,
    most_missed: int,
) -> tuple[NDArray[np.float64], int]:
    """Cartesian shifts between two lengths that map the structure nearly on itself, and how many; -1 past a bound."""
    frac, numbers = structure
    widths = np.sqrt((np.linalg.inv(lattice) ** 2).sum(axis=0))
    shifts = np.empty((MAX_SHIFTS, 3))
    n_shifts = 0
    known = np.empty((len(frac), 3))
    n_known = 0
    steps = 0
    for pivot in pivots:
        for other in np.flatnonzero(numbers == numbers[pivot]):
            shift = frac[other] - frac[pivot]
            fits = len(_images(shift, lattice, widths, lengths[0] - reach, lengths[1] + reach)) > 0
            if not fits or _is_near_any(shift, known[:n_known], lattice, reach):
                continue
            missed, shift, steps_here = _missed(structure, lattice, shift, reach, most_missed)
            steps += steps_here
            if missed > most_missed:
                continue
            images = _images(shift, lattice, widths, lengths[0], lengths[1])
            if steps > MAX_STEPS or n_known == len(known) or n_shifts + len(images) > MAX_SHIFTS:
                return shifts, -1
            known[n_known] = shift
            n_known += 1
            shifts[n_shifts : n_shifts + len(images)] = images
            n_shifts += len(images)
    return shifts, n_shifts


@njit(cache=True)
def _is_near_any(
    shift: NDArray[np.float64], known: NDArray[np.float64], lattice: NDArray[np.float64], reach: float
) -> bool:
    """Whether a fractional shift is one of those known, up to a lattice vector."""
    nearest = np.inf
    for other in known:
        nearest = min(nearest, _length_between(shift, other, lattice))
    return nearest <= reach


@njit(cache=True)
def _images(
    shift: NDArray[np.float64],
    lattice: NDArray[np.float64],
    widths: NDArray[np.float64],
    shortest: float,
    longest: float,
) -> NDArray[np.float64]:
    """(n, 3) Cartesian vectors between two lengths that equal a fractional shift up to a lattice vector."""
    low = np.ceil(-shift - longest * widths)
    high = np.floor(-shift + longest * widths)
    images = np.empty((max(0, int((high - low + 1).prod())), 3))
    n_images = 0
    for a in range(low[0], high[0] + 1):
        for b in range(low[1], high[1] + 1):
            for c in range(low[2], high[2] + 1):
                image = (shift[0] + a) * lattice[0] + (shift[1] + b) * lattice[1] + (shift[2] + c) * lattice[2]
                if max(shortest, 0.0) ** 2 <= _dot(image, image) <= longest**2:
                    images[n_images] = image
                    n_images += 1
    return images[:n_images]


@njit(cache=True)
def _missed(
    structure: Sites, lattice: NDArray[np.float64], shift: NDArray[np.float64], reach: float, most_missed: int
) -> tuple[int, NDArray[np.float64], int]:
    """Sites that a shift brings near no like site, the mean shift of the others, and the steps taken."""
    frac, numbers = structure
    missed = 0
    steps = 0
    total = np.zeros(3)
    for site in range(len(frac)):
        nearest = reach
        partner = -1
        start = np.searchsorted(numbers, numbers[site])
        for other in range(start, len(frac)):
            if numbers[other] != numbers[site]:
                break
            steps += 1
            distance = _length_between(frac[other] - frac[site], shift, lattice)
            if distance <= nearest:
                nearest = distance
                partner = other
        if partner < 0:
            missed += 1
            if missed > most_missed:
                return missed, shift, steps
            continue
        off = frac[partner] - frac[site] - shift
        total += off - np.rint(off)
    return missed, shift + total / max(1, len(frac) - missed), steps


@njit(cache=True)
def _triples(
    shifts: NDArray[np.float64], host_lattice: NDArray[np.float64], max_strain: float
) -> tuple[NDArray[np.float64], int]:
    """(q, 3, 3) triples of shifts with about the lengths and angles of the host's edges, and how many; -1 past a bound.

    A strain changes the cosine between two vectors by no more than one and a half times itself.
    """
    wanted = host_lattice @ host_lattice.T
    off = 1.5 * max_strain * np.sqrt(np.outer(np.diag(wanted), np.diag(wanted)))
    squares = (shifts**2).sum(axis=1)
    fits = np.empty((3, len(shifts)), np.bool_)
    for row in range(3):
        for at in range(len(shifts)):
            fits[row, at] = abs(0.5 * math.log(squares[at] / wanted[row, row])) <= max_strain
    triples = np.empty((MAX_MAPS, 3, 3))
    n_triples = 0
    for i in np.flatnonzero(fits[0]):
        for j in np.flatnonzero(fits[1]):
            if abs(_dot(shifts[i], shifts[j]) - wanted[0, 1]) > off[0, 1]:
                continue
            for k in np.flatnonzero(fits[2]):
                if (
                    abs(_dot(shifts[i], shifts[k]) - wanted[0, 2]) > off[0, 2]
                    or abs(_dot(shifts[j], shifts[k]) - wanted[1, 2]) > off[1, 2]
                ):
                    continue
                if n_triples == MAX_MAPS:
                    return triples, -1
                triples[n_triples, 0], triples[n_triples, 1], triples[n_triples, 2] = shifts[i], shifts[j], shifts[k]
                n_triples += 1
    return triples, n_triples


@njit(cache=True)
def _length_between(one: NDArray[np.float64], other: NDArray[np.float64], lattice: NDArray[np.float64]) -> float:
    """Distance in angstrom of two fractional vectors up to a lattice vector."""
    a, b, c = one[0] - other[0], one[1] - other[1], one[2] - other[2]
    a, b, c = a - round(a), b - round(b), c - round(c)
    square = 0.0
    for axis in range(3):
        component = a * lattice[0, axis] + b * lattice[1, axis] + c * lattice[2, axis]
        square += component * component
    return math.sqrt(square)


@njit(cache=True)
def _dot(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(one[0] * other[0] + one[1] * other[1] + one[2] * other[2])
