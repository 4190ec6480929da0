"""Novelty: how many records are crystals that the reference set does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


@score(label="VUN", unit="share", better="higher", needs=("valid", "unique", "in_reference"))
def vun(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of records that are valid AND unique AND novel.

    One known failure decides; else one unknown leaves the record unknown. Missing values: unknown counts as no hit.
    """
    return share(rows["valid"] & rows["unique"] & ~rows["in_reference"])
