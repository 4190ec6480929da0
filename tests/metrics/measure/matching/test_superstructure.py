"""Small changes to a supercell: what the verdict takes for another crystal is recognised all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from metrics.crystal import Crystal
from metrics.measure.fingerprint.canonical import canonical_bawl
from metrics.measure.matching.superstructure import may_be_superstructure, same_up_to_superstructure
from metrics.measure.matching.verdict import Candidate, Comparison, MatchSettings, compare
from reference_data.reference import open_reference
from tests.metrics.measure.fingerprint_crystals import transformed

if TYPE_CHECKING:
    from reference_data.files.crystals import ReferenceCrystal

V1 = MatchSettings()


def starter_crystals() -> list[ReferenceCrystal]:
    """Every tenth crystal of the starter set of 3 to 12 sites and at least two elements."""
    reference = open_reference("starter")
    crystals = reference.crystals(range(0, reference.n_crystals, 10))
    return [row for row in crystals if 3 <= row.crystal.n_sites <= 12 and "-" in row.chemical_system]


def doubled(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    return transformed(crystal, supercell=np.diag([2, 1, 1]), order=generator)


def known_up_to_superstructure(known: ReferenceCrystal, crystal: Crystal) -> bool:
    a, b = known.candidate(), Candidate(crystal, known.reduced_formula, canonical_bawl(crystal).keys)
    verdict = compare(a, b, V1)
    assert not verdict.same
    if not (may_be_superstructure(a, b, verdict) and may_be_superstructure(b, a, verdict)):
        return False
    assert same_up_to_superstructure(a, b, V1) == same_up_to_superstructure(b, a, V1)
    return same_up_to_superstructure(a, b, V1)


@pytest.mark.parametrize("known", starter_crystals(), ids=lambda known: known.id)
def test_one_atom_of_a_doubled_cell_moved_by_four_tenths_of_an_angstrom_is_caught(known: ReferenceCrystal) -> None:
    generator = np.random.default_rng(known.row)
    cell = doubled(known.crystal, generator)
    step = generator.normal(size=3)
    step *= 0.4 / np.linalg.norm(step)
    frac = cell.frac_coords.copy()
    frac[0] += step @ np.linalg.inv(cell.lattice)
    assert known_up_to_superstructure(known, Crystal(cell.lattice, frac, cell.atomic_numbers))


@pytest.mark.parametrize("known", starter_crystals(), ids=lambda known: known.id)
def test_another_ordering_is_no_superstructure(known: ReferenceCrystal) -> None:
    cell = doubled(known.crystal, np.random.default_rng(known.row))
    numbers = cell.atomic_numbers.copy()
    other = int(np.flatnonzero(numbers != numbers[0])[0])
    numbers[[0, other]] = numbers[[other, 0]]
    assert not known_up_to_superstructure(known, Crystal(cell.lattice, cell.frac_coords, numbers))


@pytest.mark.parametrize(
    ("sizes", "verdict", "expected"),
    [
        ((1, 2), Comparison(same=False, rule="primitive_size", distance=0.1), True),
        ((1, 2), Comparison(same=False, rule="primitive_size", distance=None), True),
        ((1, 2), Comparison(same=False, rule="primitive_size", distance=0.12), False),
        ((2, 3), Comparison(same=False, rule="primitive_size", distance=0.1), False),
        ((1, 1), Comparison(same=False, rule="matcher", distance=0.1), False),
        ((1, 1), Comparison(same=True, rule="keys_and_distance", distance=0.0), False),
    ],
    ids=["open", "no distance", "far", "no whole ratio", "same size", "same crystal"],
)
def test_the_question_is_open_only_for_other_sizes_in_a_whole_ratio_nearby(
    sizes: tuple[int, int], verdict: Comparison, *, expected: bool
) -> None:
    crystal = Crystal.from_arrays(3 * np.eye(3), [[0.0, 0.0, 0.0]], [29])
    a, b = (Candidate(crystal, "Cu", (f"Cu:{size}:0",)) for size in sizes)
    assert may_be_superstructure(a, b, verdict) is expected
