"""Runs side by side: differences, words and caveats, and the page that shows them."""

from __future__ import annotations

import shutil
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from leaderboard.board.comparison import caveats, compare, summary
from leaderboard.board.table import board
from leaderboard.pages.compare.compare import first_two, named_runs, page
from leaderboard.pages.parts import plots
from leaderboard.pages.parts.runs import NoRunError
from leaderboard.protocol import load_protocol
from leaderboard.score_key import ScoreKey
from leaderboard.store.json_files import write_model
from leaderboard.store.local import Store
from leaderboard.store.run import Run
from metrics.statistics.runs import RunVariance
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leaderboard.board.comparison import Line
    from leaderboard.records import ScoreEntry

PROTOCOL = load_protocol()
HOSTILE = "<img src=x onerror=alert(1)>"


def records(n: int, n_novel: int, n_valid: int | None = None) -> list[dict[str, Any]]:
    n_valid = n if n_valid is None else n_valid
    return [good(f"r{number}", in_reference=number >= n_novel, valid=number < n_valid) for number in range(n)]


def lines_of(*runs: Run) -> dict[str, Line]:
    return {line.name: line for line in compare(runs, PROTOCOL).lines}


def with_scores(run: Run, entries: Sequence[ScoreEntry]) -> Run:
    """The run with other scores in its folder."""
    write_model(run.record.with_scores(entries), run.path / "scores.json")
    return Run(run.path)


def test_a_difference_has_the_interval_of_newcombe_and_a_word(tmp_path: Path) -> None:
    # Newcombe 1998, DOI 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, table II: 56/70 - 48/80
    first = publish(tmp_path, Made("a", records(80, 48)))
    second = publish(tmp_path, Made("b", records(70, 56)))
    line = lines_of(first, second)["novel"]
    assert line.first is not None
    assert line.first.value == 0.6
    other = line.others[0]
    assert other.difference is not None
    assert other.difference[:3] == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert other.verdict == "no clear difference"  # the interval leaves 0 out, but it is one of many comparisons


def test_a_clear_difference_has_a_word_and_survives_the_number_of_comparisons(tmp_path: Path) -> None:
    first = publish(tmp_path, Made("a", records(800, 480)))
    second = publish(tmp_path, Made("b", records(700, 560)))
    lines, n_comparisons = compare([first, second], PROTOCOL)
    others = {line.name: line.others[0] for line in lines}
    assert others["novel"].verdict == "better"
    assert lines_of(second, first)["novel"].others[0].verdict == "worse"
    assert others["valid"].verdict == "equal"  # all of both are
    gaps = [other.difference for other in others.values() if other.difference is not None]
    assert n_comparisons == len(gaps)
    gap = others["novel"].difference
    assert gap is not None
    smaller = sum(other.p_value < gap.p_value for other in gaps)
    assert others["novel"].p_value == pytest.approx(gap.p_value * (n_comparisons - smaller))


def test_all_pairs_count_and_a_spread_between_runs_that_is_large_leaves_nothing_clear(tmp_path: Path) -> None:
    runs = [publish(tmp_path, Made(model, records(800, n_novel))) for model, n_novel in (("a", 480), ("b", 640))]
    runs.append(publish(tmp_path, Made("c", records(800, 500))))
    alone = compare(runs[:2], PROTOCOL)
    assert compare(runs, PROTOCOL).n_comparisons == 3 * alone.n_comparisons
    between = {ScoreKey("novel"): RunVariance(0.2**2, 1e-4, 2)}
    gaps = [
        lines[0]
        for lines in (
            [line.others[0] for line in compared.lines if line.name == "novel"]
            for compared in (alone, compare(runs[:2], PROTOCOL, between))
        )
    ]
    assert [gap.verdict for gap in gaps] == ["better", "no clear difference"]
    assert gaps[0].difference is not None
    assert gaps[1].difference is not None
    assert gaps[1].difference.low < gaps[0].difference.low


