"""The benchmark's five stages, read -> measure -> identify -> relax -> score, each with a type of its own.

A stage takes what the one before it gives, so that none can be run before its table exists.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from leaderboard.matching.stage import identify_records
from leaderboard.matching.training_sets import NONE_DECLARED, TrainingSets
from leaderboard.records import ScoreEntry
from leaderboard.run.columns import columns_schema
from leaderboard.run.energies import energies_table
from leaderboard.run.energy_views import views
from leaderboard.run.reading import cells, crystals_of, read_records, refuse_unreadable
from metrics.measure import registry as measures
from metrics.measure.running.batch import measure_crystals
from metrics.measure.running.engine import CpuBudget
from metrics.measure.running.progress import Counter, Report
from metrics.score import Against, Score
from metrics.score import registry as scores
from metrics.scores import validity
from metrics.scores.memorization import with_training_sets
from metrics.scores.stability import CALIBRATED_COLUMNS, VIEW_COLUMNS
from metrics.table import check, frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from leaderboard.calibration.record import Calibration
    from leaderboard.protocol import Protocol
    from leaderboard.run.energies import Tier
    from metrics.crystal import Crystal
    from metrics.measure.running.cache import Cache, Result
    from metrics.measure.running.engine import Engine
    from reference_data.reference import Reference
    from submissions.limits import Limits
    from submissions.read import Record


LEAST_CPU_SECONDS, CPU_SECONDS_A_STRUCTURE = 600.0, 4.0
"""CPU time of measuring a submission, and more for each of its structures, some twenty times what one takes on average.
Past it, what is not measured is a recorded unknown, as is what takes longer than one structure may."""
VIEW_FACTS = frozenset({*VIEW_COLUMNS, *CALIBRATED_COLUMNS})


@dataclass(frozen=True)
class Context:
    """Everything a stage may use besides its input."""

    protocol: Protocol
    reference: Reference
    tier: Tier
    limits: Limits
    engine: Engine
    cache: Cache
    report: Report
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    training: TrainingSets = NONE_DECLARED


@dataclass(frozen=True, eq=False)
class Read:
    """The records as read.

    Attributes:
        structures: one row per record, see :data:`leaderboard.run.reading.STRUCTURES_SCHEMA`.
        crystals: of the readable records, by row number.

    """

    structures: pd.DataFrame
    crystals: Mapping[int, Crystal]

    @classmethod
    def of(cls, structures: pd.DataFrame) -> Self:
        """With the crystals that the table holds: made here, once, for all stages."""
        return cls(structures, crystals_of(structures))


@dataclass(frozen=True, eq=False)
class Measured:
    """What was read, and the table of facts with those of each structure by itself."""

    read: Read
    columns: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Identified:
    """What was read, and the table of facts with those within the submission and against the reference set too."""

    read: Read
    columns: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Relaxed:
    """The table of facts, and the energies beside it; None in the structural tier."""

    columns: pd.DataFrame
    energies: pd.DataFrame | None


@dataclass(frozen=True, eq=False)
class Scored:
    """The tables of a run, and the scores over them."""

    columns: pd.DataFrame
    energies: pd.DataFrame | None
    scores: tuple[ScoreEntry, ...]


def read(records: Iterable[Record], context: Context) -> Read:
    """Parse each record in a worker; every record keeps its row.

    Raises:
        FileRefusedError: there is no record, or none that can be read; or what splitting the file raises.

    """
    limit = context.protocol.time_limits_s.parse
    structures = read_records(records, context.limits, context.engine, context.report, time_limit_s=limit)
    refuse_unreadable(structures)
    return Read.of(structures)


def measure(done: Read, context: Context) -> Measured:
    """Facts of each structure; what could not be measured is null and its reason is kept."""
    settings = {name: measures()[name].settings(**given) for name, given in context.protocol.measures.items()}
    crystals = list(done.crystals.values())
    counter = Counter("measure", len({crystal.sha256 for crystal in crystals}), context.report)
    results = measure_crystals(
        crystals,
        settings,
        engine=context.engine,
        cache=context.cache,
        time_limit_s=context.protocol.time_limits_s.measure,
        on_known=counter.know,
        on_done=counter.add,
        budget=CpuBudget(LEAST_CPU_SECONDS + CPU_SECONDS_A_STRUCTURE * len(crystals), "measuring"),
    )
    rows = [
        {"id": record_id, "sha256": sha256, "refusal": refusal, "detail": detail, **_facts(results.get(sha256, {}))}
        for record_id, sha256, refusal, detail in cells(done.structures, "id", "sha256", "refusal", "detail")
    ]
    schema = columns_schema(context.protocol)
    columns = frame(rows, schema)
    columns["valid"] = validity.is_valid(columns)
    return Measured(done, check(columns, schema))


def identify(done: Measured, context: Context) -> Identified:
    """Facts within the submission and against the reference set."""
    columns = identify_records(
        done.columns,
        done.read.crystals,
        context.reference,
        context.protocol,
        engine=context.engine,
        report=context.report,
        training=context.training,
    )
    return Identified(done.read, check(columns, columns_schema(context.protocol)))


def relax(done: Identified, context: Context) -> Relaxed:
    """Energies by the run's potentials; a run without any, the structural tier, has none."""
    if not context.tier.potentials:
        return Relaxed(done.columns, None)
    energies = energies_table(
        done.read.crystals.values(),
        context.tier,
        context.reference,
        max_elemental_difference=context.protocol.max_elemental_difference,
        start_engine=context.engine.sibling,
        cache=context.cache,
        report=context.report,
    )
    return Relaxed(done.columns, energies)


def score(done: Relaxed, context: Context) -> Scored:
    """Every score of the protocol over the table of facts; one that needs energies once for each view of them."""
    against = with_training_sets(context.reference.statistics, context.training.hashes)
    energy_views = [] if done.energies is None else views(done.columns, done.energies, context.calibrations)
    entries = []
    for definition in (scores()[name] for name in context.protocol.scores):
        if not set(definition.needs) & VIEW_FACTS:
            entries.append(_entry(definition, None, done.columns, against))
        for view in energy_views:
            in_view = definition.in_calibrated_view if view.calibrated else definition
            needed = set(in_view.needs) & VIEW_FACTS if in_view else set()
            if in_view and needed and needed <= view.available:
                entries.append(_entry(in_view, view.variant, view.rows, against))
    return Scored(done.columns, done.energies, tuple(entries))


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


def _facts(results: Mapping[str, Result]) -> dict[str, object]:
    """Columns that the measurements of one structure filled, and why others are null."""
    names: dict[str, list[str]] = {}
    for name, result in sorted(results.items()):
        if result.reason:
            names.setdefault(result.reason, []).append(name)
    facts = {column: value for result in results.values() for column, value in result.columns.items()}
    # what several measurements failed for is said once
    reasons = [f"{', '.join(of_reason)}: {reason}" for reason, of_reason in names.items()]
    return {**facts, "unknown_reasons": "; ".join(reasons) or None}
