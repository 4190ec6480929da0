"""Other senses in which a record may be known, each a question about it and a reference crystal of its formula.

They stand beside the verdict: who is in the reference set is in it in every wider sense too, and is not asked about.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from leaderboard.matching.classes import Fact, any_of, spread_facts
from metrics.measure.matching.disorder import has_substitutes, same_up_to_disorder
from metrics.measure.matching.nearest_first import ask_until_matched
from metrics.measure.matching.structure_matcher.default_matcher import same_by_default_matcher
from metrics.measure.matching.superstructure import may_be_superstructure, same_up_to_superstructure
from metrics.measure.matching.verdict import Comparison
from metrics.measure.running.progress import Counter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leaderboard.matching.classes import Standing
    from leaderboard.matching.pool import Pool
    from leaderboard.matching.verdicts import Verdicts
    from metrics.measure.matching.pairs import Pair
    from metrics.measure.matching.verdict import Candidate, MatchSettings


def known_variants(
    verdicts: Verdicts,
    pool: Pool,
    standings: Sequence[Standing],
    classes: Sequence[int],
    settings: MatchSettings,
) -> dict[str, list[Fact]]:
    """Facts of each record's crystal, by column.

    Args:
        verdicts: of each pair of a record's crystal and a reference crystal of its formula, or why there is none.
        pool: the crystals; those of the records come first.
        standings: of the crystals of the records, one for a whole class.
        classes: class of each of them.
        settings: of the verdict.

    A question that was not answered leaves the fact unknown unless another crystal gave a yes. Up to a superstructure
    and up to disorder a class is known as a whole; by the default matcher, whose answer may depend on the
    description, every crystal stands for itself.

    """
    undecided = {
        pair: match for pair, match in verdicts if not standings[pair[0]].known and isinstance(match, Comparison)
    }

    def facts(question: Callable[[Candidate, Candidate], bool], pairs: Sequence[Pair]) -> list[Fact]:
        answers: list[list[tuple[str, bool | str]]] = [[] for _ in standings]
        places = np.array(pairs, dtype=np.int32).reshape(-1, 2)
        for (number, other), answer in zip(pairs, pool.ask("variants", question, places), strict=True):
            answers[number].append((pool.names[other], answer))
        return [any_of(of_crystal) for of_crystal in answers]

    crystals = pool.crystals
    nested = [
        (number, other)
        for (number, other), match in undecided.items()
        if may_be_superstructure(crystals[number], crystals[other], match)
    ]
    mixed = [pair for pair in undecided if has_substitutes(crystals[pair[0]])]
    return {
        "known_up_to_superstructure": known_or(
            facts(partial(same_up_to_superstructure, settings=settings), nested), standings, classes
        ),
        "known_up_to_disorder": known_or(
            facts(partial(same_up_to_disorder, settings=settings), mixed), standings, classes
        ),
        "in_reference_matcher": [
            any_of(of_crystal) for of_crystal in _by_default_matcher(verdicts, pool, len(standings))
        ],
    }


def known_or(facts: Sequence[Fact], standings: Sequence[Standing], classes: Sequence[int]) -> list[Fact]:
    """In the reference set, or known by the fact, as a whole class; who is in the set was not asked about."""
    return spread_facts([_or_known(stands, fact) for stands, fact in zip(standings, facts, strict=True)], classes)


def _by_default_matcher(verdicts: Verdicts, pool: Pool, n: int) -> list[list[tuple[str, bool | str]]]:
    """What the default matcher says of crystals of records and of the reference, nearest first, up to a yes."""
    pairs = verdicts.pairs
    none = np.zeros(len(pairs), dtype=np.bool_)
    counter = Counter("variants", len(pairs), pool.report)
    answers = ask_until_matched(
        pairs[:, 0],
        verdicts.distance,
        none,
        ~none,
        pool.ask_in_rounds(same_by_default_matcher, pairs, counter, len(pairs)),
    )
    counter.reach(len(pairs))
    result: list[list[tuple[str, bool | str]]] = [[] for _ in range(n)]
    for at, answer in sorted(answers.items()):
        number, other = pairs[at].tolist()
        result[number].append((pool.names[other], answer))
    return result


def _or_known(stands: Standing, fact: Fact) -> Fact:
    if stands.known or fact.value:
        return Fact(value=True)
    if stands.known is None:
        return Fact(None, "in_reference is unknown")
    return fact
