"""Relax the crystals of the starter set with CHGNet, and give the relaxed ones an energy by sevennet-0."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metrics.crystal import Crystal
from metrics.measure.energy.relax_record import EnergyRecord, Relaxation, Settings, SinglePoint
from metrics.measure.energy.relaxation import cache_key, energies_of, processes_of
from metrics.measure.potentials import find
from metrics.measure.running.cache import Cache, Result
from metrics.measure.running.local_engine import LocalEngine
from metrics.measure.running.progress import LOG_EVERY_S
from metrics.measure.running.progress import Counter as TaskCounter
from reference_data.sets.starter.make.compounds import Start, compounds
from reference_data.sets.starter.make.judge import judge_volume, why_not
from reference_data.sets.starter.make.tables import (
    CHGNET,
    NO_DEVICE,
    SEVENNET,
    Relaxed,
    read_relaxed,
    write_known_compounds,
    write_relaxed,
)
from reference_data.sets.starter.make.volumes import expected_volumes
from reference_data.sources.aflow_prototypes import AflowPrototypes
from reference_data.sources.base import SourceRow
from reference_data.sources.elements import Elements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

# The cost of a relaxation grows with the sites, and a set this small needs no crystal larger than these.
MAX_SITES = 34

_SETTINGS: Mapping[str, Settings] = {CHGNET: Relaxation(), SEVENNET: SinglePoint()}
_UNPUBLISHED: Mapping[str, Any] = {"title": "-", "licence": "-", "citation": "-", "doi": ("10.1000/182",), "url": "-"}


def starts() -> list[Start]:
    """All crystals of the starter set's sources that CHGNet knows the elements of, the cheapest first."""
    measured = [
        AflowPrototypes(kind="aflow_prototypes", name="aflow", **_UNPUBLISHED),
        Elements(kind="elements", name="elements", **_UNPUBLISHED),
    ]
    crystals = [
        Start(row.id, row.crystal, True, frozenset({row.crystal.sha256}), row.crystal)  # noqa: FBT003 - as in compounds
        for source in measured
        for row in source.rows(Path())
        if isinstance(row, SourceRow)
    ]
    crystals += compounds()
    elements = find(CHGNET).elements
    small = [
        start
        for start in crystals
        if start.crystal.n_sites <= MAX_SITES and elements.issuperset(start.crystal.atomic_numbers.tolist())
    ]
    return sorted(small, key=lambda start: start.crystal.n_sites)


def relax_all(
    todo: Sequence[Start], cache_path: Path, records: Iterable[Path], *, jobs: int, report: Callable[[str], None]
) -> list[Relaxed]:
    """Relax what the table does not have yet, and write the tables.

    Each result is kept in the cache when it is there, so that a run that was ended, however, resumes.

    Args:
        todo: of :func:`starts`.
        cache_path: file of the cache.
        records: JSON lines of results from other machines, as :func:`import_records` takes them.
        jobs: number of worker processes.
        report: takes lines of progress.

    """
    table = read_relaxed()
    known = [table[start.id] for start in todo if start.id in table and table[start.id].start_sha256 in start.sha256s]
    known_ids = {row.id for row in known}
    missing = [start for start in todo if start.id not in known_ids]
    report(f"{len(known)} of {len(todo)} crystals are in the table")
    with Cache(cache_path) as cache:
        for path in records:
            report(f"{path.name}: {import_records(path, cache)} records")
        relaxed = _energies([start.crystal for start in missing], CHGNET, cache, jobs=jobs, report=report)
        ends = {sha256: _end(record) for sha256, record in relaxed.items()}
        crystals = [end for end in ends.values() if end is not None]
        points = _energies(crystals, SEVENNET, cache, jobs=jobs, report=report)
    rows = [*known]
    for start in missing:
        record, end = relaxed[start.crystal.sha256], ends[start.crystal.sha256]
        energies = {} if record.energy is None else {CHGNET: record.energy}
        if end is not None and (energy := points[end.sha256].energy) is not None:
            energies[SEVENNET] = energy
        reason, detail = why_not(
            start.crystal, record.status, record.detail, end, energies, measured=start.is_measured
        ) or (None, None)
        row = Relaxed(start.id, start.crystal.sha256, record.status, record.n_steps, end, energies, reason, detail)
        rows.append(replace(row, device=record.device or NO_DEVICE))
    rows = judged(todo, rows)
    write_relaxed(rows)
    write_known_compounds(compounds(), read_relaxed())
    return rows


def judged(todo: Sequence[Start], rows: Iterable[Relaxed]) -> list[Relaxed]:
    """The rows with the verdict on their volumes, which each row and all its relatives decide."""
    by_id = {row.id: row for row in rows}
    as_meant = {
        row.id: row.crystal for row in by_id.values() if row.reason in {None, "volume"} and row.crystal is not None
    }
    expected = expected_volumes(todo, as_meant)
    return [judge_volume(by_id[start.id], start, expected.get(start.id)) for start in todo]


def import_records(path: Path, cache: Cache) -> int:
    """Put results of another machine into the cache; the number of them.

    Each line is an object with an ``EnergyRecord`` under the name of its potential.

    Raises:
        ValueError: a record is of another checkpoint or of other settings than are used here.

    """
    count = 0
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            content = json.loads(line)
            for name in content.keys() & _SETTINGS.keys():
                record = EnergyRecord(**content[name])
                key = cache_key(find(name), _SETTINGS[name])
                if key.split(":")[2:] != [record.potential, record.checkpoint_sha256, record.settings_hash]:
                    msg = f"{path.name}, line {number}: not of the checkpoint and the settings used here, {key}"
                    raise ValueError(msg)
                cache.put(record.sha256, key, Result(asdict(record), None))
                count += 1
    cache.commit()
    return count


def _energies(
    crystals: Sequence[Crystal], name: str, cache: Cache, *, jobs: int, report: Callable[[str], None]
) -> dict[str, EnergyRecord]:
    potential = find(name)
    n_structures = len({crystal.sha256 for crystal in crystals})
    counter = TaskCounter(name, n_structures, lambda progress: report(str(progress)), LOG_EVERY_S)
    with LocalEngine(jobs, processes_of(potential)) as engine:
        return energies_of(
            crystals,
            potential,
            _SETTINGS[name],
            engine=engine,
            cache=cache,
            on_known=counter.know,
            on_done=counter.add,
        )


def _end(record: EnergyRecord) -> Crystal | None:
    return None if record.cell is None else Crystal.from_arrays(**json.loads(record.cell))
