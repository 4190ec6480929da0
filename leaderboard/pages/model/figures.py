"""What a run's structures are: where they are lost and why, and what they are made of beside the reference set."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import gemmi
import numpy as np

from leaderboard.pages.model.charts import Axis, Bar, Series, bars_html, binned, histogram_html
from leaderboard.pages.model.element_shares import elements_html
from leaderboard.pages.parts import lookup, runs
from leaderboard.pages.parts.markup import text
from leaderboard.pages.parts.plots import CRYSTAL_SYSTEMS, N_SPACE_GROUPS
from leaderboard.pages.structures.reasons import CHARGE_RULES, out_of_bounds
from leaderboard.pages.structures.structures import facts_of
from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from leaderboard.store.run import Run

    Floats = NDArray[np.float64]
    Statistics = Mapping[str, Any]

KEPT_FIGURES = 128
"""Runs whose figures are remembered; those of one are about 60 kilobytes."""
N_GROUPS = 10
"""Space groups shown, the most frequent ones of the submission."""
QUANTITIES: Mapping[str, tuple[str, str, str, float]] = {
    "density": ("Density", "density", "g/cm\u00b3", 1.0),
    "sites": ("Sites in the primitive cell", "n_sites_primitive", "sites", 2.0),
}
"""Quantities compared with the reference: title, column of the facts, unit, width of a bin."""
_BEYOND = 0.99
"""Share of the values, of submission and reference, that an axis covers; the rest is in the last bin."""


def figures_html(run: Run) -> str:
    """All figures that need no energies, with the reference set beside where this machine has it."""
    record = run.record
    statistics, why_not = _statistics(record.reference, record.reference_hash)
    note = "" if why_not is None else f'<p class="legend">{text(why_not)}</p>'
    return _drawn(run.path, record.reference, None if statistics is None else record.reference_hash) + note


@lru_cache(maxsize=KEPT_FIGURES)
def _drawn(path: Path, reference: str, reference_hash: str | None) -> str:
    columns = runs.columns(path)
    statistics = {} if reference_hash is None else lookup.opened(reference).statistics
    parts = [
        funnel(columns),
        failures(columns),
        elements_html(columns, statistics, reference),
        crystal_systems(columns, statistics, reference),
        space_groups(columns, statistics, reference),
        *(quantity(columns, name, statistics, reference) for name in QUANTITIES),
    ]
    return f'<div class="charts">{"".join(parts)}</div>'


def _statistics(name: str, manifest_sha256: str) -> tuple[Statistics | None, str | None]:
    """Statistics of the state of a set that a run was scored against, or why they cannot be shown."""
    try:
        reference = lookup.opened(name)
    except ReferenceSetError:
        return None, f"Without the reference set beside: {name} is not built on this machine."
    if reference.manifest_sha256 != manifest_sha256:
        return None, f"Without the reference set beside: this machine has another state of {name}."
    return reference.statistics, None


def funnel(columns: pd.DataFrame) -> str:
    """Structures left after each condition, each on top of the ones before; unknown is not left."""
    counts = left_after(columns)
    n = counts["submitted"]
    bars = [Bar(name, count, _of(count, n)) for name, count in counts.items()]
    steps = list(pairwise(counts.items()))
    (_, before), (where, after) = max(steps, key=lambda step: step[0][1] - step[1][1])
    lost = before - after
    finding = f"{_of(counts['novel'], n)} structures are valid, unique and novel"
    finding += f"; most are lost as not {where} ({lost:,})." if lost else "; none is lost."
    return bars_html("Structures left after each condition", finding, bars)


def left_after(columns: pd.DataFrame) -> dict[str, int]:
    """Number of records that meet each condition and all before it."""
    readable = columns["refusal"].isna()
    steps = {
        "submitted": readable | True,
        "readable": readable,
        "charge-neutral": columns["charge_valid"],
        "minimum distance": columns["distance_valid"],
        "plausible": columns["plausible"],
        "unique": columns["unique"],
        "novel": ~columns["in_reference"],
    }
    left = np.ones(len(columns), dtype=bool)
    counts = {}
    for name, passed in steps.items():
        left &= passed.fillna(value=False).to_numpy(dtype=bool)
        counts[name] = int(left.sum())
    return counts


def failures(columns: pd.DataFrame) -> str:
    """Structures that are not valid by the rule that each breaks; one may break several."""
    counts = failure_counts(columns)
    n = len(columns)
    n_invalid = int((~columns["valid"]).fillna(value=False).sum())
    bars = [Bar(name, count, _of(count, n)) for name, count in counts.items()]
    if not n_invalid:
        return bars_html("Why structures are not valid", "No structure is invalid.", bars)
    first = next(iter(counts), "")
    finding = f"{_of(n_invalid, n)} structures are invalid; the most frequent reason is: {first}."
    return bars_html("Why structures are not valid", finding, bars)


def failure_counts(columns: pd.DataFrame) -> dict[str, int]:
    """Number of records for each rule of validity that they break, the most frequent first."""
    charged = (~columns["charge_valid"]).fillna(value=False).astype(bool)
    rules = columns.loc[charged, "charge_rule"].dropna()
    counts = Counter(f"Charge: {CHARGE_RULES.get(rule, rule)}" for rule in map(str, rules))
    counts["Minimum distance"] = int((~columns["distance_valid"]).fillna(value=False).sum())
    implausible = columns[(~columns["plausible"]).fillna(value=False).astype(bool)]
    counts.update(f"Not plausible: {label}" for row in facts_of(implausible) for label, _ in out_of_bounds(row))
    readable = columns["refusal"].isna()
    counts["Undecided"] = int((columns["valid"].isna() & readable).sum())
    counts["Refused"] = int((~readable).sum())
    return {name: count for name, count in counts.most_common() if count}


def crystal_systems(columns: pd.DataFrame, statistics: Statistics, reference: str) -> str:
    """Share of the structures in each crystal system, beside that of the reference."""
    ours, theirs = _group_shares(columns, statistics)
    starts = [*CRYSTAL_SYSTEMS.values(), N_SPACE_GROUPS + 1]
    bars = []
    for name, (start, end) in zip(CRYSTAL_SYSTEMS, pairwise(starts), strict=True):
        share, of_reference = (
            sum(value for number, value in shares.items() if start <= number < end) for shares in (ours, theirs)
        )
        bars.append(
            Bar(name, share, _beside(share, of_reference if theirs else None), of_reference if theirs else None)
        )
    most = max(bars, key=lambda bar: bar.share)
    finding = f"The most frequent crystal system is {most.label}, {most.number}." if ours else _NONE
    return bars_html("Crystal systems", finding, bars, reference=reference if theirs else None)


def space_groups(columns: pd.DataFrame, statistics: Statistics, reference: str) -> str:
    """Share of the structures in the most frequent space groups, beside that of the reference."""
    ours, theirs = _group_shares(columns, statistics)
    bars = []
    for number in sorted(ours, key=lambda number: -ours[number])[:N_GROUPS]:
        of_reference = theirs.get(number, 0.0) if theirs else None
        bars.append(Bar(_symbol(number), ours[number], _beside(ours[number], of_reference), of_reference))
    n_more = f"; {len(theirs):,} occur in {reference}" if theirs else ""
    finding = f"{len(ours):,} of {N_SPACE_GROUPS} space groups occur{n_more}. The most frequent are shown."
    return bars_html("Space groups", finding if ours else _NONE, bars, reference=reference if theirs else None)


def quantity(columns: pd.DataFrame, name: str, statistics: Statistics, reference: str) -> str:
    """Distribution of a quantity over the structures, in percent of them, beside that of the reference."""
    title, column, unit, width = QUANTITIES[name]
    # a run that ships with the code holds no column that no score of it needs
    values = columns[column].dropna().to_numpy(np.float64) if column in columns else np.empty(0)
    known = statistics.get("quantities", {}).get(name)
    points = np.array(known["points"] if known else [], dtype=np.float64)
    if not len(values):
        return histogram_html(
            title, _NONE, Axis(np.arange(11.0), unit), [Series("submitted", [0.0] * 10)], noun="percent"
        )
    reach = max(float(np.quantile(one, _BEYOND)) for one in (values, points) if len(one))
    edges = np.arange(0.0, max(np.ceil(reach / width), 5) + 1) * width
    line = Series(reference, 100 * binned(points, edges) / len(points)) if len(points) else None
    finding = f"Median {np.median(values):.3g} {unit}"
    finding += f", in {reference} {np.median(points):.3g}." if len(points) else "."
    is_beyond = max(one.max(initial=0.0) for one in (values, points)) > edges[-1]
    series = Series("submitted", 100 * binned(values, edges) / len(values))
    axis = Axis(edges, unit, is_open=(False, bool(is_beyond)))
    return histogram_html(title, finding, axis, [series], line=line, noun="percent of structures")


_NONE = "No structure could be looked at."


def _group_shares(columns: pd.DataFrame, statistics: Statistics) -> tuple[dict[int, float], dict[int, float]]:
    """Shares of the space groups among the structures that have one, of the submission and of the reference."""
    ours = Counter(map(int, columns["space_group"].dropna()))
    known = {int(number): count for number, count in statistics.get("space_groups", {}).items() if number != "unknown"}
    return _shares(ours), _shares(known)


def _shares(counts: Mapping[int, int]) -> dict[int, float]:
    total = sum(counts.values())
    return {number: count / total for number, count in counts.items()}


def _symbol(number: int) -> str:
    group = gemmi.find_spacegroup_by_number(number)
    return f"{group.hm.replace(' ', '')} ({number})" if group is not None else str(number)


def _beside(share: float, of_reference: float | None) -> str:
    return f"{100 * share:.1f}%" + ("" if of_reference is None else f" ({100 * of_reference:.1f}%)")


def _of(count: int, n: int) -> str:
    return f"{count:,} ({100 * count / n:.1f}%)" if n else "0"
