"""Pure translations that map a crystal onto itself within a tolerance.

Primitive-cell searches with a tight tolerance fail on a supercell with a little noise, so a copy in another cell looks
like another crystal. Here a translation counts if it brings every site within a loose tolerance of a like site, one to
one. Over such a bijection the site displacements add up to a whole lattice vector, so the mean translation is exactly
``whole vector / n_sites``: noise cannot blur it, and whether a set of translations is a group is integer arithmetic.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.integer_lattice import closed_prefixes
from metrics.measure.fingerprint.neighbours import neighbours_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from metrics.measure.fingerprint.neighbours import Reduced

TOLERANCES_ANGSTROM = (0.25, 0.22, 0.285)
"""The first decides, the others give alternatives where a displacement lies near the first."""
REACH = 4.0
"""Sites farther apart than this many tolerances cannot be confused."""
BIN_ANGSTROM = 1.2
"""At least, and not less than `REACH` tolerances: a search of half of that reaches one neighbouring bin per axis."""
MAX_BINS = 64
MAX_STEPS = 100_000_000
"""Bound on the bins and sites looked at, about a second. Only a large cell with like sites so close that they can be
confused comes near it."""
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


class Translations(NamedTuple):
    """Translations within a tolerance, whether they form a group or not.

    Attributes:
        permutations: as those of :class:`Group`.
        vectors: as those of :class:`Group`.
        residuals: (k,) largest distance in angstrom of a translated site from the like site it falls on.

    """

    permutations: NDArray[np.int32]
    vectors: NDArray[np.int64]
    residuals: NDArray[np.float64]


def translation_groups(cell: Reduced, atomic_numbers: NDArray[np.int64]) -> tuple[Group, ...]:
    """The group of translations for each of the tolerances, in their order.

    A tolerance whose translations do not close is lowered to the next displacement at which they do.

    Raises:
        UnmeasurableError: more sites, or more comparisons of them, than the bounds allow.

    """
    return groups_of(translations_within(cell, atomic_numbers, max(TOLERANCES_ANGSTROM)), TOLERANCES_ANGSTROM)


def groups_of(translations: Translations, tolerances: Sequence[float]) -> tuple[Group, ...]:
    """For each of the tolerances the group of the translations within it, or within the next lower that close."""
    if len(translations.residuals) == 1:
        return (Group(translations.permutations, translations.vectors),) * len(tolerances)
    order = np.argsort(translations.residuals, kind="stable")
    rising = translations.residuals[order]
    closed = closed_prefixes(translations.vectors[order], translations.permutations.shape[1])
    groups = []
    for tolerance in tolerances:
        n_kept = int(np.searchsorted(rising, tolerance, side="right"))
        while not closed[n_kept]:
            # the identity, which comes first, is a group
            n_kept = max(1, int(np.searchsorted(rising, rising[n_kept - 1] - SAME_RESIDUAL_ANGSTROM, side="right")))
        kept = np.sort(order[:n_kept])
        groups.append(Group(translations.permutations[kept], translations.vectors[kept]))
    return tuple(groups)


def translations_within(cell: Reduced, atomic_numbers: NDArray[np.int64], tolerance: float) -> Translations:
    """All translations that bring every site within `tolerance` (angstrom) of a like site, one to one.

    Raises:
        UnmeasurableError: more sites, or more comparisons of them, than the bounds allow.

    """
    if math.gcd(*Counter(atomic_numbers.tolist()).values()) == 1:
        identity = np.arange(len(atomic_numbers), dtype=np.int32)[None, :]
        return Translations(identity, np.zeros((1, 3), np.int64), np.zeros(1))
    _, kinds, counts = np.unique(atomic_numbers, return_inverse=True, return_counts=True)
    rarest = np.flatnonzero(kinds == np.argmin(counts))
    if len(kinds) * len(rarest) > MAX_TABLE:
        reason = f"{len(kinds)} sites, {len(rarest)} of the rarest element; their product may be {MAX_TABLE:.2g}"
        raise UnmeasurableError(reason)
    # where no site can be confused with another, one pair of a translation finds it as well as any other
    from_sites = rarest if _crowded(cell, kinds, tolerance) else rarest[:1]
    permutations, vectors, residuals, finished = _search(_grid(cell, kinds, tolerance), rarest, from_sites, tolerance)
    if not finished:
        reason = f"the translations of {len(kinds)} sites took more than {MAX_STEPS:.0e} steps"
        raise UnmeasurableError(reason)
    return Translations(permutations, vectors, residuals)


def count_near_translations(cell: Reduced, atomic_numbers: NDArray[np.int64], reach: float, share: float) -> int:
    """How many translations of one site of the rarest element onto others bring much of the crystal near like sites.

    Args:
        cell: from :func:`~metrics.measure.fingerprint.neighbours.reduce_cell`.
        atomic_numbers: (n,).
        reach: how near, in angstrom.
        share: of the sites that must come so near, 0-1.

    """
    _, kinds, counts = np.unique(atomic_numbers, return_inverse=True, return_counts=True)
    rarest = np.flatnonzero(kinds == np.argmin(counts))
    return int(_count_near(_grid(cell, kinds, reach), rarest, reach, int((1 - share) * len(kinds))))


def _crowded(cell: Reduced, kinds: NDArray[np.int64], tolerance: float) -> bool:
    """Whether two like sites, or a site and its image, are so close that a search may take one for the other."""
    near = neighbours_within(cell, np.full(len(kinds), REACH * tolerance))
    like = kinds[near.site] == np.repeat(kinds, np.diff(near.start))
    return bool(like.any()) or float(_heights(cell).min()) < REACH * tolerance


def _heights(cell: Reduced) -> NDArray[np.float64]:
    heights: NDArray[np.float64] = 1.0 / cell.widths
    return heights


class _Grid(NamedTuple):
    """Sites sorted into bins along the cell vectors; linked lists: first site of a bin, next after a site, -1 ends."""

    lattice: NDArray[np.float64]
    frac: NDArray[np.float64]
    kinds: NDArray[np.int64]
    n_bins: NDArray[np.int64]
    head: NDArray[np.int64]
    following: NDArray[np.int64]


def _grid(cell: Reduced, kinds: NDArray[np.int64], tolerance: float) -> _Grid:
    n_bins = np.clip((_heights(cell) / max(BIN_ANGSTROM, REACH * tolerance)).astype(np.int64), 1, MAX_BINS)
    head = np.full(int(n_bins.prod()), -1)
    following = np.full(len(kinds), -1)
    places = np.ravel_multi_index(tuple(np.minimum(cell.frac_coords * n_bins, n_bins - 1).astype(np.int64).T), n_bins)
    for site, place in enumerate(places.tolist()):
        following[site] = head[place]
        head[place] = site
    return _Grid(cell.lattice, cell.frac_coords, kinds, n_bins, head, following)


@njit(cache=True)
def _search(
    grid: _Grid, rarest: NDArray[np.int64], from_sites: NDArray[np.int64], tolerance: float
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], bool]:
    """Try the translation from each of `from_sites` to each of `rarest`; last: whether it was brought to an end."""
    n_sites = len(grid.kinds)
    n_rare = len(rarest)
    # a permutation is told by where it sends one site, so there are at most n_rare of them
    permutations = np.empty((n_rare, n_sites), np.int32)
    vectors = np.zeros((n_rare, 3), np.int64)
    residuals = np.zeros(n_rare, np.float64)
    permutations[0] = np.arange(n_sites)
    n_found = 1
    tried = np.zeros((len(from_sites), n_sites), np.bool_)
    for i in range(len(from_sites)):
        tried[i, from_sites[i]] = True
    order = np.arange(n_sites)
    target = np.empty(n_sites, np.int64)
    image = np.empty((n_sites, 3), np.int64)
    steps = 0
    for i in range(len(from_sites)):
        for j in rarest:
            if tried[i, j]:
                continue
            shift = grid.frac[j] - grid.frac[from_sites[i]]
            residual, steps_here = _translation(grid, shift, tolerance, order, target, image)
            steps += steps_here
            if steps > MAX_STEPS:
                return permutations[:n_found], vectors[:n_found], residuals[:n_found], False
            if residual > tolerance or (permutations[:n_found, rarest[0]] == target[rarest[0]]).any():
                continue
            permutations[n_found] = target
            vectors[n_found] = image.sum(axis=0) % n_sites
            residuals[n_found] = residual
            before = n_found
            n_found = _multiply(grid, permutations, vectors, residuals, before, rarest[0], tolerance)
            steps += n_found * n_sites
            for new in range(before, n_found):
                for s in range(len(from_sites)):
                    tried[s, permutations[new, from_sites[s]]] = True
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
    factor = 0
    while factor + 1 < n_found:
        factor += 1
        if (permutations[:n_found, pivot] == permutations[new, permutations[factor, pivot]]).any():
            continue
        permutations[n_found] = permutations[new][permutations[factor]]
        vector = (vectors[new] + vectors[factor]) % n_sites
        residual = _residual(grid, vector / n_sites, permutations[n_found])
        if residual <= tolerance:
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
    """Largest residual in angstrom (infinite if it fails) of the translation near `shift`, and the steps taken.

    A translation with all residuals within the tolerance differs from the one between any of its pairs by at most the
    tolerance. So a first pass allows twice that and takes the mean; the second goes from there.
    """
    steps = 0
    for reach in (2.0 * tolerance, 1.5 * tolerance):
        failed, steps_here = _images(grid, shift, reach, order, target, image)
        steps += steps_here
        if failed >= 0:
            # asked first next time: a single odd site rules out most translations
            order[0], order[failed] = order[failed], order[0]
            return math.inf, steps
        shift = np.zeros(3)
        for s in order:
            for axis in range(3):
                shift[axis] += grid.frac[target[s], axis] - grid.frac[s, axis] + image[s, axis]
        shift /= len(order)
    hit = np.zeros(len(target), np.bool_)
    for s in target:
        if hit[s]:
            return math.inf, steps
        hit[s] = True
    return _residual(grid, shift, target), steps


@njit(cache=True)
def _count_near(grid: _Grid, rarest: NDArray[np.int64], reach: float, most_missed: int) -> int:
    """Number of translations that leave at most so many sites without a like site within reach."""
    count = 0
    for j in rarest:
        shift = grid.frac[j] - grid.frac[rarest[0]]
        missed = 0
        for s in range(len(grid.kinds)):
            missed += _like_site(grid, s, shift, reach)[0] < 0
            if missed > most_missed:
                break
        count += missed <= most_missed
    return count


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

    Returns the place in `order` of the first site that has none within reach, or -1; and the steps taken.
    """
    steps = 0
    for place in range(len(order)):
        s = order[place]
        other, steps_here = _like_site(grid, s, shift, reach)
        steps += steps_here
        if other < 0:
            return place, steps
        target[s] = other
        for axis in range(3):
            image[s, axis] = -round(grid.frac[other, axis] - (grid.frac[s, axis] + shift[axis]))
    return -1, steps


