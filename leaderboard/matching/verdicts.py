"""Verdicts on millions of pairs in a few arrays: 2,500 records of one formula make three million."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, get_args

import numpy as np

from metrics.measure.matching.verdict import Comparison, Rule, Undecided

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from metrics.measure.matching.pairs import Pair

RULES: tuple[Rule, ...] = get_args(Rule)
NO_VERDICT = -1


@dataclass(frozen=True, eq=False)
class Verdicts:
    """The match result of each pair, in rising order of the pairs, whatever the order in which they came.

    Attributes:
        pairs: (n, 2) places of two crystals, the smaller one first.
        same: (n,) the verdict; False where there is none.
        rule: (n,) what decided, as a place in `RULES`; -1 where there is no verdict.
        distance: (n,) dimensionless; NaN where it is unknown.
        failures: what failed, by place of the pair; where nothing did and there is no verdict, none was needed.

    """

    pairs: NDArray[np.int32]
    same: NDArray[np.bool_]
    rule: NDArray[np.int8]
    distance: NDArray[np.float64]
    failures: Mapping[int, str]

    @classmethod
    def collected(cls, answers: Iterable[tuple[Pair, Comparison | Undecided]]) -> Self:
        """Keep answers as they come."""
        places, same, rule, distance = array("i"), array("b"), array("b"), array("d")
        reasons: dict[Pair, str] = {}
        for pair, answer in answers:
            places.extend(pair)
            if isinstance(answer, Comparison):
                same.append(answer.same)
                rule.append(RULES.index(answer.rule))
            else:
                same.append(False)
                rule.append(NO_VERDICT)
                if answer.reason is not None:
                    reasons[pair] = answer.reason
            distance.append(math.nan if answer.distance is None else answer.distance)
        pairs = np.frombuffer(places, dtype=np.int32).reshape(-1, 2) if places else np.zeros((0, 2), np.int32)
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        ordered = pairs[order]
        return cls(
            pairs=ordered,
            same=np.array(same, dtype=np.bool_)[order],
            rule=np.array(rule, dtype=np.int8)[order],
            distance=np.array(distance, dtype=np.float64)[order],
            failures={_place(ordered, pair): reason for pair, reason in sorted(reasons.items())},
        )

    @classmethod
    def merged(cls, *parts: Verdicts) -> Verdicts:
        """All pairs of several; of one that is in more than one of them, what the first says."""
        pairs = np.concatenate([part.pairs for part in parts])
        offsets = np.cumsum([0, *(len(part) for part in parts)])
        failures = {
            int(offset) + at: reason
            for offset, part in zip(offsets, parts, strict=False)
            for at, reason in part.failures.items()
        }
        _, first = np.unique(pairs, axis=0, return_index=True)
        place = {int(old): at for at, old in enumerate(first)} if failures else {}
        return cls(
            pairs[first],
            np.concatenate([part.same for part in parts])[first],
            np.concatenate([part.rule for part in parts])[first],
            np.concatenate([part.distance for part in parts])[first],
            dict(sorted((place[at], reason) for at, reason in failures.items() if at in place)),
        )

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.pairs)

    def __iter__(self) -> Iterator[tuple[Pair, Comparison | Undecided]]:
        """Every pair with its match result, one by one."""
        for at, (first, second) in enumerate(self.pairs.tolist()):
            far, rule = float(self.distance[at]), int(self.rule[at])
            distance = None if math.isnan(far) else far
            if rule == NO_VERDICT:
                yield (first, second), Undecided(distance, self.failures.get(at))
            else:
                yield (first, second), Comparison(bool(self.same[at]), RULES[rule], distance)

    @property
    def undecided(self) -> NDArray[np.bool_]:
        """(n,) whether StructureMatcher could still be asked about a pair."""
        result: NDArray[np.bool_] = self.rule == NO_VERDICT
        result[list(self.failures)] = False
        return result

    def with_answers(self, answers: Mapping[int, bool | str]) -> Verdicts:
        """The same with what StructureMatcher said, or the reason why it did not, by place of the pair."""
        same, rule = self.same.copy(), self.rule.copy()
        decided = {at: answer for at, answer in answers.items() if not isinstance(answer, str)}
        same[list(decided)] = list(decided.values())
        rule[list(decided)] = RULES.index("matcher")
        failed = {at: answer for at, answer in answers.items() if isinstance(answer, str)}
        return replace(self, same=same, rule=rule, failures=dict(sorted({**self.failures, **failed}.items())))

    def where(self, kept: NDArray[np.bool_]) -> Verdicts:
        """Those of some pairs, (n,) True."""
        places = np.flatnonzero(kept)
        new = {int(old): at for at, old in enumerate(places)} if self.failures else {}
        return Verdicts(
            self.pairs[places],
            self.same[places],
            self.rule[places],
            self.distance[places],
            {new[at]: reason for at, reason in self.failures.items() if at in new},
        )

    def nearest(self, n: int) -> NDArray[np.float64]:
        """(n,) smallest known distance of each of n crystals from another one; infinite where there is none."""
        result = np.full(n, np.inf)
        known = ~np.isnan(self.distance)
        for side in (0, 1):
            np.minimum.at(result, self.pairs[known, side], self.distance[known])
        return result


def _place(ordered: NDArray[np.int32], pair: Pair) -> int:
    first, second = pair
    low, high = np.searchsorted(ordered[:, 0], [first, first + 1])
    return int(low + np.searchsorted(ordered[low:high, 1], second))
