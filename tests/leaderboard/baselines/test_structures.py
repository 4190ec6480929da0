"""What every submission of a baseline keeps, and what each one's structures are, by the measurements themselves."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core.periodic_table import Element

from leaderboard.baselines.baseline import find, registry
from leaderboard.baselines.controls.overlapping_atoms import DISTANCES
from leaderboard.baselines.decoration import neutral_elements
from leaderboard.baselines.generators.ion_exchange import likeliest_ions, substitutes
from leaderboard.baselines.known import Known
from leaderboard.baselines.submission import COORDINATE_STEP, LATTICE_STEP, rounded
from metrics.crystal import Crystal
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.chemistry.oxidation_states import neutral_composition_exists
from metrics.measure.fingerprint.canonical import canonical_bawl
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare
from metrics.measure.structure.convert import to_structure
from metrics.measure.structure.symmetry import symmetry_dataset
from reference_data.reference import open_reference
from tests.leaderboard.baselines.made import N, made, parameters

if TYPE_CHECKING:
    from reference_data.files.crystals import ReferenceCrystal

KNOWN = {one.id: one for one in open_reference("starter").crystals(range(open_reference("starter").n_crystals))}


def hashes(name: str, n: int = N, seed: int = 0) -> list[str]:
    return [one.crystal.sha256 for one in made(name, n, seed)]


def candidate(crystal: Crystal) -> Candidate:
    return Candidate(crystal, reduced_formula_of(crystal), canonical_bawl(crystal).keys)


def same(one: Crystal, other: Crystal | ReferenceCrystal) -> bool:
    second = candidate(other) if isinstance(other, Crystal) else other.candidate()
    return compare(candidate(one), second, MatchSettings()).same


def amounts(crystal: Crystal) -> dict[int, int]:
    counts = Counter(crystal.atomic_numbers.tolist())
    divisor = int(np.gcd.reduce(list(counts.values())))
    return {number: count // divisor for number, count in counts.items()}


@pytest.mark.parametrize("name", parameters())
def test_a_seed_gives_the_same_structures_and_a_shorter_submission_begins_a_longer_one(name: str) -> None:
    assert len(hashes(name)) == N
    assert hashes(name, 3) == hashes(name)[:3]
    assert hashes(name, 3, seed=1) != hashes(name, 3)


@pytest.mark.parametrize("name", parameters())
def test_structures_are_crystals_on_the_grid_of_the_file(name: str) -> None:
    for one in made(name):
        crystal = one.crystal
        assert np.isfinite(crystal.lattice).all()
        assert crystal.volume > 1.0
        assert ((crystal.frac_coords >= 0) & (crystal.frac_coords < 1)).all()
        assert (crystal.lattice / LATTICE_STEP == np.rint(crystal.lattice / LATTICE_STEP)).all()
        assert (crystal.frac_coords / COORDINATE_STEP == np.rint(crystal.frac_coords / COORDINATE_STEP)).all()
        assert rounded(crystal).sha256 == crystal.sha256
        assert one.origin


@pytest.mark.parametrize("name", sorted(KNOWN)[::400])
def test_rounding_leaves_the_crystal_the_same(name: str) -> None:
    assert same(rounded(KNOWN[name].crystal), KNOWN[name])


@pytest.mark.parametrize("name", ["reference_replay", "disguised_replay", "one_crystal"])
def test_replays_are_the_crystals_that_they_name_by_the_verdict(name: str) -> None:
    assert all(same(one.crystal, KNOWN[one.origin]) for one in made(name))


def test_disguises_hide_the_crystal_from_a_comparison_of_arrays() -> None:
    crystals = [one.crystal for one in made("one_crystal")]
    assert len({crystal.sha256 for crystal in crystals}) == N
    assert len({crystal.n_sites for crystal in crystals}) > 1
    assert len({tuple(np.linalg.norm(crystal.lattice, axis=1).round(2)) for crystal in crystals}) > N // 2


@pytest.mark.parametrize("name", ["reference_replay", "disguised_replay", "vacancies", "strained", "overlapping_atoms"])
def test_no_host_comes_again_before_all_have_come(name: str) -> None:
    assert len({one.origin for one in made(name)}) == N


def test_overlapping_atoms_have_one_atom_more_too_near_to_another() -> None:
    for one in made("overlapping_atoms"):
        host = KNOWN[one.origin].crystal
        assert one.crystal.n_sites == host.n_sites + 1
        distances = to_structure(one.crystal).distance_matrix
        nearest = distances[-1][:-1].min()
        assert DISTANCES[0] - 0.01 < nearest < DISTANCES[1] + 0.01


def test_a_vacancy_is_one_atom_less_than_whole_cells_of_the_host() -> None:
    for one in made("vacancies"):
        host = KNOWN[one.origin].crystal
        assert (one.crystal.n_sites + 1) % host.n_sites == 0
        assert one.crystal.volume / host.volume == pytest.approx((one.crystal.n_sites + 1) / host.n_sites, rel=1e-3)


def test_strained_crystals_are_others_by_the_verdict_and_keep_their_formula() -> None:
    for one in made("strained"):
        host = KNOWN[one.origin]
        assert reduced_formula_of(one.crystal) == host.reduced_formula
        assert not same(one.crystal, host)


def test_elements_only_and_alloys_hold_what_they_say() -> None:
    assert {len(amounts(one.crystal)) for one in made("elements_only")} == {1}
    for one in made("noble_alloys"):
        symbols = {Element.from_Z(number).symbol for number in amounts(one.crystal)}
        assert symbols <= {"Co", "Rh", "Ir", "Ni", "Pd", "Pt", "Cu", "Ag", "Au"}
        # close packed: every atom has twelve neighbours at one distance
        structure = to_structure(one.crystal)
        nearest = structure.distance_matrix[structure.distance_matrix > 0.1].min()
        assert {len(around) for around in structure.get_all_neighbors(1.05 * nearest)} == {12}


@pytest.mark.parametrize("name", parameters("random_prototypes", "symmetric_random", "ion_exchange"))
def test_charges_of_new_compounds_can_balance(name: str) -> None:
    balanced = [
        neutral_composition_exists(amounts(one.crystal)) or bool(likeliest_ions(one.crystal)) for one in made(name)
    ]
    assert all(balanced)


def test_ion_exchange_changes_elements_and_keeps_the_structure() -> None:
    for one in made("ion_exchange"):
        host, formula = one.origin.split("-to-")
        assert reduced_formula_of(one.crystal) == formula
        before, after = KNOWN[host].crystal, one.crystal
        assert before.n_sites == after.n_sites
        assert set(amounts(before)) != set(amounts(after)) or KNOWN[host].reduced_formula != formula
        assert np.allclose(before.frac_coords % 1, after.frac_coords, atol=1e-4) or np.allclose(
            (before.frac_coords - after.frac_coords + 0.5) % 1, 0.5, atol=1e-4
        )


@pytest.mark.parametrize(("ion", "alike", "unlike"), [((11, 1), 19, 92), ((17, -1), 35, 7), ((22, 4), 40, 9)])
def test_ions_are_replaced_by_their_like(ion: tuple[int, int], alike: int, unlike: int) -> None:
    """Sodium by potassium rather than uranium, chloride by bromide rather than nitride, titanium by zirconium."""
    ions = substitutes(*ion)
    chances = {number: float(ions.probabilities[ions.numbers == number].sum()) for number in (alike, unlike)}
    assert ions.probabilities.sum() == pytest.approx(1.0)
    assert chances[alike] > 5 * chances[unlike]


def test_salt_has_the_ions_that_it_has() -> None:
    salt = next(one.crystal for one in KNOWN.values() if one.reduced_formula == "NaCl")
    assert likeliest_ions(salt) == [(11, 1), (17, -1)]


@pytest.mark.parametrize("name", parameters("symmetric_random"))
def test_symmetric_random_crystals_have_the_space_group_drawn(name: str) -> None:
    """Or, now and then, a higher one: atoms on special positions only may have more symmetry than was drawn."""
    drawn = [int(one.origin.split("-")[0]) for one in made(name)]
    measured = [symmetry_dataset(one.crystal).number for one in made(name)]
    assert sum(one == other for one, other in zip(drawn, measured, strict=True)) >= 0.7 * N
    assert 1 not in measured
    assert set(drawn) <= {known.space_group for known in KNOWN.values()}


def test_volumes_miss_those_of_known_compounds_by_less_than_additive_ones() -> None:
    """Of its own crystals 2% in the mean; left out 5.2%, see the module."""
    known = Known(open_reference("starter"), np.random.default_rng(0))
    compounds = [one for one in list(KNOWN.values())[::20] if "-" in one.chemical_system]
    by_prototype: dict[str | None, list[ReferenceCrystal]] = {}
    for one in KNOWN.values():
        by_prototype.setdefault(one.prototype, []).append(one)
    misses = []
    for one in compounds:
        host = by_prototype[one.prototype][0]
        if host.id != one.id and host.crystal.n_sites == one.crystal.n_sites:
            # sites of one prototype may stand in another order, amounts of elements do not
            expected = known.volumes.scaled(host.crystal, one.crystal.atomic_numbers.tolist())
            misses.append(abs(np.log(expected / one.crystal.volume)))
    assert len(misses) > 100
    assert np.mean(misses) < 0.06


def test_where_no_elements_balance_there_is_no_crystal() -> None:
    known = Known(open_reference("starter"), np.random.default_rng(0))
    alone = Crystal.from_arrays(np.eye(3) * 3, [[0.0, 0, 0]], [11])
    assert neutral_elements(known, alone, np.random.default_rng(0)) is None


def test_all_names_have_numbers_of_their_own() -> None:
    drawn = [find(name).generator(0).random() for name in registry()]
    assert all(one != other for one, other in combinations(drawn, 2))
