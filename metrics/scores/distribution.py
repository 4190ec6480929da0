"""How far the crystals of a submission are distributed from those of the reference set.

Neither end is best: a copy of the reference has distance 0 and nothing new. So these are shown and never ranked, and
structures without the fact are left out. What is read of the reference, and what happens where a set lacks it, is
written in :mod:`metrics.reference_statistics`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.chemical_histogram import crystal_systems, element_shares
from metrics.reference_statistics import (
    atom_density,
    crystal_system_counts,
    reference_quantity,
    space_group_counts,
    undefined,
)
from metrics.score import Against, Value, score
from metrics.statistics.divergence import (
    jensen_shannon_divergence,
    jensen_shannon_influence,
    wasserstein_distance,
    wasserstein_influence,
)
from metrics.statistics.histogram import Kinds, distinct, whole_numbers
from metrics.statistics.resampling import distance_from
from metrics.statistics.value import by_spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from metrics.reference_statistics import Quantity

FEWEST = 4
"""Structures of which a half still is a sample."""
_DRAWS_OF_TRANSPORT = 400  # each one runs over all values twice


@score(
    label="Element distance",
    unit="bits",
    better="neither",
    missing="left out, shown only",
    needs=("reduced_formula",),
    version=4,
)
def distribution_elements(rows: pd.DataFrame, against: Against) -> Value:
    """Distance of the element shares from the reference's, each crystal with the same weight.

    Jensen-Shannon divergence in bits, 0 (equal) to 1 (nothing in common).

    Formula: (KL(p | m) + KL(q | m)) / 2 with m = (p + q) / 2 and logarithms of base 2, p the submission, q the
    reference.
    Interval: for endless samples, and so is the value: 2 D(all) - mean D(half). The wider of two: normal, from the
    influence of each structure (Hampel 1974, DOI 10.1080/01621459.1974.10482962), and from the spread of halves so
    corrected; down to 0 where samples of the reference itself would be as far.
    Source: Lin 1991, DOI 10.1109/18.61115; bias: Quenouille 1956, DOI 10.1093/biomet/43.3-4.353.
    Missing values: left out, shown only; structures without a formula are not in the histogram; with fewer than four
    there is no value.
    """
    return divergence(element_shares(rows["reduced_formula"]), against.get("element_shares", {}))


@score(
    label="Space group distance",
    unit="bits",
    better="neither",
    missing="left out, shown only",
    needs=("space_group",),
    version=4,
)
def distribution_space_groups(rows: pd.DataFrame, against: Against) -> Value:
    """Distance of the space groups (tolerance 0.01 angstrom) from the reference's.

    Jensen-Shannon divergence in bits, 0 (equal) to 1 (nothing in common).

    Formula: (KL(p | m) + KL(q | m)) / 2 with m = (p + q) / 2 and logarithms of base 2, p the submission, q the
    reference.
    Interval: for endless samples, and so is the value: 2 D(all) - mean D(half). The wider of two: normal, from the
    influence of each structure (Hampel 1974, DOI 10.1080/01621459.1974.10482962), and from the spread of halves so
    corrected; down to 0 where samples of the reference itself would be as far.
    Source: Lin 1991, DOI 10.1109/18.61115; bias: Quenouille 1956, DOI 10.1093/biomet/43.3-4.353.
    Missing values: left out, shown only; structures without a space group are not in the histogram; with fewer than
    four there is no value.
    """
    return divergence(whole_numbers(rows["space_group"]), space_group_counts(against))


@score(
    label="Crystal system distance",
    unit="bits",
    better="neither",
    missing="left out, shown only",
    needs=("space_group",),
    version=4,
)
def distribution_crystal_systems(rows: pd.DataFrame, against: Against) -> Value:
    """Distance of the seven crystal systems from the reference's.

    Jensen-Shannon divergence in bits, 0 (equal) to 1 (nothing in common).

    Formula: (KL(p | m) + KL(q | m)) / 2 with m = (p + q) / 2 and logarithms of base 2, p the submission, q the
    reference.
    Interval: for endless samples, and so is the value: 2 D(all) - mean D(half). The wider of two: normal, from the
    influence of each structure (Hampel 1974, DOI 10.1080/01621459.1974.10482962), and from the spread of halves so
    corrected; down to 0 where samples of the reference itself would be as far.
    Source: Lin 1991, DOI 10.1109/18.61115; bias: Quenouille 1956, DOI 10.1093/biomet/43.3-4.353.
    Missing values: left out, shown only; structures without a space group are not in the histogram; with fewer than
    four there is no value.
    """
    return divergence(crystal_systems(rows["space_group"]), crystal_system_counts(against))


@score(
    label="Density distance",
    unit="reference deviations",
    better="neither",
    missing="left out, shown only",
    needs=("density",),
    version=4,
)
def distribution_density(rows: pd.DataFrame, against: Against) -> Value:
    """Distance of the mass density from the reference's.

    1-Wasserstein distance in units of the standard deviation over the reference.

    Formula: integral of |F(x) - G(x)| dx over the standard deviation of the reference, F and G the distribution
    functions.
    Interval: for endless samples, and so is the value: 2 D(all) - mean D(half). The wider of two: normal, from the
    influence of each structure (Hampel 1974, DOI 10.1080/01621459.1974.10482962), and from the spread of halves so
    corrected; down to 0 where samples of the reference itself would be as far.
    Source: 1-Wasserstein distance: Vallender 1974, DOI 10.1137/1118101; bias: Quenouille 1956, DOI
    10.1093/biomet/43.3-4.353.
    Missing values: left out, shown only; structures without the number are not in the distribution; with fewer than
    four there is no value.
    """
    return transport(rows["density"], reference_quantity(against, "density"))


@score(
    label="Atom density distance",
    unit="reference deviations",
    better="neither",
    missing="left out, shown only",
    needs=("volume_per_atom",),
    version=4,
)
def distribution_atom_density(rows: pd.DataFrame, against: Against) -> Value:
    """Distance of the number of atoms per volume from the reference's.

    1-Wasserstein distance in units of the standard deviation over the reference.

    Formula: integral of |F(x) - G(x)| dx over the standard deviation of the reference, F and G the distribution
    functions.
    Interval: for endless samples, and so is the value: 2 D(all) - mean D(half). The wider of two: normal, from the
    influence of each structure (Hampel 1974, DOI 10.1080/01621459.1974.10482962), and from the spread of halves so
    corrected; down to 0 where samples of the reference itself would be as far.
    Source: 1-Wasserstein distance: Vallender 1974, DOI 10.1137/1118101; bias: Quenouille 1956, DOI
    10.1093/biomet/43.3-4.353.
    Missing values: left out, shown only; structures without the number are not in the distribution; with fewer than
    four there is no value.
    """
    return transport(atom_density(rows), reference_quantity(against, "atom_density"))


@score(
    label="Volume distance",
    unit="reference deviations",
    better="neither",
    missing="left out, shown only",
    needs=("volume_per_atom",),
    version=4,
)
def distribution_volume_per_atom(rows: pd.DataFrame, against: Against) -> Value:
    """Distance of the volume per atom from the reference's.

    1-Wasserstein distance in units of the standard deviation over the reference.

    Formula: integral of |F(x) - G(x)| dx over the standard deviation of the reference, F and G the distribution
    functions.
    Interval: for endless samples, and so is the value: 2 D(all) - mean D(half). The wider of two: normal, from the
    influence of each structure (Hampel 1974, DOI 10.1080/01621459.1974.10482962), and from the spread of halves so
    corrected; down to 0 where samples of the reference itself would be as far.
    Source: 1-Wasserstein distance: Vallender 1974, DOI 10.1137/1118101; bias: Quenouille 1956, DOI
    10.1093/biomet/43.3-4.353.
    Missing values: left out, shown only; structures without the number are not in the distribution; with fewer than
    four there is no value.
    """
    return transport(rows["volume_per_atom"], reference_quantity(against, "volume_per_atom"))


@score(
    label="Size distance",
    unit="reference deviations",
    better="neither",
    missing="left out, shown only",
    needs=("n_sites_primitive",),
    version=4,
)
def distribution_sites(rows: pd.DataFrame, against: Against) -> Value:
    """Distance of the number of sites of the primitive cell from the reference's.

    1-Wasserstein distance in units of the standard deviation over the reference.

    Formula: integral of |F(x) - G(x)| dx over the standard deviation of the reference, F and G the distribution
    functions.
    Interval: for endless samples, and so is the value: 2 D(all) - mean D(half). The wider of two: normal, from the
    influence of each structure (Hampel 1974, DOI 10.1080/01621459.1974.10482962), and from the spread of halves so
    corrected; down to 0 where samples of the reference itself would be as far.
    Source: 1-Wasserstein distance: Vallender 1974, DOI 10.1137/1118101; bias: Quenouille 1956, DOI
    10.1093/biomet/43.3-4.353.
    Missing values: left out, shown only; structures without the number are not in the distribution; with fewer than
    four there is no value.
    """
    return transport(rows["n_sites_primitive"], reference_quantity(against, "sites"))


def divergence(kinds: Kinds, reference: Mapping[str, float]) -> Value:
    """Jensen-Shannon divergence of a histogram from the reference's counts by bin, without the bias of its size."""
    if not reference or kinds.n_known < FEWEST:
        return undefined(kinds.n_known, kinds.n_unknown)
    total = sum(reference.values())
    theirs = np.array([reference.get(str(label), 0) / total for label in kinds.bins])
    ours = kinds.counts @ kinds.shares / kinds.n_known

    def divergences(sampled: NDArray[np.int64], other: NDArray[np.float64]) -> NDArray[np.float64]:
        shares: NDArray[np.float64] = sampled @ kinds.shares / sampled.sum(axis=1, keepdims=True)
        return jensen_shannon_divergence(shares, other)

    value, low, high = distance_from(
        kinds.counts,
        lambda sampled: divergences(sampled, theirs),
        lambda sampled: divergences(sampled, ours),
        kinds.shares @ jensen_shannon_influence(ours, theirs),
    )
    return by_spread(min(value, 1.0), low, min(high, 1.0), kinds.n_known, kinds.n_unknown)


def transport(column: pd.Series[float] | pd.Series[int], reference: Quantity | None) -> Value:
    """1-Wasserstein distance of a column from the reference's quantity, in units of its standard deviation."""
    values, counts, n_unknown = distinct(column)
    n_known = len(column) - n_unknown
    if reference is None or not reference["deviation"] > 0 or n_known < FEWEST:
        return undefined(n_known, n_unknown)
    points, sample = np.array(reference["points"]), np.repeat(values, counts)

    def distances(sampled: NDArray[np.int64], other: NDArray[np.float64]) -> NDArray[np.float64]:
        return wasserstein_distance(values, sampled, other) / reference["deviation"]

    estimate = distance_from(
        counts,
        lambda sampled: distances(sampled, points),
        lambda sampled: distances(sampled, sample),
        wasserstein_influence(values, counts, points) / reference["deviation"],
        draws=_DRAWS_OF_TRANSPORT,
    )
    return by_spread(*estimate, n_known, n_unknown)
