"""From records to a table of structures: each is parsed in a worker process, within limits of time and memory."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from metrics.crystal import Crystal
from metrics.measure.running.engine import CpuBudget
from metrics.measure.running.progress import Counter, Report
from metrics.table import frame
from submissions.read import Record, parse
from submissions.refusal import FileRefusedError, Reason, RecordRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from metrics.measure.running.engine import Engine
    from submissions.limits import Limits

_STATM = Path("/proc/self/statm")
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
    records: Iterable[Record],
    limits: Limits,
    engine: Engine,
    report: Report,
    *,
    time_limit_s: float,
) -> pd.DataFrame:
    """Table of STRUCTURES_SCHEMA, one row per record in their order; a refusal is a row with its reason.

    Args:
        records: taken one by one, as workers become free; only what is being parsed is in memory.
        limits: the bounds.
        engine: where they are parsed.
        report: told how far it is; how many records there are is known at the end.
        time_limit_s: wall time of parsing one record.

    """
    rows: list[dict[str, object]] = []
    readable: list[int] = []
    counter = Counter("read", 1, report)
    budget = CpuBudget(limits.parse_seconds, "reading")

    def tasks() -> Iterator[tuple[Record, Limits]]:
        for record in records:
            rows.append(_refused(record.id, record.refusal, record.detail))
            counter.expect(len(rows) + 1)
            if record.refusal is None:
                readable.append(len(rows) - 1)
                budget.grow(limits.parse_seconds_a_record)
                yield record, limits
            else:
                counter.know(1)

    for outcome in engine.map(parse_record, tasks(), time_limit_s=time_limit_s, budget=budget):
        row = readable[outcome.index]
        rows[row] = _row(str(rows[row]["id"]), outcome.value, outcome.failure)
        counter.add()
    counter.expect(len(rows))
    return frame(rows, STRUCTURES_SCHEMA)


def at_most(records: Iterable[Record], most: int | None) -> Iterator[Record]:
    """The records of a file, which is refused once there are more than so many; None for any number.

    Raises:
        FileRefusedError: there are more.

    """
    for number, record in enumerate(records, start=1):
        refuse_more(number, most)
        yield record


def refuse_more(n_structures: int, most: int | None) -> None:
    """Refuse a file of more structures than are taken where it is submitted.

    Raises:
        FileRefusedError: there are more.

    """
    if most is not None and n_structures > most:
        detail = (
            f"the file holds more than {most:,} structures, at most {most:,} are scored here; submit {most:,}, "
            "or score all of them on your own machine"
        )
        raise FileRefusedError(Reason.TOO_MANY_MEMBERS, detail)


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


def has_cells(structures: pd.DataFrame) -> bool:
    """Whether the readable records have their cells; those of published outputs do not ship with their run."""
    readable = structures["refusal"].isna()
    return bool(structures.loc[readable, "lattice"].notna().all())


def cells(table: pd.DataFrame, *names: str) -> Iterator[tuple[Any, ...]]:
    """Values of the named columns row by row, null as None."""
    return zip(*(pa.array(table[name]).to_pylist() for name in names), strict=True)


def parse_record(task: tuple[Record, Limits]) -> Crystal | tuple[Reason, str]:
    """Parse in a worker process; a refusal is an answer, not a crash."""
    record, limits = task
    try:
        with _bounded_memory(limits.parse_memory_bytes):
            return parse(record, limits)
    except RecordRefusedError as error:
        return error.reason, error.detail
    except MemoryError:
        detail = f"parsing needed more than {limits.parse_memory_bytes / 2**30:.1f} GiB; {Reason.MEMORY_LIMIT.remedy}"
        return Reason.MEMORY_LIMIT, detail


@contextmanager
def _bounded_memory(more_bytes: int) -> Iterator[None]:
    """Bound this process's address space to what it has and so much more."""
    if not _STATM.exists():  # not Linux: the worker's own bound holds
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(_STATM.read_text().partition(" ")[0])
    bound = pages * resource.getpagesize() + more_bytes
    tighter = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([bound, *tighter]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


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
