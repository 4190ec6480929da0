"""A CIF that the app writes is read back as the same crystal by the reader that submissions go through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaderboard.crystal_cif import block_name, cif_text, reduced_formula
from metrics.crystal import Crystal
from submissions.read import parse, split
from tests.made_runs import caesium_chloride

if TYPE_CHECKING:
    from pathlib import Path

# halves of a lattice vector of their own for each site, so that no two lie on each other
sites = st.lists(st.tuples(*[st.floats(0.0, 0.4)] * 3), min_size=1, max_size=4)
lengths = st.tuples(*[st.floats(3.0, 12.0)] * 3)
shears = st.tuples(*[st.floats(-0.3, 0.3)] * 3)


def read_back(folder: Path, crystal: Crystal, name: str = "made") -> Crystal:
    path = folder / "made.cif"
    path.write_text(cif_text(crystal, name))
    [record] = split(path)
    return parse(record)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(lengths=lengths, shears=shears, positions=sites, handed=st.sampled_from([1, -1]))
def test_what_is_written_reads_back_as_the_same_crystal(
    tmp_path: Path,
    lengths: tuple[float, ...],
    shears: tuple[float, ...],
    positions: list[tuple[float, ...]],
    handed: int,
) -> None:
    lattice = np.diag(lengths)
    lattice[1, 0], lattice[2, 0], lattice[2, 1] = np.array(shears) * 3.0
    lattice[2] *= handed
    corners = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]])[: len(positions)]
    crystal = Crystal.from_arrays(lattice, corners + positions, [8, 26, 26, 55][: len(positions)])
    again = read_back(tmp_path, crystal)
    assert sorted(again.atomic_numbers) == sorted(crystal.atomic_numbers)
    # rotations leave the products of the cell's vectors as they are, and turn no crystal into its mirror image
    positive = crystal.lattice * handed
    assert np.allclose(again.lattice @ again.lattice.T, positive @ positive.T, rtol=1e-6, atol=1e-6)
    assert np.linalg.det(again.lattice) > 0
    order, other = (np.argsort(each.atomic_numbers, kind="stable") for each in (crystal, again))
    shift = handed * crystal.frac_coords[order] - again.frac_coords[other]
    assert np.allclose(shift, np.rint(shift), atol=1e-8)


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("a.cif", "a.cif"),
        ("data 1\n_x", "data_1_x"),
        ("\u202e<script>", "script"),
        ("...", "structure"),
        ("../../etc/passwd", "etc_passwd"),
        ("x" * 200, "x" * 75),
    ],
)
def test_any_id_becomes_a_name_that_a_cif_and_a_file_can_have(tmp_path: Path, identifier: str, name: str) -> None:
    assert block_name(identifier) == name
    crystal = caesium_chloride()
    assert read_back(tmp_path, crystal, identifier).n_sites == 2


def test_a_formula_is_reduced() -> None:
    crystal = Crystal.from_arrays(9 * np.eye(3), np.arange(18).reshape(6, 3) / 18, [8, 8, 22, 22, 8, 8])
    assert reduced_formula(crystal) == "TiO2"
