"""What the pages ask of the queue: take this file, where does it stand, cancel it, publish it.

Everything lies in the store's folder and outlives the app; ``runner`` scores what waits.
"""

from __future__ import annotations

import errno
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from leaderboard.queue import arrivals, publishing
from leaderboard.queue.admission import Limits
from leaderboard.queue.arrivals import Arrival
from leaderboard.queue.database import FILE, Database
from leaderboard.queue.results import private_run
from leaderboard.queue.rows import one, order, wait_s
from leaderboard.queue.submissions import NotAcceptedError, NotAllowedError, Submission
from leaderboard.queue.uploads import Uploads, sha256_of
from leaderboard.store.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leaderboard.queue.results import PrivateRun
    from leaderboard.store.listings import Listing
    from leaderboard.store.local import Store
    from submissions.card import Card

HERE = "127.0.0.1"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


class Place(NamedTuple):
    """Where a submission that waits stands in the queue.

    Attributes:
        ahead: submissions that come before it, running ones too.
        wait_s: until it is scored, in seconds, by how long others took; None where nothing was scored yet.

    """

    ahead: int
    wait_s: float | None


class Kept(NamedTuple):
    """What of the store's folder the queue still needs.

    Attributes:
        uploads: sha256 of the files that are still to be scored.
        results: ids of the submissions whose private results are being made or published. One that was cleared away is
            made again when the same file comes again.

    """

    uploads: frozenset[str]
    results: frozenset[str]


