"""Changes of a crystal: settings leave it the same crystal, perturbations move it by what they say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from leaderboard.matching_benchmark.cases import CASES
from leaderboard.matching_benchmark.changes import CHANGES, changed, in_cell, noise, one_moved, strain
from metrics.crystal import Crystal
from metrics.measure.matching.distance_profile import distance_profile, profile_distance
from submissions.examples.prototypes import library

LABELS = ("A2B_tP6_136_f_a", "AB3C_cP5_221_a_c_b", "A2B_hP9_152_c_a", "A_aP4_2_aci")
SETTINGS = [name for name, change in CHANGES.items() if change.kind == "setting"]
TIMES = {"supercell 2x1x1": {2}, "supercell 2x2x1": {4}, "random cell x2-4": {2, 3, 4}, "all at once": {2, 3, 4}}


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("name", SETTINGS)
def test_another_setting_is_of_the_same_crystal(name: str, label: str) -> None:
    crystal = library()[label]
    other = changed((name, crystal, 5))
    assert isinstance(other, Crystal), other
    # a cell by symmetry may be the one given
    assert other.sha256 != crystal.sha256 or name in {"Niggli cell", "primitive cell", "conventional cell"}
    # the distance of every site to its neighbours, whatever the cell: independent of how the change was made
    distance = profile_distance(distance_profile(crystal), distance_profile(other))
    assert distance == pytest.approx(0.0, abs=1e-5)
    assert other.volume / crystal.volume == pytest.approx(other.n_sites / crystal.n_sites)
    if name in TIMES:
        assert other.n_sites / crystal.n_sites in TIMES[name]
    elif name not in {"primitive cell", "conventional cell"}:
        assert other.n_sites == crystal.n_sites


def test_cells_by_symmetry_have_the_known_number_of_sites() -> None:
    # zincblende: 8 sites in the cubic cell, 2 in the primitive one
    crystal = library()["AB_cF8_216_c_a"]
    sizes = {}
    for name in ("primitive cell", "conventional cell"):
        other = changed((name, crystal, 0))
        assert isinstance(other, Crystal)
        sizes[name] = other.n_sites
    assert sizes == {"primitive cell": 2, "conventional cell": 8}


def test_a_mirror_image_has_the_other_hand() -> None:
    quartz = next(case.a() for case in CASES if case.name.startswith("quartz"))
    turned, mirrored = (changed((name, quartz, 1)) for name in ("rotation", "mirror image"))
    assert isinstance(turned, Crystal)
    assert isinstance(mirrored, Crystal)
    assert np.linalg.det(turned.lattice) * np.linalg.det(quartz.lattice) > 0
    assert np.linalg.det(mirrored.lattice) * np.linalg.det(quartz.lattice) < 0
    np.testing.assert_allclose(turned.lattice @ turned.lattice.T, quartz.lattice @ quartz.lattice.T, atol=1e-9)


@pytest.mark.parametrize("name", CHANGES)
def test_the_seed_decides(name: str) -> None:
    crystal = library()["A2B_tP6_136_f_a"]
    one, again, other = (changed((name, crystal, seed)) for seed in (1, 1, 2))
    assert isinstance(one, Crystal)
    assert isinstance(again, Crystal)
    assert isinstance(other, Crystal)
    assert one.sha256 == again.sha256
    random = not any(word in name for word in ("Niggli", "primitive", "conventional", "supercell"))
    assert (one.sha256 != other.sha256) == random


def test_noise_has_the_standard_deviation_it_says() -> None:
    crystal = in_cell(library()["AB_cF8_216_c_a"], np.diag([6, 6, 6]))
    moved = noise(0.05)(crystal, np.random.default_rng(0))
    moves = moved.cart_coords - crystal.cart_coords
    # 5,184 components: the standard error of the deviation is 0.05 / sqrt(2 x 5184) = 0.0005
    assert moves.std() == pytest.approx(0.05, abs=0.002)
    assert moves.mean() == pytest.approx(0.0, abs=0.003)


def test_strain_is_symmetric_and_of_the_size_it_says() -> None:
    crystal = library()["AB_cF8_216_c_a"]
    generator = np.random.default_rng(0)
    strains = [
        np.linalg.inv(crystal.lattice) @ strain(0.01)(crystal, generator).lattice - np.eye(3) for _ in range(1_000)
    ]
    np.testing.assert_allclose(strains, np.transpose(strains, (0, 2, 1)), atol=1e-12)
    # the mean of two independent components has a deviation smaller by the square root of 2
    np.testing.assert_allclose(np.std(strains, axis=0), 0.01 * np.where(np.eye(3), 1.0, 0.5**0.5), atol=0.001)


def test_one_site_of_a_double_cell_is_moved() -> None:
    crystal = library()["A2B_tP6_136_f_a"]
    double = in_cell(crystal, np.diag([2, 1, 1]))
    moved = one_moved(0.4)(crystal, np.random.default_rng(0))
    moves = np.linalg.norm(moved.cart_coords - double.cart_coords, axis=1)
    assert sorted(np.round(moves, 9)) == [0.0] * 11 + [0.4]


def test_integer_cells_hold_each_copy_once() -> None:
    crystal = library()["A2B_tP6_136_f_a"]
    matrix = np.array([[1, -1, 0], [1, 1, -2], [0, 1, 2]])
    other = in_cell(crystal, matrix)
    assert other.n_sites == 6 * round(np.linalg.det(matrix))
    assert other.lattice == pytest.approx(matrix @ crystal.lattice)
    wrapped = np.round(other.frac_coords, 9) % 1.0
    assert all(not np.allclose(a, b) for a, b in itertools.combinations(wrapped, 2))


def test_what_cannot_be_made_is_a_reason() -> None:
    coincident = Crystal.from_arrays(np.eye(3) * 4.0, [[0.1, 0.2, 0.3]] * 2, [11, 11])
    answer = changed(("primitive cell", coincident, 0))
    assert isinstance(answer, str)
    assert "spglib" in answer
