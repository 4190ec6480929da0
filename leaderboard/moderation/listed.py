"""Submissions of the store, with and without a word in the log, by what people call them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from leaderboard.errors import CommandError
from leaderboard.store.listings import unsaid
from leaderboard.store.run import place

if TYPE_CHECKING:
    from leaderboard.store.listings import Listing
    from leaderboard.store.local import Store

_NAMED = re.compile(
    r"(?P<sha256>[0-9a-f]{6,64})(?:/(?P<key>[0-9a-f]{12}))?(?:@(?P<owner>(?:[A-Za-z0-9][A-Za-z0-9._-]{0,95})?))?"
)


class NotDoneError(CommandError):
    """What was asked for is not done; the message says why, for the person who asked."""


class Named(NamedTuple):
    """What an id names: a submission, and where it names a run of it, that as ``<submission>/<run key>``."""

    listing: Listing
    run: str | None


def all_listings(store: Store) -> list[Listing]:
    """Every submission that was ever published, whatever became of it; those of which the log says nothing first."""
    listings = store.register().listings
    said_nothing_of = dict.fromkeys(run.record.submission_sha256 for run in store.runs())
    quiet = [unsaid(sha256, None) for sha256 in said_nothing_of if sha256 not in listings]
    return quiet + [listing for of_file in listings.values() for listing in of_file]


def listing_of(store: Store, sha256: str, owner: str | None) -> Listing:
    """The listing of a file of an owner.

    Raises:
        NotDoneError: there is none.

    """
    for listing in all_listings(store):
        if (listing.sha256, listing.owner) == (sha256, owner):
            return listing
    msg = f"no submission {sha256[:12]}{'' if owner is None else f'@{owner}'} was published here"
    raise NotDoneError(msg)


def named(store: Store, identifier: str) -> Named:
    """What an id names: ``<sha256 or its first digits>``, with ``/<run key>`` and ``@<owner>`` where needed.

    An ``@`` with nothing behind it is the submission of nobody, where others have the same file.

    Raises:
        NotDoneError: nothing, or more than one thing.

    """
    parts = _NAMED.fullmatch(identifier.strip())
    if parts is None:
        msg = (
            f"{identifier!r} names no submission; expected the id of a run (<12 digits>/<12 digits>) or at least 6 "
            "digits of the sha256 of a file, with @owner behind it where it has one, and @ alone where it has none"
        )
        raise NotDoneError(msg)
    matching = [
        listing
        for listing in all_listings(store)
        if listing.sha256.startswith(parts["sha256"]) and parts["owner"] in {None, listing.owner or ""}
    ]
    if len(matching) != 1:
        ids = ", ".join(f"{listing.sha256[:12]}@{listing.owner or ''}" for listing in matching) or "none"
        msg = f"{identifier!r} names {len(matching)} submissions ({ids}); expected one"
        raise NotDoneError(msg)
    (listing,) = matching
    return Named(listing, None if parts["key"] is None else place(listing.sha256, parts["key"]))
