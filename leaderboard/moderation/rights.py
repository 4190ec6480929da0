"""Who may do what: the owner of a submission, a maintainer, anybody else."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leaderboard.store.actions import Kind
    from leaderboard.store.listings import Listing

MAINTAINERS = "LEADERBOARD_MAINTAINERS"
"""Environment variable: user names of the maintainers, separated by commas."""

BY_OWNERS: frozenset[Kind] = frozenset({"published", "card_corrected", "withdrawn", "superseded"})
"""What an owner does with a submission of theirs; all else is up to the maintainers."""
FOR_THE_OWNER_ALONE: frozenset[Kind] = frozenset({"published"})
"""It takes the owner's consent to a licence, which nobody can give for them."""

_DOING: dict[Kind, str] = {
    "published": "publish it",
    "card_corrected": "correct its card",
    "withdrawn": "withdraw it",
    "superseded": "put another one in its place",
    "approved": "approve it",
    "rejected": "reject it",
    "verified": "verify it",
    "hidden": "hide it",
    "shown": "show it again",
    "deleted": "delete it",
    "banned": "ban somebody",
    "unbanned": "lift a ban",
    "frozen": "freeze submissions",
    "thawed": "end a freeze",
}


@dataclass(frozen=True)
class Visitor:
    """Somebody who asks for something.

    Attributes:
        actor: as the log names them.
        owner: name under which they are signed in; None where they are not.
        is_maintainer: whether they may do what maintainers do.
        can_sign_in: whether people sign in where they come from, so that one without a name is a stranger. Where
            nobody can, everybody is the owner of what has none.
        address: from which they ask; None on the command line.

    """

    actor: str
    owner: str | None = None
    is_maintainer: bool = False
    can_sign_in: bool = False
    address: str | None = None


def maintainers() -> frozenset[str]:
    """User names of the maintainers."""
    return frozenset(name.strip() for name in os.environ.get(MAINTAINERS, "").split(",") if name.strip())


def on_the_command_line() -> Visitor:
    """Whoever can write the store is its maintainer, and the owner of what has none."""
    return Visitor(f"{getpass.getuser()} on the command line", is_maintainer=True)


def may(visitor: Visitor, kind: Kind, listing: Listing | None = None) -> str | None:
    """Why somebody may not do something, or None where they may.

    Args:
        visitor: who.
        kind: what.
        listing: of the submission that it is about; None for what is about users or the board.

    """
    if kind not in BY_OWNERS or listing is None:
        if not visitor.is_maintainer:
            return f"only maintainers may {_DOING[kind]}"
    elif not _is_owner(visitor, listing) and not (visitor.is_maintainer and kind not in FOR_THE_OWNER_ALONE):
        if visitor.can_sign_in and visitor.owner is None:
            return f"sign in to {_DOING[kind]}"
        others = "" if kind in FOR_THE_OWNER_ALONE else " and maintainers"
        return f"only its owner{others} may {_DOING[kind]}"
    if listing is None:
        return None
    if (listing.is_deleted and kind != "deleted") or (kind == "published" and listing.status in {"hidden", "rejected"}):
        return f"the maintainers have {listing.status} it: {listing.reason}"
    return None


def _is_owner(visitor: Visitor, listing: Listing) -> bool:
    if visitor.owner is None:
        return listing.owner is None and not visitor.can_sign_in
    return visitor.owner == listing.owner
