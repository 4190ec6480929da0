"""The stage of identity: every record against the rest of its submission and against the reference set."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from leaderboard.classes import any_of, certain, distance_or_reason, representatives, spread, standing
from leaderboard.findings import Findings
from leaderboard.pool import Pool
from leaderboard.variants import known_variants
from metrics.measure.matching import Candidate, Comparison, MatchSettings, compare
from metrics.measure.pairs import Pair, components, pairs_of_one_formula

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.progress import Report
    from leaderboard.protocol import Protocol
    from metrics.crystal import Crystal
    from metrics.measure.engine import Engine
    from reference_data.reference import Reference

IDENTITY_COLUMNS: dict[str, pa.DataType] = {
    "duplicate_of": pa.string(),
    "unique": pa.bool_(),
    "nearest_record_distance": pa.float64(),
    "n_others_of_formula": pa.int64(),
    "in_reference_fingerprint": pa.bool_(),
    "in_reference": pa.bool_(),
    "matched_id": pa.string(),
    "nearest_reference_distance": pa.float64(),
    "identity_rule": pa.string(),
    "near_reference": pa.bool_(),
    "known_up_to_superstructure": pa.bool_(),
    "known_up_to_disorder": pa.bool_(),
    "prototype_in_reference": pa.bool_(),
    "in_reference_matcher": pa.bool_(),
    "in_reference_bawl": pa.bool_(),
    "duplicate_bawl": pa.bool_(),
}

NEAR_DISTANCE = 0.10
"""In units of (volume / n_sites)^(1/3). Below it, a crystal that is not in the set is a near miss or a superstructure
of one that is; crystals of another structure type are rarely so near."""


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
        columns: table of facts with ``canonical_bawl_keys``, ``reduced_formula``, ``bawl``, ``prototype``, ``valid``.
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
    known = reference.rows_of_formulas(candidate.reduced_formula for candidate in candidates)
    pool = Pool(
        crystals=[*candidates, *(crystal.candidate() for crystal in known)],
        names=[*(columns["id"][first] for first, *_ in rows), *(crystal.id for crystal in known)],
        engine=engine,
        time_limit_s=protocol.time_limits_s.match,
        report=report,
    )
    settings = MatchSettings(**protocol.matching)
    pairs = list(pairs_of_one_formula(candidates, pool.crystals[len(candidates) :]))
    verdicts = pool.ask("identify", partial(compare, settings=settings), pairs)
    inside = {pair: found for pair, found in verdicts.items() if pair[1] < len(candidates)}
    outside = {pair: found for pair, found in verdicts.items() if pair[1] >= len(candidates)}
    classes = components(len(candidates), [pair for pair, found in inside.items() if _same(found)])

    findings = Findings()
    _note_classes(findings, columns, inside, classes, rows)
    _note_nearest_records(findings, pool, inside, rows)
    _note_reference(findings, pool, outside, classes, rows, settings)
    _note_look_ups(findings, columns, reference)
    return findings.added_to(columns, IDENTITY_COLUMNS)


def _note_classes(
    findings: Findings,
    columns: pd.DataFrame,
    inside: Mapping[Pair, Comparison | str],
    classes: Sequence[int],
    rows: Sequence[Sequence[int]],
) -> None:
    """Which record stands for each class, and whether the class is certainly one of its own."""
    same = [pair for pair, found in inside.items() if _same(found)]
    failed = {pair: found for pair, found in inside.items() if isinstance(found, str)}
    is_valid = columns["valid"].fillna(value=False).tolist()
    first = representatives(classes, rows, is_valid)
    sure = certain(classes, components(len(rows), [*same, *failed]), first, is_valid)
    reasons = {classes[number]: failure for pair, failure in failed.items() for number in pair}
    for label, own in zip(classes, rows, strict=True):
        for row in own:
            is_first = row == first[label]
            findings.note(row, "duplicate_of", None if is_first else columns["id"][first[label]])
            unique = (True if label in sure else None) if is_first else False
            findings.note(row, "unique", unique, f"comparison within the submission: {reasons.get(label)}")


def _note_nearest_records(
    findings: Findings, pool: Pool, inside: Mapping[Pair, Comparison | str], rows: Sequence[Sequence[int]]
) -> None:
    """How far the nearest other record of the formula is; a copy with the same content is at distance 0."""
    n_of_formula: Counter[str] = Counter()
    distances: list[list[tuple[str, float | str]]] = [[] for _ in rows]
    for number, own in enumerate(rows):
        n_of_formula[pool.crystals[number].reduced_formula] += len(own)
    for (one, other), found in inside.items():
        distances[one].append((pool.names[other], distance_or_reason(found)))
        distances[other].append((pool.names[one], distance_or_reason(found)))
    for number, own in enumerate(rows):
        unknown = any_of((name, far if isinstance(far, str) else False) for name, far in distances[number]).reason
        nearest = min((far for _, far in distances[number] if not isinstance(far, str)), default=None)
        for row in own:
            distance, reason = (0.0, None) if len(own) > 1 else (None if unknown else nearest, unknown)
            findings.note(row, "nearest_record_distance", distance, reason)
            findings.note(row, "n_others_of_formula", n_of_formula[pool.crystals[number].reduced_formula] - 1)


def _note_reference(
    findings: Findings,
    pool: Pool,
    outside: Mapping[Pair, Comparison | str],
    classes: Sequence[int],
    rows: Sequence[Sequence[int]],
    settings: MatchSettings,
) -> None:
    """Whether each crystal is in the reference set, by the verdict and in the wider senses."""
    comparisons: list[list[tuple[str, Comparison | str]]] = [[] for _ in rows]
    for (own, other), found in outside.items():
        comparisons[own].append((pool.names[other], found))
    standings = spread([standing(own, NEAR_DISTANCE) for own in comparisons], classes)
    variants = known_variants(outside, pool, standings, classes, settings)
    for number, stands in enumerate(standings):
        for row in rows[number]:
            findings.note(row, "in_reference", stands.known, stands.failure)
            findings.note(row, "matched_id", stands.matched_id)
            findings.note(row, "identity_rule", stands.rule)
            findings.note(row, "nearest_reference_distance", stands.distance, stands.distance_failure)
            findings.note(row, "near_reference", stands.near, stands.failure or stands.distance_failure)
            for column, facts in variants.items():
                findings.note(row, column, facts[number].value, facts[number].reason)


def _note_look_ups(findings: Findings, columns: pd.DataFrame, reference: Reference) -> None:
    """What is decided by looking texts up; where there is no text, its measurement has said why."""
    texts = {name: columns[name].dropna().tolist() for name in ("bawl", "prototype", "canonical_bawl_keys")}
    keys = reference.rows_with_keys({key for own in texts["canonical_bawl_keys"] for key in own})
    bawls, prototypes = reference.known_bawls(texts["bawl"]), reference.known_prototypes(texts["prototype"])
    seen: set[str] = set()
    for row, (own_keys, bawl, prototype) in enumerate(
        zip(columns["canonical_bawl_keys"], columns["bawl"], columns["prototype"], strict=True)
    ):
        if not _missing(own_keys):
            findings.note(row, "in_reference_fingerprint", any(key in keys for key in own_keys))
        if not _missing(bawl):
            findings.note(row, "in_reference_bawl", bawl in bawls)
            findings.note(row, "duplicate_bawl", bawl in seen)
            seen.add(bawl)
        in_reference = findings.facts[row].get("in_reference")
        # noise destroys the symmetry, but a crystal that is in the set has its prototype there, whatever it looks like
        if in_reference or prototype in prototypes:
            findings.note(row, "prototype_in_reference", value=True)
        elif in_reference is not None and not _missing(prototype):
            findings.note(row, "prototype_in_reference", value=False)


def _same(found: Comparison | str) -> bool:
    return not isinstance(found, str) and found.same


def _missing(cell: object) -> bool:
    return cell is None or cell is pd.NA
