"""Rows of the queue's table as submissions, and the few questions that several parts of the queue ask."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from leaderboard.queue.submissions import Submission
from leaderboard.queue.turns import Waiting, in_turn
from metrics.measure.running.progress import Progress
from submissions.card import Card

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

SELECT = """
    SELECT *, EXISTS (
        SELECT 1 FROM submissions AS other
        WHERE other.sha256 = submissions.sha256 AND other.number < submissions.number
    ) AS by_another
    FROM submissions
"""
N_RECENT = 20
"""Submissions whose speed says how long others will take."""


def one(connection: sqlite3.Connection, condition: str, values: Sequence[object]) -> Submission | None:
    """The submission that fulfils a condition, or None."""
    row = connection.execute(f"{SELECT} WHERE {condition}", values).fetchone()
    return None if row is None else _submission(row)


def several(connection: sqlite3.Connection, condition: str, values: Sequence[object]) -> list[Submission]:
    """The submissions that fulfil a condition, the oldest first."""
    return [_submission(row) for row in connection.execute(f"{SELECT} WHERE {condition} ORDER BY number", values)]


def order(connection: sqlite3.Connection) -> list[str]:
    """Ids of what waits, in the order in which it will be scored."""
    rows = connection.execute("SELECT id, party, queued, number FROM submissions WHERE state = 'queued'").fetchall()
    running = connection.execute("SELECT party FROM submissions WHERE state = 'running'").fetchall()
    served = connection.execute(
        "SELECT party, MAX(claimed) FROM submissions WHERE claimed IS NOT NULL AND party IN "
        "(SELECT party FROM submissions WHERE state = 'queued') GROUP BY party"
    ).fetchall()
    return in_turn([Waiting(*row) for row in rows], [row[0] for row in running], dict(map(tuple, served)))


def wait_s(connection: sqlite3.Connection, submissions: Sequence[str], now: float) -> float | None:
    """Seconds until these are scored, after what runs; None where nothing was scored yet that tells.

    A file takes as long for its size as the last twenty did for theirs.
    """
    spent, size = connection.execute(
        "SELECT SUM(finished - claimed), SUM(size_bytes) FROM (SELECT finished, claimed, size_bytes FROM submissions "
        "WHERE run IS NOT NULL AND finished > claimed ORDER BY finished DESC LIMIT ?)",
        (N_RECENT,),
    ).fetchone()
    if not size:
        return None
    speed = spent / size
    marks = ", ".join("?" * len(submissions))
    query = f"SELECT COALESCE(SUM(size_bytes), 0) FROM submissions WHERE id IN ({marks})"  # noqa: S608 - marks only
    (waiting,) = connection.execute(query, submissions).fetchone()
    (running,) = connection.execute(
        "SELECT COALESCE(SUM(MAX(0, size_bytes * ? - (? - claimed))), 0) FROM submissions WHERE state = 'running'",
        (speed, now),
    ).fetchone()
    return float(waiting * speed + running)


def progress_json(progress: Progress | None) -> str | None:
    """As the table keeps it."""
    return None if progress is None else json.dumps(asdict(progress))


def _submission(row: sqlite3.Row) -> Submission:
    return Submission(
        id=row["id"],
        sha256=row["sha256"],
        owner=row["owner"],
        address=row["address"],
        file_name=row["file_name"],
        size_bytes=row["size_bytes"],
        card=Card.model_validate_json(row["card"]),
        state=row["state"],
        created=row["created"],
        queued=row["queued"],
        n_uploads=row["n_uploads"],
        by_another=bool(row["by_another"]),
        progress=None if row["progress"] is None else Progress(**json.loads(row["progress"])),
        run=row["run"],
        error=row["error"],
        is_retryable=bool(row["is_retryable"]),
        attempts=row["attempts"],
        supersedes=row["supersedes"],
    )
