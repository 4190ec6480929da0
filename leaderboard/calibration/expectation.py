"""What a calibration expects of structures: probabilities of being stable, distances with intervals, counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leaderboard.calibration.error_model import ErrorModel, probability_below, quantile
from leaderboard.calibration.features import DEEP_EV_PER_ATOM, LOCATION, SCALE, design, features
from metrics.scores.stability import METASTABLE_EV_PER_ATOM, TOLERANCE_EV_PER_ATOM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

THRESHOLDS = (TOLERANCE_EV_PER_ATOM, METASTABLE_EV_PER_ATOM + TOLERANCE_EV_PER_ATOM)
"""Of e_above_hull in eV/atom: stable, and metastable or better."""
COVERAGE = 0.90
"""Of the interval of one structure's distance."""
N_BELOW = 7
"""Distances below the hull, 0.05 eV/atom apart, at which probabilities are looked at so that none rises with it."""


@dataclass(frozen=True)
class Expectation:
    """Of n structures.

    Attributes:
        centre: (n,) median of e_above_hull by DFT, eV/atom.
        low: (n,) lower end of its 90% interval.
        high: (n,) upper end.
        below: (n,) probability of a distance up to each threshold, by threshold.
        below_draws: (draws, n) the same for each draw of the parameters.

    """

    centre: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    below: dict[float, NDArray[np.float64]]
    below_draws: dict[float, NDArray[np.float64]]


def expectation(
    best: ErrorModel,
    draws: ErrorModel,
    distances: NDArray[np.float64],
    formulas: Sequence[str],
    thresholds: Sequence[float],
) -> Expectation:
    """What DFT would say.

    The interval of one structure is that of the errors alone; the uncertainty of the parameters, shared by all
    structures, is small beside it.

    Args:
        best: the most likely parameters, one draw.
        draws: how uncertain they are.
        distances: (n,) e_above_hull by the potential, eV/atom.
        formulas: n formulas.
        thresholds: of e_above_hull, eV/atom.

    """
    drawn = {threshold: np.zeros((len(draws.shift), len(distances))) for threshold in thresholds}
    below = {threshold: np.zeros(len(distances)) for threshold in thresholds}
    # no lower distance makes anything less probable, although errors scatter more far below the hull
    for least in np.linspace(DEEP_EV_PER_ATOM, 0.0, N_BELOW):
        at = np.maximum(distances, least)
        values = features(at, formulas)
        located_by, scaled_by = design(values, LOCATION), design(values, SCALE)
        of_best = best.centre_and_scale(at, located_by, scaled_by)
        of_draws = draws.centre_and_scale(at, located_by, scaled_by)
        if least == DEEP_EV_PER_ATOM:
            centre, scale = (one[0] for one in of_best)
        for threshold in thresholds:
            np.maximum(below[threshold], probability_below(threshold, *of_best)[0], out=below[threshold])
            np.maximum(drawn[threshold], probability_below(threshold, *of_draws), out=drawn[threshold])
    low, high = quantile(0.5 - COVERAGE / 2), quantile(0.5 + COVERAGE / 2)
    return Expectation(
        centre + quantile(0.5) * scale,
        centre + low * scale,
        centre + high * scale,
        below,
        drawn,
    )
