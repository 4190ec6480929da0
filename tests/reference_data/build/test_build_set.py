"""Building a set: rows become crystals, nothing is lost uncounted, the same input gives the same bytes."""

from __future__ import annotations

import fcntl
import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from metrics.measure.running.local_engine import LocalEngine
from reference_data.build import build_set as build
from reference_data.build.build_set import build_set
from reference_data.build.definition import load_definition
from reference_data.build.measure_rows import needed_measures
from reference_data.build.spill import Spill
from reference_data.build.verify import differences
from reference_data.errors import ReferenceSetError
from reference_data.files.manifest import MANIFEST_FILE, SET_FILES, read_manifest
from reference_data.reference import SETS, open_reference
from tests.reference_data.conftest import ROCKSALT, SILICON, cif

if TYPE_CHECKING:
    from pathlib import Path

# The columns of crystals.parquet and their Arrow types, as promised to every reader of a set.
COLUMNS = {
    "id": "string",
    "source_ids": "list<element: string>",
    "sources": "list<element: string>",
    "reduced_formula": "string",
    "anonymous_formula": "string",
    "chemical_system": "string",
    "n_sites": "int64",
    "lattice": "list<element: double>",
    "frac_coords": "list<element: double>",
    "atomic_numbers": "list<element: int32>",
    "space_group": "int64",
    "keys": "list<element: string>",
    "bawl": "string",
    "bawls": "list<element: string>",
    "prototype": "string",
    "energy_per_atom": "double",
    "energy_convention": "string",
    "formation_energy_per_atom": "double",
    "e_above_hull": "double",
}


def test_the_table_has_the_promised_columns_sorted_by_formula_and_id(small_set: Path) -> None:
    table = pq.read_table(small_set / "crystals.parquet")
    assert {field.name: str(field.type) for field in table.schema} == COLUMNS
    order = list(zip(table["reduced_formula"].to_pylist(), table["id"].to_pylist(), strict=True))
    # by hand: the two rock salts are one crystal, CsCl-type NaCl another; copper, silicon
    assert order == [("Cu", "c-copper"), ("NaCl", "a-salt"), ("NaCl", "c-salt-cscl"), ("Si", "b-silicon")]
    # Fm-3m, Fm-3m, Pm-3m, Fd-3m
    assert table["space_group"].to_pylist() == [225, 225, 221, 227]
    assert table["n_sites"].to_pylist() == [4, 4, 2, 8]
    assert table["energy_per_atom"].null_count == 4


def test_a_merged_crystal_keeps_all_its_sources_and_the_smallest_id(small_set: Path) -> None:
    salt = pq.read_table(small_set / "crystals.parquet").to_pylist()[1]
    assert salt["source_ids"] == ["a-salt", "b-salt"]
    assert salt["sources"] == ["second", "first"]
    assert salt["bawl"] == "published-salt"


def test_every_row_is_counted_once(small_set: Path) -> None:
    manifest = read_manifest(small_set)
    first, second = manifest.sources
    # 6 + 4 rows; four faulty ones of the first table, one repeated id in the second; one merged
    assert (manifest.n_read, manifest.n_refused, manifest.n_merged, manifest.n_crystals) == (10, 5, 1, 4)
    assert first.refused == {"empty_cell": 1, "malformed": 1, "no_fingerprint": 1, "partial_occupancy": 1}
    assert second.refused == {"repeated_id": 1}
    assert (first.n_merged_within, second.n_merged_within, first.n_shared, second.n_shared) == (0, 0, 1, 1)
    lines = (small_set / "refusals.jsonl").read_text(encoding="utf-8").splitlines()
    refusals = [json.loads(line) for line in lines]
    assert sorted(refusal["id"] for refusal in refusals) == ["b-alone", "b-empty", "b-garbage", "b-mixed", "b-silicon"]
    assert all(refusal["detail"] for refusal in refusals)


def test_statistics_count_crystals(small_set: Path) -> None:
    statistics = json.loads((small_set / "statistics.json").read_text(encoding="utf-8"))
    assert statistics["n_crystals"] == 4
    assert statistics["elements"] == {"Cl": 2, "Cu": 1, "Na": 2, "Si": 1}
    assert statistics["space_groups"] == {"221": 1, "225": 2, "227": 1}
    assert len(statistics["quantities"]["density"]["points"]) == statistics["descriptors"]["n"] == 4
    assert set(statistics["coordination"]) == set(statistics["elements"])


