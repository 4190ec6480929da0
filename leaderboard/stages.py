"""The benchmark's five stages: read -> measure -> identify -> relax -> score, each from tables to tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from submissions.read import Record, parse, split
from submissions.refusal import FileRefusedError, Reason, RecordRefusedError

from leaderboard.identify import IDENTITY_COLUMNS, identify_records
from leaderboard.progress import Counter, Report
from metrics import validity
from metrics.crystal import Crystal
from metrics.measure import registry as measures
from metrics.measure.batch import measure_crystals
from metrics.score import registry as scores
from metrics.table import check, frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pandas as pd
    from reference_data.reference import Reference
    from submissions.limits import Limits

    from leaderboard.protocol import Protocol
    from metrics.measure.cache import Cache, Result
    from metrics.measure.engine import Engine

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


class RunError(Exception):
    """A run that cannot be done as asked; the message says what and what to do."""


@dataclass(frozen=True)
class Context:
    """Everything a stage may use besides the tables."""

    protocol: Protocol
    reference: Reference
    potentials: tuple[str, ...]
    limits: Limits
    engine: Engine
    cache: Cache
    report: Report


@dataclass(frozen=True)
class Tables:
    """What the stages fill; a table that does not exist yet is None."""

    source: Path | None = None
    structures: pd.DataFrame | None = None
    columns: pd.DataFrame | None = None
    scores: list[dict[str, Any]] = field(default_factory=list)


Stage = Callable[[Tables, Context], Tables]


def columns_schema() -> pa.Schema:
    """Columns of every measurement, between what reading and what identifying fill."""
    fields: dict[str, pa.DataType] = {
        "id": pa.string(),
        "sha256": pa.string(),
        "refusal": pa.string(),
        "detail": pa.string(),
    }
    for measure in measures().values():
        fields |= measure.columns
    return pa.schema({**fields, "valid": pa.bool_(), **IDENTITY_COLUMNS, "unknown_reasons": pa.string()})


def read(tables: Tables, context: Context) -> Tables:
    """Split the file into records and parse each in a worker; every record keeps its row.

    Raises:
        FileRefusedError: the file is not readable, over a limit, empty, or none of its records can be read.

    """
    if tables.source is None:
        return tables
    records = list(split(tables.source, context.limits))
    if not records:
        raise FileRefusedError(Reason.EMPTY_FILE, "no record in it")
    rows = [_refused(record.id, record.refusal, record.detail) for record in records]
    counter = Counter("read", len(records), context.report)
    readable = [position for position, record in enumerate(records) if record.refusal is None]
    counter.know(len(records) - len(readable))
    tasks = ((records[position], context.limits) for position in readable)
    outcomes = context.engine.map(parse_record, tasks, time_limit_s=context.protocol.time_limits_s.parse)
    for outcome in outcomes:
        position = readable[outcome.index]
        rows[position] = _row(records[position], outcome.value, outcome.failure)
        counter.add()
    if all(row["refusal"] is not None for row in rows):
        first = rows[0]
        detail = (
            f"{len(rows)} records, none readable; the first, {first['id']!r}: {first['refusal']}, {first['detail']}"
        )
        raise FileRefusedError(Reason.NO_RECORD_READABLE, detail)
    return replace(tables, structures=frame(rows, STRUCTURES_SCHEMA))


def measure(tables: Tables, context: Context) -> Tables:
    """Facts of each structure; what could not be measured is null and its reason is kept."""
    structures = _made(tables.structures)
    crystals = crystals_of(structures)
    settings = {name: measures()[name].settings(**own) for name, own in context.protocol.measures.items()}
    counter = Counter("measure", len({crystal.sha256 for crystal in crystals.values()}), context.report)
    results = measure_crystals(
        list(crystals.values()),
        settings,
        engine=context.engine,
        cache=context.cache,
        time_limit_s=context.protocol.time_limits_s.measure,
        on_known=counter.know,
        on_done=counter.add,
    )
    rows = [
        {"id": record_id, "sha256": sha256, "refusal": refusal, "detail": detail, **_facts(results.get(sha256, {}))}
        for record_id, sha256, refusal, detail in _cells(structures, "id", "sha256", "refusal", "detail")
    ]
    columns = frame(rows, columns_schema())
    columns["valid"] = validity.is_valid(columns)
    return replace(tables, columns=check(columns, columns_schema()))


def identify(tables: Tables, context: Context) -> Tables:
    """Facts within the submission and against the reference set."""
    columns = identify_records(
        _made(tables.columns),
        crystals_of(_made(tables.structures)),
        context.reference,
        context.protocol,
        engine=context.engine,
        report=context.report,
    )
    return replace(tables, columns=check(columns, columns_schema()))


def relax(tables: Tables, context: Context) -> Tables:
    """Energies by the run's potentials; the structural tier asks for none."""
    if context.potentials:
        msg = f"potential {context.potentials[0]!r} is not available; available: none"
        raise RunError(msg)
    return tables


