"""Who may do what: laws over every kind of action and every sort of visitor."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.moderation.rights import MAINTAINERS, Visitor, maintainers, may, on_the_command_line
from leaderboard.store.actions import ABOUT_THE_BOARD, ABOUT_USERS, Action, Kind
from leaderboard.store.listings import VISIBLE, Listing, refusal_of, register

FILE = "a" * 64
BY_OWNERS = {"published", "card_corrected", "withdrawn", "superseded"}
NAMES = (None, "ada", "bob")

kinds = st.sampled_from(get_args(Kind))
owners = st.sampled_from(NAMES)
visitors = st.builds(
    Visitor, st.just("somebody"), owners, is_maintainer=st.booleans(), can_sign_in=st.booleans()
).filter(lambda visitor: visitor.can_sign_in or visitor.owner is None)
listings = st.builds(
    Listing,
    st.just(FILE),
    owners,
    review=st.sampled_from(["approved", "unverified", "rejected"]),
    is_hidden=st.booleans(),
    is_withdrawn=st.booleans(),
    is_deleted=st.booleans(),
    reason=st.just("because"),
)
strangers = visitors.filter(lambda visitor: not visitor.is_maintainer)


@given(visitor=strangers, kind=kinds, listing=listings)
def test_only_the_owner_does_anything_with_a_submission(visitor: Visitor, kind: Kind, listing: Listing) -> None:
    if may(visitor, kind, listing) is None:
        assert kind in BY_OWNERS
        assert visitor.owner == listing.owner
        assert visitor.owner is not None or not visitor.can_sign_in


@given(visitor=strangers, kind=st.sampled_from(sorted({*ABOUT_USERS, *ABOUT_THE_BOARD})))
def test_only_maintainers_ban_and_freeze(visitor: Visitor, kind: Kind) -> None:
    assert may(visitor, kind) is not None
    assert may(Visitor("m", "m", is_maintainer=True, can_sign_in=True), kind) is None


@given(kind=kinds, listing=listings)
def test_who_is_not_signed_in_where_people_sign_in_does_nothing(kind: Kind, listing: Listing) -> None:
    assert may(Visitor("somebody", can_sign_in=True), kind, listing) is not None


@given(visitor=visitors, kind=kinds, listing=listings)
def test_what_is_deleted_stays_so(visitor: Visitor, kind: Kind, listing: Listing) -> None:
    if listing.is_deleted and kind != "deleted":
        assert may(visitor, kind, listing) is not None


@given(visitor=visitors, listing=listings)
def test_nobody_consents_for_somebody_else(visitor: Visitor, listing: Listing) -> None:
    if may(visitor, "published", listing) is None:
        assert visitor.owner == listing.owner


@given(kind=kinds, listing=listings)
def test_a_maintainer_does_what_owners_do_but_consent(kind: Kind, listing: Listing) -> None:
    maintainer = Visitor("m", "m", is_maintainer=True, can_sign_in=True)
    allowed = may(maintainer, kind, listing) is None
    assert allowed == (kind == "deleted" or (kind != "published" and not listing.is_deleted))


@given(listing=listings, is_published=st.booleans())
def test_an_owner_may_always_withdraw_and_publishes_again_what_the_maintainers_left(
    listing: Listing, *, is_published: bool
) -> None:
    owner = Visitor("o", listing.owner, can_sign_in=listing.owner is not None)
    if is_published:
        assert (may(owner, "published", listing) is None) == (listing.status in {*VISIBLE, "withdrawn"})
    else:
        assert (may(owner, "withdrawn", listing) is None) == (not listing.is_deleted)


@pytest.mark.parametrize(
    ("names", "expected"),
    [("", set()), (" , ,", set()), ("ada", {"ada"}), (" ada, bob ,", {"ada", "bob"}), ("*", {"*"})],
)
def test_maintainers_are_names_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, names: str, expected: set[str]
) -> None:
    monkeypatch.setenv(MAINTAINERS, names)
    assert maintainers() == expected


def test_whoever_can_write_the_store_is_its_maintainer() -> None:
    visitor = on_the_command_line()
    assert visitor.actor.endswith(" on the command line")
    assert all(may(visitor, kind, Listing(FILE, None)) is None for kind in get_args(Kind))


BAN = Action(actor="m", kind="banned", user="ada", reason="spam")
FREEZE = Action(actor="m", kind="frozen", reason="a new protocol")


@pytest.mark.parametrize(
    ("actions", "refused"),
    [((), set()), ((BAN,), {"ada"}), ((FREEZE,), set(NAMES)), ((BAN, FREEZE), set(NAMES))],
)
def test_the_banned_and_in_a_freeze_everybody_are_refused_with_the_reason(
    actions: tuple[Action, ...], refused: set[str | None]
) -> None:
    reasons = {name: reason for name in NAMES if (reason := refusal_of(register(actions), name)) is not None}
    assert set(reasons) == refused
    for name, reason in reasons.items():
        assert reason.endswith("spam" if BAN in actions and name == "ada" else "a new protocol")
