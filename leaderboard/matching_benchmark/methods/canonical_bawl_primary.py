"""canonical-bawl by its primary key alone: the best a single string does."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from leaderboard.matching_benchmark.method import Method
from metrics.measure.fingerprint import METHODS

if TYPE_CHECKING:
    from metrics.crystal import Crystal


def describe(crystal: Crystal) -> str:
    """The primary key."""
    return METHODS["canonical-bawl"].compute(crystal).fingerprint


METHOD = Method(
    name="canonical-bawl-primary",
    label="primary key",
    definition="Equal primary key of canonical-bawl: formula, primitive size, digest of the bond net.",
    describe=describe,
    same=operator.eq,
)
