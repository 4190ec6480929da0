"""Prototypes: known structure types, blind to elements, setting and cell; other types differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.structure.prototype import ENANTIOMORPHS, measure_prototype
from metrics.measure.structure.symmetry import SymmetrySettings
from tests.metrics.measure.fingerprint_crystals import anything_else, prototypes

SMALL = sorted(label for label, crystal in prototypes().items() if crystal.n_sites <= 24)
V1 = SymmetrySettings()


def prototype(crystal: Crystal) -> str:
    return str(measure_prototype(crystal, V1)["prototype"])


def with_elements(label: str, numbers: tuple[int, ...]) -> Crystal:
    crystal = prototypes()[label]
    _, kinds = np.unique(crystal.atomic_numbers, return_inverse=True)
    return Crystal(crystal.lattice, crystal.frac_coords, np.array(numbers)[kinds])


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        # multiplicity and site symmetry of the occupied positions: International Tables A, 225 a b, 227 a, 221 a b c,
        # 186 b b, 152 a c; the label names the positions
        ("AB_cF8_225_a_b", "AB:225:4[-3mm]|4[-3mm]"),
        ("A_cF8_227_a", "A:227:8[-43m]"),
        ("AB3C_cP5_221_a_c_b", "ABC3:221:1[-3mm]|1[-3mm]|3[4/mmm]"),
        ("AB_hP4_186_b_b", "AB:186:2[3m]|2[3m]"),
        ("A2B_hP9_152_c_a", "AB2:152:3[2]|6[1]"),
    ],
)
def test_textbook_structures_have_the_positions_of_the_tables(label: str, expected: str) -> None:
    assert prototype(prototypes()[label]) == expected


@settings(max_examples=60, deadline=None)
@given(label=st.sampled_from(SMALL), seed=st.integers(0, 2**32 - 1))
def test_cell_and_setting_do_not_matter_mirror_images_included(label: str, seed: int) -> None:
    crystal = prototypes()[label]
    assert prototype(anything_else(crystal, np.random.default_rng(seed))) == prototype(crystal)


def test_elements_do_not_matter_nor_does_which_of_equal_amount_sits_where() -> None:
    one, other = (with_elements("AB3C_cP5_221_a_c_b", numbers) for numbers in ((8, 20, 22), (9, 12, 19)))
    exchanged = with_elements("AB3C_cP5_221_a_c_b", (8, 22, 20))
    assert prototype(one) == prototype(other) == prototype(exchanged)


def test_other_types_of_the_same_formula_differ() -> None:
    labels = ("AB_cF8_225_a_b", "AB_cF8_216_c_a", "AB_cP2_221_b_a", "AB_hP4_186_b_b", "AB_hP4_194_c_a")
    assert len({prototype(prototypes()[label]) for label in labels}) == len(labels)


def test_axes_that_the_lattice_orders_otherwise_do_not_matter() -> None:
    # space group 47, one mirror-symmetric atom and one on an axis; spglib orders orthorhombic axes by length
    prototypes_of_axes = set()
    for lengths in ((3.0, 4.0, 5.0), (4.0, 5.0, 3.0), (5.0, 3.0, 4.0), (3.0, 5.0, 4.0)):
        prototypes_of_axes.add(
            prototype(
                Crystal.from_arrays(np.diag(lengths), [[0.0, 0.0, 0.0], [0.3, 0.0, 0.0], [0.7, 0.0, 0.0]], [11, 8, 8])
            )
        )
    assert prototypes_of_axes == {"AB2:47:1[mmm]|2[2mm]"}


def test_enantiomorphs_are_eleven_pairs() -> None:
    assert len(ENANTIOMORPHS) == 11
    assert not set(ENANTIOMORPHS) & set(ENANTIOMORPHS.values())


def test_overlapping_atoms_have_no_prototype() -> None:
    with pytest.raises(UnmeasurableError, match="no space group"):
        prototype(Crystal.from_arrays(4 * np.eye(3), [[0.0, 0.0, 0.0], [0.0, 0.0, 1e-4]], [3, 3]))
