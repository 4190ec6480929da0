"""Runs of every format that there was are read; ``formats/`` holds the two files of one of each, as it was written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import get_args

import pytest

from leaderboard.board.table import board
from leaderboard.protocol import load_protocol
from leaderboard.records import FormatVersion
from leaderboard.store.local import Store
from leaderboard.store.run import TABLES
from tests.made_runs import Made, good, publish

FORMATS = Path(__file__).parent / "formats"
VERSIONS = get_args(FormatVersion)


def placed(version: int, root: Path, tables: Path) -> None:
    """A run of a format in the store."""
    record = json.loads((FORMATS / str(version) / "run.json").read_text())
    folder = root / record["submission_sha256"][:12] / record["run_key"][:12]
    folder.mkdir(parents=True)
    for source in (FORMATS / str(version)).iterdir():
        shutil.copy(source, folder)
    for name in TABLES:
        shutil.copy(tables / name, folder)


def test_there_is_an_example_of_every_format() -> None:
    assert {path.name for path in FORMATS.iterdir()} == set(map(str, VERSIONS))


def test_runs_of_all_formats_are_on_one_board(tmp_path: Path) -> None:
    tables = publish(tmp_path / "made", Made("m", [good("a"), good("b")])).path
    for version in VERSIONS:
        placed(version, tmp_path / "runs", tables)
    for store in (Store(tmp_path / "runs"), Store(tmp_path / "runs")):  # the second reads the index of the first
        assert store.damaged() == []
        models = [run.model for run in store.runs()]
        assert models == [f"of format {version}" for version in VERSIONS]
        assert [run.scores.format_version for run in store.runs()] == list(VERSIONS)
        assert set(board(store, load_protocol()).runs["model"]) == set(models)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_of_an_earlier_format_is_published_as_it_is(tmp_path: Path, version: int) -> None:
    tables = publish(tmp_path / "made", Made("m", [good("a"), good("b")])).path
    placed(version, tmp_path / "old", tables)
    (old,) = Store(tmp_path / "old").runs()
    published = Store(tmp_path / "new").publish(old.path)
    assert (published.path / "run.json").read_bytes() == (FORMATS / str(version) / "run.json").read_bytes()
