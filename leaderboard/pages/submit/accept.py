"""A file and a card as the queue takes them, from the page and from programs alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leaderboard.pages.parts.visitor import upload_refusal
from leaderboard.queue.submissions import NotAcceptedError, card_kept
from submissions.card import card_from_fields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from leaderboard.moderation.rights import Visitor
    from leaderboard.queue.jobs import Jobs
    from leaderboard.queue.submissions import Submission


class Accepted(NamedTuple):
    """A submission in the queue.

    Attributes:
        submission: the submission.
        kept: why it keeps the card that it had, as a sentence; None where it has the one that came.

    """

    submission: Submission
    kept: str | None


def accept(
    jobs: Jobs, visitor: Visitor, path: Path, fields: Mapping[str, object], *, supersedes: str | None = None
) -> Accepted:
    """Take an uploaded file of a visitor.

    Args:
        jobs: the queue.
        visitor: who sends it.
        path: the uploaded file.
        fields: of the card, see :func:`submissions.card.card_from_fields`.
        supersedes: id of the submission that this one takes the place of once it is published.

    Raises:
        NotAcceptedError: the visitor may not submit, or the queue does not take it.
        FileRefusedError: the card is none.

    """
    if (refusal := upload_refusal(visitor)) is not None:
        raise NotAcceptedError(refusal)
    card = card_from_fields(fields)
    submission = jobs.add(path, card, visitor.owner, visitor.address or "", supersedes=supersedes)
    return Accepted(submission, card_kept(submission, card))
