"""Whose a model is, and what is not approved: a stranger's submission changes no row but its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaderboard.board.comparison import caveats, compare
from leaderboard.board.ranking import run_variances
from leaderboard.board.table import board
from leaderboard.board.written import render
from leaderboard.moderation import verbs
from leaderboard.moderation.rights import Visitor
from leaderboard.pages.board import board as board_page
from leaderboard.pages.board import columns as board_columns
from leaderboard.pages.board.filters import shown_choices
from leaderboard.pages.board.models import models
from leaderboard.pages.board.selection import Selection
from leaderboard.pages.compare.compare import first_two
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from submissions.card import Card
from tests.made_runs import Made, caesium_chloride, energy, good, publish

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.board.table import Board
    from leaderboard.store.run import Run

N = 40
PROTOCOL = load_protocol().model_copy(update={"n_ranked": N})
COMPLETE = {
    "reference": "mp",
    "reference_hash": "a" * 64,
    "reference_indicative": False,
    "protocol_hash": PROTOCOL.hash,
}
MAINTAINER = Visitor("mia", "mia", is_maintainer=True, can_sign_in=True)


def records(name: str, n_novel: int, n: int = N) -> list[dict[str, Any]]:
    """Valid and unique records, of which the first n_novel are novel."""
    return [good(f"{name}{number}", in_reference=number >= n_novel) for number in range(n)]


def submit(store: Store, owner: str, made: Made, *, model: str | None = None, is_approved: bool = False) -> Run:
    """Publish a run as somebody's; the same bytes may be listed under several owners."""
    folder = store.root / "elsewhere"
    run = publish(folder / owner / str(len(store.actions())), made)
    card = None if model is None else Card(model=model)
    verbs.publish(store, Visitor(owner, owner, can_sign_in=True), run.path, card, licence="CC-BY-4.0")
    if is_approved:
        verbs.approve(store, MAINTAINER, run.record.submission_sha256, owner)
    return next(one for one in store.runs() if one.id == f"{run.id}@{owner}")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models of two owners, one with two runs, one without energies, one too small to be ranked."""
    store = Store(tmp_path_factory.mktemp("runs"))
    energies = [energy(caesium_chloride(), 0.0)]
    for number, n_novel in enumerate((30, 20)):
        submit(
            store,
            "ada",
            Made("alpha", records(f"a{number}", n_novel), energies=energies, record=COMPLETE),
            is_approved=True,
        )
    submit(store, "bob", Made("beta", records("b", 10), energies=energies, record=COMPLETE), is_approved=True)
    submit(store, "bob", Made("bare", records("c", 35), record=COMPLETE), is_approved=True)
    for name in "de":
        submit(store, "bob", Made(f"small {name}", records(name, 3, 5), record=COMPLETE), is_approved=True)
    return store.root


def rows(table: Board, owners: set[str]) -> pd.DataFrame:
    """All that the board says of runs of these owners."""
    return table.wide[table.wide["owner"].isin(owners)].set_index("run").sort_index()


KNOWN = {"ada", "bob"}
strangers = st.lists(
    st.fixed_dictionaries(
        {
            "model": st.sampled_from(["alpha", "beta", "bare", "small d", "mine"]),
            "n_novel": st.integers(0, 5),
            "n": st.sampled_from([5, N]),
            "e_above_hull": st.sampled_from([None, -0.5, 0.0, 3.0]),
            "record": st.sampled_from(
                [
                    COMPLETE,
                    COMPLETE | {"reference_indicative": True},
                    COMPLETE | {"reference_hash": "b" * 64, "created": "2020-01-01T00:00:00+00:00"},
                    COMPLETE | {"custom": True},
                    COMPLETE | {"protocol_hash": "c" * 64},
                ]
            ),
            "copies": st.booleans(),
        }
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(added=strangers)
def test_unapproved_runs_under_any_names_change_no_other_row(root: Path, added: list[dict[str, Any]]) -> None:
    store = Store(root)
    before = board(store, PROTOCOL)
    known = [run for run in store.runs() if run.owner in KNOWN]
    of_known = rows(before, KNOWN)
    bests = bests_of(of_known, before)
    said = compare(known[:3], PROTOCOL, variances(before, known[0]))
    for number, one in enumerate(added):
        if one["copies"]:
            verbs.publish(
                store,
                Visitor("eve", "eve", can_sign_in=True),
                known[number].path,
                Card(model=one["model"]),
                licence="x",
            )
            continue
        energies = [] if one["e_above_hull"] is None else [energy(caesium_chloride(), one["e_above_hull"])]
        facts = records(f"e{len(store.actions())}-", one["n_novel"], one["n"])
        submit(store, "eve", Made(one["model"], facts, energies=energies, record=one["record"]))
    table = board(store, PROTOCOL)
    pd.testing.assert_frame_equal(rows(table, KNOWN)[of_known.columns], of_known)
    theirs = table.runs[table.runs["owner"] == "eve"]
    assert len(theirs)
    assert theirs[["rank", "rank_low", "rank_high"]].isna().all(axis=None)
    assert set(theirs["not_ranked"]) == {"unverified: waits for the maintainers' review"}
    assert (theirs["n_runs"] == 1).all()
    assert first_two(board(store, PROTOCOL)) == first_two_of(before)
    everything = table.wide[table.wide["reference"] == "mp"]
    after = bests_of(everything, before)
    assert after == bests
    eve = next(run for run in store.runs() if run.owner == "eve")
    beside = compare([*known[:3], eve], PROTOCOL, variances(table, known[0]))
    assert {line.name: line.others for line in said.lines} == {
        line.name: line.others[:2] for line in beside.lines if line.name in {one.name for one in said.lines}
    }
    for sha256 in {run.record.submission_sha256 for run in store.runs() if run.owner == "eve"}:
        verbs.withdraw(store, MAINTAINER, sha256, "eve", "the end of an example")


def bests_of(rows: pd.DataFrame, table: Board) -> dict[str, float | None]:
    """The value that is marked of each column."""
    competing = rows[board_page._competes(rows)]  # noqa: SLF001
    return {name: board_page._best(competing, column) for name, column in columns(table).items()}  # noqa: SLF001


def columns(table: Board) -> dict[str, board_columns.Column]:
    return {column.name: column for column in board_columns.columns(table, PROTOCOL)}


def variances(table: Board, run: Run) -> dict[Any, Any]:
    return run_variances(table.runs, table.scores, run.id, PROTOCOL)


def first_two_of(table: Board) -> list[str]:
    return [str(run) for run in table.runs.drop_duplicates(["owner", "model", "version"])["run"].head(2)]


def test_nobody_adds_a_run_to_the_model_of_somebody_else(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = [
        Made("alpha", records(name, n_novel), record={"protocol_hash": PROTOCOL.hash})
        for name, n_novel in (("a", 30), ("b", 0))
    ]
    submit(store, "ada", made[0], is_approved=True)
    submit(store, "eve", made[1], is_approved=True)  # even approved, it is a model of its own
    table = board(store, PROTOCOL)
    assert table.runs.set_index("owner")["rank"].to_dict() == {"ada": 1, "eve": 2}
    assert set(table.runs["n_runs"]) == {1}
    text = render(table, "md", PROTOCOL)
    assert "alpha by ada" in text
    assert "alpha by eve" in text
    page = html(table)
    assert '<span class="owner">by ada</span>' in page
    assert '<span class="owner">by eve</span>' in page


def html(table: Board) -> str:
    selection, by_model = Selection("starter", columns="vun"), models(table)
    return board_page.table_html(table, by_model, board_page.chosen(by_model, selection), selection, PROTOCOL)


@pytest.fixture
def marked(tmp_path: Path) -> Board:
    """One approved and verified run, the same bytes of another owner, and one that gave its place to another."""
    store = Store(tmp_path)
    made = Made("alpha", records("a", 30), record={"protocol_hash": PROTOCOL.hash})
    run = submit(store, "ada", made, is_approved=True)
    verbs.verify(store, MAINTAINER, run, lambda _: None)
    submit(store, "eve", made, model="stolen")
    early, late = (
        submit(store, "bob", Made(name, records(name, 5), record={"protocol_hash": PROTOCOL.hash}), is_approved=True)
        for name in ("early", "late")
    )
    verbs.supersede(
        store,
        Visitor("bob", "bob", can_sign_in=True),
        early.record.submission_sha256,
        "bob",
        late.record.submission_sha256,
    )
    return board(store, PROTOCOL)


def test_rows_say_what_they_are(marked: Board) -> None:
    facts = marked.runs.set_index("model")[["owner", "status", "verified", "same_file", "rank"]]
    assert {
        model: tuple(None if pd.isna(one) else one for one in row) for model, *row in facts.itertuples(name=None)
    } == {
        "alpha": ("ada", "approved", True, False, 1),
        "late": ("bob", "approved", False, False, 2),
        # the same bytes: verified, since they are the same, but whoever came later marks nobody else's row
        "stolen": ("eve", "unverified", False, True, None),
        "early": ("bob", "superseded", False, False, None),
    }
    assert marked.runs.set_index("model").loc["early", "not_ranked"] == "superseded by a newer submission"
    for form in ("csv", "json"):
        written = render(marked, form, PROTOCOL)
        assert all(name in written for name in ("owner", "status", "verified", "same_file"))
    assert {row["model"]: row["status"] for row in json.loads(render(marked, "json", PROTOCOL))}[
        "stolen"
    ] == "unverified"


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("all", {"alpha", "late", "stolen", "early"}),
        ("ranked", {"alpha", "late"}),
        ("approved", {"alpha", "late"}),
        ("verified", {"alpha"}),
    ],
)
def test_the_filter_tells_them_apart(marked: Board, show: str, expected: set[str]) -> None:
    assert show in shown_choices(marked)
    assert set(board_page.select(models(marked), Selection("starter", show=show))["model"]) == expected


def test_rows_are_marked_on_the_page_and_owners_are_searched_for(marked: Board) -> None:
    page = html(marked)
    for mark in ("unverified", "verified", "superseded", "same file as another owner&#x27;s"):
        assert page.count(f">{mark}</span>") == 1
    assert board_page.select(models(marked), Selection("starter", search="EVE"))["model"].tolist() == ["stolen"]


def test_a_store_where_nobody_signs_in_looks_as_it_did(tmp_path: Path) -> None:
    publish(tmp_path, Made("m", records("a", 4), record={"protocol_hash": PROTOCOL.hash}))
    table = board(Store(tmp_path), PROTOCOL)
    assert shown_choices(table) == ["models", "all", "ranked", "protocol settings"]
    page = html(table)
    assert 'class="owner"' not in page
    assert 'class="mark"' not in page
    assert "| m |" in render(table, "md", PROTOCOL)


def test_what_is_compared_with_an_unverified_run_says_so(marked: Board, tmp_path: Path) -> None:
    assert len(marked.runs)
    runs = {run.model: run for run in Store(tmp_path).runs()}
    labels = {name: run.label for name, run in runs.items()}
    said = caveats([runs["alpha"], runs["stolen"]], [labels["alpha"], labels["stolen"]])
    assert "stolen by eve is unverified" in " ".join(said)
    assert not caveats([runs["alpha"], runs["late"]], [labels["alpha"], labels["late"]])
