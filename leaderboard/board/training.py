"""Why a run says nothing of the overlap with the model's training set."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leaderboard.records import RunRecord

NOT_MEASURED = "not measured"
"""In the place of a share."""


def why_no_overlap(record: RunRecord) -> str | None:
    """The reason in words, from the card as it was scored; None where the overlap is measured."""
    if record.training_sets:
        return None
    declared = record.model.training_sets
    if not declared:
        return "the card names no training set"
    return f"not every training set on the card is at hand ({'; '.join(declared)})"
