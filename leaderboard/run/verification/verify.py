"""Score a finished run again, in part, and compare bit for bit.

What its files say of each other and every score are compared whole. Facts are measured and decided again, with nothing
kept from before, for a random sample of the records and all others of their formulas: classes of duplicates, and what
is known of a crystal, hang on the records of one formula alone, so the facts of these records within the submission and
against the reference set come out as in the whole. Energies: see :mod:`.energies`.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from leaderboard.errors import RunError
from leaderboard.protocol import ProtocolError, load_protocol
from leaderboard.records import RunScores
from leaderboard.release import STABILITY_PACKAGES, package_versions, release
from leaderboard.run.columns import columns_schema
from leaderboard.run.energies import ENERGIES_SCHEMA
from leaderboard.run.reading import STRUCTURES_SCHEMA, read_records
from leaderboard.run.scoring import LIMITS, Setting, sha256_of_file
from leaderboard.run.stages import Context, Read, Relaxed, identify, measure, score
from leaderboard.run.verification import SAMPLE
from leaderboard.run.verification.difference import Check, Difference, Verification, attempted, compared, rows_of
from leaderboard.run.verification.energies import HULLS, check_energies, check_hulls
from metrics.measure.fingerprint.elements import reduced_formula
from metrics.measure.running.cache import Cache
from metrics.table import SchemaError, check
from reference_data.errors import ReferenceSetError
from submissions.box import split_in_box
from submissions.refusal import FileRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from leaderboard.records import RunRecord, ScoreEntry
    from leaderboard.store.run import Run
    from metrics.crystal import Crystal
    from metrics.measure.running.engine import Engine
    from metrics.measure.running.progress import Report

SCORES = "scores from the tables"
FACTS = "facts"


@dataclass(frozen=True)
class Tables:
    """Tables of a run, with the schemas of its protocol, and the crystals that they hold by row number."""

    structures: pd.DataFrame
    columns: pd.DataFrame
    energies: pd.DataFrame | None
    crystals: Mapping[int, Crystal]


def verify(
    run: Run,
    engine: Engine,
    report: Report,
    *,
    sample: int = SAMPLE,
    seed: int | None = None,
    reference: Path | None = None,
    file: Path | None = None,
) -> Verification:
    """Compare what the files of a run say with what this code makes of its structures.

    Args:
        run: finished, published or not.
        engine: where the work runs, of :func:`leaderboard.run.scoring.start_engine`.
        report: told how far it is.
        sample: how many records are drawn.
        seed: of the draw; None draws one that nobody can foresee.
        reference: folder of the reference set, where the name in the run's record is not that of one that is here.
        file: as submitted; None where it is gone.

    Raises:
        RunError: a file of the run is missing or cannot be read.
        RecordError: ``run.json`` or ``scores.json`` is not one.

    """
    record = run.record
    made = Verification(
        run=run.id,
        seed=secrets.randbelow(2**32) if seed is None else seed,
        checks=(_agreement(record, run.scores),),
        versions=other_versions(record),
    )
    try:
        protocol = load_protocol(record.protocol)
        setting = Setting.of(
            protocol,
            reference or record.reference,
            record.potentials,
            relax=record.relaxed,
            training_sets=record.model.training_sets if record.training_sets else (),
        )
    except (ProtocolError, ReferenceSetError, RunError) as error:
        return replace(made, incomparable=str(error))
    if why := _other_rules(record, setting):
        return replace(made, incomparable=why)
    try:
        tables = _tables(run, setting)
    except SchemaError as error:
        return replace(made, incomparable=f"its tables have other columns than this code's: {error}")
    with tempfile.TemporaryDirectory() as folder, Cache(Path(folder) / "measurements.sqlite") as cache:
        context = Context(
            setting.protocol,
            setting.reference,
            setting.tier,
            LIMITS,
            engine,
            cache,
            report,
            setting.calibrations,
            setting.training,
        )
        drawn = _drawn(len(tables.structures), sample, made.seed)
        checks = [_key(record, setting), _counts(record, tables), _content(tables)]
        if file is not None:
            checks += _file(file, record, tables.structures, context)
        checks.append(attempted(SCORES, lambda: _scores(run.scores.scores, tables, context)))
        checks.append(attempted(FACTS, lambda: _facts(drawn, tables, context)))
        missing: tuple[str, ...] = ()
        if tables.energies is not None:
            energies = tables.energies
            checks.append(attempted(HULLS, lambda: check_hulls(energies, tables.crystals.values(), context)))
            readable = [tables.crystals[row] for row in drawn if row in tables.crystals]
            again, missing = check_energies(energies, readable, context)
            checks += again
    ids = tables.structures["id"]
    return replace(
        made,
        sample=tuple(str(ids[row]) for row in drawn),
        checks=(*made.checks, *checks),
        not_compared=(*_left_out(len(tables.structures), len(drawn), file), *missing),
    )


def other_versions(record: RunRecord) -> dict[str, tuple[str, str]]:
    """What differs between the code and packages of a run and those here: there and here, by name."""
    here, code = package_versions(), release()
    mattering = {name for name in {*record.versions, *here} if record.potentials or name not in STABILITY_PACKAGES}
    differing = {
        name: (record.versions.get(name, "absent"), here.get(name, "absent"))
        for name in sorted(mattering)
        if record.versions.get(name) != here.get(name)
    }
    then = record.release
    if then is None or (then.version, then.commit) != code:
        named = "not stated" if then is None else f"{then.version} {then.commit}"
        differing["this code"] = (named, f"{code.version} {code.commit}")
    return differing


def _other_rules(record: RunRecord, setting: Setting) -> str | None:
    """Why a run under other rules cannot be compared, or None."""
    then = "a release that it does not name" if record.release is None else f"{record.release.version}"
    if record.release is not None and record.release.commit:
        then += f", commit {record.release.commit}"
    if record.protocol_hash != setting.protocol.hash:
        return (
            f"it was scored under a protocol {record.protocol} with hash {record.protocol_hash[:12]}, this code has "
            f"{setting.protocol.hash[:12]}; verify it with {then}"
        )
    here = setting.reference.manifest_sha256
    if record.reference_hash != here:
        return (
            f"it was scored against a reference set {record.reference} with hash {record.reference_hash[:12]}, here is "
            f"{here[:12]}; name the folder of that set with --reference, or verify it with {then}"
        )
    if record.training_sets != setting.training_hashes:
        sets = ", ".join(f"{name} ({sha256[:12]})" for name, sha256 in record.training_sets.items())
        return f"it was compared with the training sets {sets}, which are not all at hand here in that state"
    return None


def _tables(run: Run, setting: Setting) -> Tables:
    """Tables of the run.

    Raises:
        RunError: one is missing or cannot be read.
        SchemaError: one has other columns.

    """
    try:
        structures = check(run.structures(), STRUCTURES_SCHEMA)
        columns = check(run.columns(), columns_schema(setting.protocol))
        energies = run.energies()
        read = Read.of(structures)
    except (OSError, pa.ArrowInvalid, ValueError) as error:
        if isinstance(error, SchemaError):
            raise
        msg = f"{run.path}: a table cannot be read: {error}"
        raise RunError(msg) from error
    if bool(setting.tier.potentials) != (energies is not None):
        there = "no energies.parquet and" if energies is None else "an energies.parquet and no"
        msg = f"{run.path}: {there} potentials in run.json"
        raise RunError(msg)
    return Tables(structures, columns, None if energies is None else check(energies, ENERGIES_SCHEMA), read.crystals)


def _agreement(record: RunRecord, scores: RunScores) -> Check:
    """What both JSON files say."""
    shared = [name for name in RunScores.model_fields if name != "scores"]
    stored, recomputed = ({"scores.json": {name: getattr(one, name) for name in shared}} for one in (scores, record))
    return compared("scores.json against run.json", stored, recomputed)


def _key(record: RunRecord, setting: Setting) -> Check:
    """What the run is named after, and what follows from its setting."""
    here = {
        "run_key": setting.run_key(record.submission_sha256),
        "custom": setting.custom,
        "reference_indicative": setting.reference.indicative,
        "checkpoints": {potential.id: potential.checkpoint_sha256 for potential in setting.tier.potentials},
        "calibrations": {name: calibration.sha256 for name, calibration in setting.calibrations.items()},
    }
    stored = {name: getattr(record, name) for name in here}
    return compared("run key and setting of run.json", {"run.json": stored}, {"run.json": here})


def _counts(record: RunRecord, tables: Tables) -> Check:
    """How many records each file has, in which order."""
    ids = tables.structures["id"].tolist()
    recomputed = {"n_records": len(ids), "n_different_ids": len(set(ids)), "order of ids": _digest(ids)}
    stored = {"n_records": record.n_submitted, "n_different_ids": len(ids)}
    of_columns = tables.columns["id"].tolist()
    return compared(
        "numbers of records", {"tables": {**stored, "order of ids": _digest(of_columns)}}, {"tables": recomputed}
    )


def _digest(ids: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(ids).encode()).hexdigest()


def _content(tables: Tables) -> Check:
    """Hashes of all structures from their coordinates, in both tables."""
    names = ("id", "sha256", "refusal", "detail")
    recomputed = {}
    for row, facts in enumerate(rows_of(tables.structures[list(names)])):
        crystal = tables.crystals.get(row)
        sha256 = None if crystal is None else crystal.sha256
        recomputed[str(facts["id"])] = {**facts, "sha256": sha256, "sha256 in structures": sha256}
    stored = _by_id(tables.columns[list(names)])
    for facts in rows_of(tables.structures[["id", "sha256"]]):
        stored.setdefault(str(facts["id"]), {})["sha256 in structures"] = facts["sha256"]
    return compared("content of the structures", stored, recomputed)


def _file(file: Path, record: RunRecord, structures: pd.DataFrame, context: Context) -> list[Check]:
    """The submitted file: its hash, and every record read again."""
    what = "submitted file"
    sha256 = sha256_of_file(file)
    hashes = compared(
        f"{what}, its hash", {file.name: {"sha256": record.submission_sha256}}, {file.name: {"sha256": sha256}}
    )
    if hashes.differences:
        return [hashes]
    limit = context.protocol.time_limits_s.parse
    try:
        with closing(split_in_box(file, LIMITS)) as records:
            read = read_records(records, LIMITS, context.engine, context.report, time_limit_s=limit)
    except FileRefusedError as error:
        refused = Difference(file.name, "file", "read", f"refused: {error}")
        return [hashes, Check(f"{what}, read again", 1, (refused,))]
    return [hashes, compared(f"{what}, read again", _by_id(structures), _by_id(read))]


def _scores(stored: Iterable[ScoreEntry], tables: Tables, context: Context) -> Check:
    """Every score from the tables."""
    scored = score(Relaxed(tables.columns, tables.energies), context)
    return compared(SCORES, _by_name(stored), _by_name(scored.scores))


def _by_name(scores: Iterable[ScoreEntry]) -> dict[str, dict[str, Any]]:
    entries = list(scores)
    times = Counter(entry.key.column for entry in entries)
    return {entry.key.column: {**entry.model_dump(), "n_times": times[entry.key.column]} for entry in entries}


def _drawn(n: int, sample: int, seed: int) -> list[int]:
    """Row numbers of the sample in the order drawn, each record as likely as any other."""
    rows: list[int] = np.random.default_rng(seed).choice(n, size=min(sample, n), replace=False).tolist()
    return rows


def _facts(drawn: Sequence[int], tables: Tables, context: Context) -> Check:
    """Facts of the sample, and of the other records of its formulas, measured and decided again."""
    formulas = {row: reduced_formula(crystal.atomic_numbers) for row, crystal in tables.crystals.items()}
    wanted = {formulas[row] for row in drawn if row in formulas}
    rows = sorted({*drawn, *(row for row, formula in formulas.items() if formula in wanted)})
    structures = tables.structures.iloc[rows].reset_index(drop=True)
    identified = identify(measure(Read.of(structures), context), context)
    stored = tables.columns.iloc[[row for row in rows if row < len(tables.columns)]]
    return compared(f"{FACTS} of {len(rows):,} records", _by_id(stored), _by_id(identified.columns))


def _left_out(n: int, n_drawn: int, file: Path | None) -> tuple[str, ...]:
    left_out = []
    if n_drawn < n:
        left_out.append(f"facts of records of formulas that were not drawn ({n_drawn:,} of {n:,} records were)")
    if file is None:
        left_out.append("the submitted file, which is not given (--file)")
    return tuple(left_out)


def _by_id(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(row["id"]): row for row in rows_of(table)}
