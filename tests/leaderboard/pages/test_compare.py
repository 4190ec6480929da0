"""The page that shows runs side by side: its table, names of runs, links, and figures."""

from __future__ import annotations

import shutil
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from leaderboard.board.comparison import compare
from leaderboard.board.table import board
from leaderboard.pages.compare import figures
from leaderboard.pages.compare.compare import first_two, named_runs
from leaderboard.pages.compare.differences import differences
from leaderboard.pages.compare.labels import run_labels
from leaderboard.pages.parts.runs import NoRunError
from leaderboard.protocol import load_protocol
from leaderboard.store.json_files import write_model
from leaderboard.store.local import Store
from leaderboard.store.run import Run
from metrics.table import frame
from tests.made_runs import COLUMNS, Made, good, publish

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PROTOCOL = load_protocol()
HOSTILE = "<img src=x onerror=alert(1)>"


def records(n: int, n_novel: int) -> list[dict[str, Any]]:
    return [good(f"r{number}", in_reference=number >= n_novel) for number in range(n)]


def html_of(compared: Sequence[Run], store: Store) -> str:
    table = board(store, PROTOCOL)
    return differences(compared, run_labels(compared, table.runs), table, PROTOCOL).html


def without_interval(run: Run, name: str, value: float) -> Run:
    """The run with another value of a score, as of two structures: it has no interval."""
    changes = {"value": value, "low": None, "high": None, "n_counted": 2}
    entries = [one.model_copy(update=changes) if one.name == name else one for one in run.scores.scores]
    write_model(run.record.with_scores(entries), run.path / "scores.json")
    return Run(run.path)


def test_the_page_shows_values_differences_words_and_runs(tmp_path: Path) -> None:
    for model, n_novel in (("alpha", 20), ("beta", 70), ("beta", 80), (HOSTILE, 50)):
        publish(tmp_path, Made(model, records(100, n_novel)))
    store = Store(tmp_path)
    compared = sorted(store.runs(), key=lambda run: run.model)  # the hostile one comes first
    html = html_of(compared, store)
    assert "<img" not in html
    assert HOSTILE in unescape(html)
    # differences of novel to the hostile one's 50 %; two runs of one model say too little of the spread between runs
    for words in ("+20.0 <em>no clear", "+30.0 <em>no clear", "\u221230.0 <em>no clear", "pooled over the models with"):
        assert words in html
    one_run_each = [run for run in compared if run.model != "beta"]
    for run in store.runs():
        if run.model == "beta":
            shutil.rmtree(run.path)
    # another store: one that is open notices late what is removed behind its back
    alone = html_of(one_run_each, Store(tmp_path))
    for words in (
        "\u221230.0 <em>worse",
        "p &lt; 0.001",
        "Holm&#x27;s correction over",
        "No comparable model has several runs",
    ):
        assert words in alone
    assert "beta, run 1 of 2: 2 runs; VUN 75.0 \u00b1 7.1 (standard deviation), 70.0 to 80.0." in html
    assert "alpha: one run; the spread between runs of the model is unknown." in html
    assert "Compare with care" not in html


def test_a_value_without_an_interval_is_shown_as_such(tmp_path: Path) -> None:
    first, second = (publish(tmp_path, Made(model, records(9, 3))) for model in "ab")
    html = html_of([first, without_interval(second, "continuous_novelty", 0.9)], Store(tmp_path))
    assert '<span class="value">0.900</span><span class="interval">no interval: 2 structures</span>' in html
    assert "<em>no interval</em>" in html
    assert "nan" not in html


def test_runs_of_one_model_are_told_apart(tmp_path: Path) -> None:
    """By their place among its runs against a set, by date; by what differs where they stand alone all the same."""
    days = ("2026-11-20", "2026-11-18", "2026-11-19")
    several = [
        publish(tmp_path, Made("m", records(9, n), record={"created": f"{day}T12:00:00+00:00"}))
        for n, day in enumerate(days, 1)
    ]
    other_set = publish(tmp_path, Made("m", records(9, 4), record={"reference": "other", "reference_hash": "1" * 64}))
    alone = publish(tmp_path, Made("n", records(9, 5)))
    listed = board(Store(tmp_path), PROTOCOL).runs
    assert run_labels([*several, alone], listed) == ["m, run 3 of 3", "m, run 1 of 3", "m, run 2 of 3", "n"]
    assert run_labels([several[0], other_set], listed) == ["m, run 3 of 3", "m"]
    # not on the board: nothing tells their place
    assert run_labels([several[0], other_set], listed.iloc[:0]) == ["m, starter", "m, other"]
    assert run_labels(several, listed.iloc[:0]) == [f"m, {day}" for day in days]


def test_equal_names_end_with_the_id(tmp_path: Path) -> None:
    several = [publish(tmp_path, Made("m", records(9, n))) for n in (1, 2)]
    labels = run_labels(several, board(Store(tmp_path), PROTOCOL).runs.iloc[:0])
    assert labels == [f"m, {run.id[:6]}" for run in several]
    again = publish(tmp_path, Made("m", records(9, 1), record={"custom": True}))  # the same structures
    same_file = [several[0], again]
    labels = run_labels(same_file, board(Store(tmp_path), PROTOCOL).runs.iloc[:0])
    assert labels == [f"m, {run.record.run_key[:6]}" for run in same_file]


