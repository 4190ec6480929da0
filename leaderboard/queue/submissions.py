"""What a submission in the queue is, and the states that it passes through.

``Jobs.add`` answers once a file is uploaded and checked: its bytes lie in the store, its card is valid, its size and
the number of its like are within the limits. Then::

    queued -> running -> scored -> publishing -> listed
                |  ^        ^                      |
                |  |        +----- withdrawn ------+
                |  +-- taken back to queued: the process that scored it ended, or a fault of ours
                +-> refused (the file), failed (another attempt would end the same)

Scoring that is interrupted from outside counts as no attempt. One that ends by itself or through a fault of ours does,
and the submission has failed only after ``claims.MAX_ATTEMPTS`` of them that got no further.

A submission that waits or runs can be cancelled; one that was cancelled, refused or failed is queued again when the
same file comes again, and so is one that is scored when it comes with another card.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics.measure.running.progress import Progress
    from submissions.card import Card

State = Literal["queued", "running", "scored", "refused", "failed", "cancelled", "publishing", "listed"]

NEXT: Mapping[State, frozenset[State]] = {
    "queued": frozenset({"running", "cancelled"}),
    "running": frozenset({"queued", "scored", "refused", "failed", "cancelled"}),
    "scored": frozenset({"publishing", "queued"}),  # queued again with another card, or where its result is gone
    "refused": frozenset({"queued"}),
    "failed": frozenset({"queued"}),
    "cancelled": frozenset({"queued"}),
    "publishing": frozenset({"listed", "scored"}),  # scored again where its result is gone or damaged
    "listed": frozenset({"publishing", "scored"}),
}
"""What may follow each state."""
UNFINISHED: frozenset[State] = frozenset({"queued", "running"})


class NotAcceptedError(Exception):
    """An upload that does not enter the queue; the message is one line for the person who sent it."""


class NotAllowedError(Exception):
    """A step that a submission cannot take now, or not for this person; the message says why."""


@dataclass(frozen=True)
class Submission:
    """Where one submission stands: a file of an owner.

    Attributes:
        id: 32 hexadecimal digits that nobody can guess; whoever knows them sees the result.
        sha256: of the file.
        owner: name of the signed-in person; None where nobody signs in.
        address: where the file came from.
        file_name: as uploaded.
        size_bytes: of the file.
        card: the model's.
        state: see the module.
        created: when it came first, in seconds since 1970.
        queued: when it was put in the queue last, in seconds since 1970.
        n_uploads: how often the same owner sent the same file.
        by_another: whether another owner had submitted the same bytes before.
        progress: of the running stage.
        run: result folder, relative to that of private results; None until scored.
        error: why it was refused or failed, or why its last attempt did.
        is_retryable: whether the same file may do better another time.
        attempts: times that scoring it ended without having got further than before.
        supersedes: id of the submission that this one takes the place of once it is published.

    """

    id: str
    sha256: str
    owner: str | None
    address: str
    file_name: str
    size_bytes: int
    card: Card
    state: State
    created: float
    queued: float
    n_uploads: int
    by_another: bool
    progress: Progress | None
    run: str | None
    error: str | None
    is_retryable: bool
    attempts: int
    supersedes: str | None

    @property
    def is_unfinished(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in UNFINISHED

    @property
    def party(self) -> str:
        """Who it counts for: the signed-in person, else the address."""
        return party(self.owner, self.address)


def party(owner: str | None, address: str) -> str:
    """Who a submission counts for: the signed-in person, else the address it came from."""
    return f"user {owner}" if owner is not None else f"address {address}"


def card_kept(submission: Submission, card: Card) -> str | None:
    """Why a file that came again with another card keeps the one it has, as a sentence; None where it took this one."""
    if submission.card == card or submission.state not in {"running", "publishing", "listed"}:
        return None
    name = submission.card.model
    if submission.state == "running":
        return f"This file is being scored as {name}: once it is scored, submit it again to change its card."
    return f"This file is on the board as {name}: to change its card, withdraw it first, then submit it again."
