"""The verdict novelty and uniqueness rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.matching_benchmark.method import Method
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.fingerprint import METHODS
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare

if TYPE_CHECKING:
    from metrics.crystal import Crystal

SETTINGS = MatchSettings()


def describe(crystal: Crystal) -> Candidate:
    """Keys and neighbour distances."""
    keys = METHODS["canonical-bawl"].compute(crystal).keys
    candidate = Candidate(crystal, reduced_formula_of(crystal), keys)
    _ = candidate.profile  # computed here, so that it counts for the structure and not for its first pair
    return candidate


def same(a: Candidate, b: Candidate) -> bool:
    """The verdict without what decided it."""
    return compare(a, b, SETTINGS).same


METHOD = Method(
    name="verdict",
    label="verdict",
    definition=f"Key sets, primitive size and distance decide the clear cases (the same below {SETTINGS.same_below:g}, "
    f"different from {SETTINGS.different_from:g}, without a common key from "
    f"{SETTINGS.different_without_key_from:g}), StructureMatcher on loose primitive cells the rest. What novelty and "
    "uniqueness rest on.",
    describe=describe,
    same=same,
)
