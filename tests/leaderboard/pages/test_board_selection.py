"""What is shown of the board: its link restores it, filters keep what cards say, a model is one row, files hold it."""

from __future__ import annotations

import io
import json
import re
from math import isclose, sqrt
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.board.table import board as board_table
from leaderboard.pages.board import board
from leaderboard.pages.board.columns import CALIBRATED, GROUPS, PRESETS, RAW, columns, energy_views, preset
from leaderboard.pages.board.files import written
from leaderboard.pages.board.filters import ANY, SHOWN, choices
from leaderboard.pages.board.models import models
from leaderboard.pages.board.selection import (
    FACT_LABELS,
    HIGHEST,
    LOWEST,
    Selection,
    first_selection,
    link,
    linked,
)
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from metrics.score import registry
from tests.made_runs import Made, caesium_chloride, energy, good, publish

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leaderboard.board.table import Board

PROTOCOL = load_protocol()


def records(prefix: str, n: int, n_novel: int) -> list[dict[str, Any]]:
    return [good(f"{prefix}{number}", in_reference=number >= n_novel) for number in range(n)]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Board:
    """Models with cards of all kinds, one with three runs, one with energies, one trial."""
    root = tmp_path_factory.mktemp("runs")
    card: dict[str, Any] = {"training_sets": ("MP-20", "Alex-MP-20"), "pre_relaxed": True, "open_weights": False}
    publish(root, Made("a", records("a", 120, 60), card={**card, "architecture": "diffusion"}))
    publish(root, Made("b", records("b", 500, 90), card={"training_sets": ("MP-20",), "pre_relaxed": False}))
    publish(root, Made("c", records("c", 110, 10), energies=[energy(caesium_chloride(), 0.0)]))
    publish(root, Made("trial", records("t", 11, 5)))
    for n_novel in (20, 50, 80):
        publish(root, Made("several", records(f"s{n_novel}-", 200, n_novel), card={"version": "2"}))
    return board_table(Store(root), PROTOCOL)


@st.composite
def selections(draw: st.DrawFn, table: Board) -> Selection:
    """Whatever the controls can be set to."""
    offered = choices(table, PROTOCOL)
    names = [column.name for column in columns(table, PROTOCOL)]
    picked = st.lists(st.sampled_from(names), min_size=1, max_size=4).map(",".join)
    return Selection(
        "starter",
        sort=draw(st.sampled_from([*FACT_LABELS, *names])),
        order=draw(st.sampled_from([HIGHEST, LOWEST])),
        columns=draw(st.sampled_from(PRESETS) | picked),
        energies=draw(st.sampled_from(["", *(variant for _, variant in energy_views(table, PROTOCOL))])),
        values=draw(st.sampled_from([CALIBRATED, RAW])),
        search=draw(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)),
        show=draw(st.sampled_from(list(SHOWN))),
        shade=draw(st.booleans()),
        at=draw(st.integers(1, 9)),
        **{name: draw(st.sampled_from(getattr(offered, name))) for name in offered._fields},
    )


@given(data=st.data())
def test_a_link_restores_exactly_what_was_shown(table: Board, data: st.DataObject) -> None:
    selection = data.draw(selections(table))
    first = first_selection(table, PROTOCOL)
    parameters = dict(parse_qsl(link(selection, first), keep_blank_values=True))
    assert linked(parameters, first, table, PROTOCOL) == selection


@settings(max_examples=10)  # each draws up to a hundred columns
@given(data=st.data())
def test_whatever_is_selected_is_drawn_and_written(table: Board, data: st.DataObject) -> None:
    selection, by_model = data.draw(selections(table)), models(table)
    index = board.chosen(by_model, selection)
    drawn = board.table_html(table, by_model, index, selection, PROTOCOL)
    shown = board.shown_columns(table, by_model, index, selection, PROTOCOL)
    on_page = len(index) if selection.at == 1 else 0
    assert drawn.count("data-tick=") == on_page
    assert drawn.count("title=") >= on_page * len(shown)
    content = json.loads(written(table, by_model, selection, PROTOCOL, "json"))
    assert [row["model"] for row in content["models"]] == by_model.rows.loc[index, "model"].to_list()


def test_the_first_selection_needs_no_query(table: Board) -> None:
    first = first_selection(table, PROTOCOL)
    assert link(first, first) == ""
    assert linked({}, first, table, PROTOCOL) == first


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"sort": "beauty"}, "sort: there is no 'beauty'; there are: .*novel"),
        ({"columns": "valid,beauty"}, "no preset or column 'beauty'; there are: overview, novelty"),
        ({"search": "y" * 501}, "a search of 501 characters; at most 500"),
        ({"reference": "mars"}, "no board of the reference set 'mars'; there are: starter"),
        ({"colour": "red"}, "no control 'colour'; there are: .*columns"),
        ({"training": "WD-50K"}, "training: there is no 'WD-50K'; there are: .*MP-20"),
        ({"at": "-1"}, "whole number"),
        ({"at": "1e9"}, "whole number"),
        ({"shade": "maybe"}, "shade: there is no 'maybe'"),
    ],
)
def test_a_link_that_names_what_is_not_there_is_answered(table: Board, parameters: dict[str, str], said: str) -> None:
    with pytest.raises(LookupError, match=said):
        linked(parameters, first_selection(table, PROTOCOL), table, PROTOCOL)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"training": "MP-20"}, {"a", "b"}),
        ({"training": "Alex-MP-20"}, {"a"}),
        ({"training": "not said"}, {"c", "several"}),
        ({"relaxed": "yes"}, {"a"}),
        ({"relaxed": "no"}, {"b"}),
        ({"relaxed": "not said"}, {"c", "several"}),
        ({"weights": "no"}, {"a"}),
        ({"weights": "yes"}, set()),
        ({"architecture": "diffusion"}, {"a"}),
        ({"structures": "500 or more"}, {"b"}),
        ({"structures": f"exactly {PROTOCOL.n_ranked}"}, set()),
        ({"training": "MP-20", "structures": "500 or more"}, {"b"}),
        ({"show": "all", "structures": ANY}, {"a", "b", "c", "several", "trial"}),
    ],
)
def test_filters_keep_what_cards_say(table: Board, filters: dict[str, str], expected: set[str]) -> None:
    selection = linked(filters, first_selection(table, PROTOCOL), table, PROTOCOL)
    assert set(board.select(models(table), selection)["model"]) == expected


