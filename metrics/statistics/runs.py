"""Several runs of one model: their spread, and what is known of the spread between runs from all models together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from metrics.statistics.uncertainty import Z

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from metrics.statistics.uncertainty import Estimate


class Spread(NamedTuple):
    """Several runs of one model: mean, standard deviation (n - 1), smallest and largest value of each score."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    smallest: NDArray[np.float64]
    largest: NDArray[np.float64]


class RunVariance(NamedTuple):
    """Variance of a score over runs of one model, pooled over models.

    Attributes:
        total: of the values of runs, which holds that of drawing their records.
        sampling: of drawing their records alone.
        dof: degrees of freedom: runs less models, over the models that have several; at least 1.

    """

    total: float
    sampling: float
    dof: int

    @property
    def between(self) -> float:
        """Variance of what runs would give with endless records."""
        return max(self.total - self.sampling, 0.0)


def spread(values: NDArray[np.float64]) -> Spread:
    """Spread of scores over several runs of one model.

    Args:
        values: (runs, scores), two runs or more; a score that a run does not have is NaN, and so is its spread.

    Raises:
        ValueError: there are fewer than two runs.

    """
    if len(values) < 2:  # noqa: PLR2004 - a deviation takes two
        msg = f"a spread needs two runs or more, got {len(values)}"
        raise ValueError(msg)
    # sorted, so that the order of the runs plays no part
    values = np.sort(values, axis=0)
    return Spread(values.mean(axis=0), values.std(axis=0, ddof=1), values.min(axis=0), values.max(axis=0))


def pooled(models: Sequence[Sequence[Estimate]]) -> RunVariance | None:
    """Variance of a score over the runs of a model; None where no model has two.

    One variance for all models: most have too few runs for one of their own.

    Args:
        models: value and 95% interval of the score, of each run of each model.

    """
    several = sorted(sorted(runs) for runs in models if len(runs) > 1)
    dof = sum(len(runs) - 1 for runs in several)
    if not dof:
        return None
    squares = [(len(runs) - 1) * np.var([run.value for run in runs], ddof=1) for runs in several]
    sampling = [(len(runs) - 1) * np.mean([((run.high - run.low) / (2 * Z)) ** 2 for run in runs]) for runs in several]
    return RunVariance(float(sum(squares)) / dof, float(sum(sampling)) / dof, dof)
