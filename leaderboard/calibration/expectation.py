"""What a calibration expects of structures: probabilities of being stable, distances with intervals, counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.stats import t as student

from leaderboard.calibration.error_model import DEGREES, ErrorModel, probability_below
from leaderboard.calibration.features import LOCATION, SCALE, design, features

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

COVERAGE = 0.90
"""Of the interval of one structure's distance."""


@dataclass(frozen=True)
class Expectation:
    """Of n structures.

    Attributes:
        centre: (n,) e_above_hull by DFT that is expected, eV/atom.
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
    values = features(distances, formulas)
    located_by, scaled_by = design(values, LOCATION), design(values, SCALE)
    centre, scale = (one[0] for one in best.centre_and_scale(distances, located_by, scaled_by))
    drawn = draws.centre_and_scale(distances, located_by, scaled_by)
    reach = float(student.ppf(0.5 + COVERAGE / 2, DEGREES)) * scale
    return Expectation(
        centre,
        centre - reach,
        centre + reach,
        {threshold: probability_below(threshold, centre, scale) for threshold in thresholds},
        {threshold: probability_below(threshold, *drawn) for threshold in thresholds},
    )
