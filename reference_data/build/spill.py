"""The rows of all sources on disk, between reading and measuring: memory stays bounded, and they come back by formula.

One SQLite file. A source that was read whole is not read again by a build that resumes; one that was not is read from
its start.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from metrics.crystal import Crystal
from metrics.measure.chemistry.composition import reduced_formula_of
from reference_data.errors import ReferenceSetError
from reference_data.sources.base import SourceRefusal, SourceRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from reference_data.sources.base import Source

READER_VERSION = 1  # raise when a source's file would be read into other rows
COMMIT_EVERY = 10_000
REPORT_EVERY = 100_000
CACHE_KIB = 256 * 1024
MEDIAN_VOLUME_PER_ATOM = (3.0, 100.0)
"""Cubic angstrom. Elements lie between 5 (diamond, 5.7) and 120 (caesium), databases of compounds near 20; lengths in
bohr make a volume 6.7 times too large, in nanometres 1,000 times too small."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sources (position INTEGER PRIMARY KEY, key TEXT, inputs TEXT);
CREATE TABLE IF NOT EXISTS rows (
    id TEXT UNIQUE, position INTEGER, source TEXT, formula TEXT,
    lattice BLOB, frac_coords BLOB, atomic_numbers BLOB, bawl TEXT,
    energy_per_atom REAL, formation_energy_per_atom REAL, energy_convention TEXT, volume_per_atom REAL);
