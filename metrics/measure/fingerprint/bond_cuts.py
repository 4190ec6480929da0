"""Where bonds end: for each element, in the widest gap of its neighbour distances, with the close alternatives.

Few decisions (one per element, not one per site), each in the widest gap there is, are what noise disturbs least.
Lengths are ratios ``f = d / (r + r')`` to the sum of covalent radii, and all limits are ratios of them, so a change of
volume changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.neighbours import neighbours_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.measure.fingerprint.neighbours import Neighbours, Reduced

MIN_DISTANCE_ANGSTROM = 0.5
MAX_DISTANCE_ANGSTROM = 10.0
FIRST_RADIUS_ANGSTROM = 3.5
WINDOW = 1.8
"""A cut lies at most this far beyond the distance at which every site of the element has a neighbour."""
HORIZON = 2.0
"""Farther neighbours are not looked at; a gap that reaches so far ends here."""
SMALLEST_GAP = 1e-6
"""Narrower ones are rounding errors between equal distances."""
CUTS_PER_ELEMENT = 3
DELTA = 0.10
LOSS_UNIT = 1e-3
MAX_COMBINATIONS = 12


class Surroundings(NamedTuple):
    """Neighbour lists with reduced lengths.

    Attributes:
        near: lists that reach, for each element, to `HORIZON` times its `reach`.
        length: (m,) reduced length f of each entry.
        kinds: (n,) index into `elements` of each site.
        elements: (k,) atomic numbers, rising.
        reach: (k,) the smallest f at which every site of the element has a neighbour.

    """

    near: Neighbours
    length: NDArray[np.float64]
    kinds: NDArray[np.int64]
    elements: NDArray[np.int64]
    reach: NDArray[np.float64]


def surroundings(cell: Reduced, atomic_numbers: NDArray[np.int64], radii: NDArray[np.float64]) -> Surroundings:
    """Neighbours as far as any cut can lie.

    Args:
        cell: from :func:`~metrics.measure.fingerprint.neighbours.reduce_cell`.
        atomic_numbers: (n,).
        radii: (n,) covalent radii in angstrom.

    Raises:
        UnmeasurableError: a site without a neighbour within 10 angstrom, or two closer than 0.5 angstrom.

    """
    elements, kinds = np.unique(atomic_numbers, return_inverse=True)
    search = np.full(len(kinds), FIRST_RADIUS_ANGSTROM)
    while True:
        near = neighbours_within(cell, search)
        lonely = np.diff(near.start) == 0
        if not lonely.any():
            break
        if search.max() >= MAX_DISTANCE_ANGSTROM:
            site = int(np.flatnonzero(lonely)[0])
            reason = f"site {site} has no neighbour within {MAX_DISTANCE_ANGSTROM:g} angstrom"
            raise UnmeasurableError(reason)
        search = np.where(lonely, np.minimum(search * 1.5, MAX_DISTANCE_ANGSTROM), search)
    closest = float(near.distance.min())
    if closest < MIN_DISTANCE_ANGSTROM:
        reason = f"two sites are {closest:.3g} angstrom apart, closer than {MIN_DISTANCE_ANGSTROM:g} angstrom"
        raise UnmeasurableError(reason)
    # the neighbour of smallest f may lie a little farther than the closest one: this bounds where
    reach = _reach(near, _lengths(near, radii), kinds)
    near = neighbours_within(cell, HORIZON * reach[kinds] * (radii + radii.max()))
    length = _lengths(near, radii)
    return Surroundings(near, length, kinds, elements, _reach(near, length, kinds))


def cut_combinations(around: Surroundings) -> list[NDArray[np.float64]]:
    """Cuts (k,) per element, best first: all within `DELTA` of the best in the summed score, at most 12.

    The score of a cut is the logarithm of the ratio of the lengths on either side of its gap.
    """
    first = np.repeat(around.kinds, np.diff(around.near.start))
    combinations: list[tuple[int, tuple[float, ...]]] = [(0, ())]
    for kind, reach in enumerate(around.reach.tolist()):
        options = _cuts(around.length[first == kind], reach)
        extended = [
            (lost + loss, (*cuts, cut))
            for lost, cuts in combinations
            for loss, cut in options
            if (lost + loss) * LOSS_UNIT < DELTA
        ]
        # a start that is not among the best twelve has no completion among the best twelve
        combinations = sorted(extended)[:MAX_COMBINATIONS]
    return [np.array(cuts) for _, cuts in combinations]


def _cuts(lengths: NDArray[np.float64], reach: float) -> list[tuple[int, float]]:
    """(loss in units of `LOSS_UNIT`, cut) of the widest gaps, best first."""
    horizon = HORIZON * reach
    pool = np.append(np.sort(lengths[(lengths >= reach * (1 - SMALLEST_GAP)) & (lengths < horizon)]), horizon)
    scores = np.round(np.diff(np.log(pool)), 6)
    allowed = (pool[:-1] <= WINDOW * reach * (1 + SMALLEST_GAP)) & (scores > SMALLEST_GAP)
    low, high, scores = pool[:-1][allowed], pool[1:][allowed], scores[allowed]
    best = np.lexsort((low, -scores))[:CUTS_PER_ELEMENT]
    losses = np.rint((scores[best[0]] - scores[best]) / LOSS_UNIT).astype(np.int64)
    return list(zip(losses.tolist(), np.sqrt(low[best] * high[best]).tolist(), strict=True))


def _lengths(near: Neighbours, radii: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = near.distance / (np.repeat(radii, np.diff(near.start)) + radii[near.site])
    return lengths


def _reach(near: Neighbours, length: NDArray[np.float64], kinds: NDArray[np.int64]) -> NDArray[np.float64]:
    nearest = np.minimum.reduceat(length, near.start[:-1])
    reach = np.zeros(int(kinds.max()) + 1)
    np.maximum.at(reach, kinds, nearest)
    return reach
