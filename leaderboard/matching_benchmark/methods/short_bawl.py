"""BAWL without the space group."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from leaderboard.matching_benchmark.method import Method
from metrics.measure.fingerprint import METHODS

if TYPE_CHECKING:
    from metrics.crystal import Crystal


def describe(crystal: Crystal) -> str:
    """The fingerprint of the structure as given."""
    return METHODS["short-bawl"].compute(crystal).fingerprint


METHOD = Method(
    name="short-bawl",
    label="short BAWL",
    definition="Equal short BAWL: hash of the bond graph of the structure as given, formula.",
    describe=describe,
    same=operator.eq,
)
