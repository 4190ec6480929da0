"""StructureMatcher with a bound gives pymatgen's answers, and the bound counts the same work whatever the machine."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from pymatgen.core.structure_matcher import StructureMatcher

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.matching import bounded_matcher
from metrics.measure.matching.bounded_matcher import BoundedMatcher
from metrics.measure.structure.convert import to_structure
from tests.metrics.measure.fingerprint_crystals import anything_else, prototypes

BINARY = sorted(label for label, crystal in prototypes().items() if label.startswith("AB_") and crystal.n_sites <= 8)[
    ::6
]


def sodium_chloride(label: str) -> Crystal:
    """The prototype with these elements, 20 cubic angstrom a site."""
    crystal = prototypes()[label]
    _, kinds = np.unique(crystal.atomic_numbers, return_inverse=True)
    scale = (20.0 * crystal.n_sites / crystal.volume) ** (1 / 3)
    return Crystal.from_arrays(crystal.lattice * scale, crystal.frac_coords, np.array([11, 17])[kinds])


@pytest.mark.parametrize("primitive_cell", [True, False])
def test_answers_are_those_of_pymatgen(*, primitive_cell: bool) -> None:
    generator = np.random.default_rng(0)
    crystals = [sodium_chloride(label) for label in BINARY]
    structures = [to_structure(crystal) for crystal in crystals]
    structures += [to_structure(anything_else(crystal, generator)) for crystal in crystals[::4]]
    theirs = StructureMatcher(primitive_cell=primitive_cell)
    answers = set()
    for one, other in combinations(structures, 2):
        ours = BoundedMatcher(primitive_cell=primitive_cell)
        answer = ours.fit(one, other)
        assert answer == theirs.fit(one, other)
        answers.add(answer)
    assert answers == {True, False}


def test_the_bound_holds_for_all_calls_on_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (to_structure(sodium_chloride(label)) for label in ("AB_cF8_225_a_b", "AB_cF8_216_c_a"))
    monkeypatch.setattr(bounded_matcher, "MAX_STEPS", 10)
    with pytest.raises(UnmeasurableError, match="pairs of sites to look at, 10 is the bound"):
        BoundedMatcher().fit_either_way(one, other)
