"""How good a calibration is: leave one method out, fit on the others, predict what DFT says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leaderboard.calibration.expectation import expectation
from leaderboard.calibration.fit import DRAWS, fit
from leaderboard.calibration.record import LeftOut
from metrics.scores.stability import METASTABLE_EV_PER_ATOM, TOLERANCE_EV_PER_ATOM
from metrics.statistics.expected import expected_share

if TYPE_CHECKING:
    from leaderboard.calibration.fit import Labelled

THRESHOLDS = (TOLERANCE_EV_PER_ATOM, METASTABLE_EV_PER_ATOM + TOLERANCE_EV_PER_ATOM)
"""Of e_above_hull in eV/atom: stable, and metastable or better."""


def leave_one_out(labelled: Labelled, draws: int = DRAWS) -> tuple[LeftOut, ...]:
    """Predict each method from the others; two rows a method, one for each threshold.

    Args:
        labelled: structures of at least three methods.
        draws: of the parameters.

    Raises:
        NotEnoughLabelsError: the others of a method are too few.

    """
    methods = np.array(labelled.methods)
    rows = []
    for method in sorted(set(labelled.methods)):
        rest, left_out = labelled.where(methods != method), labelled.where(methods == method)
        expected = expectation(*fit(rest, draws), left_out.distances, left_out.formulas, THRESHOLDS)
        inside = (expected.low <= left_out.labels) & (left_out.labels <= expected.high)
        for threshold in THRESHOLDS:
            is_below = (left_out.labels <= threshold).astype(np.float64)
            raw = (left_out.distances <= threshold).astype(np.float64)
            probability = expected.below[threshold]
            share = expected_share(probability, expected.below_draws[threshold], len(is_below))
            rows.append(
                LeftOut(
                    method=method,
                    threshold_ev_per_atom=threshold,
                    n_structures=len(is_below),
                    labelled=float(is_below.mean()),
                    raw=float(raw.mean()),
                    expected=share.value,
                    low=share.low,
                    high=share.high,
                    brier=float(((probability - is_below) ** 2).mean()),
                    brier_raw=float(((raw - is_below) ** 2).mean()),
                    interval_coverage=float(inside.mean()),
                )
            )
    return tuple(rows)
