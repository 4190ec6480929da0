"""Energies of rows are corrected one by one, and what cannot be keeps its crystal and loses its energy."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from metrics.crystal import Crystal
from metrics.measure.energy.mp2020 import mp2020_correction
from metrics.measure.running.local_engine import LocalEngine
from reference_data.build.build_set import build_set
from reference_data.build.convert_energies import Conversion, convert_energies
from reference_data.build.merge import MeasuredRow
from reference_data.reference import open_reference
from reference_data.sources.base import SourceRow
from submissions.elements import SYMBOLS
from tests.reference_data.conftest import DATA
from tests.reference_data.lemat_files import lemat_row, write_lemat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics.measure.running.engine import Engine

OXIDE_OF_NICKEL = Crystal.from_arrays(2.09 * (1 - np.eye(3)), [[0.0] * 3, [0.5] * 3], [28, 8])
SALT = Crystal.from_arrays(2.8 * (1 - np.eye(3)), [[0.0] * 3, [0.5] * 3], [11, 17])
ELEMENTS = "mp_elemental_reference_entries.json.gz"
OQMD = {"oqmd": {"O": {"Ni": 6.4}}}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(1) as running:
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


DEFINITION = """\
name = "oxides"
title = "Two oxides and their elements"
licence = "CC-BY-4.0"
indicative = true
not_for = "Anything but tests."
{conversion}
[[sources]]
kind = "lemat_bulk"
name = "rows"
title = "Rows in LeMat-Bulk's schema"
licence = "CC-BY-4.0"
citation = "A. Jain et al., APL Mater. 1, 011002 (2013)"
doi = ["10.1063/1.4812323"]
url = "https://materialsproject.org"
path = "rows.parquet"
energy_convention = "pbe_uncorrected"
"""


@pytest.mark.parametrize(
    ("conversion", "convention", "expected"),
    [
        # formation energies in eV/atom, known before from the Materials Project's energies: with the corrections those
        # that it publishes, without what PBE+U of the oxide less PBE of the elements gives
        ('convert_energies_to = "pbe_mp2020"', "pbe_mp2020", {"NiO": -1.22, "FeO": -1.48}),
        ("", "pbe_uncorrected", {"NiO": 0.40, "FeO": -0.01}),
    ],
    ids=["corrected", "uncorrected"],
)
def test_oxides_of_the_u_elements_have_their_known_formation_energies(
    tmp_path: Path, conversion: str, convention: str, expected: dict[str, float]
) -> None:
    published, elements = DATA / "reference" / "mp_formation_energies.json.gz", DATA / "reference" / ELEMENTS
    if not published.is_file():
        pytest.skip(f"no {published}; set LEADERBOARD_TEST_DATA to the folder of test data")
    formation = {row["formula"]: row["e_form"] for row in json.loads(gzip.decompress(published.read_bytes())).values()}
    per_atom = {
        symbol: entry["energy"] / sum(entry["composition"].values())
        for symbol, entry in json.loads(gzip.decompress(elements.read_bytes())).items()
    }
    rows = []
    for formula in ("Ni", "Fe", "O2", "NiO", "FeO"):
        crystal = open_reference("starter").rows_of_formulas([formula])[0].crystal
        amounts = Counter(SYMBOLS[number - 1] for number in crystal.atomic_numbers.tolist())
        energy = sum(per_atom[symbol] * amount for symbol, amount in amounts.items())
        if formula in formation and len(amounts) > 1:
            energy += formation[formula] * crystal.n_sites - mp2020_correction(crystal)
        rows.append(lemat_row(formula, crystal, energy=energy))
    write_lemat(rows, tmp_path / "rows.parquet")
    (tmp_path / "oxides.toml").write_text(DEFINITION.format(conversion=conversion), encoding="utf-8")
    build_set(
        tmp_path / "oxides.toml", tmp_path / "set", start_engine=partial(LocalEngine, 1), report=lambda _line: None
    )
    reference = open_reference(tmp_path / "set")
    assert reference.conventions == (convention,)
    built = {crystal.reduced_formula: crystal for crystal in reference.rows_of_formulas(expected)}
    energies = {formula: crystal.formation_energy_per_atom for formula, crystal in built.items()}
    assert energies == pytest.approx(expected, abs=0.006)
