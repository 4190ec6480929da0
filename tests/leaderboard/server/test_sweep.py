"""What an app leaves in its temporary folder goes with time, killed or not."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from leaderboard.server.sweep import keep_swept, sweep, temporary_folder

if TYPE_CHECKING:
    from pathlib import Path

DAY_S = 86_400.0


def aged(path: Path, age_s: float, size: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def test_files_go_when_they_are_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the time of the last change of the inode cannot be set: the clock is moved instead
    old = aged(tmp_path / "a" / "b" / "upload.zip", 0)
    folder = old.parent
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + DAY_S + 60)
    new = aged(tmp_path / "new.zip", 0)
    os.utime(new, (now + DAY_S,) * 2)
    assert sweep(tmp_path) == 1
    assert new.exists()
    assert not folder.exists()
    assert tmp_path.exists()


def test_the_oldest_go_until_the_others_fit(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}" for number in range(5)]
    for file in files:
        aged(file, 0, 100)
        os.utime(file, (time.time() + 100 + int(file.name),) * 2)  # newer than the change of the inode
    assert sweep(tmp_path, most_bytes=250) == 3
    assert [file.name for file in files if file.exists()] == ["3", "4"]


def test_links_are_deleted_and_not_followed(tmp_path: Path) -> None:
    kept = aged(tmp_path / "elsewhere" / "kept", 0)
    folder = tmp_path / "temporary"
    folder.mkdir()
    (folder / "link").symlink_to(kept)
    (folder / "folder").symlink_to(kept.parent, target_is_directory=True)
    sweep(folder, oldest_s=-1)
    assert kept.exists()


def test_a_new_app_sweeps_what_a_killed_one_left(tmp_path: Path) -> None:
    left = aged(tmp_path / "downloads-x" / "a.csv", 0)
    later = time.monotonic() + 10
    ended = keep_swept(tmp_path, every_s=0.01)
    try:
        assert left.exists()  # not yet a day old
        os.truncate(left, 0)
        assert time.monotonic() < later
    finally:
        ended.set()


def test_the_folder_is_of_this_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "a" / "b"))
    folder = temporary_folder()
    assert folder.stat().st_mode & 0o077 == 0
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "link"))
    with pytest.raises(PermissionError, match="GRADIO_TEMP_DIR"):
        temporary_folder()
