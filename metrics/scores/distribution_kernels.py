"""Distances of a submission from the reference set that look at pairs of crystals or at joint moments.

Shown and never ranked, as those of :mod:`metrics.scores.distribution`.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from metrics.reference_statistics import atom_density, descriptors, reference_quantity, undefined
from metrics.score import Against, Value, score
from metrics.statistics.divergence import FrechetDistance, SquaredMmd, median_bandwidth
from metrics.statistics.histogram import distinct
from metrics.statistics.resampling import CONFIDENCE, distance_from, error_of_mean, is_far, subsample
from metrics.statistics.uncertainty import Z
from metrics.statistics.value import by_spread

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from metrics.reference_statistics import Descriptors, Quantity

_DRAWS_OF_PAIRS = 250  # each one looks at all pairs
_DRAWS_OF_MOMENTS = 400  # each one is an eigenproblem
_FEWEST = 4
"""Structures of which a half still has a pair, hence a variance."""


@score(
    label="Density MMD",
    unit="squared MMD",
    better="neither",
    missing="left out, shown only",
    needs=("density",),
    version=3,
)
def distribution_density_mmd(rows: pd.DataFrame, against: Against) -> Value:
    """Squared maximum mean discrepancy of the mass density from the reference's.

    Gaussian kernel whose bandwidth is the median distance of two crystals of the reference; unbiased estimate, cut off
    at 0.

    Formula: max(0, E k(x, x') - 2 E k(x, y) + E k(y, y')), x != x' of the submission, y of the reference, k(a, b) =
    exp(-(a - b)^2 / (2 w^2)), w the median |y - y'|.
    Interval: for endless samples. Normal in the root, from the influence of each structure; where samples of the
    reference itself would be as far, from 0 up to the root's square with that distance added.
    Source: Gretton et al. 2012, J. Mach. Learn. Res. 13, 723; bandwidth: Garreau et al. 2017, arXiv 1707.07269.
    Missing values: left out, shown only; structures without the number are not in the sample; with fewer than four
    there is no value.
    """
    return discrepancy(rows["density"], reference_quantity(against, "density"))


@score(
    label="Atom density MMD",
    unit="squared MMD",
    better="neither",
    missing="left out, shown only",
    needs=("volume_per_atom",),
    version=3,
)
def distribution_atom_density_mmd(rows: pd.DataFrame, against: Against) -> Value:
    """Squared maximum mean discrepancy of the number of atoms per volume from the reference's.

    Gaussian kernel whose bandwidth is the median distance of two crystals of the reference; unbiased estimate, cut off
    at 0.

    Formula: max(0, E k(x, x') - 2 E k(x, y) + E k(y, y')), x != x' of the submission, y of the reference, k(a, b) =
    exp(-(a - b)^2 / (2 w^2)), w the median |y - y'|.
    Interval: for endless samples. Normal in the root, from the influence of each structure; where samples of the
    reference itself would be as far, from 0 up to the root's square with that distance added.
    Source: Gretton et al. 2012, J. Mach. Learn. Res. 13, 723; bandwidth: Garreau et al. 2017, arXiv 1707.07269.
    Missing values: left out, shown only; structures without the number are not in the sample; with fewer than four
    there is no value.
    """
    return discrepancy(atom_density(rows), reference_quantity(against, "atom_density"))


@score(
    label="Volume MMD",
    unit="squared MMD",
    better="neither",
    missing="left out, shown only",
    needs=("volume_per_atom",),
    version=3,
)
def distribution_volume_per_atom_mmd(rows: pd.DataFrame, against: Against) -> Value:
    """Squared maximum mean discrepancy of the volume per atom from the reference's.

    Gaussian kernel whose bandwidth is the median distance of two crystals of the reference; unbiased estimate, cut off
    at 0.

    Formula: max(0, E k(x, x') - 2 E k(x, y) + E k(y, y')), x != x' of the submission, y of the reference, k(a, b) =
    exp(-(a - b)^2 / (2 w^2)), w the median |y - y'|.
    Interval: for endless samples. Normal in the root, from the influence of each structure; where samples of the
    reference itself would be as far, from 0 up to the root's square with that distance added.
    Source: Gretton et al. 2012, J. Mach. Learn. Res. 13, 723; bandwidth: Garreau et al. 2017, arXiv 1707.07269.
    Missing values: left out, shown only; structures without the number are not in the sample; with fewer than four
    there is no value.
    """
    return discrepancy(rows["volume_per_atom"], reference_quantity(against, "volume_per_atom"))


@score(
    label="Size MMD",
    unit="squared MMD",
    better="neither",
    missing="left out, shown only",
    needs=("n_sites_primitive",),
    version=3,
)
def distribution_sites_mmd(rows: pd.DataFrame, against: Against) -> Value:
    """Squared maximum mean discrepancy of the number of sites of the primitive cell from the reference's.

    Gaussian kernel whose bandwidth is the median distance of two crystals of the reference; unbiased estimate, cut off
    at 0.

    Formula: max(0, E k(x, x') - 2 E k(x, y) + E k(y, y')), x != x' of the submission, y of the reference, k(a, b) =
    exp(-(a - b)^2 / (2 w^2)), w the median |y - y'|.
    Interval: for endless samples. Normal in the root, from the influence of each structure; where samples of the
    reference itself would be as far, from 0 up to the root's square with that distance added.
    Source: Gretton et al. 2012, J. Mach. Learn. Res. 13, 723; bandwidth: Garreau et al. 2017, arXiv 1707.07269.
    Missing values: left out, shown only; structures without the number are not in the sample; with fewer than four
    there is no value.
    """
    return discrepancy(rows["n_sites_primitive"], reference_quantity(against, "sites"))


@score(
    label="Frechet distance",
    unit="squared deviations",
    better="neither",
    missing="left out, shown only",
    needs=("amd", "composition_features"),
    version=3,
)
def distribution_frechet(rows: pd.DataFrame, against: Against) -> Value:
    """Squared Frechet distance of fixed structural and chemical descriptors from the reference's.

    Descriptors: ten average minimum distances (k = 1 ... 100), mean and standard deviation over the atoms of period,
    group and Mendeleev number, each in units of its standard deviation over the reference. The distance of the two
    normal distributions of the same moments; its bias falls with 1 / structures and is extrapolated away, cut off at 0.

    Formula: max(0, limit for endless structures of |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2))), m and C mean and
    covariance of the descriptors.
    Interval: for endless samples, and so is the value: 2 D(all) - mean D(half). The wider of two: normal, from the
    influence of each structure (Hampel 1974, DOI 10.1080/01621459.1974.10482962), and from the spread of halves so
    corrected; down to 0 where samples of the reference itself would be as far.
    Source: Dowson and Landau 1982, DOI 10.1016/0047-259X(82)90077-X; extrapolation: Chong and Forsyth 2020, arXiv
    1911.07023; by halves: Quenouille 1956, DOI 10.1093/biomet/43.3-4.353.
    Missing values: left out, shown only; structures without the descriptors are not in the sample; with fewer than four
    there is no value.
    """
    known, n_unknown = descriptors(rows)
    return frechet(known, n_unknown, against.get("descriptors"))


def discrepancy(column: pd.Series[float] | pd.Series[int], reference: Quantity | None) -> Value:
    """Squared maximum mean discrepancy of a column from the reference's quantity, median bandwidth."""
    values, counts, n_unknown = distinct(column)
    n_known = len(column) - n_unknown
    points = np.array([] if reference is None else reference["points"])
    bandwidth = median_bandwidth(points)
    if not bandwidth > 0 or n_known < _FEWEST:
        return undefined(n_known, n_unknown)
    squared_mmd = SquaredMmd(values, points, bandwidth)

    value = max(float(squared_mmd.unbiased(counts[None])[0]), 0.0)
    root, halves = sqrt(value), subsample(counts, n_known // 2, _DRAWS_OF_PAIRS)
    # never below 0 but by rounding
    from_sample = np.sqrt(np.maximum(squared_mmd.from_itself(counts).biased(halves), 0.0))
    if value and is_far(sqrt(max(float(squared_mmd.biased(counts[None])[0]), 0.0)), from_sample):
        half_width = Z * error_of_mean(squared_mmd.influence(counts), counts) / (2 * root)
        low = max(root - half_width, 0.0) ** 2
    else:
        half_width, low = float(np.quantile(from_sample, (1 + CONFIDENCE) / 2)), 0.0
    return by_spread(value, min(low, value), (root + half_width) ** 2, n_known, n_unknown)


def frechet(known: NDArray[np.float64], n_unknown: int, reference: Descriptors | None) -> Value:
    """Squared Frechet distance of descriptors (n, d) from those of the reference, its bias extrapolated away."""
    if reference is None or len(known) < _FEWEST:
        return undefined(len(known), n_unknown)
    mean, covariance = np.array(reference["mean"]), np.array(reference["covariance"])
    deviations = np.sqrt(np.diag(covariance))
    # what does not vary over the reference keeps its own unit
    units = np.where(deviations > 0, deviations, 1.0)
    distance = FrechetDistance(known / units, mean / units, covariance / np.outer(units, units))
    counts = np.ones(len(known), dtype=np.int64)
    centre, scatter = known.mean(axis=0), np.atleast_2d(np.cov(known, rowvar=False))
    from_sample = FrechetDistance(known / units, centre / units, scatter / np.outer(units, units))
    estimate = distance_from(counts, distance, from_sample, distance.influence(), draws=_DRAWS_OF_MOMENTS)
    return by_spread(*estimate, len(known), n_unknown)
