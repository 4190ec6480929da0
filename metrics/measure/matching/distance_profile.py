"""Distances from every site to its nearest neighbours of each element: what the distance of two crystals compares.

An element-resolved form of the pointwise distance distribution (Widdowson and Kurlin 2022, doi:10.5281/zenodo.7120673,
NeurIPS 35): unlike distances without elements, it sees which element sits where.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.neighbours import neighbours_within, reduce_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.crystal import Crystal
    from metrics.measure.fingerprint.neighbours import Reduced

NEIGHBOURS = 100
MIN_NEIGHBOURS_PER_ELEMENT = 10
MAX_ROWS = 1_000
GROWTH = 1.25
MAX_GROWTHS = 30


class Profile(NamedTuple):
    """Rows of scaled distances by element.

    Attributes:
        elements: (k,) atomic numbers, rising.
        rows: for each element the (n_e, m) distances of its sites, in units of (volume / n_sites)^(1/3): to the
            nearest neighbours of the first element in rising order, then of the second, ... m depends on the reduced
            formula alone.

    """

    elements: NDArray[np.int64]
    rows: tuple[NDArray[np.float64], ...]


def distance_profile(crystal: Crystal) -> Profile:
    """Nearest neighbours of every site: of each element ``max(10, round(100 x))``, x its atomic fraction.

    Raises:
        UnmeasurableError: the cell cannot be searched (see :mod:`~metrics.measure.fingerprint.neighbours`).

    """
    cell = reduce_cell(crystal)
    elements, kinds, counts = np.unique(crystal.atomic_numbers, return_inverse=True, return_counts=True)
    n_sites = crystal.n_sites
    # whole-number arithmetic, so that a half is rounded the same way in every cell
    wanted = np.maximum(MIN_NEIGHBOURS_PER_ELEMENT, (2 * NEIGHBOURS * counts + n_sites) // (2 * n_sites))
    spacing = (crystal.volume / n_sites) ** (1 / 3)
    # the sphere that holds the neighbours wanted at the mean density of the scarcest of them
    density = counts / crystal.volume
    radius = float(np.max(3 * (wanted + 1) / (4 * np.pi * density)) ** (1 / 3))
    rows = _rows(cell, kinds, wanted, np.full(n_sites, radius)) / spacing
    return Profile(elements, tuple(np.ascontiguousarray(rows[kinds == kind]) for kind in range(len(elements))))


def profile_distance(a: Profile, b: Profile) -> float | None:
    """How far the worst site has to change, dimensionless; 0 for two cells of one crystal.

    Within each element the sites of the two crystals are assigned to each other at the least total cost, rows repeated
    to the least common multiple of their numbers; the cost of two rows is the root mean square of their differences.
    The distance is the largest cost of an assigned pair. None where the least common multiple exceeds 1,000.

    Args:
        a: profile of a crystal.
        b: profile of another crystal of the same reduced formula.

    """
    worst = 0.0
    for ours, theirs in zip(a.rows, b.rows, strict=True):
        n_rows = int(np.lcm(len(ours), len(theirs)))
        if n_rows > MAX_ROWS:
            return None
        cost = _costs(*sorted((ours, theirs), key=len))
        largest = _nearest_cost(cost)
        if largest < 0:
            from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - slow, and few pairs need it

            cost = cost.repeat(n_rows // cost.shape[0], axis=0).repeat(n_rows // cost.shape[1], axis=1)
            largest = float(cost[linear_sum_assignment(cost)].max())
        worst = max(worst, largest)
    return worst


def _rows(
    cell: Reduced, kinds: NDArray[np.int64], wanted: NDArray[np.int64], radii: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n, sum of `wanted`) distances in angstrom; the search grows around the sites that lack neighbours."""
    for _ in range(MAX_GROWTHS):
        near = neighbours_within(cell, radii)
        rows, complete = _nearest(near.start, near.site, near.distance, kinds, wanted)
        if complete.all():
            return rows
        radii = np.where(complete, radii, radii * GROWTH)
    reason = f"some sites lack {wanted.sum()} neighbours within {radii.max():.3g} angstrom"
    raise UnmeasurableError(reason)


@njit(cache=True)
def _costs(fewer: NDArray[np.float64], more: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root mean square of the differences of every two rows, (n, m)."""
    costs = np.empty((len(fewer), len(more)))
    for i in range(len(fewer)):
        for j in range(len(more)):
            total = 0.0
            for column in range(fewer.shape[1]):
                off = fewer[i, column] - more[j, column]
                total += off * off
            costs[i, j] = math.sqrt(total / fewer.shape[1])
    return costs


@njit(cache=True)
def _nearest_cost(costs: NDArray[np.float64]) -> float:
    """Largest cost where assigning every column to its cheapest row is an assignment, hence the best; else -1."""
    n_rows, n_columns = costs.shape
    assigned = np.zeros(n_rows, np.int64)
    worst = 0.0
    for column in range(n_columns):
        cheapest = costs[:, column].argmin()
        assigned[cheapest] += 1
        # a whole number of columns for each row, the same for all
        if assigned[cheapest] * n_rows > n_columns:
            return -1.0
        worst = max(worst, costs[cheapest, column])
    return worst


@njit(cache=True)
def _nearest(
    start: NDArray[np.int64],
    site: NDArray[np.int32],
    distance: NDArray[np.float64],
    kinds: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Sorted nearest distances of each site by element, and which sites have them all."""
    n_sites = len(kinds)
    rows = np.zeros((n_sites, wanted.sum()))
    complete = np.ones(n_sites, np.bool_)
    for i in range(n_sites):
        column = 0
        for kind in range(len(wanted)):
            distances = np.empty(start[i + 1] - start[i])
            n_near = 0
            for at in range(start[i], start[i + 1]):
                if kinds[site[at]] == kind:
                    distances[n_near] = distance[at]
                    n_near += 1
            if n_near < wanted[kind]:
                complete[i] = False
                break
            rows[i, column : column + wanted[kind]] = np.sort(distances[:n_near])[: wanted[kind]]
            column += wanted[kind]
    return rows, complete