def test_a_killed_build_resumes_and_gives_the_set_of_the_repository(tmp_path: Path) -> None:
    definition, out = SETS / "starter.toml", tmp_path / "starter"
    command = [sys.executable, "-m", "reference_data", "build", str(definition), "--out", str(out), "--jobs", "1"]
    with subprocess.Popen(command, cwd=SETS.parents[1], stderr=subprocess.DEVNULL) as build:
        cache = tmp_path / ".starter.build" / "measurements.sqlite"
        while build.poll() is None and _kept(cache) < 100:
            time.sleep(0.1)
        build.kill()
    assert not (out / MANIFEST_FILE).exists()
    lines: list[str] = []
    build_set(definition, out, start_engine=partial(LocalEngine, 1), report=lines.append)
    known = next(line for line in lines if line.startswith("measure ") and " 0/" not in line)
    # the structures that 100 results make up are known at once
    assert int(known.split()[1].partition("/")[0]) >= 100 // len(needed_measures())

    ours, theirs = (pq.read_table(folder / "crystals.parquet") for folder in (out, SETS / "starter"))
    numbers = ["lattice", "frac_coords", "e_above_hull"]  # their last digits may depend on the processor
    assert ours.drop(numbers).equals(theirs.drop(numbers))
    for name in numbers:
        assert numbers_of(ours[name]) == pytest.approx(numbers_of(theirs[name]), abs=1e-9)
    built, tracked = read_manifest(out), read_manifest(SETS / "starter")
    assert built.model_copy(update={"files": tracked.files}) == tracked


def numbers_of(column: pa.ChunkedArray) -> list[float | None]:
    """Of a column of numbers, or of lists of numbers."""
    values = column.combine_chunks()
    flat: list[float | None] = (values.flatten() if pa.types.is_list(column.type) else values).to_pylist()
    return flat


def _kept(cache: Path) -> int:
    """Results that a build has put aside so far."""
    if not cache.is_file():
        return 0
    with closing(sqlite3.connect(cache, timeout=30)) as database:
        (table,) = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'results'").fetchone()
        (count,) = database.execute("SELECT count(*) FROM results").fetchone() if table else (0,)
    return int(count)


def test_a_second_build_into_the_same_folder_at_the_same_time_is_refused(
    small_definition: Path, tmp_path: Path
) -> None:
    (tmp_path / ".out.build").mkdir()
    with (tmp_path / ".out.build" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ReferenceSetError, match="another build is writing to"):
            build_set(small_definition, tmp_path / "out", start_engine=partial(LocalEngine, 1), report=print)


def test_machines_that_share_the_work_make_the_set_that_one_makes(
    small_definition: Path, small_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "PART_ROWS", 1)  # four parts: copper, rock salt, silicon, xenon
    made = [
        build.build_shard(
            small_definition, tmp_path / str(i), (i, 2), start_engine=partial(LocalEngine, 1), report=print
        )
        for i in (1, 2)
    ]
    assert [n_parts for n_parts, _ in made] == [2, 2]
    (_, first), (_, second) = made
    for path in second.iterdir():
        path.rename(first / path.name)
    lines: list[str] = []
    build_set(small_definition, tmp_path / "1", start_engine=partial(LocalEngine, 1), report=lines.append)
    # nothing is measured again: all six structures are known at once
    assert "measure  6/6" in lines
    for name in (*SET_FILES, MANIFEST_FILE):
        assert (tmp_path / "1" / name).read_bytes() == (small_set / name).read_bytes(), name


def test_a_part_of_other_rows_or_cut_off_is_made_again(
    small_definition: Path, small_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "PART_ROWS", 1)
    _, folder = build.build_shard(
        small_definition, tmp_path / "set", (1, 1), start_engine=partial(LocalEngine, 1), report=print
    )
    copper, salt, silicon, _ = sorted(folder.iterdir())
    copper.write_bytes(silicon.read_bytes())
    salt.write_bytes(salt.read_bytes()[:-100])
    build_set(small_definition, tmp_path / "set", start_engine=partial(LocalEngine, 1), report=print)
    for name in (*SET_FILES, MANIFEST_FILE):
        assert (tmp_path / "set" / name).read_bytes() == (small_set / name).read_bytes(), name