def test_a_score_without_a_better_end_is_higher_or_lower(tmp_path: Path) -> None:
    made = [good(f"r{number}", in_reference_fingerprint=number % 2 == 0) for number in range(200)]
    first = publish(tmp_path, Made("a", made))
    second = publish(tmp_path, Made("b", [good(f"r{number}") for number in range(200)]))
    assert lines_of(first, second)["novel_fingerprint"].others[0].verdict == "higher"
    assert lines_of(second, first)["novel_fingerprint"].others[0].verdict == "lower"


def test_a_score_that_only_one_run_has_or_of_another_version_is_not_compared(tmp_path: Path) -> None:
    first, second, third = (publish(tmp_path, Made(model, records(9, 3))) for model in "abc")
    second = with_scores(second, [entry for entry in second.scores.scores if entry.name != "novel"])
    third = with_scores(third, [entry.model_copy(update={"version": 99}) for entry in third.scores.scores])
    line = lines_of(first, second, third)["novel"]
    assert [other.verdict for other in line.others] == ["not comparable"] * 2
    assert line.others[0].score is None
    assert line.others[1].score is not None


@pytest.mark.parametrize("indicative", [False, True])
def test_variants_are_lines_of_their_own(tmp_path: Path, *, indicative: bool) -> None:
    """On a set that is not complete none of them leads."""
    facts = {"reference_indicative": indicative}
    runs = [publish(tmp_path, Made(model, records(9, 3), record=facts)) for model in "ab"]
    wider = []
    for run in runs:
        entry = next(entry for entry in run.scores.scores if entry.name == "vun")
        added = entry.model_copy(update={"variant": "chgnet/unrelaxed"})
        wider.append(with_scores(run, [*run.scores.scores, added]))
    line = lines_of(*wider)["vun@chgnet/unrelaxed"]
    assert line.label.endswith(" (CHGNet, as submitted)")
    assert line.in_headline is not indicative


def test_the_summary_is_in_plain_words(tmp_path: Path) -> None:
    first = publish(tmp_path, Made("a", records(500, 100)))
    second = publish(tmp_path, Made("b", records(500, 400, n_valid=300)))
    sentence = summary([first, second], compare([first, second], PROTOCOL).lines)[0]
    assert sentence.startswith("b against a: better in ")
    assert "worse in Valid" in sentence
    assert "equal in Readable" in sentence
    near = publish(tmp_path, Made("near", records(500, 101)))
    said = summary([first, near], compare([first, near], PROTOCOL).lines)[0]
    assert "not clearly different in Novel" in said


def test_what_does_not_compare_is_said(tmp_path: Path) -> None:
    first = publish(tmp_path, Made("a", records(9, 3)))
    same = publish(tmp_path, Made("b", records(9, 4)))
    changes = {"reference": "lemat-bulk", "reference_hash": "1" * 64, "custom": True, "protocol_hash": "2" * 64}
    other = publish(tmp_path, Made("c", records(8, 4), record=changes))
    assert caveats([first, same]) == []
    said = " ".join(caveats([first, other]))
    for words in ("starter, lemat-bulk", "versions of the protocol", "9, 8", "own settings"):
        assert words in said


