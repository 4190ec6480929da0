"""LeMat-Bulk: local files in its schema give rows, and the published fingerprints are the ones computed here."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from huggingface_hub import constants

from metrics.crystal import Crystal
from metrics.measure.running.local_engine import LocalEngine
from metrics.measure.structure.convert import from_structure, to_structure
from reference_data.build.build_set import build_set
from reference_data.build.verify import differences
from reference_data.errors import ReferenceSetError
from reference_data.files.manifest import read_manifest
from reference_data.reference import SETS, open_reference
from reference_data.sources.base import SourceRefusal, SourceRow
from reference_data.sources.lemat_bulk import LematBulk
from reference_data.sources.row import crystal_of
from tests.reference_data.conftest import DATA, ROCKSALT, SILICON
from tests.reference_data.lemat_files import lemat_row, write_lemat

if TYPE_CHECKING:
    from pathlib import Path

SALT, DIAMOND = from_structure(ROCKSALT), from_structure(SILICON)


def lemat(**settings: Any) -> LematBulk:  # noqa: ANN401 - settings of a source
    fields = {
        "kind": "lemat_bulk",
        "name": "lemat",
        "title": "LeMat-Bulk",
        "licence": "CC-BY-4.0",
        "citation": "Nobody (2026)",
        "doi": ("10.1000/lemat",),
        "url": "https://example.org",
    }
    return LematBulk.model_validate(fields | settings)


def test_rows_of_several_files_come_in_order_each_a_crystal_or_a_reason(tmp_path: Path) -> None:
    mirrored = Crystal(SALT.lattice[[1, 0, 2]], SALT.frac_coords[:, [1, 0, 2]], SALT.atomic_numbers)  # left-handed
    write_lemat(
        [
            lemat_row("mp-1", SALT, energy=-28.0, entalpic_fingerprint="published"),
            lemat_row("agm-1", DIAMOND),
            lemat_row("oqmd-1", SALT, cross_compatibility=False),
            lemat_row("oqmd-2", SALT, cross_compatibility=None),
        ],
        tmp_path / "train-00000-of-00002.parquet",
    )
    write_lemat(
        [
            lemat_row("mp-2", SALT, functional="pbesol"),
            lemat_row("mp-3", SALT, species_at_sites=["Zz"] * 8),
            lemat_row("mp-4", SALT, lattice_vectors=[[0.0] * 3] * 3),
            lemat_row("mp-5", mirrored, energy=float("nan")),
            lemat_row("", SALT),
        ],
        tmp_path / "train-00001-of-00002.parquet",
    )
    source = lemat(path="train-*.parquet", energy_convention="pbe_uncorrected")
    all_rows = list(source.rows(tmp_path))
    rows = {row.id: row for row in all_rows if isinstance(row, SourceRow)}
    assert list(rows) == ["mp-1", "agm-1", "mp-5"]
    assert {row.id: row.reason for row in all_rows if isinstance(row, SourceRefusal)} == {
        "oqmd-1": "not_cross_compatible",
        "oqmd-2": "not_cross_compatible",
        "mp-2": "other_functional",
        "mp-3": "unknown_element",
        "mp-4": "zero_volume",
        "": "empty_cell",
    }
    # 8 sites in the conventional cell of rock salt: -28 eV are -3.5 eV/atom
    assert (rows["mp-1"].energy_per_atom, rows["mp-1"].energy_convention) == (-3.5, "pbe_uncorrected")
    assert (rows["agm-1"].energy_per_atom, rows["agm-1"].energy_convention, rows["agm-1"].bawl) == (None, None, None)
    assert rows["mp-1"].bawl == "published"
    assert rows["mp-1"].crystal.frac_coords == pytest.approx(SALT.frac_coords, abs=1e-12)
    assert rows["mp-5"].crystal.volume == pytest.approx(SALT.volume)
    assert len(source.inputs(tmp_path)) == 2


@pytest.mark.parametrize(
    ("symbols", "concentration"),
    [(["Na", "K"], [0.5, 0.5]), (["Na"], [0.5]), (["Na", "vacancy"], [0.9, 0.1]), (["vacancy"], [1]), ([], [])],
    ids=["two elements", "half an atom", "vacancies", "a vacancy", "nothing"],
)
def test_a_row_whose_species_fill_a_site_in_part_is_refused(
    tmp_path: Path, symbols: list[str], concentration: list[float]
) -> None:
    # OPTIMADE 1.2, species: chemical_symbols may hold several elements and "vacancy", concentration their parts
    species = [
        {"name": "Na", "chemical_symbols": symbols, "concentration": concentration},
        {"name": "Cl", "chemical_symbols": ["Cl"], "concentration": [1.0]},
    ]
    rows = [lemat_row("part", SALT, species=json.dumps(species)), lemat_row("whole", SALT)]
    write_lemat([*rows, lemat_row("text", SALT, species="Na Cl")], tmp_path / "t.parquet")
    part, whole, text = lemat(path="t.parquet").rows(tmp_path)
    assert isinstance(whole, SourceRow)
    assert isinstance(part, SourceRefusal)
    assert isinstance(text, SourceRefusal)
    assert (part.reason, text.reason) == ("partial_occupancy", "malformed")
    assert str(concentration) in part.detail


def test_a_left_handed_cell_is_the_same_crystal(tmp_path: Path) -> None:
    # low symmetry, so that any slip in turning the cell over would show
    quartz = Crystal.from_arrays(
        [[4.9, 0, 0], [-2.45, 4.24, 0], [0.3, 0.2, 5.4]],
        [[0.47, 0.0, 0.0], [0.0, 0.47, 0.67], [0.53, 0.53, 0.33], [0.41, 0.27, 0.12], [0.1, 0.2, 0.8]],
        [14, 14, 14, 8, 8],
    )
    left = Crystal(quartz.lattice[[1, 0, 2]], quartz.frac_coords[:, [1, 0, 2]], quartz.atomic_numbers)
    write_lemat([lemat_row("left", left)], tmp_path / "t.parquet")
    (row,) = lemat(path="t.parquet").rows(tmp_path)
    assert isinstance(row, SourceRow)
    as_given = to_structure(left)
    read = to_structure(row.crystal)
    # pymatgen's periodic distances between all sites do not ask which hand the cell is of
    assert read.distance_matrix == pytest.approx(as_given.distance_matrix)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "exactly one of repository and path"),
        ({"path": "x", "repository": "y/z"}, "exactly one of repository and path"),
        ({"path": "x", "energy_convention": "pbe"}, "'pbe' is no energy convention"),
    ],
)
def test_a_wrong_definition_is_refused(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lemat(**settings)


def test_files_that_are_not_there_broken_or_of_another_schema_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ReferenceSetError, match="is no file"):
        list(lemat(path="absent-*.parquet").rows(tmp_path))
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 but cut off")
    with pytest.raises(ReferenceSetError, match="cannot be read"):
        list(lemat(path="broken.parquet").rows(tmp_path))
    write_lemat([lemat_row("a", SALT)], tmp_path / "whole.parquet")
    pq.write_table(pq.read_table(tmp_path / "whole.parquet").drop(["energy"]), tmp_path / "less.parquet")
    with pytest.raises(ReferenceSetError, match="energy"):
        list(lemat(path="less.parquet").rows(tmp_path))


def test_a_hub_that_does_not_answer_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nothing listens on the discard port
    with pytest.raises(ReferenceSetError, match=r"LeMaterial/LeMat-Bulk cannot be read .*; check the connection"):
        lemat(repository="LeMaterial/LeMat-Bulk").inputs(SETS)


def test_the_set_of_the_public_board_builds_from_local_files(tmp_path: Path) -> None:
    oracle_path = DATA / "oracles" / "bawl.csv"
    if not oracle_path.is_file():
        pytest.skip(f"no {oracle_path}; set LEADERBOARD_TEST_DATA to the folder of test data")
    # the oracle: 500 fingerprints by the published code; 200 rows beside them have none
    published = pd.read_csv(oracle_path, keep_default_na=False).set_index("file")["bawl"]
    for source in ("mp", "alexandria", "oqmd", "aflow"):
        table = pq.read_table(DATA / "reference" / f"lemat_source_{source}.parquet").to_pylist()
        known = [row for row in table if row["file"] in published.index]
        others = [row for row in table if row["file"] not in published.index][:50]
        rows = [
            lemat_row(
                # as LeMat-Bulk names its rows: mp-..., agm..., oqmd-...
                row["file"].removeprefix(f"{source}_"),
                crystal_of(row["cif"]),
                entalpic_fingerprint=published.get(row["file"]),
            )
            for row in (*known, *others)
        ]
        write_lemat(rows, tmp_path / f"{source}.parquet")
    text = (SETS / "lemat-bulk.toml").read_text(encoding="utf-8")
    line = 'repository = "LeMaterial/LeMat-Bulk"'
    assert line in text
    (tmp_path / "lemat-bulk.toml").write_text(text.replace(line, 'path = "*.parquet"'), encoding="utf-8")
    build_set(tmp_path / "lemat-bulk.toml", tmp_path / "set", start_engine=partial(LocalEngine, 2), report=print)

    manifest = read_manifest(tmp_path / "set")
    assert (manifest.name, manifest.indicative, manifest.n_read) == ("lemat-bulk", False, 700)
    # the 112 of the fourth file are of JARVIS, which LeMat-Bulk does not have
    names = ["materials-project", "alexandria", "oqmd", "lemat-bulk"]
    assert {record.name: record.n_read for record in manifest.sources} == dict(
        zip(names, [186, 173, 179, 162], strict=True)
    )
    assert [record.bawls_checked for record in manifest.sources] == [136, 123, 129, 112]
    assert [record.bawls_agreed for record in manifest.sources] == [136, 123, 129, 112]
    assert differences(tmp_path / "set") == []
    reference = open_reference(tmp_path / "set")
    assert reference.known_bawls(published) == set(published)
