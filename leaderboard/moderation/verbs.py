"""What is done to submissions: each verb asks whether it may, writes the log, and then does what follows from it.

What is so already is not said again: a verb then returns None and writes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from leaderboard.moderation.listed import NotDoneError, listing_of
from leaderboard.moderation.rights import may
from leaderboard.store.actions import Action
from leaderboard.store.listings import after, refusal_of, unsaid
from leaderboard.store.run import Run, place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leaderboard.moderation.rights import Visitor
    from leaderboard.store.actions import Kind
    from leaderboard.store.listings import Listing
    from leaderboard.store.local import Store
    from submissions.card import Card


def publish(
    store: Store, visitor: Visitor, folder: Path, card: Card | None = None, *, licence: str | None = None
) -> Run:
    """List a finished run as a submission of the visitor's, or list a withdrawn one again.

    The log comes first: a run that no action speaks of would be one that nobody submitted and that needs no review.

    Args:
        store: where.
        visitor: the owner.
        folder: of the run.
        card: of the model; None for the one that is known, else that of the run.
        licence: under which its owner lets structures and scores be shown; where people sign in, it must be given.

    Raises:
        NotDoneError: it is not for the visitor to publish.

    """
    record = Run(folder).record
    sha256 = record.submission_sha256
    now = store.register()
    listing = now.of(sha256, visitor.owner)
    refusals = (
        may(visitor, "published", listing or unsaid(sha256, visitor.owner)),
        None if visitor.is_maintainer else refusal_of(now, visitor.owner),
        "publishing needs consent to the licence" if visitor.can_sign_in and not licence else None,
    )
    if (refusal := next(filter(None, refusals), None)) is not None:
        raise NotDoneError(refusal)
    known = None if listing is None else listing.card
    says = {"card": card or known or record.model, "licence": licence}
    _say(store, visitor, "published", listing or unsaid(sha256, visitor.owner), is_first=listing is None, **says)
    return store.publish(folder)


def correct_card(store: Store, visitor: Visitor, sha256: str, owner: str | None, card: Card) -> Action | None:
    """Give a submission another card; its runs stay as they are."""
    if (reason := store.register().banned.get(visitor.owner or "")) is not None:
        msg = f"{visitor.owner} may change nothing here: {reason}"
        raise NotDoneError(msg)
    return _say(store, visitor, "card_corrected", listing_of(store, sha256, owner), card=card)


def withdraw(
    store: Store, visitor: Visitor, sha256: str, owner: str | None, reason: str | None = None
) -> Action | None:
    """Take a submission off the board; its owner can publish it again."""
    return _say(store, visitor, "withdrawn", listing_of(store, sha256, owner), reason=_optional(reason))


def supersede(store: Store, visitor: Visitor, sha256: str, owner: str | None, successor: str) -> Action | None:
    """Put another submission of the same owner in the place of one, which no longer counts once that is approved.

    Raises:
        NotDoneError: the other one is not on the board, or gave its own place to this one.

    """
    listing = listing_of(store, sha256, owner)
    if (refusal := may(visitor, "superseded", listing)) is not None:
        raise NotDoneError(refusal)
    following: str | None = successor
    seen = {sha256}
    while following is not None:
        if following in seen:
            msg = f"{successor[:12]} gave its own place to {sha256[:12]}; withdraw one of the two instead"
            raise NotDoneError(msg)
        seen.add(following)
        following_listing = listing_of(store, following, owner)
        if not following_listing.is_visible:
            msg = f"{following[:12]} is {following_listing.status} and takes nobody's place"
            raise NotDoneError(msg)
        following = following_listing.successor
    return _say(store, visitor, "superseded", listing, successor=successor)


def approve(store: Store, visitor: Visitor, sha256: str, owner: str | None) -> Action | None:
    """Let a submission count in ranks, means and bests."""
    return _say(store, visitor, "approved", listing_of(store, sha256, owner))


def reject(store: Store, visitor: Visitor, sha256: str, owner: str | None, reason: str) -> Action | None:
    """Take a submission off the board after a review, for a reason that all can read."""
    return _say(store, visitor, "rejected", listing_of(store, sha256, owner), reason=_stated(reason))


def hide(store: Store, visitor: Visitor, sha256: str, owner: str | None, reason: str) -> Action | None:
    """Take a submission off the board until it is shown again, whatever the review says."""
    return _say(store, visitor, "hidden", listing_of(store, sha256, owner), reason=_stated(reason))


def show(store: Store, visitor: Visitor, sha256: str, owner: str | None) -> Action | None:
    """End what `hide` began."""
    return _say(store, visitor, "shown", listing_of(store, sha256, owner))


def delete(store: Store, visitor: Visitor, sha256: str, owner: str | None, reason: str) -> Action | None:
    """Take a submission off the board for good, and its files from the store unless another listing needs them.

    Given again it finishes what an interrupted call began.
    """
    action = _say(store, visitor, "deleted", listing_of(store, sha256, owner), reason=_stated(reason))
    if store.register().is_deleted(sha256):
        store.remove(sha256)
    return action


def verify(store: Store, visitor: Visitor, run: Run, differs: Callable[[Run], str | None]) -> Action | None:
    """Score a run again and say so in the log where the numbers are the same.

    Args:
        store: where it is listed.
        visitor: a maintainer.
        run: as the store lists it.
        differs: scores it again; how the numbers differ, or None where they are the same.

    Raises:
        NotDoneError: they differ.

    """
    sha256, of_run = run.record.submission_sha256, place(run.record.submission_sha256, run.record.run_key)
    listing = listing_of(store, sha256, run.owner)
    # asked before hours of scoring
    if (refusal := may(visitor, "verified", listing)) is not None:
        raise NotDoneError(refusal)
    if (difference := differs(run)) is not None:
        msg = f"{of_run} is not verified: {difference}"
        raise NotDoneError(msg)
    return _say(store, visitor, "verified", listing, run=of_run)


def ban(store: Store, visitor: Visitor, user: str, reason: str) -> Action | None:
    """Accept nothing more from somebody; what they have on the board stays until it is hidden or deleted."""
    reason = _stated(reason)
    return _say_of_all(
        store, visitor, "banned", is_so=store.register().banned.get(user) == reason, user=user, reason=reason
    )


def unban(store: Store, visitor: Visitor, user: str) -> Action | None:
    """End a ban."""
    return _say_of_all(store, visitor, "unbanned", is_so=user not in store.register().banned, user=user)


def freeze(store: Store, visitor: Visitor, reason: str) -> Action | None:
    """Accept nothing from anybody for now."""
    reason = _stated(reason)
    return _say_of_all(store, visitor, "frozen", is_so=store.register().frozen == reason, reason=reason)


def thaw(store: Store, visitor: Visitor) -> Action | None:
    """End a freeze."""
    return _say_of_all(store, visitor, "thawed", is_so=store.register().frozen is None)


def _say(
    store: Store,
    visitor: Visitor,
    kind: Kind,
    listing: Listing,
    *,
    is_first: bool = False,
    **says: Any,  # noqa: ANN401 - fields of an action, which checks them
) -> Action | None:
    """Write the log, unless it says so already."""
    if (refusal := may(visitor, kind, listing)) is not None:
        raise NotDoneError(refusal)
    action = _action(visitor, kind, sha256=listing.sha256, owner=listing.owner, **says)
    if not is_first and replace(after(listing, action), published=listing.published) == listing:
        return None
    store.record(action)
    return action


def _say_of_all(
    store: Store,
    visitor: Visitor,
    kind: Kind,
    *,
    is_so: bool,
    **says: Any,  # noqa: ANN401 - fields of an action, which checks them
) -> Action | None:
    """The same for what is about users or the board."""
    if (refusal := may(visitor, kind)) is not None:
        raise NotDoneError(refusal)
    action = _action(visitor, kind, **says)
    if is_so:
        return None
    store.record(action)
    return action


def _action(visitor: Visitor, kind: Kind, **says: Any) -> Action:  # noqa: ANN401 - fields of an action
    try:
        return Action(actor=visitor.actor, kind=kind, **says)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        msg = f"the log takes no such entry: {wrong}"
        raise NotDoneError(msg) from error


def _stated(reason: str) -> str:
    if not reason.strip():
        msg = "say why: the reason stands in the log, for all to read"
        raise NotDoneError(msg)
    return reason


def _optional(reason: str | None) -> str | None:
    return reason if reason and reason.strip() else None
