"""Uniqueness: how many different crystals a submission holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.score import Against, Value, score, share
from metrics.statistics.mean import mean_over_submitted

if TYPE_CHECKING:
    import pandas as pd


@score(label="Unique", unit="share", better="higher", missing="counts against", needs=("unique",))
def unique(rows: pd.DataFrame, _against: Against) -> Value:
    """Number of different crystals over number of structures.

    Structures that are the same crystal form a class (the connected components of pairwise matching, which is not
    transitive); one structure stands for each class: in a view of the energies the one lowest in energy, else a valid
    one before others. Decided once over all readable structures, valid or not.

    Formula: classes of equal crystals / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark.
    Missing values: counts against; a structure that could not be compared is not unique.
    """
    return share(rows["unique"])


@score(label="Unique (BAWL)", unit="share", better="neither", missing="counts against", needs=("duplicate_bawl",))
def unique_bawl(rows: pd.DataFrame, _against: Against) -> Value:
    """Number of different BAWL fingerprints over number of structures, for comparison with earlier work.

    BAWL depends on the order of the atoms and on the choice of the cell, so a crystal written in two ways counts twice.

    Formula: different BAWL fingerprints / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: BAWL is the fingerprint published with LeMat-Bulk (LeMaterial).
    Missing values: counts against; a structure without a BAWL fingerprint is not unique.
    """
    return share(~rows["duplicate_bawl"])


@score(
    label="Uniqueness (distance)",
    unit="(V/N)^(1/3)",
    better="higher",
    missing="counts as 0",
    needs=("nearest_record_distance", "n_others_of_formula"),
    version=2,
)
def continuous_uniqueness(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean distance of a structure to the nearest other structure of its formula, at most 1.

    The element-resolved distance of structure matching, in units of (V/N)^(1/3), the cube root of the volume per site:
    0 for every one of a set of copies, 1 also where no other structure has the formula.

    Formula: sum of min(d_i, 1) / structures submitted, d_i the distance of structure i.
    Interval: bootstrap over the structures.
    Source: definition of this benchmark; the element-resolved distance is after Widdowson and Kurlin
    2022, DOI 10.5281/zenodo.7120673.
    Missing values: counts as 0; this holds where the distance to any structure of the formula is unknown.
    """
    alone = (rows["n_others_of_formula"] == 0).fillna(value=False)
    distance = rows["nearest_record_distance"].clip(upper=1.0)
    return mean_over_submitted(distance.mask(distance.isna() & alone, 1.0))
