"""Tables of CIFs: each row a crystal or a reason, whole-file faults one clear error."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from reference_data.build.definition import load_definition
from reference_data.errors import ReferenceSetError
from reference_data.files.crystals import CRYSTALS_FILE
from reference_data.reference import open_reference
from reference_data.sources.base import SourceRefusal, SourceRow
from reference_data.sources.structure_table import StructureTable

if TYPE_CHECKING:
    from pathlib import Path


def table_source(path: Path, **settings: str | tuple[str, ...]) -> StructureTable:
    fields: dict[str, Any] = {
        "kind": "structure_table",
        "name": "table",
        "title": "A table",
        "licence": "CC0-1.0",
        "citation": "Nobody (2026)",
        "doi": ("10.1000/table",),
        "url": "https://example.org",
        "path": path,
        "id_column": "id",
    }
    return StructureTable(**fields | settings)


def test_each_row_is_a_crystal_or_a_refusal_with_its_reason(small_definition: Path) -> None:
    first, second = load_definition(small_definition).sources
    rows = list(first.rows(small_definition.parent))
    assert [row.id for row in rows if isinstance(row, SourceRow)] == ["b-salt", "b-silicon", "b-alone"]
    refused = {row.id: row.reason for row in rows if isinstance(row, SourceRefusal)}
    assert refused == {"b-mixed": "partial_occupancy", "b-garbage": "malformed", "b-empty": "empty_cell"}
    published = {row.id: row.bawl for row in second.rows(small_definition.parent) if isinstance(row, SourceRow)}
    assert published == {"a-salt": "published-salt", "c-salt-cscl": None, "b-silicon": None, "c-copper": "x"}


def test_the_words_of_the_first_definitions_are_still_read(small_definition: Path) -> None:
    text = (
        small_definition.read_text().replace("structure_table", "cif_table").replace("structure_column", "cif_column")
    )
    old = small_definition.with_name("old.toml")
    old.write_text(text)
    first, second = load_definition(old).sources
    assert isinstance(second, StructureTable)
    assert second.structure_column == "text"
    assert [row.id for row in first.rows(old.parent)] == [
        row.id for row in load_definition(small_definition).sources[0].rows(old.parent)
    ]


ROCKSALT_ARRAYS = {
    "lattice": [0.0, 2.82, 2.82, 2.82, 0.0, 2.82, 2.82, 2.82, 0.0],
    "frac_coords": [0.0, 0.0, 0.0, 0.5, 0.5, 0.5],
    "atomic_numbers": [11, 17],
}


def test_the_crystals_of_a_set_are_a_source(small_set: Path) -> None:
    crystals = open_reference(small_set).crystals(range(4))
    source = table_source(small_set / CRYSTALS_FILE, array_columns=tuple(ROCKSALT_ARRAYS))
    for row, crystal in zip(source.rows(small_set), crystals, strict=True):
        assert isinstance(row, SourceRow)
        assert row.id == crystal.id
        assert (row.crystal.lattice == crystal.crystal.lattice).all()
        assert (row.crystal.frac_coords == crystal.crystal.frac_coords).all()
        assert (row.crystal.atomic_numbers == crystal.crystal.atomic_numbers).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"lattice": [[0.0, 2.82, 2.82], [2.82, 0.0, 2.82], [2.82, 2.82, 0.0]]}, None),
        ({"lattice": None}, "empty_cell"),
        ({"atomic_numbers": []}, "empty_cell"),
        ({"atomic_numbers": ["Na", "Cl"]}, "malformed"),
        ({"atomic_numbers": [11, 17, 17]}, "malformed"),
        ({"atomic_numbers": [11, 170]}, "unknown_element"),
        ({"lattice": [0.0] * 9}, "zero_volume"),
        ({"frac_coords": [0.0, 0.0, 0.0, 0.5, 0.5, "half"]}, "malformed"),
    ],
)
def test_arrays_are_a_crystal_or_say_why_not(tmp_path: Path, change: dict[str, Any], reason: str | None) -> None:
    (tmp_path / "t.json").write_text(json.dumps([{"id": "x", **ROCKSALT_ARRAYS, **change}]))
    (row,) = table_source(tmp_path / "t.json", array_columns=tuple(ROCKSALT_ARRAYS)).rows(tmp_path)
    assert getattr(row, "reason", None) == reason
    if isinstance(row, SourceRow):
        # the fcc primitive cell of NaCl, a = 5.64 A
        assert row.crystal.volume == pytest.approx(5.64**3 / 4)


def test_a_missing_array_and_a_second_column_of_structures_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps([{"id": "x", "lattice": [0.0] * 9}]))
    with pytest.raises(ReferenceSetError, match="no field frac_coords, atomic_numbers; expected one of id, lattice"):
        list(table_source(tmp_path / "t.json", array_columns=tuple(ROCKSALT_ARRAYS)).rows(tmp_path))
    with pytest.raises(ValidationError, match="only one of structure_column and array_columns"):
        table_source(tmp_path / "t.json", array_columns=tuple(ROCKSALT_ARRAYS), structure_column="cif")


def test_long_rows_and_rows_without_id_of_a_gzipped_csv(tmp_path: Path) -> None:
    # 500 sites make a CIF of several hundred lines, quoted over them
    structure = Structure(Lattice.cubic(30), ["Cu"] * 500, [[i / 500, i / 500, i / 500] for i in range(500)])
    text = str(structure.to(fmt="cif"))
    with pa.output_stream(tmp_path / "t.csv.gz", compression="gzip") as stream:
        stream.write(f'id,cif\nlong,"{text}"\n,"{text}"\n'.encode())
    long, nameless = table_source(tmp_path / "t.csv.gz").rows(tmp_path)
    assert isinstance(long, SourceRow)
    assert long.crystal.n_sites == 500
    assert isinstance(nameless, SourceRefusal)
    assert (nameless.reason, "no id" in nameless.detail) == ("empty_cell", True)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.csv", None, "no file"),
        ("t.xlsx", b"x", "unknown kind"),
        ("t.parquet", b"PAR1 but cut off", "cannot be read"),
        ("t.csv", b"id,structure\n1,2\n", "no column cif; expected one of id, structure"),
        ("t.csv", b"", "cannot be read"),
        ("t.csv.gz", gzip.compress(b"id,cif\na,b\n" * 99, mtime=0)[:-12], "cannot be read"),
        ("t.csv.gz", b"not gzip", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_a_table_of_cifs_is_one_clear_error(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ReferenceSetError, match=message):
        list(table_source(tmp_path / name).rows(tmp_path))


def test_wrong_column_of_a_parquet_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"name": ["a"], "cif": ["b"]}), tmp_path / "t.parquet")
    with pytest.raises(ReferenceSetError, match="no column id; expected one of name, cif"):
        list(table_source(tmp_path / "t.parquet").rows(tmp_path))
