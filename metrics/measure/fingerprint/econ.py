"""Bonds by effective coordination numbers, as BAWL draws them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.elements import radii_of
from metrics.measure.fingerprint.neighbours import neighbours_within, reduce_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.crystal import Crystal

CUTOFF_ANGSTROM = 10.0
MIN_WEIGHT = 0.2
COINCIDENT_ANGSTROM = 1e-8
CONVERGED_ANGSTROM = 1e-4


def econ_bonds(crystal: Crystal) -> NDArray[np.int64]:
    """Distinct bonded pairs of site indices, (m, 2) with the lower index first; (i, i) bonds site i to its own image.

    Effective coordination (Hoppe 1979, doi:10.1524/zkri.1979.150.14.23): a neighbour at distance d of a site with
    covalent radius r has the fictive radius ``f = d r / (r + r')``; the mean fictive radius m solves
    ``m = sum(f w) / sum(w)``, ``w = exp(1 - (f / m)^6)``, iterated from the smallest f until it moves by 1e-4
    angstrom or less. Within 10 angstrom, a neighbour with w > 0.2 is bonded.

    Raises:
        UnmeasurableError: a cell that cannot be searched, an element without a radius, a site without a neighbour
            within 10 angstrom, two different elements at one place.

    """
    cell = reduce_cell(crystal)
    try:
        radii = radii_of(crystal.atomic_numbers)
    except ValueError as error:
        raise UnmeasurableError(str(error)) from error
    near = neighbours_within(cell, np.full(crystal.n_sites, CUTOFF_ANGSTROM))
    # like sites at one place are one site to EconNN
    kept = near.distance > COINCIDENT_ANGSTROM
    if not kept.all():
        first = near.center
        clash = ~kept & (crystal.atomic_numbers[first] != crystal.atomic_numbers[near.site])
        if clash.any():
            at = int(np.flatnonzero(clash)[0])
            reason = f"sites {first[at]} and {near.site[at]} hold different elements at one place"
            raise UnmeasurableError(reason)
    bonded, lonely = _bonded(near.start, near.site, near.distance, radii)
    if lonely >= 0:
        reason = f"site {lonely} has no neighbour within {CUTOFF_ANGSTROM:g} angstrom"
        raise UnmeasurableError(reason)
    first = near.center[bonded]
    second = near.site[bonded].astype(np.int64)
    codes = np.unique(np.minimum(first, second) * crystal.n_sites + np.maximum(first, second))
    return np.stack([codes // crystal.n_sites, codes % crystal.n_sites], axis=1)


@njit(cache=True)
def _bonded(
    start: NDArray[np.int64], site: NDArray[np.int32], distance: NDArray[np.float64], radii: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], int]:
    """Mark the bonded entries of the neighbour lists; second: a site without neighbours, or -1."""
    bonded = np.zeros(len(distance), np.bool_)
    fictive = np.empty(len(distance), np.float64)
    for i in range(len(radii)):
        smallest = math.inf
        for at in range(start[i], start[i + 1]):
            fictive[at] = distance[at] * (radii[i] / (radii[i] + radii[site[at]]))
            if distance[at] > COINCIDENT_ANGSTROM:
                smallest = min(smallest, fictive[at])
            else:
                fictive[at] = math.inf
        if smallest == math.inf:
            return bonded, i
        before = math.inf
        mean = _weighted_mean(fictive[start[i] : start[i + 1]], smallest)
        while abs(before - mean) > CONVERGED_ANGSTROM:
            before = mean
            mean = _weighted_mean(fictive[start[i] : start[i + 1]], mean)
        for at in range(start[i], start[i + 1]):
            bonded[at] = distance[at] < CUTOFF_ANGSTROM and math.exp(1.0 - (fictive[at] / mean) ** 6) > MIN_WEIGHT
    return bonded, -1


@njit(cache=True)
def _weighted_mean(fictive: NDArray[np.float64], around: float) -> float:
    """One step of the iteration; beyond twice `around` a weight is below 1e-27 and changes no digit of the sums."""
    weighted = 0.0
    total = 0.0
    for value in fictive:
        if value < 2.0 * around:
            weight = math.exp(1.0 - (value / around) ** 6)
            weighted += value * weight
            total += weight
    return weighted / total
