"""Pure translations that map a crystal onto itself within a tolerance, and the primitive cell they leave.

Primitive-cell searches with a tight tolerance fail on a supercell with a little noise, so a copy in another cell looks
like another crystal. Here a translation counts if it brings every site within a loose tolerance of a like site, one to
one. Over such a bijection the site displacements add up to a whole lattice vector, so the mean translation is exactly
``whole vector / n_sites``: noise cannot blur it, and whether a set of translations is a group is integer arithmetic.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from metrics.measure.fingerprint.neighbours import Reduced

TOLERANCES_ANGSTROM = (0.25, 0.22, 0.285)
"""The first decides, the others give alternatives where a displacement lies near the first."""
BIN_ANGSTROM = 1.2
MAX_BINS = 64
MAX_LOOKUPS = 100_000_000
SAME_RESIDUAL_ANGSTROM = 1e-6


class Group(NamedTuple):
    """Translations that form a group together with the lattice.

    Attributes:
        permutations: (k, n) int64; row g sends site s to site ``permutations[g, s]``. The identity is one of them.
        vectors: (k, 3) int64, translation times n_sites in units of the cell vectors.

    """

    permutations: NDArray[np.int64]
    vectors: NDArray[np.int64]

    @property
    def order(self) -> int:
        """Number of translations, hence of primitive cells in the cell."""
        return len(self.vectors)


def translation_groups(cell: Reduced, atomic_numbers: NDArray[np.int64]) -> tuple[Group, ...]:
    """The group of translations for each of the tolerances, in their order.

    A tolerance whose translations do not close is lowered to the next displacement at which they do.

    Raises:
        UnmeasurableError: more sites had to be compared than the bound allows.

    """
    _, kinds, counts = np.unique(atomic_numbers, return_inverse=True, return_counts=True)
    if math.gcd(*counts.tolist()) == 1:
        identity = Group(np.arange(len(kinds))[None, :], np.zeros((1, 3), np.int64))
        return (identity,) * len(TOLERANCES_ANGSTROM)
    rarest = np.flatnonzero(kinds == np.argmin(counts))
    permutations, vectors, residuals, finished = _search(_grid(cell, kinds), rarest, max(TOLERANCES_ANGSTROM))
    if not finished:
        reason = f"the translations of {len(kinds)} sites took more than {MAX_LOOKUPS:.0e} comparisons"
        raise UnmeasurableError(reason)
    found = Group(permutations, vectors)
    return tuple(_largest_group(found, residuals, tolerance) for tolerance in TOLERANCES_ANGSTROM)


def primitive_cell(cell: Reduced, atomic_numbers: NDArray[np.int64], group: Group) -> Crystal:
    """The cell of which `cell` holds ``group.order`` copies; positions are the mean over the copies."""
    n_sites = len(atomic_numbers)
    lattice = _lattice_of(group.vectors, n_sites) / n_sites @ cell.lattice
    shift = group.vectors / n_sites
    # off[g, s]: how far the image of site s under translation g is from where it should be
    off = cell.frac_coords[group.permutations] - cell.frac_coords[None] - shift[:, None]
    off -= np.rint(off)
    representative = np.flatnonzero(group.permutations.min(axis=0) == np.arange(n_sites))
    frac = cell.frac_coords[representative] + off[:, representative].mean(axis=0)
    coords = frac @ cell.lattice @ np.linalg.inv(lattice)
    return Crystal.from_arrays(lattice, coords - np.floor(coords), atomic_numbers[representative])


def _largest_group(found: Group, residuals: NDArray[np.float64], tolerance: float) -> Group:
    limit = tolerance
    while True:
        kept = residuals <= limit
        group = Group(found.permutations[kept], found.vectors[kept])
        n_sites = found.permutations.shape[1]
        index = n_sites**3 // abs(int(np.prod(np.diag(_lattice_of(group.vectors, n_sites)))))
        if index == group.order:
            return group
        limit = float(residuals[kept].max()) - SAME_RESIDUAL_ANGSTROM


def _lattice_of(vectors: NDArray[np.int64], n_sites: int) -> NDArray[np.int64]:
    """Hermite normal form (3, 3) of the integer lattice spanned by `vectors` and n_sites times the unit vectors."""
    rows = [[n_sites if i == j else 0 for j in range(3)] for i in range(3)]
    for vector in vectors.tolist():
        _insert(rows, vector)
    return np.array(rows, dtype=np.int64)


def _insert(rows: list[list[int]], vector: Iterable[int]) -> None:
    """Add a vector to an upper triangular basis by Euclid's algorithm, column by column."""
    rest = list(vector)
    for column in range(3):
        row = rows[column]
        while rest[column]:
            factor = row[column] // rest[column]
            row, rest = rest, [a - factor * b for a, b in zip(row, rest, strict=True)]
        rows[column] = row
    for column in (1, 2):
        for above in range(column):
            factor = rows[above][column] // rows[column][column]
            rows[above] = [a - factor * b for a, b in zip(rows[above], rows[column], strict=True)]


class _Grid(NamedTuple):
    """Sites sorted into bins along the cell vectors; linked lists: first site of a bin, next after a site, -1 ends."""

    lattice: NDArray[np.float64]
    frac: NDArray[np.float64]
    kinds: NDArray[np.int64]
    n_bins: NDArray[np.int64]
    head: NDArray[np.int64]
    following: NDArray[np.int64]


