"""The board as a table: which run stands for a submission, what ranks, and its three written forms."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from leaderboard.board.table import FACTS, board
from leaderboard.board.written import NOT_RANKED, csv_for_people, render
from leaderboard.protocol import load_protocol
from leaderboard.spreadsheet import FORMULA_STARTS
from leaderboard.store.local import Store
from metrics.score import registry
from tests.made_runs import Made, caesium_chloride, energy, good, publish, refused

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.board.table import Board

PROTOCOL = load_protocol()
N_RANKED = PROTOCOL.n_ranked


def records(n: int, n_novel: int) -> list[dict[str, Any]]:
    """Valid and unique records, of which the first n_novel are novel."""
    return [good(f"r{number}", in_reference=number >= n_novel) for number in range(n)]


def test_an_empty_store_gives_an_empty_table_with_every_column(tmp_path: Path) -> None:
    table = board(Store(tmp_path), PROTOCOL).wide
    assert table.empty
    assert {*FACTS, "vun", "vun_low", "vun_high", "vun_counted", "vun_unknown"} <= set(table.columns)
    assert "object" not in {str(kind) for kind in table.dtypes}


def test_scores_are_those_of_the_store(tmp_path: Path) -> None:
    run = publish(tmp_path, Made("m", [*records(6, 3), refused("bad", "malformed", "no cell")]))
    row = board(Store(tmp_path), PROTOCOL).wide.iloc[0]
    stored = {score.name: score for score in run.scores.scores}
    # 3 of 7 records are valid, unique and novel; one is unknown
    assert row["vun"] == stored["vun"].value == 3 / 7
    assert (row["vun_low"], row["vun_high"]) == (stored["vun"].low, stored["vun"].high)
    assert (row["vun_counted"], row["vun_unknown"]) == (6, 1)
    assert row["run"] == run.id


@pytest.mark.parametrize(
    ("n", "changes", "reason"),
    [
        (72, {}, f"72 structures, ranking needs {N_RANKED:,}"),
        (72, {"custom": True}, "custom settings"),
        (72, {"protocol_hash": "0" * 64}, "scored under an earlier draft of v1"),
    ],
)
def test_a_row_without_a_rank_says_why(tmp_path: Path, n: int, changes: dict[str, Any], reason: str) -> None:
    publish(tmp_path, Made("m", records(n, n), record=changes))
    row = board(Store(tmp_path), PROTOCOL).wide.iloc[0]
    assert row["rank"] is pd.NA
    assert row["not_ranked"] == reason


def test_ranks_follow_the_score_and_equal_scores_share_one(tmp_path: Path) -> None:
    for model, n_novel in (("low", 10), ("high", 900), ("tie", 900), ("best", 2_000)):
        publish(tmp_path, Made(model, records(N_RANKED, n_novel)))
    publish(tmp_path, Made("small", records(10, 10)))
    table = board(Store(tmp_path), PROTOCOL).wide
    assert dict(zip(table["model"], table["rank"].fillna(-1), strict=True)) == {
        "best": 1,
        "high": 2,
        "tie": 2,
        "low": 4,
        "small": -1,
    }
    # ranked rows come first, the others after them
    assert table["model"].tolist()[-1] == "small"


def test_each_reference_set_has_its_own_ranks(tmp_path: Path) -> None:
    for reference in ("starter", "lemat-bulk"):
        publish(tmp_path, Made("m", records(N_RANKED, 5), record={"reference": reference}))
    table = board(Store(tmp_path), PROTOCOL).wide
    assert table["rank"].tolist() == [1, 1]
    assert table["reference"].tolist() == ["lemat-bulk", "starter"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"protocol_hash": "0" * 64, "created": "2026-12-01T00:00:00+00:00"}, {}),
        ({"custom": True, "created": "2026-12-01T00:00:00+00:00"}, {}),
        ({"created": "2026-11-01T00:00:00+00:00"}, {"created": "2026-11-02T00:00:00+00:00"}),
    ],
    ids=["earlier draft", "custom", "older"],
)
def test_one_run_stands_for_a_submission(tmp_path: Path, first: dict[str, Any], second: dict[str, Any]) -> None:
    made = records(3, 3)
    publish(tmp_path, Made("m", made, record=first))
    shown = publish(tmp_path, Made("m", made, record=second))
    table = board(Store(tmp_path), PROTOCOL).wide
    assert table["run"].tolist() == [shown.id]


def test_json_reads_back_with_null_for_unknown(tmp_path: Path) -> None:
    publish(tmp_path, Made("=m", records(4, 1)))
    row = json.loads(render(board(Store(tmp_path), PROTOCOL), "json", PROTOCOL))[0]
    assert row["model"] == "=m"
    assert row["rank"] is None
    assert row["novel"] == 0.25


def test_csv_reads_back(tmp_path: Path) -> None:
    publish(tmp_path, Made("m, n", records(4, 1)))
    row = next(csv.DictReader(io.StringIO(render(board(Store(tmp_path), PROTOCOL), "csv", PROTOCOL))))
    assert row["model"] == "m, n"
    assert float(row["novel"]) == 0.25


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_no_cell_of_the_csv_is_a_formula(start: str) -> None:
    table = pd.DataFrame(
        {
            "name": pd.array([f"{start}cmd()", "plain"], dtype="string"),
            "value": pd.array([-1.5, None], dtype="Float64"),
        }
    )
    cells = list(csv.reader(io.StringIO(csv_for_people(table), newline="")))
    assert cells[1] == [f"'{start}cmd()", "-1.5"]  # a number keeps its sign
    assert cells[2] == ["plain", ""]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "cell", ["=1", "a;=1", "a;+1;-1;@x", 'a";=1', 'a;"=1', "a\n=1", "a\r\n=1", "a;\t=1", "a\t=1", 'a","=1', "a;;=1"]
)
def test_no_formula_begins_wherever_a_program_splits(cell: str, delimiter: str) -> None:
    table = pd.DataFrame({name: pd.array([cell, "x"], dtype="string") for name in ("=h", "b", "c")})
    written = csv_for_people(table)
    rows = csv.reader(io.StringIO(written, newline=""), delimiter=delimiter)
    assert not [cell for row in rows for cell in row if cell.lstrip("\t\r\n").startswith(FORMULA_STARTS)]
    # what Python's reader makes of a quote in the middle of a cell, others may take for its end
    parts = [part for line in written.splitlines() for part in line.replace('"', "").split(delimiter)]
    assert delimiter == "," or not [part for part in parts if part.lstrip("\t").startswith(FORMULA_STARTS)]


def test_markdown_keeps_every_name_in_its_cell(tmp_path: Path) -> None:
    publish(tmp_path, Made("a|b  [link](http://x)<img>", records(4, 1)))
    lines = render(board(Store(tmp_path), PROTOCOL), "md", PROTOCOL).splitlines()
    assert r"a\|b \[link\](http://x)\<img\>" in lines[2]
    assert lines[3:] == ["", f"Ranked by {registry()[PROTOCOL.ranking].label}."]
    unescaped = [line.replace(r"\|", "").count("|") for line in lines[:3]]
    assert len(set(unescaped)) == 1


def test_markdown_shows_percent_with_the_interval(tmp_path: Path) -> None:
    publish(tmp_path, Made("m", records(4, 1)))
    # what is not in the protocol's headline is left to the other forms
    assert "novel_fingerprint" not in render(board(Store(tmp_path), PROTOCOL), "md", PROTOCOL)
    # 1 of 4: Wilson's interval is [0.0456, 0.6994] (Wilson 1927, eq. for z = 1.95996)
    assert "25.0 (4.6 to 69.9)" in render(board(Store(tmp_path), PROTOCOL), "md", PROTOCOL)


def test_where_energies_exist_they_rank_and_what_has_none_takes_no_rank(tmp_path: Path) -> None:
    crystal = caesium_chloride()
    ranked = records(N_RANKED, N_RANKED)
    complete = {"reference_indicative": False}
    publish(tmp_path, Made("stable", ranked, energies=[energy(crystal, 0.0)], record=complete))
    publish(tmp_path, Made("unstable", ranked, energies=[energy(crystal, 0.3)], record=complete))
    publish(tmp_path, Made("structural", ranked, record=complete))
    table = board(Store(tmp_path), PROTOCOL).wide.set_index("model")
    assert table["rank"].dropna().to_dict() == {"stable": 1, "unstable": 2}
    assert table.loc["structural", "not_ranked"] == "no Discoveries (CHGNet, as submitted) yet"
    assert table.loc["stable", "discoveries@chgnet/unrelaxed"] == 1 / N_RANKED
    assert set(table["ranked_by"]) == {"discoveries@chgnet/unrelaxed"}


@pytest.fixture
def indicative(tmp_path: Path) -> Board:
    """Of an indicative set: what is stable there has the lower VUN, and one run has no energies."""
    for model, n_novel, e_above_hull in (("stable", 500, 0.0), ("unstable", 2_000, 0.3), ("structural", 1_000, None)):
        energies = [] if e_above_hull is None else [energy(caesium_chloride(), e_above_hull)]
        publish(tmp_path, Made(model, records(N_RANKED, n_novel), energies=energies))
    return board(Store(tmp_path), PROTOCOL)


def test_an_indicative_board_is_ranked_without_energies_and_says_so(indicative: Board) -> None:
    table = indicative.wide.set_index("model")
    assert table["rank"].to_dict() == {"unstable": 1, "structural": 2, "stable": 3}
    assert table["not_ranked"].isna().all()
    assert set(table["ranked_by"]) == {"vun"}
    # stability is there, and ranks nothing
    assert table.loc["stable", "stable@chgnet/unrelaxed"] == 1.0
    row = json.loads(render(indicative, "json", PROTOCOL))[0]
    assert (row["indicative"], row["ranked_by"], row["rank"]) == (True, "vun", 1)


def test_written_for_people_an_indicative_board_has_its_stability_apart(indicative: Board) -> None:
    first, second = render(indicative, "md", PROTOCOL).split(f"\n{NOT_RANKED}\n\n")
    assert first.startswith("| Indicative rank (95%) | Model |")
    assert "CHGNet" not in first
    assert second.startswith("| Model |")
    assert "Stable (CHGNet, as submitted), % |" in second.splitlines()[0]
    assert "ank" not in second
    assert [line.split(" | ")[0].strip("| ") for line in second.splitlines()[2:]] == [
        "unstable",
        "structural",
        "stable",
    ]


def test_a_complete_set_beside_an_indicative_one_keeps_its_own_table_and_rank(tmp_path: Path) -> None:
    energies = [energy(caesium_chloride(), 0.0)]
    publish(tmp_path, Made("a", records(N_RANKED, 5), energies=energies))
    complete = {"reference": "lemat-bulk", "reference_indicative": False}
    publish(tmp_path, Made("a", records(N_RANKED, 5), energies=energies, record=complete))
    whole = board(Store(tmp_path), PROTOCOL)
    assert whole.runs["ranked_by"].tolist() == ["discoveries@chgnet/unrelaxed", "vun"]
    text = render(whole, "md", PROTOCOL)
    assert text.startswith("| Rank (95%) |")
    assert text.index("Stable (CHGNet") < text.index("| Indicative rank (95%) |") < text.index(NOT_RANKED)
