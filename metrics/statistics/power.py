"""How large samples have to be for a difference of two models to be found: power of the test that compares them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from scipy.special import nctdtr, ndtr, ndtri, stdtrit

from metrics.statistics.ranks import trials_behind
from metrics.statistics.uncertainty import Estimate, Z

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics.statistics.runs import RunVariance

POWER = 0.8
LEVEL = 0.05
"""Of a two-sided test of one difference."""
MOST_STRUCTURES = 10_000_000
MOST_RUNS = 10_000


class Sample(NamedTuple):
    """A score of a model: value and 95% interval of one run, its number of structures, whether it is a share."""

    estimate: Estimate
    n: int
    is_share: bool

    @property
    def variance(self) -> float:
        """Variance that one structure adds: that of the value times the number of structures.

        Of a share it is that of the mean of Jeffreys' distribution behind it: no hits in so many trials do not say that
        there never are any.
        """
        value, low, high = self.estimate
        if self.is_share:
            trials = trials_behind(self.estimate)
            behind = (value * trials + 0.5) / (trials + 1)
            return behind * (1 - behind) * self.n / trials
        return ((high - low) / (2 * Z)) ** 2 * self.n


def power(gap: float, error: float, dof: float = math.inf) -> float:
    """Probability that a true difference is found at the 5% level with the right sign.

    Args:
        gap: the true difference.
        error: standard error of the difference, above 0.
        dof: degrees of freedom of the error; infinite where it is known. Source of the noncentral t: W. G. Cochran and
            G. M. Cox, Experimental Designs (1957), section 2.2.

    """
    ratio = abs(gap) / error
    if math.isinf(dof):
        return float(ndtr(ratio - ndtri(1 - LEVEL / 2)))
    return 1 - float(nctdtr(dof, ratio, stdtrit(dof, 1 - LEVEL / 2)))


def structures_needed(first: Sample, second: Sample, between: RunVariance | None = None, n_runs: int = 1) -> int | None:
    """Structures of each run with which two models would be told apart with a power of 80%.

    The published values are taken for the true ones, and the error falls with the square root of the number of
    structures. None where no number up to `MOST_STRUCTURES` is enough, as where runs of a model differ by too much.

    Args:
        first: of one model.
        second: of another one.
        between: of runs of a model, where it is known.
        n_runs: runs of each model.

    """
    return _smallest(lambda n: _power_of(first, second, between, n, n_runs), MOST_STRUCTURES)


def runs_needed(first: Sample, second: Sample, between: RunVariance | None, n_structures: int) -> int | None:
    """Runs of each model with so many structures each that would tell them apart; otherwise as `structures_needed`."""
    return _smallest(lambda n: _power_of(first, second, between, n_structures, n), MOST_RUNS)


def _power_of(first: Sample, second: Sample, between: RunVariance | None, n_structures: int, n_runs: int) -> float:
    variance, dof = (first.variance + second.variance) / n_structures, math.inf
    if between is not None:
        variance += 2 * between.between
        dof = between.dof + 2 * (n_runs - 1)  # new runs say more of the spread themselves
    if not variance:
        return float(first.estimate.value != second.estimate.value)
    return power(first.estimate.value - second.estimate.value, math.sqrt(variance / n_runs), dof)


def _smallest(power_of: Callable[[int], float], largest: int) -> int | None:
    """The smallest number that has the power, which rises with it."""
    if power_of(largest) < POWER:
        return None
    low, high = 0, largest
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(middle) >= POWER else (middle, high)
    return high
