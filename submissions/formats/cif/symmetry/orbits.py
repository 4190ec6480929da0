"""All atoms of the cell: every listed site with its images, one atom for each.

Images of one site that lie together are one atom on a special position. Which do is decided by the operations that
leave the site in place within what its digits allow, made a group, so that each image meets equally many others; two
sites that are listed are never made one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from submissions.checked import check_site_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from submissions.formats.cif.sites import Sites
    from submissions.formats.cif.symmetry.operations import Operations
    from submissions.limits import Limits

# Images of one site that are as near as this are one atom whatever its digits: no two atoms are, and cells that were
# symmetrised with a tolerance have such images.
TIGHT_ANGSTROM = 0.1
# Nor are two atoms as near as this, two thirds of the shortest bond there is (H-H, 0.74 angstrom). It bounds what few
# digits may join, and what is joined where the content that the file declares asks for it.
LOOSE_ANGSTROM = 0.5
# Images as near as this, as a fraction of the cell, are one also to the reader by which the published BAWL strings were
# computed; the site stays as it is written, as there.
_SAME_FRACTION = 1e-4


@dataclass(frozen=True)
class Orbits:
    """All atoms of the cell, those of one listed site one after another, in the order of sites and operations.

    Attributes:
        points: (N, 3) fractional coordinates in [0, 1).
        site: (N,) the listed site of each.
        sizes: (n,) how many atoms each listed site has.

    """

    points: NDArray[np.float64]
    site: NDArray[np.int64]
    sizes: NDArray[np.int64]


def orbits_of(
    sites: Sites, group: Operations, lattice: NDArray[np.float64], limits: Limits, *, loose: bool = False
) -> Orbits:
    """Images of all sites under a group.

    Args:
        sites: n sites.
        group: operations whose products are all among them.
        lattice: (3, 3), rows are the cell vectors in angstrom.
        limits: bounds the number of atoms.
        loose: whether images up to half an angstrom apart are one atom.

    Raises:
        RecordRefusedError: more atoms than allowed.

    """
    count = len(sites.points)
    if len(group) == 1:
        return Orbits(wrapped(sites.points), np.arange(count), np.ones(count, dtype=np.int64))
    nearness = _Nearness(group, lattice, sites.resolution, loose=loose)
    points = sites.points.copy()
    kept = np.ones((count, len(group)), dtype=bool)
    shifts, fixing = nearness.fixing(points)
    for site in np.flatnonzero(fixing.sum(axis=1) > 1):
        members = np.flatnonzero(fixing[site])
        if not nearness.is_exact(shifts[site], members):
            members, points[site] = nearness.special_position(points[site])
        # Of the operations that make one image, the first.
        kept[site] = group.products[:, members].min(axis=1) == np.arange(len(group))
    sizes = kept.sum(axis=1)
    check_site_count(int(sizes.sum()), limits)
    return Orbits(wrapped(_images(points, group)[kept]), np.repeat(np.arange(count), sizes), sizes)


def wrapped(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fractional coordinates in [0, 1)."""
    inside = points - np.floor(points)
    inside[inside == 1.0] = 0.0
    return inside


def _images(points: NDArray[np.float64], group: Operations) -> NDArray[np.float64]:
    """(n, m, 3): each of n points under each of m operations."""
    images: NDArray[np.float64] = np.einsum("mij,nj->nmi", group.rotations, points) + group.translations
    return images


class _Nearness:
    """Tells which images of a site are the site itself.

    Args:
        group: m operations.
        lattice: (3, 3), rows are the cell vectors in angstrom.
        resolution: by how much a fractional coordinate may be off.
        loose: whether the distance alone counts, up to half an angstrom.

    """

    def __init__(self, group: Operations, lattice: NDArray[np.float64], resolution: float, *, loose: bool) -> None:
        self._group = group
        self._lattice = lattice
        self._always = LOOSE_ANGSTROM if loose else TIGHT_ANGSTROM
        # How far rounding may carry an image from its site, along each axis; a little more for the sums themselves.
        self._rounding = np.abs(group.rotations - np.eye(3)).sum(axis=2) * resolution * (1 + 1e-6)

    def fixing(self, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """(n, m, 3) shortest ways from n points to their images, and (n, m) whether they are no way at all."""
        shifts = _images(points, self._group) - points[:, None]
        shifts -= np.rint(shifts)
        distances = np.linalg.norm(shifts @ self._lattice, axis=-1)
        rounded = (np.abs(shifts) <= self._rounding).all(axis=-1) & (distances <= LOOSE_ANGSTROM)
        return shifts, rounded | (distances <= self._always)

    def is_exact(self, shifts: NDArray[np.float64], members: NDArray[np.int64]) -> bool:
        """Whether the members are a group, and leave a site where it is but for ways, (m, 3), that nobody counts."""
        if np.abs(shifts[members]).max() > _SAME_FRACTION:
            return False
        is_member = np.zeros(len(self._group), dtype=bool)
        is_member[members] = True
        return bool(is_member[self._group.products[np.ix_(members, members)]].all())

    def special_position(self, point: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The operations that fix a site, (s,), and the place they fix, (3,), the mean of the images that meet."""
        members, place = self._closed(np.zeros(0, dtype=np.int64)), point
        while True:
            shifts, fixing = (one[0] for one in self.fixing(place[None]))
            wider = self._closed(np.flatnonzero(fixing))
            moved = place + shifts[wider].mean(axis=0)
            if len(wider) == len(members) or not self._is_fixed(moved, wider, point):
                return members, place
            members = wider
            if np.abs(shifts[wider]).max() > _SAME_FRACTION:
                place = moved

    def _is_fixed(self, place: NDArray[np.float64], members: NDArray[np.int64], point: NDArray[np.float64]) -> bool:
        """Whether the members leave the place where it is, as exactly as they are written, and it is near the point."""
        ways = self.fixing(place[None])[0][0, members] @ self._lattice
        is_near = np.linalg.norm((place - point) @ self._lattice) <= LOOSE_ANGSTROM
        return bool(is_near and np.linalg.norm(ways, axis=1).max() <= TIGHT_ANGSTROM)

    def _closed(self, members: NDArray[np.int64]) -> NDArray[np.int64]:
        """The smallest group that holds the members."""
        closed = np.union1d(members, self._group.identity)
        while True:
            products = np.unique(self._group.products[np.ix_(closed, closed)])
            if len(products) == len(closed):
                return products
            closed = products
