"""Source rows get their facts: formulas, space group, fingerprints. The work runs in processes and resumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from metrics.measure import registry
from metrics.measure.running.batch import measure_crystals
from reference_data.build.merge import MeasuredRow
from reference_data.sources.base import SourceRefusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from metrics.measure import Measure
    from metrics.measure.running.cache import Cache, Result
    from metrics.measure.running.engine import Engine
    from metrics.measure.running.progress import Counter as TaskCounter
    from reference_data.sources.base import SourceRow

REQUIRED = ("reduced_formula", "anonymous_formula", "chemical_system", "n_sites", "canonical_bawl_keys")
OPTIONAL = (
    "space_group",
    "bawl",
    "prototype",
    # what only the statistics of a set read
    "density",
    "volume_per_atom",
    "n_sites_primitive",
    "amd",
    "composition_features",
    "site_elements",
    "coordination_numbers",
)
TIME_LIMIT_S = 300.0


def needed_measures() -> dict[str, Measure]:
    """The measurements that fill the columns of a set, by name."""
    columns = {*REQUIRED, *OPTIONAL}
    return {name: each for name, each in registry().items() if columns & set(each.columns)}


def facts_schema() -> pa.Schema:
    """Columns of the facts that a set keeps of a row."""
    declared = {column: kind for each in registry().values() for column, kind in each.columns.items()}
    return pa.schema({name: declared[name] for name in (*REQUIRED, *OPTIONAL)})


def measure_rows(
    rows: Sequence[SourceRow],
    settings: Mapping[str, object],
    *,
    checked: Callable[[SourceRow], bool],
    engine: Engine,
    cache: Cache,
    counter: TaskCounter,
) -> Iterator[MeasuredRow | SourceRefusal]:
    """Each row with its facts, in order, or as a refusal where a fact that the set needs cannot be had.

    Args:
        rows: what the sources gave.
        settings: of every needed measurement, by its name.
        checked: whether the BAWL of a row is computed although its source publishes one.
        engine: where the work runs.
        cache: measurements that an interrupted build has already taken.
        counter: of the structures that are measured.

    """
    measures = needed_measures()
    bawl_only = {name for name, each in measures.items() if {*REQUIRED, *OPTIONAL} & set(each.columns) == {"bawl"}}
    results: dict[str, dict[str, Result]] = {}
    for taken_as_published in (False, True):
        # a published BAWL is taken as it is, and computing it again is most of the cost
        names = set(measures) - (bawl_only if taken_as_published else set())
        own_rows = [row for row in rows if (row.bawl is not None and not checked(row)) == taken_as_published]
        measured = measure_crystals(
            [row.crystal for row in own_rows],
            {name: settings[name] for name in sorted(names)},
            engine=engine,
            cache=cache,
            time_limit_s=TIME_LIMIT_S,
            on_known=counter.know,
            on_done=counter.add,
        )
        for sha256, by_name in measured.items():
            results.setdefault(sha256, {}).update(by_name)
    for row in rows:
        yield _with_facts(row, results[row.crystal.sha256])


def _with_facts(row: SourceRow, results: dict[str, Result]) -> MeasuredRow | SourceRefusal:
    columns = {name: value for result in results.values() for name, value in result.columns.items()}
    facts = {name: columns.get(name) for name in (*REQUIRED, *OPTIONAL)}
    computed = facts["bawl"]
    if row.bawl is not None:
        facts["bawl"] = row.bawl
    unknown = [name for name in REQUIRED if not facts[name]]
    if unknown:
        reasons = "; ".join(f"{name}: {result.reason}" for name, result in sorted(results.items()) if result.reason)
        reason = "no_fingerprint" if unknown == ["canonical_bawl_keys"] else "unmeasurable"
        return SourceRefusal(row.id, row.source, reason, reasons)
    return MeasuredRow(row, facts, None if computed is None else str(computed))
