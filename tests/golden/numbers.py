"""Everything that a run says of a submission, as small tables of text; what moved between two of them, and whether why.

A value may move where something that decides it has another version: its score, the measures of the columns it is made
of, the comparison of crystals, the relaxation, the reference set, or where the record itself is read differently.
"""

from __future__ import annotations

import csv
import inspect
import io
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from leaderboard.matching.stage import IDENTITY_COLUMNS
from leaderboard.protocol import load_protocol
from leaderboard.run.energy_views import variant
from metrics.energy_convention import OWN
from metrics.measure import registry as measures
from metrics.measure import settings_hash
from metrics.measure.energy import relaxation
from metrics.measure.energy.relax_record import Relaxation, hash_of
from metrics.measure.matching import point_defect, verdict
from metrics.score import registry as scores
from metrics.scores.stability import VIEW_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

    from leaderboard.records import RunRecord, ScoreEntry
    from leaderboard.store.run import Run

Table = dict[str, dict[str, str]]
"""Row name -> column -> value as text, empty where it is unknown."""

RELATIVE = 1e-9
ABSOLUTE = 1e-7
"""How far two floating-point values may lie apart and count as one: processors differ in the last digits, and distances
of equal crystals are square roots of such differences. The smallest score that is not zero is 1e-4."""

READ = ("sha256", "refusal")
"""Columns that reading fills: another content is another structure."""
TEXTS = {"id", "detail", "unknown_reasons"}
"""Columns that explain and decide nothing."""
ENERGY_COLUMNS = (
    "status",
    "n_steps",
    "energy_per_atom",
    "formation_energy_per_atom",
    "e_above_hull",
    "n_hull_entries",
    "decomposition",
    "rmsd",
    "max_force",
)
VERDICT = "comparison of crystals"
RELAXATION = "relaxation"
REFERENCE = "reference set"
IDENTITY_MEASURES = ("bawl", "canonical_bawl", "prototype")


@dataclass(frozen=True)
class Numbers:
    """What one run says.

    Attributes:
        causes: name of all that decides values -> its version.
        scores: of each score and variant its value, interval and counts.
        records: of each record its facts and verdicts; of a list of numbers the sum.
        energies: of each record, potential and hull; empty for a run without.

    """

    causes: dict[str, str]
    scores: Table
    records: Table
    energies: Table

    @classmethod
    def of(cls, run: Run) -> Numbers:
        """Read a finished run."""
        columns = run.columns()
        energies = run.energies()
        return cls(
            _causes(run.record),
            {f"{entry.name} {entry.variant or ''}".strip(): _score(entry) for entry in run.scores.scores},
            {str(row["id"]): _facts(row, set(map(str, columns)) - TEXTS) for row in _rows(columns)},
            {} if energies is None else _energies(energies, columns),
        )

    @classmethod
    def read(cls, folder: Path) -> Numbers:
        """Read golden numbers; those of a folder that is not there are empty."""
        causes = folder / "versions.json"
        tables = [_read_table(folder / f"{name}.csv") for name in ("scores", "records", "energies")]
        return cls(json.loads(causes.read_text()) if causes.exists() else {}, *tables)

    def write(self, folder: Path) -> None:
        """Write golden numbers."""
        folder.mkdir(exist_ok=True)
        (folder / "versions.json").write_text(json.dumps(self.causes, indent=1) + "\n")
        for name, table in self.tables().items():
            if table:
                (folder / f"{name}.csv").write_text(_table_text(table))

    def tables(self) -> dict[str, Table]:
        """The three tables by name."""
        return {"scores": self.scores, "records": self.records, "energies": self.energies}


@dataclass(frozen=True)
class Move:
    """One value that is not the golden one, and what can be the reason."""

    place: str
    old: str | None
    new: str | None
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """One line."""
        return f"{self.place}: {_shown(self.old)} -> {_shown(self.new)} ({'; '.join(self.reasons) or 'no reason'})"


def moves(golden: Numbers, now: Numbers) -> Iterator[Move]:
    """Every value in which two runs of a submission differ; one without a reason has moved in silence."""
    bumped = {
        name: f"{name} went from {golden.causes.get(name)} to {version}"
        for name, version in now.causes.items()
        if golden.causes.get(name) != version
    }
    reread = {
        record
        for record in golden.records.keys() | now.records.keys()
        if any(golden.records.get(record, {}).get(name) != now.records.get(record, {}).get(name) for name in READ)
    }
    for kind, old_table in golden.tables().items():
        new_table = now.tables()[kind]
        for row in {**old_table, **new_table}:
            old_row, new_row = old_table.get(row, {}), new_table.get(row, {})
            for column in {**old_row, **new_row}:
                old, new = old_row.get(column), new_row.get(column)
                if not _same(old, new):
                    reasons = [bumped[name] for name in deciding(kind, row, column) if name in bumped]
                    reasons += ["is new"] if old is None else ["is gone"] if new is None else []
                    reasons += _rereading(kind, row, column, reread)
                    yield Move(f"{kind} {row}, {column}", old, new, tuple(reasons))


