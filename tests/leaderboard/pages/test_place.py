"""Where a run stands: rank, range, ties, runs of its model, and whom to compare it with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaderboard.board.table import board
from leaderboard.pages.model.place import first_run, place_html
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.board.table import Board
    from leaderboard.store.run import Run

PROTOCOL = load_protocol()
HOSTILE = "<script>alert(1)</script>"


def made(model: str, n_novel: int, run: int = 0) -> Made:
    n = PROTOCOL.n_ranked
    return Made(model, [good(f"{model}-{run}-{i}", in_reference=i >= n_novel) for i in range(n)])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A clear first, two that nobody can tell apart, of which one has two runs, and one that is not ranked."""
    root = tmp_path_factory.mktemp("runs")
    small = Made("small", [good("a")])
    all_made = {
        "best": made("best", 2_000),
        "near": made("near", 1_000),
        "near again": made("near", 1_002, 1),
        HOSTILE: made(HOSTILE, 1_005),
        "small": small,
    }
    return {name: publish(root, one) for name, one in all_made.items()}


@pytest.fixture(scope="module")
def table(runs: dict[str, Run]) -> Board:
    return board(Store(next(iter(runs.values())).path.parents[1]), PROTOCOL)


def test_the_page_opens_on_the_first_of_the_board(table: Board, runs: dict[str, Run]) -> None:
    assert first_run(table, PROTOCOL) == runs["best"].id


def test_an_empty_board_opens_on_nothing(tmp_path: Path) -> None:
    assert first_run(board(Store(tmp_path), PROTOCOL), PROTOCOL) is None


def test_a_model_without_equals_has_a_rank_alone(table: Board, runs: dict[str, Run]) -> None:
    html = place_html(runs["best"].id, table)
    assert "<strong>Rank 1</strong> of 3 models, 95% range 1." in html
    assert "tied" not in html
    assert "of this model" not in html
    assert "Compare with" in html
    assert ", rank 2</a>" in html


def test_a_model_names_what_it_is_tied_with_and_its_other_runs(table: Board, runs: dict[str, Run]) -> None:
    html = place_html(runs["near again"].id, table)
    assert "<strong>Rank 3</strong> of 3 models, 95% range 2 to 3; tied with rank 2: " in html
    assert HOSTILE not in html
    ids = {runs["near"].id, runs["near again"].id}
    [number] = [number for number in (1, 2) if f"Run {number} of 2 of this model" in html]
    assert f'<strong aria-current="page">{number}</strong>' in html
    assert [f'data-run="{identifier}"' in html for identifier in ids - {runs["near again"].id}] == [True]
    assert f"?compare={runs['near again'].id.replace('/', '%2F')},{runs[HOSTILE].id.replace('/', '%2F')}" in html


def test_what_takes_no_rank_and_what_is_on_no_board_says_nothing_of_one(table: Board, runs: dict[str, Run]) -> None:
    assert place_html(runs["small"].id, table) == ""
    assert place_html("no/such", table) == ""
