"""Distances of many pairs of crystals of one formula at once, as far as anything hangs on them.

2,500 crystals of one formula make three million pairs. Most are farther apart than any limit of the verdict, which a
bound tells for a hundredth of the distance's time; of the others, most distances take no search for an assignment.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from metrics.measure.matching.distance_profile import MAX_ROWS
from metrics.measure.matching.verdict import different_from, is_clearly_same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from metrics.measure.matching.distance_profile import Profile
    from metrics.measure.matching.verdict import Candidate, MatchSettings

SLACK = 1e-9
"""Relative; more than rounding can lift the bound by mean rows above the distance."""

NOTHING, SAME, LATER = range(3)


class Block(NamedTuple):
    """Crystals of one formula, each of the first with each of the second.

    Attributes:
        first: crystals with no more sites than any of the second.
        second: the others; None where the pairs are those among the first.
        nearest: (n,) smallest distance of another crystal known of each, the first and then the second.
        classes: (n,) class of each as far as it is known; inside a class only the smallest distances count.
        settings: of the verdict.

    """

    first: Sequence[Candidate]
    second: Sequence[Candidate] | None
    nearest: NDArray[np.float64]
    classes: NDArray[np.int64]
    settings: MatchSettings


class Distances(NamedTuple):
    """Of each pair of a block, (m,): the first crystal with each, then the second with each, ...

    Attributes:
        distance: dimensionless; infinite where it is not needed or not known.
        bound: the distance is at least this; -1 where there is no bound.
        state: `SAME` where the verdict is clear, `LATER` where the pair has to be looked at alone as long as its bound
            is below the smallest distances known or `can_join` holds, `NOTHING` where no more is to be done.
        can_join: whether the verdict may be the same crystal, and the two are not in one class.

    """

    distance: NDArray[np.float64]
    bound: NDArray[np.float64]
    state: NDArray[np.int8]
    can_join: NDArray[np.bool_]


def block_distances(block: Block) -> Distances:
    """Compare all pairs of a block; runs in a worker process. The crystals need profiles."""
    n = len(block.first)
    first = block.first
    second = first if block.second is None else block.second
    ours, theirs = slice(0, n), slice(0, n) if block.second is None else slice(n, None)
    apart = block.classes[ours, None] != block.classes[None, theirs]
    limit = np.zeros((n, len(second)))
    for i, j in zip(*np.nonzero(apart), strict=True):
        limit[i, j] = different_from(first[i], second[j], block.settings)
    distance, bound = _distances(
        *_packed([crystal.profile for crystal in first]),
        *_packed([crystal.profile for crystal in second]),
        limit,
        block.nearest[ours].copy(),
        block.nearest[theirs].copy(),
        block.second is None,
    )
    can_join = (bound < limit) & (limit > 0.0)
    state = np.where(np.isnan(distance), LATER, NOTHING).astype(np.int8)
    for i, j in zip(*np.nonzero(can_join & np.isfinite(distance)), strict=True):
        is_same = is_clearly_same(first[i], second[j], float(distance[i, j]), block.settings)
        state[i, j] = SAME if is_same else LATER
    kept = np.triu_indices(n, 1) if block.second is None else np.nonzero(np.ones(limit.shape))
    known = np.where(np.isnan(distance), np.inf, distance)
    return Distances(known[kept], bound[kept], state[kept], can_join[kept])


def mean_rows(profile: Profile) -> NDArray[np.float64]:
    """Mean over the sites of each element, (elements, m).

    Sites of two crystals are assigned with equal weights, so by the triangle inequality the root mean square of the
    difference of these is at most the mean cost of the assignment, hence at most the distance, for every element.
    """
    return np.stack([rows.mean(axis=0) for rows in profile.rows])


def least_distance(a: Profile, b: Profile) -> float:
    """What the distance is not below, where there is one, by the mean rows of each element."""
    return float(_bound_of_means(mean_rows(a), mean_rows(b)))


def _packed(profiles: Sequence[Profile]) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Rows of all crystals as columns (m, rows), where each element of each begins and the last ends, and mean rows."""
    counts = np.array([[len(rows) for rows in profile.rows] for profile in profiles])
    ends = counts.cumsum().reshape(counts.shape)
    starts = np.column_stack([ends[:, :1] - counts[:, :1], ends])
    columns = np.ascontiguousarray(np.concatenate([rows for profile in profiles for rows in profile.rows]).T)
    return columns, starts, np.stack([mean_rows(profile) for profile in profiles])


