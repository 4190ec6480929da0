"""Definitions of sets: a closed schema with errors a person can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reference_data.build.definition import load_definition
from reference_data.errors import ReferenceSetError
from reference_data.reference import SETS, set_names

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "small"', 'name = "Not a name"', "name: .*pattern"),
        ('name = "small"\n', "", "name: Field required"),
        ("indicative = true", 'indicative = true\ncolour = "red"', "colour: Extra inputs"),
        ('kind = "structure_table"', 'kind = "oracle"', "oracle.*aflow_prototypes.*elements.*structure_table"),
        ('doi = ["10.1000/first"]', 'doi = ["doi.org/10"]', "sources.0.structure_table.doi.0: .*pattern"),
        ('name = "second"', 'name = "first"', "names of sources must differ"),
        ("indicative = true", "indicative = maybe", "is not TOML"),
        ("\n[[", "\n[measures.charge]\n\n[[", "a set takes no measurement charge, it takes amd, bawl"),
        ("\n[[", "\n[measures.amd]\nk = 9\n\n[[", "measures.amd has no setting k, it has n_neighbors"),
        ("\n[[", "\n[measures.bawl]\nk = 9\n\n[[", "measures.bawl has no setting k, it has none"),
        ("\n[[", "\n[measures.amd]\nn_neighbors = 9.5\n\n[[", "measures.amd.n_neighbors is 9.5: .*integer"),
        ("\n[[", '\n[matching]\nstol = "0.3"\n\n[[', "matching.stol is '0.3': .*number"),
    ],
)
def test_a_wrong_definition_is_refused_naming_the_field(
    small_definition: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = small_definition.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "wrong.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ReferenceSetError, match=message):
        load_definition(path)


def test_an_absent_definition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceSetError, match="No such file"):
        load_definition(tmp_path / "absent.toml")


@pytest.mark.parametrize("name", set_names())
def test_every_set_of_the_repository_is_named_as_its_file(name: str) -> None:
    assert load_definition(SETS / f"{name}.toml").name == name
