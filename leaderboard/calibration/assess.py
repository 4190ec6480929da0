"""How good a calibration is: leave one method out, fit on the others, predict what DFT says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from leaderboard.calibration.expectation import THRESHOLDS, expectation
from leaderboard.calibration.fit import DRAWS, fit
from leaderboard.calibration.record import LeftOut, ReliabilityBin
from metrics.statistics.expected import expected_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leaderboard.calibration.fit import Labelled

BINS = 8
"""Of a reliability diagram, with equally many structures: about 250 of the 1,963 at hand."""
_DIGITS = 6


class Assessment(NamedTuple):
    """What fits by the other methods predicted for each method.

    Attributes:
        left_out: two rows a method, one for each threshold.
        reliability: bins of the predicted probability over all methods, lowest first, threshold by threshold.

    """

    left_out: tuple[LeftOut, ...]
    reliability: tuple[ReliabilityBin, ...]


def leave_one_out(labelled: Labelled, draws: int = DRAWS) -> Assessment:
    """Predict each method from the others.

    Args:
        labelled: structures of at least three methods.
        draws: of the parameters.

    Raises:
        NotEnoughLabelsError: the others of a method are too few.

    """
    methods = np.array(labelled.methods)
    rows = []
    predicted: dict[float, list[NDArray[np.float64]]] = {threshold: [] for threshold in THRESHOLDS}
    hits: dict[float, list[NDArray[np.float64]]] = {threshold: [] for threshold in THRESHOLDS}
    for method in sorted(set(labelled.methods)):
        rest, left_out = labelled.where(methods != method), labelled.where(methods == method)
        expected = expectation(*fit(rest, draws), left_out.distances, left_out.formulas, THRESHOLDS)
        inside = (expected.low <= left_out.labels) & (left_out.labels <= expected.high)
        for threshold in THRESHOLDS:
            is_below = (left_out.labels <= threshold).astype(np.float64)
            raw = (left_out.distances <= threshold).astype(np.float64)
            probability = expected.below[threshold]
            predicted[threshold].append(probability)
            hits[threshold].append(is_below)
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
    bins = (
        one
        for threshold in THRESHOLDS
        for one in reliability(threshold, np.concatenate(predicted[threshold]), np.concatenate(hits[threshold]))
    )
    return Assessment(tuple(rows), tuple(bins))


def reliability(
    threshold: float, predicted: NDArray[np.float64], is_below: NDArray[np.float64]
) -> list[ReliabilityBin]:
    """Structures in bins of equal number by their predicted probability: where it holds, as many of a bin are hits.

    Args:
        threshold: of e_above_hull, eV/atom.
        predicted: (n,) probability of a distance up to the threshold.
        is_below: (n,) 1 where DFT finds it, else 0.

    """
    # equal probabilities by the label, so that the order of the structures changes nothing
    order = np.lexsort((is_below, predicted))
    return [
        ReliabilityBin(
            threshold_ev_per_atom=threshold,
            predicted=round(float(predicted[places].mean()), _DIGITS),
            n_structures=len(places),
            n_hits=int(is_below[places].sum()),
        )
        for places in np.array_split(order, min(BINS, len(order)))
    ]
