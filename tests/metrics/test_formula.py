"""Formulas: pymatgen reads them as we do, and what is no formula is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core.composition import Composition

from metrics.formula import elements_of, smallest_whole

amounts = st.dictionaries(st.sampled_from(["Li", "O", "P", "Ca", "H", "C", "Fe"]), st.integers(1, 12), min_size=1)


@given(amounts)
def test_a_reduced_formula_of_pymatgen_has_its_ratios(given_amounts: dict[str, int]) -> None:
    read = elements_of(Composition(given_amounts).reduced_formula)
    assert smallest_whole(read) == smallest_whole(given_amounts)


def test_brackets_within_brackets() -> None:
    # by hand: Ca + 2 * (O + 3 * (H2 + O))
    assert elements_of("Ca(O(H2O)3)2") == {"Ca": 1, "H": 12, "O": 8}
    assert elements_of("") == {}


@pytest.mark.parametrize("text", ["Li(O", "LiO)2", "()", "lithium", "Li0.5O", "Fe+2", "Li O", "(2Li)"])
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no formula"):
        elements_of(text)


@pytest.mark.parametrize(
    "formula",
    [
        "(" * 64_000,
        "(" * 32_000 + "H" + ")" * 31_999,
        "H(" * 32_000,
        "(H)" * 21_000 + "(",
        "Fe2" * 21_000 + "x",
        "()" * 9,
    ],
    ids=["opened", "one short", "symbols", "groups", "flat", "empty"],
)
def test_long_texts_that_are_almost_formulas_are_refused_in_one_pass(formula: str) -> None:
    with pytest.raises(ValueError, match="is no formula"):
        elements_of(formula)


def test_brackets_inside_brackets_cost_no_more_than_others() -> None:
    assert elements_of("(" * 32_000 + "H2O" + ")" * 32_000) == {"H": 2, "O": 1}
