"""Our scores of published outputs: marked, true to the recipes, without the structures, and shown all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaderboard.board.table import board as board_table
from leaderboard.pages import board, plots, runs
from leaderboard.pages.board import HIGHEST, Selection
from leaderboard.pages.detail import drawing
from leaderboard.pages.results import run_html
from leaderboard.protocol import load_protocol
from leaderboard.published.recipe import published_of, recipes
from leaderboard.published.shipped import publish_shipped, shipped
from leaderboard.run.scoring import Setting
from leaderboard.store.local import Store
from leaderboard.store.run import Run

if TYPE_CHECKING:
    from pathlib import Path

PROTOCOL = load_protocol()
PATHS = shipped()
MOST_BYTES = 2_000_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("runs"))
    assert publish_shipped(store) == len(PATHS) == len(store.runs())
    return store


def test_every_recipe_whose_bytes_are_pinned_has_a_run() -> None:
    pinned = {name for name, recipe in recipes().items() if recipe.pinned_submission}
    assert {recipe.name for path in PATHS if (recipe := published_of(Run(path)))} == pinned
    assert sum(file.stat().st_size for path in PATHS for file in path.iterdir()) <= MOST_BYTES


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.name)
def test_a_run_is_of_this_protocol_and_holds_no_cell(path: Path) -> None:
    run = Run(path)
    record = run.record
    setting = Setting.of(PROTOCOL, record.reference, record.potentials, training_sets=record.model.training_sets)
    assert record.run_key == setting.run_key(record.submission_sha256), "ship it again: published NAME --ship"
    recipe = published_of(run)
    assert recipe is not None
    assert record.n_submitted == recipe.n_structures
    table = run.structures()
    assert table["lattice"].isna().all()
    assert table["frac_coords"].isna().all()


def test_the_pages_say_whose_structures_they_are_and_draw_what_there_is(store: Store) -> None:
    table = board_table(store, PROTOCOL)
    columns = board.columns(table, PROTOCOL)
    selection = Selection("starter", PROTOCOL.ranking, HIGHEST, columns=(PROTOCOL.ranking,))
    html = board.table_html(board.select(table, selection), columns, selection, PROTOCOL)
    assert html.count(">published outputs<") == len(PATHS)
    assert table.runs["rank"].isna().all()  # 500 structures are not ranked
    for run in store.runs():
        recipe = published_of(run)
        assert recipe is not None
        assert recipe.selected.split(";")[0] in run_html(run, PROTOCOL)
        facts = runs.columns(run.path)
        readable = facts[facts["refusal"].isna()]
        shown = drawing(run, readable["id"].iloc[0])
        assert shown.submitted is None
        assert "ships without its structures" in shown.words
        plots.funnel(facts)
        plots.elements(runs.structures(run.path))
        plots.space_groups(facts)
