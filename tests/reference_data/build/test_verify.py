"""Verifying a set: an untouched one is in order, every kind of change is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest

from reference_data.build.verify import differences
from reference_data.files.crystals import CRYSTALS_FILE, write_crystals
from reference_data.files.index import BAWL_DIGESTS_FILE, FORMULA_DIGESTS_FILE, KEY_DIGESTS_FILE, PROTOTYPE_DIGESTS_FILE
from reference_data.files.manifest import SET_FILES, FileRecord, read_manifest, write_manifest
from reference_data.sources.base import file_sha256

if TYPE_CHECKING:
    from pathlib import Path


def accept(folder: Path, **changes: object) -> None:
    """Write a manifest that agrees with the files as they are now."""
    files = {
        name: FileRecord(n_bytes=(folder / name).stat().st_size, sha256=file_sha256(folder / name))
        for name in read_manifest(folder).files
    }
    write_manifest(read_manifest(folder).model_copy(update={"files": files, **changes}), folder)


def test_a_set_as_built_is_in_order(small_set: Path) -> None:
    # one of its crystals carries a BAWL that no code computes: its source publishes it, so it is taken as it is
    assert differences(small_set) == []


def test_the_starter_set_is_in_order() -> None:
    assert differences("starter") == []


@pytest.mark.parametrize("name", SET_FILES)
def test_one_changed_byte_is_noticed(small_copy: Path, name: str) -> None:
    content = bytearray((small_copy / name).read_bytes())
    content[-1] ^= 1
    (small_copy / name).write_bytes(bytes(content))
    (difference,) = differences(small_copy)
    assert difference.startswith(f"{name}: sha256 ")


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("keys", ["Cu:1:0"], "c-copper: canonical_bawl_keys is"),
        ("bawl", "0_1_Si8", "b-silicon: bawl is 0_1_Si8 in the set"),
        ("prototype", "A:1:1[1]", "c-copper: prototype is A:1:1[1] in the set"),
        ("space_group", 1, "c-copper: space_group is 1 in the set, measured again it is 225"),
    ],
)
def test_a_fact_that_the_code_measures_otherwise_is_named(
    small_copy: Path, column: str, value: object, message: str
) -> None:
    rows = pq.read_table(small_copy / CRYSTALS_FILE).to_pylist()
    wrong = next(row for row in rows if message.startswith(row["id"]))
    wrong[column] = value
    table = pq.read_table(small_copy / CRYSTALS_FILE)
    write_crystals([type(table).from_pylist(rows, schema=table.schema)], small_copy / CRYSTALS_FILE)
    accept(small_copy)
    assert any(message in difference for difference in differences(small_copy))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (KEY_DIGESTS_FILE, "not found by its key"),
        (BAWL_DIGESTS_FILE, "not found by the BAWL"),
        (PROTOTYPE_DIGESTS_FILE, "not found by its prototype"),
        (FORMULA_DIGESTS_FILE, "not found by its formula"),
    ],
)
def test_a_crystal_that_the_index_does_not_lead_to_is_named(small_copy: Path, name: str, message: str) -> None:
    np.save(small_copy / name, np.load(small_copy / name) + np.uint64(1))
    accept(small_copy)
    assert any(message in difference for difference in differences(small_copy))


def test_measurements_of_another_version_are_named(small_copy: Path) -> None:
    measures = read_manifest(small_copy).measures
    accept(small_copy, measures={**measures, "amd": measures["amd"].model_copy(update={"version": 99})})
    (difference,) = differences(small_copy)
    assert difference.startswith("amd: the code has version 1 with {'n_neighbors': 100}")
    assert "the manifest says version 99 with" in difference


def test_settings_that_the_code_does_not_have_are_named(small_copy: Path) -> None:
    matching = read_manifest(small_copy).matching
    accept(small_copy, matching=matching.model_copy(update={"settings": {**matching.settings, "speed": 2}}))
    (difference,) = differences(small_copy)
    assert difference.startswith("settings: matching has no setting speed, it has same_below, different_from")


def test_a_hash_that_is_not_that_of_the_settings_is_named(small_copy: Path) -> None:
    # what a default that was added to the code since would do
    matching = read_manifest(small_copy).matching
    accept(small_copy, matching=matching.model_copy(update={"settings_hash": "0" * 12}))
    (difference,) = differences(small_copy)
    assert difference.startswith("matching: the code has version ")
    assert difference.endswith("(000000000000)")
