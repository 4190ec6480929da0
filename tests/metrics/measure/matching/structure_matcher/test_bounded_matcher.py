"""StructureMatcher with a bound gives pymatgen's answers, and the bound counts the same work whatever the machine."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.core.structure_matcher import StructureMatcher

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.matching.structure_matcher import bounded_matcher
from metrics.measure.matching.structure_matcher.bounded_matcher import BoundedMatcher
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


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_lattice_that_the_matcher_would_choose_is_never_passed_over(seed: int) -> None:
    """Against pymatgen's own search, which goes through all triples of lattice vectors."""
    generator = np.random.default_rng(seed)
    lattices = [
        Lattice(4.0 * np.eye(3) + generator.normal(scale=generator.choice([0.3, 1.0]), size=(3, 3))) for _ in "ab"
    ]
    one, target = (lattice.get_niggli_reduced_lattice().scale(60.0) for lattice in lattices)
    structure = Structure(one, ["H"], [[0, 0, 0]])
    ours = BoundedMatcher()._get_lattices(target, structure)  # noqa: SLF001 - pymatgen's hook
    theirs = StructureMatcher()._get_lattices(target, structure)  # type: ignore[no-untyped-call] # noqa: SLF001 - as ours
    assert len(list(ours)) == len(list(theirs))
