"""pymatgen's StructureMatcher on loose primitive cells, where a supercell with noise does not escape it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymatgen.core.structure_matcher import StructureMatcher

from leaderboard.matching_benchmark.method import Method
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.fingerprint.translations import TOLERANCES_ANGSTROM, translation_groups
from metrics.measure.matching.folding import primitive_cell
from metrics.measure.structure.convert import to_structure

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from metrics.crystal import Crystal


def describe(crystal: Crystal) -> Structure:
    """The primitive cell by translations within the first tolerance."""
    cell = reduce_cell(crystal)
    group, *_ = translation_groups(cell, crystal.atomic_numbers)
    return to_structure(primitive_cell(cell, crystal.atomic_numbers, group))


def fit(a: Structure, b: Structure) -> bool:
    """Whether one primitive cell maps onto the other."""
    return len(a) == len(b) and bool(StructureMatcher(primitive_cell=False).fit(a, b))


METHOD = Method(
    name="structure-matcher-loose",
    label="SM loose",
    definition=f"StructureMatcher at its defaults on primitive cells found by translations within "
    f"{TOLERANCES_ANGSTROM[0]:g} angstrom, instead of on pymatgen's own.",
    describe=describe,
    same=fit,
)
