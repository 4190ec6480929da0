"""The field's usual comparison is pymatgen's, unchanged, with its known weakness."""

from __future__ import annotations

import numpy as np
from pymatgen.analysis.structure_matcher import StructureMatcher

from metrics.measure.matching.structure_matcher.default_matcher import same_by_default_matcher
from metrics.measure.matching.verdict import Candidate
from metrics.measure.structure.convert import to_structure
from reference_data.reference import open_reference
from tests.metrics.measure.fingerprint_crystals import transformed


def test_it_answers_as_pymatgen_does() -> None:
    polymorphs = [crystal.candidate() for crystal in open_reference("starter").rows_of_formulas(["C"])]
    assert len(polymorphs) > 2
    for one in polymorphs:
        for other in polymorphs:
            expected = StructureMatcher().fit(to_structure(one.crystal), to_structure(other.crystal))
            assert same_by_default_matcher(one, other) is bool(expected)


def test_one_moved_atom_of_a_doubled_cell_escapes_it() -> None:
    (salt,) = (row for row in open_reference("starter").rows_of_formulas(["NaCl"]) if row.space_group == 225)
    cell = transformed(salt.crystal, supercell=np.diag([2, 1, 1]))
    assert same_by_default_matcher(salt.candidate(), Candidate(cell, "NaCl", ()))
    cell.frac_coords[0] += np.array([0.4, 0, 0]) @ np.linalg.inv(cell.lattice)
    assert not same_by_default_matcher(salt.candidate(), Candidate(cell, "NaCl", ()))
