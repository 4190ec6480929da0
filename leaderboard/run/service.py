"""The app's scoring process: everything heavy lives there, warm and apart, so that the app itself stays light.

The app writes one JSON line per submission to the process's stdin and reads JSON lines of progress and of the result
from its stdout. What the process does is what ``score --publish`` does, so the board and the command line agree. If
it dies, the submission under way is reported as failed and may be submitted again: it resumes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderboard.errors import RunError
from leaderboard.protocol import load_protocol
from leaderboard.store.local import Store
from metrics.measure.running.engine import THREADS
from metrics.measure.running.progress import Progress, Report
from reference_data.errors import ReferenceSetError
from submissions.card import Card
from submissions.refusal import FileRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]


class ScoringError(Exception):
    """A submission that was not scored; the message is for the person who submitted it."""


class ScoringProcess:
    """Client side: one process, one submission at a time.

    Args:
        store: folder of runs that finished submissions are published to.

    """

    def __init__(self, store: Store) -> None:
        """Remember the store; nothing is started yet."""
        self._store = store
        self._one_at_a_time = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the process; it warms up while the caller continues."""
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", __name__, str(self._store.root.resolve())],
            cwd=ROOT,
            env={**os.environ, **THREADS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def score(self, path: Path, card: Card, *, on_progress: Report) -> Path:
        """Score a file and publish the run.

        Args:
            path: the uploaded file.
            card: who submits it.
            on_progress: told how far it is, in this thread.

        Returns:
            Folder of the published run.

        Raises:
            ScoringError: the file is refused, or scoring failed.

        """
        with self._one_at_a_time:
            if self._process is None or self._process.poll() is not None:
                self._close_pipes()
                self.start()
            request = {"path": str(path.resolve()), "card": card.model_dump(mode="json")}
            return Path(self._ask(request, on_progress))

    def close(self) -> None:
        """End the process; whoever waits for its answer is told so."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            with self._one_at_a_time:
                self._close_pipes()

    def _close_pipes(self) -> None:
        """Let go of a process that has ended."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):  # a request that it did not live to read
                        pipe.close()

    def _ask(self, request: dict[str, Any], on_progress: Report) -> str:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            msg = "the scoring process was not started"
            raise RuntimeError(msg)
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # it has just died: reading its answer, below, finds the end and says so
        for line in process.stdout:
            answer = json.loads(line)
            if "progress" in answer:
                on_progress(Progress(**answer["progress"]))
            elif "run" in answer:
                run: str = answer["run"]
                return run
            elif "error" in answer:
                raise ScoringError(answer["error"])
        msg = f"the scoring process ended (exit code {process.wait()}); submit the file again and it resumes"
        raise ScoringError(msg)


def serve(root: Path, answer: Callable[[dict[str, Any]], None]) -> None:
    """Process side: score one request after the other until stdin closes."""
    from leaderboard.run.scoring import Resources, Setting, score_file, start_engine  # noqa: PLC0415 - not in the app

    def report(progress: Progress) -> None:
        answer({"progress": asdict(progress)})

    store, protocol = Store(root), load_protocol()
    with start_engine() as engine:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                setting = Setting.of(protocol, potentials=())  # energies are the worker's
                run = score_file(
                    Path(request["path"]),
                    Card.model_validate(request["card"]),
                    setting,
                    Resources(engine, store, report),
                    max_structures=protocol.n_ranked,
                )
                answer({"run": str(store.publish(run.path).path)})
            except (FileRefusedError, ReferenceSetError, RunError, OSError) as error:
                answer({"error": str(error)})


def _main() -> None:
    # results go to the pipe the app reads; whatever a library prints goes to stderr
    results = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def answer(content: dict[str, Any]) -> None:
        results.write(json.dumps(content) + "\n")
        results.flush()

    serve(Path(sys.argv[1]), answer)


if __name__ == "__main__":
    _main()
