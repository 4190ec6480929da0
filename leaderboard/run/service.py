"""The app's scoring process: everything heavy lives there, warm and apart, so that the app itself stays light.

The app writes one JSON line per submission to the process's stdin and reads JSON lines of progress and of the result
from its stdout. What the process does is what ``score --potentials none`` does, so the board and the command line
agree. If it dies, the same request resumes; if the app dies, it ends.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from leaderboard.errors import BusyError, RecordError, RunError
from leaderboard.protocol import load_protocol
from leaderboard.store.check import check_published
from leaderboard.store.json_files import read_any_run, write_model
from leaderboard.store.local import Store
from leaderboard.store.run import FILES
from metrics.measure.running.engine import THREADS
from metrics.measure.running.progress import Progress, Report
from metrics.table import read_parquet
from reference_data.errors import ReferenceSetError
from submissions.card import Card
from submissions.refusal import FileRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leaderboard.run.scoring import Resources
    from leaderboard.store.run import Run

ROOT = Path(__file__).resolve().parents[2]
OUR_FAULT = "the scoring failed through a fault of this server, not of the file; the maintainers find it in the log"
NICENESS = 10
"""Of the process and its workers: the pages are answered first, also where scoring fills every core."""


class ScoringError(Exception):
    """A submission that was not scored; the message is for the person who submitted it."""


class FileNotScoredError(ScoringError):
    """The file is refused: the same one will be again."""


class ScoringEndedError(ScoringError):
    """The process ended, or could not work: the same file may do better another time."""


class ScoringFaultError(ScoringError):
    """A fault of ours, which the log has in full: another attempt may do better, and costs little."""


@dataclass(frozen=True)
class Request:
    """What is to be scored.

    Attributes:
        path: of the file.
        file_name: that the person gave it.
        card: the model's.
        folder: of the results; the run gets a folder in it that is named after its key.

    """

    path: Path
    file_name: str
    card: Card
    folder: Path

    def as_json(self) -> str:
        """One line."""
        paths = {"path": str(self.path.resolve()), "folder": str(self.folder.resolve())}
        return json.dumps({**paths, "file_name": self.file_name, "card": self.card.model_dump(mode="json")})

    @classmethod
    def of_json(cls, line: str) -> Self:
        """From such a line."""
        content = json.loads(line)
        card = Card.model_validate(content["card"])
        return cls(Path(content["path"]), content["file_name"], card, Path(content["folder"]))


class ScoringProcess:
    """Client side: one process, one submission at a time.

    Args:
        store: whose cache of measurements it uses.

    """

    def __init__(self, store: Store) -> None:
        """Remember the store; nothing is started yet."""
        self._store = store
        self._one_at_a_time = threading.Lock()
        # no process is started behind the back of whoever ends it
        self._guard = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._is_closed = False

    def start(self) -> None:
        """Start the process; it warms up while the caller continues."""
        with self._guard:
            self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", __name__, str(self._store.root.resolve())],
            cwd=ROOT,
            env={**os.environ, **THREADS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # with its workers, so that they end with it
        )

    @property
    def pid(self) -> int | None:
        """Number of the process; None where it does not run."""
        process = self._process
        return process.pid if process is not None and not _has_ended(process) else None

    def score(self, request: Request, *, on_progress: Report) -> Path:
        """Score a file; nothing is published.

        Args:
            request: the file and what comes with it.
            on_progress: told how far it is, in this thread.

        Returns:
            Folder of the finished run.

        Raises:
            FileNotScoredError: the file is refused.
            ScoringEndedError: the process ended, or the disk is full, or the run's folder is busy.
            ScoringFaultError: our code failed.
            ScoringError: it cannot be scored here.

        """
        with self._one_at_a_time:
            return Path(ask(self._running(), request, on_progress))

    def stop(self) -> None:
        """End the process at once; whoever waits for its answer is told so, and the next request starts another."""
        with self._guard:
            if self._process is not None:
                _kill_group(self._process)

    def close(self) -> None:
        """End the process for good; whoever waits for its answer is told so."""
        self._is_closed = True
        self.stop()
        with self._one_at_a_time:
            if self._process is not None:
                self._process.wait()
            self._close_pipes()

    def _running(self) -> subprocess.Popen[str]:
        """The process, started again where it has ended."""
        with self._guard:
            if self._is_closed:
                msg = "the scoring process is closed"
                raise ScoringEndedError(msg)
            if self._process is None or self._process.poll() is not None:
                self._close_pipes()
                self._start()
            if self._process is None:
                msg = "the scoring process was not started"
                raise RuntimeError(msg)
            return self._process

    def _close_pipes(self) -> None:
        """Let go of a process that has ended."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):  # a request that it did not live to read
                        pipe.close()


