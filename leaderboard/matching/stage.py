"""The stage identify: every record against the rest of its submission and against the reference set."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from leaderboard.matching.classes import (
    Fact,
    Place,
    certain,
    distance_or_reason,
    representatives,
    standings,
)
from leaderboard.matching.defects import known_up_to_defect
from leaderboard.matching.findings import Findings
from leaderboard.matching.pool import Pool
from leaderboard.matching.training_sets import NONE_DECLARED, TRAINING_COLUMNS, TrainingSets, note_training
from leaderboard.matching.wider_senses import known_variants
from metrics.measure.matching.pairs import components
from metrics.measure.matching.point_defect import PointDefectSettings
from metrics.measure.matching.verdict import Candidate, MatchSettings
from metrics.measure.running.engine import CpuBudget

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.matching.classes import Standing
    from leaderboard.matching.verdicts import Verdicts
    from leaderboard.protocol import Protocol
    from metrics.crystal import Crystal
    from metrics.measure.running.engine import Engine
    from metrics.measure.running.progress import Report
    from reference_data.reference import Reference

IDENTITY_COLUMNS: dict[str, pa.DataType] = {
    "duplicate_of": pa.string(),
    "unique": pa.bool_(),
    "nearest_record_distance": pa.float64(),
    "n_others_of_formula": pa.int64(),
    "in_reference_fingerprint": pa.bool_(),
    "in_reference": pa.bool_(),
    "formula_in_reference": pa.bool_(),
    "matched_id": pa.string(),
    "nearest_reference_distance": pa.float64(),
    "identity_rule": pa.string(),
    "near_reference": pa.bool_(),
    "known_up_to_superstructure": pa.bool_(),
    "known_up_to_disorder": pa.bool_(),
    "known_up_to_defect": pa.bool_(),
    "prototype_in_reference": pa.bool_(),
    "family_in_reference": pa.bool_(),
    "in_reference_matcher": pa.bool_(),
    "in_reference_bawl": pa.bool_(),
    "duplicate_bawl": pa.bool_(),
    **TRAINING_COLUMNS,
}

NEEDED_COLUMNS = ("reduced_formula", "canonical_bawl_keys", "bawl", "prototype", "family", "valid")
"""Facts of each record that its identity is decided from."""

LEAST_CPU_SECONDS, CPU_SECONDS_A_CRYSTAL = 1_800.0, 4.0
"""CPU time of all comparisons of a submission, and more for each of its distinct crystals.

