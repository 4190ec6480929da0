"""Links: an id names its run alone, and a name only what nobody else has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.moderation import verbs
from leaderboard.moderation.rights import Visitor
from leaderboard.pages.compare.compare import named_runs
from leaderboard.pages.parts import runs
from leaderboard.pages.parts.runs import SeveralOwnersError
from leaderboard.pages.reference.overlays import rows_of
from leaderboard.store.local import Store
from submissions.card import Card, is_id
from tests.made_runs import Made, caesium_chloride, energy, good, publish

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.store.run import Run

MAINTAINER = Visitor("mia", "mia", is_maintainer=True, can_sign_in=True)
LATER = {"created": "2026-12-01T00:00:00+00:00"}


def submit(root: Path, run: Run, owner: str, model: str, *, is_approved: bool = True) -> Run:
    store = Store(root)
    verbs.publish(store, Visitor(owner, owner, can_sign_in=True), run.path, Card(model=model), licence="CC-BY-4.0")
    if is_approved:
        verbs.approve(store, MAINTAINER, run.record.submission_sha256, owner)
    return next(one for one in store.runs() if one.id == f"{run.id}@{owner}")


def test_an_id_finds_its_run_and_nothing_else_does(tmp_path: Path) -> None:
    first, other = (publish(tmp_path / "runs", Made("m", [good("a")], record=record)) for record in ({}, LATER))
    store = Store(tmp_path / "runs")
    for run in (first, other):
        found = runs.find(store, run.id)
        assert found is not None
        assert found.path == run.path
    sha256 = first.record.submission_sha256
    for name in (
        None,
        "",
        "m",
        sha256,
        sha256[:12],
        first.record.run_key,
        f"{first.id}@eve",
        first.id[:-1],
        f"{first.id} ",
    ):
        assert runs.find(store, name) is None


def test_a_run_of_several_owners_is_found_by_each_and_without_an_owner_the_first_is(tmp_path: Path) -> None:
    made = publish(tmp_path / "elsewhere", Made("m", [good("a")], energies=[energy(caesium_chloride(), 0.0)]))
    owners = ("ada", "bob")
    ids = {owner: submit(tmp_path / "runs", made, owner, f"of {owner}").id for owner in owners}
    store = Store(tmp_path / "runs")
    assert [getattr(runs.find(store, ids[owner]), "owner", None) for owner in owners] == ["ada", "bob"]
    assert getattr(runs.find(store, made.id), "owner", None) == "ada"
    assert rows_of(store, f"{ids['bob']}@chgnet/unrelaxed") is not None


def test_a_name_finds_the_newest_run_that_is_approved(tmp_path: Path) -> None:
    early, late = (
        publish(tmp_path / name, Made("m", [good(name)], record={"created": f"2026-11-{day}T00:00:00+00:00"}))
        for name, day in (("early", "10"), ("late", "20"))
    )
    first = submit(tmp_path / "runs", early, "ada", "m")
    store = Store(tmp_path / "runs")
    second = submit(tmp_path / "runs", late, "ada", "m", is_approved=False)
    assert getattr(runs.by_name(store, "m"), "id", None) == first.id
    verbs.approve(store, MAINTAINER, late.record.submission_sha256, "ada")
    assert getattr(runs.by_name(store, "m"), "id", None) == second.id
    assert runs.by_name(store, "n") is None


def test_a_name_that_several_owners_use_is_said_to_be_so(tmp_path: Path) -> None:
    for owner in ("ada", "bob"):
        submit(tmp_path / "runs", publish(tmp_path / owner, Made("m", [good(owner)])), owner, "m")
    store = Store(tmp_path / "runs")
    for link in (runs.linked, named_runs):
        with pytest.raises(SeveralOwnersError, match="ada, bob"):
            link(store, "m")


def test_what_is_not_approved_takes_no_name_over(tmp_path: Path) -> None:
    ours = submit(tmp_path / "runs", publish(tmp_path / "a", Made("m", [good("a")])), "ada", "m")
    submit(
        tmp_path / "runs", publish(tmp_path / "b", Made("m", [good("b")], record=LATER)), "eve", "m", is_approved=False
    )
    assert getattr(runs.linked(Store(tmp_path / "runs"), "m"), "id", None) == ours.id


HEX = "0123456789abcdefABCDEF"


@given(
    digits=st.sampled_from([12, 24, 32, 64]).flatmap(lambda n: st.text(HEX, min_size=n, max_size=n)),
    owner=st.sampled_from(["", "@", "@ada", "@a/b"]),
)
def test_no_name_has_the_shape_of_an_id(digits: str, owner: str) -> None:
    text = (f"{digits[:12]}/{digits[12:]}" if len(digits) == 24 else digits) + owner
    assert is_id(text)
    with pytest.raises(ValueError, match="shape of the id"):
        Card(model=text)


@pytest.mark.parametrize(
    "name", ["a" * 11, "a" * 13, "a" * 31, "deadbeefcafg", "m 0123456789ab", "0123456789ab v2", "ada@x"]
)
def test_other_names_are_taken(name: str) -> None:
    assert Card(model=name).model == name
