"""Is a structure a known crystal with point defects: a supercell of it with few sites missing, added or exchanged?

A vacancy, an interstitial, a wrong atom or a dopant makes another formula, or another order, so the verdict rightly
says that the structure is not in a reference set; but nobody would call it a new compound. The lattice of the crystal
is mapped on that of the structure, its sites are laid over the structure's in every way that brings two sites of one
element together, and what does not agree is counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.matching.host_formulas import fewest_edits
from metrics.measure.matching.lattice_maps import lattice_maps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from metrics.measure.fingerprint.neighbours import Reduced
    from metrics.measure.matching.verdict import Candidate

    Sites = tuple[NDArray[np.float64], NDArray[np.int64]]
    """Fractional coordinates in the cell of the structure, and atomic numbers."""

VERSION = 1
"""Of the comparison; raised when it could change under the same settings."""

MAX_STEPS = 100_000_000
"""Bound on the distances between sites of the two crystals, about half a second."""
FIRST_REACH = 1.5
"""In site tolerances: how far a site may be off before the origin has been averaged over all sites."""
N_MORE_PIVOTS = 2
"""The site from which the origin is guessed may be a defect, or displaced by one: so many more than the edits."""


@dataclass(frozen=True)
class PointDefectSettings:
    """What counts as a crystal with point defects.

    Attributes:
        sites_per_edit: one site may be missing, added or exchanged for each so many sites of the perfect supercell.
        length_tolerance: by what share of itself an edge of the cell may differ, at equal volume.
        angle_tolerance: by how much the cosine of an angle of the cell may differ.
        site_tolerance: how far a site may be off, in units of (volume / n_sites)^(1/3).

    """

    sites_per_edit: int = 16
    length_tolerance: float = 0.1
    angle_tolerance: float = 0.12
    site_tolerance: float = 0.3


def primitive_counts(candidate: Candidate) -> dict[int, int]:
    """Number of atoms of each element in the loose primitive cell; needs keys."""
    elements, counts = np.unique(candidate.crystal.atomic_numbers, return_counts=True)
    units = math.gcd(*counts.tolist())
    return {
        element: n // units * candidate.sizes[0] for element, n in zip(elements.tolist(), counts.tolist(), strict=True)
    }


def host_multiples(counts: Mapping[int, int], host: Mapping[int, int], sites_per_edit: int) -> list[int]:
    """Of how many primitive cells of a host the primitive cell of a structure may be made, by its atoms alone.

    Args:
        counts: atoms of each element in the primitive cell of the structure.
        host: atoms of each element in that of the host.
        sites_per_edit: one edit is allowed for each so many sites of the host.

    """
    n_host = sum(host.values())
    most = sum(counts.values()) // (sites_per_edit - 1)
    first = max(1, -((most - sum(counts.values())) // n_host))
    return [
        multiple
        for multiple in range(first, (sum(counts.values()) + most) // n_host + 1)
        if fewest_edits(counts, {element: multiple * n for element, n in host.items()})
        <= multiple * n_host // sites_per_edit
    ]


def same_up_to_point_defects(structure: Candidate, host: Candidate, settings: PointDefectSettings) -> bool:
    """Whether a structure is a supercell of a host with at least one edit and no more than the settings allow.

    Both are reduced to their loose primitive cells first, so neither the choice of cell nor the number of copies
    matters. Mirror images are the same. Where all sites agree the structure is a distorted copy, not a defect.

    Args:
        structure: with keys.
        host: with keys, whose elements the structure has.
        settings: how many edits, and how well the rest has to agree.

    Raises:
        UnmeasurableError: a cell cannot be searched, or the comparison would take too long.

    """
    counts, of_host = primitive_counts(structure), primitive_counts(host)
    multiples = host_multiples(counts, of_host, settings.sites_per_edit)
    if not multiples or set(of_host) - set(counts):
        return False
    perfect, defective = (_reduced(one) for one in (host, structure))
    return any(
        _is_defective(
            defective,
            perfect,
            multiple,
            fewest_edits(counts, {element: multiple * n for element, n in of_host.items()}),
            settings,
        )
        for multiple in multiples
    )


def _reduced(candidate: Candidate) -> tuple[Reduced, NDArray[np.int64]]:
    """The loose primitive cell with sites sorted by element."""
    primitive = candidate.primitive(candidate.sizes[:1])
    order = np.argsort(primitive.atomic_numbers, kind="stable")
    cell = reduce_cell(primitive)
    return cell._replace(frac_coords=np.ascontiguousarray(cell.frac_coords[order])), primitive.atomic_numbers[order]


def _is_defective(
    structure: tuple[Reduced, NDArray[np.int64]],
    host: tuple[Reduced, NDArray[np.int64]],
    multiple: int,
    least: int,
    settings: PointDefectSettings,
) -> bool:
    (cell, numbers), (host_cell, host_numbers) = structure, host
    n_perfect = multiple * len(host_numbers)
    most = n_perfect // settings.sites_per_edit
    volume = multiple * abs(float(np.linalg.det(host_cell.lattice)))
    lattice = cell.lattice * (volume / abs(float(np.linalg.det(cell.lattice)))) ** (1 / 3)
    maps = lattice_maps(host_cell.lattice, lattice, multiple, settings.length_tolerance, settings.angle_tolerance)
    # the element that gives the fewest origins to try
    elements, host_counts = np.unique(host_numbers, return_counts=True)
    n_pivots = np.minimum([(numbers == element).sum() for element in elements], most + 1 + N_MORE_PIVOTS)
    element = elements[np.argmin(n_pivots * host_counts)]
    pivots = np.flatnonzero(numbers == element)[: most + 1 + N_MORE_PIVOTS]
    anchors = np.flatnonzero(host_numbers == element)
    tolerance = settings.site_tolerance * (volume / n_perfect) ** (1 / 3)
    perfect = (host_cell.frac_coords, host_numbers)
    edits = _fewest_edits(
        maps, perfect, lattice, (cell.frac_coords, numbers), (pivots, anchors), tolerance, (least, most)
    )
    if edits < 0:
        reason = f"laying a crystal over {len(numbers)} sites took more than {MAX_STEPS:.0e} steps"
        raise UnmeasurableError(reason)
    return 1 <= edits <= most


@njit(cache=True)
def _fewest_edits(
    maps: NDArray[np.int64],
    host: Sites,
    lattice: NDArray[np.float64],
    structure: Sites,
    origins: tuple[NDArray[np.int64], NDArray[np.int64]],
    tolerance: float,
    limits: tuple[int, int],
) -> int:
    """Smallest number of edits over all maps and origins; one more than the upper limit if more, -1 past the bound.

    The search ends early at the lower limit, that of the numbers of atoms.
    """
    host_frac, host_numbers = host
    pivots, anchors = origins
    least, most = limits
    fewest = most + 1
    steps = 0
    for at in range(len(maps)):
        copies = _copies(maps[at])
        n_copies = len(copies)
        perfect = np.empty((n_copies * len(host_frac), 3))
        perfect_numbers = np.empty(len(perfect), np.int64)
        inverse = np.linalg.inv(maps[at].astype(np.float64))
        for site in range(len(host_frac)):
            for copy in range(n_copies):
                place = copy * len(host_frac) + site
                perfect[place] = (host_frac[site] + copies[copy]) @ inverse
                perfect_numbers[place] = host_numbers[site]
        order = np.arange(len(perfect))
        for anchor in anchors:
            for pivot in pivots:
                shift = structure[0][pivot] - perfect[anchor]
                edits, steps_here = _edits(
                    (perfect, perfect_numbers), shift, lattice, structure, tolerance, fewest - 1, order
                )
                steps += steps_here
                if steps > MAX_STEPS:
                    return -1
                fewest = min(edits, fewest)
                if fewest <= least:
                    return fewest
    return fewest


@njit(cache=True)
def _copies(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """(k, 3) one lattice vector for each copy of the cell in the supercell spanned by the rows of a matrix."""
    rows = matrix.copy()
    for column in range(3):
        for below in range(column + 1, 3):
            while rows[below, column] != 0:
                factor = rows[column, column] // rows[below, column]
                rest = rows[column] - factor * rows[below]
                rows[column] = rows[below]
                rows[below] = rest
    n_a, n_b, n_c = abs(rows[0, 0]), abs(rows[1, 1]), abs(rows[2, 2])
    copies = np.empty((n_a * n_b * n_c, 3))
    place = 0
    for a in range(n_a):
        for b in range(n_b):
            for c in range(n_c):
                copies[place, 0], copies[place, 1], copies[place, 2] = a, b, c
                place += 1
    return copies


@njit(cache=True)
def _edits(
    host: Sites,
    shift: NDArray[np.float64],
    lattice: NDArray[np.float64],
    structure: Sites,
    tolerance: float,
    most: int,
    order: NDArray[np.int64],
) -> tuple[int, int]:
    """Edits that are left at the origin near `shift`, `most` + 1 if more, and the steps taken."""
    (perfect, perfect_numbers), (frac, numbers) = host, structure
    steps = 0
    partner = np.full(len(perfect), -1)
    is_free = np.ones(len(frac), np.bool_)
    for reach in (FIRST_REACH * tolerance, tolerance):
        partner[:] = -1
        is_free[:] = True
        missing = 0
        total = np.zeros(3)
        for place in range(len(order)):
            site = order[place]
            nearest = _nearest(perfect[site] + shift, perfect_numbers[site], True, lattice, structure, is_free, reach)
            steps += len(frac)
            if nearest < 0:
                missing += 1
                if missing > most:
                    # asked first next time: a single odd site rules out most origins
                    order[0], order[place] = order[place], order[0]
                    return most + 1, steps
                continue
            partner[site] = nearest
            is_free[nearest] = False
            for axis in range(3):
                off = frac[nearest, axis] - perfect[site, axis] - shift[axis]
                total[axis] += off - round(off)
        shift = shift + total / max(1, len(order) - missing)
    n_added = len(frac) - (len(perfect) - missing)
    if n_added > most:
        return most + 1, steps
    n_exchanged = 0
    for site in range(len(perfect)):
        if partner[site] < 0:
            reach = FIRST_REACH * tolerance
            nearest = _nearest(perfect[site] + shift, perfect_numbers[site], False, lattice, structure, is_free, reach)
            steps += len(frac)
            if nearest >= 0:
                is_free[nearest] = False
                n_exchanged += 1
    return missing + n_added - n_exchanged, steps


@njit(cache=True)
def _nearest(
    position: NDArray[np.float64],
    number: int,
    like: bool,
    lattice: NDArray[np.float64],
    structure: Sites,
    is_free: NDArray[np.bool_],
    reach: float,
) -> int:
    """The nearest free site within reach of a position, of this element or of any other; -1 if there is none."""
    frac, numbers = structure
    nearest = -1
    limit = reach * reach
    for site in range(len(frac)):
        if not is_free[site] or (numbers[site] == number) != like:
            continue
        a = frac[site, 0] - position[0]
        b = frac[site, 1] - position[1]
        c = frac[site, 2] - position[2]
        a, b, c = a - round(a), b - round(b), c - round(c)
        square = 0.0
        for axis in range(3):
            component = a * lattice[0, axis] + b * lattice[1, axis] + c * lattice[2, axis]
            square += component * component
        if square <= limit:
            limit = square
            nearest = site
    return nearest