def test_a_link_names_runs_by_id_or_models_by_name(tmp_path: Path) -> None:
    first, second = (publish(tmp_path, Made(model, records(9, 3))) for model in ("a", "b"))
    store = Store(tmp_path)
    expected = [first.id, second.id]
    assert named_runs(store, ",".join(expected)) == expected
    assert named_runs(store, f"a, {second.id},a") == expected
    for missing in ("nobody", second.path.parent.name):
        with pytest.raises(NoRunError, match=missing):
            named_runs(store, f"a,{missing}")
    assert set(first_two(board(store, PROTOCOL))) == set(expected)


def test_the_figure_has_each_share_with_its_interval(tmp_path: Path) -> None:
    runs = [publish(tmp_path, Made(model, records(80, n_novel))) for model, n_novel in (("a", 48), (HOSTILE, 8))]
    lines = [line for line in compare(runs, PROTOCOL).lines if line.name in ("novel", "valid")]
    figure = figures.side_by_side(["a", HOSTILE], lines)
    assert [list(trace.x) for trace in figure.data] == [[100, 60], [100, 10]]
    low = figure.data[0].x[1] - figure.data[0].error_x.arrayminus[1]
    assert low == pytest.approx(100 * 0.4904, abs=0.01)  # Wilson, 48 of 80
    assert "<img" not in figure.data[1].name


def test_a_mark_without_an_interval_has_no_bar(tmp_path: Path) -> None:
    run = without_interval(publish(tmp_path, Made("a", records(80, 48))), "novel", 0.6)
    lines = [line for line in compare([run, run], PROTOCOL).lines if line.name in ("novel", "valid")]
    bars = figures.side_by_side(["a", "a"], lines).data[0]
    assert list(bars.x) == [100, 60]
    assert [bar is None for bar in bars.error_x.array] == [False, True]


TABLE = frame(
    [
        good("a", reduced_formula="CsCl", space_group=221, density=4.0),
        good("b", reduced_formula="NaCl", space_group=225, density=2.2),
        good("c", reduced_formula="Cl2", space_group=64, density=30.0),
        good("d", reduced_formula="NaCl", space_group=2, density=2.2),
    ],
    COLUMNS,
)
FEW = frame([good("a", reduced_formula="Fe", space_group=229, density=7.9)], COLUMNS)


def test_elements_are_shares_of_formulas_and_the_sentence_names_the_widest_difference() -> None:
    drawn = figures.elements(["one", "other"], [TABLE, FEW])
    shares = dict(zip(drawn.figure.data[0].customdata, drawn.figure.data[0].x, strict=True))
    assert shares == {"Cl": 100.0, "Fe": 0.0, "Na": 50.0, "Cs": 25.0}
    assert drawn.finding == "Elements: the runs differ most in Cl, 100.0% of one and 0.0% of other."


def test_crystal_systems_are_shares_of_the_known_space_groups() -> None:
    drawn = figures.crystal_systems(["one", "other"], [TABLE, FEW])
    shares = dict(zip(drawn.figure.data[0].customdata, drawn.figure.data[0].x, strict=True))
    assert shares == {
        "triclinic": 25.0,
        "monoclinic": 0.0,
        "orthorhombic": 25.0,
        "tetragonal": 0.0,
        "trigonal": 0.0,
        "hexagonal": 0.0,
        "cubic": 50.0,
    }
    assert drawn.finding.endswith("in cubic, 50.0% of one and 100.0% of other.")


def test_densities_beyond_the_axis_are_said_and_no_bar_collects_them() -> None:
    drawn = figures.densities(["one", "other"], [TABLE, FEW])
    first = drawn.figure.data[0]
    assert dict(zip(first.x, first.y, strict=True)).items() >= {2.0: 50.0, 4.0: 25.0, 19.5: 0.0}.items()
    assert sum(first.y) == 75.0
    assert "not drawn: 1 of one." in drawn.finding


def test_the_curve_of_distances_counts_all_structures_and_what_is_unknown_lies_nowhere() -> None:
    distances = frame([good("a"), good("b"), good("c"), good("d")], COLUMNS)["density"].rename("e_above_hull")
    distances[:] = [-1.0, 0.0, 0.1, None]
    drawn = figures.hull_distances(["one"], [distances], "CHGNet, as submitted")
    within = dict(zip(drawn.figure.data[0].x.tolist(), drawn.figure.data[0].y.tolist(), strict=True))
    assert [within[at] for at in (-0.2, -0.005, 0.0, 0.095, 0.1, 0.5)] == [25.0, 25.0, 50.0, 50.0, 75.0, 75.0]
    assert drawn.finding == "Within 0.1 eV/atom of the hull lie 75.0% of one, by CHGNet, as submitted."
