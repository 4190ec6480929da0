"""Space groups against the labels of AFLOW prototypes and against recorded values."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.structure.convert import to_structure
from metrics.measure.structure.symmetry import SymmetrySettings, measure_space_group
from tests.metrics.measure.fingerprint_crystals import lemat_cifs, parsed, prototypes, shared


def test_the_space_group_of_a_prototype_is_in_its_label() -> None:
    # an AFLOW label reads <stoichiometry>_<Pearson symbol>_<space group>_<Wyckoff letters>; the coordinates that
    # pymatgen ships for three of the 288 prototypes have more symmetry than their label says
    more_symmetric = {"A2B_oC12_38_de_ab": 63, "AB3_tI16_140_b_ah": 123, "AB_oP8_33_a_a": 62}
    for label, crystal in prototypes().items():
        expected = more_symmetric.get(label, int(label.split("_")[2]))
        assert measure_space_group(crystal, SymmetrySettings())["space_group"] == expected, label


@pytest.mark.parametrize("label", sorted(prototypes())[::10])
def test_the_space_group_is_that_of_pymatgen(label: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pymatgen calls spglib in the way that it deprecates
        analyzer = SpacegroupAnalyzer(to_structure(prototypes()[label]), symprec=0.01, angle_tolerance=5)
    expected = analyzer.get_space_group_number()
    assert measure_space_group(prototypes()[label], SymmetrySettings())["space_group"] == expected


def test_tolerance_is_a_setting() -> None:
    crystal = Crystal.from_arrays(np.diag([4.0, 4.0, 4.05]), [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], [55, 17])
    # Cs and Cl at corner and centre: cubic Pm-3m (221) within 0.1 angstrom, tetragonal P4/mmm (123) below
    assert measure_space_group(crystal, SymmetrySettings(symprec=0.1))["space_group"] == 221
    assert measure_space_group(crystal, SymmetrySettings())["space_group"] == 123


@pytest.mark.parametrize(
    ("coords", "words"),
    [([[0, 0, 0], [0, 0, 1e-4]], "no space group at symprec 0.01"), ([[0, 0, 0], [0, 0, np.nan]], "finite")],
)
def test_without_a_space_group_there_is_a_reason(coords: list[list[float]], words: str) -> None:
    crystal = Crystal.from_arrays(4 * np.eye(3), coords, [11, 11])
    with pytest.raises(UnmeasurableError, match=words):
        measure_space_group(crystal, SymmetrySettings())


@pytest.mark.parametrize("source", ["mp", "alexandria", "oqmd", "aflow"])
def test_real_crystals_have_the_recorded_space_group(source: str) -> None:
    recorded = pd.read_csv(shared("oracles/genbench_per_structure.csv")).query("source == @source")
    cifs = lemat_cifs(source)
    crystals = [parsed(cifs[file]) for file in recorded["file"].to_list()]
    numbers = [measure_space_group(crystal, SymmetrySettings())["space_group"] for crystal in crystals]
    assert numbers == recorded["spacegroup_symprec0.01"].to_list()
