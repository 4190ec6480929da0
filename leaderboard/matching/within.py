"""The clear verdicts inside a submission, as far as anything hangs on them.

What is said of records is which class they are in and how near the nearest other one is. So a pair is compared only
where the two could be the first to join their classes, or where it could be the nearest of one of them: of 2,500
records of one formula a small part of three million. The outcome is that of comparing all.
"""

from __future__ import annotations

import mmap
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from itertools import combinations_with_replacement, pairwise
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from leaderboard.matching.profile_blocks import LATER, SAME, Block, block_distances, mean_rows
from leaderboard.matching.verdicts import Verdicts
from metrics.measure import UnmeasurableError
from metrics.measure.matching.distance_profile import Profile, distance_profile
from metrics.measure.matching.pairs import ask
from metrics.measure.matching.verdict import Comparison, Undecided, compare_without_matcher, without_matcher_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from leaderboard.matching.profile_blocks import Distances
    from metrics.crystal import Crystal
    from metrics.measure.matching.pairs import Pair
    from metrics.measure.matching.verdict import Candidate, MatchSettings
    from metrics.measure.running.engine import CpuBudget, Engine
    from metrics.measure.running.progress import Counter

SIDE = 64
"""Crystals on either side of a block, fewer where they have more sites than that: a block takes a second or less."""


class Asking(NamedTuple):
    """Where and within what limits pairs are compared."""

    engine: Engine
    time_limit_s: float
    budget: CpuBudget | None
    settings: MatchSettings
    counter: Counter


