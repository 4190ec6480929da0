"""The board's page: order, search, filter, marks, and names that try to be markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import pytest

from leaderboard.board.table import board as board_table
from leaderboard.calibration.ledger import ledger, record_text
from leaderboard.calibration.record import calibrations
from leaderboard.pages.board import board
from leaderboard.pages.board.board import HIGHEST, LOWEST, Selection
from leaderboard.protocol import load_protocol
from leaderboard.score_key import ScoreKey
from leaderboard.store.local import Store
from metrics.score import registry
from metrics.scores.stability import CALIBRATED_COLUMNS, VIEW_COLUMNS
from reference_data.reference import open_reference
from tests.made_runs import Made, caesium_chloride, energy, good, publish

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.board.table import Board

PROTOCOL = load_protocol()
STRUCTURAL = {
    name for name in PROTOCOL.scores if not set(registry()[name].needs) & {*VIEW_COLUMNS, *CALIBRATED_COLUMNS}
}
CHGNET = next(one for one in calibrations() if one.potential == "chgnet")
HOSTILE = '<img src=x onerror="alert(1)">'


def records(n: int, n_novel: int) -> list[dict[str, Any]]:
    return [good(f"r{number}", in_reference=number >= n_novel) for number in range(n)]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Board:
    root = tmp_path_factory.mktemp("runs")
    publish(root, Made("first", records(PROTOCOL.n_ranked, 2_000)))
    publish(root, Made("Second", records(PROTOCOL.n_ranked, 1_000)))
    publish(root, Made(HOSTILE, records(4, 4)))
    publish(root, Made("elsewhere", records(4, 4), record={"reference": "other", "custom": True}))
    return board_table(Store(root), PROTOCOL)


@pytest.fixture
def selection(table: Board) -> Selection:
    shown = board.default_columns(board.columns(table, PROTOCOL), PROTOCOL)
    return Selection("starter", PROTOCOL.ranking, HIGHEST, columns=tuple(shown))


def html(table: Board, selection: Selection) -> str:
    return board.table_html(board.select(table, selection), board.columns(table, PROTOCOL), selection, PROTOCOL)


def test_every_score_of_the_protocol_has_a_column(table: Board) -> None:
    board_columns = board.columns(table, PROTOCOL)
    assert {column.key.name for column in board_columns} == STRUCTURAL
    assert board_columns[0].key.name == PROTOCOL.ranking
    assert [column.label for column in board_columns] == [registry()[column.key.name].label for column in board_columns]


def test_columns_of_a_group_stand_together(table: Board) -> None:
    groups = [column.group for column in board.columns(table, PROTOCOL)]
    assert len(set(groups)) == sum(a != b for a, b in zip(groups, [None, *groups[:-1]], strict=True))


def test_what_the_protocol_does_not_headline_waits_in_the_picker(table: Board) -> None:
    board_columns = board.columns(table, PROTOCOL)
    assert set(board.default_columns(board_columns, PROTOCOL)) == set(PROTOCOL.headline) & STRUCTURAL
    assert set(PROTOCOL.headline) & STRUCTURAL < {column.name for column in board_columns}


@pytest.mark.parametrize(
    ("sort_by", "direction", "models"),
    [
        # ranked models come first, whatever few structures that are not ranked scored
        ("vun", HIGHEST, ["first", "Second", HOSTILE]),
        ("vun", LOWEST, ["Second", "first", HOSTILE]),
        ("model", LOWEST, ["first", "Second", HOSTILE]),
        ("rank", LOWEST, ["first", "Second", HOSTILE]),
        ("rank", HIGHEST, ["Second", "first", HOSTILE]),
    ],
)
def test_rows_are_sorted(table: Board, selection: Selection, sort_by: str, direction: str, models: list[str]) -> None:
    rows = board.select(table, replace(selection, sort_by=sort_by, direction=direction))
    assert rows["model"].tolist() == models


def test_search_ignores_case_and_takes_no_pattern(table: Board, selection: Selection) -> None:
    assert board.select(table, replace(selection, search="SECO"))["model"].tolist() == ["Second"]
    assert board.select(table, replace(selection, search=".*")).empty
    assert "No submission matches" in html(table, replace(selection, search=".*"))


@pytest.mark.parametrize(
    ("kept", "models"),
    [
        ("all", {"first", "Second", HOSTILE}),
        ("ranked", {"first", "Second"}),
        ("protocol settings", {"first", "Second", HOSTILE}),
    ],
)
def test_the_filter_keeps_what_it_names(table: Board, selection: Selection, kept: str, models: set[str]) -> None:
    assert set(board.select(table, replace(selection, kept=kept))["model"]) == models


def test_each_reference_set_has_its_own_board(table: Board, selection: Selection) -> None:
    assert board.select(table, replace(selection, reference="other"))["model"].tolist() == ["elsewhere"]


def test_a_model_name_is_never_markup(table: Board, selection: Selection) -> None:
    page = html(table, selection)
    assert "<img" not in page
    assert escape(HOSTILE) in page


def test_the_best_ranked_value_of_a_column_is_marked(table: Board, selection: Selection) -> None:
    rows = re.findall(r"<tr>.*?</tr>", html(table, selection))
    # the unranked row has 100 % but only ranked rows compete: 2,000 of 2,500 is 80 %
    marked = [row for row in rows if re.search(r'best[^>]*title="Novel:', row)]
    assert len(marked) == 1
    assert ">80.0<" in marked[0]


def test_a_row_without_rank_says_why(table: Board, selection: Selection) -> None:
    assert f"not ranked: 4 structures, ranking needs {PROTOCOL.n_ranked:,}" in html(table, selection)


def test_the_range_stands_under_the_rank_also_among_unranked_models_of_equal_size(
    tmp_path: Path, selection: Selection
) -> None:
    for model, n, n_novel in (("a", PROTOCOL.n_ranked, 1_250), ("b", PROTOCOL.n_ranked, 1_240), ("c", 40, 4)):
        publish(tmp_path, Made(model, records(n, n_novel)))
    publish(tmp_path, Made("d", records(40, 5)))
    page = html(board_table(Store(tmp_path), PROTOCOL), selection)
    # 10 records of 2,500 apart, the standard error is 35; 1 of 40 apart, it is 3
    assert page.count('title="95% of indicative ranks">1\u20132<') == 2
    assert page.count('title="95% of indicative ranks among models of 40 structures">1\u20132<') == 2
    assert "indicative rank 1, range 1\u20132" in page


def test_several_runs_show_their_mean_and_spread_and_one_run_says_so(tmp_path: Path, selection: Selection) -> None:
    for n_novel in (10, 20):
        publish(tmp_path, Made("several", records(100, n_novel)))
    publish(tmp_path, Made("single", records(100, 15)))
    page = html(board_table(Store(tmp_path), PROTOCOL), selection)
    assert "runs 15.0 \u00b1 7.1" in page  # 10 and 20 %: standard deviation 10 / sqrt(2)
    assert "2 runs: 10.0 to 20.0" in page
    assert page.count(">2 runs<") == 2
    assert page.count(">1 run<") == 1


def test_an_empty_board_has_its_columns(tmp_path: Path, selection: Selection) -> None:
    page = html(board_table(Store(tmp_path), PROTOCOL), selection)
    assert "No submission matches" in page
    assert registry()[PROTOCOL.ranking].label in page


def test_the_legend_states_unit_reference_and_protocol(tmp_path: Path) -> None:
    complete = {"reference": "lemat-bulk", "reference_indicative": False}
    made = Made("m", records(4, 4), energies=[energy(caesium_chloride(), 0.0)], record=complete)
    publish(tmp_path, made)
    legend = board.legend(board_table(Store(tmp_path), PROTOCOL), "lemat-bulk", PROTOCOL)
    label = registry()[PROTOCOL.ranking_with_energies].label
    assert f"Rank: by {label} (CHGNet, as submitted), raw: no calibration by DFT labels fits" in legend
    assert "percent" in legend
    assert "indicative" not in legend.casefold()
    assert PROTOCOL.hash[:12] in legend
    # no figure of another hull than the one shown
    assert "19.6" not in legend
    # how far the potential that ranks is from the best
    assert "CHGNet among potentials: F1 0.613 (best 0.931)" in legend


@pytest.fixture
def with_energies(tmp_path: Path) -> Board:
    for model, e_above_hull in (("lower", 0.0), ("higher", 0.3)):
        made = Made(
            model,
            records(PROTOCOL.n_ranked, 100 if model == "lower" else 900),
            energies=[energy(caesium_chloride(), e_above_hull)],
        )
        publish(tmp_path, made)
    return board_table(Store(tmp_path), PROTOCOL)


def test_the_stability_of_an_indicative_set_stands_apart_under_a_banner(with_energies: Board) -> None:
    board_columns = board.columns(with_energies, PROTOCOL)
    shown = tuple(board.default_columns(board_columns, PROTOCOL))
    selection = Selection("starter", PROTOCOL.ranking, HIGHEST, columns=shown, indicative=True)
    page = html(with_energies, selection)
    manifest = open_reference("starter").manifest
    leading, banner, apart = re.split(r'(<div class="notice hull".*?</div>)', page)
    # what the hull is, and figures that say why nothing is ranked by it, with their source
    for said in (f"CHGNet hull: {manifest.hulls[0].n_entries:,} entries", "51.5%", "1,963 generated", "Szymanski"):
        assert said in banner
    assert ">Stable<" not in leading
    assert "# indicative" in leading
    assert 'title="95% of indicative ranks"' in leading
    assert ">Stable</th>" in apart
    assert "data-sort" not in apart
    assert "best" not in apart
    assert apart.index("higher") < apart.index("lower")  # the order of the table above, by VUN
    sortable = {name for _, name in board.sort_choices(board_columns, indicative=True)}
    assert not {name for name in sortable if "@" in name}
    assert {name for _, name in board.sort_choices(board_columns, indicative=False)} - sortable


def test_the_legend_of_an_indicative_board_calls_its_ranks_so_and_quotes_no_figure(table: Board) -> None:
    legend = board.legend(table, "starter", PROTOCOL)
    assert f"Indicative rank: by {registry()[PROTOCOL.ranking].label}" in legend
    assert "19.6" not in legend
    assert "Matbench" not in legend  # nothing there has energies


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Board:
    """Two models of a complete set with raw and calibrated scores, and one with raw ones alone."""
    root = tmp_path_factory.mktemp("runs")
    complete = {"reference": "mp", "reference_indicative": False}
    for model, e_above_hull in (("on", -0.02), ("far", 9.0)):
        made = Made(
            model,
            records(PROTOCOL.n_ranked, 2_000),
            record=complete,
            energies=[energy(caesium_chloride(), e_above_hull)],
            calibrations={PROTOCOL.energy_variant: CHGNET},
        )
        publish(root, made)
    publish(root, Made("raw", records(4, 4), record=complete, energies=[energy(caesium_chloride(), 0.0)]))
    return board_table(Store(root), PROTOCOL)


@pytest.fixture
def of_calibrated(calibrated: Board) -> Selection:
    shown = board.default_columns(board.columns(calibrated, PROTOCOL), PROTOCOL)
    return Selection("mp", calibrated.ranking("mp", PROTOCOL).column, HIGHEST, columns=tuple(shown))


def stable_cell(page: str, model: str) -> str:
    row = page.split(f">{model}</a>")[1].split("</tr>", maxsplit=1)[0]
    (cell,) = re.findall(r'title="Stable, expected by DFT: [^"]*">(.*?)</td>', row)
    return str(cell)


def test_a_row_shows_raw_beside_expected(calibrated: Board, of_calibrated: Selection) -> None:
    page = html(calibrated, of_calibrated)
    assert "Stable, expected by DFT" in page
    assert "Stable, CHGNet&#x27;s verdict" not in page  # it stands in the same cells
    row = calibrated.wide.set_index("model").loc["on"]
    expected = row[ScoreKey("stable", f"{PROTOCOL.energy_variant}/calibrated").column]
    assert 0 < expected < 0.9
    cell = stable_cell(page, "on")
    assert f">{100 * expected:.1f}<" in cell
    assert ">raw 100.0<" in cell  # every structure lies 0.02 eV/atom below the hull
    # who has no calibrated value shows the raw one
    cell = stable_cell(page, "raw")
    assert "raw 100.0" in cell
    assert ">?<" in cell


def test_a_board_without_calibrated_values_shows_raw_columns(calibrated: Board, of_calibrated: Selection) -> None:
    page = html(calibrated, replace(of_calibrated, search="raw"))
    assert "Stable, CHGNet&#x27;s verdict" in page
    assert "expected by DFT" not in page


def test_a_row_says_how_much_lies_outside_of_the_calibration(calibrated: Board, of_calibrated: Selection) -> None:
    page = html(calibrated, of_calibrated)
    # at 9 eV/atom nothing was labelled
    words = "100.0% outside of what the calibration was fitted on: there the interval reaches to the raw verdict"
    assert page.count(words) == 1
    assert words in page.split(">far</a>")[1].split("</tr>")[0]


def test_the_legend_says_by_which_labels_a_board_is_calibrated(calibrated: Board) -> None:
    legend = board.legend(calibrated, "mp", PROTOCOL)
    label = registry()[PROTOCOL.ranking_with_energies].label
    assert f"Rank: by {label} (CHGNet, as submitted), calibrated: expected by DFT from labels of 1,963" in legend
    assert escape(CHGNET.source) in legend
    # Szymanski and Bartel 2025 and the shares measured on their structures, of this hull
    assert "CHGNet calls 19.6% stable on the PBE (MP2020) hull, DFT 3.9%" in legend
    # how predictions turned out stands beside what ranks
    first, second = legend.split("<br>")[:2]
    checks = [check for check in ledger() if (check.potential, check.relaxed) == ("chgnet", False)]
    assert (first.startswith('<p class="legend">Rank'), second) == (True, record_text(checks))


def test_calibrated_columns_stand_before_raw_ones_and_both_can_be_sorted_by(calibrated: Board) -> None:
    choices = [label for label, _ in board.sort_choices(board.columns(calibrated, PROTOCOL), indicative=False)]
    label = registry()[PROTOCOL.ranking_with_energies].label
    assert choices[4:6] == [f"{label}, expected by DFT", f"{label}, CHGNet's verdict"]
