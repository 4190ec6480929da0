"""From verdicts on pairs to verdicts on records: classes, their representatives, what is known of each.

Matching is not transitive, so a class is a connected component of pairwise matches: of three crystals a-b-c where a
and c do not match each other, all three are one class. A class that holds a known crystal is known. Both make the
counts independent of the order of the records. A comparison that failed never pays: what hangs on it is unknown.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from metrics.measure.matching.verdict import Comparison, Undecided

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from metrics.measure.matching.pairs import Pair


class Place(NamedTuple):
    """Who goes first among crystals, smallest first; it depends on their content alone, never on the order of records.

    Attributes:
        is_not_valid: unknown counts as not valid.
        sha256: of the content.

    """

    is_not_valid: bool
    sha256: str


@dataclass(frozen=True)
class Fact:
    """A yes or a no, or None with the reason why it is unknown."""

    value: bool | None
    reason: str | None = None


@dataclass(frozen=True)
class Standing:
    """What a crystal is to the reference set.

    Attributes:
        known: in the set; None where a comparison failed and no other matched.
        rule: what decided.
        matched_id: the nearest crystal that matched.
        distance: to the nearest crystal of the same formula, matching or not; None where there is none, and where one
            of the distances is unknown, which could be the smallest.
        near: not in the set, but nearer to one of its crystals than a bound.
        failure: why ``known`` is None.
        distance_failure: why ``distance`` is None although the set has crystals of the formula.

    """

    known: bool | None
    rule: str | None = None
    matched_id: str | None = None
    distance: float | None = None
    near: bool | None = False
    failure: str | None = None
    distance_failure: str | None = None


def any_of(answers: Iterable[tuple[str, bool | str]]) -> Fact:
    """Yes where one comparison says yes; else unknown where one has no answer; else no.

    Args:
        answers: id of the other crystal with the answer, or with the reason why there is none.

    """
    reason = None
    for identifier, answer in answers:
        if isinstance(answer, str):
            reason = reason or f"comparison with {identifier}: {answer}"
        elif answer:
            return Fact(value=True)
    return Fact(value=None if reason else False, reason=reason)


def standing(comparisons: Sequence[tuple[str, Comparison | Undecided]], near_distance: float) -> Standing:
    """Sum up the comparisons of one crystal with the reference crystals of its formula.

    Args:
        comparisons: reference id with the match result; what was left undecided, though nothing failed, is farther than
            one that matched.
        near_distance: a crystal that is not in the set is near below this distance to one that is.

    """
    if not comparisons:
        return Standing(known=False, rule="no_candidate")
    known = any_of(
        (reference_id, match.same if isinstance(match, Comparison) else match.reason or False)
        for reference_id, match in comparisons
    )
    distances = [(reference_id, distance_or_reason(match)) for reference_id, match in comparisons]
    unknown = any_of((reference_id, far if isinstance(far, str) else False) for reference_id, far in distances).reason
    near = any_of(
        (reference_id, far if isinstance(far, str) else far < near_distance) for reference_id, far in distances
    )
    distance = None if unknown else min(far for _, far in distances if not isinstance(far, str))
    if known.value is None:
        return Standing(None, distance=distance, near=None, failure=known.reason, distance_failure=unknown)
    _, identifier, rule = min(
        (math.inf if match.distance is None else match.distance, reference_id, match.rule)
        for reference_id, match in comparisons
        if isinstance(match, Comparison) and match.same is known.value
    )
    return Standing(
        known.value,
        rule=rule,
        matched_id=identifier if known.value else None,
        distance=distance,
        near=False if known.value else near.value,
        distance_failure=unknown,
    )


def standings(
    verdicts: Iterable[tuple[Pair, Comparison | Undecided]],
    names: Sequence[str],
    classes: Sequence[int],
    near_distance: float,
) -> list[Standing]:
    """What the crystal of each record is to a set of crystals, one for a whole class.

    Args:
        verdicts: of pairs of a record's crystal, which comes first, and a crystal of the set; pairs in rising order.
        names: id of each crystal, as pairs number them.
        classes: class of each record's crystal.
        near_distance: see :func:`standing`.

    """
    alone = [Standing(known=False, rule="no_candidate")] * len(classes)
    for number, matches in groupby(verdicts, key=lambda pair_and_match: pair_and_match[0][0]):
        alone[number] = standing([(names[other], match) for (_, other), match in matches], near_distance)
    return spread(alone, classes)


def distance_or_reason(match: Comparison | Undecided) -> float | str:
    """The distance of two crystals, or why there is none."""
    if match.distance is not None:
        return match.distance
    failure = match.reason if isinstance(match, Undecided) else None
    return failure or "the distance is not determined, too many sites"


def spread(standings: Sequence[Standing], classes: Sequence[int]) -> list[Standing]:
    """Make each class known, unknown or novel as a whole; a crystal keeps its own distance."""
    by_class: dict[int, list[Standing]] = defaultdict(list)
    for member, label in zip(standings, classes, strict=True):
        by_class[label].append(member)
    result = []
    for member, label in zip(standings, classes, strict=True):
        known = [other for other in by_class[label] if other.known]
        undecided = [other for other in by_class[label] if other.known is None]
        if member.known or not (known or undecided):
            result.append(member)
            continue
        if known:
            shared = min(known, key=lambda other: (other.distance or 0.0, other.matched_id or ""))
        else:
            shared = replace(undecided[0], failure=member.failure or undecided[0].failure)
        result.append(replace(shared, distance=member.distance, distance_failure=member.distance_failure))
    return result


def spread_facts(facts: Sequence[Fact], classes: Sequence[int]) -> list[Fact]:
    """Give all crystals of a class one fact: yes if one has it, else unknown if it is so for one, else no."""
    by_class: dict[int, list[Fact]] = defaultdict(list)
    for fact, label in zip(facts, classes, strict=True):
        by_class[label].append(fact)
    decided = {
        label: next((fact for fact in members if fact.value), None)
        or next((fact for fact in members if fact.value is None), members[0])
        for label, members in by_class.items()
    }
    return [
        fact if fact.value == decided[label].value else decided[label]
        for fact, label in zip(facts, classes, strict=True)
    ]


def representatives(classes: Sequence[int], places: Sequence[Place]) -> dict[int, int]:
    """Crystal that stands for each class while there are no energies: a valid one before others, then by its content.

    Args:
        classes: class of each crystal.
        places: of each crystal, none equal.

    """
    members: dict[int, list[int]] = defaultdict(list)
    for number, label in enumerate(classes):
        members[label].append(number)
    return {label: min(numbers, key=places.__getitem__) for label, numbers in members.items()}


def certain(
    classes: Sequence[int], groups: Sequence[int], representative: Mapping[int, int], places: Sequence[Place]
) -> set[int]:
    """Classes that are certainly apart from every other one that counts.

    Classes joined by failed comparisons form a group; only one of them, the one whose representative takes the first
    place, is sure to be a crystal of its own.

    Args:
        classes: class of each crystal.
        groups: component of each crystal when failed comparisons count as matches.
        representative: crystal that stands for each class.
        places: of each crystal.

    """
    best: dict[int, int] = {}
    for label, group in zip(classes, groups, strict=True):
        if group not in best or places[representative[label]] < places[representative[best[group]]]:
            best[group] = label
    return set(best.values())
