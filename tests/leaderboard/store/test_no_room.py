"""A disk that is full or cannot be written: one line each, what is published is shown all the same, nothing half made.

The disks are real: file systems in memory of half a megabyte, mounted for the test. Where the machine does not let us
mount any, the tests are skipped.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderboard.store.actions import Action
from leaderboard.store.local import Store
from metrics.measure.running.cache import Cache, Result
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
ROOM = 512 * 1024
MOUNT, UNMOUNT = (shutil.which(name) or name for name in ("mount", "umount"))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk with a store of one run."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = [MOUNT, "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        pytest.skip(f"this machine mounts no file system for us: {error}")
    if mounted.returncode:
        pytest.skip(f"this machine mounts no file system for us: {mounted.stderr.strip()}")
    publish(place / "runs", Made("published", [good("a")]))
    yield place
    subprocess.run([UNMOUNT, "-l", str(place)], check=True)


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    return publish(tmp_path / "made", Made("finished", [good("a")])).path


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file() and "index" not in path.name)


def fill(disk: Path) -> None:
    """Until not a byte fits."""
    with (disk / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"0" * 4_096)
        except OSError:
            pass


def read_only(disk: Path) -> None:
    subprocess.run([MOUNT, "-o", "remount,ro", str(disk)], check=True)


@pytest.mark.parametrize(("spoil", "said"), [(fill, "No space left on device"), (read_only, "Read-only file system")])
def test_the_board_is_shown_and_nothing_half_made_stays(
    disk: Path, finished: Path, caplog: pytest.LogCaptureFixture, spoil: object, said: str
) -> None:
    assert callable(spoil)
    spoil(disk)
    store = Store(disk / "runs")
    before = files(store.root)
    assert [run.model for run in store.runs()] == ["published"]
    # without an index the next start is slow, and right; it says so once
    assert sum("the index of runs was not written" in record.message for record in caplog.records) == 1
    with pytest.raises(OSError, match=said):
        store.publish(finished)
    with pytest.raises(OSError, match=said):
        store.record(Action(actor="ada", kind="frozen", reason="maintenance"))
    assert files(store.root) == before
    assert store.actions() == []
    assert [run.model for run in store.runs()] == ["published"]


@pytest.mark.parametrize("spoil", [fill, read_only])
@pytest.mark.parametrize(
    "command",
    [
        ["moderate", "freeze", "--reason", "maintenance"],
        ["score", "submissions/examples/example.zip", "--potentials", "none", "--quiet"],
        ["cache", "import", "submissions/examples/energies.jsonl.gz"],
    ],
    ids=lambda command: " ".join(command[:2]) if isinstance(command, list) else "",
)
def test_a_command_says_in_one_line_what_to_do(disk: Path, command: list[str], spoil: object) -> None:
    assert callable(spoil)
    spoil(disk)
    environment = {**os.environ, "LEADERBOARD_RUNS": str(disk / "runs")}
    ended = subprocess.run(
        [sys.executable, "-m", "leaderboard", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert any(words in line for words in ("room", "space", "full", "Read-only", "readonly", "unable to open"))


def test_what_was_measured_before_the_disk_was_full_stays(disk: Path) -> None:
    store = Store(disk / "runs")
    with Cache(store.cache) as cache:
        cache.put("a" * 64, "key", Result({"x": 1.0}, None))
    fill(disk)
    with pytest.raises(sqlite3.OperationalError), Cache(store.cache) as cache:
        cache.put("b" * 64, "key", Result({"x": 2.0}, None))
    (disk / "ballast").unlink()
    with Cache(store.cache) as cache:
        assert cache.get(["a" * 64], "key") == {"a" * 64: Result({"x": 1.0}, None)}
