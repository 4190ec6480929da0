"""Relaxed cells are judged by the measured volume, else by an estimate that their relatives give."""

from __future__ import annotations

import math
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.crystal import Crystal
from reference_data.build.definition import load_definition
from reference_data.reference import SETS
from reference_data.sets.starter.make.compounds import Start, compounds
from reference_data.sets.starter.make.judge import VOLUME_RATIO, judge_volume
from reference_data.sets.starter.make.relaxation import judged, starts
from reference_data.sets.starter.make.tables import (
    CHGNET,
    ENERGIES_FILE,
    KNOWN_COMPOUNDS_FILE,
    NO_DEVICE,
    SEVENNET,
    Relaxed,
    read_relaxed,
)
from reference_data.sets.starter.make.volumes import estimated_volumes, expected_volumes

if TYPE_CHECKING:
    from collections.abc import Mapping

ENERGIES = {CHGNET: -7.0, SEVENNET: -7.1}
CATIONS, ANIONS = (3, 11, 19, 37), (17, 35, 53)
FACTORS = dict(zip((*CATIONS, *ANIONS), (0.8, 1.0, 1.3, 1.5, 1.0, 1.2, 1.5), strict=True))
# of sodium chloride, and the others as many times as the factors of their elements say
VOLUMES = {f"{a}-{b}": 5.0**3 / 4 * FACTORS[a] * FACTORS[b] for a, b in product(CATIONS, ANIONS)}


def rocksalt(cation: int, anion: int, edge: float = 5.0) -> Crystal:
    half = edge / 2
    cell = half * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    return Crystal.from_arrays(cell, [[0.0] * 3, [0.5] * 3], [cation, anion])


def made(*, measured: bool = False) -> list[Start]:
    """Compounds of one type, whose measured compound is sodium chloride."""
    crystals = {f"{cation}-{anion}": rocksalt(cation, anion) for cation, anion in product(CATIONS, ANIONS)}
    return [
        Start(name, crystal, measured, frozenset(), crystal if measured else None, rocksalt(11, 17))
        for name, crystal in crystals.items()
    ]


@cache
def all_starts() -> list[Start]:
    return starts()


@cache
def table() -> Mapping[str, Relaxed]:
    return read_relaxed()


def test_volumes_that_are_products_of_factors_of_the_elements_are_estimated_as_they_are() -> None:
    estimates = estimated_volumes(made(), VOLUMES)
    assert estimates.keys() == VOLUMES.keys()
    # ridge regression draws the factors of elements a little to those of the measured compound
    assert max(abs(estimates[name] / volume - 1.0) for name, volume in VOLUMES.items()) < 0.1
    sizes = {f"{a}-{b}": 5.0**3 / 4 for a, b in product(CATIONS, ANIONS)}
    assert estimated_volumes(made(), sizes) == pytest.approx(sizes)


@pytest.mark.parametrize("name", VOLUMES)
@pytest.mark.parametrize("error", [0.3, 3.0])
def test_a_broken_cell_does_not_vouch_for_itself(name: str, error: float) -> None:
    whole, broken = (estimated_volumes(made(), VOLUMES | {name: VOLUMES[name] * times}) for times in (1.0, error))
    # what is left of its influence goes by the weights that the others have because of it
    assert broken[name] / whole[name] == pytest.approx(1.0, abs=0.1)


def test_a_measured_volume_is_no_estimate_and_what_is_not_known_has_none() -> None:
    volumes = expected_volumes(made(measured=True), {})
    assert list(volumes.values()) == pytest.approx([5.0**3 / 4] * len(volumes))
    assert expected_volumes(made(), {"11-17": rocksalt(11, 17)}).keys() == {"11-17"}


@given(ratio=st.floats(0.3, 3.0), expected=st.floats(10.0, 1000.0), measured=st.booleans())
def test_a_cell_counts_within_15_percent_of_the_volume_it_should_have(
    ratio: float, expected: float, *, measured: bool
) -> None:
    end = rocksalt(11, 17, math.cbrt(4 * ratio * expected))
    start = made(measured=measured)[5]
    row = Relaxed(start.id, "0", "converged", 9, end, ENERGIES, None, None)
    verdict = judge_volume(row, start, expected)
    assert (verdict.expected_volume, verdict.expected_from) == (expected, "measured" if measured else "estimated")
    if abs(ratio - 1.0) < 0.1499:
        assert verdict.reason is None
    if abs(ratio - 1.0) > 0.1501:
        assert verdict.reason == "volume"
    # judged again, whatever was said before, it is the same
    assert judge_volume(verdict, start, expected) == verdict


def test_another_reason_stays_and_an_element_may_have_any_volume() -> None:
    start, far = made()[0], rocksalt(3, 9, 9.0)
    row = Relaxed(start.id, "0", "converged", 9, far, ENERGIES, "space_group", "from 1 to 2")
    assert judge_volume(row, start, 10.0).reason == "space_group"
    argon = Start("argon", rocksalt(18, 18), True, frozenset(), rocksalt(18, 18))  # noqa: FBT003 - whether it is measured
    assert judge_volume(Relaxed("argon", "0", "converged", 9, far, ENERGIES, None, None), argon, 10.0).reason is None
    unknown = Relaxed(start.id, "0", "exploded", None, None, {}, "not_relaxed", "exploded")
    assert judge_volume(unknown, start, None) == unknown


