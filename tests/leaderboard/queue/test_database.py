"""The queue's file: many threads and processes start it at once, newer code's is refused, a failed write is undone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from leaderboard.queue.database import MIGRATIONS, Database

ROOT = Path(__file__).parents[3]


def test_threads_and_processes_that_start_at_once_make_one_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "queue.sqlite"
    code = f"from pathlib import Path; from leaderboard.queue.database import *; Database(Path({str(path)!r})).read()"
    others = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(3)]
    database = Database(path)

    def count(_: int) -> int:
        connection = database.read()
        counted: int = connection.execute("SELECT COUNT(*) FROM submissions").fetchone()[0]
        database.close()
        return counted

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(count, range(8))) == [0] * 8
    assert [other.wait() for other in others] == [0, 0, 0]


def test_a_file_of_newer_code_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(sqlite3.DatabaseError, match="made by newer code"):
        Database(path).read()


def test_what_fails_in_the_middle_is_undone(tmp_path: Path) -> None:
    database = Database(tmp_path / "queue.sqlite")
    insert = (
        "INSERT INTO submissions (id, sha256, party, address, file_name, size_bytes, card, state, created, queued) "
        "VALUES ('a', 's', 'p', '', 'f', 1, '{}', 'queued', 0, 0)"
    )

    def insert_twice() -> None:
        with database.write() as connection:
            connection.execute(insert)
            connection.execute(insert)

    with pytest.raises(sqlite3.IntegrityError):
        insert_twice()
    assert database.read().execute("SELECT COUNT(*) FROM submissions").fetchone()[0] == 0
    database.close()
