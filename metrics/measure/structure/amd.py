"""Average minimum distances: a crystal as one rising curve, the same for every choice of cell."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numba import njit

from metrics.measure import UnmeasurableError, measure
from metrics.measure.fingerprint.neighbours import neighbours_within, reduce_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.crystal import Crystal

_GROWTH = 1.25
_MAX_GROWTHS = 30


@dataclass(frozen=True)
class AmdSettings:
    """Number of neighbours."""

    n_neighbors: int = 100


@measure(name="amd", version=1, columns={"amd": pa.list_(pa.float64())}, settings=AmdSettings)
def measure_amd(crystal: Crystal, settings: AmdSettings) -> dict[str, object]:
    """Distance to the k-th nearest neighbour, k = 1 ... n_neighbors, averaged over the sites; angstrom.

    Widdowson et al. 2022, MATCH Commun. Math. Comput. Chem. 87, 529, DOI 10.46793/match.87-3.529W. Elements play no
    part, and every site counts, so a supercell has the curve of its cell.

    Raises:
        UnmeasurableError: the cell cannot be searched (see :mod:`~metrics.measure.fingerprint.neighbours`).

    """
    return {"amd": nearest_distances(crystal, settings.n_neighbors).mean(axis=0).tolist()}


def nearest_distances(crystal: Crystal, n_neighbors: int) -> NDArray[np.float64]:
    """(n_sites, n_neighbors) rising distances in angstrom of each site to its nearest neighbours.

    Raises:
        UnmeasurableError: the cell cannot be searched.

    """
    cell = reduce_cell(crystal)
    # the sphere that holds the neighbours wanted and a shell more, at the mean density
    volume_per_site = crystal.volume / crystal.n_sites
    wanted = n_neighbors + 2 * n_neighbors ** (2 / 3)
    radii = np.full(crystal.n_sites, (3 * wanted * volume_per_site / (4 * pi)) ** (1 / 3))
    for _ in range(_MAX_GROWTHS):
        near = neighbours_within(cell, radii)
        lacking = np.diff(near.start) < n_neighbors
        if not lacking.any():
            return _nearest(near.start, near.distance, n_neighbors)
        radii = np.where(lacking, radii * _GROWTH, radii)
    message = f"some sites lack {n_neighbors} neighbours within {radii.max():.3g} angstrom"
    raise UnmeasurableError(message)


@njit(cache=True)
def _nearest(start: NDArray[np.int64], distance: NDArray[np.float64], n_neighbors: int) -> NDArray[np.float64]:
    """The shortest distances of each list of neighbours, rising."""
    nearest = np.empty((len(start) - 1, n_neighbors))
    for site in range(len(nearest)):
        nearest[site] = np.sort(distance[start[site] : start[site + 1]])[:n_neighbors]
    return nearest
