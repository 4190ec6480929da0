"""The queue's SQLite file beside the store: its tables, and how threads and processes share it."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "queue.sqlite"
BUSY_TIMEOUT_S = 30.0

MIGRATIONS = (
    (
        """
        CREATE TABLE submissions (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            sha256 TEXT NOT NULL,
            party TEXT NOT NULL,
            owner TEXT,
            address TEXT NOT NULL,
            file_name TEXT NOT NULL,
            size_bytes INTEGER NOT NULL,
            card TEXT NOT NULL,
            state TEXT NOT NULL,
            created REAL NOT NULL,
            queued REAL NOT NULL,
            claimed REAL,
            finished REAL,
            n_uploads INTEGER NOT NULL DEFAULT 1,
            holder TEXT,
            beat REAL,
            cancel_asked INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            interruptions INTEGER NOT NULL DEFAULT 0,
            measured INTEGER NOT NULL DEFAULT 0,
            progress TEXT,
            run TEXT,
            error TEXT,
            is_retryable INTEGER NOT NULL DEFAULT 0,
            supersedes TEXT,
            UNIQUE (sha256, party)
        )
        """,
        "CREATE INDEX by_state ON submissions (state)",
        "CREATE INDEX by_party ON submissions (party, created)",
        "CREATE INDEX by_address ON submissions (address, created)",
    ),
    (
        "CREATE TABLE entries (party TEXT NOT NULL, address TEXT NOT NULL, entered REAL NOT NULL)",
        "INSERT INTO entries SELECT party, address, created FROM submissions",
        "CREATE INDEX entries_by_party ON entries (party, entered)",
        "CREATE INDEX entries_by_address ON entries (address, entered)",
    ),
)
"""Statements that lead from each version of the tables to the next; the file says which version it has.

``party`` is who a submission counts for; ``queued``, ``claimed`` and ``finished`` are when it entered its state last;
``holder`` is who scores it and ``beat`` when that was last heard of; ``measured`` is how many structures were measured
when its scoring last ended without a result. An entry is a time that a visitor had something queued, the same file
again too. Times are seconds since 1970.
"""


class Database:
    """Connections to the file, one a thread; several processes may use the file at once."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is made when somebody first writes."""
        self.path = path
        self._of_thread = threading.local()

    @property
    def exists(self) -> bool:
        """Whether anybody has written yet."""
        return self.path.exists()

    def read(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._of_thread.connection = self._open()
        return connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that nobody else writes during; on the disk when it ends, undone where it raises."""
        connection = self.read()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def close(self) -> None:
        """Close this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is not None:
            connection.close()
            self._of_thread.connection = None

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            # an accepted upload survives the machine's end too, not only the process's
            connection.execute("PRAGMA synchronous=FULL")
            _migrate(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to the newest version, once, however many processes start at the same time."""
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _missing(_version(connection), path):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _missing(version: int, path: Path) -> list[str]:
    if version > len(MIGRATIONS):
        msg = f"{path} is of version {version}, made by newer code; this code knows {len(MIGRATIONS)}"
        raise sqlite3.DatabaseError(msg)
    return [statement for step in MIGRATIONS[version:] for statement in step]


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
