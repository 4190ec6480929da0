"""Neighbour search against pymatgen's and against a sum over images."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.structure.convert import to_structure
from metrics.measure.structure.neighbors import find_neighbors
from tests.metrics.measure.fingerprint_crystals import prototypes, random_cell, transformed

SMALL = sorted(label for label, crystal in prototypes().items() if crystal.n_sites <= 30)


@pytest.mark.parametrize("label", SMALL[::8])
def test_neighbours_are_those_of_pymatgen(label: str) -> None:
    crystal = prototypes()[label]
    pairs = find_neighbors(crystal, 4.0)
    for site, neighbors in enumerate(to_structure(crystal).get_all_neighbors(4.0)):
        ours = sorted(zip(pairs.points[pairs.centers == site], pairs.distances[pairs.centers == site], strict=True))
        theirs = sorted((neighbor.index, neighbor.nn_distance) for neighbor in neighbors)
        assert [point for point, _ in ours] == [index for index, _ in theirs]
        np.testing.assert_allclose([d for _, d in ours], [d for _, d in theirs], atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(label=st.sampled_from(SMALL), seed=st.integers(0, 2**32 - 1))
def test_distances_do_not_depend_on_the_choice_of_cell(label: str, seed: int) -> None:
    crystal = prototypes()[label]
    skewed = transformed(crystal, supercell=random_cell(np.random.default_rng(seed), 1))
    np.testing.assert_allclose(
        np.sort(find_neighbors(skewed, 3.5).distances), np.sort(find_neighbors(crystal, 3.5).distances), atol=1e-6
    )


def test_images_of_a_lone_atom_are_its_neighbours_and_it_is_not_its_own() -> None:
    crystal = Crystal.from_arrays(np.diag([2.0, 3.0, 5.0]), [[0.3, 0.3, 0.3]], [29])
    steps = itertools.product(range(-3, 4), repeat=3)
    lengths = np.array([np.linalg.norm(np.array([2.0, 3.0, 5.0]) * step) for step in steps if any(step)])
    np.testing.assert_allclose(np.sort(find_neighbors(crystal, 4.5).distances), np.sort(lengths[lengths <= 4.5]))


def test_two_atoms_at_one_place_are_neighbours() -> None:
    crystal = Crystal.from_arrays(5 * np.eye(3), [[0, 0, 0], [1, 0, 0]], [29, 29])
    pairs = find_neighbors(crystal, 1.0)
    assert sorted(zip(pairs.centers.tolist(), pairs.points.tolist(), strict=True)) == [(0, 1), (1, 0)]
    np.testing.assert_allclose(pairs.distances, 0, atol=1e-12)


def test_chosen_centres_keep_their_index() -> None:
    crystal = prototypes()["AB_cF8_225_a_b"]
    every = find_neighbors(crystal, 3.0)
    one = find_neighbors(crystal, 3.0, np.array([1]))
    assert set(one.centers) == {1}
    assert len(one.distances) == (every.centers == 1).sum()


@pytest.mark.parametrize("lattice", [np.zeros((3, 3)), np.diag([1e-3, 1e-3, 1e-3]), [[3, 0, 0], [0, 3, 0], [3, 3, 0]]])
def test_a_crushed_cell_is_refused_before_the_search(lattice: np.ndarray) -> None:
    with pytest.raises(UnmeasurableError, match="the bound is 3,000,000"):
        find_neighbors(Crystal.from_arrays(lattice, [[0.0, 0.0, 0.0]], [29]), 4.0)


@pytest.mark.parametrize(
    ("lengths", "count"),
    [
        # two atoms 2 angstrom apart, one far away: one pair both ways
        ((9000.0, 9000.0, 9000.0), 2),
        # and images at 2.5 angstrom along c: two for each atom, and two more sqrt(2^2 + 2.5^2) = 3.2 away for the pair
        ((9000.0, 9000.0, 2.5), 2 + 3 * 2 + 2 * 2),
    ],
    ids=["box", "sheet"],
)
def test_a_huge_and_nearly_empty_cell_needs_no_more_memory(lengths: tuple[float, float, float], count: int) -> None:
    sites = [[0.0, 0.0, 0.0], [2.0 / 9000, 0.0, 0.0], [0.5, 0.5, 0.5]]
    found = find_neighbors(Crystal.from_arrays(np.diag(lengths), sites, [3, 3, 3]), 4.0)
    assert len(found.distances) == count
    assert found.distances.min() == pytest.approx(2.0)
