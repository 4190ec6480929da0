"""What the board knows of each published submission, from the log of actions alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from leaderboard.store.actions import Action, Kind
    from submissions.card import Card

Status = Literal["approved", "unverified", "rejected", "withdrawn", "hidden", "deleted"]
VISIBLE: frozenset[Status] = frozenset({"approved", "unverified"})
"""Of these the board shows the runs; only the approved take part in ranks, means and bests."""


@dataclass(frozen=True)
class Listing:
    """A published submission: a file of an owner.

    Attributes:
        sha256: of the file.
        owner: whose it is; None where nobody signs in.
        card: as its owner gave it last; None where it is that of the run.
        published: when it was published last; None where the log does not say.
        review: what the maintainers think of it; what comes from the command line of the store needs no review.
        is_hidden: by the maintainers.
        is_withdrawn: by its owner.
        is_deleted: by the maintainers, files and all.
        reason: why it was rejected, hidden or deleted.
        verified: the runs that the maintainers scored again, as ``<submission>/<run key>``.
        successor: sha256 of the file that takes its place.
        is_superseded: that file is approved, so that this one no longer counts.

    """

    sha256: str
    owner: str | None
    card: Card | None = None
    published: datetime | None = None
    review: Literal["approved", "unverified", "rejected"] = "unverified"
    is_hidden: bool = False
    is_withdrawn: bool = False
    is_deleted: bool = False
    reason: str | None = None
    verified: frozenset[str] = frozenset()
    successor: str | None = None
    is_superseded: bool = False

    @property
    def status(self) -> Status:
        """The one word for it, the most final first."""
        if self.is_deleted:
            return "deleted"
        if self.is_hidden:
            return "hidden"
        return "withdrawn" if self.is_withdrawn else self.review

    @property
    def is_visible(self) -> bool:
        """Whether the board shows it."""
        return self.status in VISIBLE


@dataclass(frozen=True)
class Register:
    """All that the log says now.

    Attributes:
        listings: by sha256 of the file, the owner who published it first before others.
        banned: reason by user.
        frozen: why no uploads are accepted; None where they are.

    """

    listings: dict[str, tuple[Listing, ...]] = field(default_factory=dict)
    banned: dict[str, str] = field(default_factory=dict)
    frozen: str | None = None

    def of(self, sha256: str, owner: str | None) -> Listing | None:
        """The listing of a file of an owner."""
        return next((listing for listing in self.listings.get(sha256, ()) if listing.owner == owner), None)

    def is_deleted(self, sha256: str) -> bool:
        """Whether nobody's listing of a file needs its runs any more: each was deleted by the maintainers."""
        return sha256 in self.listings and all(listing.is_deleted for listing in self.listings[sha256])


def refusal_of(now: Register, owner: str | None) -> str | None:
    """Why this person may not upload or publish anything, or None where they may."""
    if owner is not None and owner in now.banned:
        return f"{owner} may not submit here: {now.banned[owner]}"
    return None if now.frozen is None else f"no submissions are accepted at the moment: {now.frozen}"


def register(actions: Iterable[Action]) -> Register:
    """What the actions, in the order of their times, amount to."""
    listings: dict[str, dict[str | None, Listing]] = {}
    banned: dict[str, str] = {}
    frozen: str | None = None
    for action in actions:
        if action.kind == "banned":
            banned[str(action.user)] = str(action.reason)
        elif action.kind == "unbanned":
            banned.pop(str(action.user), None)
        elif action.kind == "frozen":
            frozen = action.reason
        elif action.kind == "thawed":
            frozen = None
        else:
            of_file = listings.setdefault(str(action.sha256), {})
            before = of_file.get(action.owner) or unsaid(str(action.sha256), action.owner)
            of_file[action.owner] = after(before, action)
    as_said = {sha256: tuple(of_file.values()) for sha256, of_file in listings.items()}
    return Register({sha256: _resolved(of_file, as_said) for sha256, of_file in as_said.items()}, banned, frozen)


def after(listing: Listing, action: Action) -> Listing:
    """What an action on a submission makes of its listing."""
    return replace(listing, **_CHANGES[action.kind](listing, action))  # type: ignore[arg-type]


def _resolved(of_file: tuple[Listing, ...], as_said: Mapping[str, tuple[Listing, ...]]) -> tuple[Listing, ...]:
    """Listings that say whether the one that takes their place is approved."""

    def is_superseded(listing: Listing) -> bool:
        successors = as_said.get(listing.successor or "", ())
        return any(other.owner == listing.owner and other.status == "approved" for other in successors)

    return tuple(replace(listing, is_superseded=is_superseded(listing)) for listing in of_file)


def unsaid(sha256: str, owner: str | None) -> Listing:
    """A submission before anything was said of it: without an owner whoever runs the store has put it there."""
    return Listing(sha256, owner, review="unverified" if owner else "approved")


def _carded(listing: Listing, action: Action) -> dict[str, object]:
    """Another card; under another name the owner's model was reviewed by nobody.

    The names are what others are ranked against, and where results are announced.
    """
    named = [card and (card.model, card.version, card.hub_model) for card in (listing.card, action.card)]
    is_renamed = listing.card is not None and named[0] != named[1]
    by_owner = action.owner is not None and action.actor == action.owner
    is_anew = is_renamed and by_owner and listing.review == "approved"
    return {"card": action.card, **({"review": "unverified"} if is_anew else {})}


_CHANGES: Mapping[Kind, Callable[[Listing, Action], dict[str, object]]] = {
    "published": lambda listing, action: {
        **_carded(listing, action),
        "published": action.time,
        "is_withdrawn": False,
        "successor": None,
    },
    "card_corrected": _carded,
    "withdrawn": lambda *_: {"is_withdrawn": True},
    "superseded": lambda _, action: {"successor": action.successor},
    "approved": lambda *_: {"review": "approved", "reason": None},
    "rejected": lambda _, action: {"review": "rejected", "reason": action.reason},
    "verified": lambda listing, action: {"verified": listing.verified | {str(action.run)}},
    "hidden": lambda _, action: {"is_hidden": True, "reason": action.reason},
    "shown": lambda *_: {"is_hidden": False, "reason": None},
    "deleted": lambda _, action: {"is_deleted": True, "reason": action.reason},
}
"""What changes of a listing; nothing that an owner does undoes what the maintainers did."""
