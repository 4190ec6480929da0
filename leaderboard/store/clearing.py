"""What a store's folder no longer needs: leftovers of killed processes, and what is past its time and of no use.

Published runs are never touched but for those of submissions that were deleted by the maintainers.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import uuid4

from leaderboard.store.retention import Retention
from metrics.measure.running.cache import prune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leaderboard.store.local import Store

PARTIAL_S = 3_600.0
"""A partial copy that nobody has written to for so long is one of a process that was killed."""
DAY_S = 86_400.0
DOWNLOADS = "leaderboard-downloads-*"
"""Folders of files for visitors, in the folder of the system for what is temporary."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Needed(Protocol):
    """What the queue still needs.

    Attributes:
        uploads: sha256 of the files that are still to be scored.
        results: ids of the submissions whose private results are not to go.

    """

    @property
    def uploads(self) -> frozenset[str]:
        """Sha256 of the files that are still to be scored."""

    @property
    def results(self) -> frozenset[str]:
        """Ids of the submissions whose private results are not to go."""


class Cleared(NamedTuple):
    """Something that went, or would go; `written` is when it was last written to, in seconds since 1970."""

    path: Path
    size_bytes: int
    why: str
    written: float = 0.0


def collect(
    store: Store, needed: Callable[[], Needed], retention: Retention | None = None, *, dry_run: bool = False
) -> list[Cleared]:
    """Clear up; safe beside an app and workers that use the store.

    Args:
        store: whose folder is cleared.
        needed: asked after the folder was looked through, so that nothing that came in the meantime is missed.
        retention: how long things stay.
        dry_run: change nothing.

    Returns:
        What went, in the order in which it did.

    """
    retention = retention or Retention()
    candidates = list(_old(store, retention))
    kept = needed()
    gone = [
        entry
        for entry in candidates
        if entry.path.name not in kept.uploads
        and entry.path.parent.name not in kept.results
        and (dry_run or _remove(entry, store.root))
    ]
    gone += _deleted(store, kept, dry_run=dry_run)
    n_bytes = prune(store.cache, days=retention.cache_days, max_bytes=retention.cache_bytes, dry_run=dry_run)
    return gone + ([Cleared(store.cache, n_bytes, "measurements past their time")] if n_bytes else [])


def _old(store: Store, retention: Retention) -> Iterator[Cleared]:
    """All that is old enough to go if nobody needs it."""
    root, now = store.root, time.time()

    def older(paths: Iterator[Path], limit_s: float, why: str) -> Iterator[Cleared]:
        for path in sorted(paths):
            written, size = _newest(path)
            if written < now - limit_s:
                yield Cleared(path, size, why, written)

    for folder in (root, root / "uploads", root / "actions"):
        yield from older(folder.glob("*.part"), PARTIAL_S, "left half-written by a killed process")
    unpublished, private = (root / name for name in ("unpublished", "private"))
    yield from older(unpublished.glob("*/*"), retention.days * DAY_S, "unpublished run")
    yield from older(private.glob("*/*"), retention.days * DAY_S, "private result")
    uploads = (path for path in (root / "uploads").glob("*") if _SHA256.fullmatch(path.name))
    # one that is being accepted is in no queue yet
    yield from older(uploads, max(retention.upload_days * DAY_S, PARTIAL_S), "upload that is scored")
    downloads = Path(tempfile.gettempdir()).glob(f"{DOWNLOADS}/*")
    yield from older(downloads, retention.download_days * DAY_S, "files for a visitor")


def _newest(path: Path) -> tuple[float, int]:
    """When a file or anything in a folder was last written, and how large all of it is."""
    written, size = 0.0, 0
    for one in (path, *(path.rglob("*") if path.is_dir() and not path.is_symlink() else ())):
        try:
            status = one.lstat()
        except FileNotFoundError:
            continue
        written, size = max(written, status.st_mtime), size + status.st_size
    return written, size


def _remove(entry: Cleared, root: Path) -> bool:
    """Take it away in one step, unless it was written to in the meantime or somebody is at work there."""
    path = entry.path
    with _alone_in(path) as is_alone:
        if not is_alone or _newest(path) != (entry.written, entry.size_bytes):
            return False
        if not path.is_dir() or path.is_symlink():
            path.unlink(missing_ok=True)
        elif path.suffix == ".part" or root not in path.parents:
            shutil.rmtree(path, ignore_errors=True)
        else:
            leaving = root / f"{path.name}.{uuid4().hex}.part"
            path.rename(leaving)
            shutil.rmtree(leaving, ignore_errors=True)
    return True


@contextmanager
def _alone_in(path: Path) -> Iterator[bool]:
    """Whether no run is being made in a folder."""
    lock = path / ".lock"
    if not lock.is_file():
        yield True
        return
    with lock.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _deleted(store: Store, kept: Needed, *, dry_run: bool) -> list[Cleared]:
    """Runs and uploads of submissions that the maintainers deleted for all who had made them, once none is scored."""
    register, gone = store.register(), []
    for sha256 in register.listings:
        if not register.is_deleted(sha256) or sha256 in kept.uploads:
            continue
        upload = store.root / "uploads" / sha256
        folders = [store.root / sha256[:12], store.root / "unpublished" / sha256[:12]]
        present = [path for path in folders for path in path.glob("*")]
        gone += [Cleared(path, _newest(path)[1], "of a deleted submission") for path in present]
        gone += [Cleared(upload, _newest(upload)[1], "of a deleted submission")] if upload.exists() else []
        if not dry_run:
            store.remove(sha256)
            upload.unlink(missing_ok=True)
    return [entry for entry in gone if dry_run or not entry.path.exists()]
