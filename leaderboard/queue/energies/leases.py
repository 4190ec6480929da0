"""One worker a run: a file in a folder that all workers share, kept fresh as long as its holder lives.

It works on any shared folder, also one whose locks do not reach other machines. Ages are told by the clock of the
machine that keeps the folder, so that the workers' clocks need not agree. Where a holder hangs for longer than a lease
lasts two workers may make the same run: that costs time, and the second finds the run published.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = "leases"
SEEN = "worker.seen"
LASTS_S = 600.0
RENEW_EVERY_S = 60.0


@contextmanager
def leased(root: Path, name: str) -> Iterator[bool]:
    """Hold the lease of this name below the store's folder; False where another worker holds it.

    Raises:
        OSError: the folder cannot be written.

    """
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path, holder = folder / name, f"{socket.gethostname()} {os.getpid()} {uuid4().hex}"
    if not (_create(path, holder) or (_clear_stale(path) and _create(path, holder))):
        yield False
        return
    done = threading.Event()
    renewing = threading.Thread(target=_renew, args=(path, holder, done), name="lease", daemon=True)
    renewing.start()
    try:
        yield True
    finally:
        done.set()
        renewing.join()
        if _holder(path) == holder:
            path.unlink(missing_ok=True)


def say_seen(root: Path) -> None:
    """Note that a worker of this store is there.

    Raises:
        OSError: the folder cannot be written.

    """
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SEEN).touch()


def seen(root: Path) -> float | None:
    """When a worker was last there, in seconds since 1970; None where none ever was."""
    try:
        return (root / FOLDER / SEEN).stat().st_mtime
    except FileNotFoundError:
        return None


def _create(path: Path, holder: str) -> bool:
    try:
        with path.open("x") as file:
            file.write(holder)
    except FileExistsError:
        return False
    return True


def _clear_stale(path: Path) -> bool:
    """Remove a lease that nobody renews; False where it is fresh, or another worker was faster."""
    now = _now(path.parent)
    aside = path.with_name(f"{path.name}.{uuid4().hex}.stale")
    try:
        if now - path.stat().st_mtime < LASTS_S:
            return False
        path.rename(aside)
        is_stale = now - aside.stat().st_mtime >= LASTS_S
    except FileNotFoundError:
        return False
    if not is_stale:
        # between look and step another worker had taken it
        with suppress(FileExistsError):
            os.link(aside, path)
    aside.unlink()
    return is_stale


def _now(folder: Path) -> float:
    probe = folder / f"{uuid4().hex}.clock"
    probe.touch()
    try:
        return probe.stat().st_mtime
    finally:
        probe.unlink()


def _renew(path: Path, holder: str, done: threading.Event) -> None:
    while not done.wait(RENEW_EVERY_S):
        if _holder(path) != holder:
            return
        with suppress(OSError):  # the next time may succeed; if none does, the lease runs out
            os.utime(path)


def _holder(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
