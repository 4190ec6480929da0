"""Every crystal that takes part in deciding identities, and a way to ask about pairs of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from leaderboard.progress import Counter
from leaderboard.verdicts import Verdicts
from metrics.measure.pairs import ask, count_of_one_formula, pairs_of_one_formula

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leaderboard.progress import Report
    from metrics.measure.engine import Engine
    from metrics.measure.matching import Candidate, Comparison
    from metrics.measure.pairs import Pair

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

    """

    crystals: Sequence[Candidate]
    names: Sequence[str]
    engine: Engine
    time_limit_s: float
    report: Report

    def verdicts(self, n: int, question: Callable[[Candidate, Candidate], Comparison]) -> Verdicts:
        """The verdict on every two of the first n crystals that share a formula, and on each of them and the others."""
        own, others = self.crystals[:n], self.crystals[n:]
        n_pairs = count_of_one_formula(own, others)
        if not n_pairs:
            return Verdicts.collected(())
        counter = Counter("identify", n_pairs, self.report)

        def counted() -> Iterator[tuple[Pair, Comparison | str]]:
            pairs = pairs_of_one_formula(own, others)
            for found in ask(question, self.crystals, pairs, engine=self.engine, time_limit_s=self.time_limit_s):
                yield found
                counter.add()

        return Verdicts.collected(counted())

    def ask(
        self, stage: str, question: Callable[[Candidate, Candidate], T], pairs: Sequence[Pair]
    ) -> dict[Pair, T | str]:
        """Answer to the question about each pair, or the reason why there is none; in the order of the pairs.

        Args:
            stage: what progress is reported as.
            question: see :func:`metrics.measure.pairs.ask`.
            pairs: those of one formula together.

        """
        if not pairs:
            return {}
        counter = Counter(stage, len(pairs), self.report)
        answers: dict[Pair, T | str] = {}
        for pair, answer in ask(question, self.crystals, pairs, engine=self.engine, time_limit_s=self.time_limit_s):
            answers[pair] = answer
            counter.add()
        return {pair: answers[pair] for pair in pairs}
