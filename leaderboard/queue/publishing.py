"""From a private result to the board and back, each step on record and none of them done twice.

The owner's consent is on the disk first; then the log says that the submission is published, then the run is copied
into the store. Whatever ends the app in between, ``complete`` does the rest when it starts again.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from leaderboard.errors import RecordError
from leaderboard.licence import DATA_LICENCE
from leaderboard.queue.results import private_run
from leaderboard.queue.rows import one, several
from leaderboard.queue.submissions import NotAllowedError
from leaderboard.store.actions import Action
from leaderboard.store.run import Run

if TYPE_CHECKING:
    from leaderboard.queue.database import Database
    from leaderboard.queue.submissions import State, Submission
    from leaderboard.store.listings import Listing
    from leaderboard.store.local import Store
    from submissions.card import Card

VISITOR = "a visitor who did not sign in"

_LOG = logging.getLogger(__name__)


def publish(database: Database, store: Store, submission: Submission, *, consent: bool) -> Run:
    """List a scored submission; one that is listed already stays so.

    Raises:
        NotAllowedError: it is not scored, or the consent is missing.

    """
    if not consent:
        msg = f"to publish, agree that the structures, their scores and the card are shown under {DATA_LICENCE}"
        raise NotAllowedError(msg)
    if submission.state not in {"scored", "publishing", "listed"}:
        msg = f"this submission is {submission.state}; only a scored one can be published"
        raise NotAllowedError(msg)
    register = store.register()
    if submission.owner in register.banned:
        msg = f"the maintainers take no submissions of {submission.owner}: {register.banned[submission.owner]}"
        raise NotAllowedError(msg)
    listing = register.of(submission.sha256, submission.owner)
    if listing is not None and (listing.is_deleted or listing.is_hidden or listing.review == "rejected"):
        done = "deleted" if listing.is_deleted else "hid" if listing.is_hidden else "rejected"
        msg = f"the maintainers {done} this submission: {listing.reason}"
        raise NotAllowedError(msg)
    if register.frozen is not None and (listing is None or listing.published is None or listing.is_withdrawn):
        msg = f"nothing is published on this board for now: {register.frozen}"
        raise NotAllowedError(msg)
    result = private_run(store.root, str(submission.run))
    if result is None:
        msg = "the result of this submission was cleared away; submit the file again, its scoring takes seconds"
        raise NotAllowedError(msg)
    try:
        # before the log says that it is published
        _ = result.record, result.scores
    except RecordError as error:
        _LOG.error("submission %s: %s", submission.id, error)
        msg = "the result of this submission is damaged; please tell the maintainers"
        raise NotAllowedError(msg) from error
    _move(database, submission, "publishing")
    return _finish(database, store, submission, result)


def withdraw(database: Database, store: Store, submission: Submission) -> None:
    """Take a listed submission off the board.

    Raises:
        NotAllowedError: it is not listed.

    """
    if submission.state != "listed":
        msg = f"this submission is {submission.state}; only a published one can be withdrawn"
        raise NotAllowedError(msg)
    listing = store.register().of(submission.sha256, submission.owner)
    if listing is None or not listing.is_withdrawn:
        store.record(
            Action(actor=_actor(submission), kind="withdrawn", sha256=submission.sha256, owner=submission.owner)
        )
    _move(database, submission, "scored")


def complete(database: Database, store: Store) -> None:
    """Finish what was being published when the app ended; what cannot be is scored as before and may come again."""
    for submission in several(database.read(), "state = 'publishing'", ()):
        result = private_run(store.root, str(submission.run))
        if result is None:
            _LOG.error("submission %s was to be published, but its result is gone", submission.id)
            _move(database, submission, "scored")
            continue
        try:
            _finish(database, store, submission, result)
        except RecordError:
            _LOG.exception("submission %s was to be published, but its result is damaged", submission.id)
            _move(database, submission, "scored")


def _finish(database: Database, store: Store, submission: Submission, result: Run) -> Run:
    """The steps after the consent; each looks first whether it is done."""
    # one process at a time, so that the log has each publication once
    with database.write() as connection:
        listing = store.register().of(submission.sha256, submission.owner)
        if listing is None or listing.published is None or listing.is_withdrawn:
            store.record(
                Action(
                    actor=_actor(submission),
                    kind="published",
                    sha256=submission.sha256,
                    owner=submission.owner,
                    card=_newest_card(store, submission, listing),
                    licence=DATA_LICENCE,
                )
            )
        run = store.publish(result.path)
        _supersede(store, submission, one(connection, "id = ?", (submission.supersedes or "",)))
        connection.execute("UPDATE submissions SET state = 'listed' WHERE id = ?", (submission.id,))
        return Run(run.path, store.register().of(submission.sha256, submission.owner))


def _newest_card(store: Store, submission: Submission, listing: Listing | None) -> Card:
    """The card given last: one that was withdrawn comes back as it was corrected, or as it was submitted again."""
    if listing is None or listing.card is None:
        return submission.card
    of_listing = (submission.sha256, submission.owner)
    said = [action.time for action in store.actions() if action.card and (action.sha256, action.owner) == of_listing]
    return submission.card if submission.queued > max(said).timestamp() else listing.card


def _supersede(store: Store, submission: Submission, earlier: Submission | None) -> None:
    if earlier is None or earlier.owner != submission.owner or earlier.sha256 == submission.sha256:
        return
    listing = store.register().of(earlier.sha256, earlier.owner)
    if listing is not None and listing.successor != submission.sha256:
        store.record(
            Action(
                actor=_actor(submission),
                kind="superseded",
                sha256=earlier.sha256,
                owner=earlier.owner,
                successor=submission.sha256,
            )
        )


def _move(database: Database, submission: Submission, state: State) -> None:
    with database.write() as connection:
        connection.execute(
            "UPDATE submissions SET state = ?, finished = COALESCE(finished, ?) WHERE id = ? AND state = ?",
            (state, time.time(), submission.id, submission.state),
        )


def _actor(submission: Submission) -> str:
    return submission.owner or VISITOR
