"""One part of a set: the rows of neighbouring formulas, measured and merged into crystals.

Parts do not depend on each other, because rows of two formulas are never one crystal: they can be made on several
machines, in any order, and a finished one is a single file that is made once.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from reference_data.build.convert_energies import convert_energies
from reference_data.build.measure_rows import facts_schema, measure_rows
from reference_data.build.merge import MeasuredRow, merge, merged_counts
from reference_data.files.crystals import SCHEMA
from reference_data.files.manifest import BUILDER_VERSION
from reference_data.sources.base import SourceRefusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from metrics.measure.running.cache import Cache
    from metrics.measure.running.engine import Engine
    from metrics.measure.running.progress import Counter as TaskCounter
    from reference_data.build.settings import BuildSettings
    from reference_data.sources.base import SourceRow

REPORT_KEY = b"part"
N_CHECKED_BAWLS = 1_000


@dataclass(frozen=True)
class PartReport:
    """What became of the rows of a part.

    Attributes:
        key: hash of the rows and of everything that decides what is made of them.
        n_rows: rows of the part.
        n_crystals: crystals they are.
        refusals: rows that could not be measured.
        merged_within: for each source, rows that are the same crystal as another row of it.
        shared: for each source, crystals that another source also has.
        bawls_checked: for each source, published BAWLs that were computed again.
        bawls_agreed: for each source, those of them that agree.
        energies_converted: for each source, rows whose energy was converted to the convention of the set.
        energies_left_out: for each source, rows whose energy could not be, by reason.

    """

    key: str
    n_rows: int
    n_crystals: int
    refusals: tuple[SourceRefusal, ...]
    merged_within: dict[str, int]
    shared: dict[str, int]
    bawls_checked: dict[str, int]
    bawls_agreed: dict[str, int]
    energies_converted: dict[str, int] = field(default_factory=dict)
    energies_left_out: dict[str, dict[str, int]] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """As text that :meth:`from_json` reads."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> PartReport:
        """Read what :meth:`to_json` wrote."""
        content = json.loads(text)
        return cls(**content | {"refusals": tuple(SourceRefusal(**refusal) for refusal in content["refusals"])})


def part_schema() -> pa.Schema:
    """Columns of a part: those of the crystals, and what only the statistics of the set read."""
    facts = facts_schema()
    return pa.schema([*SCHEMA, *(facts.field(name) for name in facts.names if name not in _stored_under_other_names())])


def make_part(
    rows: Sequence[SourceRow],
    path: Path,
    settings: BuildSettings,
    *,
    checked_share: float,
    engine: Engine,
    cache: Cache,
    counter: TaskCounter,
) -> None:
    """Measure and merge the rows of a part, and write it in one step.

    Args:
        rows: all rows of some formulas.
        path: the file to write.
        settings: how to measure and merge.
        checked_share: share of the published BAWLs that are computed again and compared.
        engine: where the work runs.
        cache: measurements that an interrupted build has already taken.
        counter: of the structures that are measured.

    Raises:
        ReferenceSetError: two rows could not be compared.

    """
    measured = list(
        measure_rows(
            rows,
            settings.measures,
            checked=lambda row: is_checked(row, checked_share),
            engine=engine,
            cache=cache,
            counter=counter,
        )
    )
    converted = convert_energies([row for row in measured if isinstance(row, MeasuredRow)], settings.conversion, engine)
    accepted = converted.rows
    groups = merge(accepted, settings.matching, engine)
    within, shared = merged_counts(groups)
    compared = [row for row in accepted if is_checked(row.row, checked_share)]
    report = PartReport(
        key=part_key(rows, settings, checked_share),
        n_rows=len(rows),
        n_crystals=len(groups),
        refusals=tuple(row for row in measured if isinstance(row, SourceRefusal)),
        merged_within=dict(within),
        shared=dict(shared),
        bawls_checked=dict(Counter(row.row.source for row in compared)),
        bawls_agreed=dict(Counter(row.row.source for row in compared if row.computed_bawl == row.row.bawl)),
        energies_converted=dict(converted.n_converted),
        energies_left_out={source: dict(sorted(counts.items())) for source, counts in converted.left_out.items()},
    )
    groups.sort(key=lambda group: (group[0].facts["reduced_formula"], group[0].row.id))
    table = pa.Table.from_pylist([_crystal(group) for group in groups], schema=part_schema())
    partial = path.with_suffix(".writing")
    pq.write_table(table.replace_schema_metadata({REPORT_KEY: report.to_json()}), partial, compression="zstd")
    partial.replace(path)


def read_report(path: Path) -> PartReport | None:
    """What a part says of itself; None where there is none, or no whole one."""
    if not path.is_file():
        return None
    try:
        metadata = pq.read_schema(path).metadata or {}
    except pa.ArrowException:
        return None
    return PartReport.from_json(metadata[REPORT_KEY]) if REPORT_KEY in metadata else None


def read_part(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The crystals of a part; the named columns, or all."""
    return pq.read_table(path, columns=None if columns is None else list(columns)).replace_schema_metadata(None)


def part_key(rows: Iterable[SourceRow], settings: BuildSettings, checked_share: float) -> str:
    """Hash of the rows and of everything that decides what is made of them."""
    records = {name: record.model_dump() for name, record in settings.measure_records().items()}
    rules = [
        BUILDER_VERSION,
        records,
        settings.matching_record().model_dump(),
        asdict(settings.conversion),
        checked_share,
    ]
    digest = hashlib.sha256(json.dumps(rules).encode())
    for row in rows:
        energies = (row.energy_per_atom, row.formation_energy_per_atom, row.energy_convention)
        digest.update(json.dumps([row.id, row.source, row.crystal.sha256, row.bawl, *energies]).encode())
    return digest.hexdigest()


def is_checked(row: SourceRow, share: float) -> bool:
    """Whether the published BAWL of a row is computed again: a fixed choice by its id, wherever the row stands."""
    number = int.from_bytes(hashlib.blake2b(row.id.encode(), digest_size=8).digest(), "big")
    return row.bawl is not None and number < share * 2**64


def _stored_under_other_names() -> set[str]:
    return {*SCHEMA.names, "canonical_bawl_keys"}


def _crystal(group: Sequence[MeasuredRow]) -> dict[str, object]:
    """Row of the table; the first row of the group stands for the crystal."""
    first = group[0]
    crystal = first.row.crystal
    return dict(first.facts) | {
        "id": first.row.id,
        "source_ids": [measured.row.id for measured in group],
        "sources": [measured.row.source for measured in group],
        "lattice": crystal.lattice.ravel().tolist(),
        "frac_coords": crystal.frac_coords.ravel().tolist(),
        "atomic_numbers": crystal.atomic_numbers.tolist(),
        "keys": first.facts["canonical_bawl_keys"],
        "bawls": [measured.facts["bawl"] for measured in group],
        "energy_per_atom": first.row.energy_per_atom,
        "energy_convention": first.row.energy_convention,
        "formation_energy_per_atom": first.row.formation_energy_per_atom,
    }
