"""Uniqueness: how many different crystals a submission holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from metrics.score import Against, Value, score, share_of_classes
from metrics.statistics.classes import variance_of_sum
from metrics.statistics.mean import mean_over_submitted
from metrics.statistics.uncertainty import bounded_interval

if TYPE_CHECKING:
    import pandas as pd


@score(
    label="Unique",
    unit="share",
    better="higher",
    missing="counts against",
    needs=("unique", "id", "duplicate_of"),
    version=4,
)
def unique(rows: pd.DataFrame, _against: Against) -> Value:
    """Number of different crystals over number of structures.

    Structures that are the same crystal form a class (the connected components of pairwise matching, which is not
    transitive); one structure stands for each class: in a view of the energies the one lowest in energy, else a valid
    one before others. Decided once over all readable structures, valid or not.

    Formula: classes of equal crystals / structures submitted.
    Interval: for the mean over submissions of the same size, since copies become more with every structure. Wilson's,
    for as many trials as would have the variance of the number of classes, from how many have one structure and two.
    Source: definition of this benchmark; interval: Chao 1984, Colwell et al. 2012, DOI 10.1093/jpe/rtr044; effective
    sample size: Korn and Graubard 1998, Surv. Methodol. 24, 193.
    Missing values: counts against; a structure that could not be compared is not unique.
    """
    return share_of_classes(rows["unique"], crystal_classes(rows))


@score(
    label="Unique (BAWL)",
    unit="share",
    better="neither",
    missing="counts against",
    needs=("duplicate_bawl", "bawl"),
    version=4,
)
def unique_bawl(rows: pd.DataFrame, _against: Against) -> Value:
    """Number of different BAWL fingerprints over number of structures, for comparison with earlier work.

    BAWL depends on the order of the atoms and on the choice of the cell, so a crystal written in two ways counts twice.

    Formula: different BAWL fingerprints / structures submitted.
    Interval: for the mean over submissions of the same size, since copies become more with every structure. Wilson's,
    for as many trials as would have the variance of the number of classes, from how many have one structure and two.
    Source: BAWL is the fingerprint published with LeMat-Bulk (LeMaterial); interval: Good and Toulmin 1956, DOI
    10.1093/biomet/43.1-2.45; effective sample size: Korn and Graubard 1998, Surv. Methodol. 24, 193.
    Missing values: counts against; a structure without a BAWL fingerprint is not unique.
    """
    return share_of_classes(~rows["duplicate_bawl"], rows["bawl"])


@score(
    label="Uniqueness (distance)",
    unit="(V/N)^(1/3)",
    better="higher",
    missing="counts as 0",
    needs=("nearest_record_distance", "n_others_of_formula", "reduced_formula", "id", "duplicate_of"),
    version=3,
)
def continuous_uniqueness(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean distance of a structure to the nearest other structure of its formula, at most 1.

    The element-resolved distance of structure matching, in units of (V/N)^(1/3), the cube root of the volume per site:
    0 for every one of a set of copies, 1 also where no other structure has the formula.

    Formula: sum of min(d_i, 1) / structures submitted, d_i the distance of structure i.
    Interval: for the mean over submissions of the same size. Wilson's, for as many trials as would have the variance
    of the sum over formulas, of which each is drawn as a whole: a copy takes its distance from both structures.
    Source: definition of this benchmark; the element-resolved distance is after Widdowson and Kurlin
    2022, DOI 10.5281/zenodo.7120673; effective sample size: Korn and Graubard 1998, Surv. Methodol. 24, 193.
    Missing values: counts as 0; this holds where the distance to any structure of the formula is unknown.
    """
    alone = (rows["n_others_of_formula"] == 0).fillna(value=False)
    distance = rows["nearest_record_distance"].clip(upper=1.0)
    known = distance.mask(distance.isna() & alone, 1.0)
    value = mean_over_submitted(known)
    if value.value is None:
        return value
    n_submitted = len(rows)
    # sorted, so that the order of the records changes no digit
    of_formulas = known.fillna(0.0).sort_values().groupby(rows["reduced_formula"].fillna("")).sum()
    sizes = np.array(crystal_classes(rows).value_counts(), dtype=np.int64)
    variance = variance_of_sum(of_formulas.to_numpy(dtype=np.float64), sizes, n_submitted) / n_submitted**2
    # a first copy would take the distance from two structures: half as many trials
    low, high = bounded_interval(value.value, variance, max(n_submitted // 2, 1))
    return replace(value, low=low, high=high)


def crystal_classes(rows: pd.DataFrame) -> pd.Series[str]:
    """Name of the class of equal crystals of each record: the id of the one that stands for it."""
    return rows["duplicate_of"].fillna(rows["id"])
