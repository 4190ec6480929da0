"""Copies of uploads: whole, once each, also where many come at once and are counted while they are renamed."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from leaderboard.queue.admission import Limits
from leaderboard.queue.uploads import Uploads

if TYPE_CHECKING:
    from pathlib import Path


def test_many_at_once_are_kept_whole_and_the_same_bytes_once(tmp_path: Path) -> None:
    contents = [bytes([number % 20]) * 1_000 for number in range(200)]
    for number, content in enumerate(contents):
        (tmp_path / f"{number}.zip").write_bytes(content)
    uploads = Uploads(tmp_path / "runs")
    with ThreadPoolExecutor(20) as pool:
        kept = list(
            pool.map(lambda number: uploads.keep(tmp_path / f"{number}.zip", Limits(free_bytes=None)), range(200))
        )
    assert [one.sha256 for one in kept] == [hashlib.sha256(content).hexdigest() for content in contents]
    assert {path.name: path.read_bytes() for path in uploads.folder.iterdir()} == {
        hashlib.sha256(content).hexdigest(): content for content in contents
    }
    assert uploads.total_bytes() == 20 * 1_000
