"""Crystals that come in parts are the entries that they are together."""

from __future__ import annotations

from typing import TypeAlias

import pyarrow as pa
import pytest

from reference_data.build.hull.crystal_entries import CrystalEntries
from reference_data.build.hull.hulls import build_hulls

Rows: TypeAlias = list[tuple[str, float | None]]
TOTALS: Rows = [("Na", -1.3), ("Cl", -1.8), ("NaCl", -3.5)]
NO_TOTALS: Rows = [("Na", None), ("KCl", None)]


def crystals(rows: Rows) -> pa.Table:
    ids = [f"{formula}-{total}" for formula, total in rows]
    return pa.table(
        {
            "id": ids,
            "source_ids": [[name] for name in ids],
            "reduced_formula": [formula for formula, _ in rows],
            "energy_per_atom": pa.array([total for _, total in rows], pa.float64()),
            "formation_energy_per_atom": pa.array([-0.5] * len(rows), pa.float64()),
            "energy_convention": ["pbe_mp2020"] * len(rows),
        }
    )


@pytest.mark.parametrize("parts", [[TOTALS, NO_TOTALS], [NO_TOTALS, TOTALS], [TOTALS + NO_TOTALS]])
def test_a_part_without_total_energies_changes_nothing(parts: list[Rows]) -> None:
    entries = CrystalEntries({})
    for part in parts:
        entries.add(crystals(part))
    assert entries.with_elements == {"pbe_mp2020"}
    assert sorted(entries.entries("pbe_mp2020")["reduced_formula"]) == ["Cl", "Na", "NaCl"]


@pytest.mark.parametrize("parts", [[NO_TOTALS], [[("NaCl", -3.5)]], [[("NaCl", -3.5)], NO_TOTALS]])
def test_without_an_element_there_is_no_hull(parts: list[Rows]) -> None:
    entries = CrystalEntries({})
    for part in parts:
        entries.add(crystals(part))
    assert not entries.with_elements


def test_no_hull_is_made_of_formation_energies_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert build_hulls([], tmp_path_factory.getbasetemp(), [crystals(NO_TOTALS)]) == []
