"""What was compared, value by value, and where two values differ."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from submissions.refusal import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

SHOWN_DIFFERENCES = 20
"""Of each check, in the text for people; JSON has all."""


@dataclass(frozen=True)
class Difference:
    """One value that is not what it was made of gives.

    Attributes:
        id: of the record, the structure or the score.
        column: which of its values.
        stored: in the run's files, as text.
        recomputed: as text.

    """

    id: str
    column: str
    stored: str
    recomputed: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.id}: {self.column} is {self.stored}, recomputed {self.recomputed}"


@dataclass(frozen=True)
class Check:
    """One comparison.

    Attributes:
        what: in words, as a line of the result.
        n_values: how many values were compared.
        differences: those that differ.
        note: what else is worth saying of those that agree.

    """

    what: str
    n_values: int
    differences: tuple[Difference, ...]
    note: str | None = None


@dataclass(frozen=True)
class Verification:
    """Outcome of :func:`.verify.verify`.

    Attributes:
        run: id of the run.
        seed: of the sample.
        sample: ids of the records drawn.
        checks: what was compared.
        incomparable: why nothing else can be compared bit for bit; None where it can.
        not_compared: what of the run was not, and why.
        versions: what differs between the machine of the run and this one, by name: there and here.

    """

    run: str
    seed: int
    sample: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    incomparable: str | None = None
    not_compared: tuple[str, ...] = ()
    versions: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def n_values(self) -> int:
        """All values compared."""
        return sum(check.n_values for check in self.checks)

    @property
    def n_different(self) -> int:
        """Those that differ."""
        return sum(len(check.differences) for check in self.checks)

    @property
    def is_equal(self) -> bool:
        """Whether everything could be compared that should be, and nothing differs."""
        return self.incomparable is None and not self.n_different

    @property
    def summary(self) -> str:
        """The outcome in one line."""
        if self.incomparable is not None:
            return f"run {self.run} cannot be compared bit for bit: {self.incomparable}"
        if self.n_different:
            return f"run {self.run} differs in {self.n_different:,} of {self.n_values:,} values compared"
        return f"run {self.run}: all {self.n_values:,} values compared are equal"

    def as_json(self) -> dict[str, Any]:
        """All of it, as JSON values."""
        return {"is_equal": self.is_equal, "n_values": self.n_values, "n_different": self.n_different, **asdict(self)}

    def as_text(self) -> str:
        """All of it for a person, the first differences of each check."""
        lines = [f"seed {self.seed}, {len(self.sample):,} records drawn"]
        for name, (there, here) in self.versions.items():
            lines.append(f"version  {name}: {there} then, {here} here")
        for check in self.checks:
            outcome = f"{len(check.differences):,} DIFFER" if check.differences else "equal"
            note = f"; {check.note}" if check.note else ""
            lines.append(f"{outcome:<9}{check.what}: {check.n_values:,} values{note}")
            lines += [f"           {difference}" for difference in check.differences[:SHOWN_DIFFERENCES]]
            if len(check.differences) > SHOWN_DIFFERENCES:
                lines.append(f"           and {len(check.differences) - SHOWN_DIFFERENCES:,} more; --json lists all")
        lines += [f"not compared: {what}" for what in self.not_compared]
        return "\n".join([*lines, self.summary]) + "\n"


def compared(
    what: str, stored: Mapping[str, Mapping[str, object]], recomputed: Mapping[str, Mapping[str, object]]
) -> Check:
    """Compare rows by name, bit for bit: every value of a row that both have, and which rows there are.

    Args:
        what: in words.
        stored: values of each row by column.
        recomputed: the same, with the same columns.

    """
    differences = []
    n_values = 0
    for name in dict.fromkeys([*stored, *recomputed]):
        if name not in stored or name not in recomputed:
            n_values += 1
            there, here = ("present", "absent") if name in stored else ("absent", "present")
            differences.append(Difference(name, "row", there, here))
            continue
        n_values += len(recomputed[name])
        differences += differing(name, stored[name], recomputed[name])
    return Check(what, n_values, tuple(differences))


def attempted(what: str, compare: Callable[[], Check]) -> Check:
    """The comparison; where files that were changed hold what nothing can be made of, that is the difference."""
    try:
        return compare()
    except Exception as error:  # noqa: BLE001 - a table may hold anything
        return Check(what, 1, (Difference(what, "all", "present", f"{type(error).__name__}: {one_line(error)}"),))


def differing(name: str, stored: Mapping[str, object], recomputed: Mapping[str, object]) -> Iterable[Difference]:
    """Values of one row that differ in any bit; the shortest text of a float names it alone."""
    for column, value in recomputed.items():
        there, here = repr(stored.get(column)), repr(value)
        if there != here:
            yield Difference(name, column, there, here)


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values, null as None."""
    names = [str(name) for name in table.columns]
    values = (pa.array(table[name]).to_pylist() for name in names)
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
