"""BAWL, the fingerprint LeMat-Bulk publishes."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from leaderboard.matching_benchmark.method import Method
from metrics.measure.fingerprint import METHODS

if TYPE_CHECKING:
    from metrics.crystal import Crystal


def describe(crystal: Crystal) -> str:
    """The fingerprint of the structure as given."""
    return METHODS["bawl"].compute(crystal).fingerprint


METHOD = Method(
    name="bawl",
    label="BAWL",
    definition="Equal BAWL: hash of the bond graph of the structure as given, space group, formula.",
    describe=describe,
    same=operator.eq,
)
