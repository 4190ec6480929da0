"""Hulls of a set: made of tables and of crystals, opened by convention, refused where they cannot be sound."""

from __future__ import annotations

import gzip
import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from metrics.measure.energy.hull import HullConventionError
from metrics.measure.running.local_engine import LocalEngine
from reference_data.build.build_set import build_set
from reference_data.build.hull.hulls import build_hulls
from reference_data.build.hull.inputs import HullSource
from reference_data.build.verify import differences
from reference_data.errors import ReferenceSetError
from reference_data.files.hulls import TABLES
from reference_data.reference import Reference, open_reference
from tests.reference_data.build.test_verify import accept
from tests.reference_data.conftest import ROCKSALT, SILICON, cif

if TYPE_CHECKING:
    from pathlib import Path

DESCRIBED = """\
title = "A table"
licence = "CC0-1.0"
citation = "Nobody, Nowhere (2026)"
doi = ["10.1000/table"]
url = "https://example.org"
"""
DEFINITION = f"""\
name = "salts"
title = "Rock salt, its elements and energies by three conventions"
licence = "CC0-1.0"
indicative = true
not_for = "Anything but tests."

[[sources]]
kind = "structure_table"
name = "crystals"
{DESCRIBED}
path = "crystals.csv"
id_column = "id"
energy_per_atom_column = "energy"
energy_convention = "own:chgnet"

[[hull]]
kind = "total_energies"
name = "other-potential"
{DESCRIBED}
path = "other.csv"
convention = "own:sevennet-0"
energy_column = "energy"

[[hull]]
kind = "formation_energies"
name = "dft"
{DESCRIBED}
path = "dft.json.gz"
convention = "pbe_mp2020"
energy_column = "e_form"
elements_at_zero = ["Na"]
elemental_references = "elements.json"
"""


def elemental(symbol: str, lattice: float) -> Structure:
    return Structure.from_spacegroup("Im-3m", Lattice.cubic(lattice), [symbol], [[0, 0, 0]])


