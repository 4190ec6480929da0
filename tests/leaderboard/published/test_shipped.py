"""Our scores of published outputs: marked, true to the recipes, without the structures, and shown all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaderboard.board.table import board as board_table
from leaderboard.errors import RunError
from leaderboard.pages.board import board
from leaderboard.pages.board.models import models
from leaderboard.pages.board.selection import Selection
from leaderboard.pages.model.figures import QUANTITIES, figures_html
from leaderboard.pages.model.results import run_html
from leaderboard.pages.parts import runs
from leaderboard.pages.structures.detail import drawing
from leaderboard.processes import start_engine
from leaderboard.protocol import load_protocol
from leaderboard.published.recipe import published_of, recipes
from leaderboard.published.shipped import publish_shipped, shipped
from leaderboard.run.scoring import Resources, Setting, score_again
from leaderboard.store.actions import Action
from leaderboard.store.local import Store
from leaderboard.store.run import Run
from metrics.measure.running.choice import EngineChoice
from metrics.measure.running.progress import silent

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
    selection, by_model = Selection("starter", columns=PROTOCOL.ranking), models(table)
    html = board.table_html(table, by_model, board.chosen(by_model, selection), selection, PROTOCOL)
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
        assert figures_html(run).count("<figure") == 5 + len(QUANTITIES)


def test_our_rows_stay_ours_where_somebody_submitted_the_bytes_before(tmp_path: Path) -> None:
    store, path = Store(tmp_path), PATHS[0]
    record = Run(path).record
    theirs = {"actor": "eve", "owner": "eve", "kind": "published", "sha256": record.submission_sha256}
    store.record(Action.model_validate({**theirs, "card": record.model}))
    publish_shipped(store, path.parents[1])
    publish_shipped(store, path.parents[1])  # again changes nothing
    runs_of_file = [run for run in store.runs() if run.record.submission_sha256 == record.submission_sha256]
    assert {(run.owner, run.is_approved) for run in runs_of_file} == {(None, True), ("eve", False)}


def test_a_run_without_structures_is_not_scored_again(store: Store, tmp_path: Path) -> None:
    setting = Setting.of(PROTOCOL, "starter", (), relax=False)
    with start_engine(EngineChoice(jobs=1)) as engine, pytest.raises(RunError, match="ships without its structures"):
        score_again(store.runs()[0], setting, Resources(engine, Store(tmp_path), silent))
    assert not any(tmp_path.rglob("structures.parquet"))