def test_sources_are_read_again_only_where_something_changed(small_definition: Path, tmp_path: Path) -> None:
    definition = load_definition(small_definition)
    first, second = definition.sources
    for sources, expected in [
        ((first, second), ["first: 6 rows", "second: 4 rows"]),
        ((first, second), []),
        ((first, second.model_copy(update={"bawl_column": None})), ["second: 4 rows"]),
        ((second, first), ["second: 4 rows", "first: 6 rows"]),
    ]:
        lines: list[str] = []
        with Spill(tmp_path / "rows.sqlite") as spill:
            spill.fill(sources, small_definition.parent, lines.append)
            assert sum(run.n_rows for run in spill.runs(1)) == 6
            assert spill.n_read().total() == 10
        assert lines == expected


def test_lengths_in_another_unit_are_refused(small_definition: Path, tmp_path: Path) -> None:
    nanometres = ROCKSALT.copy()
    nanometres.scale_lattice(ROCKSALT.volume / 1000)
    bohr = SILICON.copy()
    bohr.scale_lattice(SILICON.volume / 0.529177**3)
    for structure, median in ((nanometres, "0.0224"), (bohr, "135")):  # 22.4 and 20.0 A3 per atom in truth
        pq.write_table(pa.table({"id": ["x"], "text": [cif(structure)], "published": ["x"]}), tmp_path / "t.parquet")
        text = small_definition.read_text(encoding="utf-8").split("\n[[sources]]")
        only = f"{text[0]}\n[[sources]]{text[2]}".replace("second.parquet", "t.parquet")
        (tmp_path / "units.toml").write_text(only, encoding="utf-8")
        with pytest.raises(ReferenceSetError, match=rf"median volume of {median} A3 per atom; expected between 3 and"):
            build_set(tmp_path / "units.toml", tmp_path / "out", start_engine=partial(LocalEngine, 1), report=print)


def test_a_published_bawl_that_is_not_ours_is_counted(small_set: Path) -> None:
    first, second = read_manifest(small_set).sources
    assert (first.bawls_checked, first.bawls_agreed) == (None, None)
    # two made-up fingerprints, and the sample takes all
    assert (second.bawls_checked, second.bawls_agreed) == (2, 0)


def test_a_set_without_one_usable_row_is_refused_with_the_reasons(small_definition: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("material_id,cif\na,nonsense\nb,\n")
    text = small_definition.read_text(encoding="utf-8").split("\n[[sources]]")
    only = f"{text[0]}\n[[sources]]{text[1]}".replace("first.csv.gz", "empty.csv")
    (tmp_path / "empty.toml").write_text(only, encoding="utf-8")
    with pytest.raises(ReferenceSetError, match=r"none of the 2 rows .*1 empty_cell"):
        build_set(tmp_path / "empty.toml", tmp_path / "out", start_engine=partial(LocalEngine, 1), report=print)
    assert not (tmp_path / "out").exists()


def test_real_crystals_of_materials_project_build_and_verify(
    lemat_source_mp: Path, small_definition: Path, tmp_path: Path
) -> None:
    pq.write_table(pq.read_table(lemat_source_mp).slice(0, 50), tmp_path / "mp.parquet")
    text = small_definition.read_text(encoding="utf-8").split("\n[[sources]]")
    only = f"{text[0]}\n[[sources]]{text[1]}".replace("first.csv.gz", "mp.parquet").replace("material_id", "file")
    (tmp_path / "mp.toml").write_text(only, encoding="utf-8")
    manifest = build_set(tmp_path / "mp.toml", tmp_path / "mp", start_engine=partial(LocalEngine, 2), report=print)
    assert manifest.n_read == 50
    assert manifest.n_refused + manifest.n_merged + manifest.n_crystals == 50
    assert differences(tmp_path / "mp", sample=50) == []
    reference = open_reference(tmp_path / "mp")
    assert sum(len(crystal.source_ids) for crystal in reference.crystals(range(reference.n_crystals))) == 50