@pytest.fixture(scope="module")
def salts(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("salts")
    caesium_chloride = Structure(Lattice.cubic(3.5), ["Na", "Cl"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
    copy = ROCKSALT.get_primitive_structure()
    rows = [
        ("a-salt", cif(ROCKSALT), "-3.4"),
        ("z-salt", cif(copy), "-3.5"),
        ("cscl", cif(caesium_chloride), "-3.3"),
        ("na", cif(elemental("Na", 4.2)), "-1.3"),
        ("cl", cif(elemental("Cl", 3.9)), "-1.8"),
        ("silicon", cif(SILICON), ""),
        ("wrong", cif(SILICON), "minus one"),
    ]
    pd.DataFrame(rows, columns=["id", "cif", "energy"]).to_csv(folder / "crystals.csv", index=False)
    other = [("x-na", "Na", -1.2), ("x-cl", "Cl2", -1.7), ("x-high", "Cl2", -1.6), ("x-salt", "NaCl", -3.2)]
    pd.DataFrame(other, columns=["id", "formula", "energy"]).to_csv(folder / "other.csv", index=False)
    dft = {"silicon": ("Si", 0.0), "d-cl": ("Cl2", 0.0), "d-salt": ("NaCl", -2.0)}
    content = {name: {"formula": formula, "e_form": energy} for name, (formula, energy) in dft.items()}
    (folder / "dft.json.gz").write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))
    elements = {"Na": ({"Na": 2.0}, -2.6), "Cl": ({"Cl": 4.0}, -7.4), "Si": ({"Si": 2.0}, -10.8)}
    entries = {
        symbol: {"composition": composition, "energy": energy, "correction": 0.0, "entry_id": f"t-{symbol}"}
        for symbol, (composition, energy) in elements.items()
    }
    (folder / "elements.json").write_text(json.dumps(entries))
    (folder / "salts.toml").write_text(DEFINITION, encoding="utf-8")
    build_set(folder / "salts.toml", folder / "salts", start_engine=partial(LocalEngine, 1), report=print)
    return open_reference(folder / "salts")


def test_a_set_holds_several_conventions_the_best_founded_first(salts: Reference) -> None:
    assert salts.conventions == ("pbe_mp2020", "own:chgnet", "own:sevennet-0")
    for name, schema in TABLES.values():
        table = pq.read_table(salts.folder / name)
        assert table.schema.equals(schema)
        assert table["energy_convention"].to_pylist() == sorted(table["energy_convention"].to_pylist())
    assert differences(salts.folder) == []


def test_elemental_energies_are_the_lowest_or_those_given(salts: Reference) -> None:
    # given: -2.6 eV for two atoms of Na, -7.4 for four of Cl, -10.8 for two of Si
    assert salts.elemental_references("pbe_mp2020") == pytest.approx({"Na": -1.3, "Cl": -1.85, "Si": -5.4})
    assert salts.elemental_references("own:chgnet") == {"Na": -1.3, "Cl": -1.8}
    assert salts.elemental_references("own:sevennet-0") == {"Na": -1.2, "Cl": -1.7}


def test_of_equal_crystals_the_lowest_in_energy_stands_and_all_are_placed(salts: Reference) -> None:
    crystals = {crystal.id: crystal for crystal in salts.crystals(range(salts.n_crystals))}
    assert set(crystals) == {"z-salt", "cscl", "na", "cl", "silicon"}
    assert crystals["z-salt"].source_ids == ("z-salt", "a-salt")
    # by hand: -3.5 - (-1.3 - 1.8) / 2; the CsCl type lies 0.2 above
    assert crystals["z-salt"].formation_energy_per_atom == pytest.approx(-1.95)
    assert crystals["z-salt"].e_above_hull == pytest.approx(0.0, abs=1e-12)
    assert crystals["cscl"].formation_energy_per_atom == pytest.approx(-1.75)
    assert crystals["cscl"].e_above_hull == pytest.approx(0.2)
    # without an energy of its own, but an entry of a table has its id
    silicon = crystals["silicon"]
    assert (silicon.energy_convention, silicon.formation_energy_per_atom) == ("pbe_mp2020", 0.0)
    refused = [json.loads(line) for line in (salts.folder / "refusals.jsonl").read_text().splitlines()]
    assert [(refusal["id"], refusal["reason"]) for refusal in refused] == [("wrong", "malformed_energy")]


def test_distances_are_those_of_the_convention_asked(salts: Reference) -> None:
    for convention, expected in (("pbe_mp2020", -2.0), ("own:chgnet", -1.95), ("own:sevennet-0", -1.75)):
        (answer,) = salts.hull(convention).distances(["NaCl"], [0.0], convention=convention)
        assert answer.e_above_hull == pytest.approx(-expected)
        assert [phase for phase, _ in answer.decomposition] == ["NaCl"]
    # Na, Cl, and two different crystals of NaCl; the four rows of the other table
    assert salts.hull("own:chgnet").distances(["NaCl"], [0.0], convention="own:chgnet")[0].n_entries == 4
    assert salts.hull("own:sevennet-0").distances(["NaCl"], [0.0], convention="own:sevennet-0")[0].n_entries == 4
    with pytest.raises(HullConventionError, match="pbe_mp2020, own:chgnet, own:sevennet-0"):
        salts.hull("own:chgnet").distances(["NaCl"], [0.0], convention="own:sevennet-0")


def test_the_manifest_says_where_the_entries_come_from(salts: Reference) -> None:
    dft, chgnet, other = salts.manifest.hulls
    assert (dft.n_entries, dft.n_vertices, dft.n_elemental_references, dft.n_of_crystals) == (4, 4, 3, 0)
    assert set(dft.sources[0].inputs) == {"dft.json.gz", "elements.json"}
    assert (chgnet.n_entries, chgnet.n_vertices, chgnet.n_of_crystals, chgnet.sources) == (4, 3, 4, ())
    assert (other.n_entries, other.n_vertices, other.sources[0].n_entries) == (4, 3, 4)


def test_a_convention_that_a_set_lacks_is_refused_with_those_it_has(salts: Reference, small_set: Path) -> None:
    with pytest.raises(ReferenceSetError, match=r"r2scan.*one of pbe_mp2020, own:chgnet, own:sevennet-0"):
        salts.hull("r2scan")
    without = open_reference(small_set)
    assert without.conventions == ()
    with pytest.raises(ReferenceSetError, match="has no hull of the energy convention 'own:chgnet'"):
        without.elemental_references("own:chgnet")


@pytest.mark.parametrize(
    ("file", "column", "name", "message"),
    [
        (
            "crystals.parquet",
            "e_above_hull",
            "cscl",
            "cscl: 0.7 eV/atom above the hull .* again 0.2",
        ),
        ("hull_vertices.parquet", "formation_energy_per_atom", "z-salt", "z-salt: .* looked up again -0.5"),
    ],
)
def test_a_hull_that_does_not_fit_the_crystals_is_noticed(
    salts: Reference, tmp_path: Path, file: str, column: str, name: str, message: str
) -> None:
    for path in salts.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    rows = pq.read_table(tmp_path / file).to_pylist()
    next(row for row in rows if row["id"] == name)[column] += 0.5
    pq.write_table(pa.Table.from_pylist(rows, schema=pq.read_schema(tmp_path / file)), tmp_path / file)
    accept(tmp_path)
    assert any(re.search(message, difference) for difference in differences(tmp_path))


def source(folder: Path, rows: list[tuple[str, str, float]], **settings: Any) -> HullSource:  # noqa: ANN401 - fields
    pd.DataFrame(rows, columns=["id", "formula", "energy_per_atom"]).to_csv(folder / "t.csv", index=False)
    fields: dict[str, Any] = {
        "kind": "total_energies",
        "name": "table",
        "title": "A table",
        "licence": "CC0-1.0",
        "citation": "Nobody (2026)",
        "doi": ("10.1000/table",),
        "url": "https://example.org",
        "path": "t.csv",
        "convention": "pbe_mp2020",
    }
    return HullSource(**fields | settings)


SOUND = [("na", "Na", -1.3), ("cl", "Cl2", -1.85), ("salt", "NaCl", -3.5)]
OXYGEN = [(f"o{n}", f"MgO{n}", -4.0) for n in range(1, 6)]


@pytest.mark.parametrize(
    ("rows", "settings", "message"),
    [
        (SOUND[1:], {}, r"no elemental entry of Na \(needed by NaCl\)"),
        ([*SOUND, ("salt", "NaCl", -3.4)], {}, r"1 ids occur more than once .*\(salt\)"),
        ([*SOUND, ("x", "NaXx", -3.4)], {}, "'NaXx' .Xx is no element"),
        ([*SOUND, ("x", "Na(Cl", -3.4)], {}, "'Na.Cl' .*is no formula"),
        # an oxygen that a potential had put at -24.8 eV/atom
        ([*SOUND, ("o", "O2", -24.8)], {}, r"elemental energies of pbe_mp2020 are outliers: O -24.80"),
        # the same on a scale without a tabulated range: oxides come out far above zero
        (
            [("mg", "Mg", -1.6), ("o", "O2", -14.0), *OXYGEN],
            {"convention": "r2scan"},
            "compounds of (Mg|O) have a median formation energy of .* it is far too low",
        ),
        ([*SOUND, ("x", "NaCl3", -9.0)], {}, "1 formation energies of pbe_mp2020 are impossible, as that of x"),
        ([*SOUND, ("x", "NaCl3", 90.0)], {}, "are impossible, as that of x"),
        (SOUND, {"elements_at_zero": ("Na",)}, "elements_at_zero of pbe_mp2020 names Na"),
        (
            [("na", "Na", 0.0), ("cl", "Cl2", -0.5), ("salt", "NaCl", -2.0)],
            {"kind": "formation_energies"},
            "have formation energies of their own: Cl -0.500",
        ),
    ],
)
def test_entries_that_make_no_sound_hull_are_refused_with_the_reason(
    tmp_path: Path, rows: list[tuple[str, str, float]], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ReferenceSetError, match=message):
        build_hulls([source(tmp_path, rows, **settings)], tmp_path, [])


def test_one_compressed_crystal_far_above_the_hull_is_no_fault(tmp_path: Path) -> None:
    rows = [*SOUND, *((f"s{n}", "NaCl", -3.0) for n in range(200)), ("compressed", "NaCl2", 9.0)]
    (hull,) = build_hulls([source(tmp_path, rows)], tmp_path, [])
    assert hull.record.n_entries == 204
    assert hull.record.n_vertices == 3


def test_crystals_of_another_convention_than_they_state_are_found_by_their_ids(tmp_path: Path) -> None:
    rows = [("na", "Na", 0.0), ("o", "O2", 0.0), *((f"x{n}", f"Na{n}O", -1.0) for n in range(1, 30))]
    table = source(tmp_path, rows, kind="formation_energies")
    crystals: dict[str, list[Any]] = {
        "id": [f"x{n}" for n in range(1, 30)],
        "source_ids": [[f"x{n}"] for n in range(1, 30)],
        "reduced_formula": [f"Na{n}O" for n in range(1, 30)],
        "energy_per_atom": [None] * 29,
        # without the correction of oxides
        "formation_energy_per_atom": [-1.0 + 0.687 / (n + 1) for n in range(1, 30)],
        "energy_convention": ["pbe_mp2020"] * 29,
    }
    with pytest.raises(ReferenceSetError, match="that have the same id differ by a median of 0"):
        build_hulls([table], tmp_path, [pa.table(crystals)])
