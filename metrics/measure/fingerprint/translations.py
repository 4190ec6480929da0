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
"""At least four times the largest tolerance, so that a search reaches into one neighbouring bin per axis."""
MAX_BINS = 64
MAX_COMPARISONS = 200_000_000
"""Bound on the pairs of sites compared, a few seconds."""
MAX_TABLE = 25_000_000
"""Bound on the table of translations by sites, 0.1 GB: 5,000 sites of one element."""
SAME_RESIDUAL_ANGSTROM = 1e-6


class Group(NamedTuple):
    """Translations that form a group together with the lattice.

    Attributes:
        permutations: (k, n) int32; row g sends site s to site ``permutations[g, s]``. The identity is one of them.
        vectors: (k, 3) int64, translation times n_sites in units of the cell vectors.

    """

    permutations: NDArray[np.int32]
    vectors: NDArray[np.int64]

    @property
    def order(self) -> int:
        """Number of translations, hence of primitive cells in the cell."""
        return len(self.vectors)


def translation_groups(cell: Reduced, atomic_numbers: NDArray[np.int64]) -> tuple[Group, ...]:
    """The group of translations for each of the tolerances, in their order.

    A tolerance whose translations do not close is lowered to the next displacement at which they do.

    Raises:
        UnmeasurableError: more sites, or more comparisons of them, than the bounds allow.

    """
    _, kinds, counts = np.unique(atomic_numbers, return_inverse=True, return_counts=True)
    if math.gcd(*counts.tolist()) == 1:
        identity = Group(np.arange(len(kinds), dtype=np.int32)[None, :], np.zeros((1, 3), np.int64))
        return (identity,) * len(TOLERANCES_ANGSTROM)
    rarest = np.flatnonzero(kinds == np.argmin(counts))
    if len(kinds) * len(rarest) > MAX_TABLE:
        reason = f"{len(kinds)} sites, {len(rarest)} of the rarest element; their product may be {MAX_TABLE:.2g}"
        raise UnmeasurableError(reason)
    permutations, vectors, residuals, finished = _search(_grid(cell, kinds), rarest, max(TOLERANCES_ANGSTROM))
    if not finished:
        reason = f"the translations of {len(kinds)} sites took more than {MAX_COMPARISONS:.0e} comparisons of sites"
        raise UnmeasurableError(reason)
    found = Group(permutations, vectors)
    return tuple(_largest_group(found, residuals, tolerance) for tolerance in TOLERANCES_ANGSTROM)


def primitive_cell(cell: Reduced, atomic_numbers: NDArray[np.int64], group: Group) -> Crystal:
    """The cell of which `cell` holds ``group.order`` copies; positions are the mean over the copies."""
    n_sites = len(atomic_numbers)
    lattice = _lattice_of(group.vectors, n_sites) / n_sites @ cell.lattice
    shift = group.vectors / n_sites
    representative = np.flatnonzero(group.permutations.min(axis=0) == np.arange(n_sites))
    # off[g, s]: how far the image of site s under translation g is from where it should be
    here = cell.frac_coords[representative]
    off = cell.frac_coords[group.permutations[:, representative]] - here - shift[:, None]
    off -= np.rint(off)
    frac = here + off.mean(axis=0)
    coords = frac @ cell.lattice @ np.linalg.inv(lattice)
    return Crystal.from_arrays(lattice, coords - np.floor(coords), atomic_numbers[representative])


def _largest_group(found: Group, residuals: NDArray[np.float64], tolerance: float) -> Group:
    limit = tolerance
    while True:
        kept = residuals <= limit
        group = found if kept.all() else Group(found.permutations[kept], found.vectors[kept])
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
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], bool]:
    """Try the translation between every ordered pair of `rarest` sites; last: whether it was brought to an end."""
    n_sites = len(grid.kinds)
    n_rare = len(rarest)
    # a permutation is told by where it sends one site, so there are at most n_rare of them
    permutations = np.empty((n_rare, n_sites), np.int32)
    vectors = np.zeros((n_rare, 3), np.int64)
    residuals = np.zeros(n_rare, np.float64)
    permutations[0] = np.arange(n_sites)
    n_found = 1
    tried = np.zeros((n_rare, n_sites), np.bool_)
    for i in range(n_rare):
        tried[i, rarest[i]] = True
    order = np.arange(n_sites)
    target = np.empty(n_sites, np.int64)
    image = np.empty((n_sites, 3), np.int64)
    compared = 0
    for i in range(n_rare):
        for j in rarest:
            if tried[i, j]:
                continue
            residual, looked = _translation(grid, grid.frac[j] - grid.frac[rarest[i]], tolerance, order, target, image)
            compared += looked
            if compared > MAX_COMPARISONS:
                return permutations[:n_found], vectors[:n_found], residuals[:n_found], False
            if residual > tolerance or (permutations[:n_found, rarest[0]] == target[rarest[0]]).any():
                continue
            permutations[n_found] = target
            vectors[n_found] = image.sum(axis=0) % n_sites
            residuals[n_found] = residual
            before = n_found
            n_found = _multiply(grid, permutations, vectors, residuals, before, rarest[0], tolerance)
            compared += (n_found - before) * n_sites
            for found in range(before, n_found):
                for s in range(n_rare):
                    tried[s, permutations[found, rarest[s]]] = True
    return permutations[:n_found], vectors[:n_found], residuals[:n_found], True


