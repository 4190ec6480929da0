"""Structural diversity by similarity: the Vendi score of average minimum distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.reference_statistics import undefined
from metrics.score import Against, Value, score
from metrics.scores.diversity import shannon_entropy
from metrics.statistics.histogram import lists
from metrics.statistics.resampling import rarefied

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

BANDWIDTH_ANGSTROM = 0.3
MAX_FEATURES = 128
_DRAWS = 200  # each one is an eigenproblem
_NEGLIGIBLE = 1e-9


@score(
    label="Structural diversity",
    unit="effective number",
    better="neither",
    missing="left out, shown only",
    needs=("amd",),
)
def diversity_vendi(rows: pd.DataFrame, _against: Against) -> Value:
    """Effective number of dissimilar structures: Vendi score over average minimum distances, expected among 500.

    exp(-sum l ln l) over the eigenvalues l of K/n, with K = exp(-d^2 / (2 (0.3 angstrom)^2)), d the root mean square
    difference of two structures' 100 average minimum distances. Elements play no part. K is taken at rank 128 at most,
    which caps the score there and holds 99% of K for real crystals.

    Formula: exp(-sum l ln l), l the eigenvalues of K / n with K = exp(-d^2 / (2 (0.3 angstrom)^2)), expected in 500 of
    the structures.
    Interval: samples of at most half of the structures without replacement, their spread scaled to all structures.
    Source: Friedman and Dieng 2023, arXiv 2210.02410; average minimum distances: Widdowson et al. 2022, DOI
    10.46793/match.87-3.529W.
    Missing values: left out, shown only; structures without average minimum distances are not in the kernel.
    """
    known = [tuple(amd) for amd in lists(rows["amd"]) if amd is not None]
    n_unknown = len(rows) - len(known)
    if not known:
        return undefined(0, n_unknown)
    curves, counts = np.unique(np.array(known, dtype=np.float64), axis=0, return_counts=True)
    factors = kernel_factors(curves, BANDWIDTH_ANGSTROM, MAX_FEATURES)

    def statistic(sampled: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.array([vendi_score(factors, records) for records in sampled])

    value, low, high = rarefied(counts, statistic, draws=_DRAWS, lowest=1.0)
    return Value(value, low, high, len(known), n_unknown)


def kernel_factors(curves: NDArray[np.float64], bandwidth: float, max_features: int) -> NDArray[np.float64]:
    """(n, r) matrix L with L L^T close to the Gaussian kernel of the curves, r at most ``max_features``.

    Cholesky decomposition with pivoting by the largest remaining diagonal entry: Harbrecht, Peters and Schneider 2012,
    DOI 10.1016/j.apnum.2011.10.001.

    Args:
        curves: (n, m) of the structures.
        bandwidth: of the kernel, for the root mean square difference of two curves.
        max_features: bound on r.

    """
    remaining = np.ones(len(curves))
    columns: list[NDArray[np.float64]] = []
    while len(columns) < min(max_features, len(curves)):
        pivot = int(np.argmax(remaining))
        if remaining[pivot] < _NEGLIGIBLE:
            break
        kernel = np.exp(-((curves - curves[pivot]) ** 2).mean(axis=1) / (2 * bandwidth**2))
        explained = sum((column * column[pivot] for column in columns), start=np.zeros(len(curves)))
        column = (kernel - explained) / np.sqrt(remaining[pivot])
        columns.append(column)
        remaining = np.maximum(remaining - column**2, 0.0)
        remaining[pivot] = 0.0
    return np.stack(columns, axis=1)


def vendi_score(factors: NDArray[np.float64], counts: NDArray[np.int64]) -> float:
    """Vendi score of structures of which ``counts`` (n,) share the row of ``factors`` (n, r).

    The eigenvalues of K / n are those of the r x r matrix of the factors, scaled to add up to one.
    """
    drawn = counts > 0
    rows = factors[drawn]
    values = np.linalg.eigvalsh((rows * counts[drawn, None]).T @ rows)
    positive = np.clip(values, 0.0, None)
    return float(np.exp(shannon_entropy(positive / positive.sum())))
