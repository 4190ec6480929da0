"""How varied the crystals of a submission are, whatever the reference set.

Two statistics of each histogram: the Hill number of order 1, exp(-sum p ln p), which is the number of equally common
bins that would be as varied (Hill 1973, DOI 10.2307/1934352), and coverage, what of the bins occurs at all. Both grow
with the number of structures, so both are expected values for 500 of them, drawn without replacement (rarefaction:
Hurlbert 1971, DOI 10.2307/1934145; Chao et al. 2014, DOI 10.1890/13-0133.1). A smaller submission keeps its own size,
which can only lower its values.

A structure that could not be measured is taken at its worst: it counts as one more of the commonest bin of the sample
in the Hill number and adds nothing to coverage, so a failure never pays.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import TYPE_CHECKING

import numpy as np

from metrics.chemical_histogram import element_shares
from metrics.reference_statistics import undefined
from metrics.score import Against, Value, score
from metrics.statistics.histogram import Kinds, binned, binned_lists, lists, whole_numbers
from metrics.statistics.rarefaction import covered_bins
from metrics.statistics.resampling import rarefied
from metrics.statistics.uncertainty import Z
from metrics.statistics.value import by_spread
from metrics.statistics.vendi import dealt, vendi_score

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

N_ELEMENTS = 118
N_SPACE_GROUPS = 230
DENSITY_BIN = 0.5
LENGTH_BIN = 0.5
PACKING_BIN = 0.05
BANDWIDTH_ANGSTROM = 0.3


def hill_number(kinds: Kinds) -> Value:
    """Rarefied Hill number of order 1 of a histogram; unknown ones count as the commonest bin."""

    def statistic(sampled: NDArray[np.int64]) -> NDArray[np.float64]:
        known, unknown = sampled[:, :-1], sampled[:, -1]
        # one bin even where nothing is known; sorted, so that equal histograms give equal sums
        binned_records = np.pad(kinds.in_bins(known), ((0, 0), (1, 0)))
        binned_records.sort(axis=1)
        binned_records[:, -1] += unknown
        return np.exp(shannon_entropy(binned_records / binned_records.sum(axis=1, keepdims=True)))

    counts = np.append(kinds.counts, kinds.n_unknown)
    if not counts.sum():
        return Value(None, None, None, 0, 0)
    value, low, high = rarefied(counts, statistic, lowest=1.0)
    return by_spread(value, low, high, kinds.n_known, kinds.n_unknown)


def coverage(kinds: Kinds, n_bins: int = 1) -> Value:
    """Rarefied number of bins that occur, over ``n_bins``; unknown ones add none."""
    n_records = kinds.n_known + kinds.n_unknown
    if not n_records:
        return Value(None, None, None, 0, 0)
    records = kinds.counts @ (kinds.shares > 0)
    value, low, high = (end / n_bins for end in covered_bins(records, n_records))
    return Value(value, low, high if n_bins == 1 else min(high, 1.0), kinds.n_known, kinds.n_unknown)


def shannon_entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy in nats over the last axis."""
    logarithms = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    entropy: NDArray[np.float64] = -(shares * logarithms).sum(axis=-1)
    return entropy


@score(
    label="Element diversity",
    unit="effective number",
    better="higher",
    missing="counts at its worst",
    needs=("reduced_formula",),
    version=2,
)
def diversity_elements(rows: pd.DataFrame, _against: Against) -> Value:
    """Effective number of elements over the sites, each structure of the same weight, its elements by atomic fraction.

    Formula: exp(-sum p ln p), p the shares of the elements over the sites, expected in 500 of the structures.
    Interval: for the mean over samples of 500; samples of at most half of the structures without replacement, the
    spread of their entropies scaled to all structures.
    Source: Hill 1973, DOI 10.2307/1934352; rarefaction: Hurlbert 1971, DOI 10.2307/1934145, Chao et al. 2014, DOI
    10.1890/13-0133.1.
    Missing values: counts at its worst; a structure without the fact is one more of the commonest bin.
    """
    return hill_number(element_shares(rows["reduced_formula"]))


