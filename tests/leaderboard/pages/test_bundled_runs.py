"""The board of the runs that ship with the code: baselines are ranked; controls stand apart, with what caught them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from leaderboard.baselines.baseline import registry
from leaderboard.baselines.bundled import REMAKE, bundled_runs, publish_bundled
from leaderboard.board.table import board as board_table
from leaderboard.board.written import render, sentence_over, tied
from leaderboard.pages.board import board
from leaderboard.pages.board.bundled import bundled_html, bundled_section
from leaderboard.pages.board.models import models
from leaderboard.pages.board.selection import Selection
from leaderboard.pages.model.results import run_html
from leaderboard.pages.parts.markup import text
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store

if TYPE_CHECKING:
    from leaderboard.board.table import Board

PROTOCOL = load_protocol()
RUNS = bundled_runs()
KIND = {one.name: one.kind for one in RUNS}

pytestmark = pytest.mark.skipif(not RUNS, reason=f"no runs are bundled; {REMAKE} makes them")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("runs"))
    publish_bundled(store)
    return store


@pytest.fixture(scope="module")
def table(store: Store) -> Board:
    return board_table(store, PROTOCOL)


def test_baselines_take_ranks_and_controls_none(table: Board) -> None:
    runs = table.runs
    assert sorted(runs["bundled"]) == sorted(one.kind for one in RUNS)
    of_kind = dict(list(runs.groupby("bundled")))
    assert of_kind["baseline"]["rank"].notna().all()
    assert of_kind["control"]["rank"].isna().all()
    assert set(of_kind["control"]["not_ranked"]) == {"a control, made to fail"}
    # of controls no rank among themselves either: they are made to fail in ways that do not compare
    assert of_kind["control"]["rank_low"].isna().all()
    n_models = len({one.name for one in RUNS if one.kind == "baseline"})
    assert set(of_kind["baseline"]["rank"]) <= set(range(1, n_models + 1))


def test_the_table_of_models_holds_no_control_and_the_controls_say_what_caught_them(table: Board) -> None:
    selection, by_model = Selection("starter"), models(table)
    shown = board.table_html(table, by_model, board.chosen(by_model, selection), selection, PROTOCOL)
    assert "(control)" not in shown
    assert 'title="a rule without training' in shown
    apart = bundled_section(board.bundled(table, "starter"), PROTOCOL)
    for name, kind in KIND.items():
        assert apart.count(f">{text(registry()[name].label)} ({kind})</a>") == 1
    assert apart.count('class="yes">holds<') == sum(
        len(known.caught_by) for name, known in registry().items() if KIND.get(name) == "control"
    )
    assert "does not hold" not in apart
    assert "not measured" not in apart


def test_without_controls_there_is_no_section(table: Board) -> None:
    assert bundled_section(board.bundled(table, "lemat-bulk"), PROTOCOL) == ""
    assert bundled_html("0" * 64) == ""


def test_the_page_of_a_run_says_what_it_shows(store: Store) -> None:
    run = store.runs()[0]
    (one,) = [one for one in RUNS if one.submission_sha256 == run.record.submission_sha256]
    assert one.shows.splitlines()[1][:20] in run_html(run, PROTOCOL)


def test_one_sentence_stands_over_the_board_and_ties_beside_the_ranks(table: Board) -> None:
    said = sentence_over(table, "starter", PROTOCOL)
    assert said.endswith(".")
    assert said[:-1].count(". ") == 0
    assert "VUN" in said
    written = render(table, "md", PROTOCOL)
    assert said.split(" ", 1)[0] in written
    for row in table.runs.to_dict("records"):
        if not pd.isna(row["rank"]):
            assert row["tied_low"] <= row["rank"] <= row["tied_high"]
            assert bool(tied(row)) == (row["tied_low"] < row["tied_high"])
        else:
            assert tied(row) == ""
    assert sentence_over(table, "lemat-bulk", PROTOCOL) == ""