def test_the_page_shows_values_differences_words_and_runs(tmp_path: Path) -> None:
    for model, n_novel in (("alpha", 20), ("beta", 70), ("beta", 80), (HOSTILE, 50)):
        publish(tmp_path, Made(model, records(100, n_novel)))
    store = Store(tmp_path)
    table = board(store, PROTOCOL)
    compared = sorted(store.runs(), key=lambda run: run.model)  # the hostile one comes first
    html = page(compared, table, PROTOCOL)
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
    alone = page(one_run_each, board(Store(tmp_path), PROTOCOL), PROTOCOL)
    for words in (
        "\u221230.0 <em>worse",
        "p &lt; 0.001",
        "Holm&#x27;s correction over",
        "No comparable model has several runs",
    ):
        assert words in alone
    assert "beta: 2 runs; VUN 75.0 \u00b1 7.1 (standard deviation), 70.0 to 80.0." in html
    assert "alpha: one run; the spread between runs of the model is unknown." in html
    assert "Compare with care" not in html
    assert "Choose two models" in page(compared[:1], table, PROTOCOL)


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
    figure = plots.side_by_side(["a", HOSTILE], lines)
    assert [list(trace.x) for trace in figure.data] == [[100, 60], [100, 10]]
    low = figure.data[0].x[1] - figure.data[0].error_x.arrayminus[1]
    assert low == pytest.approx(100 * 0.4904, abs=0.01)  # Wilson, 48 of 80
    assert "<img" not in figure.data[1].name


def without_interval(run: Run, name: str, value: float) -> Run:
    """The run with another value of a score, as of two structures: it has no interval."""
    changes = {"value": value, "low": None, "high": None, "n_counted": 2}
    entries = run.scores.scores
    return with_scores(run, [one.model_copy(update=changes) if one.name == name else one for one in entries])


def test_a_value_without_an_interval_has_no_p_value_and_no_difference_is_clear(tmp_path: Path) -> None:
    first, second = (publish(tmp_path, Made(model, records(9, 3))) for model in "ab")
    n_comparisons = compare([first, second], PROTOCOL).n_comparisons
    second = without_interval(second, "continuous_novelty", 0.9)
    compared = compare([first, second], PROTOCOL)
    line = next(line for line in compared.lines if line.name == "continuous_novelty")
    other = line.others[0]
    assert (other.verdict, other.difference, other.p_value) == ("no interval", None, None)
    assert other.score is not None
    assert other.score.value == 0.9
    assert compared.n_comparisons == n_comparisons - 1
    html = page([first, second], board(Store(tmp_path), PROTOCOL), PROTOCOL)
    assert '<span class="value">0.900</span><span class="interval">no interval: 2 structures</span>' in html
    assert "<em>no interval</em>" in html
    assert "nan" not in html


def test_values_that_are_alike_but_for_rounding_are_equal(tmp_path: Path) -> None:
    # the Vendi scores of two structures that have nothing in common: 2, less what the kernel's tail or rounding takes
    first, second, third = (publish(tmp_path, Made(model, records(9, 3))) for model in "abc")
    first = without_interval(first, "continuous_novelty", 1.9999999999997)
    second = without_interval(second, "continuous_novelty", 2.0)
    third = without_interval(third, "continuous_novelty", 1.99999998607)
    verdicts = [other.verdict for other in lines_of(first, second, third)["continuous_novelty"].others]
    assert verdicts == ["equal", "no interval"]


def test_a_stored_interval_without_a_width_is_none(tmp_path: Path) -> None:
    """Runs that were published with such intervals keep them, and nothing is clear by them."""
    first, second = (publish(tmp_path, Made(model, records(9, 3))) for model in "ab")
    made = []
    for run, value in ((first, 1.3), (second, 2.9)):
        changes = {"value": value, "low": value, "high": value}
        entries = run.scores.scores
        made.append(
            with_scores(
                run, [one.model_copy(update=changes) if one.name == "continuous_novelty" else one for one in entries]
            )
        )
    assert lines_of(*made)["continuous_novelty"].others[0].verdict == "no interval"


def test_a_mark_without_an_interval_has_no_bar(tmp_path: Path) -> None:
    run = without_interval(publish(tmp_path, Made("a", records(80, 48))), "novel", 0.6)
    lines = [line for line in compare([run, run], PROTOCOL).lines if line.name in ("novel", "valid")]
    bars = plots.side_by_side(["a", "a"], lines).data[0]
    assert list(bars.x) == [100, 60]
    assert [bar is None for bar in bars.error_x.array] == [False, True]
