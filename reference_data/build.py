"""Build a reference set: sources are read, measured, merged into crystals, and written with index and manifest.

The same sources and the same code give the same bytes. A build that was interrupted goes on with the measurements it
already took; only a finished build leaves a manifest.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import pyarrow as pa

from metrics.measure.cache import Cache
from metrics.measure.engine import Engine
from metrics.measure.matching import MatchSettings
from metrics.reference_statistics import statistics
from metrics.table import frame
from reference_data.accepted import FINGERPRINT_VERSIONS
from reference_data.crystals import CRYSTALS_FILE, SCHEMA, write_crystals
from reference_data.definition import load_definition
from reference_data.errors import ReferenceSetError
from reference_data.harmonize import MeasuredRow, merge, merged_counts
from reference_data.index import Index
from reference_data.manifest import (
    BUILDER_VERSION,
    FORMAT_VERSION,
    MANIFEST_FILE,
    REFUSALS_FILE,
    SET_FILES,
    STATISTICS_FILE,
    FileRecord,
    Manifest,
    SourceRecord,
    write_manifest,
)
from reference_data.measure import check_versions, facts_schema, measure_rows, needed_measures
from reference_data.sources.base import SourceRefusal, SourceRow, file_sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from reference_data.definition import SetDefinition

Group = list[MeasuredRow]


def build_set(definition_path: Path, out: Path, *, jobs: int, report: Callable[[str], None]) -> Manifest:
    """Build the set that a TOML file defines into a folder.

    Args:
        definition_path: the TOML file; relative paths in it start from its folder.
        out: folder of the built set; files of an earlier build are replaced.
        jobs: number of worker processes.
        report: takes lines of progress.

    Raises:
        ReferenceSetError: the definition is wrong, a source cannot be read, nothing of it is usable, or another build
            is writing to the folder.

    """
    definition = load_definition(definition_path)
    check_versions()
    folder = definition_path.parent
    scratch = out.parent / f".{out.name}.build"
    with _only_build_of(out, scratch):
        read = _read(definition, folder, report)
        rows = [row for row in read if isinstance(row, SourceRow)]
        with Engine(jobs) as engine:
            with Cache(scratch / "measurements.sqlite") as cache:
                measured = list(measure_rows(rows, engine=engine, cache=cache, on_done=_progress(len(rows), report)))
            accepted = [row for row in measured if isinstance(row, MeasuredRow)]
            groups = merge(accepted, MatchSettings(), engine)
        refusals = [row for row in (*read, *measured) if isinstance(row, SourceRefusal)]
        if not groups:
            raise ReferenceSetError(
                what=f"none of the {len(read)} rows of {definition.name} is a usable crystal ({_tally(refusals)})",
                expected="at least one",
                remedy="check the sources",
            )
        report(f"{len(read)} rows, {len(refusals)} refused, {len(groups)} crystals")
        manifest = _write(definition, folder, read, refusals, groups, out)
        shutil.rmtree(scratch)
    return manifest


def _write(
    definition: SetDefinition,
    folder: Path,
    read: Sequence[SourceRow | SourceRefusal],
    refusals: Sequence[SourceRefusal],
    groups: Sequence[Group],
    out: Path,
) -> Manifest:
    out.mkdir(parents=True, exist_ok=True)
    (out / MANIFEST_FILE).unlink(missing_ok=True)  # without it the folder is no set until all is written
    table = _table(groups)
    write_crystals(table, out / CRYSTALS_FILE)
    columns = [table[name].to_pylist() for name in ("keys", "bawls", "prototype", "reduced_formula")]
    Index.build(*columns).write(out)
    _write_json(out / STATISTICS_FILE, statistics(frame((group[0].facts for group in groups), facts_schema())))
    _write_lines(out / REFUSALS_FILE, (asdict(refusal) for refusal in refusals))
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        builder_version=BUILDER_VERSION,
        **definition.model_dump(include={"name", "title", "licence", "indicative", "not_for"}),
        n_read=len(read),
        n_refused=len(refusals),
        n_merged=sum(len(group) - 1 for group in groups),
        n_crystals=len(groups),
        fingerprints=dict(FINGERPRINT_VERSIONS),
        measures={name: own.version for name, own in needed_measures().items()},
        verdict=asdict(MatchSettings()),
        sources=_source_records(definition, folder, read, refusals, groups),
        files={
            name: FileRecord(n_bytes=(out / name).stat().st_size, sha256=file_sha256(out / name)) for name in SET_FILES
        },
    )
    write_manifest(manifest, out)
    return manifest


@contextmanager
def _only_build_of(out: Path, scratch: Path) -> Iterator[None]:
    """Hold the lock of the folder's scratch space, so that two builds never write the same files."""
    scratch.mkdir(parents=True, exist_ok=True)
    with (scratch / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ReferenceSetError(
                what=f"another build is writing to {out}",
                expected="one at a time",
                remedy="wait for it, or choose another folder with --out",
            ) from error
        yield


def _read(definition: SetDefinition, folder: Path, report: Callable[[str], None]) -> list[SourceRow | SourceRefusal]:
    """All rows of all sources; an id that an earlier row has is refused."""
    read: list[SourceRow | SourceRefusal] = []
    seen: dict[str, str] = {}
    for source in definition.sources:
        before = len(read)
        for row in source.rows(folder):
            if isinstance(row, SourceRow):
                if row.id in seen:
                    detail = f"source {seen[row.id]} has a row of this id; the first one is kept"
                    read.append(SourceRefusal(row.id, row.source, "repeated_id", detail))
                    continue
                seen[row.id] = row.source
            read.append(row)
        report(f"{source.name}: {len(read) - before} rows")
    return read


def _table(groups: Sequence[Group]) -> pa.Table:
    rows = []
    for group in groups:
        first = group[0]
        crystal = first.row.crystal
        rows.append(
            {
                "id": first.row.id,
                "source_ids": [measured.row.id for measured in group],
                "sources": [measured.row.source for measured in group],
                "reduced_formula": first.facts["reduced_formula"],
                "anonymous_formula": first.facts["anonymous_formula"],
                "chemical_system": first.facts["chemical_system"],
                "n_sites": crystal.n_sites,
                "lattice": crystal.lattice.ravel().tolist(),
                "frac_coords": crystal.frac_coords.ravel().tolist(),
                "atomic_numbers": crystal.atomic_numbers.tolist(),
                "space_group": first.facts["space_group"],
                "keys": first.facts["canonical_bawl_keys"],
                "bawl": first.facts["bawl"],
                "bawls": [measured.facts["bawl"] for measured in group],
                "prototype": first.facts["prototype"],
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _source_records(
    definition: SetDefinition,
    folder: Path,
    read: Sequence[SourceRow | SourceRefusal],
    refusals: Sequence[SourceRefusal],
    groups: Sequence[Group],
) -> tuple[SourceRecord, ...]:
    n_read = Counter(row.source for row in read)
    within, shared = merged_counts(groups)
    return tuple(
        SourceRecord(
            **source.model_dump(include=set(type(source).model_fields) & set(SourceRecord.model_fields)),
            publishes_bawl=source.publishes_bawl,
            n_read=n_read[source.name],
            n_merged_within=within[source.name],
            n_shared=shared[source.name],
            inputs=dict(source.inputs(folder)),
            refused=dict(sorted(Counter(row.reason for row in refusals if row.source == source.name).items())),
        )
        for source in definition.sources
    )


def _tally(refusals: Iterable[SourceRefusal]) -> str:
    counts = Counter(refusal.reason for refusal in refusals)
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items())) or "no rows"


def _progress(total: int, report: Callable[[str], None]) -> Callable[[int], None]:
    """Report about every twentieth of the structures."""
    step = max(1, total // 20)
    finished = 0

    def advance(count: int) -> None:
        nonlocal finished
        before, finished = finished, finished + count
        if before // step < finished // step:
            report(f"measured {finished} of {total} structures")

    return advance


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _write_lines(path: Path, rows: Iterable[object]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
