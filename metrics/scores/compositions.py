"""Validity of the composition alone, by the older convention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.score import Against, Value, score, share

if TYPE_CHECKING:
    import pandas as pd


@score(label="SMACT valid", unit="share", better="higher", missing="counts against", needs=("smact_valid",))
def smact_valid(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures whose composition smact calls valid: the validity of CDVAE-type papers, for comparison.

    One oxidation state per element makes the formula neutral, no anion less electronegative than a cation; elements and
    compositions of metals alone are valid. smact's own function with the states of smact 2014. It plays no part in
    "valid".

    Formula: structures with smact_valid / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: smact: Davies et al. 2019, DOI 10.21105/joss.01361; convention: Xie et al. 2022, arXiv 2110.06197.
    Missing values: counts against; unknown is not valid.
    """
    return share(rows["smact_valid"])
