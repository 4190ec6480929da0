"""pymatgen's StructureMatcher at its defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymatgen.core.structure_matcher import StructureMatcher

from leaderboard.matching_benchmark.method import Method
from metrics.measure.structure.convert import to_structure

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure


def fit(a: Structure, b: Structure) -> bool:
    """Whether one maps onto the other."""
    return bool(StructureMatcher().fit(a, b))


METHOD = Method(
    name="structure-matcher",
    label="SM",
    definition="StructureMatcher of pymatgen at its defaults (ltol 0.2, stol 0.3, angle_tol 5, its own primitive "
    "cells, volumes scaled).",
    describe=to_structure,
    same=fit,
)
