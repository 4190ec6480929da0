"""What stands in the folder of a store where runs should, and when it has to be looked at again."""

from __future__ import annotations

import hashlib
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.store.run import FILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leaderboard.store.index import Stamp

LOOK_EVERY_S = 10.0
"""What was changed behind the store's back, inside of a folder that was there before, is noticed so late at most."""
RACE_S = 1.0
"""A folder that changed so recently may change again within one tick of its clock."""
HEX_12 = re.compile(r"[0-9a-f]{12}")


class Folders:
    """Stamps of the runs below a folder, taken anew where the folder changed or after a while.

    Whatever the store does (publish, set aside, remove) adds or takes an entry of the folder itself: its time alone,
    one call of the system instead of seven for each run, says that nothing was done.
    """

    def __init__(self, root: Path) -> None:
        """Below the store's folder; nothing is looked at yet."""
        self._root = root
        self._stamps: dict[Path, Stamp] = {}
        self._digest = ""
        self._changed_ns: int | None = None
        self._looked = -float("inf")

    def stamps(self) -> dict[Path, Stamp]:
        """All that stands where a run should, with what changes when one of its files does."""
        try:
            changed_ns = self._root.stat().st_mtime_ns
        except FileNotFoundError:
            return {}
        if changed_ns != self._changed_ns or time.monotonic() - self._looked > LOOK_EVERY_S:
            self._stamps, self._looked = dict(_stamps(self._root)), time.monotonic()
            self._digest = hashlib.sha256(repr(self._stamps).encode()).hexdigest()
            self._changed_ns = changed_ns if time.time() - changed_ns / 1e9 > RACE_S else None
        return self._stamps

    def digest(self) -> str:
        """Of the stamps: changes when one of them does."""
        self.stamps()
        return self._digest


def _stamps(root: Path) -> Iterator[tuple[Path, Stamp]]:
    for submission in sorted(_entries(root)):
        if not HEX_12.fullmatch(submission.name):
            continue
        if submission.is_dir() and not submission.is_symlink() and os.access(submission, os.R_OK | os.X_OK):
            for path in sorted(_entries(submission)):
                yield path, _stamp([path, *(path / name for name in FILES)])
        else:
            yield submission, _stamp([submission])


def _entries(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if not entry.name.startswith(".")]
    except FileNotFoundError:  # it was removed a moment ago
        return []


def _stamp(paths: Iterable[Path]) -> Stamp:
    stamp: list[int] = []
    for path in paths:
        try:
            status = path.lstat()
        except OSError:
            stamp += [0, 0, 0]
        else:
            stamp += [status.st_mtime_ns, status.st_ctime_ns, status.st_size]
    return tuple(stamp)
