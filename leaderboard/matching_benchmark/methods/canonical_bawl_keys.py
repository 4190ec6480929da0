"""canonical-bawl by its sets of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.matching_benchmark.method import Method
from metrics.measure.fingerprint import METHODS

if TYPE_CHECKING:
    from metrics.crystal import Crystal


def describe(crystal: Crystal) -> frozenset[str]:
    """All keys."""
    return frozenset(METHODS["canonical-bawl"].compute(crystal).keys)


def meet(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether two sets have a key in common."""
    return not a.isdisjoint(b)


METHOD = Method(
    name="canonical-bawl-keys",
    label="key sets",
    definition="A key of canonical-bawl in common.",
    describe=describe,
    same=meet,
)
