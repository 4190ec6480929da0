"""The element lattices: real structures only, with the numbers of neighbours their names promise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.data import reference_states

from metrics.measure.structure.convert import to_structure
from metrics.measure.structure.symmetry import symmetry_dataset
from reference_data.sources.base import SourceRefusal, SourceRow
from reference_data.sources.elements import Elements

# International numbers of the structure types (International Tables A): fcc and diamond, bcc, hcp and dhcp, simple
# cubic, tetragonal (In I4/mmm, Sn I4_1/amd), rhombohedral (R-3m).
SPACE_GROUPS = {
    "fcc": {225},
    "diamond": {227},
    "bcc": {229},
    "hcp": {194},
    "dhcp": {194},
    "sc": {221},
    "bct": {139, 141},
    "rhombohedral": {166},
}


Rows = list[SourceRow | SourceRefusal]


@pytest.fixture(scope="module")
def rows() -> Rows:
    source = Elements(
        kind="elements",
        name="elements",
        title="Elements",
        licence="LGPL-2.1-or-later",
        citation="ASE",
        doi=("10.1088/1361-648X/aa680e",),
        url="https://ase-lib.org",
    )
    return list(source.rows(Path()))


def test_every_element_is_a_crystal_or_a_refusal(rows: Rows) -> None:
    assert len(rows) == 103
    assert len({row.id for row in rows}) == 103


def test_lattices_have_the_symmetry_their_ids_say(rows: Rows) -> None:
    crystals = {row.id: row.crystal for row in rows if isinstance(row, SourceRow)}
    numbers = {identifier: symmetry_dataset(crystal, 1e-3).number for identifier, crystal in crystals.items()}
    wrong = [(name, number) for name, number in numbers.items() if number not in SPACE_GROUPS[name.rsplit("-", 1)[1]]]
    assert wrong == []


@pytest.mark.parametrize("symbol", ["U", "Np", "Pa", "Se", "Te", "Mn", "P", "S", "Ga"])
def test_a_cell_without_positions_is_refused_not_filled_with_one_atom(rows: Rows, symbol: str) -> None:
    (row,) = [row for row in rows if row.id == f"element-{symbol}"]
    assert isinstance(row, SourceRefusal)
    assert row.reason == "no_positions"


@pytest.mark.parametrize("symbol", ["H", "He", "N", "O", "F", "Pm", "Lr"])
def test_gases_and_unknown_structures_are_refused(rows: Rows, symbol: str) -> None:
    (row,) = [row for row in rows if row.id == f"element-{symbol}"]
    assert isinstance(row, SourceRefusal)
    assert row.reason == "no_lattice"


@pytest.mark.parametrize("symbol", ["La", "Pr", "Nd"])
def test_double_hexagonal_close_packing_has_twelve_neighbours_of_both_kinds(rows: Rows, symbol: str) -> None:
    (row,) = [row for row in rows if isinstance(row, SourceRow) and row.id == f"element-{symbol}-dhcp"]
    structure = to_structure(row.crystal)
    nearest = min(neighbour.nn_distance for site in structure for neighbour in structure.get_neighbors(site, 5.0))
    assert [len(structure.get_neighbors(site, 1.05 * nearest)) for site in structure] == [12] * 4
    # 12 first and 6 second neighbours (1.41 d) as in every close packing; then, along A B A C, an A has an A straight
    # above and below (1.63 d) behind the layer between, while behind B's and C's neighbouring A lies the other of them
    assert [len(structure.get_neighbors(site, 1.68 * nearest)) for site in structure] == [20, 18, 20, 18]
    # a and c/2 as tabulated for the folded cell
    state: dict[str, Any] = reference_states[row.crystal.atomic_numbers[0]] or {}
    assert np.linalg.norm(row.crystal.lattice[2]) / 2 == pytest.approx(state["a"] * state["c/a"])
