"""Who scores which submission: a claim holds as long as its holder lives and is heard of.

Every step is one transaction, and one by a holder whose claim was taken back in the meantime changes nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Literal, NamedTuple

from leaderboard.queue.rows import one, order, progress_json

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from leaderboard.queue.database import Database
    from leaderboard.queue.submissions import State, Submission
    from metrics.measure.running.progress import Progress

_LOG = logging.getLogger(__name__)

STALE_S = 120.0
"""A holder that is not heard of for so long is taken to hang, or to be on a machine that is gone."""
MAX_ATTEMPTS = 5
MAX_INTERRUPTIONS = 50
"""Times that scoring may end through no fault that can be laid to the file; a bound all the same, so that a file which
ends the whole app is not tried for ever."""
UNREADABLE = "its row in the queue cannot be read"
APP_ENDED = "the app ended while this was scored"


class Answer(Enum):
    """What a holder is told when it says how far it is."""

    GO_ON = auto()
    CANCEL = auto()
    LOST = auto()


class _Key(NamedTuple):
    submission: str
    holder: str


class _End(NamedTuple):
    """How a claim ends; see the columns of the table."""

    state: State
    run: str | None = None
    why: str | None = None
    is_retryable: bool = False
    queued: float | None = None


@dataclass(frozen=True)
class Claim:
    """A submission that a holder scores. Every step returns whether the claim still held."""

    database: Database
    submission: Submission
    holder: str

    def beat(self, progress: Progress | None, now: float) -> Answer:
        """Say that the holder lives, and how far it is."""
        with self.database.write() as connection:
            row = connection.execute(
                "UPDATE submissions SET beat = ?, progress = ? WHERE id = ? AND holder = ? AND state = 'running' "
                "RETURNING cancel_asked",
                (now, progress_json(progress), *self._key),
            ).fetchone()
        if row is None:
            return Answer.LOST
        return Answer.CANCEL if row["cancel_asked"] else Answer.GO_ON

    def scored(self, run: str, now: float) -> bool:
        """It is scored; ``run`` names the result."""
        with self.database.write() as connection:
            return _end(connection, self._key, _End("scored", run=run), now)

    def not_scored(
        self, state: Literal["refused", "failed", "cancelled"], now: float, why: str | None, *, is_retryable: bool
    ) -> bool:
        """It will not be scored, and why."""
        with self.database.write() as connection:
            return _end(connection, self._key, _End(state, why=why, is_retryable=is_retryable), now)

    def attempt_failed(self, measured: int, now: float, why: str) -> bool:
        """Scoring it ended: back to the queue, or failed where it got no further in as many attempts as there may be.

        Args:
            measured: number of structures that were measured by then; they stay measured.
            now: in seconds since 1970.
            why: how it ended.

        """
        with self.database.write() as connection:
            row = connection.execute(
                "SELECT attempts, measured, cancel_asked FROM submissions WHERE id = ? AND holder = ?", self._key
            ).fetchone()
            if row is None:
                return False
            furthest = max(measured, row["measured"])
            attempts = 1 if measured > row["measured"] else row["attempts"] + 1
            connection.execute(
                "UPDATE submissions SET attempts = ?, measured = ? WHERE id = ? AND holder = ?",
                (attempts, furthest, *self._key),
            )
            # behind what else its visitor has: a file that ends the scoring holds up none of the others
            end = _End("queued", why=why, is_retryable=True, queued=now)
            if row["cancel_asked"]:
                end = _End("cancelled")
            elif attempts >= MAX_ATTEMPTS:
                text = (
                    f"{why}; that is the end of {attempts} attempts that measured no more than {furthest:,} structures"
                )
                end = _End("failed", why=text, is_retryable=True)
            return _end(connection, self._key, end, now)

    def interrupted(self, now: float, why: str) -> bool:
        """Scoring it ended through no fault of the file: back to its place in the queue."""
        with self.database.write() as connection:
            return _take_back(connection, self._key, now, why)

    @property
    def _key(self) -> _Key:
        return _Key(self.submission.id, self.holder)


def claim(database: Database, holder: str, now: float) -> Claim | None:
    """The submission whose turn it is, from now on this holder's; None where nothing waits."""
    with database.write() as connection:
        waiting = order(connection)
        if not waiting:
            return None
        connection.execute(
            "UPDATE submissions SET state = 'running', holder = ?, beat = ?, claimed = ?, progress = NULL WHERE id = ?",
            (holder, now, now, waiting[0]),
        )
        try:
            submission = one(connection, "id = ?", (waiting[0],))
        except ValueError as error:
            # written by other code, or damaged: it holds up nobody else
            _LOG.error("submission %s cannot be read: %s", waiting[0], error)
            connection.execute(
                "UPDATE submissions SET state = 'failed', error = ?, finished = ?, holder = NULL, beat = NULL "
                "WHERE id = ?",
                (UNREADABLE, now, waiting[0]),
            )
            return None
        return None if submission is None else Claim(database, submission, holder)


def take_back(database: Database, is_gone: Callable[[str], bool], now: float) -> list[str]:
    """Take back the claims of holders that have ended or are not heard of; ids of what was taken back."""
    running = database.read().execute("SELECT id, holder, beat FROM submissions WHERE state = 'running'").fetchall()
    lost = [_Key(row["id"], row["holder"]) for row in running if now - row["beat"] > STALE_S or is_gone(row["holder"])]
    if not lost:
        return []
    with database.write() as connection:
        return [key.submission for key in lost if _take_back(connection, key, now, APP_ENDED)]


def _take_back(connection: sqlite3.Connection, key: _Key, now: float, why: str) -> bool:
    row = connection.execute(
        "UPDATE submissions SET interruptions = interruptions + 1 WHERE id = ? AND holder = ? AND state = 'running' "
        "RETURNING interruptions, cancel_asked",
        key,
    ).fetchone()
    if row is None:
        return False
    end = _End("queued", why=why, is_retryable=True)
    if row["cancel_asked"]:
        end = _End("cancelled")
    elif row["interruptions"] > MAX_INTERRUPTIONS:
        end = _End("failed", why=f"{why}, {row['interruptions']} times", is_retryable=True)
    return _end(connection, key, end, now)


def _end(connection: sqlite3.Connection, key: _Key, end: _End, now: float) -> bool:
    changed = connection.execute(
        "UPDATE submissions SET state = ?, run = ?, error = ?, is_retryable = ?, queued = COALESCE(?, queued), "
        "finished = ?, holder = NULL, beat = NULL, progress = NULL WHERE id = ? AND holder = ? AND state = 'running'",
        (*end, now, *key),
    )
    return changed.rowcount == 1
