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
from leaderboard.pages.board.columns import CALIBRATED, OVERVIEW, columns, preset
from leaderboard.pages.board.controls import sort_choices
from leaderboard.pages.board.models import models
from leaderboard.pages.board.notes import legend_html, method_html
from leaderboard.pages.board.selection import HIGHEST, LOWEST, Selection
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
def selection() -> Selection:
    return Selection("starter", sort=PROTOCOL.ranking, order=HIGHEST)


def html(table: Board, selection: Selection) -> str:
    by_model = models(table)
    return board.table_html(table, by_model, board.chosen(by_model, selection), selection, PROTOCOL)


def names(table: Board, selection: Selection) -> list[str]:
    return board.select(models(table), selection)["model"].to_list()


def overview(table: Board) -> set[str]:
    shown = preset(
        OVERVIEW,
        columns(table, PROTOCOL),
        PROTOCOL,
        energies=PROTOCOL.energy_variant,
        values=CALIBRATED,
        indicative=True,
    )
    return {column.name for column in shown}


def test_every_score_of_the_protocol_has_a_column(table: Board) -> None:
    board_columns = columns(table, PROTOCOL)
    assert {column.key.name for column in board_columns} == STRUCTURAL
    assert board_columns[0].key.name == PROTOCOL.ranking
    assert [column.label for column in board_columns] == [registry()[column.key.name].label for column in board_columns]


def test_columns_of_a_group_stand_together(table: Board) -> None:
    groups = [column.group for column in columns(table, PROTOCOL)]
    assert len(set(groups)) == sum(a != b for a, b in zip(groups, [None, *groups[:-1]], strict=True))


def test_what_the_protocol_does_not_headline_waits_in_the_picker(table: Board) -> None:
    assert overview(table) == set(PROTOCOL.headline) & STRUCTURAL
    assert overview(table) < {column.name for column in columns(table, PROTOCOL)}


@pytest.mark.parametrize(
    ("sort", "order", "expected"),
    [
        # ranked models come first, whatever few structures that are not ranked scored
        ("vun", HIGHEST, ["first", "Second", HOSTILE]),
        ("vun", LOWEST, ["Second", "first", HOSTILE]),
        ("model", LOWEST, ["first", "Second", HOSTILE]),
        ("rank", LOWEST, ["first", "Second", HOSTILE]),
        ("rank", HIGHEST, ["Second", "first", HOSTILE]),
    ],
)
def test_rows_are_sorted(table: Board, sort: str, order: str, expected: list[str]) -> None:
    assert names(table, Selection("starter", sort=sort, order=order, show="all")) == expected


def test_search_ignores_case_and_takes_no_pattern(table: Board, selection: Selection) -> None:
    assert names(table, replace(selection, search="SECO")) == ["Second"]
    assert names(table, replace(selection, search=".*")) == []
    assert "No submission matches" in html(table, replace(selection, search=".*"))


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("models", {"first", "Second"}),  # a submission of four structures is somebody's trial
        ("all", {"first", "Second", HOSTILE}),
        ("ranked", {"first", "Second"}),
        ("protocol settings", {"first", "Second", HOSTILE}),
    ],
)
def test_the_filter_keeps_what_it_names(table: Board, selection: Selection, show: str, expected: set[str]) -> None:
    assert set(names(table, replace(selection, show=show))) == expected
    assert board.n_hidden(models(table), replace(selection, show=show)) == 3 - len(expected)


def test_each_reference_set_has_its_own_board_and_trials_are_shown_where_there_is_nothing_else(table: Board) -> None:
    assert names(table, Selection("other")) == ["elsewhere"]


def test_a_model_name_is_never_markup(table: Board, selection: Selection) -> None:
    page = html(table, replace(selection, show="all"))
    assert "<img" not in page
    assert escape(HOSTILE) in page


def test_the_best_ranked_value_of_a_column_is_marked(table: Board, selection: Selection) -> None:
    rows = re.findall(r"<tr>.*?</tr>", html(table, replace(selection, show="all")))
    # the unranked row has 100 % but only ranked rows compete: 2,000 of 2,500 is 80 %
    marked = [row for row in rows if re.search(r'best[^>]*title="Novel:', row)]
    assert len(marked) == 1
    assert ">80.0<" in marked[0]
    # nor does it bear a mark where it has the best value, as of what can be read
    (unranked,) = [row for row in rows if escape(HOSTILE) in row]
    assert re.search(r'title="Readable:[^>]*>.{0,40}100.0', unranked)
    assert "best" not in unranked


def test_a_row_without_rank_says_why(table: Board, selection: Selection) -> None:
    page = html(table, replace(selection, show="all"))
    assert f"not ranked: 4 structures, ranking needs {PROTOCOL.n_ranked:,}" in page.partition(">Not ranked<")[2]


def test_the_range_stands_under_the_rank_also_among_unranked_models_of_equal_size(
    tmp_path: Path, selection: Selection
) -> None:
    for model, n, n_novel in (("a", PROTOCOL.n_ranked, 1_250), ("b", PROTOCOL.n_ranked, 1_240), ("c", 40, 4)):
        publish(tmp_path, Made(model, records(n, n_novel)))
    publish(tmp_path, Made("d", records(40, 5)))
    page = html(board_table(Store(tmp_path), PROTOCOL), replace(selection, show="all"))
    # 10 records of 2,500 apart, the standard error is 35; 1 of 40 apart, it is 3
    assert page.count('title="95% of indicative ranks">1\u20132<') == 2
    assert page.count('title="95% of indicative ranks among models of 40 structures">1\u20132<') == 2
    assert "indicative rank 1, range 1\u20132" in page


