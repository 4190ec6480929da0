"""Periodic neighbours within a radius, whatever the shape of the cell, with a bound on the work."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from metrics.measure import UnmeasurableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.crystal import Crystal


MIN_VOLUME_PER_SITE = 1e-3
"""Cubic angstrom; a flatter cell is no crystal (the densest elements at ambient pressure have about 5)."""
MAX_SITES = 10_000
MAX_PAIRS = 10_000_000
"""Bound on the length of the lists, 0.25 GB: 10,000 sites have about 4 million neighbours within 10 angstrom."""
MAX_CANDIDATES = 500_000_000
"""Bound on the distances computed, a few seconds."""
MAX_REDUCTION_ROUNDS = 200
AROUND = np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)])


class Reduced(NamedTuple):
    """The same crystal in a nearly orthogonal cell.

    Attributes:
        lattice: (3, 3) rows in angstrom.
        frac_coords: (n, 3) in [0, 1).
        widths: (3,) inverse of the distance between opposite faces, in 1/angstrom.
        volume: in cubic angstrom.

    """

    lattice: NDArray[np.float64]
    frac_coords: NDArray[np.float64]
    widths: NDArray[np.float64]
    volume: float


class Neighbours(NamedTuple):
    """Neighbour lists of all sites; those of site i are the entries ``start[i]:start[i + 1]``, in no special order.

    Attributes:
        start: (n + 1,) int64.
        site: (m,) int32, index of the neighbour.
        image: (m, 3) int32, cell the neighbour lies in.
        distance: (m,) float64 in angstrom.

    """

    start: NDArray[np.int64]
    site: NDArray[np.int32]
    image: NDArray[np.int32]
    distance: NDArray[np.float64]

    @property
    def center(self) -> NDArray[np.int64]:
        """(m,) index of the site whose neighbour each entry is."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    @property
    def nearest(self) -> NDArray[np.float64]:
        """(n,) distance of each site to its nearest neighbour in angstrom, infinite where it has none."""
        nearest = np.full(len(self.start) - 1, np.inf)
        np.minimum.at(nearest, self.center, self.distance)
        return nearest

    def where(self, chosen: NDArray[np.bool_]) -> Neighbours:
        """The entries that are ``chosen`` (m,), in their order."""
        start = np.concatenate([[0], np.cumsum(chosen)])[self.start]
        return Neighbours(start, self.site[chosen], self.image[chosen], self.distance[chosen])


@lru_cache(maxsize=4)
def reduce_cell(crystal: Crystal) -> Reduced:
    """Replace the cell by a short-vector one of the same lattice and wrap the coordinates into it.

    Orientation and order of the sites stay. The last few answers are kept, because most facts about a crystal need it.

    Raises:
        UnmeasurableError: no sites or too many, numbers that are not finite, a flat cell.

    """
    n_sites = crystal.n_sites
    if not 0 < n_sites <= MAX_SITES:
        reason = f"{n_sites} sites; between 1 and {MAX_SITES} can be searched"
        raise UnmeasurableError(reason)
    if not (np.isfinite(crystal.lattice).all() and np.isfinite(crystal.frac_coords).all()):
        reason = "the cell or a coordinate is not a finite number"
        raise UnmeasurableError(reason)
    if crystal.volume < MIN_VOLUME_PER_SITE * n_sites:
        per_site = crystal.volume / n_sites
        reason = f"the cell is flat: {per_site:.2g} cubic angstrom per site, at least {MIN_VOLUME_PER_SITE:g} needed"
        raise UnmeasurableError(reason)
    lattice = _short_basis(crystal.lattice)
    inverse = np.linalg.inv(lattice)
    frac = crystal.cart_coords @ inverse
    frac -= np.floor(frac)
    frac[frac >= 1.0] = 0.0  # -1e-17 - floor(-1e-17) rounds to 1
    return Reduced(lattice, frac, np.linalg.norm(inverse, axis=0), abs(float(np.linalg.det(lattice))))