def groups_of_one_formula(crystals: Sequence[Candidate]) -> list[list[int]]:
    """Places of the crystals that share a formula with another one, those with fewer sites first."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, crystal in enumerate(crystals):
        groups[crystal.reduced_formula].append(number)
    return [sorted(group, key=lambda at: crystals[at].crystal.n_sites) for group in groups.values() if len(group) > 1]


def count_within(groups: Sequence[Sequence[int]]) -> int:
    """Steps of progress: a profile of each crystal, and every pair."""
    return sum(len(group) * (len(group) + 1) // 2 for group in groups)


def verdicts_within(crystals: Sequence[Candidate], groups: Sequence[Sequence[int]], asking: Asking) -> Verdicts:
    """The clear verdicts on every two crystals of a group, as far as anything hangs on them.

    Args:
        crystals: of the records.
        groups: as :func:`groups_of_one_formula` gives them.
        asking: where and within what limits.

    Returns:
        Those on the pairs that join classes; on each crystal with the nearest other one; those without a verdict that
        could join classes; those without a distance.

    """
    parts = [part for group in groups for part in _verdicts_of_group(crystals, group, asking)]
    return Verdicts.merged(Verdicts.collected(()), *parts)


def _verdicts_of_group(crystals: Sequence[Candidate], group: Sequence[int], asking: Asking) -> list[Verdicts]:
    with _profiles([crystals[at].crystal for at in group], asking) as profiles:
        failures = {at: profile for at, profile in zip(group, profiles, strict=True) if isinstance(profile, str)}
        measured = {
            at: crystals[at].with_profile(profile)
            for at, profile in zip(group, profiles, strict=True)
            if not isinstance(profile, str)
        }
        failed = _failed_pairs(group, failures)
        asking.counter.add(len(failed))
        search = _Search(list(measured), list(measured.values()), asking)
        return [*map(Verdicts.collected, (failed, search.answers(), search.nearest_pairs()))]


def _failed_pairs(group: Sequence[int], failures: Mapping[int, str]) -> list[tuple[Pair, Undecided]]:
    """Every pair that one of the crystals without a profile is in."""
    pairs = {(min(at, other), max(at, other)) for at in failures for other in group if other != at}
    return [((one, other), Undecided(None, failures.get(one) or failures[other])) for one, other in sorted(pairs)]


@contextmanager
def _profiles(crystals: Sequence[Crystal], asking: Asking) -> Iterator[list[Profile | str]]:
    """Profile of each crystal, or the reason why it has none; the numbers lie in a file that is read as needed."""
    results: list[Profile | str] = [""] * len(crystals)
    starts: dict[int, tuple[int, Profile]] = {}
    with TemporaryFile() as file:
        for outcome in asking.engine.map(
            profile_or_reason, crystals, time_limit_s=asking.time_limit_s, budget=asking.budget
        ):
            profile = outcome.value if outcome.failure is None else outcome.failure
            asking.counter.add()
            if isinstance(profile, str):
                results[outcome.index] = profile
                continue
            starts[outcome.index] = file.tell(), _without_numbers(profile)
            for rows in profile.rows:
                file.write(rows.tobytes())
        file.flush()
        if starts:
            numbers = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            for at, (start, shapes) in starts.items():
                results[at] = _with_numbers(shapes, numbers[start // numbers.itemsize :])
        yield results


def _without_numbers(profile: Profile) -> Profile:
    """Elements and the shapes of the rows, which share one zero."""
    return profile._replace(rows=tuple(np.broadcast_to(0.0, rows.shape) for rows in profile.rows))


def _with_numbers(profile: Profile, numbers: NDArray[np.float64]) -> Profile:
    """The profile with its rows at the start of some numbers."""
    ends = np.cumsum([rows.size for rows in profile.rows])
    parts = np.split(numbers[: ends[-1]], ends[:-1])
    return profile._replace(
        rows=tuple(part.reshape(rows.shape) for part, rows in zip(parts, profile.rows, strict=True))
    )


def profile_or_reason(crystal: Crystal) -> Profile | str:
    """The profile of a crystal, or the reason why it has none; runs in a worker process."""
    try:
        return distance_profile(crystal)
    except UnmeasurableError as error:
        return error.reason


class _Search:
    """What is known of crystals of one formula while their pairs are compared.

    Args:
        numbers: of the crystals in the submission.
        crystals: with their profiles, those with fewer sites first.
        asking: where and within what limits.

    """

    def __init__(self, numbers: Sequence[int], crystals: Sequence[Candidate], asking: Asking) -> None:
        """Nothing is known yet."""
        self._numbers, self._crystals, self._asking = numbers, crystals, asking
        self._nearest = np.full(len(numbers), np.inf)
        self._partner = np.full(len(numbers), -1)
        self._classes = np.arange(len(numbers))

    def answers(self) -> Iterator[tuple[Pair, Comparison | Undecided]]:
        """Compare; what joins classes, and what was left without a verdict or a distance."""
        if len(self._crystals) < 2:  # noqa: PLR2004 - no pair
            return
        yield from self._alone(self._pairs_of_similar_means())
        left: list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]] = []
        for pairs, outcome in self._blocks():
            if outcome is None:
                left.append((pairs, np.full(len(pairs), -1.0), np.ones(len(pairs), dtype=np.bool_)))
                continue
            self._note(pairs, outcome.distance)
            matches = outcome.state == SAME
            for (one, other), far in zip(pairs[matches].tolist(), outcome.distance[matches].tolist(), strict=True):
                yield from self._joined(one, other, far)
            later = outcome.state == LATER
            left.append((pairs[later], outcome.bound[later], outcome.can_join[later]))
            self._asking.counter.add(int(np.count_nonzero(~later)))
        yield from self._alone(
            self._needed(*(np.concatenate(parts) for parts in zip(*left, strict=True))), counted=True
        )

    def nearest_pairs(self) -> Iterator[tuple[Pair, Comparison | Undecided]]:
        """Each crystal with the nearest other one; inside a class no verdict is needed."""
        for one, other in enumerate(self._partner.tolist()):
            if other >= 0:
                yield self._pair(one, other), self._nearest_answer(one, other)

    def _nearest_answer(self, one: int, other: int) -> Comparison | Undecided:
        distance = float(self._nearest[one])
        if self._classes[one] == self._classes[other]:
            return Undecided(distance)
        first, second = sorted((one, other))
        try:
            return without_matcher_at(self._crystals[first], self._crystals[second], distance, self._asking.settings)
        except UnmeasurableError as error:
            return Undecided(None, error.reason)

    def _pairs_of_similar_means(self) -> Iterator[Pair]:
        """Each crystal with those of the nearest mean rows, which are likely to be near it."""
        means = np.stack([mean_rows(crystal.profile).ravel() for crystal in self._crystals])
        for one, row in enumerate(means):
            off = ((means - row) ** 2).sum(axis=1)
            off[one] = np.inf
            nearest = int(off.argmin())
            yield min(one, nearest), max(one, nearest)

    def _blocks(self) -> Iterator[tuple[NDArray[np.int64], Distances | None]]:
        """Every pair, by blocks; each with what came of it, None where that failed."""
        under_way: dict[int, NDArray[np.int64]] = {}

        def tasks() -> Iterator[Block]:
            for number, (ours, theirs) in enumerate(self._sides()):
                first, second = np.arange(*ours), np.arange(*theirs)
                is_diagonal = ours == theirs
                under_way[number] = (
                    np.column_stack(np.triu_indices(len(first), 1)) + first[0]
                    if is_diagonal
                    else np.column_stack([np.repeat(first, len(second)), np.tile(second, len(first))])
                )
                places = first if is_diagonal else np.concatenate([first, second])
                yield Block(
                    self._crystals[slice(*ours)],
                    None if is_diagonal else self._crystals[slice(*theirs)],
                    self._nearest[places],
                    self._classes[places],
                    self._asking.settings,
                )

        engine, limit, budget = self._asking.engine, self._asking.time_limit_s, self._asking.budget
        for outcome in engine.map(block_distances, tasks(), time_limit_s=limit, budget=budget):
            yield under_way.pop(outcome.index), outcome.value if outcome.failure is None else None

    def _sides(self) -> Iterator[tuple[Pair, Pair]]:
        """Where both sides of every block start and stop."""
        n = len(self._crystals)
        edges = [0]
        while edges[-1] < n:
            largest = self._crystals[min(edges[-1] + SIDE, n) - 1].crystal.n_sites
            edges.append(min(edges[-1] + max(1, SIDE * SIDE // max(SIDE, largest)), n))
        return combinations_with_replacement(pairwise(edges), 2)

    def _needed(
        self, pairs: NDArray[np.int64], bound: NDArray[np.float64], can_join: NDArray[np.bool_]
    ) -> Iterator[Pair]:
        """Pairs that could join classes or be nearer than what is known then, in the order of their bounds."""
        order = np.argsort(bound, kind="stable")
        for (one, other), low, may_join in zip(
            pairs[order].tolist(), bound[order].tolist(), can_join[order].tolist(), strict=True
        ):
            if (
                low < 0  # whether they have a distance at all
                or (may_join and self._classes[one] != self._classes[other])
                or low < max(self._nearest[one], self._nearest[other])
            ):
                yield one, other
            else:
                self._asking.counter.add()

    def _alone(self, pairs: Iterator[Pair], *, counted: bool = False) -> Iterator[tuple[Pair, Comparison | Undecided]]:
        """Compare pairs one by one; what joins classes, and what is left without a verdict or a distance."""
        question = partial(compare_without_matcher, settings=self._asking.settings)
        engine, limit, budget = self._asking.engine, self._asking.time_limit_s, self._asking.budget
        for (one, other), reply in ask(
            question, self._crystals, pairs, engine=engine, time_limit_s=limit, budget=budget
        ):
            answer = Undecided(None, reply) if isinstance(reply, str) else reply
            if answer.distance is not None:
                self._note(np.array([[one, other]]), np.array([answer.distance]))
            if isinstance(answer, Comparison) and answer.same:
                yield from self._joined(one, other, answer.distance)
            elif isinstance(answer, Undecided) or answer.distance is None:
                yield self._pair(one, other), answer
            if counted:
                self._asking.counter.add()

    def _joined(self, one: int, other: int, distance: float | None) -> Iterator[tuple[Pair, Comparison]]:
        """Make one class of those of two crystals; the match, if they were two."""
        kept, lost = self._classes[[one, other]].tolist()
        if kept != lost:
            self._classes[self._classes == lost] = kept
            yield self._pair(one, other), Comparison(same=True, rule="keys_and_distance", distance=distance)

    def _note(self, pairs: NDArray[np.int64], distance: NDArray[np.float64]) -> None:
        """Keep what is nearer than all before."""
        for one, other in (pairs.T, pairs.T[::-1]):
            order = np.argsort(-distance, kind="stable")
            nearer = order[distance[order] < self._nearest[one[order]]]
            # of several for one crystal the last stays, which is the nearest
            self._nearest[one[nearer]] = distance[nearer]
            self._partner[one[nearer]] = other[nearer]

    def _pair(self, one: int, other: int) -> Pair:
        first, second = sorted((self._numbers[one], self._numbers[other]))
        return first, second
