"""Fit the error of a potential to structures with DFT labels, and draw how uncertain the fit is.

The location of the errors and the logarithm of their scale are linear in the features; each method (the generator that
a set of structures comes from) has a shift of its own. Draws resample structures (bootstrap) and weigh methods by a
Dirichlet distribution (D. B. Rubin, Ann. Stat. 9, 130 (1981), DOI 10.1214/aos/1176345338), and a method that was not
seen has a shift drawn anew: with four methods that is the larger part of what is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize

from leaderboard.calibration.error_model import ErrorModel, cost_and_pull
from leaderboard.calibration.features import LOCATION, SCALE, design, features, saturated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DRAWS = 200
SEED = 2013
SHIFT_EV_PER_ATOM = 0.0125
"""How far the errors of two methods are apart before any is seen: what is left between the four labelled methods at
hand once oxygen is accounted for. It counts as much as four methods; those that are seen do the rest."""
SHIFT_WEIGHT = 4
METHOD_WEIGHTS = 8.0
"""Concentration of the Dirichlet distribution: a method's weight varies by about a third of itself."""

_SLOPE_SD = 1.0
_LOG_SLOPE_SD = 3.0
_SMALLEST_LOG_SCALE, _LARGEST_LOG_SCALE = -7.0, 2.0
_TYPICAL_SCALE = 0.07
MIN_METHODS, MIN_STRUCTURES = 2, 50


class NotEnoughLabelsError(ValueError):
    """Too few methods or structures to tell a calibration from noise."""


@dataclass(frozen=True)
class Labelled:
    """Structures with what a potential and DFT say.

    Attributes:
        distances: (n,) e_above_hull by the potential, eV/atom.
        labels: (n,) e_above_hull by DFT on the same hull, eV/atom.
        formulas: n formulas.
        methods: n names of the generator that each comes from.
        n_hull_entries: (n,) entries of the hull in the chemical system of each.

    """

    distances: NDArray[np.float64]
    labels: NDArray[np.float64]
    formulas: Sequence[str]
    methods: Sequence[str]
    n_hull_entries: NDArray[np.int64]

    def where(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> Labelled:
        """Those of the structures, or the structures at those places."""
        places = np.arange(len(self.distances))[kept].tolist()
        return Labelled(
            self.distances[kept],
            self.labels[kept],
            [self.formulas[place] for place in places],
            [self.methods[place] for place in places],
            self.n_hull_entries[kept],
        )


class _Parameters(NamedTuple):
    location: NDArray[np.float64]
    log_scale: NDArray[np.float64]
    effects: NDArray[np.float64]


def fit(labelled: Labelled, draws: int = DRAWS) -> tuple[ErrorModel, ErrorModel]:
    """The most likely parameters (one draw, no shift), and draws of them with the shift of a method that was not seen.

    Args:
        labelled: structures of at least two methods.
        draws: number of draws.

    Raises:
        NotEnoughLabelsError: there are fewer than two methods or fifty structures.

    """
    methods = sorted(set(labelled.methods))
    n_structures = len(labelled.distances)
    if len(methods) < MIN_METHODS or n_structures < MIN_STRUCTURES:
        msg = (
            f"{n_structures} structures of {len(methods)} methods; a calibration needs at least {MIN_STRUCTURES} "
            f"structures of {MIN_METHODS} methods"
        )
        raise NotEnoughLabelsError(msg)
    # in an order of their own, so that the order of the labels changes no digit
    problem = _Problem(labelled.where(np.lexsort((labelled.distances, labelled.labels))), methods)
    best = problem.solved(np.ones(n_structures))
    generator = np.random.default_rng(SEED)
    drawn = []
    shifts = []
    for _ in range(draws):
        structures = generator.multinomial(n_structures, np.full(n_structures, 1 / n_structures))
        weights = generator.dirichlet(np.full(len(methods), METHOD_WEIGHTS)) * len(methods)
        parameters = problem.solved(structures * weights[problem.method])
        drawn.append(parameters)
        shifts.append(_shift_scale(parameters.effects) * generator.standard_t(SHIFT_WEIGHT + len(methods)))
    return (
        ErrorModel(best.location[None], best.log_scale[None], np.zeros(1)),
        ErrorModel(
            np.array([one.location for one in drawn]), np.array([one.log_scale for one in drawn]), np.array(shifts)
        ),
    )


def _shift_scale(effects: NDArray[np.float64]) -> float:
    """Scale of the shift of a new method, from those of the methods seen and what was believed before, in eV/atom."""
    known = float((effects**2).sum())
    return float(np.sqrt((SHIFT_WEIGHT * SHIFT_EV_PER_ATOM**2 + known) / (SHIFT_WEIGHT + len(effects))))


class _Problem:
    """The penalised likelihood of labelled structures."""

    def __init__(self, labelled: Labelled, methods: Sequence[str]) -> None:
        values = features(labelled.distances, labelled.formulas)
        ones = np.ones(len(labelled.distances))
        self.located_by = np.column_stack([ones, design(values, LOCATION)])
        self.scaled_by = np.column_stack([ones, design(values, SCALE)])
        self.errors = labelled.labels - saturated(labelled.distances)
        self.method = np.array([methods.index(name) for name in labelled.methods])
        self.is_of_method = self.method[:, None] == np.arange(len(methods))

    def solved(self, weights: NDArray[np.float64]) -> _Parameters:
        """The parameters that are most likely for structures of these weights."""
        n_location, n_scale = self.located_by.shape[1], self.scaled_by.shape[1]
        ends = [n_location, n_location + n_scale]
        start = np.zeros(ends[1] + self.is_of_method.shape[1])
        start[0], start[n_location] = np.median(self.errors), np.log(_TYPICAL_SCALE)
        solution = minimize(self._cost, start, args=(weights, ends), jac=True, method="L-BFGS-B")
        return _Parameters(*np.split(solution.x, ends))

    def _cost(
        self, point: NDArray[np.float64], weights: NDArray[np.float64], ends: list[int]
    ) -> tuple[float, NDArray[np.float64]]:
        """Minus the logarithm of the likelihood and of the priors, and its gradient."""
        location, log_scale, effects = np.split(point, ends)
        log_scales = np.clip(self.scaled_by @ log_scale, _SMALLEST_LOG_SCALE, _LARGEST_LOG_SCALE)
        scales = np.exp(log_scales)
        errors = (self.errors - self.located_by @ location - self.is_of_method @ effects) / scales
        costs, pull = cost_and_pull(errors)
        likelihood = weights @ (log_scales + costs)
        # intercepts are free; slopes and effects are pulled towards zero
        slopes, log_slopes = np.append(0.0, location[1:]), np.append(0.0, log_scale[1:])
        priors = (slopes @ slopes / _SLOPE_SD**2 + log_slopes @ log_slopes / _LOG_SLOPE_SD**2) / 2
        priors += effects @ effects / SHIFT_EV_PER_ATOM**2 / 2
        slope = -weights * pull / scales
        gradient = np.concatenate(
            [
                self.located_by.T @ slope + slopes / _SLOPE_SD**2,
                self.scaled_by.T @ (weights * (1 - pull * errors)) + log_slopes / _LOG_SLOPE_SD**2,
                self.is_of_method.T @ slope + effects / SHIFT_EV_PER_ATOM**2,
            ]
        )
        return float(likelihood + priors), gradient
