"""How far the elements by a potential are from those of a hull, and what is trusted because of it."""

from __future__ import annotations

import pytest

from metrics.measure.energy.elemental_energies import elemental_differences, elemental_energies, trust
from metrics.measure.energy.mp2020 import mp2020_correction
from metrics.measure.potentials import find
from reference_data.reference import open_reference

CHGNET = find("chgnet").checkpoint_sha256


@pytest.mark.parametrize("potential", ["chgnet", "sevennet-0"])
def test_every_element_that_the_starter_set_holds_has_an_energy(potential: str) -> None:
    energies = elemental_energies(find(potential).checkpoint_sha256)
    of_starter = open_reference("starter").elemental_references(f"own:{potential}")
    assert set(energies) == set(of_starter)
    # energies that the set was built with, of the lowest form; relaxed once more they are no higher
    assert all(-0.02 < energies[symbol] - of_starter[symbol] < 1e-3 for symbol in energies)


def test_another_checkpoint_has_no_figures() -> None:
    assert elemental_energies("0" * 64) == {}
    assert elemental_differences("0" * 64, {"W": -12.96}) == {}


def test_corrections_of_mp2020_leave_elements_as_they_are() -> None:
    reference = open_reference("starter")
    elements = reference.rows_of_formulas(
        [*reference.elemental_references("own:chgnet"), "O2", "N2", "H2", "F2", "Cl2"]
    )
    assert len(elements) > 100
    assert {mp2020_correction(element.crystal) for element in elements} == {0.0}


def test_differences_are_those_of_elements_that_both_have() -> None:
    energy = elemental_energies(CHGNET)["W"]
    assert elemental_differences(CHGNET, {"W": -12.9581, "Xx": 0.0}) == {"W": energy + 12.9581}


DIFFERENCES = {"W": 0.19, "O": -0.02, "I": -0.15, "Na": 0.1}


@pytest.mark.parametrize(
    ("elements", "trusted", "reason"),
    [
        ("O Na", True, None),
        ("O W", False, "W +0.190 eV/atom, at most 0.1 is allowed"),
        ("I Xe W", False, "I -0.150, W +0.190 eV/atom"),
        ("O Xe", None, "how far Xe by the potential differs from pbe_mp2020 is not known"),
    ],
)
def test_what_is_trusted(elements: str, trusted: bool | None, reason: str | None) -> None:  # noqa: FBT001 - a verdict
    answer = trust(elements.split(), DIFFERENCES, "pbe_mp2020", 0.1)
    assert answer.trusted is trusted
    assert (answer.reason is None) == (reason is None)
    assert reason is None or reason in str(answer.reason)


def test_on_a_hull_of_its_own_energies_every_element_is_trusted() -> None:
    assert trust(["Xe", "W"], {}, "own:chgnet", 0.0) == (True, None)
