"""Validity of compositions by smact: textbook formulas, recorded rules, bounds."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core.periodic_table import Element
from smact.screening import smact_validity

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.chemistry.smact_validity import SmactValiditySettings, measure_smact_validity
from metrics.measure.fingerprint.elements import formula_of_counts


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


@settings(deadline=None)
@given(
    counts=st.dictionaries(st.integers(1, 103), st.integers(1, 8), min_size=1, max_size=4),
    pauling_test=st.booleans(),
    alloys=st.booleans(),
)
def test_the_verdict_is_that_of_smact(counts: dict[int, int], pauling_test: bool, alloys: bool) -> None:  # noqa: FBT001 - drawn
    numbers = [number for number, count in counts.items() for _ in range(count)]
    options = SmactValiditySettings(pauling_test=pauling_test, alloys=alloys)
    sites = Crystal.from_arrays(5 * np.eye(3), np.zeros((len(numbers), 3)), numbers)
    assert measure_smact_validity(sites, options)["smact_valid"] == smact_validity(
        formula_of_counts(counts),
        use_pauling_test=pauling_test,
        include_alloys=alloys,
        oxidation_states_set="smact14",
    )


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
