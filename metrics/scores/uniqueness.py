"""Uniqueness: how many different crystals a submission holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.score import Against, Value, score, share
from metrics.statistics.mean import mean_over_submitted

if TYPE_CHECKING:
    import pandas as pd


@score(label="Unique", unit="share", better="higher", missing="counts against", needs=("unique",))
def unique(rows: pd.DataFrame, _against: Against) -> Value:
    """Number of different crystals over number of records.

    Records that are the same crystal form a class (the connected components of pairwise matching, which is not
    transitive); one record stands for each class, the first valid one, else the first. Decided once over all readable
    records, valid or not.

    Formula: classes of equal crystals / records submitted.
    Interval: Wilson, from the number of hits and of records.
    Source: definition of this benchmark.
    Missing values: counts against; a record that could not be compared is not unique.
    """
    return share(rows["unique"])


@score(label="Unique (BAWL)", unit="share", better="neither", missing="counts against", needs=("duplicate_bawl",))
def unique_bawl(rows: pd.DataFrame, _against: Against) -> Value:
    """Number of different BAWL fingerprints over number of records, for comparison with earlier work.

    BAWL depends on the order of the atoms and on the choice of the cell, so a crystal described twice counts twice.

    Formula: different BAWL fingerprints / records submitted.
    Interval: Wilson, from the number of hits and of records.
    Source: BAWL is the fingerprint published with LeMat-Bulk (LeMaterial).
    Missing values: counts against; a record without a BAWL fingerprint is not unique.
    """
    return share(~rows["duplicate_bawl"])


@score(
    label="Uniqueness (distance)",
    unit="site spacings",
    better="higher",
    missing="counts as 0",
    needs=("nearest_record_distance", "n_others_of_formula"),
    version=2,
)
def continuous_uniqueness(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean distance of a record to the nearest other record of its formula, at most 1.

    The element-resolved distance of the verdict, in site spacings, the cube root of the volume per site: 0 for every
    one of a set of copies, 1 also where no other record has the formula.

    Formula: sum of min(d_i, 1) / records submitted, d_i the distance of record i.
    Interval: bootstrap over the records.
    Source: definition of this benchmark; the element-resolved distance is that of the verdict, after Widdowson and
    Kurlin 2022, DOI 10.5281/zenodo.7120673.
    Missing values: counts as 0; this holds where the distance to any record of the formula is unknown.
    """
    alone = (rows["n_others_of_formula"] == 0).fillna(value=False)
    distance = rows["nearest_record_distance"].clip(upper=1.0)
    return mean_over_submitted(distance.mask(distance.isna() & alone, 1.0))
