"""Discoveries: what a submission adds to what is known, counted by families of compounds instead of by structures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.score import Against, Value, score
from metrics.scores.stability import is_metastable, is_stable
from metrics.statistics.classes import classes_per_record

if TYPE_CHECKING:
    import pandas as pd

KNOWN = (
    "in_reference",
    "formula_in_reference",
    "known_up_to_superstructure",
    "known_up_to_disorder",
    "known_up_to_defect",
)
"""Senses in which a structure may be known; a discovery is known in none of them."""
_NEEDS = ("family", "valid", *KNOWN, "elements_trusted", "e_above_hull")


def is_new(rows: pd.DataFrame) -> pd.Series[bool]:
    """Valid, known in no sense, and made of elements whose energies the hull can be compared with."""
    new = rows["valid"] & rows["elements_trusted"]
    for sense in KNOWN:
        new &= ~rows[sense]
    return new


@score(label="Discoveries", unit="share", better="higher", missing="counts as 0", needs=_NEEDS, version=3)
def discoveries(rows: pd.DataFrame, _against: Against) -> Value:
    """Stable families of compounds that are not known, for each structure submitted. It ranks the board with energies.

    A hit is valid, stable, not in the reference set, of a composition that the set lacks, not one of its crystals up to
    a superstructure, an exchange of similar elements or a point defect, and made of elements for which the potential is
    accurate enough on this hull (`elements_trusted`). Another structure of a known composition is no hit, whatever its
    energy: the hull has one ground state there, and which of two it is lies within the error of a potential. Hits of
    one family are one discovery: families have equal elements by groups of the periodic table (rare-earth metals one
    group, actinides one) in equal ratios, rounded to twentieths. Duplicates and polymorphs are of one family, so
    uniqueness is implied. Each family counts by its best member, which is stable or not.

    Families run out: the score falls as a submission grows, so only submissions of equal size compare.

    Formula: different families among the hits / structures submitted.
    Interval: for the mean over submissions of the same size. Wilson's, for as many trials as would have the variance of
    the number of families, from how many have one hit and two.
    Source: definition of this benchmark; interval after Chao 1984, Colwell et al. 2012, DOI 10.1093/jpe/rtr044.
    Missing values: counts as 0; a structure of which something is unknown is no hit, unless a known failure decides.
    """
    return _families_per_structure(rows, is_new(rows) & is_stable(rows))


@score(label="Metastable discoveries", unit="share", better="neither", missing="counts as 0", needs=_NEEDS, version=3)
def metastable_discoveries(rows: pd.DataFrame, _against: Against) -> Value:
    """Families of compounds that are not known, with metastable members and no stable one, for each structure.

    Hits are those of Discoveries but for their energy. They are shown apart and rank nothing: 0.1 eV/atom is about the
    error of a universal potential, so most structures in that range say little. A family with a stable member is a
    discovery and not counted here; so a higher value can be worse.

    Formula: different families with metastable hits AND no stable hit / structures submitted.
    Interval: for the mean over submissions of the same size. Wilson's, for as many trials as would have the variance of
    the number of families, from how many have one hit and two.
    Source: definition of this benchmark; interval after Chao 1984, Colwell et al. 2012, DOI 10.1093/jpe/rtr044.
    Missing values: counts as 0; a structure of which something is unknown is no hit, unless a known failure decides.
    """
    new = is_new(rows)
    stable = rows.loc[(new & is_stable(rows)).fillna(value=False).astype(bool), "family"]
    without_stable = ~rows["family"].isin(stable).astype("boolean")
    return _families_per_structure(rows, new & is_metastable(rows) & without_stable)


def _families_per_structure(rows: pd.DataFrame, hits: pd.Series[bool]) -> Value:
    if rows.empty:
        return Value(None, None, None, 0, 0)
    hits = hits.mask(rows["family"].isna() & hits.fillna(value=False))
    families = rows.loc[hits.fillna(value=False).astype(bool), "family"]
    n_unknown = int(hits.isna().sum())
    return Value(*classes_per_record(families, len(rows)), len(rows) - n_unknown, n_unknown)
