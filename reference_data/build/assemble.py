"""Finished parts become the files of a set; of the crystals, one part at a time is in memory."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, replace
from itertools import chain
from typing import TYPE_CHECKING

from metrics.fingerprint_versions import FINGERPRINT_VERSIONS
from metrics.measure.running.progress import LOG_EVERY_S
from metrics.measure.running.progress import Counter as TaskCounter
from metrics.reference_statistics import StatisticsBuilder
from metrics.table import dtype
from reference_data.build.hull.crystal_entries import CRYSTAL_COLUMNS
from reference_data.build.hull.hulls import build_hulls, place
from reference_data.build.part import read_part, read_report
from reference_data.files.crystals import CRYSTALS_FILE, SCHEMA, write_crystals
from reference_data.files.hulls import write_hulls
from reference_data.files.index import IndexBuilder
from reference_data.files.manifest import (
    BUILDER_VERSION,
    FORMAT_VERSION,
    MANIFEST_FILE,
    REFUSALS_FILE,
    STATISTICS_FILE,
    FileRecord,
    Manifest,
    SourceRecord,
    set_files,
    write_manifest,
)
from reference_data.sources.base import Described, file_sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from reference_data.build.definition import SetDefinition
    from reference_data.build.hull.hulls import BuiltHull
    from reference_data.build.part import PartReport
    from reference_data.build.spill import Spill


def assemble(
    definition: SetDefinition,
    spill: Spill,
    parts: Sequence[Path],
    folder: Path,
    out: Path,
    report: Callable[[str], None],
) -> Manifest:
    """Write the files of a set from all of its parts, in the order of their formulas.

    Args:
        definition: what the set is.
        spill: the rows as read, for their counts and refusals.
        parts: the files of the parts; each one is whole.
        folder: what relative paths in the definition start from.
        out: folder to write; files of an earlier build are replaced.
        report: takes lines of progress.

    Raises:
        ReferenceSetError: the energies make no sound hull.

    """
    entries = (read_part(path, CRYSTAL_COLUMNS) for path in _counted("hull", parts, report))
    hulls = build_hulls(definition.hull, folder, entries)
    for hull in hulls:
        report(f"hull of {hull.record.convention}: {hull.record.n_entries} entries, {hull.record.n_vertices} vertices")
    out.mkdir(parents=True, exist_ok=True)
    (out / MANIFEST_FILE).unlink(missing_ok=True)  # without it the folder is no set until all is written
    index, statistics = IndexBuilder(), StatisticsBuilder()
    write_crystals(_noted(_counted("write", parts, report), hulls, index, statistics), out / CRYSTALS_FILE)
    report("crystals written")
    index.result().write(out)
    report("index written")
    if hulls:
        write_hulls([hull.tables for hull in hulls], out)
    text = json.dumps(statistics.result(), ensure_ascii=False, allow_nan=False)
    (out / STATISTICS_FILE).write_text(f"{text}\n", encoding="utf-8")
    report("statistics written")
    refused = _write_refusals(out / REFUSALS_FILE, spill, parts)
    reports = [replace(report, refusals=()) for report in map(read_report, parts) if report]
    n_read, n_refused = spill.n_read().total(), sum(refused.values())
    n_crystals = sum(report.n_crystals for report in reports)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        builder_version=BUILDER_VERSION,
        **definition.model_dump(include={"name", "title", "licence", "indicative", "not_for"}),
        n_read=n_read,
        n_refused=n_refused,
        n_merged=n_read - n_refused - n_crystals,
        n_crystals=n_crystals,
        fingerprints=dict(FINGERPRINT_VERSIONS),
        measures=definition.settings.measure_records(),
        matching=definition.settings.matching_record(),
        sources=_source_records(definition, spill, reports, refused),
        hulls=tuple(hull.record for hull in hulls),
        files={
            name: FileRecord(n_bytes=(out / name).stat().st_size, sha256=file_sha256(out / name))
            for name in set_files(with_hulls=bool(hulls))
        },
    )
    write_manifest(manifest, out)
    return manifest


def _counted(stage: str, parts: Sequence[Path], report: Callable[[str], None]) -> Iterator[Path]:
    counter = TaskCounter(stage, len(parts), lambda progress: report(f"{progress} (parts)"), LOG_EVERY_S)
    for path in parts:
        yield path
        counter.add()


def _noted(
    parts: Iterable[Path], hulls: Sequence[BuiltHull], index: IndexBuilder, statistics: StatisticsBuilder
) -> Iterator[pa.Table]:
    """The crystals of each part, placed on the hulls and entered into the index and the statistics on the way."""
    for path in parts:
        table = read_part(path)
        index.add(*(table[name].to_pylist() for name in ("keys", "bawls", "prototype", "reduced_formula")))
        statistics.add(table.to_pandas(types_mapper=dtype))
        yield place(table.select(SCHEMA.names), hulls)


def _write_refusals(path: Path, spill: Spill, parts: Sequence[Path]) -> Counter[tuple[str, str]]:
    """Write those of reading, then those of measuring, one part at a time; their number by source and reason."""
    refused: Counter[tuple[str, str]] = Counter()
    of_parts = chain.from_iterable(report.refusals for report in map(read_report, parts) if report)
    with path.open("w", encoding="utf-8") as file:
        for refusal in chain(spill.refusals(), of_parts):
            refused[refusal.source, refusal.reason] += 1
            file.write(json.dumps(asdict(refusal), ensure_ascii=False) + "\n")
    return refused


def _source_records(
    definition: SetDefinition, spill: Spill, reports: Sequence[PartReport], refused: Mapping[tuple[str, str], int]
) -> tuple[SourceRecord, ...]:
    def total(name: str, of: Callable[[PartReport], Mapping[str, int]]) -> int:
        return sum(of(report).get(name, 0) for report in reports)

    def converted(name: str) -> int | None:
        return total(name, lambda report: report.energies_converted) if definition.convert_energies_to else None

    def left_out(name: str) -> dict[str, int] | None:
        if not definition.convert_energies_to:
            return None
        return dict(sum((Counter(report.energies_left_out.get(name, {})) for report in reports), Counter()))

    n_read = spill.n_read()
    return tuple(
        SourceRecord(
            **described.model_dump(include=set(Described.model_fields)),
            kind=source.kind,
            publishes_bawl=source.publishes_bawl,
            n_read=n_read[described.name],
            n_merged_within=total(described.name, lambda report: report.merged_within),
            n_shared=total(described.name, lambda report: report.shared),
            bawls_checked=total(described.name, lambda report: report.bawls_checked) if source.publishes_bawl else None,
            bawls_agreed=total(described.name, lambda report: report.bawls_agreed) if source.publishes_bawl else None,
            energies_converted=converted(described.name),
            energies_left_out=left_out(described.name),
            inputs=dict(inputs),
            refused={reason: count for (name, reason), count in sorted(refused.items()) if name == described.name},
        )
        for source, inputs in zip(definition.sources, spill.inputs(), strict=True)
        for described in source.provenances
    )
