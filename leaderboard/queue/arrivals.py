"""A file that comes: whether it is a submission already, whether the queue takes it, and its row if so."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

from leaderboard.queue.admission import DAY_S, OWNER_WINDOW_S, Counts, Limits, refusal
from leaderboard.queue.results import private_run
from leaderboard.queue.rows import one
from leaderboard.queue.submissions import NotAcceptedError, Submission, party

if TYPE_CHECKING:
    import sqlite3

    from leaderboard.store.local import Store
    from submissions.card import Card

ENDED_WITHOUT_RESULT = ("refused", "failed", "cancelled")


class Arrival(NamedTuple):
    """What comes with a file; see :class:`leaderboard.queue.submissions.Submission`."""

    sha256: str
    size_bytes: int
    file_name: str
    card: Card
    owner: str | None
    address: str
    supersedes: str | None

    @property
    def party(self) -> str:
        """Who it counts for."""
        return party(self.owner, self.address)


def known(connection: sqlite3.Connection, arrival: Arrival, store: Store) -> Submission | None:
    """The submission that this file of this person is already; None where it is new or has to be scored again.

    One that waits takes the card that comes now. One that runs or is on the board keeps its card, see
    :func:`.submissions.card_kept`.
    """
    earlier = _earlier(connection, arrival)
    if earlier is None or _needs_scoring(earlier, arrival.card, store):
        return None
    connection.execute("UPDATE submissions SET n_uploads = n_uploads + 1 WHERE id = ?", (earlier.id,))
    if earlier.state == "queued":
        card = arrival.card.model_dump_json()
        connection.execute("UPDATE submissions SET card = ? WHERE id = ?", (card, earlier.id))
    return one(connection, "id = ?", (earlier.id,))


def refuse(connection: sqlite3.Connection, arrival: Arrival, store: Store, limits: Limits) -> None:
    """Stop what the queue does not take.

    Raises:
        NotAcceptedError: says why in one line.

    """
    register = store.register()
    if register.frozen is not None:
        msg = f"this board takes no uploads for now: {register.frozen}"
        raise NotAcceptedError(msg)
    if arrival.owner in register.banned:
        msg = f"the maintainers take no submissions of {arrival.owner}: {register.banned[arrival.owner]}"
        raise NotAcceptedError(msg)
    if why := refusal(_counts(connection, arrival), limits):
        raise NotAcceptedError(why)


def enter(connection: sqlite3.Connection, arrival: Arrival) -> Submission:
    """Queue a file whose bytes are in the store: a new submission, or one that ended without a result again."""
    earlier = _earlier(connection, arrival)
    now, card = time.time(), arrival.card.model_dump_json()
    if earlier is None:
        submission = secrets.token_hex(16)
        connection.execute(
            "INSERT INTO submissions (id, sha256, party, owner, address, file_name, size_bytes, card, state, created, "
            "queued, supersedes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?)",
            (
                submission,
                arrival.sha256,
                arrival.party,
                arrival.owner,
                arrival.address,
                arrival.file_name,
                arrival.size_bytes,
                card,
                now,
                now,
                arrival.supersedes,
            ),
        )
    else:
        submission = earlier.id
        connection.execute(
            "UPDATE submissions SET state = 'queued', queued = ?, card = ?, file_name = ?, supersedes = ?, "
            "n_uploads = n_uploads + 1, cancel_asked = 0, attempts = 0, interruptions = 0, run = NULL, error = NULL, "
            "is_retryable = 0 WHERE id = ?",
            (now, card, arrival.file_name, arrival.supersedes, submission),
        )
    if not _is_our_fault(earlier):
        connection.execute("INSERT INTO entries VALUES (?, ?, ?)", (arrival.party, arrival.address, now))
    entered = one(connection, "id = ?", (submission,))
    assert entered is not None  # noqa: S101 - written just now, in this transaction
    return entered


def _earlier(connection: sqlite3.Connection, arrival: Arrival) -> Submission | None:
    return one(connection, "sha256 = ? AND party = ?", (arrival.sha256, arrival.party))


def _needs_scoring(earlier: Submission, card: Card, store: Store) -> bool:
    """Whether it has no result, or one with another card: what the card says of training sets decides scores."""
    if earlier.state == "scored":
        listing = store.register().of(earlier.sha256, earlier.owner)
        card_now = (listing.card if listing else None) or earlier.card
        return card != card_now or private_run(store.root, str(earlier.run)) is None
    return earlier.state in ENDED_WITHOUT_RESULT


def _is_our_fault(earlier: Submission | None) -> bool:
    """Whether it is queued again because the server failed it or cleared its result away, or for its card alone.

    All these take seconds, for what was measured stays measured.
    """
    return earlier is not None and earlier.state not in {"refused", "cancelled"}


def _counts(connection: sqlite3.Connection, arrival: Arrival) -> Counts:
    """What the queue holds; what is queued again through a fault of the server is no further upload."""

    def count(condition: str, *values: object) -> int:
        query = f"SELECT COUNT(*) FROM {condition}"  # noqa: S608 - the conditions below
        return int(connection.execute(query, values).fetchone()[0])

    now = time.time()
    is_further = not _is_our_fault(_earlier(connection, arrival))
    of_owner = ("entries WHERE party = ? AND entered > ?", arrival.party, now - OWNER_WINDOW_S)
    of_address = ("entries WHERE address = ? AND entered > ?", arrival.address, now - DAY_S)
    return Counts(
        waiting=count("submissions WHERE state = 'queued'"),
        waiting_of_one=count("submissions WHERE party = ? AND state IN ('queued', 'running')", arrival.party),
        owner_week=count(*of_owner) if is_further and arrival.owner is not None else 0,
        address_day=count(*of_address) if is_further else 0,
    )
