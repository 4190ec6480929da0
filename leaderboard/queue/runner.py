"""Scores what waits, one submission after the other, in a thread of the app beside the scoring process."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Protocol

from leaderboard.queue import publishing, results
from leaderboard.queue.claims import Answer, claim, take_back
from leaderboard.queue.holders import Holder, is_gone
from leaderboard.run.service import (
    OUR_FAULT,
    FileNotScoredError,
    Request,
    ScoringEndedError,
    ScoringError,
    ScoringFaultError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.queue.claims import Claim
    from leaderboard.queue.jobs import Jobs
    from metrics.measure.running.progress import Progress, Report

LOOK_EVERY_S = 0.5
BEAT_EVERY_S = 1.0
SWEEP_EVERY_S = 30.0
"""Also how long it waits where the store cannot be written."""

_LOG = logging.getLogger(__name__)


class Scorer(Protocol):
    """Where files are scored, one at a time: :class:`leaderboard.run.service.ScoringProcess` in the app."""

    def score(self, request: Request, *, on_progress: Report) -> Path:
        """Score a file; the folder of the finished run, or ScoringError."""

    def stop(self) -> None:
        """End what is being scored at once."""

    def close(self) -> None:
        """End it for good."""


class Runner:
    """The thread; several apps on one store share the work."""

    def __init__(self, jobs: Jobs, process: Scorer) -> None:
        """Nothing is scored yet."""
        self._jobs = jobs
        self._process = process
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scoring", daemon=True)
        self._swept = float("-inf")

    def start(self) -> None:
        """Take back what an app that is gone had begun, and score."""
        self._thread.start()

    def close(self) -> None:
        """Stop; what is being scored goes back to its place in the queue."""
        self._closing.set()
        self._process.close()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        holder = None
        while not self._closing.is_set():
            pause = LOOK_EVERY_S
            try:
                holder = holder or Holder(self._jobs.store.root)
                self._sweep()
                claimed = claim(self._jobs.database, holder.name, time.time())
                if claimed is not None:
                    self._score(claimed)
                    continue
            except (OSError, sqlite3.Error) as error:
                # a full disk or a read-only store: the board is shown all the same
                _LOG.error("the queue of %s: %s", self._jobs.store.root, error)
                pause = SWEEP_EVERY_S
            except Exception:  # noqa: BLE001 - the boundary: a fault of ours in one step never ends the thread
                _LOG.exception("the queue of %s", self._jobs.store.root)
                pause = SWEEP_EVERY_S
            self._closing.wait(pause)
        if holder is not None:
            holder.close()
        self._jobs.database.close()

    def _sweep(self) -> None:
        """Take up what other processes left when they ended."""
        if time.monotonic() - self._swept < SWEEP_EVERY_S:
            return
        self._swept = time.monotonic()
        root = self._jobs.store.root
        for submission in take_back(self._jobs.database, lambda name: is_gone(root, name), time.time()):
            _LOG.warning("submission %s is taken back to the queue", submission)
        publishing.complete(self._jobs.database, self._jobs.store)
        self._jobs.sweep_uploads()

    def _score(self, claimed: Claim) -> None:
        """Score one submission; whatever happens, its claim ends with what happened."""
        watch = _Watch(claimed, self._process)
        submission = claimed.submission
        request = Request(
            path=self._jobs.uploads.path(submission.sha256),
            file_name=submission.file_name,
            card=submission.card,
            folder=results.folder(self._jobs.store.root, submission.id),
        )
        try:
            with watch:
                run = self._process.score(request, on_progress=watch.report)
        except FileNotScoredError as error:
            claimed.not_scored("refused", time.time(), str(error), is_retryable=False)
        except ScoringEndedError as error:
            self._ended(claimed, watch, str(error))
        except ScoringFaultError as error:
            claimed.attempt_failed(watch.measured, time.time(), str(error))
        except ScoringError as error:
            claimed.not_scored("failed", time.time(), str(error), is_retryable=True)
        except Exception:  # noqa: BLE001 - the boundary: one submission never ends the thread, and the log has it all
            _LOG.exception("scoring %s failed", submission.id)
            claimed.attempt_failed(watch.measured, time.time(), OUR_FAULT)
        else:
            claimed.scored(f"{run.parent.name}/{run.name}", time.time())

    def _ended(self, claimed: Claim, watch: _Watch, why: str) -> None:
        if watch.is_cancelled:
            claimed.not_scored("cancelled", time.time(), None, is_retryable=True)
        elif self._closing.is_set():
            claimed.interrupted(time.time(), "the app was stopped while this was scored")
        elif watch.progress is None:
            # it had not begun: the process itself ended while it started, or the disk is full
            claimed.interrupted(time.time(), why)
            self._closing.wait(BEAT_EVERY_S)
        else:
            claimed.attempt_failed(watch.measured, time.time(), why)


class _Watch:
    """Beats for a claim while it is scored, keeps its progress, and stops the scoring when that is asked for."""

    def __init__(self, claimed: Claim, process: Scorer) -> None:
        self._claim = claimed
        self._process = process
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self.progress: Progress | None = None
        self.measured = 0
        self.is_cancelled = False

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def report(self, progress: Progress) -> None:
        """Note how far it is; the next beat says so."""
        self.progress = progress
        if progress.stage == "measure":
            self.measured = progress.done

    def _beat(self) -> None:
        try:
            while not self._done.wait(BEAT_EVERY_S):
                try:
                    answer = self._claim.beat(self.progress, time.time())
                except (OSError, sqlite3.Error) as error:
                    # the next beat may succeed; if none does, the claim is taken back as that of one that hangs
                    _LOG.error("heartbeat of %s: %s", self._claim.submission.id, error)
                    continue
                if answer is not Answer.GO_ON:
                    self.is_cancelled = self.is_cancelled or answer is Answer.CANCEL
                    # at each beat until it has ended: the file may not have reached the process yet
                    self._process.stop()
        finally:
            self._claim.database.close()
