"""Which records are a crystal of the reference set with point defects.

A defect changes the formula, so the set is asked for the crystals of every formula that a record could come from; the
numbers of atoms rule most of them out before any sites are compared.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from leaderboard.matching.classes import Fact, any_of
from leaderboard.matching.wider_senses import known_or
from metrics.measure import UnmeasurableError
from metrics.measure.matching.host_formulas import host_formulas
from metrics.measure.matching.point_defect import host_multiples, primitive_counts, same_up_to_point_defects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.matching.classes import Standing
    from leaderboard.matching.pool import Pool
    from metrics.measure.matching.pairs import Pair
    from metrics.measure.matching.point_defect import PointDefectSettings
    from metrics.measure.matching.verdict import Candidate
    from reference_data.reference import Reference


def known_up_to_defect(
    pool: Pool,
    standings: Sequence[Standing],
    classes: Sequence[int],
    reference: Reference,
    settings: PointDefectSettings,
) -> list[Fact]:
    """Whether each record's crystal is in the reference set, or is a crystal of it with point defects.

    Args:
        pool: the crystals; those of the records come first.
        standings: of the crystals of the records, one for a whole class.
        classes: class of each of them; a class is known as a whole.
        reference: the set.
        settings: what counts as a crystal with point defects.

    """
    records = pool.crystals[: len(standings)]
    failures: dict[int, str] = {}
    formulas: dict[int, set[str]] = {}
    for number, stands in enumerate(standings):
        if not stands.known:
            try:
                formulas[number] = host_formulas(primitive_counts(records[number]), settings.sites_per_edit)
            except UnmeasurableError as error:
                failures[number] = str(error)
    hosts = reference.rows_of_formulas(formula for wanted in formulas.values() for formula in wanted)
    candidates = [host.candidate() for host in hosts]
    pairs = _possible_pairs(records, candidates, formulas, settings)
    together = replace(
        pool,
        crystals=[*records, *candidates],
        names=[*pool.names[: len(records)], *(host.id for host in hosts)],
    )
    answers: dict[int, list[tuple[str, bool | str]]] = defaultdict(list)
    question = partial(same_up_to_point_defects, settings=settings)
    replies = together.ask("defects", question, np.array(pairs, dtype=np.int32).reshape(-1, 2))
    for (number, host), reply in zip(pairs, replies, strict=True):
        answers[number].append((together.names[host], reply))
    facts = [
        Fact(None, failures[number]) if number in failures else any_of(answers[number])
        for number in range(len(standings))
    ]
    return known_or(facts, standings, classes)


def _possible_pairs(
    records: Sequence[Candidate],
    hosts: Sequence[Candidate],
    formulas: Mapping[int, set[str]],
    settings: PointDefectSettings,
) -> list[Pair]:
    """Each record with each host whose atoms can make it; places in ``[*records, *hosts]``."""
    by_formula: dict[str, list[tuple[int, dict[int, int]]]] = defaultdict(list)
    for place, host in enumerate(hosts, start=len(records)):
        by_formula[host.reduced_formula].append((place, primitive_counts(host)))
    pairs = []
    for number, wanted in formulas.items():
        counts = primitive_counts(records[number])
        pairs += [
            (number, place)
            for formula in sorted(wanted & by_formula.keys())
            for place, of_host in by_formula[formula]
            if host_multiples(counts, of_host, settings.sites_per_edit)
        ]
    return pairs
