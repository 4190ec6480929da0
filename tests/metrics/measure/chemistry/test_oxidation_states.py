"""Neutral compositions against listing every assignment."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pymatgen.core.periodic_table import Element

from metrics.measure.chemistry.oxidation_states import (
    element_charges,
    icsd_states,
    known_states,
    neutral_composition_exists,
    neutral_electronegativity_order_exists,
)

AMOUNTS = st.dictionaries(st.sampled_from([1, 6, 8, 11, 12, 15, 16, 22, 26, 50, 77]), st.integers(1, 4), max_size=3)


def z(symbol: str) -> int:
    return int(Element(symbol).Z)


def listed_charges(amount: int, states: tuple[int, ...]) -> set[int]:
    """Every multiset of states whose spread is at most one, summed."""
    assignments = itertools.combinations_with_replacement(states, amount)
    return {sum(chosen) for chosen in assignments if max(chosen) - min(chosen) <= 1} - {0}


@given(st.integers(1, 5), st.lists(st.integers(-5, 8), max_size=6, unique=True))
def test_charges_of_an_element_are_those_of_a_full_list(amount: int, states: list[int]) -> None:
    assert set(element_charges(amount, tuple(states))) == listed_charges(amount, tuple(states))


@settings(deadline=None)
@given(AMOUNTS.filter(bool))
def test_neutral_compositions_are_those_of_a_full_list(amounts: dict[int, int]) -> None:
    for states in (icsd_states, known_states):
        charges = [listed_charges(amount, states(number)) for number, amount in amounts.items()]
        listed = any(sum(chosen) == 0 for chosen in itertools.product(*charges))
        assert neutral_composition_exists(amounts, states) == listed


@settings(deadline=None)
@given(AMOUNTS.filter(lambda amounts: len(amounts) > 1))
def test_the_best_correlation_is_that_of_a_full_list(amounts: dict[int, int]) -> None:
    charges = [listed_charges(amount, known_states(number)) for number, amount in amounts.items()]
    neutral = [chosen for chosen in itertools.product(*charges) if sum(chosen) == 0]
    values = np.array([float(Element.from_Z(number).X) for number in amounts])
    covariances = [
        float(np.cov(np.array(chosen) / np.array(list(amounts.values())), values)[0, 1]) for chosen in neutral
    ]
    assume(all(abs(covariance) > 1e-6 for covariance in covariances))
    assert neutral_electronegativity_order_exists(amounts) == any(covariance < 0 for covariance in covariances)


@pytest.mark.parametrize(
    ("amounts", "neutral"),
    [
        ({"Na": 1, "Cl": 1}, True),
        ({"Fe": 3, "O": 4}, True),  # mixed valence 2+ and 3+
        ({"Na": 1, "Cl": 3}, False),
        ({"Mg": 1, "O": 3}, False),  # superoxide is a mean of -2/3, beyond the states -2 and -1 of oxygen
        ({"C": 1}, False),  # one element never sums to zero
        ({"He": 1, "O": 1}, False),  # helium has no state
    ],
)
def test_textbook_compositions(amounts: dict[str, int], neutral: bool) -> None:  # noqa: FBT001 - a parametrised value
    assert neutral_composition_exists({z(symbol): amount for symbol, amount in amounts.items()}) is neutral


def test_every_element_with_a_known_state_has_an_electronegativity() -> None:
    numbers = [element.Z for element in Element if known_states(element.Z)]
    assert len(numbers) > 90
    assert all(Element.from_Z(number).X > 0 for number in numbers)


def test_a_thousand_atoms_in_a_formula_are_decided() -> None:
    # 15 elements in coprime amounts: listing the assignments would never end
    primes = [7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61]
    numbers = [8, 16, 26, 25, 24, 42, 74, 75, 44, 76, 23, 22, 15, 7, 53]
    amounts = dict(zip(numbers, primes, strict=True))
    assert neutral_composition_exists(amounts)
    assert neutral_electronegativity_order_exists(amounts)
