"""Structural diversity by similarity: the Vendi score of average minimum distances."""

from __future__ import annotations

from math import exp, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import cdist

from metrics.reference_statistics import undefined
from metrics.score import Against, Value, score
from metrics.statistics.histogram import lists
from metrics.statistics.resampling import COMMON_SIZE, SEED
from metrics.statistics.uncertainty import Z
from metrics.statistics.value import by_spread

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

BANDWIDTH_ANGSTROM = 0.3
_SHUFFLES = 2
"""Times that the structures are dealt into samples of 500; in each, every structure is in one sample at most."""


@score(
    label="Structural diversity",
    unit="effective number",
    better="neither",
    missing="left out, shown only",
    needs=("amd",),
    version=2,
)
def diversity_vendi(rows: pd.DataFrame, _against: Against) -> Value:
    """Effective number of dissimilar structures: Vendi score over average minimum distances, expected among 500.

    exp(-sum l ln l) over the eigenvalues l of K/n, with K = exp(-d^2 / (2 (0.3 angstrom)^2)), d the root mean square
    difference of two structures' 100 average minimum distances. Elements play no part. The eigenvalues are those of the
    whole K. Of more than 500 structures the score is the mean over disjoint samples of 500, dealt twice; a smaller
    number keeps its own size, which can only lower its value.

    Formula: exp(-sum l ln l), l the eigenvalues of K / n with K = exp(-d^2 / (2 (0.3 angstrom)^2)), expected in 500 of
    the structures.
    Interval: for the mean over samples of 500; exp(entropy -/+ 1.96 standard errors), from what each structure adds to
    the entropy (its influence, Hampel 1974).
    Source: Friedman and Dieng 2023, arXiv 2210.02410; average minimum distances: Widdowson et al. 2022, DOI
    10.46793/match.87-3.529W; influence: Hampel 1974, DOI 10.1080/01621459.1974.10482962.
    Missing values: left out, shown only; structures without average minimum distances are not in the kernel.
    """
    known = sorted(tuple(amd) for amd in lists(rows["amd"]) if amd is not None)
    n_known = len(known)
    if not n_known:
        return undefined(0, len(rows))
    curves = np.array(known, dtype=np.float64)
    samples = [vendi_score(curves[places]) for places in dealt(n_known)]
    value = float(np.mean([sample for sample, _ in samples]))
    influence = float(np.mean([deviation for _, deviation in samples]))
    factor = exp(Z * influence / sqrt(n_known))
    low = min(max(value / factor, 1.0), value)
    return by_spread(value, low, value * factor, n_known, len(rows) - n_known)


def dealt(n: int) -> list[NDArray[np.int64]]:
    """Places of the samples of 500; all of them once where there are no more."""
    if n <= COMMON_SIZE:
        return [np.arange(n)]
    generator = np.random.default_rng(SEED)
    shuffled = [generator.permutation(n) for _ in range(_SHUFFLES)]
    return [
        order[start : start + COMMON_SIZE] for order in shuffled for start in range(0, n - COMMON_SIZE + 1, COMMON_SIZE)
    ]


def vendi_score(curves: NDArray[np.float64]) -> tuple[float, float]:
    """Vendi score of structures, and the standard deviation of what a structure adds to its logarithm.

    A structure i of a little more weight changes the entropy of K / n = V diag(l) V^T by
    -n sum_k l_k V_ik^2 ln l_k - entropy.

    Args:
        curves: (n, m) average minimum distances.

    """
    n = len(curves)
    kernel = np.exp(-cdist(curves, curves, "sqeuclidean") / (2 * curves.shape[1] * BANDWIDTH_ANGSTROM**2))
    values, vectors = np.linalg.eigh(kernel / n)
    positive = values > _NEGLIGIBLE
    values, vectors = values[positive], vectors[:, positive]
    values /= values.sum()
    logarithms = np.log(values)
    score = exp(-float(values @ logarithms))
    influence = -n * vectors**2 @ (values * logarithms)
    return score, float(influence.std())


_NEGLIGIBLE = 1e-13
