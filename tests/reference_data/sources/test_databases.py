"""Materials Project, Alexandria and OQMD in their own formats: structures, energies in eV/atom, reasons."""

from __future__ import annotations

import bz2
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.entries.computed_entries import ComputedStructureEntry

from metrics.measure.structure.convert import from_structure
from reference_data.errors import ReferenceSetError
from reference_data.sources import AnySource
from reference_data.sources.base import Source, SourceRefusal, SourceRow
from tests.reference_data.conftest import ROCKSALT, SILICON, cif

if TYPE_CHECKING:
    from pathlib import Path


def source(kind: str, **settings: Any) -> Source:  # noqa: ANN401 - settings of a source
    fields = {
        "kind": kind,
        "name": "own",
        "title": "A database",
        "licence": "CC-BY-4.0",
        "citation": "Nobody (2026)",
        "doi": ("10.1000/own",),
        "url": "https://example.org",
    }
    validated: Source = TypeAdapter(AnySource).validate_python(fields | settings)
    return validated


def split(source: Source, folder: Path) -> tuple[dict[str, SourceRow], dict[str, str]]:
    """Rows by id, and reasons of the refusals by id."""
    rows = list(source.rows(folder))
    refused = {row.id: row.reason for row in rows if isinstance(row, SourceRefusal)}
    return {row.id: row for row in rows if isinstance(row, SourceRow)}, refused


def same(row: SourceRow, structure: Structure) -> bool:
    """Whether a row is this very structure, site by site."""
    return row.crystal.sha256 == from_structure(structure).sha256


def energies(row: SourceRow) -> tuple[float | None, float | None, str | None]:
    return row.energy_per_atom, row.formation_energy_per_atom, row.energy_convention


def entry(structure: Structure, energy: float, correction: float, **data: object) -> dict[str, Any]:
    """As pymatgen writes it, which is what Alexandria's files hold."""
    made: dict[str, Any] = ComputedStructureEntry(structure, energy, correction=correction, data=data).as_dict()
    return made


def test_alexandria_gives_its_energies_by_convention(tmp_path: Path) -> None:
    left_handed = SILICON.copy().as_dict()
    left_handed["lattice"]["matrix"] = [[-5.43, 0, 0], [0, 5.43, 0], [0, 0, 5.43]]
    entries = [
        entry(ROCKSALT, -28.0, -2.0, mat_id="agm1", e_form=-2.1),
        entry(SILICON, -43.2, 0.0, mat_id="agm2"),
        {"data": {"mat_id": "agm3"}, "structure": left_handed, "energy": -43.2, "correction": 0.0},
        {"data": {"mat_id": "agm4"}, "structure": {"lattice": {}}, "energy": 1.0, "correction": 0.0},
        {"data": {"mat_id": "agm5"}, "structure": ROCKSALT.as_dict(), "energy": "low", "correction": 0.0},
        {"data": {"mat_id": "agm6"}, "structure": ROCKSALT.as_dict(), "energy": -28.0},
        {"data": {}, "structure": ROCKSALT.as_dict(), "energy": -28.0},
    ]
    text = json.dumps({"@class": "x", "entries": entries})
    (tmp_path / "alexandria_000.json.bz2").write_bytes(bz2.compress(text.encode()))
    corrected, refused = split(
        source("alexandria", path="alexandria_*.json.bz2", energy_convention="pbe_mp2020"), tmp_path
    )
    # eight sites in both cells: (-28 - 2) / 8 and -43.2 / 8
    assert energies(corrected["agm1"]) == (-3.75, -2.1, "pbe_mp2020")
    assert energies(corrected["agm2"]) == (-5.4, None, "pbe_mp2020")
    assert same(corrected["agm1"], ROCKSALT)
    assert from_structure(SILICON).volume == pytest.approx(corrected["agm3"].crystal.volume)
    assert refused == {"agm4": "malformed", "agm5": "malformed_energy", "agm6": "no_correction", "": "empty_cell"}
    plain, _ = split(source("alexandria", path="alexandria_*.json.bz2", energy_convention="pbe_uncorrected"), tmp_path)
    assert energies(plain["agm1"]) == (-3.5, None, "pbe_uncorrected")
    none, _ = split(source("alexandria", path="alexandria_*.json.bz2"), tmp_path)
    assert energies(none["agm1"]) == (None, None, None)
    with pytest.raises(ValueError, match=r"pbe_mp2020 or pbe_uncorrected, got r2scan"):
        source("alexandria", path="x", energy_convention="r2scan")


