"""Every crystal that takes part in deciding identities, and a way to ask about pairs of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from leaderboard.progress import Counter
from metrics.measure.pairs import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leaderboard.progress import Report
    from metrics.measure.engine import Engine
    from metrics.measure.matching import Candidate
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
