"""LeMat-GenBench's own definitions (arXiv 2512.04562), for comparison with its published numbers; never ranked.

Where ours differ: cells as given instead of primitive ones, no correction for the number of structures, Jensen-Shannon
*distance* (square root, natural logarithm) instead of the divergence in bits, and a kernel of width 1 whatever the
unit. Intervals are made as for our own scores.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from metrics.chemical_histogram import crystal_systems, element_occurrences, element_shares
from metrics.reference_statistics import (
    atom_density,
    cell_volume,
    crystal_system_counts,
    reference_quantity,
    space_group_counts,
    undefined,
)
from metrics.score import Against, Value, score, share
from metrics.scores.diversity import N_ELEMENTS, N_SPACE_GROUPS, shannon_entropy
from metrics.statistics.divergence import SquaredMmd, jensen_shannon_divergence
from metrics.statistics.histogram import Kinds, distinct, whole_numbers
from metrics.statistics.rarefaction import covered_bins
from metrics.statistics.resampling import error_of_mean, half_sample_interval
from metrics.statistics.uncertainty import Z
from metrics.statistics.value import by_spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from metrics.reference_statistics import Quantity
    from metrics.statistics.resampling import Statistic

GROUP = "GenBench"

_BANDWIDTH = 1.0
_DRAWS_OF_PAIRS = 250  # each one looks at all pairs
_FEWEST = 2
"""Structures that an interval by samples of half of them needs."""


@score(
    label="Charge-neutral (GenBench)",
    unit="share",
    better="neither",
    missing="counts against",
    needs=("charge_valid_genbench",),
)
def charge_valid_genbench(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures for which a charge-neutral assignment of oxidation states exists.

    The first rule that fires decides and is recorded: metallic composition (smact metallicity > 0.7); bond-valence sums
    all zero; a neutral assignment by bond-valence analysis; by the oxidation states observed in the ICSD; by all known
    states in an order that follows electronegativity. It plays no part in "valid".

    Formula: structures with a rule that fires / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: LeMat-GenBench (arXiv 2512.04562); smact: Davies et al. 2019, DOI 10.21105/joss.01361; bond valences:
    O'Keeffe and Brese 1991, DOI 10.1021/ja00009a002, as in pymatgen.
    Missing values: counts against; undetermined is not valid.
    """
    return share(rows["charge_valid_genbench"])


