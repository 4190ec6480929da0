"""Formulas and densities against pymatgen."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element

from metrics.crystal import Crystal
from metrics.measure import NoSettings, UnmeasurableError
from metrics.measure.chemistry.composition import measure_composition, reduced_formula_of
from metrics.measure.structure.convert import composition_of, to_structure
from tests.metrics.measure.fingerprint_crystals import prototypes


def crystal_of(symbols: list[str], length: float = 5.0) -> Crystal:
    numbers = [Element(symbol).Z for symbol in symbols]
    return Crystal.from_arrays(length * np.eye(3), np.linspace(0, 0.9, 3 * len(numbers)), numbers)


@pytest.mark.parametrize(
    ("symbols", "formula", "anonymous", "system"),
    [
        (["Cl", "Na", "Na", "Cl"], "NaCl", "AB", "Cl-Na"),
        (["O"], "O2", "A", "O"),
        (["O", "Na"], "Na2O2", "AB", "Na-O"),  # pymatgen spells peroxides so, whatever the structure
        (["Ti", "O", "O", "O", "Ba"], "BaTiO3", "ABC3", "Ba-O-Ti"),
        (["Fe"] * 3 + ["O"] * 4, "Fe3O4", "A3B4", "Fe-O"),
    ],
)
def test_textbook_formulas(symbols: list[str], formula: str, anonymous: str, system: str) -> None:
    facts = measure_composition(crystal_of(symbols), NoSettings())
    assert facts["reduced_formula"] == formula
    assert facts["anonymous_formula"] == anonymous
    assert facts["chemical_system"] == system
    assert facts["n_sites"] == len(symbols)


@given(numbers=st.lists(st.integers(1, 118), min_size=1, max_size=20), repeat=st.integers(1, 4), data=st.data())
def test_the_formula_keeps_the_ratios_and_forgets_order_and_cell(
    numbers: list[int], repeat: int, data: st.DataObject
) -> None:
    several = data.draw(st.permutations(numbers * repeat))
    one, other = (Crystal.from_arrays(np.eye(3), np.zeros(3 * len(n)), n) for n in (numbers, several))
    formula = reduced_formula_of(other)
    assert formula == reduced_formula_of(one)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No Pauling electronegativity", category=UserWarning)
        assert formula == composition_of(one).reduced_formula
        assert Composition(formula).fractional_composition.almost_equals(composition_of(other).fractional_composition)


@pytest.mark.parametrize("label", sorted(prototypes())[::12])
def test_density_agrees_with_pymatgen(label: str) -> None:
    crystal = prototypes()[label]
    facts = measure_composition(crystal, NoSettings())
    assert facts["density"] == pytest.approx(to_structure(crystal).density, rel=1e-6)
    assert facts["volume_per_atom"] == pytest.approx(to_structure(crystal).volume / len(to_structure(crystal)))


def test_a_cell_without_volume_keeps_its_formula_and_has_no_density() -> None:
    flat = Crystal.from_arrays([[3, 0, 0], [0, 3, 0], [3, 3, 0]], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], [11, 17])
    with pytest.raises(UnmeasurableError, match="volume is 0") as caught:
        measure_composition(flat, NoSettings())
    assert caught.value.known["reduced_formula"] == "NaCl"
    assert "density" not in caught.value.known
