"""Novelty: how many records are crystals that the reference set does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.mean import mean_over_submitted
from metrics.score import Against, Value, score, share

if TYPE_CHECKING:
    import pandas as pd


@score(label="Novel", unit="share", better="higher", needs=("in_reference",))
def novel(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of records that are not a crystal of the reference set, by the confirmed verdict.

    Crystals of the same reduced formula are compared by their fingerprint keys and an element-resolved distance;
    ambiguous pairs are decided by pymatgen's StructureMatcher on primitive cells. Neither the order of the atoms nor
    the choice of the cell matters. A record of a class that holds a known crystal is known.
    Missing values: a record that could not be compared counts as not novel.
    """
    return share(~rows["in_reference"])


@score(label="Novel (fingerprint)", unit="share", better="neither", needs=("in_reference_fingerprint",))
def novel_fingerprint(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of records with no fingerprint key in the reference set: the quick look-up, before any confirmation.

    Missing values: a record without a fingerprint counts as not novel.
    """
    return share(~rows["in_reference_fingerprint"])


@score(label="Novel (BAWL)", unit="share", better="neither", needs=("in_reference_bawl",))
def novel_bawl(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of records whose BAWL fingerprint no source row of the reference set has, for comparison with earlier work.

    BAWL depends on the order of the atoms and on the choice of the cell, so a known crystal described otherwise counts
    as novel here. Missing values: a record without a BAWL fingerprint counts as not novel.
    """
    return share(~rows["in_reference_bawl"])


@score(label="Novel (matcher)", unit="share", better="neither", needs=("in_reference_matcher",))
def novel_matcher(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of records that pymatgen's StructureMatcher with its defaults fits to no reference crystal of the formula.

    For comparison with earlier work; it loses about half of the copies in a supercell with a little noise, which count
    as novel here. Missing values: a record that could not be compared counts as not novel.
    """
    return share(~rows["in_reference_matcher"])


@score(label="Novel (disorder)", unit="share", better="higher", needs=("known_up_to_disorder",))
def novel_up_to_disorder(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of records that are novel and not merely another ordering of a reference crystal.

    Elements that can substitute each other, by atomic radius and electronegativity, are taken for one species in both
    crystals before they are compared by the verdict (after Zeni et al. 2025, DOI 10.1038/s41586-025-08628-5).
    Missing values: a record that could not be compared counts as not novel.
    """
    return share(~rows["known_up_to_disorder"])


@score(label="Novel (prototype)", unit="share", better="neither", needs=("prototype_in_reference",))
def novel_prototype(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of records whose structure type no reference crystal has, whatever its elements.

    The type is the anonymous formula, the space group and the occupied orbits. Noise destroys the symmetry and makes
    a type of its own, so a high share may mean no more than structures that were not relaxed. A record that is in the
    reference set has its prototype there. Missing values: a record without a space group, or one that could not be
    compared and whose type is not in the set, counts as not novel.
    """
    return share(~rows["prototype_in_reference"])


@score(
    label="Novelty (distance)",
    unit="site spacings",
    better="higher",
    needs=("nearest_reference_distance", "identity_rule"),
)
def continuous_novelty(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean distance of a record to the nearest reference crystal of its formula, at most 1.

    The element-resolved distance of the verdict, in site spacings, the cube root of the volume per site: 0 for a copy,
    below 0.05 for noise, 1 also where the set has nothing of the formula. No threshold decides here, so a small change
    to a known crystal gains only little.
    Missing values: where the distance to any reference crystal of the formula is unknown, the record counts as 0.
    """
    alone = (rows["identity_rule"] == "no_candidate").fillna(value=False)
    distance = rows["nearest_reference_distance"].clip(upper=1.0)
    return mean_over_submitted(distance.mask(distance.isna() & alone, 1.0))


@score(label="VUN", unit="share", better="higher", needs=("valid", "unique", "in_reference"))
def vun(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of records that are valid AND unique AND novel.

    One known failure decides; else one unknown leaves the record unknown. Missing values: unknown counts as no hit.
    """
    return share(rows["valid"] & rows["unique"] & ~rows["in_reference"])
