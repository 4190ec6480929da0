"""How many sites of a perfect crystal have to be removed, added or exchanged to make another crystal of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from metrics.measure import UnmeasurableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_STEPS = 100_000_000
"""Bound on the distances between sites of the two crystals, about half a second."""
FIRST_REACH = 1.5
"""In site tolerances: how far a site may be off before the origin has been averaged over all sites."""
N_MORE_PIVOTS = 2
"""The site from which the origin is guessed may be a defect, or displaced by one: so many more than the edits."""


class Sites(NamedTuple):
    """Sites of a crystal: (n, 3) fractional coordinates and (n,) rising atomic numbers."""

    frac_coords: NDArray[np.float64]
    atomic_numbers: NDArray[np.int64]


def fewest_site_edits(
    host: Sites,
    maps: NDArray[np.int64],
    structure: Sites,
    lattice: NDArray[np.float64],
    tolerance: float,
    limits: tuple[int, int],
) -> int:
    """Smallest number of edits over all maps and origins; one more than the upper limit where it is larger.

    Args:
        host: the perfect crystal, in its own cell.
        maps: (q, 3, 3) whole-number matrices, each a supercell of the host's cell that is laid on the structure's.
        structure: the crystal that may be a supercell with defects.
        lattice: (3, 3) its cell in angstrom.
        tolerance: how far in angstrom a site may be off.
        limits: the smallest number that is possible, at which the search ends, and the largest that matters.

    Raises:
        UnmeasurableError: more distances than the bound allows.

    """
    spans = np.stack(
        [np.searchsorted(structure.atomic_numbers, host.atomic_numbers, side=side) for side in ("left", "right")],
        axis=1,
    )
    # the element that gives the fewest origins to try
    n_pivots = np.minimum(spans[:, 1] - spans[:, 0], limits[1] + 1 + N_MORE_PIVOTS)
    n_anchors = (host.atomic_numbers[:, None] == host.atomic_numbers).sum(axis=1)
    rarest = int(np.argmin(n_pivots * n_anchors))
    pivots = np.arange(spans[rarest, 0], spans[rarest, 0] + n_pivots[rarest])
    anchors = np.flatnonzero(host.atomic_numbers == host.atomic_numbers[rarest])
    edits = _fewest(host, maps, _Laid(structure, spans, lattice, tolerance), anchors, pivots, limits)
    if edits < 0:
        n_sites = len(structure.atomic_numbers)
        reason = f"laying a crystal over {n_sites} sites in all ways took more than {MAX_STEPS:.0e} steps"
        raise UnmeasurableError(reason)
    return int(edits)


class _Laid(NamedTuple):
    """The structure; (m, 2) first and last + 1 of its sites of the element of each host site; its cell; tolerance."""

    structure: Sites
    spans: NDArray[np.int64]
    lattice: NDArray[np.float64]
    tolerance: float


@njit(cache=True)
def _fewest(
    host: Sites,
    maps: NDArray[np.int64],
    laid: _Laid,
    anchors: NDArray[np.int64],
    pivots: NDArray[np.int64],
    limits: tuple[int, int],
) -> int:
    """The number of edits; -1 past the bound on the steps."""
    n_host = len(host.frac_coords)
    least, most = limits
    fewest = most + 1
    steps = 0
    for matrix in maps:
        copies = _copies(matrix)
        inverse = np.linalg.inv(matrix.astype(np.float64))
        perfect = np.empty((len(copies) * n_host, 3))
        for copy in range(len(copies)):
            for site in range(n_host):
                perfect[copy * n_host + site] = (host.frac_coords[site] + copies[copy]) @ inverse
        order = np.arange(len(perfect))
        for anchor in anchors:
            for pivot in pivots:
                shift = laid.structure.frac_coords[pivot] - perfect[anchor]
                edits, steps_here = _edits(perfect, host.atomic_numbers, laid, shift, fewest - 1, order)
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
                rest = rows[column] - rows[column, column] // rows[below, column] * rows[below]
                rows[column] = rows[below]
                rows[below] = rest
    n_a, n_b, n_c = abs(rows[0, 0]), abs(rows[1, 1]), abs(rows[2, 2])
    copies = np.empty((n_a * n_b * n_c, 3))
    for place in range(len(copies)):
        copies[place, 0] = place // (n_b * n_c)
        copies[place, 1] = place // n_c % n_b
        copies[place, 2] = place % n_c
    return copies


@njit(cache=True)
def _edits(
    perfect: NDArray[np.float64],
    host_numbers: NDArray[np.int64],
    laid: _Laid,
    shift: NDArray[np.float64],
    most: int,
    order: NDArray[np.int64],
) -> tuple[int, int]:
    """Edits that are left at the origin near `shift`, `most` + 1 if more, and the steps taken."""
    frac, numbers = laid.structure
    steps = 0
    is_missing = np.zeros(len(perfect), np.bool_)
    is_free = np.ones(len(frac), np.bool_)
    for reach in (FIRST_REACH * laid.tolerance, laid.tolerance):
        is_missing[:] = False
        is_free[:] = True
        n_missing = 0
        total = np.zeros(3)
        for place in range(len(order)):
            site = order[place]
            start, stop = laid.spans[site % len(host_numbers)]
            nearest = _nearest(perfect[site] + shift, laid, is_free, start, stop, reach)
            steps += stop - start
            if nearest < 0:
                is_missing[site] = True
                n_missing += 1
                if n_missing > most:
                    # asked first next time: an odd site rules out most origins
                    order[0], order[place] = order[place], order[0]
                    return most + 1, steps
                continue
            is_free[nearest] = False
            for axis in range(3):
                off = frac[nearest, axis] - perfect[site, axis] - shift[axis]
                total[axis] += off - round(off)
        shift = shift + total / max(1, len(order) - n_missing)
    n_added = len(frac) - (len(perfect) - n_missing)
    if n_added > most:
        return most + 1, steps
    n_exchanged = 0
    for site in np.flatnonzero(is_missing):
        is_other = is_free & (numbers != host_numbers[site % len(host_numbers)])
        nearest = _nearest(perfect[site] + shift, laid, is_other, 0, len(frac), FIRST_REACH * laid.tolerance)
        steps += len(frac)
        if nearest >= 0:
            is_free[nearest] = False
            n_exchanged += 1
    return n_missing + n_added - n_exchanged, steps


@njit(cache=True)
def _nearest(
    position: NDArray[np.float64], laid: _Laid, is_open: NDArray[np.bool_], start: int, stop: int, reach: float
) -> int:
    """The nearest open one of some sites of the structure within reach of a position; -1 if there is none."""
    frac, lattice = laid.structure.frac_coords, laid.lattice
    nearest = -1
    limit = reach * reach
    for site in range(start, stop):
        if not is_open[site]:
            continue
        a, b, c = frac[site, 0] - position[0], frac[site, 1] - position[1], frac[site, 2] - position[2]
        a, b, c = a - round(a), b - round(b), c - round(c)
        square = 0.0
        for axis in range(3):
            component = a * lattice[0, axis] + b * lattice[1, axis] + c * lattice[2, axis]
            square += component * component
        if square <= limit:
            limit = square
            nearest = site
    return nearest
