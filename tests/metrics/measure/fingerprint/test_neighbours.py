"""The reduced cell holds the same crystal, and the neighbour search agrees with pymatgen's and a sum over images."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.neighbours import Neighbours, neighbours_within, reduce_cell
from metrics.measure.structure.convert import to_structure
from tests.metrics.measure.fingerprint_crystals import anything_else, prototypes, random_cell, transformed

SMALL = sorted(label for label, crystal in prototypes().items() if crystal.n_sites <= 30)


def within(crystal: Crystal, radius: float) -> Neighbours:
    return neighbours_within(reduce_cell(crystal), np.full(crystal.n_sites, radius))


@settings(max_examples=40, deadline=None)
@given(label=st.sampled_from(sorted(prototypes())), seed=st.integers(0, 2**32 - 1))
def test_the_reduced_cell_has_the_same_sites_and_volume_and_is_no_longer(label: str, seed: int) -> None:
    crystal = anything_else(prototypes()[label], np.random.default_rng(seed))
    reduced = reduce_cell(crystal)
    assert abs(np.linalg.det(reduced.lattice)) == pytest.approx(crystal.volume)
    lengths, given_lengths = (np.linalg.norm(lattice, axis=1).sum() for lattice in (reduced.lattice, crystal.lattice))
    assert lengths <= given_lengths + 1e-9
    assert ((reduced.frac_coords >= 0) & (reduced.frac_coords < 1)).all()
    # every site moved by a lattice vector of the cell as given
    steps = (reduced.frac_coords @ reduced.lattice - crystal.cart_coords) @ np.linalg.inv(crystal.lattice)
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)


@pytest.mark.parametrize(
    ("lattice", "words"),
    [
        (np.zeros((3, 3)), "flat"),
        (np.diag([0.09, 0.1, 0.1]), "0.0009 cubic angstrom per site, at least 0.001 needed"),
        ([[3, 0, 0], [0, 3, 0], [3, 3, 0]], "flat"),
        (np.diag([1, 1, np.inf]), "finite number"),
    ],
)
def test_a_cell_without_volume_is_refused_before_the_search(lattice: np.ndarray, words: str) -> None:
    with pytest.raises(UnmeasurableError, match=words):
        reduce_cell(Crystal.from_arrays(lattice, [[0.0, 0.0, 0.0]], [29]))


def test_a_search_that_would_fill_the_memory_is_refused() -> None:
    # 4/3 pi 30^3 / 0.2^3 neighbours
    with pytest.raises(UnmeasurableError, match=r"about 1.4e\+07 neighbours, 1e\+07 is the bound"):
        within(Crystal.from_arrays(0.2 * np.eye(3), [[0.0, 0.0, 0.0]], [29]), 30.0)


@pytest.mark.parametrize("label", SMALL[::8])
def test_neighbours_are_those_of_pymatgen(label: str) -> None:
    crystal = prototypes()[label]
    near = within(crystal, 4.0)
    for site, neighbors in enumerate(to_structure(crystal).get_all_neighbors(4.0)):
        of_site = near.center == site
        ours = sorted(zip(near.site[of_site], near.distance[of_site], strict=True))
        theirs = sorted((neighbor.index, neighbor.nn_distance) for neighbor in neighbors)
        assert [point for point, _ in ours] == [index for index, _ in theirs]
        np.testing.assert_allclose([d for _, d in ours], [d for _, d in theirs], atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(label=st.sampled_from(SMALL), seed=st.integers(0, 2**32 - 1))
def test_distances_do_not_depend_on_the_choice_of_cell(label: str, seed: int) -> None:
    crystal = prototypes()[label]
    skewed = transformed(crystal, supercell=random_cell(np.random.default_rng(seed), 1))
    np.testing.assert_allclose(np.sort(within(skewed, 3.5).distance), np.sort(within(crystal, 3.5).distance), atol=1e-6)


def test_images_lie_where_they_say() -> None:
    crystal = prototypes()["A2B_tP6_136_f_a"]
    cell = reduce_cell(crystal)
    near = neighbours_within(cell, np.full(crystal.n_sites, 4.0))
    between = cell.frac_coords[near.site] + near.image - cell.frac_coords[near.center]
    np.testing.assert_allclose(np.linalg.norm(between @ cell.lattice, axis=1), near.distance)


def test_images_of_a_lone_atom_are_its_neighbours_and_it_is_not_its_own() -> None:
    crystal = Crystal.from_arrays(np.diag([2.0, 3.0, 5.0]), [[0.3, 0.3, 0.3]], [29])
    steps = itertools.product(range(-3, 4), repeat=3)
    lengths = np.array([np.linalg.norm(np.array([2.0, 3.0, 5.0]) * step) for step in steps if any(step)])
    np.testing.assert_allclose(np.sort(within(crystal, 4.5).distance), np.sort(lengths[lengths <= 4.5]))


def test_two_atoms_at_one_place_are_neighbours() -> None:
    near = within(Crystal.from_arrays(5 * np.eye(3), [[0, 0, 0], [1, 0, 0]], [29, 29]), 1.0)
    assert list(zip(near.center.tolist(), near.site.tolist(), strict=True)) == [(0, 1), (1, 0)]
    np.testing.assert_allclose(near.distance, 0, atol=1e-12)


def test_each_site_has_a_radius_of_its_own() -> None:
    crystal = prototypes()["AB_cF8_225_a_b"]
    every = within(crystal, 3.0)
    one = neighbours_within(reduce_cell(crystal), np.array([0.5, 3.0]))
    assert set(one.center) == {1}
    assert len(one.distance) == (every.center == 1).sum() > 0
    assert one.nearest.tolist() == [np.inf, every.nearest[1]]


@settings(max_examples=20, deadline=None)
@given(label=st.sampled_from(SMALL), seed=st.integers(0, 2**32 - 1))
def test_chosen_entries_keep_their_site(label: str, seed: int) -> None:
    near = within(prototypes()[label], 4.0)
    chosen = np.random.default_rng(seed).random(len(near.distance)) < 0.5
    some = near.where(chosen)
    np.testing.assert_array_equal(some.center, near.center[chosen])
    np.testing.assert_array_equal(some.site, near.site[chosen])
    np.testing.assert_array_equal(some.image, near.image[chosen])
    np.testing.assert_array_equal(some.distance, near.distance[chosen])


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
def test_a_huge_and_nearly_empty_cell_is_searched(lengths: tuple[float, float, float], count: int) -> None:
    sites = [[0.0, 0.0, 0.0], [2.0 / 9000, 0.0, 0.0], [0.5, 0.5, 0.5]]
    near = within(Crystal.from_arrays(np.diag(lengths), sites, [3, 3, 3]), 4.0)
    assert len(near.distance) == count
    assert near.distance.min() == pytest.approx(2.0)
