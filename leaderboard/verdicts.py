"""Verdicts on millions of pairs in a few arrays: 2,500 records of one formula make three million."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, get_args

import numpy as np

from metrics.measure.matching import Comparison, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from metrics.measure.pairs import Pair

RULES: tuple[Rule, ...] = get_args(Rule)
UNKNOWN = Comparison(same=False, rule=RULES[0], distance=None)


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What was found about each pair, in rising order of the pairs, whatever the order in which it was found.

    Attributes:
        pairs: (n, 2) places of two crystals, the smaller one first.
        same: (n,) the verdict; False where it is unknown.
        rule: (n,) what decided, as a place in `RULES`.
        distance: (n,) dimensionless; NaN where it is unknown.
        failures: why there is no verdict, by place of the pair.

    """

    pairs: NDArray[np.int32]
    same: NDArray[np.bool_]
    rule: NDArray[np.int8]
    distance: NDArray[np.float64]
    failures: Mapping[int, str]

    @classmethod
    def collected(cls, answers: Iterable[tuple[Pair, Comparison | str]]) -> Self:
        """Keep answers as they come, each a verdict or the reason why there is none."""
        places, same, rule, distance = array("i"), array("b"), array("b"), array("d")
        reasons: dict[Pair, str] = {}
        for pair, found in answers:
            places.extend(pair)
            if isinstance(found, str):
                reasons[pair] = found
                found = UNKNOWN  # noqa: PLW2901 - what stands in the arrays instead
            same.append(found.same)
            rule.append(RULES.index(found.rule))
            distance.append(math.nan if found.distance is None else found.distance)
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

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.pairs)

    def __iter__(self) -> Iterator[tuple[Pair, Comparison | str]]:
        """Every pair with its verdict or the reason why there is none, one by one."""
        for at, (first, second) in enumerate(self.pairs.tolist()):
            if at in self.failures:
                yield (first, second), self.failures[at]
                continue
            far = float(self.distance[at])
            rule = RULES[int(self.rule[at])]
            yield (first, second), Comparison(bool(self.same[at]), rule, None if math.isnan(far) else far)

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
