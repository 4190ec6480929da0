"""Novelty: how many structures are crystals that the reference set does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.score import Against, Value, score, share, share_of_classes
from metrics.scores.uniqueness import crystal_classes
from metrics.statistics.mean import mean_over_submitted

if TYPE_CHECKING:
    import pandas as pd


@score(label="Novel", unit="share", better="higher", missing="counts against", needs=("in_reference",))
def novel(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are not a crystal of the reference set, by structure matching.

    Crystals of the same reduced formula are compared by their fingerprint keys and an element-resolved distance;
    ambiguous pairs are decided by pymatgen's StructureMatcher on primitive cells. Neither the order of the atoms nor
    the choice of the cell matters. A structure of a class that holds a known crystal is known.

    Formula: structures with in_reference = no / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark; StructureMatcher: Ong et al. 2013, DOI 10.1016/j.commatsci.2012.10.028.
    Missing values: counts against; a structure that could not be compared is not novel.
    """
    return share(~rows["in_reference"])


@score(
    label="Novel (fingerprint)",
    unit="share",
    better="neither",
    missing="counts against",
    needs=("in_reference_fingerprint",),
)
def novel_fingerprint(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures with no fingerprint key in the reference set: the quick look-up, before any confirmation.

    Formula: structures with no key in the reference set / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark.
    Missing values: counts against; a structure without a fingerprint is not novel.
    """
    return share(~rows["in_reference_fingerprint"])


@score(label="Novel (BAWL)", unit="share", better="neither", missing="counts against", needs=("in_reference_bawl",))
def novel_bawl(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures whose BAWL fingerprint no source row of the set has, for comparison with earlier work.

    BAWL depends on the order of the atoms and on the choice of the cell, so a known crystal written otherwise counts
    as novel here.

    Formula: structures with a BAWL fingerprint that the reference set lacks / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: BAWL is the fingerprint published with LeMat-Bulk (LeMaterial).
    Missing values: counts against; a structure without a BAWL fingerprint is not novel.
    """
    return share(~rows["in_reference_bawl"])


@score(
    label="Novel (matcher)", unit="share", better="neither", missing="counts against", needs=("in_reference_matcher",)
)
def novel_matcher(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that pymatgen's StructureMatcher at its defaults fits to no reference crystal of the formula.

    For comparison with earlier work; it loses about half of the copies in a supercell with a little noise, which count
    as novel here.

    Formula: structures with no match in the reference set / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: Ong et al. 2013, DOI 10.1016/j.commatsci.2012.10.028.
    Missing values: counts against; a structure that could not be compared is not novel.
    """
    return share(~rows["in_reference_matcher"])


@score(
    label="Novel (disorder)", unit="share", better="higher", missing="counts against", needs=("known_up_to_disorder",)
)
def novel_up_to_disorder(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are novel and not merely another ordering of a reference crystal.

    Elements that can substitute each other, by atomic radius and electronegativity, are taken for one species in both
    crystals before they are matched.

    Formula: structures with no reference crystal equal up to disorder / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark; which elements substitute each other: Zeni et al. 2025, DOI
    10.1038/s41586-025-08628-5, whose own matcher also compares crystals of different composition.
    Missing values: counts against; a structure that could not be compared is not novel.
    """
    return share(~rows["known_up_to_disorder"])


@score(
    label="Known up to a defect",
    unit="share",
    better="neither",
    missing="counts against",
    needs=("in_reference", "known_up_to_defect"),
)
def known_up_to_defect(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are novel, but only a reference crystal with point defects.

    Vacancies, interstitials, antisites and dopants: a supercell of a reference crystal with at most one site in sixteen
    missing, added or exchanged. Each counts as novel, since its formula or order is another.

    Formula: structures with in_reference = no AND known_up_to_defect / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark.
    Missing values: counts against; a structure that could not be compared is not in the share.
    """
    return share(~rows["in_reference"] & rows["known_up_to_defect"])


@score(
    label="Novel (prototype)",
    unit="share",
    better="neither",
    missing="counts against",
    needs=("prototype_in_reference",),
)
def novel_prototype(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures whose prototype (structure type) no reference crystal has, whatever its elements.

    The type is the anonymous formula, the space group and the occupied orbits. Noise destroys the symmetry and makes a
    type of its own, so a high share may mean no more than structures that were not relaxed. A structure that is in the
    reference set has its prototype there.

    Formula: structures with a prototype that the reference set lacks / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: isopointal structures: Allmann and Hinek 2007, DOI 10.1107/S0108767307038081.
    Missing values: counts against; a structure without a space group, or one that could not be compared and whose type
    is not in the set, is not novel.
    """
    return share(~rows["prototype_in_reference"])


@score(
    label="Novelty (distance)",
    unit="(V/N)^(1/3)",
    better="higher",
    missing="counts as 0",
    needs=("nearest_reference_distance", "identity_rule"),
    version=3,
)
def continuous_novelty(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean distance of a structure to the nearest reference crystal of its formula, at most 1.

    The element-resolved distance of structure matching, in units of (V/N)^(1/3), the cube root of the volume per site:
    0 for a copy, below 0.05 for noise, 1 also where the set has nothing of the formula. No threshold decides here, so a
    perturbation of a known crystal gains only little.

    Formula: sum of min(d_i, 1) / structures submitted, d_i the distance of structure i.
    Interval: Wilson's, for as many trials as would have the variance of the mean.
    Source: definition of this benchmark; the element-resolved distance is after Widdowson and Kurlin
    2022, DOI 10.5281/zenodo.7120673; effective sample size: Korn and Graubard 1998, Surv. Methodol. 24, 193.
    Missing values: counts as 0; this holds where the distance to any reference crystal of the formula is unknown.
    """
    alone = (rows["identity_rule"] == "no_candidate").fillna(value=False)
    distance = rows["nearest_reference_distance"].clip(upper=1.0)
    return mean_over_submitted(distance.mask(distance.isna() & alone, 1.0))


@score(
    label="VUN",
    unit="share",
    better="higher",
    missing="counts against",
    needs=("valid", "unique", "in_reference", "id", "duplicate_of"),
    version=4,
)
def vun(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are valid AND unique AND novel.

    One known failure decides; else one unknown leaves the structure unknown.

    Formula: structures with valid AND unique AND in_reference = no / structures submitted.
    Interval: for the mean over submissions of the same size, see "Unique".
    Source: definition of this benchmark.
    Missing values: counts against; unknown is no hit.
    """
    return share_of_classes(rows["valid"] & rows["unique"] & ~rows["in_reference"], crystal_classes(rows))
