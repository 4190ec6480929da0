"""The stage of identity: every record against the rest of its submission and against the reference set."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd
import pyarrow as pa

from leaderboard.classes import Standing, certain, representatives, spread, standing
from leaderboard.progress import Counter, Report
from metrics.measure.matching import Candidate, Comparison, MatchSettings, compare
from metrics.measure.pairs import Pair, ask, components, pairs_of_one_formula
from metrics.table import frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from leaderboard.protocol import Protocol
    from metrics.crystal import Crystal
    from metrics.measure.engine import Engine
    from reference_data.reference import Reference

IDENTITY_COLUMNS: dict[str, pa.DataType] = {
    "duplicate_of": pa.string(),
    "unique": pa.bool_(),
    "in_reference_fingerprint": pa.bool_(),
    "in_reference": pa.bool_(),
    "matched_id": pa.string(),
    "nearest_reference_distance": pa.float64(),
    "identity_rule": pa.string(),
}

Answer: TypeAlias = Comparison | str  # a verdict, or the reason why there is none


def identify_records(
    columns: pd.DataFrame,
    crystals: Mapping[int, Crystal],
    reference: Reference,
    protocol: Protocol,
    *,
    engine: Engine,
    report: Report,
) -> pd.DataFrame:
    """Return the table of facts with the columns of identity filled.

    Args:
        columns: table of facts with ``canonical_bawl_keys``, ``reduced_formula`` and ``valid``.
        crystals: readable records by row number.
        reference: the set to be novel against.
        protocol: settings of the verdict and its time limit.
        engine: where the comparisons run.
        report: told how far they are.

    A record without keys cannot be compared: its identity stays unknown, with the reason its fingerprint gave.

    """
    comparable = columns["canonical_bawl_keys"].notna() & columns["reduced_formula"].notna()
    # equal content is compared once: candidates are numbered, each with the rows that hold it
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, crystal in crystals.items():
        if comparable[row]:
            rows_of[crystal.sha256].append(row)
    rows = list(rows_of.values())
    candidates = [
        Candidate(crystals[first], columns["reduced_formula"][first], tuple(columns["canonical_bawl_keys"][first]))
        for first, *_ in rows
    ]
    inside, outside = _compare_all(candidates, reference, protocol, engine, report)

    same = [pair for pair, answer in inside.items() if isinstance(answer, Comparison) and answer.same]
    failed = {pair: answer for pair, answer in inside.items() if isinstance(answer, str)}
    classes = components(len(candidates), same)
    standings = spread([standing(own) for own in outside], classes)
    is_valid = columns["valid"].fillna(value=False).tolist()
    first = representatives(classes, rows, is_valid)
    sure = certain(classes, components(len(candidates), [*same, *failed]), first, is_valid)
    hits = reference.rows_with_keys({key for candidate in candidates for key in candidate.keys})

    filled: dict[int, dict[str, object]] = {}
    for number, candidate in enumerate(candidates):
        representative = first[classes[number]]
        in_reference_fingerprint = any(key in hits for key in candidate.keys)
        for row in rows[number]:
            is_first = row == representative
            filled[row] = {
                "duplicate_of": None if is_first else columns["id"][representative],
                "unique": (True if classes[number] in sure else None) if is_first else False,
                "in_reference_fingerprint": in_reference_fingerprint,
                **_reference_facts(standings[number]),
            }
    reasons = _reasons(rows, standings, failed)
    return _with(columns, filled, reasons)


def _compare_all(
    candidates: Sequence[Candidate], reference: Reference, protocol: Protocol, engine: Engine, report: Report
) -> tuple[dict[Pair, Answer], list[list[tuple[str, Answer]]]]:
    """Verdicts inside the submission by pair, and of each candidate with the reference crystals of its formula."""
    known = reference.rows_of_formulas(candidate.reduced_formula for candidate in candidates)
    everyone = [*candidates, *(crystal.candidate() for crystal in known)]
    pairs = list(pairs_of_one_formula(candidates, everyone[len(candidates) :]))
    question = partial(compare, settings=MatchSettings(**protocol.matching))
    limit = protocol.time_limits_s.match
    counter = Counter("identify", len(pairs), report)
    inside: dict[Pair, Answer] = {}
    outside: list[list[tuple[str, Answer]]] = [[] for _ in candidates]
    for (first, second), answer in ask(question, everyone, pairs, engine=engine, time_limit_s=limit):
        if second < len(candidates):
            inside[first, second] = answer
        else:
            outside[first].append((known[second - len(candidates)].id, answer))
        counter.add()
    return inside, outside


def _reference_facts(own: Standing) -> dict[str, object]:
    return {
        "in_reference": own.known,
        "matched_id": own.matched_id,
        "nearest_reference_distance": own.distance,
        "identity_rule": own.rule,
    }


def _reasons(
    rows: Sequence[Sequence[int]], standings: Sequence[Standing], failed: Mapping[Pair, str]
) -> dict[int, list[str]]:
    """Why an identity is unknown, by row."""
    reasons: dict[int, list[str]] = defaultdict(list)
    for number, own in enumerate(standings):
        if own.failure is not None:
            for row in rows[number]:
                reasons[row].append(f"in_reference: {own.failure}")
    for pair, failure in failed.items():
        for number in pair:
            for row in rows[number]:
                reasons[row].append(f"unique: comparison within the submission: {failure}")
    return reasons


def _with(
    columns: pd.DataFrame, filled: Mapping[int, Mapping[str, object]], reasons: Mapping[int, Iterable[str]]
) -> pd.DataFrame:
    """Copy of the table with the facts of each row and the reasons added to those it has."""
    facts = frame([filled.get(row, {}) for row in range(len(columns))], pa.schema(IDENTITY_COLUMNS))
    texts = [
        {"unknown_reasons": "; ".join(([] if pd.isna(text) else [text]) + list(reasons.get(row, ()))) or None}
        for row, text in enumerate(columns["unknown_reasons"])
    ]
    added = facts.join(frame(texts, pa.schema({"unknown_reasons": pa.string()})))
    return columns.assign(**{str(name): column for name, column in added.items()})
