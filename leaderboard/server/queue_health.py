"""How the queue of submissions fares, for the health page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from leaderboard.server.health import QueueState

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaderboard.queue.jobs import Jobs
    from leaderboard.run.service import ScoringProcess


class QueueOf:
    """A queue and the process that scores for it.

    Args:
        jobs: the queue.
        process: that scores.
        now: a clock, in seconds since 1970, as the queue's.

    """

    def __init__(self, jobs: Jobs, process: ScoringProcess, now: Callable[[], float] = time.time) -> None:
        """Nothing is asked yet."""
        self._jobs, self._process, self._now = jobs, process, now

    def health(self) -> QueueState:
        """As it stands; one look at the table."""
        waiting, running, oldest = 0, 0, None
        if self._jobs.database.exists:
            rows = (
                self._jobs.database.read()
                .execute(
                    "SELECT state, COUNT(*), MIN(queued) FROM submissions WHERE state IN ('queued', 'running') "
                    "GROUP BY state"
                )
                .fetchall()
            )
            counts = {state: (count, since) for state, count, since in rows}
            waiting, oldest = counts.get("queued", (0, None))
            running, _ = counts.get("running", (0, None))
        age = None if oldest is None else round(max(self._now() - oldest, 0.0), 1)
        return QueueState(waiting, running, age, scoring_pid=self._process.pid)