def deciding(kind: str, row: str, column: str) -> list[str]:
    """Names of all causes that a value may move with."""
    if kind == "records":
        return _deciding_column(column)
    if kind == "energies":
        return [RELAXATION, REFERENCE]
    name = row.split(maxsplit=1)[0]
    if name not in scores():
        return []
    definition = scores()[name]
    needed = {cause for need in definition.needs for cause in _deciding_column(need)}
    statistics = list(inspect.signature(definition.compute).parameters)[1]
    if not statistics.startswith("_"):  # it is read
        needed.add(REFERENCE)
    return [f"score {name}", *sorted(needed)]


def _deciding_column(column: str) -> list[str]:
    owners = [name for name, measure in measures().items() if column in measure.columns]
    if column == "valid":
        owners = ["charge", "distance", "plausible"]
    if column in IDENTITY_COLUMNS:
        return [VERDICT, *(f"measure {name}" for name in IDENTITY_MEASURES), REFERENCE]
    if column in VIEW_COLUMNS:
        return [RELAXATION, REFERENCE]
    return [f"measure {name}" for name in owners]


def _rereading(kind: str, row: str, column: str, reread: set[str]) -> list[str]:
    """Whether a value may move because records are read differently: its own, or where several decide any."""
    is_reread = row.split(maxsplit=1)[0] in reread if kind == "energies" else row in reread
    together = kind == "scores" or column in IDENTITY_COLUMNS
    changed = bool(reread) if together else is_reread
    return [f"read differently: {', '.join(sorted(reread)[:3] if together else [row])}"] if changed else []


def _causes(record: RunRecord) -> dict[str, str]:
    protocol = load_protocol(record.protocol)
    measured = {name: measures()[name] for name in protocol.measures}
    settings = {name: measure.settings(**protocol.measures[name]) for name, measure in measured.items()}
    rules = protocol.model_dump(mode="json")
    matching = json.dumps([rules["matching"], rules["point_defects"]], sort_keys=True)
    relaxed = hash_of(Relaxation(**protocol.relaxation))
    checkpoints = ", ".join(f"{name} {sha256[:12]}" for name, sha256 in record.checkpoints.items())
    return {
        REFERENCE: f"{record.reference} {record.reference_hash[:12]}",
        VERDICT: f"{verdict.VERSION}, {point_defect.VERSION}, {matching}",
        RELAXATION: f"{relaxation.VERSION}, {relaxed}, {checkpoints}",
        **{f"measure {name}": f"{made.version}, {settings_hash(settings[name])}" for name, made in measured.items()},
        **{f"score {name}": str(scores()[name].version) for name in protocol.scores},
    }


def _score(entry: ScoreEntry) -> dict[str, str]:
    names = ("version", "value", "low", "high", "n_counted", "n_unknown")
    return {name: _text(getattr(entry, name)) for name in names}


def _facts(row: dict[str, Any], names: set[str]) -> dict[str, str]:
    return {name: _text(value) for name, value in row.items() if name in names}


def _energies(energies: pd.DataFrame, columns: pd.DataFrame) -> Table:
    """Rows named after the first record of each structure, the view and the hull."""
    named = columns.dropna(subset=["sha256"]).drop_duplicates("sha256").set_index("sha256")["id"].to_dict()
    table = {}
    for row in _rows(energies):
        convention = str(row["energy_convention"])
        view = variant(row["potential"], relaxed=row["relaxed"], own_hull=convention.startswith(OWN))
        table[f"{named[row['sha256']]} {view} {convention}"] = _facts(row, set(ENERGY_COLUMNS))
    return table


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pa.Table.from_pandas(table, preserve_index=False).to_pylist()
    return rows


def _text(value: object) -> str:
    """Twelve digits of a number; of a list the sum of numbers, else its parts."""
    if value is None:
        return ""
    if isinstance(value, float):
        return "0" if abs(value) < ABSOLUTE else f"{value:.12g}"
    if isinstance(value, list):
        if value and isinstance(value[0], int | float):
            return f"{math.fsum(value):.12g}"
        parts = [" ".join(map(_text, part.values())) if isinstance(part, dict) else str(part) for part in value]
        return " ".join(parts)
    return str(value)


def _same(old: str | None, new: str | None) -> bool:
    if old is None or new is None or old == new:
        return old == new
    try:
        return math.isclose(float(old), float(new), rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    except ValueError:
        return False


def _shown(value: str | None) -> str:
    return "nothing" if value is None else value or "unknown"


def _read_table(path: Path) -> Table:
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        return {row.pop("row"): row for row in csv.DictReader(file)}


def _table_text(table: Table) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["row", *next(iter(table.values()))], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"row": row, **values} for row, values in table.items())
    return text.getvalue()
