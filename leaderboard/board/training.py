"""Why a run says nothing of the overlap with the model's training set."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leaderboard.records import RunRecord

OVERLAP = frozenset({"memorized", "rediscovered", "new_to_both"})
"""Scores that a run has a value of only where every training set on its card is at hand."""


def without_value(name: str) -> str:
    """What stands in the place of a score that a run has no value of."""
    return "not measured" if name in OVERLAP else "?"


def why_no_overlap(record: RunRecord) -> str | None:
    """The reason in words, from the card as it was scored; None where the overlap is measured."""
    if record.training_sets:
        return None
    declared = record.model.training_sets
    if not declared:
        return "the card names no training set"
    return f"not every training set on the card is at hand ({'; '.join(declared)})"
