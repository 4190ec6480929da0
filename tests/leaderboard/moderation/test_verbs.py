"""What is done to submissions: what the log then says, what the board then shows, and what nobody can do."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaderboard.moderation import verbs
from leaderboard.moderation.listed import NotDoneError, all_listings, named
from leaderboard.moderation.rights import Visitor
from leaderboard.pages.parts import runs
from leaderboard.pages.texts import maintenance
from leaderboard.run.verification.command import find_run
from leaderboard.store.local import Store
from submissions.card import Card
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leaderboard.store.run import Run

LICENCE = "CC-BY-4.0"
ADA, BOB = (Visitor(name, name, can_sign_in=True) for name in ("ada", "bob"))
MAINTAINER = Visitor("mia", "mia", is_maintainer=True, can_sign_in=True)
MAINTAINER_HERE = Visitor("mia on the command line", is_maintainer=True)


def made(tmp_path: Path, model: str = "m") -> Run:
    """A finished run outside of the store."""
    return publish(tmp_path / "elsewhere", Made(model, [good(f"{model}-a")]))


def listed(tmp_path: Path, *, visitor: Visitor = ADA, model: str = "m") -> tuple[Store, Run, str]:
    """A store with a run that somebody published, and the sha256 of its file."""
    store = Store(tmp_path / "runs")
    run = made(tmp_path, model)
    verbs.publish(store, visitor, run.path, licence=LICENCE)
    return store, run, run.record.submission_sha256


def statuses(store: Store) -> dict[str | None, str]:
    return {listing.owner: listing.status for listing in all_listings(store)}


def test_publishing_says_who_what_and_under_which_licence(tmp_path: Path) -> None:
    store, run, sha256 = listed(tmp_path)
    (action,) = store.actions()
    assert (action.kind, action.actor, action.owner, action.sha256) == ("published", "ada", "ada", sha256)
    assert action.licence == LICENCE
    (shown,) = store.runs()
    assert (shown.id, shown.is_approved, shown.scores) == (f"{run.id}@ada", False, run.scores)


def test_publishing_twice_is_said_once(tmp_path: Path) -> None:
    store, run, sha256 = listed(tmp_path)
    verbs.publish(store, ADA, run.path, licence=LICENCE)
    assert len(store.actions()) == 1
    verbs.withdraw(store, ADA, sha256, "ada")
    assert not store.runs()
    verbs.publish(store, ADA, run.path, licence=LICENCE)
    assert [action.kind for action in store.actions()] == ["published", "withdrawn", "published"]
    assert len(store.runs()) == 1


@pytest.mark.parametrize(
    ("visitor", "licence", "why"),
    [
        (Visitor("somebody", can_sign_in=True), LICENCE, "sign in"),
        (ADA, None, "consent to the licence"),
    ],
)
def test_nothing_is_published_without_a_name_and_a_consent(
    tmp_path: Path, visitor: Visitor, licence: str | None, why: str
) -> None:
    store = Store(tmp_path / "runs")
    with pytest.raises(NotDoneError, match=why):
        verbs.publish(store, visitor, made(tmp_path).path, licence=licence)
    assert not store.actions()
    assert not store.runs()


@pytest.mark.parametrize("stop", ["ban", "freeze"])
def test_who_is_banned_and_in_a_freeze_everybody_publishes_nothing(tmp_path: Path, stop: str) -> None:
    store, run, sha256 = listed(tmp_path)
    if stop == "ban":
        verbs.ban(store, MAINTAINER, "ada", "spam")
        with pytest.raises(NotDoneError, match="spam"):
            verbs.correct_card(store, ADA, sha256, "ada", Card(model="n"))
    else:
        verbs.freeze(store, MAINTAINER, "spam")
    other = made(tmp_path, "other")
    with pytest.raises(NotDoneError, match="spam"):
        verbs.publish(store, ADA, other.path, licence=LICENCE)
    assert verbs.withdraw(store, ADA, sha256, "ada") is not None  # leaving is always open
    verbs.unban(store, MAINTAINER, "ada")
    verbs.thaw(store, MAINTAINER)
    verbs.publish(store, ADA, other.path, licence=LICENCE)
    assert [shown.model for shown in store.runs()] == ["other"]
    assert run.path.exists()


def test_the_same_bytes_of_another_owner_are_another_submission_and_take_nothing_over(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    first = publish(store.root, Made("m", [good("a")]))  # before anybody signed in
    verbs.publish(store, BOB, first.path, Card(model="mine"), licence=LICENCE)
    assert [(run.owner, run.model, run.is_approved) for run in store.runs()] == [
        (None, "m", True),
        ("bob", "mine", False),
    ]


def act(name: str, store: Store, visitor: Visitor, sha256: str, owner: str | None) -> object:
    reason = ("why",) if name in {"reject", "hide", "delete"} else ()
    return getattr(verbs, name)(store, visitor, sha256, owner, *reason)


OF_MAINTAINERS = ("approve", "reject", "hide", "show", "delete")
OF_OWNERS = ("withdraw",)


@pytest.mark.parametrize("name", [*OF_MAINTAINERS, *OF_OWNERS])
@pytest.mark.parametrize("visitor", [BOB, Visitor("somebody", can_sign_in=True)], ids=["stranger", "no name"])
def test_a_stranger_does_nothing(tmp_path: Path, name: str, visitor: Visitor) -> None:
    store, _, sha256 = listed(tmp_path)
    before = store.state()
    with pytest.raises(NotDoneError):
        act(name, store, visitor, sha256, "ada")
    assert store.state() == before


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=st.lists(st.sampled_from([*OF_MAINTAINERS[:-1], *OF_OWNERS]), max_size=8))
def test_said_twice_is_said_once(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    store, _, sha256 = listed(tmp_path_factory.mktemp("store"))
    for name in names:
        act(name, store, MAINTAINER, sha256, "ada")
        n_actions, status = len(store.actions()), statuses(store)
        assert act(name, store, MAINTAINER, sha256, "ada") is None
        assert (len(store.actions()), statuses(store)) == (n_actions, status)


def test_a_reason_must_be_given(tmp_path: Path) -> None:
    store, _, sha256 = listed(tmp_path)
    verbs_with_reason: list[Callable[[], object]] = [
        lambda: verbs.reject(store, MAINTAINER, sha256, "ada", " "),
        lambda: verbs.hide(store, MAINTAINER, sha256, "ada", ""),
        lambda: verbs.delete(store, MAINTAINER, sha256, "ada", "\n"),
        lambda: verbs.ban(store, MAINTAINER, "ada", ""),
        lambda: verbs.freeze(store, MAINTAINER, ""),
    ]
    for verb in verbs_with_reason:
        with pytest.raises(NotDoneError, match="why"):
            verb()
    assert len(store.actions()) == 1


def test_what_is_deleted_leaves_no_file_and_does_not_come_back(tmp_path: Path) -> None:
    store, run, sha256 = listed(tmp_path)
    workspace = store.workspace(sha256, run.record.run_key)
    private = store.root / "private" / ("0" * 32) / run.record.run_key[:12]
    aside = store.path(sha256, run.record.run_key).with_name(f"{run.record.run_key[:12]}.damaged-00000000")
    for copy in (workspace, private, aside):
        shutil.copytree(run.path, copy)
    other = publish(store.root, Made("other", [good("b")]))
    verbs.delete(store, MAINTAINER, sha256, "ada", "names of people in it")
    assert not store.path(sha256, run.record.run_key).exists()
    assert not [copy for copy in (workspace, private, aside) if copy.exists()]
    assert not list(store.root.glob("*.part"))
    assert [shown.id for shown in store.runs()] == [other.id]
    with pytest.raises(NotDoneError, match="names of people"):
        verbs.publish(store, ADA, run.path, licence=LICENCE)
    with pytest.raises(NotDoneError, match="deleted"):
        verbs.show(store, MAINTAINER, sha256, "ada")
    assert [action.kind for action in store.actions()] == ["published", "deleted"]


def test_deleting_finishes_what_an_interrupted_call_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, run, sha256 = listed(tmp_path)

    def full(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", full)
        with pytest.raises(OSError):  # noqa: PT011 - any trouble of the disk
            verbs.delete(store, MAINTAINER, sha256, "ada", "why")
    assert not store.runs()  # the log came first
    shutil.copytree(run.path, store.path(sha256, run.record.run_key))
    assert verbs.delete(store, MAINTAINER, sha256, "ada", "why") is None
    assert not store.path(sha256, run.record.run_key).exists()


def test_files_that_another_listing_needs_stay(tmp_path: Path) -> None:
    store, run, sha256 = listed(tmp_path)
    verbs.publish(store, BOB, run.path, licence=LICENCE)
    verbs.delete(store, MAINTAINER, sha256, "ada", "why")
    assert [shown.owner for shown in store.runs()] == ["bob"]
    verbs.delete(store, MAINTAINER, sha256, "bob", "why")
    assert not store.path(sha256, run.record.run_key).exists()


def test_a_file_whose_sha256_starts_alike_keeps_its_runs(tmp_path: Path) -> None:
    store = Store(tmp_path)
    one, other = ("a" * 12 + digit * 52 for digit in "bc")
    for sha256 in (one, other):
        publish(tmp_path, Made("m", [good("a")], record={"submission_sha256": sha256}))
    verbs.delete(store, MAINTAINER, one, None, "why")
    assert [run.record.submission_sha256 for run in store.runs()] == [other]


def test_the_earlier_submission_counts_until_the_one_in_its_place_is_approved(tmp_path: Path) -> None:
    store, _, first = listed(tmp_path, model="first")
    verbs.approve(store, MAINTAINER, first, "ada")
    _, _, second = listed(tmp_path, model="second")
    verbs.supersede(store, ADA, first, "ada", second)
    counts = {run.model: run.counts for run in store.runs()}
    assert counts == {"first": True, "second": False}
    verbs.approve(store, MAINTAINER, second, "ada")
    counts = {run.model: run.counts for run in store.runs()}
    assert counts == {"first": False, "second": True}
    with pytest.raises(NotDoneError, match="gave its own place"):
        verbs.supersede(store, ADA, second, "ada", first)
    with pytest.raises(NotDoneError, match="gave its own place"):
        verbs.supersede(store, ADA, second, "ada", second)


def test_a_submission_gives_way_to_none_of_another_owner(tmp_path: Path) -> None:
    store, _, first = listed(tmp_path, model="first")
    _, _, theirs = listed(tmp_path, visitor=BOB, model="theirs")
    with pytest.raises(NotDoneError, match=f"no submission {theirs[:12]}@ada"):
        verbs.supersede(store, ADA, first, "ada", theirs)
    with pytest.raises(NotDoneError, match="only its owner"):
        verbs.supersede(store, BOB, first, "ada", theirs)


def test_a_run_is_verified_where_it_scores_the_same(tmp_path: Path) -> None:
    store, run, _ = listed(tmp_path)
    (shown,) = store.runs()
    with pytest.raises(NotDoneError, match="2 of 30 values differ"):
        verbs.verify(store, MAINTAINER, shown, lambda _: "2 of 30 values differ")
    with pytest.raises(NotDoneError, match="only maintainers"):
        verbs.verify(store, ADA, shown, lambda _: None)
    assert not store.runs()[0].is_verified
    verbs.verify(store, MAINTAINER, shown, lambda _: None)
    assert store.runs()[0].is_verified
    assert store.actions()[-1].run == run.id
    assert verbs.verify(store, MAINTAINER, shown, lambda _: None) is None


@pytest.mark.parametrize("publishers", [(ADA, MAINTAINER_HERE), (MAINTAINER_HERE, ADA)], ids=["before", "after"])
def test_a_run_of_nobody_is_named_alone_whoever_else_has_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, publishers: tuple[Visitor, Visitor]
) -> None:
    run = made(tmp_path)
    store = Store(tmp_path / "runs")
    for visitor in publishers:
        verbs.publish(store, visitor, run.path, Card(model=f"of {visitor.owner}"), licence=LICENCE)
    sha256 = run.record.submission_sha256
    for identifier in (f"{sha256}@", f"{run.id}@"):
        assert named(store, identifier).listing.owner is None
    monkeypatch.setenv("LEADERBOARD_RUNS", str(store.root))
    for linked in (runs.find(store, run.id), find_run(run.id)):
        assert linked is not None
        assert (linked.model, linked.owner) == ("of None", None)
    choices = [maintenance.identifier_of(listing) for listing in all_listings(store)]
    assert {named(store, choice).listing.owner for choice in choices} == {None, "ada"}


def test_ids_name_one_submission_or_are_refused(tmp_path: Path) -> None:
    store, run, sha256 = listed(tmp_path)
    verbs.publish(store, BOB, run.path, licence=LICENCE)
    for name in (f"{run.id}@ada", f"{sha256}@ada", f"{sha256[:6]}@ada"):
        assert (named(store, name).listing.owner, named(store, name).listing.sha256) == ("ada", sha256)
    assert named(store, f"{run.id}@bob").run == run.id
    with pytest.raises(NotDoneError, match=f"{sha256[:12]}@ada, {sha256[:12]}@bob"):
        named(store, sha256)
    for name in ("", "m", sha256[:5], "f" * 64, f"{sha256}@eve"):
        with pytest.raises(NotDoneError):
            named(store, name)