def test_a_model_is_one_row_with_the_mean_of_its_runs(table: Board) -> None:
    by_model = models(table)
    assert by_model.rows["model"].value_counts().to_dict() == {"a": 1, "b": 1, "c": 1, "trial": 1, "several": 1}
    (row,) = by_model.rows[by_model.rows["model"] == "several"].to_dict("records")
    (runs,) = by_model.runs.values()
    assert row["run"] in by_model.runs
    assert sorted(runs["novel"]) == [0.1, 0.25, 0.4]
    assert isclose(row["novel"], 0.25)
    # of independent errors: the root of the sum of squares, by the number of runs
    half = sqrt(sum((run["novel"] - run["novel_low"]) ** 2 for run in runs.to_dict("records"))) / 3
    assert isclose(row["novel_low"], 0.25 - half)
    assert row["novel_counted"] == 600
    assert row["novel_low"] < row["novel"] < row["novel_high"]


def test_the_means_do_not_depend_on_the_order_of_the_runs(table: Board, tmp_path: Path) -> None:
    for n_novel in (80, 20, 50):
        publish(tmp_path, Made("several", records(f"s{n_novel}-", 200, n_novel), card={"version": "2"}))
    (other,) = models(board_table(Store(tmp_path), PROTOCOL)).rows.to_dict("records")
    row = next(row for row in models(table).rows.to_dict("records") if row["model"] == "several")
    assert isclose(other["novel"], row["novel"])
    assert isclose(other["novel_high"], row["novel_high"])


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_shows_all_of_its_groups(table: Board, name: str) -> None:
    board_columns = columns(table, PROTOCOL)
    known = {column.key.name for column in board_columns}
    of_view, indicative = (
        {
            column.key.name
            for column in preset(
                name,
                board_columns,
                PROTOCOL,
                energies=PROTOCOL.energy_variant,
                values=CALIBRATED,
                indicative=indicative,
            )
        }
        for indicative in (False, True)
    )
    assert "stable" in known
    if name in GROUPS:
        assert of_view == indicative == {score for score in known if registry()[score].group in GROUPS[name]}
    elif name == "overview":
        assert of_view == set(PROTOCOL.headline) & known
        assert indicative == of_view - {"stable", "metastable", "discoveries", "metastable_discoveries", "sun", "msun"}
    else:
        assert of_view == indicative == known


def csv_of(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content))


def parquet_of(content: bytes) -> pd.DataFrame:
    frame: pd.DataFrame = pq.read_table(io.BytesIO(content)).to_pandas()
    return frame


def json_of(content: bytes) -> pd.DataFrame:
    return pd.DataFrame(json.loads(content)["models"])


@pytest.mark.parametrize(("form", "read"), [("csv", csv_of), ("parquet", parquet_of), ("json", json_of)])
def test_a_file_holds_what_is_shown_as_stored(table: Board, form: Any, read: Callable[[bytes], pd.DataFrame]) -> None:  # noqa: ANN401 - a literal
    selection = Selection("starter", sort="novel", order=HIGHEST, columns="novel,valid")
    frame = read(written(table, models(table), selection, PROTOCOL, form))
    assert frame["model"].tolist() == ["a", "several", "b", "c"]
    assert frame["novel"].astype(float).round(6).tolist() == [0.5, 0.25, 0.18, round(10 / 110, 6)]
    assert {"novel_low", "novel_high", "novel_counted", "novel_spread", "valid", "reference_hash"} <= set(frame)
    assert "unique" not in frame


def test_a_heading_says_what_its_score_means_and_links_to_its_definition(table: Board) -> None:
    selection, by_model = Selection("starter", columns="diversity_vendi"), models(table)
    head = board.table_html(table, by_model, board.chosen(by_model, selection), selection, PROTOCOL).split("<tbody>")[0]
    (tip,) = re.findall(r'id="tip-diversity_vendi">(.*?)</span>', head)
    assert 'aria-describedby="tip-diversity_vendi"' in head
    assert "effective number" in tip
    assert "shown, never ranked" in tip
    assert "?page=about#score-diversity_vendi" in tip


def test_cells_are_shaded_from_the_worst_of_a_column_to_its_best(table: Board) -> None:
    by_model = models(table)

    def heats(*, shade: bool) -> list[str]:
        selection = Selection("starter", sort="novel", order=HIGHEST, columns="novel", shade=shade)
        drawn = board.table_html(table, by_model, board.chosen(by_model, selection), selection, PROTOCOL)
        lines = [line for line in drawn.split("<tr") if line.startswith(">")]
        return [heat for line in lines for heat in re.findall(r"--heat:([\d.]+)", line)]

    assert heats(shade=False) == []
    assert heats(shade=True)[0] == "1.00"
    assert heats(shade=True)[-1] == "0.00"