@njit(cache=True)
def _like_site(grid: _Grid, s: int, shift: NDArray[np.float64], reach: float) -> tuple[int, int]:
    """The nearest like site within reach of a shifted site, or -1; and the steps taken."""
    x, y, z = grid.frac[s, 0] + shift[0], grid.frac[s, 1] + shift[1], grid.frac[s, 2] + shift[2]
    n_a, n_b, n_c = grid.n_bins[0], grid.n_bins[1], grid.n_bins[2]
    near_a, near_b, near_c = _near_bins(x, n_a), _near_bins(y, n_b), _near_bins(z, n_c)
    nearest = -1
    steps = 0
    for i in range(min(n_a, 2)):
        for j in range(min(n_b, 2)):
            for k in range(min(n_c, 2)):
                other = grid.head[(near_a[i] * n_b + near_b[j]) * n_c + near_c[k]]
                steps += 1
                while other >= 0:
                    steps += 1
                    if grid.kinds[other] == grid.kinds[s]:
                        dx, dy, dz = grid.frac[other, 0] - x, grid.frac[other, 1] - y, grid.frac[other, 2] - z
                        length = _length(grid.lattice, dx - round(dx), dy - round(dy), dz - round(dz))
                        if length <= reach:
                            reach = length
                            nearest = other
                    other = grid.following[other]
    return nearest, steps


@njit(cache=True)
def _near_bins(position: float, n_bins: int) -> tuple[int, int]:
    """The bin of a fractional position along one axis and the nearer one of its two neighbours."""
    inside = (position - math.floor(position)) * n_bins
    inner = math.floor(inside)
    other = inner + 1 if inside - inner > 0.5 else inner - 1  # noqa: PLR2004 - the middle of the bin
    return inner % n_bins, other % n_bins


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