def neighbours_within(cell: Reduced, radii: NDArray[np.float64]) -> Neighbours:
    """All neighbours of each site i up to and including ``radii[i]`` angstrom, the site itself left out.

    Args:
        cell: from :func:`reduce_cell`.
        radii: (n,) search radius in angstrom of each site.

    Raises:
        UnmeasurableError: more neighbours are expected than the bounds allow.

    """
    n_sites = len(radii)
    density = n_sites / cell.volume
    pairs = density * 4.0 / 3.0 * math.pi * float((radii**3).sum())
    candidates = n_sites * float(np.prod(2.0 * radii[:, None] * cell.widths + 1.0, axis=1).sum())
    for expected, bound in ((pairs, MAX_PAIRS), (candidates, MAX_CANDIDATES)):
        if expected > bound:
            reason = f"too dense to search: about {expected:.2g} neighbours, {bound:.2g} is the bound"
            raise UnmeasurableError(reason)
    return Neighbours(*_search(cell.lattice, cell.frac_coords, radii, cell.widths))


def _short_basis(lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtract whole multiples of the shorter rows from the longest one until it gets no shorter.

    The neighbours do not depend on how far this goes, only the time does; so it may stop at a bound.
    """
    basis = lattice.copy()
    for _ in range(MAX_REDUCTION_ROUNDS):
        basis = basis[np.argsort((basis**2).sum(axis=1), kind="stable")]
        shortest, middle, longest = basis
        middle = middle - np.rint(middle @ shortest / (shortest @ shortest)) * shortest
        # nearest lattice point of the plane of the two shorter rows, then its surroundings
        plane = np.stack([shortest, middle])
        near = np.rint(np.linalg.solve(plane @ plane.T, plane @ longest))
        shorter = longest - (near + AROUND) @ plane
        longest = shorter[np.argmin((shorter**2).sum(axis=1))]
        reduced = np.stack([shortest, middle, longest])
        if (reduced**2).sum() >= (basis**2).sum() * (1 - 1e-12):
            break
        basis = reduced
    return np.ascontiguousarray(basis)


@njit(cache=True)
def _search(
    lattice: NDArray[np.float64], frac: NDArray[np.float64], radii: NDArray[np.float64], widths: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    n_sites = len(frac)
    start = np.zeros(n_sites + 1, np.int64)
    capacity = 64 * n_sites
    site = np.empty(capacity, np.int32)
    image = np.empty((capacity, 3), np.int32)
    distance = np.empty(capacity, np.float64)
    n_entries = 0
    for i in range(n_sites):
        radius = radii[i]
        reach_a, reach_b, reach_c = radius * widths[0], radius * widths[1], radius * widths[2]
        for j in range(n_sites):
            c_off = frac[j, 2] - frac[i, 2]
            c_low, c_high = _steps_within(c_off, reach_c)
            if c_low > c_high:
                # most sites of a large cell are out of reach along its longest vector, which is the last
                continue
            b_off = frac[j, 1] - frac[i, 1]
            b_low, b_high = _steps_within(b_off, reach_b)
            a_off = frac[j, 0] - frac[i, 0]
            a_low, a_high = _steps_within(a_off, reach_a)
            for a in range(a_low, a_high + 1):
                da = a_off + a
                for b in range(b_low, b_high + 1):
                    db = b_off + b
                    for c in range(c_low, c_high + 1):
                        if i == j and a == 0 and b == 0 and c == 0:
                            continue
                        dc = c_off + c
                        x = da * lattice[0, 0] + db * lattice[1, 0] + dc * lattice[2, 0]
                        y = da * lattice[0, 1] + db * lattice[1, 1] + dc * lattice[2, 1]
                        z = da * lattice[0, 2] + db * lattice[1, 2] + dc * lattice[2, 2]
                        d = math.sqrt(x * x + y * y + z * z)
                        if d > radius:
                            continue
                        if n_entries == capacity:
                            capacity *= 2
                            site = _grown(site, capacity)
                            image = _grown(image, capacity)
                            distance = _grown(distance, capacity)
                        site[n_entries] = j
                        image[n_entries, 0] = a
                        image[n_entries, 1] = b
                        image[n_entries, 2] = c
                        distance[n_entries] = d
                        n_entries += 1
        start[i + 1] = n_entries
    return start, site[:n_entries].copy(), image[:n_entries].copy(), distance[:n_entries].copy()


@njit(cache=True)
def _steps_within(offset: float, reach: float) -> tuple[int, int]:
    """First and last whole steps that bring an offset within reach, both in units of a cell vector."""
    return math.ceil(-offset - reach - 1e-9), math.floor(-offset + reach + 1e-9)


@njit(cache=True)
def _grown(array: NDArray[Any], capacity: int) -> NDArray[Any]:
    larger = np.empty((capacity, *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger
