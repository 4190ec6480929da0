"""MP2020 corrections of single crystals against the published values, and which conventions convert."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.crystal import Crystal
from metrics.measure.energy.mp2020 import mp2020_correction, to_convention

# eV per atom of the named element: Wang et al. 2021, Scientific Reports 11, 15496, table 1 (values of the final fit)
OXIDE, PEROXIDE, CHLORIDE, FE_IN_OXIDE = -0.687, -0.465, -0.614, -2.256


CUBE = np.eye(3) * 4.0
DUMBBELL = np.array([[0, 0, 0], [0.5, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.875]])
"""Its last two atoms are 1.5 angstrom apart, as the oxygens of a peroxide."""


def rocksalt(cation: int, anion: int) -> Crystal:
    return Crystal.from_arrays(2.1 * (1 - np.eye(3)), np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), np.array([cation, anion]))


@pytest.mark.parametrize(
    ("crystal", "expected"),
    [
        (rocksalt(11, 17), CHLORIDE),
        (rocksalt(12, 8), OXIDE),
        (rocksalt(26, 8), OXIDE + FE_IN_OXIDE),
        (rocksalt(26, 54), 0.0),  # a noble gas has no electronegativity and no correction
        (Crystal.from_arrays(np.eye(3) * 3, [[0, 0, 0]], [8]), 0.0),  # elements are not corrected
        (Crystal.from_arrays(CUBE, DUMBBELL, [11, 11, 8, 8]), 2 * PEROXIDE),
    ],
    ids=["NaCl", "MgO", "FeO", "FeXe", "O", "Na2O2"],
)
def test_corrections_are_the_published_ones(crystal: Crystal, expected: float) -> None:
    assert mp2020_correction(crystal) == pytest.approx(expected, abs=1e-9)


def test_a_larger_cell_has_a_larger_correction() -> None:
    one = rocksalt(26, 8)
    coords = np.concatenate([(one.frac_coords + np.array([shift, 0, 0])) / [2, 1, 1] for shift in (0, 1)])
    two = Crystal.from_arrays(one.lattice * [[2], [1], [1]], coords, np.tile(one.atomic_numbers, 2))
    assert mp2020_correction(two) == pytest.approx(2 * mp2020_correction(one))


def test_conversion_there_and_back() -> None:
    crystal = rocksalt(12, 8)
    assert to_convention(-11.0, crystal, "pbe_uncorrected", "pbe_mp2020") == pytest.approx(-11.0 + OXIDE)
    assert to_convention(-11.0 + OXIDE, crystal, "pbe_mp2020", "pbe_uncorrected") == pytest.approx(-11.0)
    assert to_convention(-11.0, crystal, "r2scan", "r2scan") == -11.0


@pytest.mark.parametrize("source", ["r2scan", "toy", "own:emt"])
def test_what_cannot_be_compared_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=f"an energy in {source} cannot be converted to pbe_mp2020"):
        to_convention(-1.0, rocksalt(12, 8), source, "pbe_mp2020")
    with pytest.raises(ValueError, match="'pbe' is no energy convention"):
        to_convention(-1.0, rocksalt(12, 8), "pbe", "pbe")
