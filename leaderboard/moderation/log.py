"""The log and the submissions as lines that people read."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leaderboard.store.actions import Action
    from leaderboard.store.listings import Listing


def entries(actions: Iterable[Action]) -> Iterator[str]:
    """Each action as a line: when, who, what, of which submission, whom, why."""
    for action in actions:
        yield "  ".join((when(action), action.actor, action.kind, *_about(action)))


def when(action: Action) -> str:
    """Time of an action, to the second, in UTC."""
    return f"{action.time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def about(action: Action) -> str:
    """What an action is about: the submission, a user, why; empty where it is about all."""
    return "  ".join(_about(action))


def listing_line(listing: Listing) -> str:
    """A submission: its file, owner, model and what became of it."""
    at = "" if listing.owner is None else f"@{listing.owner}"
    published = "-" if listing.published is None else f"{listing.published.astimezone(UTC):%Y-%m-%d}"
    model = "-" if listing.card is None else listing.card.model
    marks = [
        listing.status,
        *(["superseded"] if listing.is_superseded else []),
        *([f"{len(listing.verified)} runs verified"] if listing.verified else []),
        *([] if listing.reason is None else [listing.reason]),
    ]
    return f"{listing.sha256[:12]}{at}  {published}  {model}  {'; '.join(marks)}"


def _about(action: Action) -> list[str]:
    at = "" if action.owner is None else f"@{action.owner}"
    return [
        *([f"{action.sha256}{at}"] if action.sha256 else []),
        *([f"run {action.run}"] if action.run else []),
        *([f"user {action.user}"] if action.user else []),
        *([f"in favour of {action.successor}"] if action.successor else []),
        *([f"model {action.card.model}"] if action.card else []),
        *([f"licence {action.licence}"] if action.licence else []),
        *([f"({action.reason})"] if action.reason else []),
    ]
