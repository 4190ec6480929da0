"""Submissions on their way: one at a time goes to the scoring process, the others wait; a page asks by id."""

from __future__ import annotations

import hashlib
import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from leaderboard.run.service import ScoringError
from leaderboard.store.run import Run

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.store.local import Store
    from metrics.measure.running.progress import Progress, Report
    from submissions.card import Card

State = Literal["queued", "running", "scored", "failed"]

_LOG = logging.getLogger(__name__)

MAX_WAITING = 40


class Scorer(Protocol):
    """Where files are scored, one at a time: :class:`leaderboard.run.service.ScoringProcess` in the app."""

    def score(self, path: Path, card: Card, *, on_progress: Report) -> Path:
        """Score a file; the folder of the published run, or ScoringError."""

    def close(self) -> None:
        """End it."""


class QueueFullError(RuntimeError):
    """As many submissions wait as may wait."""


@dataclass
class Job:
    """Where one submission stands.

    Attributes:
        id: first 12 digits of the sha256 of the file: the same bytes are the same submission.
        file_name: as uploaded.
        model: name on the card.
        earlier: who submitted the same file before, and when; None where it is new.
        progress: of the running stage.
        run: id of the published run once scored.
        error: why it was refused or failed.

    """

    id: str
    file_name: str
    model: str
    earlier: str | None
    state: State = "queued"
    progress: Progress | None = None
    run: str | None = None
    error: str | None = None

    @property
    def unfinished(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in ("queued", "running")


class Jobs:
    """The queue in front of the scoring process."""

    def __init__(self, store: Store, process: Scorer) -> None:
        """Nothing waits yet."""
        self._store = store
        self._process = process
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scoring")

    def add(self, path: Path, card: Card) -> Job:
        """Queue a file; one that is queued or running already is the same job.

        Raises:
            QueueFullError: ``MAX_WAITING`` submissions wait.

        """
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        with self._lock:
            known = self._jobs.get(sha256[:12])
            if known is not None and known.unfinished:
                return known
            if sum(job.state == "queued" for job in self._jobs.values()) >= MAX_WAITING:
                msg = f"{MAX_WAITING} submissions are waiting; please try again in a few minutes"
                raise QueueFullError(msg)
            job = Job(sha256[:12], path.name, card.model, _earlier(self._store, sha256))
            # a finished job that comes again moves to the end of the queue
            self._jobs.pop(job.id, None)
            self._jobs[job.id] = job
        self._worker.submit(self._score, job, path, card).add_done_callback(lambda done: _note_failure(job, done))
        return job

    def get(self, job_id: str) -> Job | None:
        """The job of this id, if this app has seen it since it started."""
        return self._jobs.get(job_id)

    def ahead_of(self, job: Job) -> int:
        """Number of submissions that come before a waiting one."""
        ids = list(self._jobs)
        return sum(self._jobs[name].unfinished for name in ids[: ids.index(job.id)])

    def close(self) -> None:
        """Drop what waits and end the scoring process."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._process.close()

    def _score(self, job: Job, path: Path, card: Card) -> None:
        def report(progress: Progress) -> None:
            job.progress = progress

        job.state = "running"
        try:
            job.run = Run(self._process.score(path, card, on_progress=report)).id
        except ScoringError as error:
            job.error, job.state = str(error), "failed"
        else:
            job.state = "scored"


def _note_failure(job: Job, done: Future[None]) -> None:
    """A fault of ours is told to the visitor as such, and to the log in full."""
    if done.cancelled():
        job.error, job.state = "the app is shutting down; submit the file again", "failed"
    elif (fault := done.exception()) is not None:
        _LOG.error("scoring %s failed", job.id, exc_info=fault)
        job.error, job.state = "the scoring failed through a fault of this app, not of the file", "failed"


def _earlier(store: Store, sha256: str) -> str | None:
    for run in store.runs():
        if run.record.submission_sha256 == sha256:
            return f"{run.model} on {run.record.day}"
    return None