@njit(cache=True)
def _distances(  # noqa: PLR0913, PLR0917 - compiled: plain arrays, three for each side
    ours: NDArray[np.float64],
    our_starts: NDArray[np.int64],
    our_means: NDArray[np.float64],
    theirs: NDArray[np.float64],
    their_starts: NDArray[np.int64],
    their_means: NDArray[np.float64],
    limit: NDArray[np.float64],
    our_nearest: NDArray[np.float64],
    their_nearest: NDArray[np.float64],
    is_diagonal: bool,  # noqa: FBT001 - compiled functions take places
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances and bounds of them; a distance is infinite where it is not needed, NaN where it takes a search."""
    n, m = limit.shape
    distances, bounds = np.full((n, m), np.inf), np.full((n, m), np.inf)
    n_elements = our_means.shape[1]
    for i in range(n):
        for j in range(i + 1 if is_diagonal else 0, m):
            if not _are_comparable(our_starts[i], their_starts[j]):
                distances[i, j] = np.nan
                bounds[i, j] = -1.0
                continue
            needed_below = max(limit[i, j], our_nearest[i], their_nearest[j])
            bound = _bound_of_means(our_means[i], their_means[j])
            worst = 0.0
            for element in range(n_elements):
                if bound >= needed_below:
                    break
                costs = _costs_of_columns(
                    ours, our_starts[i, element], our_starts[i, element + 1],
                    theirs, their_starts[j, element], their_starts[j, element + 1],
                )  # fmt: skip
                least, largest = _least_and_assigned(costs)
                bound = max(bound, least)
                worst = np.nan if math.isnan(worst) or largest < 0 else max(worst, largest)
            bounds[i, j] = bound
            if bound < needed_below:
                distances[i, j] = worst
                if not math.isnan(worst):
                    bounds[i, j] = worst
                    our_nearest[i] = min(our_nearest[i], worst)
                    their_nearest[j] = min(their_nearest[j], worst)
    return distances, bounds


@njit(cache=True)
def _are_comparable(our_starts: NDArray[np.int64], their_starts: NDArray[np.int64]) -> bool:
    """Whether the profiles have a distance."""
    for element in range(len(our_starts) - 1):
        n_ours = our_starts[element + 1] - our_starts[element]
        n_theirs = their_starts[element + 1] - their_starts[element]
        if np.lcm(n_ours, n_theirs) > MAX_ROWS:
            return False
    return True


@njit(cache=True)
def _bound_of_means(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Largest root mean square difference of the mean rows of an element, less the slack."""
    worst = 0.0
    for element in range(ours.shape[0]):
        total = 0.0
        for column in range(ours.shape[1]):
            off = ours[element, column] - theirs[element, column]
            total += off * off
        worst = max(worst, total)
    return math.sqrt(worst / ours.shape[1]) * (1.0 - SLACK)


@njit(cache=True)
def _costs_of_columns(
    ours: NDArray[np.float64], our_start: int, our_stop: int,
    theirs: NDArray[np.float64], their_start: int, their_stop: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Root mean square differences as those of the distance, to the last bit, many sums side by side."""
    costs = np.zeros((our_stop - our_start, their_stop - their_start))
    n_columns = ours.shape[0]
    for i in range(costs.shape[0]):
        for column in range(n_columns):
            here = ours[column, our_start + i]
            for j in range(costs.shape[1]):
                off = here - theirs[column, their_start + j]
                costs[i, j] += off * off
        for j in range(costs.shape[1]):
            costs[i, j] = math.sqrt(costs[i, j] / n_columns)
    return costs


@njit(cache=True)
def _least_and_assigned(costs: NDArray[np.float64]) -> tuple[float, float]:
    """A bound, the largest of the cheapest costs of a site; and the largest cost if they make an assignment, or -1."""
    n_rows, n_columns = costs.shape
    assigned = np.zeros(n_rows, np.int64)
    least, is_assignment = 0.0, True
    for column in range(n_columns):
        cheapest = costs[:, column].argmin()
        least = max(least, costs[cheapest, column])
        assigned[cheapest] += 1
        is_assignment = is_assignment and assigned[cheapest] * n_rows <= n_columns
    if is_assignment:
        return least, least
    for row in range(n_rows):
        least = max(least, costs[row].min())
    return least, -1.0
