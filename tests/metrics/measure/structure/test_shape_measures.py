"""Average minimum distances, packing, lengths, coordination, features: closed forms and oracles."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core.periodic_table import Element

from metrics.crystal import Crystal
from metrics.measure import NoSettings, UnmeasurableError, registry
from metrics.measure.chemistry.composition_features import measure_composition_features
from metrics.measure.structure.amd import AmdSettings, measure_amd, nearest_distances
from metrics.measure.structure.convert import to_structure
from metrics.measure.structure.coordination import CoordinationSettings, coordination_numbers, measure_coordination
from metrics.measure.structure.lattice import measure_lattice, niggli_cell
from metrics.measure.structure.packing import measure_packing
from metrics.measure.structure.symmetry import SymmetrySettings
from tests.metrics.measure.fingerprint_crystals import prototypes

SMALL = sorted(label for label, crystal in prototypes().items() if crystal.n_sites <= 30)
FCC = np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
NO_SETTINGS = NoSettings()


def primitive_cubic(length: float) -> Crystal:
    return Crystal.from_arrays(length * np.eye(3), [[0.1, 0.2, 0.3]], [84])


def rocksalt(length: float) -> Crystal:
    return Crystal.from_arrays(length * FCC, [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], [11, 17])


def test_distances_of_the_cubic_lattice_are_the_square_roots_of_sums_of_three_squares() -> None:
    reach = np.arange(-4, 5)
    squares = np.sort((np.stack(np.meshgrid(reach, reach, reach)) ** 2).sum(axis=0).ravel())[1:101]
    amd = measure_amd(primitive_cubic(3.0), AmdSettings())["amd"]
    assert amd == pytest.approx((3.0 * np.sqrt(squares)).tolist())


@pytest.mark.parametrize("label", SMALL[::25])
def test_nearest_distances_are_those_of_a_search_by_pymatgen(label: str) -> None:
    crystal = prototypes()[label]
    distances = nearest_distances(crystal, 20)
    for site, around in zip(
        distances, to_structure(crystal).get_all_neighbors(float(distances.max()) + 0.1), strict=True
    ):
        assert site == pytest.approx(sorted(neighbor.nn_distance for neighbor in around)[:20], abs=1e-6)


def test_touching_spheres_fill_what_kepler_says() -> None:
    # copper's covalent radius is 1.32 angstrom (Cordero et al. 2008)
    copper = Crystal.from_arrays(2 * np.sqrt(2) * 1.32 * FCC, [[0, 0, 0]], [29])
    assert measure_packing(copper, NO_SETTINGS)["packing_fraction"] == pytest.approx(np.pi / np.sqrt(18))


def test_lengths_are_those_of_the_primitive_cell() -> None:
    expected = pytest.approx([5.64 / np.sqrt(2)] * 3)
    assert measure_lattice(rocksalt(5.64), SymmetrySettings())["lattice_lengths"] == expected


def test_a_cell_that_spglib_reduces_in_circles_has_its_lengths() -> None:
    # the primitive cell of a published hexagonal structure: a and b differ by 3e-7 angstrom, rounding of its CIF
    cell = np.array([[4.28788274, 0, -1.12256508e-06], [2.14394066, 3.71341615, -7.12454538e-07], [0, 0, 5.970588]])
    lengths = np.sort(np.linalg.norm(niggli_cell(cell), axis=1))
    assert lengths == pytest.approx([4.287883, 4.287883, 5.970588], abs=1e-6)
    for factor in np.geomspace(1e-9, 1e-3, 400):
        skewed = cell + factor * np.array([[0, 0, -1], [0.1, -0.7, 0.3], [0, 0.2, 0]])
        assert np.sort(np.linalg.norm(niggli_cell(skewed), axis=1)) == pytest.approx(lengths, abs=2e-3)


def test_sodium_and_chlorine_have_six_neighbours() -> None:
    columns = measure_coordination(rocksalt(5.64), CoordinationSettings())
    assert columns == {"site_elements": ["Na", "Cl"], "coordination_numbers": [6, 6]}


@pytest.mark.parametrize(
    ("label", "numbers"),
    [
        ("A_cF8_227_a", {4}),  # diamond
        ("AB_cP2_221_b_a", {8}),  # caesium chloride
        ("AB_cF8_216_c_a", {4}),  # zincblende
        ("AB2_cF12_225_a_c", {4, 8}),  # fluorite
        ("A2B_tP6_136_f_a", {3, 6}),  # rutile
    ],
)
def test_coordination_numbers_of_prototypes_are_those_of_the_textbook(label: str, numbers: set[int]) -> None:
    assert set(coordination_numbers(prototypes()[label], CoordinationSettings()).tolist()) == numbers


def test_features_are_mean_and_deviation_over_the_atoms() -> None:
    water = Crystal.from_arrays(np.eye(3) * 4, np.zeros((3, 3)), [1, 1, 8])
    elements = [Element("H"), Element("H"), Element("O")]
    table = np.array([[element.row, element.group, float(element.mendeleev_no)] for element in elements])
    expected = [*table.mean(axis=0).tolist(), *table.std(axis=0).tolist()]
    assert measure_composition_features(water, NO_SETTINGS)["composition_features"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "atomic_number", "reason"),
    [
        ("packing", 98, "no covalent radius for atomic number 98"),
        ("composition_features", 104, "no Mendeleev number for atomic number 104"),
    ],
)
def test_an_element_beyond_a_table_is_a_reason(name: str, atomic_number: int, reason: str) -> None:
    crystal = Crystal.from_arrays(4 * np.eye(3), [[0, 0, 0]], [atomic_number])
    measured = registry()[name]
    with pytest.raises(UnmeasurableError, match=reason):
        measured.compute(crystal, measured.settings())


@pytest.mark.parametrize("name", ["amd", "packing", "lattice", "coordination"])
def test_a_cell_without_volume_is_a_reason(name: str) -> None:
    measured = registry()[name]
    with pytest.raises(UnmeasurableError):
        measured.compute(Crystal.from_arrays(np.zeros((3, 3)), [[0, 0, 0]], [11]), measured.settings())


def test_two_sites_at_one_place_have_no_coordination() -> None:
    with pytest.raises(UnmeasurableError, match="site 0 has no neighbour within 10 angstrom, or one at its own place"):
        coordination_numbers(
            Crystal.from_arrays(4 * np.eye(3), [[0, 0, 0], [0, 0, 0]], [11, 11]), CoordinationSettings()
        )