def test_several_runs_show_their_mean_and_spread_and_one_run_says_so(tmp_path: Path, selection: Selection) -> None:
    for n_novel in (10, 20):
        publish(tmp_path, Made("several", records(100, n_novel)))
    publish(tmp_path, Made("single", records(100, 15)))
    page = html(board_table(Store(tmp_path), PROTOCOL), selection)
    row = page.split(">several</a>")[1].split("</tr>")[0]
    # the mean of 10 and 20 %, with the standard deviation 10 / sqrt(2)
    assert ">15.0<" in row
    assert "runs \u00b1 7.1" in row
    assert "2 runs: 10.0 to 20.0" in row
    assert page.count(">2 runs<") == 1
    assert page.count('<tr class="run"') == 2
    assert page.index(">10.0<") < page.index(">20.0<")  # the runs below it, the oldest first


def test_an_empty_board_has_its_columns(tmp_path: Path, selection: Selection) -> None:
    page = html(board_table(Store(tmp_path), PROTOCOL), selection)
    assert "No submission matches" in page
    assert registry()[PROTOCOL.ranking].label in page


def test_the_legend_says_in_four_lines_what_ranks_against_what(tmp_path: Path) -> None:
    complete = {"reference": "lemat-bulk", "reference_indicative": False}
    made = Made("m", records(4, 4), energies=[energy(caesium_chloride(), 0.0)], record=complete)
    publish(tmp_path, made)
    table = board_table(Store(tmp_path), PROTOCOL)
    legend, method = legend_html(table, "lemat-bulk", PROTOCOL), method_html(table, "lemat-bulk", PROTOCOL)
    label = registry()[PROTOCOL.ranking_with_energies].label
    assert legend.count("<dt>") == 4
    assert f"<dt>Rank</dt><dd>by {label} (CHGNet, as submitted), raw: no calibration by DFT labels fits" in legend
    assert "percent" in legend
    assert "indicative" not in (legend + method).casefold()
    # no figure of another hull than the one shown
    assert "19.6" not in method
    # how far the potential that ranks is from the best
    assert "CHGNet among potentials: F1 0.613 (best 0.931)" in method


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
    page = html(with_energies, Selection("starter", columns="stability"))
    manifest = open_reference("starter").manifest
    before, banner, shown = re.split(r'(<div class="notice hull".*?</div>)', page)
    # what the hull is, and figures that say why nothing is ranked by it, with their source
    for said in (f"CHGNet hull: {manifest.hulls[0].n_entries:,} entries", "51.5%", "1,963 generated", "Szymanski"):
        assert said in banner
    assert before == ""
    assert "Rank, indicative" in shown
    assert 'title="95% of indicative ranks"' in shown
    assert ">Stability, indicative</th>" in shown
    assert {name.partition("@")[1] for name in re.findall(r'data-sort="([^"]*)"', shown)} == {""}
    assert "best" not in re.findall(r'<td class="([^"]*)"', shown)
    assert shown.index("higher") < shown.index("lower")  # the order of the ranks, by VUN
    board_columns = columns(with_energies, PROTOCOL)
    sortable = {name for _, name in sort_choices(with_energies, PROTOCOL, "starter")}
    assert not {name for name in sortable if "@" in name}
    assert {column.name for column in board_columns} - sortable


def test_the_overview_of_an_indicative_set_has_no_stability(with_energies: Board) -> None:
    page = html(with_energies, Selection("starter"))
    assert "notice hull" not in page
    assert ">Stable<" not in page


def test_the_legend_of_an_indicative_board_calls_its_ranks_so_and_quotes_no_figure(table: Board) -> None:
    legend, method = legend_html(table, "starter", PROTOCOL), method_html(table, "starter", PROTOCOL)
    assert f"<dt>Indicative rank</dt><dd>by {registry()[PROTOCOL.ranking].label}" in legend
    assert "19.6" not in method
    assert "Matbench" not in method  # nothing there has energies


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
    return Selection("mp", sort=calibrated.ranking("mp", PROTOCOL).column, order=HIGHEST, show="all")


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
    legend, method = legend_html(calibrated, "mp", PROTOCOL), method_html(calibrated, "mp", PROTOCOL)
    label = registry()[PROTOCOL.ranking_with_energies].label
    assert f"by {label} (CHGNet, as submitted), calibrated: expected by DFT from labels of 1,963" in legend
    assert escape(CHGNET.source) in legend
    # Szymanski and Bartel 2025 and the shares measured on their structures, of this hull
    assert "CHGNet calls 19.6% stable on the PBE (MP2020) hull, DFT 3.9%" in method
    # how predictions turned out
    checks = [check for check in ledger() if (check.potential, check.relaxed) == ("chgnet", False)]
    assert f"<p>{record_text(checks)}</p>" in method


def test_calibrated_columns_stand_before_raw_ones_and_both_can_be_sorted_by(calibrated: Board) -> None:
    choices = [label for label, _ in sort_choices(calibrated, PROTOCOL, "mp")]
    label = registry()[PROTOCOL.ranking_with_energies].label
    assert choices[4:6] == [f"{label}, expected by DFT", f"{label}, CHGNet's verdict"]


def test_raw_values_alone_are_shown_where_they_are_chosen(calibrated: Board) -> None:
    page = html(calibrated, Selection("mp", values="raw", show="all"))
    assert "Stable, CHGNet&#x27;s verdict" in page
    assert "expected by DFT" not in page