def ask(process: subprocess.Popen[str], request: Request, on_progress: Report) -> str:
    """Send a request to a process and wait for the end of it; see :meth:`ScoringProcess.score`."""
    if process.stdin is None or process.stdout is None:
        msg = "the scoring process has no pipes"
        raise RuntimeError(msg)
    try:
        process.stdin.write(request.as_json() + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        pass  # it has just died: reading its answer, below, finds the end and says so
    for line in process.stdout:
        if not line.endswith("\n"):
            break  # it died while it wrote this
        answer = json.loads(line)
        if "progress" in answer:
            on_progress(Progress(**answer["progress"]))
        elif "run" in answer:
            run: str = answer["run"]
            return run
        else:
            raise _ERRORS[answer["kind"]](answer["error"])
    # not reaped yet, so that its number stays that of its workers' group
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    _kill_group(process)
    msg = f"the scoring process ended ({_ending(process.wait())})"
    raise ScoringEndedError(msg)


_ERRORS = {
    "refused": FileNotScoredError,
    "ended": ScoringEndedError,
    "fault": ScoringFaultError,
    "failed": ScoringError,
}


def _has_ended(process: subprocess.Popen[str]) -> bool:
    """Whether a process has; it is not reaped, which whoever waits for its answer does."""
    try:
        ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # it is reaped
        return True
    return ended is not None


def _kill_group(process: subprocess.Popen[str]) -> None:
    """End a process that is not reaped yet, and its workers."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _ending(exit_code: int) -> str:
    return signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"


def serve(root: Path, requests: Iterator[str], answer: Callable[[dict[str, Any]], None]) -> None:
    """Process side: score one request after the other until they end."""
    from leaderboard.processes import start_engine  # noqa: PLC0415 - not in the app
    from leaderboard.run.scoring import Resources  # noqa: PLC0415 - not in the app

    def report(progress: Progress) -> None:
        answer({"progress": asdict(progress)})

    store = Store(root)
    with start_engine() as engine:
        for line in requests:
            try:
                answer({"run": str(_score(Request.of_json(line), Resources(engine, store, report)))})
            except FileRefusedError as error:
                answer({"error": str(error), "kind": "refused"})
            except (OSError, BusyError) as error:
                answer({"error": str(error), "kind": "ended"})
            except (ReferenceSetError, RunError) as error:
                answer({"error": str(error), "kind": "failed"})
            except Exception:
                # the traceback goes to the log, and the next attempt begins with a process in which nothing is broken
                answer({"error": OUR_FAULT, "kind": "fault"})
                raise


def _score(request: Request, resources: Resources) -> Path:
    """The finished run; one that is published under the same key already is not made again."""
    from leaderboard.run.scoring import Setting, score_file, sha256_of_file  # noqa: PLC0415 - not in the app

    protocol = load_protocol()
    # energies are the worker's
    setting = Setting.of(protocol, potentials=(), training_sets=request.card.training_sets)
    sha256 = sha256_of_file(request.path)
    run_key = setting.run_key(sha256)
    folder = request.folder / run_key[:12]
    if not folder.exists() and (published := _whole(resources.store.path(sha256, run_key))) is not None:
        _adopt(published, request, folder)
        return folder
    if not _is_readable(folder):
        shutil.rmtree(folder)
    # ids of structures may come from the name of the file
    with TemporaryDirectory() as place:
        named = Path(place) / Path(request.file_name).name
        named.symlink_to(request.path)
        run = score_file(named, request.card, setting, resources, out=folder, max_structures=protocol.n_ranked)
    # a run that was finished before, for the same file with another card
    card = setting.training.on_card(request.card)
    if (run.record.model, run.record.file_name) != (card, request.file_name):
        write_model(run.record.model_copy(update={"model": card, "file_name": request.file_name}), folder / "run.json")
    return folder


def _whole(path: Path) -> Run | None:
    try:
        return check_published(path) if path.exists() else None
    except (RecordError, OSError):
        return None  # the store names it as damaged; scoring does not need it


def _is_readable(folder: Path) -> bool:
    """Whether scoring can resume from what is there; files of a machine that lost its power may be empty or cut."""
    try:
        if (folder / "run.json").exists():
            read_any_run(folder / "run.json")
        if (folder / "structures.parquet").exists():
            read_parquet(folder / "structures.parquet")
    except (RecordError, pa.ArrowInvalid):
        return False
    return True


def _adopt(published: Run, request: Request, folder: Path) -> None:
    """Copy a published run in one step, with the card and the file name of this submission."""
    record = published.record.model_copy(update={"model": request.card, "file_name": request.file_name})
    partial = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name in FILES:
        if (published.path / name).exists():
            shutil.copy2(published.path / name, partial / name)
    write_model(record, partial / "run.json")
    partial.rename(folder)


def _requests() -> Iterator[str]:
    """Lines of stdin; when it closes the app is gone, and this process and its workers end, whatever they are doing."""
    lines: Queue[str] = Queue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(0)  # started otherwise than by the app: the group is somebody else's

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield lines.get()


def _main() -> None:
    os.nice(NICENESS)
    # results go to the pipe the app reads; whatever a library prints goes to stderr
    results = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def answer(content: dict[str, Any]) -> None:
        results.write(json.dumps(content) + "\n")
        results.flush()

    serve(Path(sys.argv[1]), _requests(), answer)


if __name__ == "__main__":
    _main()