def score(tables: Tables, context: Context) -> Tables:
    """Every score of the protocol over the table of facts."""
    columns = _made(tables.columns)
    against = context.reference.statistics
    made = []
    for name in context.protocol.scores:
        definition = scores()[name]
        value = definition.compute(columns, against)
        made.append(
            {
                "name": name,
                "version": definition.version,
                "variant": None,
                "value": value.value,
                "low": value.low,
                "high": value.high,
                "n_counted": value.n_counted,
                "n_unknown": value.n_unknown,
                "unit": definition.unit,
                "better": definition.better,
            }
        )
    return replace(tables, scores=made)


STAGES: tuple[Stage, ...] = (read, measure, identify, relax, score)


def crystals_of(structures: pd.DataFrame) -> dict[int, Crystal]:
    """Crystals of the readable records by row number."""
    cells = _cells(structures, "refusal", "lattice", "frac_coords", "atomic_numbers")
    return {
        row: Crystal.from_arrays(lattice, frac_coords, atomic_numbers)
        for row, (refusal, lattice, frac_coords, atomic_numbers) in enumerate(cells)
        if refusal is None
    }


def structure_row(record_id: str, crystal: Crystal) -> dict[str, object]:
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


def parse_record(task: tuple[Record, Limits]) -> Crystal | tuple[Reason, str]:
    """Parse in a worker process; a refusal is an answer, not a crash."""
    record, limits = task
    try:
        return parse(record, limits)
    except RecordRefusedError as error:
        return error.reason, error.detail


def _refused(record_id: str, reason: Reason | None, detail: str | None) -> dict[str, object]:
    return {"id": record_id, "refusal": reason, "detail": detail}


def _row(record: Record, value: Crystal | tuple[Reason, str] | None, failure: str | None) -> dict[str, object]:
    if isinstance(value, Crystal):
        return structure_row(record.id, value)
    if value is not None:
        return _refused(record.id, *value)
    kind = (failure or "").partition(":")[0]
    reason = {"time_limit": Reason.TIME_LIMIT, "memory_limit": Reason.MEMORY_LIMIT}.get(kind, Reason.UNPARSABLE)
    return _refused(record.id, reason, failure)


def _cells(table: pd.DataFrame, *names: str) -> Iterator[tuple[Any, ...]]:
    """Values of the named columns row by row, null as None."""
    return zip(*(pa.array(table[name]).to_pylist() for name in names), strict=True)


def _facts(taken: Mapping[str, Result]) -> dict[str, object]:
    """Columns that the measurements of one structure filled, and why others are null."""
    reasons = [f"{name}: {result.reason}" for name, result in sorted(taken.items()) if result.reason]
    facts = {column: value for result in taken.values() for column, value in result.columns.items()}
    return {**facts, "unknown_reasons": "; ".join(reasons) or None}


def _made(table: pd.DataFrame | None) -> pd.DataFrame:
    if table is None:
        msg = "a stage was run before the one that makes its table"
        raise RuntimeError(msg)
    return table
