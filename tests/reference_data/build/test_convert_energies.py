"""Energies of rows are corrected one by one, and what cannot be keeps its crystal and loses its energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from metrics.crystal import Crystal
from metrics.measure.energy.mp2020 import mp2020_correction
from metrics.measure.running.engine import Engine
from reference_data.build.convert_energies import Conversion, convert_energies
from reference_data.build.merge import MeasuredRow
from reference_data.sources.base import SourceRow

if TYPE_CHECKING:
    from collections.abc import Iterator

OXIDE_OF_NICKEL = Crystal.from_arrays(2.09 * (1 - np.eye(3)), [[0, 0, 0], [0.5, 0.5, 0.5]], [28, 8])
SALT = Crystal.from_arrays(2.8 * (1 - np.eye(3)), [[0, 0, 0], [0.5, 0.5, 0.5]], [11, 17])
OQMD = {"oqmd": {"O": {"Ni": 6.4}}}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(1) as running:
        yield running


def row(name: str, crystal: Crystal, source: str = "mp", **changes: object) -> MeasuredRow:
    facts = {"energy_per_atom": -5.0, "energy_convention": "pbe_uncorrected", **changes}
    return MeasuredRow(SourceRow(name, source, crystal, **facts), {})  # type: ignore[arg-type]


def energies(rows: list[MeasuredRow]) -> dict[str, tuple[float | None, str | None]]:
    return {measured.row.id: (measured.row.energy_per_atom, measured.row.energy_convention) for measured in rows}


def test_each_row_is_corrected_by_itself_and_what_cannot_be_is_counted(engine: Engine) -> None:
    rows = [
        row("mp-1", OXIDE_OF_NICKEL),
        row("oqmd-1", OXIDE_OF_NICKEL, "oqmd"),
        row("oqmd-2", SALT, "oqmd"),
        row("r2scan", SALT, energy_convention="r2scan", formation_energy_per_atom=-1.0),
        row("corrected", SALT, energy_convention="pbe_mp2020", formation_energy_per_atom=-1.0),
        row("formation", SALT, energy_per_atom=None, formation_energy_per_atom=-2.0),
        row("nothing", SALT, energy_per_atom=None, energy_convention=None),
    ]
    done = convert_energies(rows, Conversion("pbe_mp2020", OQMD), engine)
    assert energies(done.rows) == {
        "mp-1": (-5.0 + mp2020_correction(OXIDE_OF_NICKEL) / 2, "pbe_mp2020"),
        "oqmd-1": (None, None),
        "oqmd-2": (-5.0 + mp2020_correction(SALT) / 2, "pbe_mp2020"),
        "r2scan": (-5.0, "r2scan"),
        "corrected": (-5.0, "pbe_mp2020"),
        "formation": (None, None),
        "nothing": (None, None),
    }
    assert done.n_converted == {"mp": 1, "oqmd": 1}
    assert done.left_out == {"oqmd": {"other_hubbard_u": 1}, "mp": {"formation_energy_alone": 1}}
    assert [measured.row.formation_energy_per_atom for measured in done.rows] == [None] * 3 + [-1.0, -1.0, None, None]
    assert [measured.row.crystal for measured in done.rows] == [measured.row.crystal for measured in rows]


def test_without_a_convention_to_convert_to_energies_stay_as_they_are(engine: Engine) -> None:
    rows = [row("mp-1", OXIDE_OF_NICKEL)]
    done = convert_energies(rows, Conversion(), engine)
    assert (done.rows, done.n_converted, done.left_out) == (rows, {}, {})
