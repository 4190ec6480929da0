"""From verdicts on pairs to verdicts on records: classes, their representatives, what is known of each.

Matching is not transitive, so a class is a connected component of pairwise matches: of three crystals a-b-c where a
and c do not match each other, all three are one class. A class that holds a known crystal is known. Both make the
counts independent of the order of the records. A comparison that failed never pays: what hangs on it is unknown.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metrics.measure.matching import Comparison


@dataclass(frozen=True)
class Standing:
    """What a crystal is to the reference set.

    Attributes:
        known: in the set; None where a comparison failed and no other matched.
        rule: what decided.
        matched_id: the nearest crystal that matched.
        distance: to the nearest crystal of the same formula, matching or not.
        failure: why ``known`` is None.

    """

    known: bool | None
    rule: str | None = None
    matched_id: str | None = None
    distance: float | None = None
    failure: str | None = None


def standing(comparisons: Sequence[tuple[str, Comparison | str]]) -> Standing:
    """Sum up the comparisons of one crystal with the reference crystals of its formula.

    Args:
        comparisons: reference id with the verdict, or with the reason why there is none.

    """
    verdicts = sorted(
        ((math.inf if verdict.distance is None else verdict.distance, identifier, verdict))
        for identifier, verdict in comparisons
        if not isinstance(verdict, str)
    )
    distance = next((near for near, _, _ in verdicts if near < math.inf), None)
    for _, identifier, verdict in verdicts:
        if verdict.same:
            return Standing(known=True, rule=verdict.rule, matched_id=identifier, distance=distance)
    failures = [
        f"comparison with {identifier}: {verdict}" for identifier, verdict in comparisons if isinstance(verdict, str)
    ]
    if failures:
        return Standing(known=None, distance=distance, failure=failures[0])
    return Standing(known=False, rule=verdicts[0][2].rule if verdicts else "no_candidate", distance=distance)


def spread(standings: Sequence[Standing], classes: Sequence[int]) -> list[Standing]:
    """Make each class known, unknown or novel as a whole; a crystal keeps its own distance."""
    by_class: dict[int, list[Standing]] = defaultdict(list)
    for own, label in zip(standings, classes, strict=True):
        by_class[label].append(own)
    result = []
    for own, label in zip(standings, classes, strict=True):
        known = [other for other in by_class[label] if other.known]
        undecided = [other for other in by_class[label] if other.known is None]
        if own.known or not (known or undecided):
            result.append(own)
        elif known:
            nearest = min(known, key=lambda other: (other.distance or 0.0, other.matched_id or ""))
            result.append(replace(nearest, distance=own.distance))
        else:
            result.append(replace(undecided[0], distance=own.distance, failure=own.failure or undecided[0].failure))
    return result


def representatives(classes: Sequence[int], rows: Sequence[Sequence[int]], is_valid: Sequence[bool]) -> dict[int, int]:
    """Row that stands for each class: its first valid record, else its first.

    Args:
        classes: class of each crystal.
        rows: records that hold each crystal.
        is_valid: by row number; unknown counts as not valid.

    """
    by_class: dict[int, list[int]] = defaultdict(list)
    for label, own in zip(classes, rows, strict=True):
        by_class[label] += own
    return {label: min(own, key=lambda row: (not is_valid[row], row)) for label, own in by_class.items()}


def certain(classes: Sequence[int], groups: Sequence[int], first: dict[int, int], is_valid: Sequence[bool]) -> set[int]:
    """Classes that are certainly apart from every other one that counts.

    Classes joined by failed comparisons form a group; only one of them, the one whose representative comes first, is
    sure to be a crystal of its own.

    Args:
        classes: class of each crystal.
        groups: component of each crystal when failed comparisons count as matches.
        first: row that stands for each class.
        is_valid: by row number.

    """
    best: dict[int, int] = {}
    for label, group in zip(classes, groups, strict=True):
        if group not in best or (not is_valid[first[label]], first[label]) < (
            not is_valid[first[best[group]]],
            first[best[group]],
        ):
            best[group] = label
    return set(best.values())