def test_the_estimate_is_good_enough_for_the_bound() -> None:
    # against Materials Project, which no test can carry, it deviates by 4.2 %, and the cells of the table by 1.8 %
    relaxed = {row.id: row.crystal.volume for row in table().values() if row.reason is None and row.crystal is not None}
    estimates = estimated_volumes(all_starts(), relaxed)
    logs = np.log([relaxed[name] / estimate for name, estimate in estimates.items()])
    assert len(logs) > 4_000
    assert logs.std() < 0.05
    assert np.mean(np.abs(np.expm1(logs)) < 0.15) > 0.985


def test_the_tracked_verdicts_are_what_judging_gives() -> None:
    again = {row.id: row for row in judged(all_starts(), table().values())}
    assert {name: row.reason for name, row in again.items()} == {name: row.reason for name, row in table().items()}
    for name, row in table().items():
        assert again[name].expected_from == row.expected_from
        assert (again[name].expected_volume or 0.0) == pytest.approx(row.expected_volume or 0.0, rel=1e-4)


def test_every_energy_is_of_a_cell_near_the_one_that_is_expected() -> None:
    with_energy = set(ids_with_energy())
    checked = 0
    for start in all_starts():
        row = table()[start.id]
        if start.id in with_energy and start.n_elements > 1:
            assert row.crystal is not None
            assert row.expected_volume is not None
            assert VOLUME_RATIO[0] <= row.crystal.volume / row.expected_volume <= VOLUME_RATIO[1], start.id
            checked += 1
    assert checked > 4_500


@pytest.mark.parametrize(
    ("identifier", "volume", "broken"),
    [
        # A^3 of the primitive cell, from measured lattice parameters in angstrom
        # V2O5: 11.512, 3.564, 4.368; R. Enjalbert and J. Galy, Acta Cryst. C 42, 1467 (1986)
        ("known-vanadium-pentoxide-V2O5", 11.512 * 3.564 * 4.368, False),
        # Cu3N: 3.819; U. Zachwieja and H. Jacobs, J. Less-Common Met. 161, 175 (1990)
        ("known-rhenium-trioxide-Cu3N", 3.819**3, False),
        # HoOCl: 3.893, 6.602; D. H. Templeton and C. H. Dauben, J. Am. Chem. Soc. 75, 6069 (1953)
        ("known-matlockite-HoClO", 3.893**2 * 6.602, True),
        # YbCl3: 6.73, 11.65, 6.38, 110.4 degrees; D. H. Templeton and G. F. Carter, J. Phys. Chem. 58, 940 (1954)
        ("known-aluminium-chloride-YbCl3", 6.73 * 11.65 * 6.38 * math.sin(math.radians(110.4)) / 2, True),
    ],
)
def test_cells_that_were_in_doubt_are_judged_by_measured_ones(identifier: str, volume: float, *, broken: bool) -> None:
    row, compound = table()[identifier], next(each for each in compounds() if each.id == identifier)
    assert row.crystal is not None
    assert row.expected_volume == pytest.approx(volume, rel=1e-5)
    assert (abs(row.crystal.volume / volume - 1.0) > 0.15) == broken
    assert row.reason == ("volume" if broken else None)
    assert (identifier in ids_with_energy()) == (not broken)
    (kept,) = pq.read_table(KNOWN_COMPOUNDS_FILE, filters=[("id", "=", identifier)]).to_pylist()
    assert (kept["energy"] is None) == (broken or compound.is_measured)
    if broken:
        assert abs(np.linalg.det(np.reshape(kept["lattice"], (3, 3)))) == pytest.approx(volume, rel=1e-5)


def test_the_definition_says_what_the_set_is_and_counts_what_has_no_energy() -> None:
    definition = load_definition(SETS / "starter.toml")
    (source,) = [source for source in definition.sources if source.name == "known-compounds"]
    for title in (definition.title, source.title):
        assert "known structure types" in title
        assert "cells by CHGNet" in title
    reasons = [row.reason for row in table().values() if row.reason]
    assert f"{reasons.count('volume')} crystals" in definition.not_for
    assert f"{len(reasons) - reasons.count('volume')} others" in definition.not_for
    assert "by the matching of this set" in definition.not_for


def test_the_table_says_what_each_row_was_computed_on() -> None:
    # before the device was kept, none was recorded; what was added or corrected since was computed on a CPU
    devices = {row.id: row.device for row in table().values()}
    assert set(devices.values()) == {NO_DEVICE, "cpu"}
    assert devices["known-zirconium-nickel-aluminium-ZrAsRu"] == "cpu"
    assert devices["known-rocksalt-MgO"] == NO_DEVICE


@cache
def ids_with_energy() -> frozenset[str]:
    """Ids of the entries of the hulls."""
    return frozenset(pa_csv.read_csv(ENERGIES_FILE)["id"].to_pylist())
