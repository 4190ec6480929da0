"""Every crystal that takes part in deciding identities, and a way to ask about pairs of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from leaderboard.matching.verdicts import Verdicts
from leaderboard.matching.within import Asking, count_within, groups_of_one_formula, verdicts_within
from metrics.measure.matching.nearest_first import ask_until_joined, ask_until_matched
from metrics.measure.matching.pairs import BLOCK_SIDE, SLOW_BLOCK_SIDE, ask
from metrics.measure.matching.verdict import Undecided, compare_without_matcher, same_by_loose_matcher
from metrics.measure.running.progress import Counter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from metrics.measure.matching.pairs import Pair
    from metrics.measure.matching.verdict import Candidate, Comparison, MatchSettings
    from metrics.measure.running.engine import CpuBudget, Engine
    from metrics.measure.running.progress import Report

T = TypeVar("T")


@dataclass(frozen=True)
class Pool:
    """The distinct crystals of the records, then the reference crystals of their formulas.

    Attributes:
        crystals: what pairs index.
        names: id of each of them, for reasons.
        engine: where questions are asked.
        time_limit_s: wall time of one question about one pair.
        report: told how far it is.
        budget: CPU time of all questions together; None for none.

    """

    crystals: Sequence[Candidate]
    names: Sequence[str]
    engine: Engine
    time_limit_s: float
    report: Report
    budget: CpuBudget | None = None

    def verdicts(self, n: int, settings: MatchSettings) -> tuple[Verdicts, Verdicts]:
        """The verdicts on the first n crystals, of those that share a formula.

        Clear cases are decided first; StructureMatcher is asked as far as anything hangs on its answer. Inside, that is
        which of the n are one class, so it is asked until what is left lies inside classes. Outside it is which other
        crystal is the nearest that matches, so it is asked until what is left is farther.

        Returns:
            Those on every two of the n; those on each of them with each of the other crystals.

        """
        records = self.crystals[:n]
        groups = groups_of_one_formula(records)
        across = self._pairs_with_others(n)
        counter = Counter("identify", count_within(groups) + len(across), self.report)
        inside = verdicts_within(
            records, groups, Asking(self.engine, self.time_limit_s, self.budget, settings, counter)
        )
        outside = self._clear_cases(across, settings, counter)
        open_inside, open_outside = (int(verdicts.undecided.sum()) for verdicts in (inside, outside))
        counter = Counter("match", open_inside + open_outside, self.report)
        joined = ask_until_joined(
            n,
            inside.pairs,
            inside.distance,
            inside.same,
            inside.undecided,
            self._matcher(inside, settings, counter, open_inside),
        )
        counter.reach(open_inside)
        return inside.with_answers(joined), self._with_nearest_matches(outside, settings, counter)

    def verdicts_with_others(self, n: int, settings: MatchSettings, stage: str) -> Verdicts:
        """The verdicts on each of the first n crystals with each of the other crystals alone.

        Args:
            n: number of crystals.
            settings: of the verdict.
            stage: what progress is reported as.

        """
        pairs = self._pairs_with_others(n)
        counter = Counter(stage, len(pairs), self.report)
        verdicts = self._clear_cases(pairs, settings, counter)
        counter = Counter(f"{stage}, match", int(verdicts.undecided.sum()), self.report)
        return self._with_nearest_matches(verdicts, settings, counter)

    def ask(self, stage: str, question: Callable[[Candidate, Candidate], T], pairs: NDArray[np.int32]) -> list[T | str]:
        """Answer to the question about each pair, or the reason why there is none; in the order of the pairs.

        Args:
            stage: what progress is reported as.
            question: see :func:`metrics.measure.matching.pairs.ask`.
            pairs: (m, 2) in any order.

        """
        return self._answers(question, pairs, Counter(stage, len(pairs), self.report)) if len(pairs) else []

    def ask_in_rounds(
        self, question: Callable[[Candidate, Candidate], T], pairs: NDArray[np.int32], counter: Counter, until: int
    ) -> Callable[[NDArray[np.int64], int], list[T | str]]:
        """What asks about the pairs at some places, as :mod:`metrics.measure.matching.nearest_first` wants it.

        Args:
            question: see :meth:`ask`.
            pairs: what the places are of.
            counter: counts answers, and as known the pairs that need none any more.
            until: what it has counted once none of the pairs is open.

        """

        def answers(places: NDArray[np.int64], n_open: int) -> list[T | str]:
            counter.reach(until - n_open)
            return self._answers(question, pairs[places], counter)

        return answers

    def _answers(
        self, question: Callable[[Candidate, Candidate], T], pairs: NDArray[np.int32], counter: Counter
    ) -> list[T | str]:
        answers: dict[Pair, T | str] = {}
        for pair, answer in ask(
            question,
            self.crystals,
            self._in_blocks(pairs, SLOW_BLOCK_SIDE),
            engine=self.engine,
            time_limit_s=self.time_limit_s,
            side=SLOW_BLOCK_SIDE,
            budget=self.budget,
        ):
            answers[pair] = answer
            counter.add()
        return [answers[first, second] for first, second in pairs.tolist()]

    def _pairs_with_others(self, n: int) -> list[Pair]:
        """Each of the first n crystals with the others of its formula; those of one formula together."""
        by_formula: dict[str, list[int]] = defaultdict(list)
        for place, other in enumerate(self.crystals[n:], start=n):
            by_formula[other.reduced_formula].append(place)
        pairs = [
            (number, place)
            for number, crystal in enumerate(self.crystals[:n])
            for place in by_formula[crystal.reduced_formula]
        ]
        return self._in_blocks(np.array(pairs, dtype=np.int32).reshape(-1, 2), BLOCK_SIDE)

    def _clear_cases(self, pairs: Sequence[Pair], settings: MatchSettings, counter: Counter) -> Verdicts:
        """What needs no StructureMatcher; pairs of one formula come together."""
        question = partial(compare_without_matcher, settings=settings)

        def answers() -> Iterator[tuple[Pair, Comparison | Undecided]]:
            for pair, answer in ask(
                question,
                self.crystals,
                pairs,
                engine=self.engine,
                time_limit_s=self.time_limit_s,
                budget=self.budget,
            ):
                yield pair, Undecided(None, answer) if isinstance(answer, str) else answer
                counter.add()

        return Verdicts.collected(answers())

    def _with_nearest_matches(self, verdicts: Verdicts, settings: MatchSettings, counter: Counter) -> Verdicts:
        """With the answers of StructureMatcher as far as the nearest match of a crystal hangs on them."""
        matched = ask_until_matched(
            verdicts.pairs[:, 0],
            verdicts.distance,
            verdicts.same,
            verdicts.undecided,
            self._matcher(verdicts, settings, counter, counter.total),
        )
        counter.reach(counter.total)
        return verdicts.with_answers(matched)

    def _matcher(
        self, verdicts: Verdicts, settings: MatchSettings, counter: Counter, until: int
    ) -> Callable[[NDArray[np.int64], int], list[bool | str]]:
        """Asks StructureMatcher about the pairs at some places."""
        question = partial(same_by_loose_matcher, settings=settings)
        return self.ask_in_rounds(question, verdicts.pairs, counter, until)

    def _in_blocks(self, pairs: NDArray[np.int32], side: int) -> list[Pair]:
        """Those of one formula together, and of these those that share crystals, so that few have to be sent."""
        places = {formula: at for at, formula in enumerate(dict.fromkeys(one.reduced_formula for one in self.crystals))}
        formula = np.array([places[self.crystals[first].reduced_formula] for first in pairs[:, 0].tolist()])
        block = pairs // side
        ordered = pairs[np.lexsort((pairs[:, 1], pairs[:, 0], block[:, 1], block[:, 0], formula))]
        return [(first, second) for first, second in ordered.tolist()]
