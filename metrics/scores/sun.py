"""SUN and its kin: stable or metastable, unique and novel at once, and breakdowns that show how they were reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.score import Against, Value, score, share_of_classes
from metrics.scores.stability import is_metastable, is_stable
from metrics.scores.uniqueness import crystal_classes
from metrics.statistics.classes import classes_per_record

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

GROUP = "SUN"

SPARSE_HULL_ENTRIES = 12
"""A chemical system with fewer entries has a hull that says little: almost anything new lies near it."""

_UN = ("unique", "in_reference")
_SUN = ("e_above_hull", *_UN)
_CLASSES = ("id", "duplicate_of")
"""Columns that say which structures are copies of one crystal."""


def _is_sun_msun(rows: pd.DataFrame) -> pd.Series[bool]:
    return (is_stable(rows) | is_metastable(rows)) & rows["unique"] & ~rows["in_reference"]


def _share(rows: pd.DataFrame, hits: pd.Series[bool]) -> Value:
    return share_of_classes(hits, crystal_classes(rows))


@score(label="SUN", unit="share", better="higher", missing="counts against", needs=(*_SUN, *_CLASSES), version=3)
def sun(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are stable AND unique AND novel.

    Uniqueness is decided once over the whole submission; of duplicates the one lowest in energy counts. One known
    failure decides; else one unknown leaves it unknown. MatterGen's S.U.N. is another number: structures relaxed by
    DFT, e_above_hull up to 0.1 eV/atom, and a matcher that merges similar elements.

    Formula: structures with stable AND unique AND NOT in_reference / structures submitted.
    Interval: for the mean over submissions of the same size, see "Unique".
    Source: definition of this benchmark; the name is from MatterGen, Zeni et al. 2025, DOI 10.1038/s41586-025-08628-5.
    Missing values: counts against; unknown is no hit.
    """
    return _share(rows, is_stable(rows) & rows["unique"] & ~rows["in_reference"])


