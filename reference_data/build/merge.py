"""Rows of all sources become crystals: rows that are the same crystal by the verdict are merged into one."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from metrics.energy_convention import preferred_first
from metrics.measure.matching.pairs import Pair, ask, components, pairs_of_one_formula
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare
from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from metrics.measure.running.engine import Engine
    from reference_data.sources.base import SourceRow

TIME_LIMIT_S = 300.0  # of two rows, however large


@dataclass(frozen=True)
class MeasuredRow:
    """A source row with the facts of the crystals table: formulas, space group, fingerprints.

    Attributes:
        row: as the source gives it.
        facts: by column; the BAWL is the published one where there is one.
        computed_bawl: the BAWL as computed here; None where it was not.

    """

    row: SourceRow
    facts: Mapping[str, Any]
    computed_bawl: str | None = None

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

    Groups come by formula and then by smallest id. In a group the row that stands for the crystal comes first: of the
    best founded energy convention the lowest energy, then the smallest id; the others follow by id. The order of the
    rows does not matter.

    Raises:
        ReferenceSetError: two rows could not be compared, and no other row joins them.

    """
    ordered = sorted(rows, key=lambda measured: (measured.facts["reduced_formula"], measured.row.id))
    candidates = [measured.candidate for measured in ordered]
    same: list[Pair] = []
    failed: dict[Pair, str] = {}
    question, pairs = partial(compare, settings=settings), pairs_of_one_formula(candidates)
    for pair, answer in ask(question, candidates, pairs, engine=engine, time_limit_s=TIME_LIMIT_S):
        if isinstance(answer, str):
            failed[pair] = answer
        elif answer.same:
            same.append(pair)
    labels = components(len(ordered), same)
    for (first, second), failure in sorted(failed.items()):
        if labels[first] != labels[second]:
            raise ReferenceSetError(
                what=f"{ordered[first].row.id} and {ordered[second].row.id} could not be compared ({failure})",
                expected="a verdict on every two rows of one formula",
                remedy="leave out the row that fails, or report it as a bug",
            )
    groups: dict[int, list[MeasuredRow]] = defaultdict(list)
    for label, measured in zip(labels, ordered, strict=True):
        groups[label].append(measured)
    return [_representative_first(group) for group in groups.values()]


def _representative_first(group: list[MeasuredRow]) -> list[MeasuredRow]:
    """Rows of one crystal, given by id; total energies come before those that count from a source's own elements."""
    conventions = preferred_first(
        measured.row.energy_convention for measured in group if measured.row.energy_convention
    )

    def rank(measured: MeasuredRow) -> tuple[int, bool, float]:
        row = measured.row
        energy = row.energy_per_atom if row.energy_per_atom is not None else row.formation_energy_per_atom
        if row.energy_convention is None or energy is None:
            return len(conventions), True, 0.0
        return conventions.index(row.energy_convention), row.energy_per_atom is None, energy

    first = min(group, key=rank)
    return [first, *(measured for measured in group if measured is not first)]


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
