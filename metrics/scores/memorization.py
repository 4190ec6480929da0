"""Overlap with the training set: what a model has memorized, and what it has found again without having seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.score import Against, Value, score, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

GROUP = "Training set"
TRAINING_SETS = "training_sets"
"""Name, among what a run is compared with, of the training sets at hand: hash of the manifest by name of the set."""


def with_training_sets(statistics: Against, hashes: Mapping[str, str]) -> Against:
    """Statistics of the reference set, and the training sets that records were compared with, where they were."""
    return {**statistics, TRAINING_SETS: dict(hashes)} if hashes else statistics


def _measured(hits: pd.Series[bool], against: Against) -> Value:
    """Share of what was submitted; undefined where no training set is at hand, and not a share of nothing."""
    value = share(hits)
    if against.get(TRAINING_SETS):
        return value
    return Value(None, None, None, value.n_counted, value.n_unknown)


@score(label="Memorized", unit="share", better="neither", missing="counts against", needs=("in_training_set",))
def memorized(rows: pd.DataFrame, against: Against) -> Value:
    """Share of structures that are crystals of the sets that the model was trained on, as its card declares them.

    Decided by structure matching, as novelty is. Not measured unless every set that the card declares is at hand as a
    reference set, and then undefined: a set that is not at hand is not known to lack anything.

    Formula: structures with in_training_set = yes / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark.
    Missing values: counts against; a structure that could not be compared is not in the share, so a low share with many
    unknown structures says little, and the score ranks nothing.
    """
    return _measured(rows["in_training_set"], against)


@score(
    label="Rediscovered",
    unit="share",
    better="neither",
    missing="counts against",
    needs=("in_training_set", "in_reference"),
)
def rediscovered(rows: pd.DataFrame, against: Against) -> Value:
    """Share of structures that are crystals of the reference set which the model was not trained on.

    Crystals that others have found or computed, and the model without having seen them: evidence that what it makes
    exists. How high it can be depends on how much the reference set holds beside the training set, so it compares
    models that were trained on the same set, and ranks nothing. Not measured where "Memorized" is not.

    Formula: structures with in_reference = yes AND in_training_set = no / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark.
    Missing values: counts against; one known failure decides, else one unknown leaves the structure unknown.
    """
    return _measured(rows["in_reference"] & ~rows["in_training_set"], against)


@score(
    label="New to both sets",
    unit="share",
    better="neither",
    missing="counts against",
    needs=("in_training_set", "in_reference"),
)
def new_to_both(rows: pd.DataFrame, against: Against) -> Value:
    """Share of structures that are crystals neither of the reference set nor of what the model was trained on.

    With "Memorized" and "Rediscovered" and the structures that could not be compared it makes up the whole. It is less
    than "Novel" by the structures that are novel to the reference set alone. Not measured where "Memorized" is not.

    Formula: structures with in_reference = no AND in_training_set = no / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark.
    Missing values: counts against; one known failure decides, else one unknown leaves the structure unknown.
    """
    return _measured(~rows["in_reference"] & ~rows["in_training_set"], against)