CREATE TABLE IF NOT EXISTS refusals (position INTEGER, id TEXT, source TEXT, reason TEXT, detail TEXT);
"""


class Run(NamedTuple):
    """Rows of neighbouring formulas, the first and the last included; all rows of a formula are in one run."""

    first: str
    last: str
    n_rows: int


class Spill:
    """Rows and refusals of the sources of one set; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open or create the file."""
        self._database = sqlite3.connect(path)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        self._database.executescript(_SCHEMA)

    def __enter__(self) -> Spill:  # noqa: PYI034 - not meant to be subclassed
        """Hand out the open file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; a source that is not read whole is not kept."""
        self._database.close()

    def fill(self, sources: tuple[Source, ...], folder: Path, report: Callable[[str], None]) -> None:
        """Read what is missing; an id that an earlier row has is refused.

        Args:
            sources: of the set, in the order in which they are read.
            folder: what relative paths start from.
            report: takes lines of progress.

        Raises:
            ReferenceSetError: a source cannot be read, or its lengths are in no angstrom.

        """
        inputs = [dict(source.inputs(folder)) for source in sources]
        keys = [_key(source, files) for source, files in zip(sources, inputs, strict=True)]
        known = dict(self._database.execute("SELECT position, key FROM sources ORDER BY position"))
        n_good = next((at for at, key in enumerate(keys) if known.get(at) != key), len(keys))
        # what is refused as repeated depends on the sources before, so all that follows a change is read again
        for table in ("rows", "refusals", "sources"):
            self._database.execute(f"DELETE FROM {table} WHERE position >= ?", (n_good,))  # noqa: S608 - our own names
        if n_good < len(sources):
            self._database.execute("DROP INDEX IF EXISTS by_formula")  # faster made once at the end
        for position in range(n_good, len(sources)):
            n_read = self._read(position, sources[position], folder, report)
            self._check_volumes(position, sources[position].name)
            self._database.execute(
                "INSERT INTO sources VALUES (?, ?, ?)", (position, keys[position], json.dumps(inputs[position]))
            )
            self._database.commit()
            report(f"{sources[position].name}: {n_read} rows")
        self._database.execute("CREATE INDEX IF NOT EXISTS by_formula ON rows (formula, id)")
        self._database.commit()

    def n_read(self) -> Counter[str]:
        """Number of rows by name of the source, refused ones included."""
        counts: Counter[str] = Counter()
        for table in ("rows", "refusals"):
            grouped = f"SELECT source, count(*) FROM {table} GROUP BY source"  # noqa: S608 - our own names
            counts.update(dict(self._database.execute(grouped)))
        return counts

    def inputs(self) -> list[Mapping[str, str]]:
        """What was read of each source, see :meth:`reference_data.sources.base.Source.inputs`."""
        return [json.loads(text) for (text,) in self._database.execute("SELECT inputs FROM sources ORDER BY position")]

    def n_published_bawls(self) -> int:
        """Number of rows with a published BAWL."""
        return int(self._database.execute("SELECT count(bawl) FROM rows").fetchone()[0])

    def runs(self, n_rows: int) -> list[Run]:
        """All formulas in order, cut into runs of at least this many rows, the last one excepted."""
        runs: list[Run] = []
        first, count = "", 0
        formula = ""
        for formula, n_of_formula in self._database.execute("SELECT formula, count(*) FROM rows GROUP BY formula"):
            first = first if count else formula
            count += n_of_formula
            if count >= n_rows:
                runs.append(Run(first, formula, count))
                count = 0
        return [*runs, Run(first, formula, count)] if count else runs

    def rows(self, run: Run) -> list[SourceRow]:
        """Rows of a run, by formula and then by id."""
        stored = self._database.execute(
            "SELECT id, source, lattice, frac_coords, atomic_numbers, bawl, energy_per_atom, "
            "formation_energy_per_atom, energy_convention FROM rows "
            "WHERE formula BETWEEN ? AND ? ORDER BY formula, id",
            (run.first, run.last),
        )
        return [SourceRow(row[0], row[1], _crystal(*row[2:5]), *row[5:]) for row in stored]

    def refusals(self) -> Iterator[SourceRefusal]:
        """What was refused while reading, in that order."""
        for row in self._database.execute("SELECT id, source, reason, detail FROM refusals ORDER BY rowid"):
            yield SourceRefusal(*row)

    def _read(self, position: int, source: Source, folder: Path, report: Callable[[str], None]) -> int:
        """Read one source into an open transaction; the number of its rows."""
        n_read = 0
        for n_read, row in enumerate(source.rows(folder), start=1):
            if isinstance(row, SourceRow):
                self._keep(position, row)
            else:
                self._refuse(position, row)
            if n_read % REPORT_EVERY == 0:
                report(f"{source.name}: {n_read} rows so far")
            if n_read % COMMIT_EVERY == 0:
                self._database.commit()
        return n_read

    def _keep(self, position: int, row: SourceRow) -> None:
        crystal = row.crystal
        values = (
            row.id,
            position,
            row.source,
            reduced_formula_of(crystal),
            crystal.lattice.tobytes(),
            crystal.frac_coords.tobytes(),
            crystal.atomic_numbers.astype(np.uint8).tobytes(),
            row.bawl,
            row.energy_per_atom,
            row.formation_energy_per_atom,
            row.energy_convention,
            crystal.volume / crystal.n_sites,
        )
        marks = ", ".join("?" * len(values))
        inserted = self._database.execute(f"INSERT OR IGNORE INTO rows VALUES ({marks})", values)  # noqa: S608 - marks
        if not inserted.rowcount:
            (first,) = self._database.execute("SELECT source FROM rows WHERE id = ?", (row.id,)).fetchone()
            detail = f"source {first} has a row of this id; the first one is kept"
            self._refuse(position, SourceRefusal(row.id, row.source, "repeated_id", detail))

    def _refuse(self, position: int, row: SourceRefusal) -> None:
        values = (position, row.id, row.source, row.reason, row.detail)
        self._database.execute("INSERT INTO refusals VALUES (?, ?, ?, ?, ?)", values)

    def _check_volumes(self, position: int, source: str) -> None:
        """Refuse a source whose lengths cannot be in angstrom, by the median (the lower of two) volume per atom."""
        where = "FROM rows WHERE position = ?"
        (count,) = self._database.execute(f"SELECT count(*) {where}", (position,)).fetchone()
        if not count:
            return
        middle = f"SELECT volume_per_atom {where} ORDER BY volume_per_atom LIMIT 1 OFFSET ?"
        (median,) = self._database.execute(middle, (position, (count - 1) // 2)).fetchone()
        low, high = MEDIAN_VOLUME_PER_ATOM
        if not low <= median <= high:
            raise ReferenceSetError(
                what=f"the crystals of source {source} have a median volume of {median:.3g} A3 per atom",
                expected=f"between {low:g} and {high:g}",
                remedy="give lengths in angstrom: 1 bohr is 0.529177 angstrom, 1 nm is 10 angstrom",
            )


def _key(source: Source, inputs: Mapping[str, str]) -> str:
    """Hash of everything that decides the rows of a source."""
    content = [READER_VERSION, source.model_dump(mode="json"), inputs]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _crystal(lattice: bytes, frac_coords: bytes, atomic_numbers: bytes) -> Crystal:
    return Crystal.from_arrays(
        np.frombuffer(lattice), np.frombuffer(frac_coords), np.frombuffer(atomic_numbers, dtype=np.uint8)
    )
