"""Store of runs in a folder: ``<root>/<submission sha256[:12]>/<run key[:12]>/``; a published run is never edited."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from leaderboard.errors import RecordError
from leaderboard.store.actions import Action, append, read_action
from leaderboard.store.listings import register
from leaderboard.store.run import FILES, Run, check_published, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leaderboard.store.listings import Listing, Register

_LOG = logging.getLogger(__name__)

DEFAULT_ROOT = "runs"
_HEX_12 = re.compile(r"[0-9a-f]{12}")


class Damaged(NamedTuple):
    """A run or an action that cannot be read, and why."""

    path: Path
    why: str


class Store:
    """A folder of published runs and of what was done to them; a mounted volume works the same."""

    def __init__(self, root: Path | None = None) -> None:
        """Use the folder given, else the one LEADERBOARD_RUNS names, else ``runs``; it need not be there yet.

        Raises:
            NotADirectoryError: a file is.

        """
        self.root = root or Path(os.environ.get("LEADERBOARD_RUNS", DEFAULT_ROOT))
        if self.root.exists() and not self.root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self.root))
        self._lock = threading.Lock()
        self._runs: dict[Path, tuple[_Stamp, Run | Damaged]] = {}
        self._actions: dict[str, Action | Damaged] = {}

    def path(self, submission_sha256: str, run_key: str) -> Path:
        """Where a run of this submission under this key lives, published or not."""
        return self.root / place(submission_sha256, run_key)

    def workspace(self, submission_sha256: str, run_key: str) -> Path:
        """Where an unpublished run is made; killed runs resume there."""
        return self.root / "unpublished" / place(submission_sha256, run_key)

    @property
    def cache(self) -> Path:
        """File of measurements that all runs share."""
        return self.root / "measurements.sqlite"

    def state(self) -> str:
        """A text that changes whenever the published runs or the actions do, for what is made of them to be kept."""
        stamps = sorted((str(path), stamp) for path, stamp in _stamps(self.root))
        return hashlib.sha256(repr((stamps, self._action_names())).encode()).hexdigest()

    def runs(self) -> list[Run]:
        """Published runs that the board shows, oldest first, a run with several owners once for each.

        One that cannot be read is left out, see `damaged`.
        """
        whole = [run for run in self._read_runs() if isinstance(run, Run)]
        listings = self.register().listings
        shown = []
        for run in sorted(whole, key=lambda run: (run.record.created, run.record.run_key)):
            of_file = listings.get(run.record.submission_sha256)
            if of_file is None:
                shown.append(run)
            else:
                shown += [_listed(run, listing) for listing in of_file if listing.is_visible]
        return shown

    def damaged(self) -> list[Damaged]:
        """Published runs and actions that cannot be read, each with the reason."""
        actions = [action for _, action in self._read_actions()]
        return [entry for entry in (*self._read_runs(), *actions) if isinstance(entry, Damaged)]

    def publish(self, folder: Path) -> Run:
        """Copy a finished run into the store in one step; a run that is already there stays as it is.

        Any number of threads, processes and machines may publish the same run at once: the first to finish its copy
        wins, and the others find the run there.
        """
        record = Run(folder).record
        target = self.path(record.submission_sha256, record.run_key)
        if target.exists():
            return Run(target)
        # of this call alone: machines that share a store may have processes of one number
        partial = self.root / f"{target.name}.{uuid4().hex}.part"
        try:
            partial.mkdir(parents=True)
            for name in FILES:
                if (folder / name).exists():
                    shutil.copy2(folder / name, partial / name)
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.rename(target)
        except OSError as error:
            # a folder that is not empty cannot be replaced: another call published the same run a moment ago
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return Run(target)

    def actions(self) -> list[Action]:
        """The log, oldest first; what cannot be read is left out, see `damaged`."""
        read = [(action.time, name, action) for name, action in self._read_actions() if isinstance(action, Action)]
        return [action for *_, action in sorted(read, key=lambda entry: entry[:2])]

    def record(self, action: Action) -> None:
        """Append to the log."""
        append(action, self.root / _ACTIONS)

    def register(self) -> Register:
        """What the log amounts to."""
        return register(self.actions())

    def _read_runs(self) -> list[Run | Damaged]:
        """Every run of the store, those that did not change since they were last read as they were."""
        with self._lock:
            known, self._runs = self._runs, {}
            for path, stamp in _stamps(self.root):
                if path not in known or known[path][0] != stamp:
                    known[path] = (stamp, _read_run(path))
                self._runs[path] = known[path]
            return [run for _, run in self._runs.values()]

    def _read_actions(self) -> list[tuple[str, Action | Damaged]]:
        """Every action of the log by the name of its file, which never changes."""
        with self._lock:
            for name in self._action_names():
                if name not in self._actions:
                    self._actions[name] = _read_action(self.root / _ACTIONS / name)
            return sorted(self._actions.items())

    def _action_names(self) -> list[str]:
        folder = self.root / _ACTIONS
        return sorted(path.name for path in folder.glob("*.json"))


_ACTIONS = "actions"
_Stamp = tuple[int, ...]


def _stamps(root: Path) -> Iterator[tuple[Path, _Stamp]]:
    """Folders of the store that are named as runs are, with what changes when one of their two JSON files does."""
    if not root.is_dir():
        return
    for submission in sorted(_folders(root)):
        for path in sorted(_folders(submission)):
            stamp: list[int] = []
            for name in ("run.json", "scores.json"):
                try:
                    status = (path / name).stat()
                except OSError:
                    stamp += [0, 0]
                else:
                    stamp += [status.st_mtime_ns, status.st_size]
            yield path, tuple(stamp)


def _folders(parent: Path) -> list[Path]:
    with os.scandir(parent) as entries:
        return [Path(entry.path) for entry in entries if _HEX_12.fullmatch(entry.name) and entry.is_dir()]


def _read_run(path: Path) -> Run | Damaged:
    try:
        return check_published(path)
    except (RecordError, OSError) as error:
        _LOG.warning("left out: %s", error)
        return Damaged(path, str(error))


def _read_action(path: Path) -> Action | Damaged:
    try:
        return read_action(path)
    except (RecordError, OSError) as error:
        _LOG.warning("left out: %s", error)
        return Damaged(path, str(error))


def _listed(run: Run, listing: Listing) -> Run:
    """The same run as one of its owners has it; what was read of it is not read again."""
    listed = Run(run.path, listing)
    listed.record, listed.scores = run.record, run.scores
    return listed
