"""Uniqueness: how many different crystals a submission holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