@score(
    label="Element coverage (GenBench)",
    unit="share",
    better="neither",
    missing="left out, shown only",
    needs=("reduced_formula",),
    version=2,
)
def diversity_elements_coverage_genbench(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of the 118 elements that occur in any structure, however many structures there are.

    Formula: elements that occur / 118.
    Interval: for the mean over samples of the same size; value -/+ 1.96 standard deviations of the number of bins, in
    closed form, with the number expected in twice as many structures.
    Source: LeMat-GenBench (arXiv 2512.04562); interval: Chao 1984, Colwell et al. 2012, DOI 10.1093/jpe/rtr044.
    Missing values: left out, shown only; a structure without the fact adds nothing.
    """
    return _coverage(element_shares(rows["reduced_formula"]), N_ELEMENTS)


@score(
    label="Space group coverage (GenBench)",
    unit="share",
    better="neither",
    missing="left out, shown only",
    needs=("space_group",),
    version=2,
)
def diversity_space_groups_coverage_genbench(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of the 230 space groups that occur in any structure, however many structures there are.

    Formula: space groups that occur / 230.
    Interval: for the mean over samples of the same size; value -/+ 1.96 standard deviations of the number of bins, in
    closed form, with the number expected in twice as many structures.
    Source: LeMat-GenBench (arXiv 2512.04562); interval: Chao 1984, Colwell et al. 2012, DOI 10.1093/jpe/rtr044.
    Missing values: left out, shown only; a structure without the fact adds nothing.
    """
    return _coverage(whole_numbers(rows["space_group"]), N_SPACE_GROUPS)


@score(
    label="Size diversity (GenBench)",
    unit="effective number",
    better="neither",
    missing="left out, shown only",
    needs=("n_sites",),
)
def diversity_sites_genbench(rows: pd.DataFrame, _against: Against) -> Value:
    """Effective number, exp(Shannon entropy), of different numbers of sites in the cells as given.

    Formula: exp(-sum p ln p), p the shares of the numbers of sites.
    Interval: for the mean over samples of the same size; samples of half of the structures without replacement.
    Source: LeMat-GenBench (arXiv 2512.04562).
    Missing values: left out, shown only; a structure without the fact is not in the histogram.
    """
    kinds = whole_numbers(rows["n_sites"])

    def effective_number(sampled: NDArray[np.int64]) -> NDArray[np.float64]:
        effective: NDArray[np.float64] = np.exp(shannon_entropy(sampled / sampled.sum(axis=1, keepdims=True)))
        return effective

    return _half_sampled(kinds, effective_number)


@score(
    label="Element distance (GenBench)",
    unit="square root of nats",
    better="neither",
    missing="left out, shown only",
    needs=("reduced_formula",),
    version=3,
)
def distribution_elements_genbench(rows: pd.DataFrame, against: Against) -> Value:
    """Distance of the elements that occur in each crystal from the reference's.

    Jensen-Shannon distance with natural logarithms, at most sqrt(ln 2) = 0.83.

    Formula: sqrt((KL(p | m) + KL(q | m)) / 2) with m = (p + q) / 2 and natural logarithms, p the submission, q the
    reference.
    Interval: for the mean over samples of the same size; samples of half of the structures without replacement.
    Source: LeMat-GenBench (arXiv 2512.04562).
    Missing values: left out, shown only; a structure without the fact is not in the histogram.
    """
    return _distance(element_occurrences(rows["reduced_formula"]), against.get("elements", {}))


@score(
    label="Space group distance (GenBench)",
    unit="square root of nats",
    better="neither",
    missing="left out, shown only",
    needs=("space_group",),
    version=3,
)
def distribution_space_groups_genbench(rows: pd.DataFrame, against: Against) -> Value:
    """Distance of the space groups from the reference's.

    Jensen-Shannon distance with natural logarithms, at most sqrt(ln 2) = 0.83.

    Formula: sqrt((KL(p | m) + KL(q | m)) / 2) with m = (p + q) / 2 and natural logarithms, p the submission, q the
    reference.
    Interval: for the mean over samples of the same size; samples of half of the structures without replacement.
    Source: LeMat-GenBench (arXiv 2512.04562).
    Missing values: left out, shown only; a structure without the fact is not in the histogram.
    """
    return _distance(whole_numbers(rows["space_group"]), space_group_counts(against))


@score(
    label="Crystal system distance (GenBench)",
    unit="square root of nats",
    better="neither",
    missing="left out, shown only",
    needs=("space_group",),
    version=3,
)
def distribution_crystal_systems_genbench(rows: pd.DataFrame, against: Against) -> Value:
    """Distance of the crystal systems from the reference's.

    Jensen-Shannon distance with natural logarithms, at most sqrt(ln 2) = 0.83.

    Formula: sqrt((KL(p | m) + KL(q | m)) / 2) with m = (p + q) / 2 and natural logarithms, p the submission, q the
    reference.
    Interval: for the mean over samples of the same size; samples of half of the structures without replacement.
    Source: LeMat-GenBench (arXiv 2512.04562).
    Missing values: left out, shown only; a structure without the fact is not in the histogram.
    """
    return _distance(crystal_systems(rows["space_group"]), crystal_system_counts(against))


@score(
    label="Cell volume MMD (GenBench)",
    unit="squared MMD",
    better="neither",
    missing="left out, shown only",
    needs=("volume_per_atom", "n_sites"),
    version=2,
)
def distribution_cell_volume_mmd_genbench(rows: pd.DataFrame, against: Against) -> Value:
    """Squared maximum mean discrepancy of the volume of the cell as given from the reference's.

    Kernel of width 1 cubic angstrom, estimate with all pairs.

    Formula: E k(x, x') - 2 E k(x, y) + E k(y, y') over all pairs, k(a, b) = exp(-(a - b)^2 / 2).
    Interval: for the mean over samples of the same size. The wider of two: normal in the root, from the influence of
    each structure, and from samples of half of the structures.
    Source: LeMat-GenBench (arXiv 2512.04562).
    Missing values: left out, shown only; a structure without the fact is not in the sample.
    """
    return _discrepancy(cell_volume(rows), reference_quantity(against, "cell_volume"))


@score(
    label="Density MMD (GenBench)",
    unit="squared MMD",
    better="neither",
    missing="left out, shown only",
    needs=("density",),
    version=2,
)
def distribution_density_mmd_genbench(rows: pd.DataFrame, against: Against) -> Value:
    """Squared maximum mean discrepancy of the mass density from the reference's.

    Kernel of width 1 g/cm3, estimate with all pairs.

    Formula: E k(x, x') - 2 E k(x, y) + E k(y, y') over all pairs, k(a, b) = exp(-(a - b)^2 / 2).
    Interval: for the mean over samples of the same size. The wider of two: normal in the root, from the influence of
    each structure, and from samples of half of the structures.
    Source: LeMat-GenBench (arXiv 2512.04562).
    Missing values: left out, shown only; a structure without the fact is not in the sample.
    """
    return _discrepancy(rows["density"], reference_quantity(against, "density"))


@score(
    label="Atom density MMD (GenBench)",
    unit="squared MMD",
    better="neither",
    missing="left out, shown only",
    needs=("volume_per_atom",),
    version=2,
)
def distribution_atom_density_mmd_genbench(rows: pd.DataFrame, against: Against) -> Value:
    """Squared maximum mean discrepancy of the number of atoms per volume from the reference's.

    Kernel of width 1 per cubic angstrom, wider than all values, so always near 0; estimate with all pairs.

    Formula: E k(x, x') - 2 E k(x, y) + E k(y, y') over all pairs, k(a, b) = exp(-(a - b)^2 / 2).
    Interval: for the mean over samples of the same size. The wider of two: normal in the root, from the influence of
    each structure, and from samples of half of the structures.
    Source: LeMat-GenBench (arXiv 2512.04562).
    Missing values: left out, shown only; a structure without the fact is not in the sample.
    """
    return _discrepancy(atom_density(rows), reference_quantity(against, "atom_density"))


def _coverage(kinds: Kinds, n_bins: int) -> Value:
    if not kinds.n_known:
        return undefined(kinds.n_known, kinds.n_unknown)
    records = kinds.counts @ (kinds.shares > 0)
    value, low, high = (end / n_bins for end in covered_bins(records, kinds.n_known, kinds.n_known))
    return Value(value, low, min(high, 1.0), kinds.n_known, kinds.n_unknown)


def _half_sampled(kinds: Kinds, statistic: Statistic) -> Value:
    if kinds.n_known < _FEWEST:
        return undefined(kinds.n_known, kinds.n_unknown)
    value = float(statistic(kinds.counts[None])[0])
    low, high = half_sample_interval(kinds.counts, statistic, value, lowest=0.0)
    return by_spread(value, low, high, kinds.n_known, kinds.n_unknown)


def _distance(kinds: Kinds, reference: Mapping[str, float]) -> Value:
    if not reference or not kinds.n_known:
        return undefined(kinds.n_known, kinds.n_unknown)
    theirs = np.array([reference.get(str(label), 0) for label in kinds.bins]) / sum(reference.values())

    def distances(sampled: NDArray[np.int64]) -> NDArray[np.float64]:
        counted = kinds.in_bins(sampled)
        ours = counted / counted.sum(axis=1, keepdims=True)
        distance: NDArray[np.float64] = np.sqrt(jensen_shannon_divergence(ours, theirs) * np.log(2))
        return distance

    return _half_sampled(kinds, distances)


def _discrepancy(column: pd.Series[float], reference: Quantity | None) -> Value:
    values, counts, n_unknown = distinct(column)
    n_known = len(column) - n_unknown
    if reference is None or n_known < _FEWEST:
        return undefined(n_known, n_unknown)
    squared_mmd = SquaredMmd(values, np.array(reference["points"]), _BANDWIDTH)
    value = max(float(squared_mmd.biased(counts[None])[0]), 0.0)
    # near the reference the influence says nothing, far from it halves of few structures say too little
    low, high = half_sample_interval(counts, squared_mmd.biased, value, draws=_DRAWS_OF_PAIRS, lowest=0.0)
    if root := sqrt(value):
        half_width = Z * error_of_mean(squared_mmd.influence(counts), counts) / (2 * root)
        low, high = min(low, max(root - half_width, 0.0) ** 2), max(high, (root + half_width) ** 2)
    return by_spread(value, low, high, n_known, n_unknown)