class Jobs:
    """The queue of a store."""

    def __init__(self, store: Store, limits: Limits | None = None) -> None:
        """Nothing is opened yet, so that a store which cannot be written is shown all the same.

        Raises:
            ValueError: an environment variable holds no limit.

        """
        self.store = store
        self.database = Database(store.root / FILE)
        self.uploads = Uploads(store.root)
        self.limits = limits or Limits.of_environment()

    def add(
        self, path: Path, card: Card, owner: str | None = None, address: str = HERE, *, supersedes: str | None = None
    ) -> Submission:
        """Take a file; the same one from the same person is the same submission.

        Args:
            path: the uploaded file; it is copied, and may be gone when this returns.
            card: the model's.
            owner: name of the signed-in person; None where nobody signs in.
            address: where the file came from.
            supersedes: id of the submission that this one takes the place of once it is published.

        Raises:
            NotAcceptedError: the queue does not take it; the message says why in one line.

        """
        with _in_one_line():
            size = path.stat().st_size
            arrival = Arrival(sha256_of(path), size, path.name, card, owner, address, supersedes)
            if known := self._known_or_refused(arrival):
                return known
            self.uploads.keep(path, self.limits)
            with self.database.write() as connection:
                # the same file, or the last one that there was room for, may have come in the meantime
                if known := arrivals.known(connection, arrival, self.store):
                    return known
                arrivals.refuse(connection, arrival, self.store, self.limits)
                return arrivals.enter(connection, arrival)

    def get(self, submission_id: str) -> Submission | None:
        """The submission of this id, or None; one look at an index."""
        if not submission_id or not self.database.exists:
            return None
        return one(self.database.read(), "id = ?", (submission_id,))

    def result(self, submission: Submission) -> PrivateRun | None:
        """Its private result; None where it has none, or none any more."""
        return None if submission.run is None else private_run(self.store.root, submission.run)

    def listing(self, submission: Submission) -> Listing | None:
        """What the board knows of it; None where it was never published."""
        return self.store.register().of(submission.sha256, submission.owner)

    def listed(self, submission: Submission) -> Run | None:
        """Its run on the board; None where it was never published."""
        listing = self.listing(submission)
        if submission.run is None or listing is None:
            return None
        _, _, run_key = submission.run.partition("/")
        return Run(self.store.path(submission.sha256, run_key), listing)

    def place(self, submission: Submission) -> Place:
        """How many come before a submission that waits, and how long that takes."""
        connection = self.database.read()
        waiting = order(connection)
        before = waiting[: waiting.index(submission.id)] if submission.id in waiting else []
        (running,) = connection.execute("SELECT COUNT(*) FROM submissions WHERE state = 'running'").fetchone()
        return Place(running + len(before), wait_s(connection, [*before, submission.id], time.time()))

    def cancel(self, submission_id: str, owner: str | None = None) -> Submission:
        """Take a submission out of the queue; one that runs ends within seconds.

        Raises:
            NotAllowedError: it neither waits nor runs, or is somebody else's.
            NotAcceptedError: the store cannot be written.

        """
        self._of(submission_id, owner)
        with _in_one_line(), self.database.write() as connection:
            connection.execute(
                "UPDATE submissions SET state = 'cancelled', finished = ? WHERE id = ? AND state = 'queued'",
                (time.time(), submission_id),
            )
            connection.execute(
                "UPDATE submissions SET cancel_asked = 1 WHERE id = ? AND state = 'running'", (submission_id,)
            )
        submission = self._of(submission_id, owner)
        if submission.state not in {"running", "cancelled"}:
            msg = f"this submission is {submission.state}; only one that waits or runs can be cancelled"
            raise NotAllowedError(msg)
        return submission

    def publish(self, submission_id: str, *, consent: bool, owner: str | None = None) -> Run:
        """List a scored submission on the board, with its owner's consent; done twice it is done once.

        Raises:
            NotAllowedError: it is not scored, the consent is missing, or it is somebody else's.
            NotAcceptedError: the store cannot be written.

        """
        submission = self._of(submission_id, owner)
        with _in_one_line():
            return publishing.publish(self.database, self.store, submission, consent=consent)

    def withdraw(self, submission_id: str, owner: str | None = None) -> None:
        """Take a published submission off the board; it stays scored and may be published again.

        Raises:
            NotAllowedError: it is not published, or is somebody else's.
            NotAcceptedError: the store cannot be written.

        """
        submission = self._of(submission_id, owner)
        with _in_one_line():
            publishing.withdraw(self.database, self.store, submission)

    def kept(self) -> Kept:
        """What must stay when the folder is cleared up."""
        if not self.database.exists:
            return Kept(frozenset(), frozenset())
        rows = self.database.read().execute("SELECT id, sha256, state FROM submissions").fetchall()
        return Kept(
            frozenset(row["sha256"] for row in rows if row["state"] in {"queued", "running"}),
            frozenset(row["id"] for row in rows if row["state"] in {"queued", "running", "publishing"}),
        )

    def sweep_uploads(self) -> None:
        """Delete what killed processes left of uploads that never became submissions."""
        rows = self.database.read().execute("SELECT sha256 FROM submissions").fetchall()
        self.uploads.sweep({row["sha256"] for row in rows})

    def _known_or_refused(self, arrival: Arrival) -> Submission | None:
        """Before a byte is copied."""
        with self.database.write() as connection:
            known = arrivals.known(connection, arrival, self.store)
            if known is None:
                arrivals.refuse(connection, arrival, self.store, self.limits)
            return known

    def _of(self, submission_id: str, owner: str | None) -> Submission:
        submission = self.get(submission_id)
        if submission is None:
            msg = "there is no such submission"
            raise NotAllowedError(msg)
        if submission.owner not in (None, owner):
            msg = "this submission is of somebody else; sign in as its owner"
            raise NotAllowedError(msg)
        return submission


@contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise NotAcceptedError(trouble(error)) from error


def trouble(error: OSError | sqlite3.Error) -> str:
    """What the disk refused, as one line for the visitor; the maintainers find the rest in the log."""
    if isinstance(error, sqlite3.Error):
        text = str(error)
        is_full, is_read_only = "full" in text, "readonly" in text or "unable to open" in text
    else:
        text = error.strerror or str(error)
        is_full, is_read_only = error.errno in _FULL, error.errno in _READ_ONLY
    if is_full:
        return "this server's disk is full, and nothing was taken; please tell the maintainers and try again later"
    if is_read_only:
        return "this server's store is read-only, and nothing was taken; please tell the maintainers"
    return f"this server could not take it ({text}); please tell the maintainers and try again later"
