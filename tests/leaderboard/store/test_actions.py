"""The log of actions: what it must say, that it is only appended to, and what it amounts to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leaderboard.store.actions import ABOUT_THE_BOARD, ABOUT_USERS, NEEDS, Action, Kind
from leaderboard.store.listings import VISIBLE, register
from leaderboard.store.local import Store
from submissions.card import Card
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path

FILE, OTHER = "a" * 64, "b" * 64
OF_THE_OWNER: tuple[Kind, ...] = ("published", "card_corrected", "withdrawn", "superseded")
START = datetime(2026, 11, 30, tzinfo=UTC)
PARTS: dict[str, Any] = {
    "sha256": FILE,
    "owner": "ada",
    "run": f"{FILE[:12]}/{'c' * 12}",
    "card": Card(model="m"),
    "successor": OTHER,
    "user": "eve",
    "reason": "because",
}
KINDS = get_args(Kind)
OF_A_FILE = [kind for kind in KINDS if kind not in ABOUT_USERS | ABOUT_THE_BOARD]


def action(kind: Kind, minute: int = 0, **changes: object) -> Action:
    """An action that says all it must."""
    needs = ("owner", "sha256", *NEEDS.get(kind, ()))
    parts = {name: PARTS[name] for name in needs if name not in ("owner", "sha256") or kind in OF_A_FILE}
    return Action(actor="ada", kind=kind, time=START + timedelta(minutes=minute), **{**parts, **changes})


@pytest.mark.parametrize(("kind", "missing"), [(kind, name) for kind, names in NEEDS.items() for name in names])
def test_an_action_says_what_it_must(kind: Kind, missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        action(kind, 0, **{missing: None})


@pytest.mark.parametrize("kind", OF_A_FILE)
def test_an_action_on_a_submission_names_its_file(kind: Kind) -> None:
    with pytest.raises(ValidationError, match="sha256"):
        action(kind, sha256=None)


@given(kinds=st.lists(st.sampled_from(KINDS), max_size=12))
def test_an_owner_never_undoes_what_the_maintainers_did(kinds: list[Kind]) -> None:
    actions = [action(kind, minute) for minute, kind in enumerate(kinds)]
    before = register(actions).of(FILE, "ada")
    by_owner = [action(kind, 60) for kind in OF_THE_OWNER]
    by_owner.append(action("published", 61))
    after = register([*actions, *by_owner]).of(FILE, "ada")
    assert after is not None
    if before is None:
        assert after.status == "unverified"
    else:
        assert (after.is_hidden, after.is_deleted, after.review, after.reason) == (
            before.is_hidden,
            before.is_deleted,
            before.review,
            before.reason,
        )


def test_a_submission_of_an_owner_waits_for_a_review_and_one_of_the_command_line_does_not() -> None:
    listings = register([action("published"), action("published", owner=None)]).listings[FILE]
    assert [(listing.owner, listing.status) for listing in listings] == [("ada", "unverified"), (None, "approved")]
    approved = register([action("published"), action("approved", 1)]).of(FILE, "ada")
    assert approved is not None
    assert approved.status == "approved"


@pytest.mark.parametrize("kind", ["card_corrected", "published"])
@pytest.mark.parametrize(
    ("changes", "review"),
    [
        ({"model": "another"}, "unverified"),
        ({"version": "2"}, "unverified"),
        ({"hub_model": "lab/model"}, "unverified"),
        ({"contact": "ada"}, "approved"),
    ],
    ids=str,
)
def test_another_name_of_an_approved_model_waits_for_a_review(kind: Kind, changes: dict[str, Any], review: str) -> None:
    before = [action("published"), action("approved", 1)]
    renamed = action(kind, 2, card=Card(**{"model": "m", **changes}))
    by_owner = register([*before, renamed]).of(FILE, "ada")
    assert by_owner is not None
    assert (by_owner.review, by_owner.card) == (review, renamed.card)
    by_maintainer = register([*before, renamed.model_copy(update={"actor": "mia"})]).of(FILE, "ada")
    assert by_maintainer is not None
    assert by_maintainer.review == "approved"
    rejected = register([*before[:1], action("rejected", 1), renamed]).of(FILE, "ada")
    assert rejected is not None
    assert rejected.review == "rejected"


def test_bans_and_a_freeze_end() -> None:
    now = register([action("banned"), action("frozen")])
    assert (now.banned, now.frozen) == ({"eve": "because"}, "because")
    later = register([action("banned"), action("frozen"), action("unbanned", 1), action("thawed", 1)])
    assert (later.banned, later.frozen) == ({}, None)


def test_the_log_is_read_in_the_order_of_time_and_shared_between_processes(tmp_path: Path) -> None:
    store, other = Store(tmp_path), Store(tmp_path)
    late, early = action("approved", 5), action("published", 1)
    store.record(late)
    assert other.actions() == [late]
    other.record(early)
    assert store.actions() == other.actions() == [early, late]


@pytest.mark.parametrize("kind", ["published", "approved", "rejected", "withdrawn", "hidden", "deleted"])
def test_the_board_shows_what_is_visible(tmp_path: Path, kind: Kind) -> None:
    run = publish(tmp_path / "made", Made("m", [good("a")]))
    store = Store(tmp_path)
    before = store.state()
    store.record(action("published", sha256=run.record.submission_sha256, card=Card(model="renamed")))
    store.publish(run.path)
    store.record(action(kind, 1, sha256=run.record.submission_sha256))
    listing = store.register().of(run.record.submission_sha256, "ada")
    assert listing is not None
    shown = store.runs()
    assert bool(shown) == (listing.status in VISIBLE)
    assert store.state() != before
    for listed in shown:
        assert listed.id == f"{run.id}@ada"
        assert listed.is_approved == (kind == "approved")


def test_a_run_that_was_nobodys_stays_so_where_somebody_publishes_its_file(tmp_path: Path) -> None:
    run = publish(tmp_path, Made("m", [good("a")]))
    store = Store(tmp_path)
    store.record(action("published", sha256=run.record.submission_sha256, card=Card(model="theirs")))
    shown = [(listed.owner, listed.model, listed.is_approved) for listed in store.runs()]
    assert shown == [(None, "m", True), ("ada", "theirs", False)]


def test_one_file_of_two_owners_is_listed_for_each(tmp_path: Path) -> None:
    run = publish(tmp_path / "made", Made("m", [good("a")]))
    store = Store(tmp_path)
    for minute, owner in enumerate(("ada", "bob")):
        store.record(
            action("published", minute, sha256=run.record.submission_sha256, owner=owner, card=Card(model=owner))
        )
    store.publish(run.path)
    assert [(listed.owner, listed.model) for listed in store.runs()] == [("ada", "ada"), ("bob", "bob")]
    assert len({listed.id for listed in store.runs()}) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"kind": "approved"}', b"\xff"])
def test_a_damaged_action_is_named_and_passed_over(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path)
    store.record(action("published"))
    path = tmp_path / "actions" / "20261130T000000000000Z-00000000.json"
    path.write_bytes(content)
    assert [entry.kind for entry in store.actions()] == ["published"]
    assert [damaged.path for damaged in store.damaged()] == [path]


@pytest.mark.parametrize("legible", [0.9, 0.0], ids=["names its file", "names nothing"])
@pytest.mark.parametrize("kind", ["published", "hidden", "deleted"])
def test_no_damage_to_the_log_lets_a_run_count(tmp_path: Path, kind: Kind, legible: float) -> None:
    run = publish(tmp_path / "made", Made("m", [good("a")]))
    store = Store(tmp_path)
    sha256 = run.record.submission_sha256
    store.record(action(kind, sha256=sha256, owner="ada" if kind == "published" else None))
    store.publish(run.path)
    (path,) = (tmp_path / "actions").iterdir()
    path.write_bytes(path.read_bytes()[: int(legible * path.stat().st_size)])
    store = Store(tmp_path)
    assert not any(shown.counts for shown in store.runs())
    # what somebody publishes meanwhile makes it nobody's and approved neither
    store.record(action("published", 2, sha256=sha256, owner="bob"))
    assert not any(shown.counts for shown in store.runs())
    path.unlink()
    assert not any(shown.counts for shown in Store(tmp_path).runs())