@score(label="MSUN", unit="share", better="higher", missing="counts against", needs=(*_SUN, *_CLASSES), version=3)
def msun(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are metastable AND unique AND novel; stable ones are not among them.

    Formula: structures with metastable AND unique AND NOT in_reference / structures submitted.
    Interval: for the mean over submissions of the same size, see "Unique".
    Source: after LeMat-GenBench (arXiv 2512.04562), which decides uniqueness anew among the metastable structures.
    Missing values: counts against; unknown is no hit.
    """
    return _share(rows, is_metastable(rows) & rows["unique"] & ~rows["in_reference"])


@score(label="SUN + MSUN", unit="share", better="higher", missing="counts against", needs=(*_SUN, *_CLASSES), version=3)
def sun_msun(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are stable or metastable, AND unique AND novel.

    Formula: SUN + MSUN.
    Interval: for the mean over submissions of the same size, see "Unique".
    Source: definition of this benchmark.
    Missing values: counts against; unknown is no hit.
    """
    return _share(rows, _is_sun_msun(rows))


@score(
    label="VSUN", unit="share", better="higher", missing="counts against", needs=("valid", *_SUN, *_CLASSES), version=3
)
def vsun(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are valid AND stable AND unique AND novel.

    Formula: structures with valid AND stable AND unique AND NOT in_reference / structures submitted.
    Interval: for the mean over submissions of the same size, see "Unique".
    Source: definition of this benchmark.
    Missing values: counts against; unknown is no hit.
    """
    return _share(rows, rows["valid"] & is_stable(rows) & rows["unique"] & ~rows["in_reference"])


@score(
    label="VMSUN", unit="share", better="higher", missing="counts against", needs=("valid", *_SUN, *_CLASSES), version=3
)
def vmsun(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are valid AND metastable AND unique AND novel; stable ones are not among them.

    Formula: structures with valid AND metastable AND unique AND NOT in_reference / structures submitted.
    Interval: for the mean over submissions of the same size, see "Unique".
    Source: definition of this benchmark.
    Missing values: counts against; unknown is no hit.
    """
    return _share(rows, rows["valid"] & is_metastable(rows) & rows["unique"] & ~rows["in_reference"])


@score(
    label="VSUN + VMSUN",
    unit="share",
    better="higher",
    missing="counts against",
    needs=("valid", *_SUN, *_CLASSES),
    version=3,
)
def vsun_msun(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are valid, stable or metastable, unique AND novel.

    Formula: VSUN + VMSUN.
    Interval: for the mean over submissions of the same size, see "Unique".
    Source: definition of this benchmark.
    Missing values: counts against; unknown is no hit.
    """
    return _share(rows, rows["valid"] & _is_sun_msun(rows))


@score(
    label="SUN+MSUN: elemental only",
    unit="share",
    better="neither",
    missing="counts against",
    needs=("chemical_system", *_SUN, *_CLASSES),
    version=3,
)
def sun_msun_elemental(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are SUN or MSUN and hold one element only.

    A part of SUN + MSUN, over all structures like it: a model could raise that score with allotropes.

    Formula: structures that are SUN or MSUN with one element / structures submitted.
    Interval: for the mean over submissions of the same size, see "Unique".
    Source: definition of this benchmark.
    Missing values: counts against; unknown is no hit.
    """
    return _share(rows, _is_sun_msun(rows) & ~rows["chemical_system"].str.contains("-", regex=False).astype("boolean"))


@score(
    label="SUN+MSUN: sparse hull",
    unit="share",
    better="neither",
    missing="counts against",
    needs=("n_hull_entries", *_SUN, *_CLASSES),
    version=3,
)
def sun_msun_sparse_hull(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are SUN or MSUN in a chemical system with few entries in the hull.

    The entries of all its subsystems count. Where few phases are known, almost anything new lies near the hull.

    Formula: structures that are SUN or MSUN with n_hull_entries < 12 / structures submitted.
    Interval: for the mean over submissions of the same size, see "Unique".
    Source: definition of this benchmark.
    Missing values: counts against; unknown is no hit.
    """
    return _share(rows, _is_sun_msun(rows) & (rows["n_hull_entries"] < SPARSE_HULL_ENTRIES))


@score(
    label="SUN+MSUN: substitutions",
    unit="share",
    better="neither",
    missing="counts against",
    needs=("prototype_in_reference", *_SUN, *_CLASSES),
    version=3,
)
def sun_msun_substitution(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures that are SUN or MSUN and have the structure type of a reference crystal of other elements.

    Exchanging the elements of a known crystal is the simplest generator there is.

    Formula: structures that are SUN or MSUN with prototype_in_reference / structures submitted.
    Interval: for the mean over submissions of the same size, see "Unique".
    Source: definition of this benchmark.
    Missing values: counts against; unknown is no hit.
    """
    return _share(rows, _is_sun_msun(rows) & rows["prototype_in_reference"])


@score(
    label="SUN+MSUN: chemical systems",
    unit="chemical systems",
    better="neither",
    missing="left out, shown only",
    needs=("chemical_system", *_SUN),
    version=4,
)
def sun_msun_systems(rows: pd.DataFrame, _against: Against) -> Value:
    """Number of different chemical systems among the structures that are SUN or MSUN.

    Formula: number of different values of chemical_system.
    Interval: for the mean over submissions of the same size, from how many chemical systems have one hit and two.
    Source: definition of this benchmark; interval after Chao 1984, Colwell et al. 2012, DOI 10.1093/jpe/rtr044.
    Missing values: left out, shown only; a structure of which something is unknown adds none.
    """
    return _distinct(rows, "chemical_system", _SUN, _is_sun_msun)


@score(
    label="SUN+MSUN: prototypes",
    unit="prototypes",
    better="neither",
    missing="left out, shown only",
    needs=("prototype", *_SUN),
    version=4,
)
def sun_msun_prototypes(rows: pd.DataFrame, _against: Against) -> Value:
    """Number of different structure types among the structures that are SUN or MSUN.

    Formula: number of different values of prototype.
    Interval: for the mean over submissions of the same size, from how many prototypes have one hit and two.
    Source: definition of this benchmark; interval after Chao 1984, Colwell et al. 2012, DOI 10.1093/jpe/rtr044.
    Missing values: left out, shown only; a structure of which something is unknown adds none.
    """
    return _distinct(rows, "prototype", _SUN, _is_sun_msun)


@score(
    label="SUN+MSUN: families",
    unit="families",
    better="neither",
    missing="left out, shown only",
    needs=("family", *_SUN),
    version=3,
)
def families(rows: pd.DataFrame, _against: Against) -> Value:
    """Number of different families of compounds among the structures that are SUN or MSUN.

    Families have equal elements by groups of the periodic table in equal ratios, rounded to twentieths; see
    Discoveries. A model could raise SUN + MSUN with many members of few families.

    Formula: number of different values of family.
    Interval: for the mean over submissions of the same size, from how many families have one hit and two.
    Source: definition of this benchmark; interval after Chao 1984, Colwell et al. 2012, DOI 10.1093/jpe/rtr044.
    Missing values: left out, shown only; a structure of which something is unknown adds none.
    """
    return _distinct(rows, "family", _SUN, _is_sun_msun)


@score(
    label="SUN+MSUN: new families",
    unit="families",
    better="neither",
    missing="left out, shown only",
    needs=("family", "family_in_reference", *_SUN),
    version=3,
)
def new_families(rows: pd.DataFrame, _against: Against) -> Value:
    """Number of different families among the SUN and MSUN structures that have no member in the reference set.

    Formula: number of different values of family with NOT family_in_reference.
    Interval: for the mean over submissions of the same size, from how many families have one hit and two.
    Source: definition of this benchmark; interval after Chao 1984, Colwell et al. 2012, DOI 10.1093/jpe/rtr044.
    Missing values: left out, shown only; a structure of which something is unknown adds none.
    """

    def hits(known: pd.DataFrame) -> pd.Series[bool]:
        return _is_sun_msun(known) & ~known["family_in_reference"]

    return _distinct(rows, "family", ("family_in_reference", *_SUN), hits)


def _distinct(
    rows: pd.DataFrame, label: str, needs: tuple[str, ...], is_hit: Callable[[pd.DataFrame], pd.Series[bool]]
) -> Value:
    """How many different labels the hits have, among the structures of which everything is known."""
    known = rows[rows[[label, *needs]].notna().all(axis=1)]
    n_known, n_unknown = len(known), len(rows) - len(known)
    if not n_known:
        return Value(0.0, None, None, 0, n_unknown)
    # copies of a hit are not counted, so the interval is wider than it need be where there are many
    labels = known.loc[is_hit(known).astype(bool), label]
    per_record = classes_per_record(labels, n_known)
    return Value(float(labels.nunique()), n_known * per_record.low, n_known * per_record.high, n_known, n_unknown)
