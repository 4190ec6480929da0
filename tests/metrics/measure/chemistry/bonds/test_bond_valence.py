"""Bond-valence sums and neutral assignments against pymatgen and against listing every assignment."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core.bond_valence import BVAnalyzer, calculate_bv_sum

from metrics.crystal import Crystal
from metrics.measure.chemistry.bonds.bond_valence import (
    bond_valence_sums,
    has_parameters,
    likely_states,
    likely_states_within,
    neutral_assignment_exists,
)
from metrics.measure.chemistry.charge_genbench import (
    GenbenchChargeSettings,
    has_neutral_valences,
    verdict_of_any_orbits,
)
from metrics.measure.fingerprint.neighbours import Neighbours, neighbours_within, reduce_cell
from metrics.measure.structure.convert import to_structure
from metrics.measure.structure.nearest_shell import nearest_shell
from tests.metrics.measure.fingerprint_crystals import prototypes


def has_all_parameters(crystal: Crystal) -> bool:
    return all(has_parameters(int(number)) for number in crystal.atomic_numbers)


def within(crystal: Crystal, radius: float) -> Neighbours:
    return neighbours_within(reduce_cell(crystal), np.full(crystal.n_sites, radius))


KNOWN = sorted(
    label for label, crystal in prototypes().items() if crystal.n_sites <= 14 and has_all_parameters(crystal)
)


@pytest.mark.parametrize("label", KNOWN[::6])
def test_sums_are_those_of_pymatgen(label: str) -> None:
    crystal = prototypes()[label]
    structure = to_structure(crystal)
    expected = [
        calculate_bv_sum(site, structure.get_neighbors(site, 4.0), 1.015)  # type: ignore[no-untyped-call] # pymatgen's
        for site in structure
    ]
    sums = bond_valence_sums(crystal, within(crystal, 4.0), 1.015)
    np.testing.assert_allclose(sums, expected, rtol=1e-6, atol=1e-12)


def test_sodium_chloride_has_valence_one() -> None:
    # each bond of the six has exp((R - d) / 0.31); signs: the less electronegative partner is positive
    crystal = prototypes()["AB_cF8_225_a_b"]
    sums = bond_valence_sums(crystal, nearest_shell(crystal, 0.1, 10.0))
    sodium = crystal.atomic_numbers == 11
    assert (sums[sodium] > 0).all()
    np.testing.assert_allclose(sums[sodium], -sums[~sodium])


def test_a_bond_without_parameters_has_no_sum() -> None:
    # platinum monoxide, CsCl type: pymatgen's table holds no platinum
    crystal = Crystal.from_arrays(3.0 * np.eye(3), [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], [78, 8])
    assert np.isnan(bond_valence_sums(crystal, within(crystal, 2.8))).all()


def test_a_sum_far_from_all_that_was_observed_suggests_no_state() -> None:
    assert likely_states(11, 1.0, 0.01) == (1,)
    assert likely_states(11, 1000.0, 0.01) == ()


@pytest.mark.parametrize("label", KNOWN[::3])
def test_a_neutral_assignment_exists_where_the_search_of_pymatgen_finds_one(label: str) -> None:
    crystal = prototypes()[label]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pymatgen calls spglib in the way that it deprecates
        try:
            analyzer = BVAnalyzer()  # type: ignore[no-untyped-call] # pymatgen's
            expected = sum(analyzer.get_valences(to_structure(crystal))) == 0
        except ValueError:
            expected = False
    # pymatgen asks the first site of an orbit; both readings must agree on ideal prototypes
    assert has_neutral_valences(crystal, GenbenchChargeSettings(orbit_sum="first")) == expected
    assert has_neutral_valences(crystal, GenbenchChargeSettings()) == expected


@given(
    number=st.sampled_from([1, 8, 11, 25, 26, 29, 53]),
    ends=st.tuples(st.floats(-4, 8), st.floats(0, 1)),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=5),
    fraction=st.sampled_from([0.01, 0.1, 0.5]),
)
def test_bounds_on_the_likely_states(
    number: int, ends: tuple[float, float], shares: list[float], fraction: float
) -> None:
    lowest, width = ends
    always, ever = likely_states_within(number, lowest, lowest + width, fraction)
    for share in shares:
        likely = likely_states(number, lowest + share * width, fraction)
        assert set(always) <= set(likely) <= set(ever)


@given(data=st.data(), sites=st.lists(st.tuples(st.sampled_from([8, 11, 26, 29]), st.floats(-3, 4)), min_size=1))
def test_a_verdict_without_orbits_is_that_of_any_orbits(data: st.DataObject, sites: list[tuple[int, float]]) -> None:
    numbers, sums = np.array([site[0] for site in sites]), np.array([site[1] for site in sites])
    labels = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(sites), max_size=len(sites))))
    orbits: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
    for number, label in {*zip(numbers.tolist(), labels.tolist(), strict=True)}:
        members = sums[(numbers == number) & (labels == label)]
        orbits.setdefault(number, []).append((len(members), likely_states(number, float(members.mean()), 0.01)))
    verdict = verdict_of_any_orbits(numbers, sums, 0.01)
    assert verdict is None or verdict == neutral_assignment_exists(orbits)


ORBIT = st.tuples(st.integers(1, 6), st.lists(st.integers(-4, 5), min_size=0, max_size=3, unique=True))


@given(st.dictionaries(st.integers(1, 4), st.lists(ORBIT, min_size=1, max_size=3), min_size=1, max_size=3))
def test_neutral_assignments_are_those_of_a_full_list(orbits: dict[int, list[tuple[int, list[int]]]]) -> None:
    flat = [(element, count, states) for element, members in orbits.items() for count, states in members]

    def neutral(assignment: tuple[int, ...]) -> bool:
        per_element: dict[int, list[int]] = {}
        for (element, _, _), state in zip(flat, assignment, strict=True):
            per_element.setdefault(element, []).append(state)
        total = sum(count * state for (_, count, _), state in zip(flat, assignment, strict=True))
        return total == 0 and all(max(states) - min(states) <= 1 for states in per_element.values())

    listed = any(neutral(assignment) for assignment in itertools.product(*(states for _, _, states in flat)))
    assert neutral_assignment_exists(orbits) == listed
