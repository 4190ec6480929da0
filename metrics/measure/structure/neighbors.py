"""Periodic neighbours of every site as arrays, for any description of the cell."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.optimization.neighbors import find_points_in_spheres

from metrics.measure import UnmeasurableError
from metrics.measure.structure.reduced_cell import reduce_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.crystal import Crystal

MAX_PAIRS = 3_000_000
"""Pairs a search may be expected to return: about half a second and 200 MB."""

_MAX_BOXES = 100_000


@dataclass(frozen=True, eq=False)
class Neighbors:
    """Ordered pairs (site, neighbour) within a radius, periodic images of the site itself included.

    Attributes:
        centers: (m,) int64, index of the site.
        points: (m,) int64, index of the neighbour inside the cell.
        distances: (m,) float64, angstrom.

    """

    centers: NDArray[np.int64]
    points: NDArray[np.int64]
    distances: NDArray[np.float64]


def find_neighbors(crystal: Crystal, radius: float, centers: NDArray[np.int64] | None = None) -> Neighbors:
    """All neighbours within ``radius`` (angstrom) of the sites ``centers`` (default: all sites).

    The cell is reduced first, which changes no distance but keeps the number of images small for skewed cells.

    Raises:
        UnmeasurableError: the cell has no volume or holds so many atoms per volume that the search would explode.

    """
    chosen = np.arange(crystal.n_sites) if centers is None else centers
    density = atom_density(crystal)
    expected = len(chosen) * density * 4 / 3 * pi * radius**3
    if not expected <= MAX_PAIRS:
        message = (
            f"{density:.3g} atoms per cubic angstrom would give {expected:.3g} neighbour pairs within {radius:g} "
            f"angstrom; the bound is {MAX_PAIRS:,}"
        )
        raise UnmeasurableError(message)
    reduced = reduce_cell(crystal)
    cart, pbc = np.ascontiguousarray(reduced.cart_coords), np.ones(3, dtype=np.int64)
    # the search sorts the atoms into boxes of this edge or the radius; a huge, nearly empty cell must not have too many
    edge = (crystal.volume / _MAX_BOXES) ** (1 / 3)
    sites, points, images, distances = find_points_in_spheres(
        cart, cart[chosen], radius, pbc, reduced.lattice, 0.0, edge
    )
    # a site is not its own neighbour; its images are, and so is another site at the same place
    itself = (chosen[sites] == points) & ~images.any(axis=1)
    return Neighbors(chosen[sites][~itself], points[~itself], distances[~itself])


def atom_density(crystal: Crystal) -> float:
    """Atoms per cubic angstrom; infinite for a cell without volume."""
    return crystal.n_sites / crystal.volume if crystal.volume > 0 else float("inf")