@score(
    label="Element coverage",
    unit="share",
    better="higher",
    missing="counts at its worst",
    needs=("reduced_formula",),
    version=2,
)
def diversity_elements_coverage(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of the 118 elements that occur.

    Formula: elements that occur / 118, expected in 500 of the structures drawn without replacement.
    Interval: for the mean over samples of 500; value -/+ 1.96 standard deviations of the rarefied number, in closed
    form, with the number expected in twice as many structures.
    Source: rarefaction: Hurlbert 1971, DOI 10.2307/1934145; more structures than there are: Chao 1984, Colwell et al.
    2012, DOI 10.1093/jpe/rtr044.
    Missing values: counts at its worst; a structure without the fact adds nothing.
    """
    return coverage(element_shares(rows["reduced_formula"]), N_ELEMENTS)


@score(
    label="Space group diversity",
    unit="effective number",
    better="higher",
    missing="counts at its worst",
    needs=("space_group",),
    version=2,
)
def diversity_space_groups(rows: pd.DataFrame, _against: Against) -> Value:
    """Effective number of space groups, found at a tolerance of 0.01 angstrom.

    Formula: exp(-sum p ln p), p the shares of the space groups, expected in 500 of the structures.
    Interval: for the mean over samples of 500; samples of at most half of the structures without replacement, the
    spread of their entropies scaled to all structures.
    Source: Hill 1973, DOI 10.2307/1934352; rarefaction: Hurlbert 1971, DOI 10.2307/1934145, Chao et al. 2014, DOI
    10.1890/13-0133.1.
    Missing values: counts at its worst; a structure without the fact is one more of the commonest bin.
    """
    return hill_number(whole_numbers(rows["space_group"]))


@score(
    label="Space group coverage",
    unit="share",
    better="higher",
    missing="counts at its worst",
    needs=("space_group",),
    version=2,
)
def diversity_space_groups_coverage(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of the 230 space groups that occur.

    Formula: space groups that occur / 230, expected in 500 of the structures drawn without replacement.
    Interval: for the mean over samples of 500; value -/+ 1.96 standard deviations of the rarefied number, in closed
    form, with the number expected in twice as many structures.
    Source: rarefaction: Hurlbert 1971, DOI 10.2307/1934145; more structures than there are: Chao 1984, Colwell et al.
    2012, DOI 10.1093/jpe/rtr044.
    Missing values: counts at its worst; a structure without the fact adds nothing.
    """
    return coverage(whole_numbers(rows["space_group"]), N_SPACE_GROUPS)


@score(
    label="Size diversity",
    unit="effective number",
    better="higher",
    missing="counts at its worst",
    needs=("n_sites_primitive",),
    version=2,
)
def diversity_sites(rows: pd.DataFrame, _against: Against) -> Value:
    """Effective number of different numbers of sites in the primitive cell.

    Formula: exp(-sum p ln p), p the shares of the numbers of sites, expected in 500 of the structures.
    Interval: for the mean over samples of 500; samples of at most half of the structures without replacement, the
    spread of their entropies scaled to all structures.
    Source: Hill 1973, DOI 10.2307/1934352; rarefaction: Hurlbert 1971, DOI 10.2307/1934145, Chao et al. 2014, DOI
    10.1890/13-0133.1.
    Missing values: counts at its worst; a structure without the fact is one more of the commonest bin.
    """
    return hill_number(whole_numbers(rows["n_sites_primitive"]))


@score(
    label="Sizes covered",
    unit="numbers of sites",
    better="higher",
    missing="counts at its worst",
    needs=("n_sites_primitive",),
    version=2,
)
def diversity_sites_coverage(rows: pd.DataFrame, _against: Against) -> Value:
    """How many different numbers of sites the primitive cells have.

    Formula: numbers of sites that occur, expected in 500 of the structures drawn without replacement.
    Interval: for the mean over samples of 500; value -/+ 1.96 standard deviations of the rarefied number, in closed
    form, with the number expected in twice as many structures.
    Source: rarefaction: Hurlbert 1971, DOI 10.2307/1934145; more structures than there are: Chao 1984, Colwell et al.
    2012, DOI 10.1093/jpe/rtr044.
    Missing values: counts at its worst; a structure without the fact adds nothing.
    """
    return coverage(whole_numbers(rows["n_sites_primitive"]))


@score(
    label="Density diversity",
    unit="effective number",
    better="higher",
    missing="counts at its worst",
    needs=("density",),
    version=2,
)
def diversity_density(rows: pd.DataFrame, _against: Against) -> Value:
    """Effective number of bins of the mass density, 0.5 g/cm3 wide.

    Formula: exp(-sum p ln p), p the shares of the bins, expected in 500 of the structures.
    Interval: for the mean over samples of 500; samples of at most half of the structures without replacement, the
    spread of their entropies scaled to all structures.
    Source: Hill 1973, DOI 10.2307/1934352; rarefaction: Hurlbert 1971, DOI 10.2307/1934145, Chao et al. 2014, DOI
    10.1890/13-0133.1.
    Missing values: counts at its worst; a structure without the fact is one more of the commonest bin.
    """
    return hill_number(binned(rows["density"], DENSITY_BIN))


@score(
    label="Densities covered",
    unit="bins",
    better="higher",
    missing="counts at its worst",
    needs=("density",),
    version=2,
)
def diversity_density_coverage(rows: pd.DataFrame, _against: Against) -> Value:
    """How many bins of the mass density, 0.5 g/cm3 wide, occur.

    Formula: bins that occur, expected in 500 of the structures drawn without replacement.
    Interval: for the mean over samples of 500; value -/+ 1.96 standard deviations of the rarefied number, in closed
    form, with the number expected in twice as many structures.
    Source: rarefaction: Hurlbert 1971, DOI 10.2307/1934145; more structures than there are: Chao 1984, Colwell et al.
    2012, DOI 10.1093/jpe/rtr044.
    Missing values: counts at its worst; a structure without the fact adds nothing.
    """
    return coverage(binned(rows["density"], DENSITY_BIN))


@score(
    label="Lattice diversity",
    unit="effective number",
    better="higher",
    missing="counts at its worst",
    needs=("lattice_lengths",),
    version=2,
)
def diversity_lattice_lengths(rows: pd.DataFrame, _against: Against) -> Value:
    """Effective number of bins, 0.5 angstrom wide, of the three lengths of the reduced primitive cell, pooled.

    Formula: exp(-sum p ln p), p the shares of the bins, expected in 500 of the structures.
    Interval: for the mean over samples of 500; samples of at most half of the structures without replacement, the
    spread of their entropies scaled to all structures.
    Source: Hill 1973, DOI 10.2307/1934352; rarefaction: Hurlbert 1971, DOI 10.2307/1934145, Chao et al. 2014, DOI
    10.1890/13-0133.1.
    Missing values: counts at its worst; a structure without the fact is one more of the commonest bin.
    """
    return hill_number(binned_lists(rows["lattice_lengths"], LENGTH_BIN))


@score(
    label="Lattice lengths covered",
    unit="bins",
    better="higher",
    missing="counts at its worst",
    needs=("lattice_lengths",),
    version=2,
)
def diversity_lattice_lengths_coverage(rows: pd.DataFrame, _against: Against) -> Value:
    """How many bins, 0.5 angstrom wide, of the three lengths of the reduced primitive cell occur.

    Formula: bins that occur, expected in 500 of the structures drawn without replacement.
    Interval: for the mean over samples of 500; value -/+ 1.96 standard deviations of the rarefied number, in closed
    form, with the number expected in twice as many structures.
    Source: rarefaction: Hurlbert 1971, DOI 10.2307/1934145; more structures than there are: Chao 1984, Colwell et al.
    2012, DOI 10.1093/jpe/rtr044.
    Missing values: counts at its worst; a structure without the fact adds nothing.
    """
    return coverage(binned_lists(rows["lattice_lengths"], LENGTH_BIN))


@score(
    label="Packing diversity",
    unit="effective number",
    better="higher",
    missing="counts at its worst",
    needs=("packing_fraction",),
    version=2,
)
def diversity_packing(rows: pd.DataFrame, _against: Against) -> Value:
    """Effective number of bins, 0.05 wide, of the share of the cell that spheres of covalent radius fill.

    Formula: exp(-sum p ln p), p the shares of the bins, expected in 500 of the structures.
    Interval: for the mean over samples of 500; samples of at most half of the structures without replacement, the
    spread of their entropies scaled to all structures.
    Source: Hill 1973, DOI 10.2307/1934352; rarefaction: Hurlbert 1971, DOI 10.2307/1934145, Chao et al. 2014, DOI
    10.1890/13-0133.1.
    Missing values: counts at its worst; a structure without the fact is one more of the commonest bin.
    """
    return hill_number(binned(rows["packing_fraction"], PACKING_BIN))


@score(
    label="Packings covered",
    unit="bins",
    better="higher",
    missing="counts at its worst",
    needs=("packing_fraction",),
    version=2,
)
def diversity_packing_coverage(rows: pd.DataFrame, _against: Against) -> Value:
    """How many bins, 0.05 wide, of the share of the cell that spheres of covalent radius fill occur.

    Formula: bins that occur, expected in 500 of the structures drawn without replacement.
    Interval: for the mean over samples of 500; value -/+ 1.96 standard deviations of the rarefied number, in closed
    form, with the number expected in twice as many structures.
    Source: rarefaction: Hurlbert 1971, DOI 10.2307/1934145; more structures than there are: Chao 1984, Colwell et al.
    2012, DOI 10.1093/jpe/rtr044.
    Missing values: counts at its worst; a structure without the fact adds nothing.
    """
    return coverage(binned(rows["packing_fraction"], PACKING_BIN))


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
    samples = [vendi_score(curves[places], BANDWIDTH_ANGSTROM) for places in dealt(n_known)]
    value = float(np.mean([sample for sample, _ in samples]))
    influence = float(np.mean([deviation for _, deviation in samples]))
    factor = exp(Z * influence / sqrt(n_known))
    low = min(max(value / factor, 1.0), value)
    return by_spread(value, low, value * factor, n_known, len(rows) - n_known)
