"""Store of runs in a folder: ``<root>/<submission sha256[:12]>/<run key[:12]>/``; a published run is never edited."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from leaderboard.errors import RecordError
from leaderboard.store.actions import Action, append, read_action
from leaderboard.store.check import check_published
from leaderboard.store.folders import HEX_12, Folders
from leaderboard.store.index import Index
from leaderboard.store.json_files import read_any_run
from leaderboard.store.listings import Listing, register
from leaderboard.store.run import FILES, Run, place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.records import RunRecord
    from leaderboard.store.index import Stamp
    from leaderboard.store.listings import Register

_LOG = logging.getLogger(__name__)

DEFAULT_ROOT = "runs"


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
        self._runs: dict[Path, tuple[Stamp, RunRecord | Damaged]] = {}
        self._actions: dict[str, Action | Damaged] = {}
        self._folders = Folders(self.root)
        self._index = Index(self.root / "index.sqlite")

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
        with self._lock:
            digest = self._folders.digest()
        return hashlib.sha256(repr((digest, self._action_names())).encode()).hexdigest()

    def folders(self) -> list[Path]:
        """Folders that stand where published runs do, whole or not."""
        with self._lock:
            stamps = self._folders.stamps()
        return [path for path in stamps if HEX_12.fullmatch(path.name) and path.parent != self.root and path.is_dir()]

    def sync(self) -> None:
        """Exchange with where the runs live beside this folder: nowhere."""

    def start(self) -> None:
        """Keep the same as where the runs live beside this folder, in the background."""

    def close(self) -> None:
        """Wait until all that was written is where the runs live."""

    def runs(self) -> list[Run]:
        """Published runs that the board shows, oldest first, a run with several owners once for each.

        One that cannot be read is left out, see `damaged`. So is one of which an entry of the log speaks that cannot be
        read, and while there is an entry of which not even that is known, a run that the log says nothing of waits for
        a review: it may be one that was hidden, or that nobody has looked at.
        """
        in_doubt = self._in_doubt()
        whole = [(path, record) for path, record in self._read_runs() if not isinstance(record, Damaged)]
        listings = self.register().listings
        shown = []
        for path, record in sorted(whole, key=lambda run: (run[1].created, run[1].run_key)):
            of_file = listings.get(record.submission_sha256)
            if record.submission_sha256 in in_doubt:
                continue
            if of_file is None:
                waits = Listing(record.submission_sha256, None) if None in in_doubt else None
                shown.append(_run(path, record, waits))
            else:
                shown += [_run(path, record, listing) for listing in of_file if listing.is_visible]
        return shown

    def damaged(self) -> list[Damaged]:
        """Published runs and actions that cannot be read, each with the reason."""
        entries = [entry for _, entry in (*self._read_runs(), *self._read_actions())]
        return [entry for entry in entries if isinstance(entry, Damaged)]

    def publish(self, folder: Path) -> Run:
        """Copy a finished run into the store in one step; a run that is already there stays as it is.

        Any number of threads, processes and machines may publish the same run at once: the first to finish its copy
        wins, and the others find the run there. One that is there and damaged is set aside.

        Raises:
            RecordError: the folder holds no finished run, or the run is not whole.
            OSError: the store cannot be written.

        """
        record = Run(folder).record
        target = self.path(record.submission_sha256, record.run_key)
        if (present := _present(target)) is not None:
            return present
        # of this call alone: machines that share a store may have processes of one number
        partial = self.root / f"{target.name}.{uuid4().hex}.part"
        # named as it will be, so that what is checked is what is published
        copy = partial / target.parent.name / target.name
        try:
            copy.mkdir(parents=True)
            for name in FILES:
                if (folder / name).exists():
                    shutil.copy2(folder / name, copy / name)
                    _to_disk(copy / name)
            check_published(copy, to_the_end=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            copy.rename(target)
            _to_disk(target.parent)
        except OSError as error:
            # a folder that is not empty cannot be replaced: another call published the same run a moment ago
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return Run(target)

    def remove(self, submission_sha256: str) -> None:
        """Remove all runs of a file, published, private or not yet done, and what was set aside of them as damaged.

        What an interrupted call left is removed by the next one.

        Each folder leaves the place where runs are looked for in one step. A folder of another file whose sha256
        starts alike stays.
        """
        of_file = submission_sha256[:12]
        places = (f"{of_file}/*", f"unpublished/{of_file}/*", "private/*/*")
        for path in [path for pattern in places for path in self.root.glob(pattern) if path.is_dir()]:
            submission = submission_of(path)
            if submission == submission_sha256 or (submission is None and path.parent.name == of_file):
                leaving = self.root / f"{uuid4().hex}.part"
                path.rename(leaving)
                shutil.rmtree(leaving)

    def actions(self) -> list[Action]:
        """The log, oldest first; what cannot be read is left out, see `damaged`."""
        read = [(action.time, name, action) for name, action in self._read_actions() if isinstance(action, Action)]
        return [action for *_, action in sorted(read, key=lambda entry: entry[:2])]

    def record(self, action: Action) -> None:
        """Append to the log.

        Where somebody publishes a file whose runs were there before and of which the log says nothing, it first says
        that those are nobody's, so that they stay so.
        """
        if action.kind == "published" and action.owner is not None and action.sha256 not in self.register().listings:
            for run in self.runs():
                # one that waits because an entry is damaged may be somebody's
                if run.record.submission_sha256 == action.sha256 and run.listing is None:
                    said = {"actor": "the store", "kind": "published", "sha256": action.sha256, "card": run.card}
                    append(Action.model_validate({**said, "time": run.record.created}), self.root / _ACTIONS)
                    break
        append(action, self.root / _ACTIONS)

    def register(self) -> Register:
        """What the log amounts to."""
        return register(self.actions())

    def _read_runs(self) -> list[tuple[Path, RunRecord | Damaged]]:
        """Every run of the store, those that did not change since they were last read as they were."""
        with self._lock:
            before, now = self._runs, self._folders.stamps()
            known = before or self._from_index()
            self._runs = {
                path: known[path] if path in known and known[path][0] == stamp else (stamp, _read_run(path))
                for path, stamp in now.items()
            }
            self._to_index(known)
            return [(path, entry) for path, (_, entry) in self._runs.items()]

    def _from_index(self) -> dict[Path, tuple[Stamp, RunRecord | Damaged]]:
        return {self.root / place: entry for place, entry in self._index.read().items()}

    def _to_index(self, known: Mapping[Path, tuple[Stamp, RunRecord | Damaged]]) -> None:
        """Put what was read now."""
        whole = {
            str(path.relative_to(self.root)): (stamp, entry)
            for path, (stamp, entry) in self._runs.items()
            if known.get(path) != (stamp, entry) and not isinstance(entry, Damaged)
        }
        gone = [str(path.relative_to(self.root)) for path in known if _is_damaged(self._runs.get(path))]
        if whole or gone:
            self._index.update(whole, gone)

    def _read_actions(self) -> list[tuple[str, Action | Damaged]]:
        """Every action of the log by the name of its file, which never changes."""
        with self._lock:
            for name in self._action_names():
                if name not in self._actions:
                    self._actions[name] = _read_action(self.root / _ACTIONS / name)
            return sorted(self._actions.items())

    def _in_doubt(self) -> set[str | None]:
        """Sha256 of each file of which a damaged entry speaks; None stands for one that does not tell."""
        damaged = [entry.path for _, entry in self._read_actions() if isinstance(entry, Damaged)]
        return {_speaks_of(path) for path in damaged}

    def _action_names(self) -> list[str]:
        folder = self.root / _ACTIONS
        return sorted(path.name for path in folder.glob("*.json"))


_ACTIONS = "actions"
_ABOUT = re.compile(rb'"sha256"\s*:\s*"([0-9a-f]{64})"')
_LEGIBLE_BYTES = 1_000_000


def _is_damaged(known: tuple[Stamp, RunRecord | Damaged] | None) -> bool:
    return known is None or isinstance(known[1], Damaged)


def submission_of(path: Path) -> str | None:
    """Sha256 of the file whose run lies in a folder; None where the folder does not say."""
    try:
        return read_any_run(path / "run.json").submission_sha256
    except (RecordError, OSError):
        return None


def _present(target: Path) -> Run | None:
    """The run that is published already; a damaged one is set aside, where it is named and shown no longer."""
    if not target.exists():
        return None
    try:
        return check_published(target)
    except RecordError as error:
        aside = target.with_name(f"{target.name}.damaged-{uuid4().hex[:8]}")
        _LOG.warning("set aside as %s: %s", aside, error)
        # another call has done it a moment ago where it is not there
        with suppress(FileNotFoundError):
            target.rename(aside)
        return None


def _to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_run(path: Path) -> RunRecord | Damaged:
    try:
        return check_published(path).record
    except (RecordError, OSError) as error:
        _LOG.warning("left out: %s", error)
        return Damaged(path, str(error))


def _read_action(path: Path) -> Action | Damaged:
    try:
        return read_action(path)
    except (RecordError, OSError) as error:
        _LOG.warning("left out: %s", error)
        return Damaged(path, str(error))


def _speaks_of(path: Path) -> str | None:
    """Sha256 of the file that a damaged action is about, as far as it is legible."""
    try:
        with path.open("rb") as file:
            legible = _ABOUT.search(file.read(_LEGIBLE_BYTES))
    except OSError:
        return None
    return None if legible is None else legible[1].decode()


def _run(path: Path, record: RunRecord, listing: Listing | None = None) -> Run:
    """A run that was checked; its record is not read again."""
    run = Run(path, listing)
    run.record = record
    return run
