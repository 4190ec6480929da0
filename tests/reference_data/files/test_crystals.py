"""The table of crystals: rows by number, whatever the row groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from reference_data.files.crystals import SCHEMA, CrystalTable, write_crystals

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=[1, 3, 1_024])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> CrystalTable:
    rows = [
        {
            "id": f"row-{number}",
            "source_ids": [f"row-{number}"],
            "sources": ["made"],
            "reduced_formula": "Cu",
            "anonymous_formula": "A",
            "chemical_system": "Cu",
            "n_sites": 1,
            "lattice": [2.0, 0, 0, 0, 2.0, 0, 0, 0, 2.0 + number],
            "frac_coords": [0.0, 0.25, 0.5],
            "atomic_numbers": [29],
            "space_group": None,
            "keys": [f"Cu:1:{number}"],
            "bawl": None,
            "bawls": [None],
            "prototype": None,
        }
        for number in range(10)
    ]
    path = tmp_path / "crystals.parquet"
    write_crystals([pa.Table.from_pylist(rows, schema=SCHEMA)], path, row_group_rows=request.param)
    return CrystalTable(path)


def test_rows_come_in_the_order_asked(table: CrystalTable) -> None:
    crystals = table.crystals([7, 0, 9, 7])
    assert [crystal.id for crystal in crystals] == ["row-7", "row-0", "row-9", "row-7"]
    assert [crystal.row for crystal in crystals] == [7, 0, 9, 7]
    assert [crystal.crystal.lattice[2, 2] for crystal in crystals] == [9.0, 2.0, 11.0, 9.0]
    assert crystals[0].crystal.frac_coords.tolist() == [[0.0, 0.25, 0.5]]
    assert crystals[0].space_group is None


def test_no_rows_asked_gives_none(table: CrystalTable) -> None:
    assert table.crystals([]) == []
    assert table.rows([], ["keys"]).num_rows == 0


@pytest.mark.parametrize("number", [-1, 10])
def test_a_row_outside_the_table_is_an_error(table: CrystalTable, number: int) -> None:
    with pytest.raises(IndexError, match="table of 10"):
        table.crystals([number])


@pytest.mark.parametrize("cut", [1, 3, 4, 10])
def test_the_bytes_do_not_depend_on_the_pieces(table: CrystalTable, tmp_path: Path, cut: int) -> None:
    whole = table.rows(range(10))
    write_crystals([whole], tmp_path / "whole", row_group_rows=4)
    write_crystals((whole.slice(at, cut) for at in range(0, 10, cut)), tmp_path / "pieces", row_group_rows=4)
    assert (tmp_path / "pieces").read_bytes() == (tmp_path / "whole").read_bytes()
