"""Formulas against pymatgen, whose spelling they have."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core.composition import Composition

from metrics.measure.fingerprint.elements import (
    anonymous_formula,
    atomic_numbers_with_electronegativity,
    element_of,
    formula_of_counts,
    formulas_of_ratios,
    in_formula_order,
)

# those of polyanions and of the formulas that pymatgen does not reduce, beside all others
COMMON = [1, 3, 6, 7, 8, 9, 11, 15, 16, 17, 19, 37, 55]


@given(
    st.dictionaries(st.one_of(st.sampled_from(COMMON), st.integers(1, 118)), st.integers(1, 24), min_size=1, max_size=8)
)
def test_a_formula_is_spelt_as_by_pymatgen(counts: dict[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No Pauling electronegativity", category=UserWarning)
        composition = Composition({element_of(number).symbol: count for number, count in counts.items()})
        assert formula_of_counts(counts) == composition.reduced_formula
        assert anonymous_formula(counts) == composition.anonymized_formula


@pytest.mark.parametrize(
    ("counts", "formula"),
    [
        ({20: 1, 7: 2, 8: 6}, "Ca(NO3)2"),
        ({11: 2, 8: 2}, "Na2O2"),
        ({8: 3}, "O2"),
        ({26: 6, 8: 8}, "Fe3O4"),
        ({19: 1, 13: 1, 16: 2, 8: 8}, "KAl(SO4)2"),
        ({19: 1, 13: 2, 9: 2}, "KAl2F2"),
        ({10: 2, 9: 4}, "F2Ne"),
    ],
)
def test_formulas_that_are_spelt_in_a_way_of_their_own(counts: dict[int, int], formula: str) -> None:
    assert formula_of_counts(counts) == formula


@given(
    st.lists(st.one_of(st.sampled_from(COMMON), st.integers(1, 118)), min_size=1, max_size=6, unique=True).flatmap(
        lambda numbers: st.tuples(
            st.just(in_formula_order(numbers)),
            st.lists(
                st.lists(st.integers(0, 12), min_size=len(numbers), max_size=len(numbers)).filter(
                    lambda amounts: math.gcd(*amounts) == 1
                ),
                max_size=8,
            ),
        )
    )
)
def test_many_formulas_are_spelt_as_each_of_them(numbers_and_ratios: tuple[list[int], list[list[int]]]) -> None:
    numbers, ratios = numbers_and_ratios
    each = [
        formula_of_counts({number: amount for number, amount in zip(numbers, amounts, strict=True) if amount})
        for amounts in ratios
    ]
    assert formulas_of_ratios(numbers, np.array(ratios, dtype=np.int64).reshape(-1, len(numbers))) == each


def test_which_elements_have_no_electronegativity() -> None:
    # Pauling's scale in pymatgen: none of the light noble gases and of the elements beyond lawrencium
    assert set(range(1, 119)) - atomic_numbers_with_electronegativity() == {2, 10, 18, *range(104, 119)}
