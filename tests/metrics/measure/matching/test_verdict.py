"""The verdict on two crystals of one formula: symmetric, blind to the choice of cell, right where rules disagree."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.crystal import Crystal
from metrics.measure.fingerprint.canonical import canonical_bawl
from metrics.measure.fingerprint.elements import reduced_formula
from metrics.measure.matching.distance_profile import distance_profile, profile_distance
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare
from tests.metrics.measure.fingerprint_crystals import anything_else, prototypes, random_cell, transformed

V1 = MatchSettings()
MATCHER_ALONE = MatchSettings(same_below=0.0, different_from=10.0, different_without_key_from=10.0)
SMALL = sorted(
    label for label, crystal in prototypes().items() if crystal.n_sites <= 12 and crystal.atomic_numbers.max() <= 96
)


def candidate(crystal: Crystal) -> Candidate:
    return Candidate(crystal, reduced_formula(crystal.atomic_numbers), canonical_bawl(crystal).keys)


def decorated(label: str, numbers: tuple[int, ...], volume_per_site: float = 12.0) -> Crystal:
    """The prototype with other elements, in order of rising atomic number, and another volume."""
    crystal = prototypes()[label]
    _, kinds = np.unique(crystal.atomic_numbers, return_inverse=True)
    scale = (volume_per_site * crystal.n_sites / crystal.volume) ** (1 / 3)
    return Crystal.from_arrays(crystal.lattice * scale, crystal.frac_coords, np.array(numbers)[kinds])


@settings(max_examples=40, deadline=None)
@given(label=st.sampled_from(SMALL), seed=st.integers(0, 2**32 - 1))
def test_any_two_cells_are_the_same_crystal(label: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    one = candidate(prototypes()[label])
    other = candidate(anything_else(prototypes()[label], generator))
    verdict = compare(one, other, V1)
    assert (verdict.same, verdict.rule) == (True, "keys_and_distance")
    assert verdict.distance == pytest.approx(0.0, abs=1e-6)
    # and where only StructureMatcher decides
    assert compare(one, other, MATCHER_ALONE).same


@settings(max_examples=40, deadline=None)
@given(
    pair=st.tuples(*[st.sampled_from([x for x in SMALL if x.startswith("AB_")])] * 2), seed=st.integers(0, 2**32 - 1)
)
def test_symmetric_and_blind_to_the_cell_of_either(pair: tuple[str, str], seed: int) -> None:
    generator = np.random.default_rng(seed)
    a, b = (decorated(label, (11, 17)) for label in pair)
    there = compare(candidate(a), candidate(b), V1)
    back = compare(candidate(b), candidate(a), V1)
    elsewhere = compare(candidate(anything_else(a, generator)), candidate(anything_else(b, generator)), V1)
    for other in (back, elsewhere):
        assert (other.same, other.rule) == (there.same, there.rule)
        assert other.distance == pytest.approx(there.distance, abs=1e-6)


@pytest.mark.parametrize("label", ["A2B_tP6_136_f_a", "AB3C_cP5_221_a_c_b", "A2B_hP9_152_c_a", "AB2_hP3_164_a_d"])
def test_noisy_supercell_is_the_same_crystal(label: str) -> None:
    # pymatgen's own primitive-cell search loses about half of such copies
    generator = np.random.default_rng(1)
    crystal = prototypes()[label]
    for determinant in (2, 3, 4):
        copy = transformed(
            crystal, supercell=random_cell(generator, determinant), noise=(0.03, generator), order=generator
        )
        verdict = compare(candidate(crystal), candidate(copy), V1)
        assert verdict.same, (determinant, verdict)
        assert compare(candidate(crystal), candidate(copy), MATCHER_ALONE).same


@pytest.mark.parametrize("label", ["A2B_tP6_136_f_a", "AB3C_cP5_221_a_c_b"])
def test_noise_that_a_supercell_averages_away_needs_no_matcher(label: str) -> None:
    generator = np.random.default_rng(2)
    crystal = prototypes()[label]
    for determinant in (3, 4):
        copy = transformed(crystal, supercell=random_cell(generator, determinant), noise=(0.045, generator))
        verdict = compare(candidate(crystal), candidate(copy), V1)
        # each copy alone is farther away than the limit, their mean is not
        assert verdict.distance is not None
        assert verdict.distance > V1.same_below
        assert (verdict.same, verdict.rule) == (True, "keys_and_distance")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AB_cF8_225_a_b", "AB_cF8_216_c_a"),
        ("AB_cF8_216_c_a", "AB_hP4_186_b_b"),
        ("AB_cF8_225_a_b", "AB_cP2_221_b_a"),
        ("A_cF8_227_a", "A_hP4_194_bc"),
    ],
)
def test_polymorphs_are_different(one: str, other: str) -> None:
    numbers = (11, 17) if one.startswith("AB") else (6,)
    verdict = compare(candidate(decorated(one, numbers)), candidate(decorated(other, numbers)), V1)
    assert not verdict.same
    assert verdict.distance is not None
    assert verdict.distance > 0.05


def test_elements_in_each_others_places_are_different() -> None:
    # A and B of a cubic perovskite: the points are the same, only the elements tell
    perovskite = prototypes()["AB3C_cP5_221_a_c_b"]
    numbers = sorted(set(perovskite.atomic_numbers.tolist()), key=lambda z: int((perovskite.atomic_numbers == z).sum()))
    swap = {numbers[0]: numbers[1], numbers[1]: numbers[0]}
    swapped = Crystal(
        perovskite.lattice,
        perovskite.frac_coords,
        np.array([swap.get(number, number) for number in perovskite.atomic_numbers.tolist()]),
    )
    verdict = compare(candidate(perovskite), candidate(swapped), V1)
    assert not verdict.same
    assert verdict.rule == "distance"


def test_a_displacement_beyond_the_tolerance_is_another_primitive_cell() -> None:
    rocksalt = decorated("AB_cF8_225_a_b", (11, 17), 22.0)
    double = transformed(rocksalt, supercell=np.diag([2, 1, 1]))
    frac = double.frac_coords.copy()
    frac[0, 0] += 0.1
    odd = Crystal(double.lattice, frac, double.atomic_numbers)
    verdict = compare(candidate(rocksalt), candidate(odd), V1)
    assert (verdict.same, verdict.rule) == (False, "primitive_size")
    assert verdict.distance is not None


def test_where_the_primitive_size_is_in_doubt_only_near_crystals_are_compared() -> None:
    # one of two copper atoms displaced: between the tolerances 0.22 and 0.285 either size is an alternative
    copper = Crystal.from_arrays(3.0 * np.eye(3), [[0.0, 0.0, 0.0]], [29])
    double = transformed(copper, supercell=np.diag([1, 1, 2]))
    one, other = (candidate(moved_copper(double, step)) for step in (0.235, 0.265))
    assert (one.sizes, other.sizes) == ((1, 2), (2, 1))
    assert compare(one, other, V1).rule == "matcher"
    verdict = compare(one, other, MatchSettings(same_below=1e-6))
    assert (verdict.same, verdict.rule) == (False, "primitive_size")


def moved_copper(double: Crystal, step: float) -> Crystal:
    frac = double.frac_coords.copy()
    frac[1, 0] += step / 3.0
    return Crystal(double.lattice, frac, double.atomic_numbers)


def test_volume_does_not_decide() -> None:
    small, large = (decorated("AB_cF8_225_a_b", (11, 17), volume) for volume in (20.0, 24.0))
    assert compare(candidate(small), candidate(large), V1).same


def test_between_the_limits_the_matcher_decides() -> None:
    rutile = prototypes()["A2B_tP6_136_f_a"]
    stretched = Crystal(rutile.lattice @ np.diag([1.0, 1.0, 1.09]), rutile.frac_coords, rutile.atomic_numbers)
    a, b = candidate(rutile), candidate(stretched)
    verdict = compare(a, b, V1)
    assert verdict.distance is not None
    assert V1.same_below <= verdict.distance < V1.different_from
    assert (verdict.same, verdict.rule) == (True, "matcher")
    # the same pair with narrower tolerances
    assert not compare(a, b, MatchSettings(ltol=0.01, stol=0.01, angle_tol=1.0)).same


def test_limits_decide_without_the_matcher() -> None:
    rutile = prototypes()["A2B_tP6_136_f_a"]
    noisy = candidate(transformed(rutile, noise=(0.05, np.random.default_rng(2))))
    verdict = compare(candidate(rutile), noisy, MatchSettings(same_below=1e-9, different_from=1e-6))
    assert (verdict.same, verdict.rule) == (False, "distance")


def test_unknown_keys_leave_distance_and_matcher() -> None:
    rocksalt, zincblende = (decorated(label, (11, 17)) for label in ("AB_cF8_225_a_b", "AB_cF8_216_c_a"))
    without = Candidate(rocksalt, "NaCl", ())
    copy = candidate(anything_else(rocksalt, np.random.default_rng(3)))
    assert compare(without, copy, V1).rule == "matcher"
    assert compare(without, copy, V1).same
    assert not compare(without, candidate(zincblende), V1).same


def test_other_formulas_are_refused() -> None:
    with pytest.raises(ValueError, match="not NaCl and KCl"):
        compare(candidate(decorated("AB_cF8_225_a_b", (11, 17))), candidate(decorated("AB_cF8_225_a_b", (17, 19))), V1)


def test_candidates_travel_between_processes() -> None:
    one = candidate(decorated("AB_cF8_225_a_b", (11, 17)))
    again = pickle.loads(pickle.dumps(one))  # noqa: S301 - what was dumped here
    assert compare(one, again, V1).same
    assert pickle.loads(pickle.dumps(one)).keys == one.keys  # noqa: S301 - with its cached profile


def test_profile_of_rocksalt_holds_the_known_shells() -> None:
    # rocksalt with cation-anion distance a/2: 6 unlike at a/2, 8 at a sqrt(3)/2, 24 at a sqrt(5)/2, 24 at 3a/2;
    # 12 like at a/sqrt(2), 6 at a, 24 at a sqrt(3/2), 12 at a sqrt(2); 50 of each element are kept
    crystal = decorated("AB_cF8_225_a_b", (11, 17))
    a = 2.0  # in units of (volume / site)^(1/3): 8 sites in the cubic cell
    like = np.repeat(np.array([0.5, 1.0, 1.5, 2.0]) ** 0.5 * a, [12, 6, 24, 12])[:50]
    unlike = np.repeat(np.array([1.0, 3.0, 5.0, 9.0]) ** 0.5 * a / 2, [6, 8, 24, 24])[:50]
    profile = distance_profile(crystal)
    assert profile.elements.tolist() == [11, 17]
    np.testing.assert_allclose(profile.rows[0], [[*like, *unlike]])
    np.testing.assert_allclose(profile.rows[1], [[*unlike, *like]])


def test_distance_is_a_bounded_assignment() -> None:
    rocksalt = decorated("AB_cF8_225_a_b", (11, 17))
    supercells = [distance_profile(transformed(rocksalt, supercell=np.diag([n, 1, 1]))) for n in (1, 2, 25, 41)]
    assert profile_distance(supercells[0], supercells[1]) == pytest.approx(0.0, abs=1e-9)
    # 25 and 41 sites of an element: a least common multiple of 1,025
    assert profile_distance(supercells[2], supercells[3]) is None
    big = [candidate(transformed(rocksalt, supercell=np.diag([n, 1, 1]))) for n in (25, 41)]
    verdict = compare(big[0], big[1], V1)
    assert verdict.same
    assert verdict.distance == pytest.approx(0.0, abs=1e-6)
