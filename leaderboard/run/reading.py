"""From records to a table of structures: each is parsed in a worker process, within limits of time and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from metrics.crystal import Crystal
from metrics.measure.running.progress import Counter, Report
from metrics.table import frame
from submissions.read import Record, parse
from submissions.refusal import FileRefusedError, Reason, RecordRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from metrics.measure.running.engine import Engine
    from submissions.limits import Limits

STRUCTURES_SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "sha256": pa.string(),
        "lattice": pa.list_(pa.float64()),
        "frac_coords": pa.list_(pa.float64()),
        "atomic_numbers": pa.list_(pa.int64()),
        "refusal": pa.string(),
        "detail": pa.string(),
    }
)


def read_records(
    records: Iterable[Record], limits: Limits, engine: Engine, report: Report, *, time_limit_s: float
) -> pd.DataFrame:
    """Table of STRUCTURES_SCHEMA, one row per record in their order; a refusal is a row with its reason."""
    records = list(records)
    rows = [_refused(record.id, record.refusal, record.detail) for record in records]
    counter = Counter("read", len(records), report)
    readable = [row for row, record in enumerate(records) if record.refusal is None]
    counter.know(len(records) - len(readable))
    tasks = ((records[row], limits) for row in readable)
    for outcome in engine.map(parse_record, tasks, time_limit_s=time_limit_s):
        row = readable[outcome.index]
        rows[row] = _row(records[row].id, outcome.value, outcome.failure)
        counter.add()
    return frame(rows, STRUCTURES_SCHEMA)


def refuse_unreadable(structures: pd.DataFrame) -> None:
    """Refuse a file in which nothing can be read.

    Raises:
        FileRefusedError: says how many records there were and why the first was refused.

    """
    if structures.empty:
        raise FileRefusedError(Reason.EMPTY, "it holds no record; at least one structure is needed")
    if structures["refusal"].notna().all():
        record_id, reason, detail = next(cells(structures, "id", "refusal", "detail"))
        text = f"{len(structures)} records, none readable; the first, {record_id!r}: {reason}, {detail}"
        raise FileRefusedError(Reason.NO_RECORD_READABLE, text)


def crystals_of(structures: pd.DataFrame) -> dict[int, Crystal]:
    """Crystals of the readable records by row number."""
    rows = cells(structures, "refusal", "lattice", "frac_coords", "atomic_numbers")
    return {
        row: Crystal.from_arrays(lattice, frac_coords, atomic_numbers)
        for row, (refusal, lattice, frac_coords, atomic_numbers) in enumerate(rows)
        if refusal is None
    }


def cells(table: pd.DataFrame, *names: str) -> Iterator[tuple[Any, ...]]:
    """Values of the named columns row by row, null as None."""
    return zip(*(pa.array(table[name]).to_pylist() for name in names), strict=True)


def parse_record(task: tuple[Record, Limits]) -> Crystal | tuple[Reason, str]:
    """Parse in a worker process; a refusal is an answer, not a crash."""
    record, limits = task
    try:
        return parse(record, limits)
    except RecordRefusedError as error:
        return error.reason, error.detail


def _structure_row(record_id: str, crystal: Crystal) -> dict[str, object]:
    """Row of STRUCTURES_SCHEMA for a record that was read."""
    return {
        "id": record_id,
        "sha256": crystal.sha256,
        "lattice": crystal.lattice.ravel().tolist(),
        "frac_coords": crystal.frac_coords.ravel().tolist(),
        "atomic_numbers": crystal.atomic_numbers.tolist(),
        "refusal": None,
        "detail": None,
    }


def _refused(record_id: str, reason: Reason | None, detail: str | None) -> dict[str, object]:
    return {"id": record_id, "refusal": reason, "detail": detail}


def _row(record_id: str, value: Crystal | tuple[Reason, str] | None, failure: str | None) -> dict[str, object]:
    if isinstance(value, Crystal):
        return _structure_row(record_id, value)
    if value is not None:
        return _refused(record_id, *value)
    kind = (failure or "").partition(":")[0]
    reason = {"time_limit": Reason.TIME_LIMIT, "memory_limit": Reason.MEMORY_LIMIT}.get(kind, Reason.MALFORMED)
    return _refused(record_id, reason, failure)
