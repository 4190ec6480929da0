"""Which pairs an expensive question has to be put to, where it is asked for the sake of something else.

The classes of a submission do not depend on an edge between two crystals that others have joined already; nor does
what a crystal matches depend on those farther from it than one that matches. So the nearest pairs are asked about
first, in rounds that can run in parallel, and most of the others never: of n perturbed copies of one crystal about n
pairs, not n^2 / 2. The outcome is that of asking about all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from metrics.measure.matching.pairs import components

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Ask: TypeAlias = Callable[[NDArray[np.int64], int], Sequence[bool | str]]
    """Answers about the pairs at some places, in that order: yes, no, or the reason why there is no answer.

    It is also told how many pairs may still be asked about, these included: no more than before, and it can be many
    fewer.
    """

MOSTLY = 0.5
"""Where fewer pairs match, the next round takes twice as many of each class, or rounds would never end."""


def ask_until_joined(
    n: int,
    pairs: NDArray[np.int32],
    distance: NDArray[np.float64],
    same: NDArray[np.bool_],
    undecided: NDArray[np.bool_],
    ask: Ask,
) -> dict[int, bool | str]:
    """Put a question to pairs until the rest of them lie inside classes, the connected components of those that match.

    Args:
        n: number of crystals.
        pairs: (m, 2) crystals.
        distance: (m,) what is likely to match is near; NaN, where it is unknown, comes last.
        same: (m,) pairs known to match.
        undecided: (m,) pairs that may be asked about.
        ask: answers.

    Returns:
        The answers by place of the pair. Classes that do not match each other have been compared all with all.

    """
    answers: dict[int, bool | str] = {}
    same, left = same.copy(), np.flatnonzero(undecided)
    n_nearest = 1
    while True:
        classes = np.array(components(n, pairs[same]), dtype=np.int32)
        ends = classes[pairs[left]].reshape(-1, 2)
        between = ends[:, 0] != ends[:, 1]
        left, ends = left[between], ends[between]
        if not left.size:
            return answers
        nearest = _are_nearest(ends.T.ravel(), np.tile(distance[left], 2), n_nearest).reshape(2, -1).any(axis=0)
        matches = _asked(left[nearest], left.size, ask, answers)
        same[left[nearest]] = matches
        left = left[~nearest]
        if matches.mean() < MOSTLY:
            n_nearest *= 2


def ask_until_matched(
    owner: NDArray[np.int32],
    distance: NDArray[np.float64],
    same: NDArray[np.bool_],
    undecided: NDArray[np.bool_],
    ask: Ask,
) -> dict[int, bool | str]:
    """Put a question to the pairs of each owner until those left are farther than one that matches.

    Args:
        owner: (m,) who each pair belongs to, numbered from 0.
        distance: (m,) of its crystals; NaN, where it is unknown, is farther than all others.
        same: (m,) pairs known to match.
        undecided: (m,) pairs that may be asked about.
        ask: answers.

    Returns:
        The answers by place of the pair.

    """
    answers: dict[int, bool | str] = {}
    far = np.where(np.isnan(distance), np.inf, distance)
    same, left = same.copy(), np.flatnonzero(undecided)
    n_nearest = 1
    while True:
        matched_at = np.full(int(owner.max(initial=-1)) + 1, np.nan)
        np.fmin.at(matched_at, owner[same], far[same])
        left = left[~(far[left] > matched_at[owner[left]])]
        if not left.size:
            return answers
        nearest = _are_nearest(owner[left], far[left], n_nearest)
        same[left[nearest]] = _asked(left[nearest], left.size, ask, answers)
        left = left[~nearest]
        n_nearest *= 2


def _asked(places: NDArray[np.int64], n_open: int, ask: Ask, answers: dict[int, bool | str]) -> NDArray[np.bool_]:
    """Ask and keep the answers; which of them are yes."""
    replies = ask(places, n_open)
    answers.update(zip(places.tolist(), replies, strict=True))
    return np.array([answer is True for answer in replies], dtype=np.bool_)


def _are_nearest(owner: NDArray[np.int32], distance: NDArray[np.float64], n: int) -> NDArray[np.bool_]:
    """(m,) whether each entry is among the n nearest of its owner; of equal ones the earlier."""
    order = np.lexsort((distance, owner))
    owners = owner[order]
    rank = np.arange(len(owners)) - np.searchsorted(owners, owners)
    result = np.zeros(len(owners), dtype=np.bool_)
    result[order] = rank < n
    return result
