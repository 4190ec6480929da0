"""The passage to pymatgen and back changes nothing but what it must drop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from metrics.crystal import Crystal
from metrics.measure.structure.convert import from_structure, to_structure


@given(
    numbers=st.lists(st.integers(1, 118), min_size=1, max_size=12),
    tilt=hnp.arrays(np.float64, (3, 3), elements=st.floats(-0.9, 0.9)),
    data=st.data(),
)
def test_a_round_trip_keeps_cell_order_and_unwrapped_coordinates(
    numbers: list[int], tilt: np.ndarray, data: st.DataObject
) -> None:
    coords = data.draw(hnp.arrays(np.float64, (len(numbers), 3), elements=st.floats(-3, 3)))
    crystal = Crystal.from_arrays(4 * np.eye(3) + tilt, coords, numbers)
    back = from_structure(to_structure(crystal))
    np.testing.assert_array_equal(back.lattice, crystal.lattice)
    np.testing.assert_array_equal(back.frac_coords, crystal.frac_coords)
    np.testing.assert_array_equal(back.atomic_numbers, crystal.atomic_numbers)


def test_oxidation_states_isotopes_and_site_properties_are_dropped() -> None:
    species = ["D", "Cl-", "Fe3+"]
    positions = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [1.5, 0.5, -0.5]]
    structure = Structure(Lattice.cubic(4), species, positions, site_properties={"magmom": [1, 2, 3]})
    crystal = from_structure(structure)
    assert crystal.atomic_numbers.tolist() == [1, 17, 26]
    again = to_structure(crystal)
    assert again.site_properties == {}
    assert [site.specie.symbol for site in again] == ["H", "Cl", "Fe"]


@pytest.mark.parametrize(
    ("species", "words"),
    [
        ({"Na": 0.5, "K": 0.5}, r"site 1 is disordered \(Na 0.5, K 0.5\)"),
        ({"Na": 0.5}, r"site 1 is disordered \(Na 0.5\)"),
        ({"Fe2+": 0.4, "Fe3+": 0.6}, "site 1 is disordered"),
        ("X0+", "site 1 holds X0+"),
    ],
)
def test_what_is_no_ordered_crystal_is_refused_by_name(species: str | dict[str, float], words: str) -> None:
    structure = Structure(Lattice.cubic(4), ["Cl", species], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
    with pytest.raises(ValueError, match=words.replace("X0+", r"X0\+")):
        from_structure(structure)


def test_an_unknown_atomic_number_is_refused() -> None:
    with pytest.raises(ValueError, match="200"):
        to_structure(Crystal.from_arrays(np.eye(3), [[0, 0, 0]], [200]))
