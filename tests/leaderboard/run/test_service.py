"""The scoring process as the app uses it, without a browser: it scores, refuses, dies and comes back."""

from __future__ import annotations

import os
import signal
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderboard.protocol import load_protocol
from leaderboard.run import service
from leaderboard.run.service import ScoringError, ScoringProcess
from leaderboard.store.local import Store
from leaderboard.store.run import Run
from submissions.card import Card
from submissions.examples.make import ARCHIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics.measure.running.progress import Progress

CARD = Card(model="small", version="2")
WAIT_S = 30.0


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("service") / "runs")


@pytest.fixture(scope="module")
def process(store: Store) -> Iterator[ScoringProcess]:
    started = ScoringProcess(store)
    yield started
    started.close()


def small(folder: Path, first: int, n: int) -> Path:
    """A submission of some records of the example."""
    path = folder / f"from_{first}.zip"
    with zipfile.ZipFile(ARCHIVE) as archive, zipfile.ZipFile(path, "w") as smaller:
        for name in archive.namelist()[first : first + n]:
            smaller.writestr(name, archive.read(name))
    return path


def scoring_pid(store: Store) -> int:
    """Process id of the one scoring process of this store."""
    wanted = [b"-m", service.__name__.encode(), str(store.root.resolve()).encode()]
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        pids = [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _arguments(folder)[1:4] == wanted]
        if pids:  # a process that has just started has no arguments yet
            (pid,) = pids
            return pid
        time.sleep(0.05)
    msg = f"no scoring process of {store.root} within {WAIT_S} s"
    raise AssertionError(msg)


def _arguments(folder: Path) -> list[bytes]:
    try:
        return (folder / "cmdline").read_bytes().split(b"\0")
    except OSError:  # it has just ended
        return []


def test_a_file_is_scored_with_progress_and_published(process: ScoringProcess, store: Store, tmp_path: Path) -> None:
    told: list[Progress] = []
    run = Run(process.score(small(tmp_path, 0, 4), CARD, on_progress=told.append))
    assert run.path == store.root.resolve() / run.id
    assert [other.id for other in store.runs()] == [run.id]
    assert (run.model, run.record.model.version, run.record.n_submitted) == ("small", "2", 4)
    # energies are the worker's, so that no upload waits for them
    assert run.record.potentials == ()
    assert run.record.protocol_hash == load_protocol().hash
    assert {progress.stage for progress in told} >= {"read", "measure"}
    measured = [progress for progress in told if progress.stage == "measure"]
    assert [progress.done for progress in measured] == sorted(progress.done for progress in measured)
    assert measured[-1].done == measured[-1].total > 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (bytes(range(256)) * 4, "unreadable_format")],
    ids=["nothing in it", "noise"],
)
def test_a_file_that_is_refused_says_why_and_ends_nothing(
    process: ScoringProcess, store: Store, tmp_path: Path, content: bytes, reason: str
) -> None:
    pid = scoring_pid(store)
    (tmp_path / "bad.zip").write_bytes(content)
    with pytest.raises(ScoringError, match=reason):
        process.score(tmp_path / "bad.zip", CARD, on_progress=lambda _progress: None)
    with pytest.raises(ScoringError, match="No such file"):
        process.score(tmp_path / "nowhere.zip", CARD, on_progress=lambda _progress: None)
    assert scoring_pid(store) == pid


def test_killed_in_the_middle_it_says_so_and_the_same_file_resumes(
    process: ScoringProcess, store: Store, tmp_path: Path
) -> None:
    file = small(tmp_path, 4, 4)
    pid = scoring_pid(store)

    def kill(progress: Progress) -> None:
        if progress.stage == "measure":
            os.kill(pid, signal.SIGKILL)

    published = len(store.runs())
    with pytest.raises(ScoringError, match=r"the scoring process ended \(exit code -9\); submit the file again"):
        process.score(file, CARD, on_progress=kill)
    assert len(store.runs()) == published
    told: list[Progress] = []
    run = Run(process.score(file, CARD, on_progress=told.append))
    assert scoring_pid(store) != pid
    assert run.record.n_submitted == 4
    # what was read before is not read again
    assert "read" not in {progress.stage for progress in told}
    assert run.id in {other.id for other in store.runs()}


def test_closed_it_is_gone(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    process = ScoringProcess(store)
    process.close()  # not started yet: nothing to end
    process.start()
    pid = scoring_pid(store)
    process.close()
    assert not Path(f"/proc/{pid}").exists()
