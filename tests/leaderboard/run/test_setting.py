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


def test_a_set_that_was_merged_otherwise_than_the_protocol_says_is_refused(tmp_path: Path) -> None:
    for file in (SETS / "starter").iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    manifest = read_manifest(tmp_path)
    matching = manifest.matching.model_copy(update={"settings": {**manifest.matching.settings, "same_below": 0.05}})
    write_manifest(manifest.model_copy(update={"matching": matching}), tmp_path)
    with pytest.raises(ReferenceSetError, match=r"matching.same_below 0.05; expected matching.same_below 0.03"):
        Setting.of(load_protocol(), tmp_path, ())


def test_the_starter_set_is_accepted() -> None:
    assert Setting.of(load_protocol(), "starter", ()).reference.name == "starter"
