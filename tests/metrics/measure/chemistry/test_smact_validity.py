"""Validity of compositions by smact: textbook formulas, recorded rules, bounds."""

from __future__ import annotations

import re

import numpy as np
import pytest
from pymatgen.core.periodic_table import Element
from smact.screening import smact_validity

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.chemistry.smact_validity import SmactValiditySettings, measure_smact_validity


def crystal(formula: str) -> Crystal:
    amounts = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    numbers = [Element(symbol).Z for symbol, amount in amounts for _ in range(int(amount or 1))]
    return Crystal.from_arrays(5 * np.eye(3), np.zeros((len(numbers), 3)), numbers)


@pytest.mark.parametrize(
    ("formula", "valid"),
    [
        ("NaCl", True),
        ("NaCl3", False),  # no neutral states
        ("Si", True),  # elements are valid
        ("TiRu", True),  # metals alone are valid
        ("Fe3O4", False),  # one state per element cannot make it neutral
        ("LiFePO4", True),
        ("ArF", False),  # argon has no states
        ("H2", True),
    ],
)
def test_the_verdict_of_a_textbook_formula(formula: str, valid: bool) -> None:  # noqa: FBT001 - a table of verdicts
    assert measure_smact_validity(crystal(formula), SmactValiditySettings()) == {"smact_valid": valid}
    assert smact_validity(formula, oxidation_states_set="smact14") == valid


def test_a_supercell_has_the_verdict_of_its_cell() -> None:
    settings = SmactValiditySettings()
    assert measure_smact_validity(crystal("Na2Cl6"), settings) == measure_smact_validity(crystal("NaCl3"), settings)


def test_options_reach_smact() -> None:
    assert measure_smact_validity(crystal("CaMg"), SmactValiditySettings()) == {"smact_valid": True}
    assert measure_smact_validity(crystal("CaMg"), SmactValiditySettings(alloys=False)) == {"smact_valid": False}


def test_too_many_combinations_and_unknown_elements_stay_undecided() -> None:
    with pytest.raises(UnmeasurableError, match=r"have 32 combinations; the bound is 4"):
        measure_smact_validity(crystal("FeO"), SmactValiditySettings(max_combinations=4))
    with pytest.raises(UnmeasurableError, match="smact does not know an element of"):
        measure_smact_validity(crystal("OgO2"), SmactValiditySettings())
