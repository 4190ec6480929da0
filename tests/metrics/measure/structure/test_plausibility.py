"""Distances and plausibility: textbook cases, pymatgen and recorded verdicts as oracles, hostile cells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pymatgen.core.periodic_table import Element

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.chemistry.charge_genbench import GenbenchChargeSettings, measure_charge_genbench
from metrics.measure.structure.convert import to_structure
from metrics.measure.structure.plausibility import (
    DistanceSettings,
    PlausibleSettings,
    measure_distance,
    measure_plausible,
)
from tests.conftest import AGREEMENT
from tests.metrics.measure import genbench
from tests.metrics.measure.fingerprint_crystals import prototypes, transformed

if TYPE_CHECKING:
    from collections.abc import Callable

FACE_CENTRED = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])


def apart(crystal: Crystal, limits: DistanceSettings | None = None) -> bool:
    return bool(measure_distance(crystal, limits or DistanceSettings())["distance_valid"])


def plausible(crystal: Crystal, limits: PlausibleSettings | None = None) -> bool:
    return bool(measure_plausible(crystal, limits or PlausibleSettings())["plausible"])


def rocksalt(length: float, cation: int = 11, anion: int = 17) -> Crystal:
    sites = np.concatenate([FACE_CENTRED, FACE_CENTRED + 0.5])
    return Crystal.from_arrays(length * np.eye(3), sites, [cation] * 4 + [anion] * 4)


def lone_atom(symbol: str, length: float) -> Crystal:
    return Crystal.from_arrays(length * np.eye(3), [[0.0, 0.0, 0.0]], [Element(symbol).Z])


@pytest.mark.parametrize(
    ("symbols", "limit"),
    [
        (("Na", "Cl"), 0.5 * (0.7 + 1.80 + 1.00)),  # Slater's radii, angstrom
        (("H", "H"), 0.5 * (0.7 + 0.25 + 0.25)),
        (("Kr", "Na"), 0.5 * (0.7 + 1.0 + 1.80)),  # krypton has no Slater radius
    ],
)
def test_the_limit_is_half_of_0_7_plus_both_radii(symbols: tuple[str, str], limit: float) -> None:
    numbers = [Element(symbol).Z for symbol in symbols]
    for distance, valid in ((limit + 1e-4, True), (limit - 1e-4, False)):
        crystal = Crystal.from_arrays(20 * np.eye(3), [[0.9, 0.0, 0.0], [0.9 + distance / 20, 0.0, 0.0]], numbers)
        assert apart(crystal) is valid
        assert apart(crystal, genbench.DISTANCE) is valid


def test_an_atom_keeps_its_distance_from_its_own_images() -> None:
    # copper: 0.5 (0.7 + 2 x 1.35) = 1.7 angstrom
    assert apart(lone_atom("Cu", 1.71))
    assert not apart(lone_atom("Cu", 1.69))
    assert not apart(lone_atom("Cu", 1.05))
    assert apart(lone_atom("Cu", 1.05), genbench.DISTANCE)


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.lists(st.sampled_from([1, 2, 8, 11, 26, 55]), min_size=1, max_size=4),
    lattice=hnp.arrays(np.float64, (3, 3), elements=st.floats(-1, 1)),
    data=st.data(),
)
def test_distances_agree_with_pymatgen_neighbours(numbers: list[int], lattice: np.ndarray, data: st.DataObject) -> None:
    coords = data.draw(hnp.arrays(np.float64, (len(numbers), 3), elements=st.floats(0, 1)))
    crystal = Crystal.from_arrays(4 * np.eye(3) + lattice, coords, numbers)
    radii = [float(Element.from_Z(number).atomic_radius or 1.0) for number in numbers]
    margins = [
        neighbor.nn_distance - 0.5 * (0.7 + radii[site] + radii[neighbor.index])
        for site, neighbors in enumerate(to_structure(crystal).get_all_neighbors(3.0))
        for neighbor in neighbors
    ]
    # pymatgen may list no neighbour at the very place of a site
    together = to_structure(crystal).distance_matrix[np.triu_indices(len(numbers), 1)] < 1e-9
    assert apart(crystal) == (min(margins, default=1.0) >= 0 and not together.any())


@pytest.mark.parametrize(
    "lattice",
    [
        np.diag([1.8, 1.8, 5000.0]),
        [[3, 0, 0], [0, 3, 0], [3000, -7001, 3]],
        [[4, 0, 0], [3.999, 0.2, 0], [0, 0, 90]],
        np.diag([1e-4, 1e-4, 1e-4]),
        np.zeros((3, 3)),
    ],
    ids=["needle", "skewed", "flat", "crushed", "none"],
)
def test_hostile_cells_get_an_answer(lattice: np.ndarray) -> None:
    crystal = Crystal.from_arrays(lattice, [[0.0, 0.0, 0.0], [0.0, 0.0, 0.5]], [29, 29])
    assert measure_distance(crystal, DistanceSettings()).keys() == {"distance_valid"}
    assert measure_plausible(crystal, PlausibleSettings()).keys() == {"plausible"}


def test_a_crushed_cell_is_invalid_and_unmeasurable_without_images() -> None:
    crushed = Crystal.from_arrays(1e-4 * np.eye(3), [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], [29, 29])
    assert not apart(crushed)
    with pytest.raises(UnmeasurableError, match="flat: 5e-13 cubic angstrom per site"):
        apart(crushed, genbench.DISTANCE)


def test_a_thousand_sites_get_an_answer() -> None:
    crystal = transformed(rocksalt(5.64), supercell=5 * np.eye(3, dtype=int))
    assert crystal.n_sites == 1000
    assert apart(crystal)
    assert plausible(crystal)


@pytest.mark.parametrize(
    ("crystal", "allowing"),
    [
        (rocksalt(4.4, 76, 77), {"max_density": 60.0}),  # OsIr at 29.8 g/cm3
        (lone_atom("H", 7.0), {"min_density": 0.001}),
        (rocksalt(2.4, 1, 1), {"max_atom_density": 0.6}),  # 8 atoms in 13.8 A3
        (lone_atom("U", 50.0), {"min_atom_density": 1e-6, "min_density": 1e-3}),  # no element is that heavy
        (Crystal.from_arrays(np.diag([0.9, 6, 6]), [[0.0, 0.0, 0.0]], [3]), {"min_length": 0.5}),
        (Crystal.from_arrays(np.diag([3, 3, 101.0]), [[0.0, 0.0, 0.0]], [79]), {"max_length": 200.0}),
    ],
    ids=["dense", "thin", "crowded", "sparse", "short", "long"],
)
def test_each_limit_decides(crystal: Crystal, allowing: dict[str, float]) -> None:
    assert not plausible(crystal)
    assert plausible(crystal, replace(PlausibleSettings(), **allowing))  # type: ignore[arg-type] # only floats


def test_lengths_are_those_of_the_primitive_cell() -> None:
    large = transformed(rocksalt(5.64), supercell=np.diag([1, 1, 18]))  # 101.5 angstrom
    assert plausible(large)
    assert not plausible(large, genbench.PLAUSIBLE)
    short = Crystal.from_arrays(np.diag([0.9, 6, 6]), [[0.0, 0.0, 0.0]], [3])
    hidden = transformed(short, supercell=np.diag([2, 1, 1]))
    assert not plausible(hidden)
    assert plausible(hidden, genbench.PLAUSIBLE)


def test_without_a_space_group_a_crystal_is_not_plausible() -> None:
    twice = Crystal.from_arrays(5 * np.eye(3), [[0.0, 0.0, 0.0], [0.0, 0.0, 1e-4]], [29, 29])
    assert not plausible(twice)
    assert not plausible(twice, PlausibleSettings(cif_round_trip=False))


@pytest.mark.parametrize("label", ["AB_cF8_225_a_b", "A_cF8_227_a", "AB3C_cP5_221_a_c_b", "AB2_cF12_225_a_c"])
def test_textbook_crystals_are_valid(label: str) -> None:
    assert apart(prototypes()[label])
    assert plausible(prototypes()[label])


def test_verdicts_on_real_crystals_are_those_of_genbench(record_property: Callable[[str, object], None]) -> None:
    recorded, crystals = genbench.recorded(), genbench.crystals()
    for name, limits in (("ours", DistanceSettings()), ("GenBench's", genbench.DISTANCE)):
        same = sum(
            apart(crystal, limits) == valid for crystal, valid in zip(crystals, recorded["distance_valid"], strict=True)
        )
        record_property(AGREEMENT, f"GenBench, distance, settings {name}: verdict {same} of 300")
        assert same == len(recorded)
    for name, ranges in (("ours", PlausibleSettings()), ("GenBench's", genbench.PLAUSIBLE)):
        verdicts = [plausible(crystal, ranges) for crystal in crystals]
        same = sum(ours == theirs for ours, theirs in zip(verdicts, recorded["plausibility_valid"], strict=True))
        record_property(AGREEMENT, f"GenBench, plausibility, settings {name}: verdict {same} of 300")
        assert same == len(recorded)


@pytest.mark.parametrize("orbit_sum", ["mean", "first"])
def test_only_the_table_of_states_parts_overall_verdicts_from_genbenchs(
    orbit_sum: str, record_property: Callable[[str, object], None]
) -> None:
    recorded = genbench.recorded()
    settings = GenbenchChargeSettings(orbit_sum=orbit_sum)  # type: ignore[arg-type] # one of the two literals
    theirs = orbit_sum == "first"
    limits = genbench.DISTANCE if theirs else DistanceSettings()
    ranges = genbench.PLAUSIBLE if theirs else PlausibleSettings()
    charge = pd.Series(
        [bool(measure_charge_genbench(crystal, settings)["charge_valid_genbench"]) for crystal in genbench.crystals()]
    )
    geometry = pd.Series([apart(crystal, limits) and plausible(crystal, ranges) for crystal in genbench.crystals()])
    same = (charge & geometry) == recorded["overall_valid"]
    whose = "GenBench's" if theirs else "ours"
    record_property(AGREEMENT, f"GenBench, overall, settings {whose}: verdict {same.sum()} of 300")
    assert same.mean() >= 0.985
    # with its verdict on the charge, the one thing that no setting of ours reproduces, no disagreement is left
    assert ((recorded["charge_valid"] & geometry) == recorded["overall_valid"]).all()
