"""Uniqueness: how many different crystals a submission holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.mean import mean_over_submitted
from metrics.score import Against, Value, score, share

if TYPE_CHECKING:
    import pandas as pd


@score(label="Unique", unit="share", better="higher", needs=("unique",))
def unique(rows: pd.DataFrame, _against: Against) -> Value:
    """Number of different crystals over number of records.

    Records that are the same crystal form a class (the connected components of pairwise matching, which is not
    transitive); one record stands for each class, the first valid one, else the first. Decided once over all readable
    records, valid or not. Missing values: a record that could not be compared counts as not unique.
    """
    return share(rows["unique"])


@score(label="Unique (BAWL)", unit="share", better="neither", needs=("duplicate_bawl",))
def unique_bawl(rows: pd.DataFrame, _against: Against) -> Value:
    """Number of different BAWL fingerprints over number of records, for comparison with earlier work.

    BAWL depends on the order of the atoms and on the choice of the cell, so a crystal described twice counts twice.
    Missing values: a record without a BAWL fingerprint counts as not unique.
    """
    return share(~rows["duplicate_bawl"])


@score(
    label="Uniqueness (distance)",
    unit="site spacings",
    better="higher",
    needs=("nearest_record_distance", "n_others_of_formula"),
)
def continuous_uniqueness(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean distance of a record to the nearest other record of its formula, at most 1.

    The element-resolved distance of the verdict, in site spacings, the cube root of the volume per site: 0 for every
    one of a set of copies, 1 also where no other record has the formula.
    Missing values: where the distance to any record of the formula is unknown, the record counts as 0.
    """
    alone = (rows["n_others_of_formula"] == 0).fillna(value=False)
    distance = rows["nearest_record_distance"].clip(upper=1.0)
    return mean_over_submitted(distance.mask(distance.isna() & alone, 1.0))