@njit(cache=True)
def _multiply(
    grid: _Grid,
    permutations: NDArray[np.int32],
    vectors: NDArray[np.int64],
    residuals: NDArray[np.float64],
    new: int,
    pivot: int,
    tolerance: float,
) -> int:
    """Append the products of permutation `new` with all others, which need no search; the number there is then."""
    n_sites = len(grid.kinds)
    n_found = new + 1
    factor = 1
    while factor < n_found:
        product = permutations[new][permutations[factor]]
        vector = (vectors[new] + vectors[factor]) % n_sites
        factor += 1
        if (permutations[:n_found, pivot] == product[pivot]).any():
            continue
        residual = _residual(grid, vector / n_sites, product)
        if residual <= tolerance:
            permutations[n_found] = product
            vectors[n_found] = vector
            residuals[n_found] = residual
            n_found += 1
    return n_found


@njit(cache=True)
def _translation(
    grid: _Grid,
    shift: NDArray[np.float64],
    tolerance: float,
    order: NDArray[np.int64],
    target: NDArray[np.int64],
    image: NDArray[np.int64],
) -> tuple[float, int]:
    """Largest residual in angstrom (infinite if it fails) of the translation near `shift`, and the pairs compared.

    A translation with all residuals within the tolerance differs from the one between any of its pairs by at most the
    tolerance. So a first pass allows twice that and takes the mean; the second goes from there.
    """
    compared = 0
    for reach in (2.0 * tolerance, 1.5 * tolerance):
        failed, looked = _images(grid, shift, reach, order, target, image)
        compared += looked
        if failed >= 0:
            # asked first next time: a single odd site rules out most translations
            order[0], order[failed] = order[failed], order[0]
            return math.inf, compared
        shift = np.zeros(3)
        for s in order:
            for axis in range(3):
                shift[axis] += grid.frac[target[s], axis] - grid.frac[s, axis] + image[s, axis]
        shift /= len(order)
    hit = np.zeros(len(target), np.bool_)
    for s in target:
        if hit[s]:
            return math.inf, compared
        hit[s] = True
    return _residual(grid, shift, target), compared


@njit(cache=True)
def _images(
    grid: _Grid,
    shift: NDArray[np.float64],
    reach: float,
    order: NDArray[np.int64],
    target: NDArray[np.int64],
    image: NDArray[np.int64],
) -> tuple[int, int]:
    """Fill the nearest like site, and its cell, to every shifted site.

    Returns the place in `order` of the first site that has none within reach, or -1; and the pairs compared.
    """
    compared = 0
    bins = np.empty((3, 2), np.int64)
    n_near = np.empty(3, np.int64)
    for place in range(len(order)):
        s = order[place]
        x, y, z = grid.frac[s, 0] + shift[0], grid.frac[s, 1] + shift[1], grid.frac[s, 2] + shift[2]
        _near_bins(x, grid.n_bins[0], bins[0], n_near[0:1])
        _near_bins(y, grid.n_bins[1], bins[1], n_near[1:2])
        _near_bins(z, grid.n_bins[2], bins[2], n_near[2:3])
        best = reach
        found = False
        for a in range(n_near[0]):
            for b in range(n_near[1]):
                for c in range(n_near[2]):
                    other = grid.head[(bins[0, a] * grid.n_bins[1] + bins[1, b]) * grid.n_bins[2] + bins[2, c]]
                    while other >= 0:
                        compared += 1
                        if grid.kinds[other] == grid.kinds[s]:
                            dx, dy, dz = grid.frac[other, 0] - x, grid.frac[other, 1] - y, grid.frac[other, 2] - z
                            length = _length(grid.lattice, dx - round(dx), dy - round(dy), dz - round(dz))
                            if length <= best:
                                best = length
                                found = True
                                target[s] = other
                                image[s, 0], image[s, 1], image[s, 2] = -round(dx), -round(dy), -round(dz)
                        other = grid.following[other]
        if not found:
            return place, compared + 1
    return -1, compared


@njit(cache=True)
def _near_bins(position: float, n_bins: int, bins: NDArray[np.int64], n_near: NDArray[np.int64]) -> None:
    """The bin of a fractional position along one axis and the nearer one of its two neighbours."""
    inside = (position - math.floor(position)) * n_bins
    own = math.floor(inside)
    other = own + 1 if inside - own > 0.5 else own - 1  # noqa: PLR2004 - the middle of the bin
    bins[0] = own % n_bins
    bins[1] = other % n_bins
    n_near[0] = min(n_bins, 2)


@njit(cache=True)
def _residual(grid: _Grid, shift: NDArray[np.float64], target: NDArray[np.int64]) -> float:
    """Largest distance in angstrom of a shifted site from its target."""
    worst = 0.0
    for s in range(len(target)):
        dx = grid.frac[target[s], 0] - grid.frac[s, 0] - shift[0]
        dy = grid.frac[target[s], 1] - grid.frac[s, 1] - shift[1]
        dz = grid.frac[target[s], 2] - grid.frac[s, 2] - shift[2]
        worst = max(worst, _length(grid.lattice, dx - round(dx), dy - round(dy), dz - round(dz)))
    return worst


@njit(cache=True)
def _length(lattice: NDArray[np.float64], x: float, y: float, z: float) -> float:
    square = 0.0
    for column in range(3):
        component = x * lattice[0, column] + y * lattice[1, column] + z * lattice[2, column]
        square += component * component
    return math.sqrt(square)
