"""What a submission is scored against: a set of the protocol's settings, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaderboard.protocol import load_protocol
from leaderboard.run.scoring import Setting
from reference_data.errors import ReferenceSetError
from reference_data.files.manifest import read_manifest, write_manifest
from reference_data.reference import SETS

if TYPE_CHECKING:
    from pathlib import Path

    from reference_data.files.manifest import Manifest


def copied(folder: Path) -> Manifest:
    """Copy the starter set into the folder; its manifest."""
    for file in (SETS / "starter").iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    return read_manifest(folder)


def test_a_set_that_was_merged_otherwise_than_the_protocol_says_is_refused(tmp_path: Path) -> None:
    manifest = copied(tmp_path)
    matching = manifest.matching.model_copy(update={"settings": {**manifest.matching.settings, "same_below": 0.05}})
    write_manifest(manifest.model_copy(update={"matching": matching}), tmp_path)
    with pytest.raises(ReferenceSetError, match=r"matching.same_below 0.05; expected matching.same_below 0.03"):
        Setting.of(load_protocol(), tmp_path, ())


def test_the_starter_set_is_accepted() -> None:
    assert Setting.of(load_protocol(), "starter", ()).reference.name == "starter"


def test_another_set_under_the_name_of_a_set_that_is_here_makes_a_run_custom(tmp_path: Path) -> None:
    manifest = copied(tmp_path)
    assert not Setting.of(load_protocol(), tmp_path, ()).custom  # the same content
    write_manifest(manifest.model_copy(update={"indicative": not manifest.indicative}), tmp_path)
    changed = Setting.of(load_protocol(), tmp_path, ())
    assert changed.reference.name == "starter"
    assert changed.custom
