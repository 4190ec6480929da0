"""A reliability diagram says what probabilities are worth: each structure in one bin, the truth on the diagonal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.calibration.assess import BINS, leave_one_out, reliability
from leaderboard.calibration.expectation import THRESHOLDS
from leaderboard.calibration.record import calibrations
from metrics.statistics.uncertainty import wilson_interval
from tests.leaderboard.calibration.test_fit import made

if TYPE_CHECKING:
    from random import Random

    from leaderboard.calibration.record import Calibration, ReliabilityBin

DOCUMENT = Path(__file__).parents[3] / "docs" / "calibration.md"
SHIPPED = calibrations()


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60), st.randoms())
def test_every_structure_is_in_one_bin_whatever_their_order(
    structures: list[tuple[float, bool]], random: Random
) -> None:
    def binned(rows: list[tuple[float, bool]]) -> list[ReliabilityBin]:
        predicted, is_below = zip(*rows, strict=True)
        return reliability(0.1, np.array(predicted), np.array(is_below, dtype=np.float64))

    bins = binned(structures)
    assert sum(one.n_structures for one in bins) == len(structures)
    assert sum(one.n_hits for one in bins) == sum(hit for _, hit in structures)
    assert [one.predicted for one in bins] == sorted(one.predicted for one in bins)
    assert {one.n_structures for one in bins} <= {len(structures) // len(bins), -(-len(structures) // len(bins))}
    shuffled = list(structures)
    random.shuffle(shuffled)
    assert binned(shuffled) == binned(structures)


def test_labels_drawn_with_the_predicted_probability_lie_on_the_diagonal() -> None:
    """Of 8 bins, 99.9% intervals: all hold in 99.2% of all cases, and the seed is one of these."""
    generator = np.random.default_rng(7)
    predicted = generator.beta(0.5, 1.5, 4_000)
    bins = reliability(0.0, predicted, (generator.random(4_000) < predicted).astype(np.float64))
    assert len(bins) == BINS
    for one in bins:
        low, high = wilson_interval(one.n_hits, one.n_structures, 0.999)
        assert low <= one.predicted <= high


def test_bins_hold_the_structures_of_every_method_that_was_left_out() -> None:
    labelled = made(100)
    assessed = leave_one_out(labelled, 5)
    for threshold in THRESHOLDS:
        bins = [one for one in assessed.reliability if one.threshold_ev_per_atom == threshold]
        rows = [row for row in assessed.left_out if row.threshold_ev_per_atom == threshold]
        assert sum(one.n_structures for one in bins) == sum(row.n_structures for row in rows) == 300
        assert sum(one.n_hits for one in bins) == (labelled.labels <= threshold).sum()


@pytest.mark.parametrize("calibration", SHIPPED, ids=lambda one: one.potential)
def test_shipped_probabilities_are_far_nearer_to_the_labels_than_verdicts_are(calibration: Calibration) -> None:
    """Mean distance of the bins from the diagonal; of the verdicts that of each method's share from its label."""
    for threshold in THRESHOLDS:
        bins = [one for one in calibration.reliability if one.threshold_ev_per_atom == threshold]
        rows = [row for row in calibration.left_out if row.threshold_ev_per_atom == threshold]
        off = np.mean([abs(one.n_hits / one.n_structures - one.predicted) for one in bins])
        assert off < 0.3 * np.mean([abs(row.raw - row.labelled) for row in rows])


@pytest.mark.parametrize("calibration", SHIPPED, ids=lambda one: one.potential)
def test_the_document_has_the_figures_of_the_shipped_calibrations(calibration: Calibration) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for row in calibration.left_out:
        assert f"{100 * row.expected:.1f} [{100 * row.low:.1f}, {100 * row.high:.1f}]" in text
    if calibration.potential == "chgnet":
        for one in calibration.reliability:
            assert f"| {100 * one.predicted:.1f} | {one.n_hits} of {one.n_structures} |" in text
