"""Results of measurements, kept by content: a killed run resumes, a second run measures nothing."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

COMMIT_EVERY = 50  # results lost by a kill, at the most


class Result(NamedTuple):
    """What one measurement says of one structure: its columns, and the reason where some are unknown."""

    columns: Mapping[str, object]
    reason: str | None


class Cache:
    """SQLite file of results by (structure sha256, measurement key); safe to kill at any moment.

    Several processes may share the file: results are written all at once, so that no process keeps another waiting
    while it computes.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file and its folder."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, timeout=60)
        self._database.execute("PRAGMA journal_mode=WAL")
        # what is committed outlives the process; after a power cut what the system had not written yet is measured
        # again, which costs less than waiting for the disk at every third structure
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS results "
            "(sha256 TEXT, key TEXT, columns TEXT, reason TEXT, day INTEGER NOT NULL DEFAULT 0, "
            "PRIMARY KEY (sha256, key)) WITHOUT ROWID"
        )
        _date_rows(self._database)
        self._uncommitted: list[tuple[str, str, str, str | None]] = []

    def __enter__(self) -> Cache:  # noqa: PYI034 - not meant to be subclassed
        """Hand out the open cache."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Keep what was put, also when the run was interrupted."""
        self.commit()
        self._database.close()

    def get(self, sha256s: Iterable[str], key: str) -> dict[str, Result]:
        """Results that are known for these structures under this key."""
        self.commit()
        known = {}
        for sha256 in sha256s:
            row = self._database.execute(
                "SELECT columns, reason FROM results WHERE sha256 = ? AND key = ?", (sha256, key)
            ).fetchone()
            if row is not None:
                known[sha256] = Result(json.loads(row[0]), row[1])
        return known

    def has_any(self, key: str) -> bool:
        """Whether the result of any structure is known under this key."""
        self.commit()
        query = "SELECT EXISTS (SELECT 1 FROM results WHERE key = ?)"
        return bool(self._database.execute(query, (key,)).fetchone()[0])

    def put(self, sha256: str, key: str, result: Result) -> None:
        """Keep one result; floats survive exactly."""
        self._uncommitted.append((sha256, key, json.dumps(dict(result.columns)), result.reason))
        if len(self._uncommitted) >= COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Let what was put outlive this process; results that are dear to compute do not wait for their number."""
        if self._uncommitted:
            self._database.executemany(
                f"INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, {_today()})",  # noqa: S608 - a number of ours
                self._uncommitted,
            )
            self._database.commit()
            self._uncommitted = []


def prune(path: Path, *, days: float, max_bytes: float, dry_run: bool = False) -> int:
    """Forget results that were made so many days ago, and the oldest beyond a size.

    Args:
        path: of the cache; it need not be there.
        days: results that were made longer ago go.
        max_bytes: of the results that stay.
        dry_run: change nothing.

    Returns:
        Size of what went, in bytes.

    """
    if not path.is_file():
        return 0
    with closing(sqlite3.connect(path, timeout=60)) as database:
        if not dry_run:
            _date_rows(database)
        elif not _is_dated(database):
            return 0
        sizes = dict(database.execute(f"SELECT day, SUM({_SIZE}) FROM results GROUP BY day ORDER BY day"))  # noqa: S608
        gone, kept = 0, sum(sizes.values())
        for day, size in sizes.items():
            if day >= _today() - days and kept <= max_bytes:
                break
            gone, kept = gone + size, kept - size
            if not dry_run:
                database.execute("DELETE FROM results WHERE day = ?", (day,))
                database.commit()
        if gone and not dry_run:
            # the file gets smaller where nobody uses it now; else its free pages are used again
            with suppress(sqlite3.OperationalError):
                database.execute("VACUUM")
    return gone


_SIZE = "LENGTH(sha256) + LENGTH(key) + LENGTH(columns) + IFNULL(LENGTH(reason), 0)"


def _today() -> int:
    """Days since 1970."""
    return int(time.time() // 86_400)


def _is_dated(database: sqlite3.Connection) -> bool:
    return "day" in {name for _, name, *_ in database.execute("PRAGMA table_info(results)")}


def _date_rows(database: sqlite3.Connection) -> None:
    """Give results of files that did not say when they were made the day on which that is first missed."""
    if not _is_dated(database):
        try:
            database.execute(f"ALTER TABLE results ADD COLUMN day INTEGER NOT NULL DEFAULT {_today()}")
        except sqlite3.OperationalError:
            # another process that found the same may have been faster; anything else is trouble
            if not _is_dated(database):
                raise
