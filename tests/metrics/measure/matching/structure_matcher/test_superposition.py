"""The compiled search gives the answers of pymatgen's StructureMatcher, which it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure_matcher import StructureMatcher
from scipy.optimize import linear_sum_assignment

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.matching.structure_matcher import bounded_matcher
from metrics.measure.matching.structure_matcher.bounded_matcher import BoundedMatcher, Reduced
from metrics.measure.matching.structure_matcher.superposition import _assignment, cells_that_resemble, laid_over
from metrics.measure.structure.convert import to_structure

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core.structure import Structure

NUMBERS = ([6] * 4, [6] * 8, [11] * 2 + [17] * 2, [8] * 4 + [22] * 2, [3] * 3 + [8] * 5)


def random_structure(generator: np.random.Generator, numbers: list[int]) -> Structure:
    """Sites anywhere or at fractions that are equally far from several others."""
    cell = np.eye(3) * generator.uniform(0.8, 1.3, 3) + generator.normal(0, 0.15, (3, 3))
    cell *= (12.0 * len(numbers) / abs(np.linalg.det(cell))) ** (1 / 3)
    coords = generator.random((len(numbers), 3))
    special = generator.choice([0.0, 0.25, 1 / 3, 0.5, 2 / 3, 0.75], coords.shape)
    coords = np.where(generator.random(coords.shape) < generator.choice([0.0, 0.7]), special, coords)
    return to_structure(Crystal.from_arrays(cell, coords, np.array(numbers)))


def variant(generator: np.random.Generator, structure: Structure) -> Structure:
    """The same with noise around what the tolerances allow, its sites of each element in another order."""
    numbers = np.array(structure.atomic_numbers)
    order = np.lexsort((generator.random(len(numbers)), numbers))
    noise = generator.choice([0.02, 0.1, 0.25, 0.5])
    strain = np.eye(3) + generator.normal(0, generator.choice([0.01, 0.05]), (3, 3))
    cell = structure.lattice.matrix @ strain
    coords = structure.frac_coords[order] + generator.random(3)
    coords = coords + generator.normal(0, noise, coords.shape) @ np.linalg.inv(cell)
    return to_structure(Crystal.from_arrays(cell, coords, numbers[order]))


def fits(one: Structure, other: Structure) -> bool:
    theirs = StructureMatcher(primitive_cell=False)
    return bool(theirs.fit(one, other) or theirs.fit(other, one))


def fits_here(one: Structure, other: Structure) -> bool:
    return BoundedMatcher().fit_reduced_either_way(BoundedMatcher.reduced(one), BoundedMatcher.reduced(other))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_answers_are_those_of_pymatgen(seed: int) -> None:
    generator = np.random.default_rng(seed)
    numbers = NUMBERS[generator.integers(len(NUMBERS))]
    one = random_structure(generator, numbers)
    other = variant(generator, one) if generator.random() < 0.7 else random_structure(generator, numbers)
    assert fits_here(one, other) == fits(one, other)


def test_the_cases_above_hold_both_answers() -> None:
    generator = np.random.default_rng(0)
    answers = []
    for _ in range(40):
        one = random_structure(generator, NUMBERS[1])
        answers.append(fits_here(one, variant(generator, one)))
    assert 5 < sum(answers) < 35


@given(n=st.integers(1, 7), seed=st.integers(0, 2**32 - 1), whole=st.booleans())
def test_an_assignment_is_that_of_scipy_also_among_equal_ones(n: int, seed: int, *, whole: bool) -> None:
    generator = np.random.default_rng(seed)
    costs = generator.integers(0, 4, (n, n)).astype(float) if whole else generator.random((n, n))
    assert _assignment(costs).tolist() == linear_sum_assignment(costs)[1].tolist()


@given(seed=st.integers(0, 2**32 - 1))
def test_cells_that_resemble_are_those_of_pymatgen(seed: int) -> None:
    """Every mapping that pymatgen finds, of the volume asked for."""
    generator = np.random.default_rng(seed)
    lattices = [
        Lattice(4.0 * np.eye(3) + generator.normal(scale=generator.choice([0.3, 1.0]), size=(3, 3))) for _ in "ab"
    ]
    one, target = (lattice.get_niggli_reduced_lattice().scale(60.0) for lattice in lattices)
    cells = cells_that_resemble(target.matrix, one.matrix, length_tolerance=0.2, angle_tolerance=5.0)
    mappings = one.find_all_mappings(target, ltol=0.2, atol=5.0, skip_rotation_matrix=True)
    theirs = [scale for _, _, scale in mappings if abs(round(abs(np.linalg.det(scale)))) == 1]
    assert sorted(map(flat, cells)) == sorted(map(flat, theirs))


def flat(cell: NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(int(number) for number in cell.ravel())


def test_steps_are_counted_and_end_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    cubic = Reduced(np.eye(3) * 4.0, np.array([[0.0, 0, 0], [0.5, 0.5, 0.5]]), np.array([6, 6]))
    other = cubic._replace(coords=np.array([[0.0, 0, 0], [0.5, 0.0, 0.0]]))
    cells = cells_that_resemble(other.cell, cubic.cell, length_tolerance=0.2, angle_tolerance=5.0)
    assert len(cells) == 48  # the rotations and reflections of a cube
    same, steps = laid_over(cubic, other, cells, 0.3, 10**9)
    assert not same
    assert steps >= 48 * 2 * 4  # two translations, four pairs of sites
    # the first translation of a crystal onto itself: four pairs looked at, and their distances
    assert laid_over(cubic, cubic, cells[:1], 0.3, 10**9) == (True, 4 * (1 + 100))
    monkeypatch.setattr(bounded_matcher, "MAX_STEPS", 100)
    with pytest.raises(UnmeasurableError, match="pairs of sites to look at, 1e\\+02 is the bound"):
        BoundedMatcher().fit_reduced_either_way(cubic, other)
