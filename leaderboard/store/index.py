"""What reading the published runs found, in one SQLite file, so that a start reads it instead of every run.

It is made from the runs alone and made again where it is absent, damaged or written by other code; where it cannot be
written (a read-only or full disk) the store works without. A run that is damaged is not in it: it is looked at anew.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from leaderboard import records
from leaderboard.records import RunRecord
from leaderboard.store import check, tables
from submissions import card

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Stamp = tuple[int, ...]
"""Changes whenever a file of a run does."""

WAIT_S = 10.0
"""For another process that writes; then the store works without."""

_TABLE = "CREATE TABLE IF NOT EXISTS runs (place TEXT PRIMARY KEY, stamp TEXT, record TEXT) WITHOUT ROWID"

_LOG = logging.getLogger(__name__)


class Index:
    """The index of a store; every call opens the file, so that threads and processes share it."""

    def __init__(self, path: Path) -> None:
        """Remember the file; it need not be there yet."""
        self._path = path

    def read(self) -> dict[str, tuple[Stamp, RunRecord]]:
        """Record of each run by its place in the store, with the stamp that the run had when it was checked."""
        if not self._path.is_file():
            return {}
        known = {}
        try:
            with closing(self._open(read_only=True)) as database:
                if _version(database) != _digest():
                    return {}
                for place, stamp, record in database.execute("SELECT place, stamp, record FROM runs"):
                    known[place] = (_as_stamp(stamp), RunRecord.model_validate_json(record))
        except (sqlite3.Error, ValidationError, ValueError) as error:
            self._discard_if_damaged(error)
            return {}
        return known

    def update(self, whole: Mapping[str, tuple[Stamp, RunRecord]], gone: Iterable[str]) -> None:
        """Put runs that were checked now; forget those that are no longer there or no longer whole."""
        rows = [(place, _as_text(stamp), record.model_dump_json()) for place, (stamp, record) in whole.items()]
        try:
            self._write(rows, [(place,) for place in gone])
        except (sqlite3.Error, OSError) as error:
            # as long as it cannot be written every start reads every run, which is slow but right
            _LOG.warning("%s: the index of runs was not written: %s", self._path, error)
            self._discard_if_damaged(error)

    def _write(self, rows: list[tuple[str, str, str]], gone: list[tuple[str]]) -> None:
        with closing(self._open(read_only=False)) as database, database:
            # derived data: what a power cut takes is made again
            database.execute("PRAGMA synchronous=OFF")
            database.execute("BEGIN IMMEDIATE")
            if _version(database) != _digest():
                for table in ("runs", "version"):
                    database.execute(f"DROP TABLE IF EXISTS {table}")
                database.execute("CREATE TABLE version (digest TEXT)")
                database.execute("INSERT INTO version VALUES (?)", (_digest(),))
            database.execute(_TABLE)
            database.executemany("DELETE FROM runs WHERE place = ?", gone)
            database.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", rows)

    def _open(self, *, read_only: bool) -> sqlite3.Connection:
        mode = "ro" if read_only else "rwc"
        address = f"{self._path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(address, uri=True, timeout=WAIT_S, isolation_level=None)

    def _discard_if_damaged(self, error: Exception) -> None:
        # an operational error says that the disk is full or the file locked, not what is in it
        if not isinstance(error, sqlite3.OperationalError | OSError):
            _LOG.warning("%s: damaged, and is made again: %s", self._path, error)
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


@cache
def _digest() -> str:
    """Of the code that decides whether a run is whole: what other code found is not believed."""
    sources = (check.__file__, tables.__file__, records.__file__, card.__file__, __file__)
    content = b"".join(Path(source).read_bytes() for source in sources)
    return hashlib.sha256(content).hexdigest()


def _version(database: sqlite3.Connection) -> str | None:
    if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'version'").fetchone() is None:
        return None
    row: tuple[str] | None = database.execute("SELECT digest FROM version").fetchone()
    return None if row is None else row[0]


def _as_text(stamp: Stamp) -> str:
    return " ".join(map(str, stamp))


def _as_stamp(text: str) -> Stamp:
    return tuple(map(int, text.split()))
