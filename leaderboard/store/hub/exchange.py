"""One exchange between the folder of a store and its repository: what others wrote comes down, then ours goes up."""

from __future__ import annotations

import fcntl
import re
import shutil
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from uuid import uuid4

from leaderboard.errors import RecordError
from leaderboard.store.check import check_published
from leaderboard.store.hub.repository import HubError, RemoteFile
from leaderboard.store.local import submission_of
from leaderboard.store.run import FILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from leaderboard.store.hub.repository import Repository
    from leaderboard.store.local import Store

FILES_PER_COMMIT = 250
"""At most, but for one run; the Hub asks for commits of some hundred files."""
CONFLICTS = 5
"""Others who were faster, before it is left for later."""
DOWNLOADS = 8
"""At a time."""
BUSY_S = 0.5
"""Between two looks whether another process is still at it."""
_RUN = re.compile(rf"[0-9a-f]{{12}}/[0-9a-f]{{12}}/({'|'.join(map(re.escape, FILES))})")
_ACTION = re.compile(r"actions/[0-9A-Za-z-]+\.json")


class Exchange:
    """Compares the folder with the repository; what it remembers only saves asking again."""

    def __init__(self, store: Store, repository: Repository) -> None:
        """Between these two."""
        self._store, self._root = store, store.root
        self._repository = repository
        self._head: str | None = None
        self._remote: dict[str, RemoteFile] = {}

    def once(self) -> bool:
        """Bring down what is missing here, then make one commit of what is missing there; whether more is missing.

        Raises:
            HubError: the Hub cannot be used now, or another process is at it; nothing is lost.

        """
        try:
            with self._alone():
                return self._down_and_up()
        except OSError as error:
            msg = f"{error.filename or self._root}: {error.strerror}; nothing is exchanged with RESULTS_REPO"
            raise HubError(msg, is_temporary=True) from error

    def _down_and_up(self) -> bool:
        conflict: HubError | None = None
        for _ in range(CONFLICTS):
            self._pull()
            register = self._store.register()
            deleted = [sha256 for sha256 in register.listings if register.is_deleted(sha256)]
            places = self._runs_of(deleted)
            added, is_all = self._to_add(places)
            paths = [path for path in self._remote if path.rpartition("/")[0] in places]
            if added or paths:
                try:
                    self._head = self._repository.commit(added, paths, self._head or "")
                except HubError as error:
                    # whatever was said, the commit may have been made: look again before anything is sent again
                    self._head = None
                    if error.is_conflict:
                        conflict = error
                        continue
                    raise
                self._remote |= {path: RemoteFile(source.stat().st_size, "") for path, source in added.items()}
                for path in paths:
                    del self._remote[path]
            for sha256 in deleted:
                self._store.remove(sha256)
            return not is_all
        msg = f"{conflict}; others were faster {CONFLICTS} times"
        raise HubError(msg, is_temporary=True)

    def _pull(self) -> None:
        """Bring down all that the newest commit has and the folder has not, what people did before what it is about."""
        head = self._repository.head()
        if head == self._head:
            return
        remote = {path: file for path, file in self._repository.files(head).items() if _is_ours(path)}
        runs: dict[str, dict[str, RemoteFile]] = defaultdict(dict)
        actions = []
        for path, file in remote.items():
            # a file that was looked at before is what it was
            if self._remote.get(path) == file or self._has(path, file):
                continue
            if _ACTION.fullmatch(path):
                actions.append(path)
            else:
                runs[str(PurePosixPath(path).parent)][path] = file
        with ThreadPoolExecutor(DOWNLOADS) as pool:
            list(pool.map(lambda path: self._fetch({path: remote[path]}, head, "actions"), actions))
            list(pool.map(lambda place: self._fetch(runs[place], head, place), runs))
        self._head, self._remote = head, remote

    def _has(self, path: str, file: RemoteFile) -> bool:
        """Whether the folder has the file; of tables the size is compared, which are as large as all else together."""
        local = self._root / path
        try:
            if local.stat().st_size != file.size:
                return False
            return local.suffix != ".json" or file.is_content(local.read_bytes())
        except OSError:
            return False

    def _fetch(self, files: Mapping[str, RemoteFile], head: str, place: str) -> None:
        """Files of one folder; a run that is new appears in one step, whole."""
        partial = self._root / f"{uuid4().hex}.part"
        try:
            partial.mkdir(parents=True)
            for path, file in files.items():
                self._repository.download(path, head, file, partial / PurePosixPath(path).name)
            target = self._root / place
            target.parent.mkdir(parents=True, exist_ok=True)
            if place != "actions" and not target.exists():
                partial.rename(target)
            else:
                target.mkdir(exist_ok=True)
                for source in sorted(partial.iterdir()):
                    source.replace(target / source.name)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _to_add(self, places_deleted: set[str]) -> tuple[dict[str, Path], bool]:
        """Files that the repository lacks, the log first and runs whole; whether these are all."""
        added: dict[str, Path] = {}
        for source in sorted((self._root / "actions").glob("*.json")):
            path = f"actions/{source.name}"
            if _ACTION.fullmatch(path) and path not in self._remote:
                if len(added) >= FILES_PER_COMMIT:
                    return added, False
                added[path] = source
        for run in self._store.folders():
            place = f"{run.parent.name}/{run.name}"
            files = {f"{place}/{name}": run / name for name in FILES if (run / name).exists()}
            if place in places_deleted or files.keys() <= self._remote.keys():
                continue
            try:
                check_published(run, to_the_end=True)
            except (RecordError, OSError):
                continue  # it is named where damaged runs are
            if added and len(added) + len(files) > FILES_PER_COMMIT:
                return added, False
            added |= {path: source for path, source in files.items() if path not in self._remote}
        return added, True

    def _runs_of(self, deleted: list[str]) -> set[str]:
        """Places of the runs, here, of submissions that were deleted."""
        beginnings = {sha256[:12] for sha256 in deleted}
        runs = [run for run in self._store.folders() if run.parent.name in beginnings]
        return {f"{run.parent.name}/{run.name}" for run in runs if submission_of(run) in {None, *deleted}}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / "hub.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                msg = f"another process exchanges {self._root} with RESULTS_REPO"
                raise HubError(msg, is_temporary=True, retry_after_s=BUSY_S) from error
            yield


def _is_ours(path: str) -> bool:
    return bool(_RUN.fullmatch(path) or _ACTION.fullmatch(path))
