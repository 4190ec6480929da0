"""The benchmark's five stages: read -> measure -> identify -> relax -> score, each from tables to tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leaderboard.matching.stage import identify_records
from leaderboard.records import ScoreEntry
from leaderboard.run.columns import columns_schema
from leaderboard.run.energies import energies_table
from leaderboard.run.energy_views import views
from leaderboard.run.reading import cells, crystals_of, read_records, refuse_unreadable
from metrics.measure import registry as measures
from metrics.measure.running.batch import measure_crystals
from metrics.measure.running.progress import Counter, Report
from metrics.score import Against, Score
from metrics.score import registry as scores
from metrics.scores import validity
from metrics.scores.stability import VIEW_COLUMNS
from metrics.table import check, frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from leaderboard.protocol import Protocol
    from leaderboard.run.energies import Tier
    from metrics.measure.running.cache import Cache, Result
    from metrics.measure.running.engine import Engine
    from reference_data.reference import Reference
    from submissions.limits import Limits
    from submissions.read import Record


@dataclass(frozen=True)
class Context:
    """Everything a stage may use besides the tables."""

    protocol: Protocol
    reference: Reference
    tier: Tier
    limits: Limits
    engine: Engine
    cache: Cache
    report: Report


@dataclass(frozen=True)
class Tables:
    """What the stages fill; a table that does not exist yet is None."""

    records: Iterable[Record] = ()
    structures: pd.DataFrame | None = None
    columns: pd.DataFrame | None = None
    energies: pd.DataFrame | None = None
    scores: tuple[ScoreEntry, ...] = ()


Stage = Callable[[Tables, Context], Tables]


def read(tables: Tables, context: Context) -> Tables:
    """Parse each record in a worker; every record keeps its row.

    Raises:
        FileRefusedError: there is no record, or none that can be read; or what splitting the file raises.

    """
    if tables.structures is not None:
        return tables
    limit = context.protocol.time_limits_s.parse
    structures = read_records(tables.records, context.limits, context.engine, context.report, time_limit_s=limit)
    refuse_unreadable(structures)
    return replace(tables, structures=structures)


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
        for record_id, sha256, refusal, detail in cells(structures, "id", "sha256", "refusal", "detail")
    ]
    columns = frame(rows, columns_schema(context.protocol))
    columns["valid"] = validity.is_valid(columns)
    return replace(tables, columns=check(columns, columns_schema(context.protocol)))


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
    return replace(tables, columns=check(columns, columns_schema(context.protocol)))


def relax(tables: Tables, context: Context) -> Tables:
    """Energies by the run's potentials; a run without any, the structural tier, has none."""
    if not context.tier.potentials:
        return tables
    energies = energies_table(
        crystals_of(_made(tables.structures)).values(),
        context.tier,
        context.reference,
        jobs=context.engine.jobs,
        cache=context.cache,
        report=context.report,
    )
    return replace(tables, energies=energies)


def score(tables: Tables, context: Context) -> Tables:
    """Every score of the protocol over the table of facts; one that needs energies once for each view of them."""
    columns = _made(tables.columns)
    against = context.reference.statistics
    seen = [] if tables.energies is None else views(columns, tables.energies)
    made = []
    for definition in (scores()[name] for name in context.protocol.scores):
        needed = set(definition.needs) & set(VIEW_COLUMNS)
        if not needed:
            made.append(_entry(definition, None, columns, against))
        made += [
            _entry(definition, view.variant, view.rows, against) for view in seen if needed and needed <= view.available
        ]
    return replace(tables, scores=tuple(made))


def _entry(definition: Score, variant: str | None, rows: pd.DataFrame, against: Against) -> ScoreEntry:
    """One score as it stands in ``scores.json``."""
    value = definition.compute(rows, against)
    return ScoreEntry(
        name=definition.name,
        version=definition.version,
        variant=variant,
        value=value.value,
        low=value.low,
        high=value.high,
        n_counted=value.n_counted,
        n_unknown=value.n_unknown,
        unit=definition.unit,
        better=definition.better,
    )


STAGES: tuple[Stage, ...] = (read, measure, identify, relax, score)


def _facts(taken: Mapping[str, Result]) -> dict[str, object]:
    """Columns that the measurements of one structure filled, and why others are null."""
    names: dict[str, list[str]] = {}
    for name, result in sorted(taken.items()):
        if result.reason:
            names.setdefault(result.reason, []).append(name)
    facts = {column: value for result in taken.values() for column, value in result.columns.items()}
    # what several measurements failed for is said once
    reasons = [f"{', '.join(of_reason)}: {reason}" for reason, of_reason in names.items()]
    return {**facts, "unknown_reasons": "; ".join(reasons) or None}


def _made(table: pd.DataFrame | None) -> pd.DataFrame:
    if table is None:
        msg = "a stage was run before the one that makes its table"
        raise RuntimeError(msg)
    return table
