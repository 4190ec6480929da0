"""A set is measured, merged and checked by the settings its definition states; whoever wants others is refused."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from metrics.measure.running.local_engine import LocalEngine
from reference_data.build.build_set import build_set, build_shard
from reference_data.build.definition import load_definition
from reference_data.build.verify import differences
from reference_data.errors import ReferenceSetError
from reference_data.files.manifest import read_manifest
from reference_data.reference import open_reference
from tests.reference_data.conftest import cif

ROOT = Path(__file__).resolve().parents[3]

Build = Callable[[str], Path]
NOTHING_IS_THE_SAME = "[matching]\nsame_below = 0.0\ndifferent_from = 0.0\ndifferent_without_key_from = 0.0"


@pytest.fixture(scope="module")
def v1() -> dict[str, Any]:
    """The protocol as plain data, as whoever opens a set without pymatgen has it."""
    return tomllib.loads((ROOT / "leaderboard" / "protocols" / "v1.toml").read_text(encoding="utf-8"))


@pytest.fixture
def build(small_definition: Path, tmp_path: Path) -> Build:
    """Build the small set with tables of settings in its definition."""

    def built(settings: str) -> Path:
        build_set(
            with_settings(small_definition, settings, tmp_path),
            tmp_path / "set",
            start_engine=partial(LocalEngine, 1),
            report=print,
        )
        return tmp_path / "set"

    return built


def with_settings(definition: Path, settings: str, folder: Path) -> Path:
    text = definition.read_text(encoding="utf-8").replace("\n[[", f"\n{settings}\n\n[[", 1)
    for name in ("first.csv.gz", "second.parquet"):
        text = text.replace(f'"{name}"', f'"{definition.parent / name}"')
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return folder / "settings.toml"


def test_the_manifest_holds_settings_and_the_hashes_that_the_protocol_gives(
    small_set: Path, v1: dict[str, Any]
) -> None:
    manifest = read_manifest(small_set)
    for name, record in {**manifest.measures, "matching": manifest.matching}.items():
        stated = v1["matching"] if name == "matching" else v1["measures"][name]
        assert record.settings == stated
        assert record.settings_hash == hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:12]


def test_a_whole_number_is_the_same_setting(small_definition: Path, tmp_path: Path) -> None:
    whole = load_definition(with_settings(small_definition, "[matching]\nangle_tol = 5", tmp_path)).settings
    default = load_definition(small_definition).settings
    assert whole.matching_record() == default.matching_record()
    assert isinstance(whole.matching.angle_tol, float)


@pytest.mark.parametrize(
    ("settings", "built", "wanted"),
    [
        ("[matching]\nsame_below = 0.05", "matching.same_below 0.05", "matching.same_below 0.03"),
        (
            "[measures.space_group]\nsymprec = 0.1",
            "measures.space_group.symprec 0.1",
            "measures.space_group.symprec 0.01",
        ),
    ],
)
def test_a_set_of_other_settings_is_refused_under_v1_naming_both_values(
    build: Build, v1: dict[str, Any], settings: str, built: str, wanted: str
) -> None:
    reference = open_reference(build(settings))
    with pytest.raises(ReferenceSetError) as refused:
        reference.refuse_other_settings(v1["measures"], v1["matching"])
    assert refused.value.what == f"reference set small was built with {built}"
    assert refused.value.expected == f"{wanted}, as the protocol says"
    assert "build it again, or choose another protocol" in refused.value.remedy


@pytest.mark.parametrize("name", ["starter", "small"])
def test_a_set_of_the_settings_of_v1_is_accepted(small_set: Path, v1: dict[str, Any], name: str) -> None:
    reference = open_reference(small_set if name == "small" else name)
    reference.refuse_other_settings(v1["measures"], v1["matching"])
    whole = {key: int(value) if value == int(value) else value for key, value in v1["matching"].items()}
    reference.refuse_other_settings(v1["measures"], whole)  # 5 is 5.0
    reference.refuse_other_settings({}, v1["matching"])  # what is not measured is compared with nothing


def test_a_setting_that_only_one_side_has_is_refused(small_set: Path, v1: dict[str, Any]) -> None:
    reference = open_reference(small_set)
    less = {key: value for key, value in v1["matching"].items() if key != "stol"}
    with pytest.raises(ReferenceSetError, match=r"matching.stol 0.3; expected matching.stol not stated"):
        reference.refuse_other_settings(v1["measures"], less)
    with pytest.raises(ReferenceSetError, match=r"matching.more not stated; expected matching.more 1"):
        reference.refuse_other_settings(v1["measures"], {**v1["matching"], "more": 1})


def test_rows_are_merged_by_the_matching_of_the_definition(build: Build) -> None:
    # where no distance is small enough to be the same crystal, the two rock salts of the set stay two
    folder = build(NOTHING_IS_THE_SAME)
    manifest = read_manifest(folder)
    assert (manifest.n_merged, manifest.n_crystals) == (0, 5)
    assert differences(folder) == []


def test_rows_are_measured_and_verified_by_the_settings_of_the_definition(
    small_definition: Path, tmp_path: Path
) -> None:
    # chlorine 0.05 A off the centre of CsCl's cube along z: cubic within 0.1 A, tetragonal (P4mm, 99) within 0.01 A
    off_centre = Structure(Lattice.cubic(4.1), ["Cs", "Cl"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5 + 0.05 / 4.1]])
    pq.write_table(pa.table({"id": ["x"], "text": [cif(off_centre)]}), tmp_path / "t.parquet")
    head, _, second = small_definition.read_text(encoding="utf-8").split("\n[[sources]]")
    source = second.replace("second.parquet", str(tmp_path / "t.parquet")).replace('bawl_column = "published"\n', "")
    for settings, expected in (("", 99), ("[measures.space_group]\nsymprec = 0.1\n", 221)):
        (tmp_path / "one.toml").write_text(f"{head}\n{settings}\n[[sources]]{source}", encoding="utf-8")
        build_set(tmp_path / "one.toml", tmp_path / "one", start_engine=partial(LocalEngine, 1), report=print)
        (crystal,) = open_reference(tmp_path / "one").crystals([0])
        assert crystal.space_group == expected
        assert differences(tmp_path / "one") == []


def test_a_build_does_not_resume_with_parts_of_other_settings(small_definition: Path, tmp_path: Path) -> None:
    build_shard(small_definition, tmp_path / "set", (1, 1), start_engine=partial(LocalEngine, 1), report=print)
    other = with_settings(small_definition, NOTHING_IS_THE_SAME, tmp_path)
    assert build_set(other, tmp_path / "set", start_engine=partial(LocalEngine, 1), report=print).n_merged == 0
