"""A scorer that the test holds back: it answers a made run, or what the file says, once the test lets it."""

from __future__ import annotations

import hashlib
import shutil
import threading
from typing import TYPE_CHECKING

from leaderboard.run.service import FileNotScoredError, ScoringEndedError
from metrics.measure.running.progress import Progress
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.run.service import Request
    from metrics.measure.running.progress import Report

WAIT_S = 60.0


class HeldScorer:
    """One file for each ``go.release()``.

    Args:
        root: where the made runs are made.

    Files whose content is ``refused``, ``ended`` or ``fault`` end so; one of ``ended`` has measured a structure.

    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.go = threading.Semaphore(0)
        self.order: list[str] = []
        self.is_closed = False
        self._is_stopped = False

    def score(self, request: Request, *, on_progress: Report) -> Path:
        if self.is_closed:
            msg = "the scoring process is closed"
            raise ScoringEndedError(msg)
        self._is_stopped = False
        content = request.path.read_bytes()
        self.order.append(request.file_name)
        on_progress(Progress("measure", 1, 4, 2.0, 1.5))
        assert self.go.acquire(timeout=WAIT_S)
        if self._is_stopped or self.is_closed or content == b"ended":
            msg = "the scoring process ended (SIGKILL)"
            raise ScoringEndedError(msg)
        if content == b"refused":
            msg = "empty: there is no structure in it"
            raise FileNotScoredError(msg)
        if content == b"fault":
            msg = "a fault of ours"
            raise RuntimeError(msg)
        facts = {"submission_sha256": hashlib.sha256(content).hexdigest(), "file_name": request.file_name}
        card = request.card.model_dump(exclude={"model"})
        made = publish(self._root, Made(request.card.model, [good("a")], card=card, record=facts))
        folder = request.folder / made.path.name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made.path, folder)
        shutil.rmtree(made.path)
        return folder

    def stop(self) -> None:
        self._is_stopped = True
        self.go.release()

    def close(self) -> None:
        self.is_closed = True
        self.stop()
