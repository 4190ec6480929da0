"""A server whose disk is empty has the sets of its protocol before it answers, or does not start."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from leaderboard.run.published_sets import fetch_missing
from reference_data.errors import ReferenceSetError
from reference_data.reference import open_reference
from tests.reference_data.conftest import small_definition, small_set
from tests.reference_data.hub_files import Hub, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["small_definition", "small_set"]
REPOSITORY = "somebody/sets"
PUBLISHED = f'[published]\nrepository = "{REPOSITORY}"\nfolder = "small"\n'


@pytest.fixture
def hub(small_set: Path, tmp_path: Path) -> Iterator[Hub]:
    shutil.copytree(small_set, tmp_path / "dataset" / "small")
    with running(Hub({REPOSITORY: tmp_path / "dataset"})) as started:
        yield started


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    folder = tmp_path / "sets"
    folder.mkdir()
    (folder / "small.toml").write_text(PUBLISHED)
    (folder / "elsewhere.toml").write_text('name = "elsewhere"\n')
    return folder


def test_a_published_set_comes_once_and_one_that_nobody_published_is_left(hub: Hub, sets: Path) -> None:
    lines: list[str] = []
    fetch_missing(["small", "elsewhere"], lines.append, sets=sets, endpoint=hub.address)
    assert open_reference(sets / "small").name == "small"
    assert not (sets / "elsewhere").exists()
    assert lines
    lines.clear()
    fetch_missing(["small", "elsewhere"], lines.append, sets=sets, endpoint="http://127.0.0.1:9")  # nobody is asked
    assert not lines


def test_without_its_set_nothing_starts(hub: Hub, sets: Path) -> None:
    (sets / "small.toml").write_text(PUBLISHED + f'manifest_sha256 = "{"0" * 64}"\n')
    with pytest.raises(ReferenceSetError, match="manifest"):
        fetch_missing(["small"], lambda _: None, sets=sets, endpoint=hub.address)
    assert not (sets / "small").exists()
