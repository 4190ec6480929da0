"""Metallicity against smact's own function."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smact.metallicity import metallicity_score

from metrics.measure.chemistry.smact_elements import metallicity, smact_element
from metrics.measure.fingerprint.elements import formula_of_counts

LAST = 103  # lawrencium: smact's table ends here


@settings(deadline=None)
@given(st.dictionaries(st.integers(1, LAST), st.integers(1, 24), min_size=1, max_size=6))
def test_it_is_that_of_smact_to_the_last_bit(counts: dict[int, int]) -> None:
    formula = formula_of_counts(counts)
    assert metallicity(formula) == metallicity_score(formula)


def test_an_element_beyond_the_table_has_none() -> None:
    with pytest.raises(KeyError, match="Elemental data for Rf not found"):
        metallicity("RfO2")
    with pytest.raises(KeyError, match="Elemental data for Rf not found"):
        smact_element("Rf")