# Phases as the API of OQMD answers; caesium chloride has one of each at the corner and in the middle.
PHASES = [
    {
        "entry_id": 4061139,
        "name": "CsCl",
        "unit_cell": [[4.2, 0, 0], [0, 4.2, 0], [0, 0, 4.2]],
        "sites": ["Cs @ 0 0 0", "Cl @ 0.5 0.5 0.5"],
        "delta_e": -2.2,
        "stability": 0.02,
    },
    {"entry_id": 2, "unit_cell": [[4.2, 0, 0], [0, 4.2, 0], [0, 0, 4.2]], "sites": ["Cs 0 0 0"], "delta_e": None},
    {"entry_id": 3, "unit_cell": [[4.2, 0, 0], [0, 4.2, 0]], "sites": ["Cs @ 0 0 0"], "delta_e": None},
    {"entry_id": 4, "unit_cell": [[4.2, 0, 0], [0, 4.2, 0], [0, 0, 4.2]], "sites": ["X @ 0 0 0"], "delta_e": None},
    {"entry_id": 5, "unit_cell": [[4.2, 0, 0], [0, 4.2, 0], [0, 0, 4.2]], "sites": [], "delta_e": None},
    {"entry_id": 6, "unit_cell": [[4.2, 0, 0], [0, 4.2, 0], [0, 0, 4.2]], "sites": "", "delta_e": None},
]
CAESIUM_CHLORIDE = Structure(Lattice.cubic(4.2), ["Cs", "Cl"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])


@pytest.mark.parametrize("ending", [".json", ".csv.gz", ".parquet"])
def test_oqmd_is_read_as_answer_of_its_api_and_as_table(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"oqmd{ending}"
    table = pa.Table.from_pylist(
        [phase | {name: json.dumps(phase[name]) for name in ("unit_cell", "sites")} for phase in PHASES]
    )
    if ending == ".json":
        path.write_text(json.dumps({"resource": {}, "data": PHASES, "meta": {}}), encoding="utf-8")
    elif ending == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.output_stream(path, compression="gzip") as stream:
            pa_csv.write_csv(table, stream)
    rows, refused = split(source("oqmd", path=path, energy_convention="pbe_uncorrected"), tmp_path)
    assert list(rows) == ["oqmd-4061139"]
    assert same(rows["oqmd-4061139"], CAESIUM_CHLORIDE)
    assert energies(rows["oqmd-4061139"]) == (None, -2.2, "pbe_uncorrected")
    assert refused == {
        "oqmd-2": "malformed",
        "oqmd-3": "malformed",
        "oqmd-4": "unknown_element",
        "oqmd-5": "empty",
        "oqmd-6": "malformed",
    }


@pytest.mark.parametrize("ending", [".json", ".jsonl", ".parquet", ".csv"])
def test_materials_project_is_read_as_documents_and_as_table(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"mp{ending}"
    dicts = ending in {".json", ".jsonl"}
    documents = [
        {
            "material_id": name,
            "structure": structure.as_dict() if dicts else json.dumps(structure.as_dict()),
            "energy_per_atom": energy,
            "formation_energy_per_atom": formation,
        }
        for name, structure, energy, formation in (("mp-1", ROCKSALT, -3.5, -2.1), ("mp-2", SILICON, None, 0.0))
    ]
    if ending == ".json":
        path.write_text(json.dumps(documents), encoding="utf-8")
    elif ending == ".jsonl":
        path.write_text("\n".join(map(json.dumps, documents)), encoding="utf-8")
    elif ending == ".parquet":
        pq.write_table(pa.Table.from_pylist(documents), path)
    else:
        pa_csv.write_csv(pa.Table.from_pylist(documents), path)
    rows, refused = split(source("materials_project", path=path, energy_convention="pbe_mp2020"), tmp_path)
    assert not refused
    assert same(rows["mp-1"], ROCKSALT)
    assert same(rows["mp-2"], SILICON)
    assert energies(rows["mp-1"]) == (-3.5, -2.1, "pbe_mp2020")
    assert energies(rows["mp-2"]) == (None, 0.0, "pbe_mp2020")


def test_materials_project_takes_a_table_of_cifs_without_energies(tmp_path: Path) -> None:
    table = pa.table({"material_id": ["mp-1", "mp-2"], "cif": [cif(ROCKSALT), ""], "band_gap": [5.0, 1.1]})
    pa_csv.write_csv(table, tmp_path / "mp.csv")
    rows, refused = split(source("materials_project", path="mp.csv"), tmp_path)
    assert list(rows) == ["mp-1"]
    assert refused == {"mp-2": "empty_cell"}
    pa_csv.write_csv(table.drop(["cif"]), tmp_path / "mp.csv")
    with pytest.raises(ReferenceSetError, match="structure or cif among them"):
        list(source("materials_project", path="mp.csv").rows(tmp_path))


def test_any_table_gives_energies_from_the_columns_that_are_named(tmp_path: Path) -> None:
    table = pa.table({"n": [1, 2], "text": [cif(ROCKSALT)] * 2, "total": [-28.0, None], "formed": [-2.1, None]})
    pq.write_table(table, tmp_path / "t.parquet")
    settings = {"path": "t.parquet", "id_column": "n", "structure_column": "text", "energy_column": "total"}
    table = source("structure_table", **settings, formation_energy_column="formed", energy_convention="pbe_uncorrected")
    rows, _ = split(table, tmp_path)
    assert energies(rows["1"]) == (-3.5, -2.1, "pbe_uncorrected")
    assert energies(rows["2"]) == (None, None, None)
    with pytest.raises(ValueError, match="go together, got only one"):
        source("structure_table", **settings)
    with pytest.raises(ValueError, match="only one of energy_column and energy_per_atom_column"):
        source("structure_table", **settings, energy_per_atom_column="x", energy_convention="toy")
