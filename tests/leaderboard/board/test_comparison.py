"""Runs side by side: differences, words and caveats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from leaderboard.board.comparison import BAND, caveats, compare, direction, summary
from leaderboard.protocol import load_protocol
from leaderboard.score_key import ScoreKey
from leaderboard.store.json_files import write_model
from leaderboard.store.run import Run
from metrics.crystal import Crystal
from metrics.score import registry
from metrics.statistics.runs import RunVariance
from metrics.table import frame
from tests.made_runs import COLUMNS, Made, energy, good, publish

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leaderboard.board.comparison import Line
    from leaderboard.records import ScoreEntry

PROTOCOL = load_protocol()


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
    sentence = summary(["a", "b"], compare([first, second], PROTOCOL).lines)[0]
    assert sentence.startswith("b against a: better in ")
    assert "worse in Valid" in sentence
    assert "equal in Readable" in sentence
    near = publish(tmp_path, Made("near", records(500, 101)))
    said = summary(["a", "near"], compare([first, near], PROTOCOL).lines)[0]
    assert "not clearly different in Novel" in said


def test_what_does_not_compare_is_said(tmp_path: Path) -> None:
    first = publish(tmp_path, Made("a", records(9, 3)))
    same = publish(tmp_path, Made("b", records(9, 4)))
    changes = {"reference": "lemat-bulk", "reference_hash": "1" * 64, "custom": True, "protocol_hash": "2" * 64}
    other = publish(tmp_path, Made("c", records(8, 4), record=changes))
    assert caveats([first, same], ["a", "b"]) == []
    said = " ".join(caveats([first, other], ["a", "c"]))
    for words in ("starter, lemat-bulk", "versions of the protocol", "9, 8", "own settings"):
        assert words in said


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


def with_energies(tmp_path: Path, model: str, distances: Sequence[float]) -> Run:
    """A run of novel crystals at these distances from a complete hull, eV/atom."""
    made = [good(f"r{number}", family=f"{number}") for number in range(len(distances))]
    crystals = {
        facts["id"]: Crystal.from_arrays((4 + number / 100) * np.eye(3), np.zeros((1, 3)), [55])
        for number, facts in enumerate(made)
    }
    rows = [energy(crystals[facts["id"]], distance) for facts, distance in zip(made, distances, strict=True)]
    return publish(
        tmp_path, Made(model, made, crystals=crystals, energies=rows, record={"reference_indicative": False})
    )


def test_moving_structures_onto_the_hull_is_never_called_worse(tmp_path: Path) -> None:
    """Of 200 metastable structures another run has 150 on the hull: less metastable, and better all the same."""
    near = with_energies(tmp_path, "near", [0.05] * 200)
    on = with_energies(tmp_path, "on", [0.0] * 150 + [0.05] * 50)
    lines, _ = compare([near, on], PROTOCOL)
    verdicts = {line.name.partition("@")[0]: line.others[0].verdict for line in lines}
    assert verdicts["metastable"] == "lower"
    assert verdicts["stable"] == "better"
    assert "worse" not in verdicts.values()
    assert "worse" not in summary(["near", "on"], lines)[0]


MOVED = frame(
    [good(f"r{number}", family=f"{number}", chemical_system="Cs-Cl", unique=True) for number in range(20)], COLUMNS
)


@pytest.mark.parametrize("name", [name for name, score in registry().items() if "e_above_hull" in score.needs])
def test_a_score_with_a_direction_does_not_lose_by_what_becomes_stable(name: str) -> None:
    """Each registered score by the verdicts of a hull, with 20 metastable structures, and with half of them on it."""
    values = []
    for on_hull in (0, 10):
        heights = [0.0] * on_hull + [0.05] * (20 - on_hull)
        rows = MOVED.assign(e_above_hull=heights, n_hull_entries=20, elements_trusted=True).astype(
            {"e_above_hull": "Float64", "n_hull_entries": "Int64", "elements_trusted": "boolean"}
        )
        values.append(registry()[name].compute(rows, {}).value)
    before, after = values
    assert before is not None
    assert after is not None
    loses = after < before
    assert not (loses and direction(name) == "higher")
    # and only those that lose have lost their direction
    assert (name in BAND) == (loses and registry()[name].better == "higher")
