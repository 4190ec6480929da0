"""The folder of uploads and downloads: nothing in it is older than a day, and all of it has a bound.

Gradio deletes what it remembers to have made; what an app that was killed had made, nobody remembers.
"""

from __future__ import annotations

import logging
import os
import stat
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG = logging.getLogger(__name__)

OLDEST_S = 86_400.0
MOST_BYTES = 20_000_000_000
EVERY_S = 900.0


class _File(NamedTuple):
    changed: float
    size: int
    path: Path


def temporary_folder() -> Path:
    """The folder, made if it is not there: ``GRADIO_TEMP_DIR``, or one of this user's in the system's.

    Raises:
        PermissionError: it belongs to somebody else, who could put files in it.

    """
    named = os.environ.get("GRADIO_TEMP_DIR")
    folder = Path(named) if named else Path(tempfile.gettempdir()) / f"crystal-leaderboard-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        msg = f"{folder} belongs to another user, or is a link; set GRADIO_TEMP_DIR to a folder of your own"
        raise PermissionError(msg)
    return folder


def sweep(folder: Path, oldest_s: float = OLDEST_S, most_bytes: int = MOST_BYTES) -> int:
    """Delete the files that are too old, then the oldest until the others fit; empty folders go with them.

    Args:
        folder: of temporary files.
        oldest_s: age, in seconds since the last change, that a file may reach.
        most_bytes: of all files together.

    Returns:
        Number of files deleted.

    """
    now = time.time()
    files = sorted(_files(folder), reverse=True)
    total, n_deleted = 0, 0
    for file in files:
        total += file.size
        if now - file.changed > oldest_s or total > most_bytes:
            try:
                file.path.unlink(missing_ok=True)
            except OSError as error:
                _LOG.warning("cannot be deleted: %s", error)
            else:
                n_deleted += 1
    # the deepest first; a folder that was made this moment is about to be used
    for parent, _, _ in os.walk(folder, topdown=False):
        path = Path(parent)
        try:
            if path != folder and now - path.stat().st_mtime > EVERY_S:
                path.rmdir()
        except OSError:
            continue  # not empty, or gone
    return n_deleted


def keep_swept(folder: Path, every_s: float = EVERY_S) -> threading.Event:
    """Sweep now and again, in a thread that ends with the process or when the event is set."""
    ended = threading.Event()

    def run() -> None:
        while True:
            try:
                sweep(folder)
            except OSError:
                _LOG.exception("%s could not be swept", folder)
            if ended.wait(every_s):
                return

    threading.Thread(target=run, name="sweep", daemon=True).start()
    return ended


def _files(folder: Path) -> Iterator[_File]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent) / name
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            yield _File(max(status.st_mtime, status.st_ctime), status.st_size, path)
