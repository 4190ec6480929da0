"""What a page says of calibrations: raw beside expected, reliability, labels, and where there is none."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import gradio as gr
import pytest

from leaderboard.calibration.expectation import THRESHOLDS
from leaderboard.calibration.record import calibrations
from leaderboard.pages.model import energies, energy_charts
from leaderboard.pages.texts import about, plots_calibration
from leaderboard.pages.texts.calibration import calibration_html, calibration_of
from leaderboard.pages.texts.potential_accuracy import accuracy_html
from leaderboard.pages.texts.potential_standing import against_dft, on_matbench, standings_html
from leaderboard.protocol import load_protocol
from leaderboard.score_key import ScoreKey
from metrics.measure.potentials import registry
from metrics.measure.potentials.matbench_discovery import BEST, FIGURES
from tests.made_runs import Made, caesium_chloride, energy, good, publish

if TYPE_CHECKING:
    from leaderboard.store.run import Run

VIEW = "chgnet/unrelaxed"
CHGNET = next(one for one in calibrations() if one.potential == "chgnet")


def made(root: pytest.TempPathFactory, **changes: object) -> Run:
    facts = {"energies": [energy(caesium_chloride(), 0.02)], "calibrations": {VIEW: CHGNET}, **changes}
    return publish(root.mktemp("runs"), Made("m", [good("a"), good("b")], **facts))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made(tmp_path_factory)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made(tmp_path_factory, calibrations={})


def test_raw_and_expected_are_drawn_with_the_intervals_of_the_scores(run: Run) -> None:
    verdicts, expected = plots_calibration.raw_and_expected(run.scores.scores, VIEW).data
    scores = {score.key: score.estimate for score in run.scores.scores}
    assert list(expected.customdata) == ["Stable", "Metastable or better", "SUN", "Discoveries"]
    for marks, variant in ((verdicts, VIEW), (expected, f"{VIEW}/calibrated")):
        for place, name in enumerate(plots_calibration.SHOWN):
            estimate = scores[ScoreKey(name, variant)]
            assert estimate is not None
            assert marks.x[place] == pytest.approx(100 * estimate.value)
            assert marks.x[place] + marks.error_x.array[place] == pytest.approx(100 * estimate.high)
            assert marks.x[place] - marks.error_x.arrayminus[place] == pytest.approx(100 * estimate.low)
    assert verdicts.x[0] == 0  # 0.02 eV/atom above the hull
    assert expected.x[0] > 0


def test_reliability_draws_every_bin_against_the_diagonal() -> None:
    diagonal, *series = plots_calibration.reliability(CHGNET).data
    assert (list(diagonal.x), list(diagonal.y)) == ([0, 100], [0, 100])
    for threshold, points in zip(THRESHOLDS, series, strict=True):
        bins = [one for one in CHGNET.reliability if one.threshold_ev_per_atom == threshold]
        assert list(points.x) == pytest.approx([100 * one.predicted for one in bins])
        assert list(points.y) == pytest.approx([100 * one.n_hits / one.n_structures for one in bins])


def test_the_page_names_the_labels_and_shows_each_method_left_out(run: Run) -> None:
    page = calibration_html(run, VIEW)
    assert "CHGNet calibrated on 1,963 structures of 4 methods with DFT labels" in page
    assert escape(CHGNET.source) in page
    assert "Of this run 0.0% of the structures are outside of what the calibration was fitted on" in page
    row = CHGNET.left_out[0]
    assert f">{100 * row.expected:.1f} [{100 * row.low:.1f}, {100 * row.high:.1f}]<" in page
    assert page.count('<th scope="row">') == len(CHGNET.left_out)


def test_the_section_shows_the_calibration_where_there_is_one(run: Run, raw: Run) -> None:
    for of_run, has_calibration in ((run, True), (raw, False)):
        filled = energies.fill(of_run)
        (row,) = (one for one in filled if isinstance(one, gr.Row))
        assert row.visible == has_calibration
        assert ("no calibration by DFT labels fits" in str(filled)) != has_calibration
        assert len(filled) == len(energies.fill(None))


def test_an_earlier_calibration_is_named_and_not_drawn(tmp_path_factory: pytest.TempPathFactory) -> None:
    earlier = CHGNET.model_copy(update={"source": "labels of long ago"})
    run = made(tmp_path_factory, calibrations={VIEW: earlier})
    assert calibration_of(run, VIEW) is None
    assert f"an earlier calibration, {earlier.sha256[:12]}" in calibration_html(run, VIEW)


def test_shares_by_potential_are_verdicts_alone(run: Run, raw: Run) -> None:
    assert energy_charts.shares(run.scores.scores) == energy_charts.shares(raw.scores.scores)


def test_what_is_said_of_a_potential_is_on_the_record() -> None:
    """19.6% and 3.9% of 1,963 structures: measured on those of Szymanski and Bartel 2025."""
    assert "CHGNet calls 19.6% stable on the PBE (MP2020) hull, DFT 3.9%" in against_dft("chgnet")
    assert against_dft("orb-v3") == ""
    assert "CHGNet among potentials: F1 0.613 (best 0.931), \u03ba_SRME 1.717 (best 0.118" in on_matbench("chgnet")
    assert "measured: orb-v3-conservative-inf-mpa" in on_matbench("orb-v3")
    assert on_matbench("emt") == ""


def test_a_run_says_how_far_its_potentials_are_and_that_its_set_was_not_measured(raw: Run) -> None:
    page = accuracy_html(raw)
    assert "CHGNet among potentials: F1 0.613" in page
    assert "DFT 3.9%" in page
    assert "of the reference set starter itself has not been measured" in page


def test_about_lists_every_potential_that_scores() -> None:
    page = about.page(load_protocol())
    assert standings_html() in page
    for potential in registry().values():
        assert (f'<th scope="row">{potential.label}</th>' in page) == (potential.id != "emt")
    for figures in (*FIGURES.values(), BEST):
        assert f">{figures.f1:.3f}</td>" in page
        assert f">{figures.kappa_srme:.3f}</td>" in page