def _grid(cell: Reduced, kinds: NDArray[np.int64]) -> _Grid:
    heights = 1.0 / np.linalg.norm(np.linalg.inv(cell.lattice), axis=0)
    n_bins = np.clip((heights / BIN_ANGSTROM).astype(np.int64), 1, MAX_BINS)
    head = np.full(int(n_bins.prod()), -1)
    following = np.full(len(kinds), -1)
    places = np.ravel_multi_index(tuple(np.minimum(cell.frac_coords * n_bins, n_bins - 1).astype(np.int64).T), n_bins)
    for site, place in enumerate(places.tolist()):
        following[site] = head[place]
        head[place] = site
    return _Grid(cell.lattice, cell.frac_coords, kinds, n_bins, head, following)


@njit(cache=True)
def _search(
    grid: _Grid, rarest: NDArray[np.int64], tolerance: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], bool]:
    """Try the translation between every ordered pair of `rarest` sites; last: whether it was brought to an end."""
    n_sites = len(grid.kinds)
    n_rare = len(rarest)
    permutations = np.empty((n_rare, n_sites), np.int64)
    vectors = np.zeros((n_rare, 3), np.int64)
    residuals = np.zeros(n_rare, np.float64)
    permutations[0] = np.arange(n_sites)
    n_found = 1
    known = np.zeros((n_rare, n_sites), np.bool_)
    for i in range(n_rare):
        known[i, rarest[i]] = True
    order = np.arange(n_sites)
    target = np.empty(n_sites, np.int64)
    image = np.empty((n_sites, 3), np.int64)
    lookups = 0
    for i in range(n_rare):
        for j in rarest:
            if known[i, j]:
                continue
            residual, looked = _translation(grid, grid.frac[j] - grid.frac[rarest[i]], tolerance, order, target, image)
            lookups += looked
            if lookups > MAX_LOOKUPS:
                return permutations[:n_found], vectors[:n_found], residuals[:n_found], False
            # one with the same image of one site is the one found before
            if residual > tolerance or known[0, target[rarest[0]]]:
                continue
            permutations[n_found] = target
            for axis in range(3):
                vectors[n_found, axis] = image[:, axis].sum() % n_sites
            residuals[n_found] = residual
            n_found += 1
            for s in range(n_rare):
                known[s, target[rarest[s]]] = True
    return permutations[:n_found], vectors[:n_found], residuals[:n_found], True


@njit(cache=True)
def _translation(
    grid: _Grid,
    shift: NDArray[np.float64],
    tolerance: float,
    order: NDArray[np.int64],
    target: NDArray[np.int64],
    image: NDArray[np.int64],
) -> tuple[float, int]:
    """Largest residual in angstrom (infinite if it fails) of the translation near `shift`, and the sites looked at.

    A translation with all residuals within the tolerance differs from the one between any of its pairs by at most the
    tolerance. So a first pass allows twice that and takes the mean; the second goes from there.
    """
    looked = 0
    for reach in (2.0 * tolerance, 1.5 * tolerance):
        failed = _images(grid, shift, reach, order, target, image)
        if failed >= 0:
            # asked first next time: a single odd site rules out most translations
            order[0], order[failed] = order[failed], order[0]
            return math.inf, looked + failed + 1
        looked += len(order)
        shift = np.zeros(3)
        for s in order:
            shift += grid.frac[target[s]] - grid.frac[s] + image[s]
        shift /= len(order)
    hit = np.zeros(len(target), np.bool_)
    for s in target:
        if hit[s]:
            return math.inf, looked
        hit[s] = True
    worst = 0.0
    for s in range(len(target)):
        worst = max(worst, _length(grid.lattice, grid.frac[target[s]] + image[s] - grid.frac[s] - shift))
    return worst, looked


@njit(cache=True)
def _images(
    grid: _Grid,
    shift: NDArray[np.float64],
    reach: float,
    order: NDArray[np.int64],
    target: NDArray[np.int64],
    image: NDArray[np.int64],
) -> int:
    """Fill the nearest like site, and its cell, to every shifted site; -1, or the place in `order` that has none."""
    base = np.empty(3, np.int64)
    for place in range(len(order)):
        s = order[place]
        point = grid.frac[s] + shift
        for axis in range(3):
            base[axis] = math.floor((point[axis] - math.floor(point[axis])) * grid.n_bins[axis])
        best = reach
        found = False
        for step in range(27):
            a, b, c = step // 9, (step // 3) % 3, step % 3
            # with fewer than three bins along an axis the neighbours left and right repeat
            if a >= grid.n_bins[0] or b >= grid.n_bins[1] or c >= grid.n_bins[2]:
                continue
            at = (base[0] + a - 1) % grid.n_bins[0]
            at = at * grid.n_bins[1] + (base[1] + b - 1) % grid.n_bins[1]
            at = at * grid.n_bins[2] + (base[2] + c - 1) % grid.n_bins[2]
            other = grid.head[at]
            while other >= 0:
                if grid.kinds[other] == grid.kinds[s]:
                    off = grid.frac[other] - point
                    cell = -np.rint(off)
                    length = _length(grid.lattice, off + cell)
                    if length <= best:
                        best = length
                        found = True
                        target[s] = other
                        for axis in range(3):
                            image[s, axis] = int(cell[axis])
                other = grid.following[other]
        if not found:
            return place
    return -1


@njit(cache=True)
def _length(lattice: NDArray[np.float64], frac: NDArray[np.float64]) -> float:
    square = 0.0
    for column in range(3):
        component = frac[0] * lattice[0, column] + frac[1] * lattice[1, column] + frac[2] * lattice[2, column]
        square += component * component
    return math.sqrt(square)
