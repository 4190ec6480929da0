"""Rows of all sources become crystals: rows that are the same crystal by the verdict are merged into one."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from metrics.measure.matching import Candidate, MatchSettings, compare
from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from metrics.measure.engine import Engine
    from reference_data.sources.base import SourceRow

FORMULA_TIME_LIMIT_S = 3_600.0  # a formula with a hundred polymorphs has 5,000 pairs


@dataclass(frozen=True)
class MeasuredRow:
    """A source row with the facts of the crystals table: formulas, space group, fingerprints."""

    row: SourceRow
    facts: Mapping[str, Any]

    @property
    def candidate(self) -> Candidate:
        """What the verdict compares."""
        return Candidate(
            crystal=self.row.crystal,
            reduced_formula=self.facts["reduced_formula"],
            keys=tuple(self.facts["canonical_bawl_keys"]),
        )


def merge(rows: Iterable[MeasuredRow], settings: MatchSettings, engine: Engine) -> list[list[MeasuredRow]]:
    """Groups of rows that are one crystal: connected components of "same" within a reduced formula.

    Groups come by formula and then by smallest id; in a group the row with the smallest id comes first, which stands
    for the crystal. The order of the rows does not matter.

    Raises:
        ReferenceSetError: the rows of a formula could not be compared.

    """
    by_formula: dict[str, list[MeasuredRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda measured: measured.row.id):
        by_formula[row.facts["reduced_formula"]].append(row)
    shared = [formula for formula, own in by_formula.items() if len(own) > 1]
    labels = {formula: [0] for formula in by_formula}
    tasks = (([measured.candidate for measured in by_formula[formula]], settings) for formula in shared)
    for outcome in engine.map(component_labels, tasks, time_limit_s=FORMULA_TIME_LIMIT_S):
        formula = shared[outcome.index]
        if outcome.failure is not None:
            raise ReferenceSetError(
                what=f"the {len(by_formula[formula])} rows of {formula} could not be compared ({outcome.failure})",
                expected="a verdict on every pair",
                remedy="leave out the row that fails, or report it as a bug",
            )
        labels[formula] = outcome.value
    groups: list[list[MeasuredRow]] = []
    for formula in sorted(by_formula):
        members: dict[int, list[MeasuredRow]] = defaultdict(list)
        for label, row in zip(labels[formula], by_formula[formula], strict=True):
            members[label].append(row)
        groups.extend(members.values())
    return groups


def component_labels(task: tuple[Sequence[Candidate], MatchSettings]) -> list[int]:
    """Label each candidate with the first one of its connected component; runs in a worker process."""
    candidates, settings = task
    labels = list(range(len(candidates)))
    for first, second in combinations(range(len(candidates)), 2):
        if labels[first] == labels[second]:
            continue
        if compare(candidates[first], candidates[second], settings).same:
            kept, lost = sorted((labels[first], labels[second]))
            labels = [kept if label == lost else label for label in labels]
    return labels


def merged_counts(groups: Sequence[Sequence[MeasuredRow]]) -> tuple[Counter[str], Counter[str]]:
    """For each source: rows merged into another row of the same source, and crystals another source also has."""
    within: Counter[str] = Counter()
    shared: Counter[str] = Counter()
    for group in groups:
        per_source = Counter(measured.row.source for measured in group)
        for source, count in per_source.items():
            within[source] += count - 1
            shared[source] += len(per_source) > 1
    return within, shared