Past it, what is not compared is a recorded unknown: 2,500 crystals of one formula make three million pairs, and a
second for each would take a month.
"""

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
    training: TrainingSets = NONE_DECLARED,
) -> pd.DataFrame:
    """Return the table of facts with `IDENTITY_COLUMNS` filled.

    Args:
        columns: table of facts with ``id`` and `NEEDED_COLUMNS`.
        crystals: readable records by row number.
        reference: the set to be novel against.
        protocol: settings of the verdict and its time limit.
        engine: where the comparisons run.
        report: told how far they are.
        training: sets that the model was trained on.

    A record without keys cannot be compared: its identity stays unknown, with the reason its fingerprint gave.

    """
    comparable = (columns["canonical_bawl_keys"].notna() & columns["reduced_formula"].notna()).tolist()
    # as lists, from which a cell comes much sooner than from a column
    ids, formulas, keys = (columns[name].tolist() for name in ("id", "reduced_formula", "canonical_bawl_keys"))
    # equal content is compared once: candidates are numbered, each with the rows that hold it
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, crystal in crystals.items():
        if comparable[row]:
            rows_of[crystal.sha256].append(row)
    rows = list(rows_of.values())
    candidates = [Candidate(crystals[first], formulas[first], tuple(keys[first])) for first, *_ in rows]
    known = reference.rows_of_formulas(candidate.reduced_formula for candidate in candidates)
    budget = CpuBudget(LEAST_CPU_SECONDS + CPU_SECONDS_A_CRYSTAL * len(candidates), "comparing")
    pool = Pool(
        crystals=[*candidates, *(crystal.candidate() for crystal in known)],
        names=[*(ids[first] for first, *_ in rows), *(crystal.id for crystal in known)],
        engine=engine,
        time_limit_s=protocol.time_limits_s.match,
        report=report,
        budget=budget,
    )
    settings = MatchSettings(**protocol.matching)
    inside, outside = pool.verdicts(len(candidates), settings)
    classes = components(len(candidates), inside.pairs[inside.same])

    findings = Findings()
    _note_classes(findings, columns, inside, classes, rows, [crystals[first].sha256 for first, *_ in rows])
    _note_nearest_records(findings, pool, inside, rows)
    stands = standings(outside, pool.names, classes, NEAR_DISTANCE)
    variants = known_variants(outside, pool, stands, classes, settings)
    variants["known_up_to_defect"] = known_up_to_defect(
        pool, stands, classes, reference, PointDefectSettings(**protocol.point_defects)
    )
    known_formulas = {crystal.reduced_formula for crystal in known}
    variants["formula_in_reference"] = [Fact(crystal.reduced_formula in known_formulas) for crystal in candidates]
    _note_reference(findings, stands, variants, rows)
    budget.grow(CPU_SECONDS_A_CRYSTAL * len(candidates) * len(training.references))
    note_training(findings, pool, rows, classes, training, settings, {reference.manifest_sha256: stands})
    _note_look_ups(findings, columns, reference)
    return findings.added_to(columns, IDENTITY_COLUMNS)


def _note_classes(
    findings: Findings,
    columns: pd.DataFrame,
    inside: Verdicts,
    classes: Sequence[int],
    rows: Sequence[Sequence[int]],
    sha256s: Sequence[str],
) -> None:
    """Which record stands for each class, and whether the class is certainly one of its own."""
    failed = {at: inside.pairs[at].tolist() for at in inside.failures}
    ids, is_valid = columns["id"].tolist(), columns["valid"].fillna(value=False).tolist()
    places = [
        Place(not any(is_valid[row] for row in holders), sha256) for holders, sha256 in zip(rows, sha256s, strict=True)
    ]
    representative = representatives(classes, places)
    first = {label: rows[number][0] for label, number in representative.items()}
    joined = inside.same.copy()
    joined[list(failed)] = True
    sure = certain(classes, components(len(rows), inside.pairs[joined]), representative, places)
    between = {at: (classes[one], classes[other]) for at, (one, other) in failed.items()}
    reasons = {label: inside.failures[at] for at, pair in between.items() if pair[0] != pair[1] for label in pair}
    for label, holders in zip(classes, rows, strict=True):
        for row in holders:
            is_first = row == first[label]
            findings.note(row, "duplicate_of", None if is_first else ids[first[label]])
            unique = (True if label in sure else None) if is_first else False
            findings.note(row, "unique", unique, f"comparison within the submission: {reasons.get(label)}")


def _note_nearest_records(findings: Findings, pool: Pool, inside: Verdicts, rows: Sequence[Sequence[int]]) -> None:
    """How far the nearest other record of the formula is; a copy with the same content is at distance 0."""
    n_of_formula: Counter[str] = Counter()
    for number, holders in enumerate(rows):
        n_of_formula[pool.crystals[number].reduced_formula] += len(holders)
    unknown: dict[int, str] = {}
    for pair, match in inside.where(np.isnan(inside.distance)):
        for number, other in zip(pair, reversed(pair), strict=True):
            unknown.setdefault(number, f"comparison with {pool.names[other]}: {distance_or_reason(match)}")
    nearest = inside.nearest(len(rows)).tolist()
    for number, holders in enumerate(rows):
        far, reason = (None if nearest[number] == math.inf else nearest[number]), unknown.get(number)
        for row in holders:
            distance, why = (0.0, None) if len(holders) > 1 else (None if reason else far, reason)
            findings.note(row, "nearest_record_distance", distance, why)
            findings.note(row, "n_others_of_formula", n_of_formula[pool.crystals[number].reduced_formula] - 1)


def _note_reference(
    findings: Findings,
    standings: Sequence[Standing],
    variants: Mapping[str, Sequence[Fact]],
    rows: Sequence[Sequence[int]],
) -> None:
    """Whether each crystal is in the reference set, by the verdict and in the wider senses."""
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
    """What is decided by looking fingerprint strings up; where there is none, its measurement has said why."""
    strings = {name: columns[name].dropna().tolist() for name in ("bawl", "prototype", "family", "canonical_bawl_keys")}
    keys = reference.rows_with_keys({key for key_set in strings["canonical_bawl_keys"] for key in key_set})
    bawls, prototypes = reference.known_bawls(strings["bawl"]), reference.known_prototypes(strings["prototype"])
    families = reference.known_families(strings["family"])
    seen: set[str] = set()
    for row, (record_keys, bawl, prototype, family) in enumerate(
        zip(*(columns[name] for name in ("canonical_bawl_keys", "bawl", "prototype", "family")), strict=True)
    ):
        if not _missing(record_keys):
            findings.note(row, "in_reference_fingerprint", any(key in keys for key in record_keys))
        if not _missing(bawl):
            findings.note(row, "in_reference_bawl", bawl in bawls)
            findings.note(row, "duplicate_bawl", bawl in seen)
            seen.add(bawl)
        if not _missing(family):
            findings.note(row, "family_in_reference", family in families)
        in_reference = findings.facts[row].get("in_reference")
        # noise destroys the symmetry, but a crystal that is in the set has its prototype there, whatever it looks like
        if in_reference or prototype in prototypes:
            findings.note(row, "prototype_in_reference", value=True)
        elif in_reference is not None and not _missing(prototype):
            findings.note(row, "prototype_in_reference", value=False)


def _missing(cell: object) -> bool:
    return cell is None or cell is pd.NA
