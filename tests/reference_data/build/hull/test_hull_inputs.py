"""Tables of energies in every form, and each way to be refused."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from pydantic import ValidationError

from reference_data.build.definition import load_definition
from reference_data.build.hull.hulls import build_hulls
from reference_data.build.hull.inputs import HullSource
from reference_data.errors import ReferenceSetError
from tests.metrics.hull_entries import DATA

if TYPE_CHECKING:
    from pathlib import Path

TABLE = pd.DataFrame({"id": ["a", "b"], "formula": ["Na", "Cl2"], "energy_per_atom": [-1.3, -1.85]})
OBJECT = {"a": {"formula": "Na", "energy_per_atom": -1.3}, "b": {"formula": "Cl2", "energy_per_atom": -1.85}}


def table(path: str, **settings: Any) -> HullSource:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "kind": "total_energies",
        "name": "table",
        "title": "A table",
        "licence": "CC0-1.0",
        "citation": "Nobody (2026)",
        "doi": ("10.1000/table",),
        "url": "https://example.org",
        "path": path,
        "convention": "pbe_mp2020",
    }
    return HullSource(**fields | settings)


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet", "t.json", "t.json.gz"])
def test_all_forms_give_the_same_entries(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.startswith("t.json"):
        text = json.dumps(OBJECT).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    elif name.endswith("parquet"):
        TABLE.to_parquet(path)
    else:
        TABLE.to_csv(path, index=False)
    entries = table(name).entries(tmp_path)
    assert entries.to_dict("list") == {"id": ["a", "b"], "reduced_formula": ["Na", "Cl2"], "energy": [-1.3, -1.85]}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.csv", None, "is no file"),
        ("t.xlsx", b"x", "unknown kind"),
        ("t.parquet", b"PAR1", "cannot be read"),
        ("t.json", b"{", "cannot be read"),
        ("t.json", b"[1]", "it holds a list"),
        ("t.json", b'{"a": 1}', "1 is no object"),
        ("t.json.gz", b"not gzip", "cannot be read"),
        ("t.csv", b"id,composition,energy_per_atom\na,Na,1\n", "no column formula; expected one of id, composition"),
        ("t.csv", b"id,formula,energy_per_atom\na,Na,\n", "row 0 of t.csv lacks an id, a formula or an energy"),
        ("t.csv", b"id,formula,energy_per_atom\na,Na,low\n", "t.csv .*cannot be read .*low"),
    ],
)
def test_a_file_that_is_no_table_of_energies_is_one_clear_error(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ReferenceSetError, match=message):
        table(name).entries(tmp_path)


def test_a_table_of_mixed_conventions_is_refused(tmp_path: Path) -> None:
    TABLE.assign(level=["pbe_mp2020", "r2scan"]).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(ReferenceSetError, match=r"of the conventions pbe_mp2020, r2scan; expected pbe_mp2020 alone"):
        table("t.csv", convention_column="level").entries(tmp_path)
    TABLE.assign(level="pbe_mp2020").to_csv(tmp_path / "t.csv", index=False)
    assert len(table("t.csv", convention_column="level").entries(tmp_path)) == 2


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"composition": {"Na": 2.0}, "energy": -2.6, "parameters": {"run_type": "R2SCAN"}}, "run of type R2SCAN"),
        ({"composition": {"Na": 1.0, "Cl": 1.0}, "energy": -2.6}, "Na has the composition"),
        ({"composition": {}, "energy": -2.6}, "cannot be read .Na: ZeroDivisionError"),
        ({"energy": -2.6}, "cannot be read .Na: KeyError"),
        ([], "cannot be read .Na: TypeError"),
    ],
)
def test_elemental_entries_of_another_kind_are_refused(tmp_path: Path, entry: object, message: str) -> None:
    (tmp_path / "e.json").write_text(json.dumps({"Na": entry}))
    with pytest.raises(ReferenceSetError, match=message):
        table("t.csv", elemental_references="e.json").elements(tmp_path)


def test_a_convention_is_one_of_the_closed_list() -> None:
    with pytest.raises(ValidationError, match="'PBE' is no energy convention"):
        table("t.csv", convention="PBE")


def test_the_example_of_the_documentation_makes_the_hull_of_materials_project(
    pytestconfig: pytest.Config,
) -> None:
    if not (DATA / "reference").is_dir():
        pytest.skip(f"no {DATA}/reference; set LEADERBOARD_TEST_DATA to the folder of test data")
    definition = load_definition(pytestconfig.rootpath / "docs" / "materials-project-set.toml")
    (hull,) = build_hulls(definition.hull, DATA / "reference", [])
    # 33,758 entries and two elements at zero; 89 elements have total energies (the data's own description)
    assert (hull.record.n_entries, hull.record.n_elemental_references) == (33_760, 89)
    assert len(hull.hull.elements) == 88
    # pymatgen's ComputedEntry of oxygen: -4.947 eV/atom
    assert hull.elemental_references["O"] == pytest.approx(-4.948, abs=2e-3)
