"""The scoring process as the app uses it, without a browser: it scores, refuses, dies and comes back, on its own."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderboard.protocol import load_protocol
from leaderboard.run import service
from leaderboard.run.service import OUR_FAULT, FileNotScoredError, Request, ScoringEndedError, ScoringProcess
from leaderboard.store.local import Store
from leaderboard.store.run import Run
from submissions.card import Card
from submissions.examples.make import ARCHIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics.measure.running.progress import Progress

ROOT = Path(__file__).parents[3]
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


def ignore(_progress: Progress) -> None:
    """Nobody watches."""


def scoring_pids(store: Store) -> list[int]:
    """Process ids of the scoring processes of this store."""
    wanted = [b"-m", service.__name__.encode(), str(store.root.resolve()).encode()]
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _arguments(folder)[1:4] == wanted]


def scoring_pid(store: Store) -> int:
    """Process id of the one scoring process of this store."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        pids = scoring_pids(store)
        if pids:  # a process that has just started has no arguments yet
            (pid,) = pids
            return pid
        time.sleep(0.05)
    msg = f"no scoring process of {store.root} within {WAIT_S} s"
    raise AssertionError(msg)


def members(group: int) -> list[str]:
    """Numbers of the processes of a group that have not ended."""
    living = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # after the name, which may hold blanks: state, parent, group
            state, _, of_group, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(of_group) == group and state != "Z":
                living.append(folder.name)
    return living


def _arguments(folder: Path) -> list[bytes]:
    try:
        return (folder / "cmdline").read_bytes().split(b"\0")
    except OSError:  # it has just ended
        return []


def request(path: Path, store: Store, submission: str) -> Request:
    return Request(path, path.name, CARD, store.root / "private" / submission)


def test_a_file_is_scored_with_progress_and_nothing_is_published(
    process: ScoringProcess, store: Store, tmp_path: Path
) -> None:
    told: list[Progress] = []
    file = small(tmp_path, 0, 4)
    run = Run(process.score(request(file, store, "a"), on_progress=told.append))
    assert run.path == store.root.resolve() / "private" / "a" / run.record.run_key[:12]
    assert store.runs() == []
    assert (run.model, run.record.model.version, run.record.n_submitted) == ("small", "2", 4)
    assert run.record.file_name == file.name
    # energies are the worker's, so that no upload waits for them
    assert run.record.potentials == ()
    assert run.record.protocol_hash == load_protocol().hash
    assert {progress.stage for progress in told} >= {"read", "measure"}
    measured = [progress for progress in told if progress.stage == "measure"]
    assert [progress.done for progress in measured] == sorted(progress.done for progress in measured)
    assert measured[-1].done == measured[-1].total > 0


def test_more_structures_than_a_board_takes_are_refused_with_the_bound(
    process: ScoringProcess, store: Store, tmp_path: Path
) -> None:
    most = load_protocol().n_ranked
    frame = '1\nLattice="3 0 0 0 3 0 0 0 3" Properties=species:S:1:pos:R:3 pbc="T T T"\nPo 0 0 0\n'
    file = tmp_path / "many.xyz"
    file.write_text(frame * (most + 1))
    with pytest.raises(FileNotScoredError, match=f"at most {most:,} are scored here"):
        process.score(request(file, store, "many"), on_progress=ignore)


def test_a_published_run_is_not_made_again_and_takes_the_card_of_who_asks(
    process: ScoringProcess, store: Store, tmp_path: Path
) -> None:
    file = small(tmp_path, 0, 4)
    first = Run(process.score(request(file, store, "a"), on_progress=ignore))
    published = store.publish(first.path)
    told: list[Progress] = []
    asked = Request(file, "another name.zip", Card(model="another"), store.root / "private" / "b")
    second = Run(process.score(asked, on_progress=told.append))
    assert told == []
    assert second.path.parent.name == "b"
    assert (second.record.model.model, second.record.file_name) == ("another", "another name.zip")
    assert second.scores == published.scores
    assert second.columns().equals(published.columns())
    assert published.record.model == CARD


def test_a_finished_run_takes_the_card_that_comes_with_the_file_again(
    process: ScoringProcess, store: Store, tmp_path: Path
) -> None:
    file = small(tmp_path, 20, 2)
    first = Run(process.score(request(file, store, "again"), on_progress=ignore))
    scores, created = first.scores, first.record.created
    told: list[Progress] = []
    corrected = Request(file, file.name, Card(model="corrected"), store.root / "private" / "again")
    second = Run(process.score(corrected, on_progress=told.append))
    assert (second.path, told) == (first.path, [])
    assert (second.model, second.record.created, second.scores) == ("corrected", created, scores)


def test_the_name_of_the_file_names_a_lone_structure(process: ScoringProcess, store: Store, tmp_path: Path) -> None:
    # in the store a file is named by its content; ids of structures come from what the visitor called it
    with zipfile.ZipFile(ARCHIVE) as archive:
        (tmp_path / "0123").write_bytes(archive.read(archive.namelist()[0]))
    asked = Request(tmp_path / "0123", "perovskite.cif", CARD, store.root / "private" / "c")
    run = Run(process.score(asked, on_progress=ignore))
    assert run.columns()["id"].tolist() == ["perovskite"]


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
    with pytest.raises(FileNotScoredError, match=reason):
        process.score(request(tmp_path / "bad.zip", store, "d"), on_progress=ignore)
    with pytest.raises(ScoringEndedError, match="No such file"):
        process.score(request(tmp_path / "nowhere.zip", store, "e"), on_progress=ignore)
    assert scoring_pid(store) == pid


def test_killed_in_the_middle_it_says_so_and_the_same_file_resumes(
    process: ScoringProcess, store: Store, tmp_path: Path
) -> None:
    asked = request(small(tmp_path, 4, 4), store, "f")
    pid = scoring_pid(store)

    def kill(progress: Progress) -> None:
        if progress.stage == "measure":
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(ScoringEndedError, match=r"the scoring process ended \(SIGKILL\)"):
        process.score(asked, on_progress=kill)
    told: list[Progress] = []
    run = Run(process.score(asked, on_progress=told.append))
    assert scoring_pid(store) != pid
    assert run.record.n_submitted == 4
    # what was read before is not read again
    assert "read" not in {progress.stage for progress in told}


def test_killed_and_looked_at_it_says_that_it_ended(process: ScoringProcess, store: Store, tmp_path: Path) -> None:
    def kill(_progress: Progress) -> None:
        if (pid := process.pid) is not None:
            os.kill(pid, signal.SIGKILL)
        # the health page asks at any moment, also before the end is noticed here
        while process.pid is not None:
            time.sleep(0.01)

    with pytest.raises(ScoringEndedError, match=r"the scoring process ended \(SIGKILL\)"):
        process.score(request(small(tmp_path, 4, 4), store, "h"), on_progress=kill)


@pytest.mark.parametrize("written", ["", '{"progress": {"stage": "mea', '{"run": "'])
def test_an_answer_that_is_cut_is_the_end_of_the_process(store: Store, tmp_path: Path, written: str) -> None:
    code = f"import os, signal; print({written!r}, end='', flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    with (
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as cut,
        pytest.raises(ScoringEndedError, match="SIGKILL"),
    ):
        service.ask(cut, request(tmp_path / "a.zip", store, "i"), ignore)


def test_a_fault_of_ours_is_said_to_be_one_and_ends_the_process_with_all_that_may_be_broken_in_it(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "runs")
    store.cache.parent.mkdir(parents=True)
    store.cache.write_bytes(b"no database" * 1_000)
    answers: list[dict[str, object]] = []
    line = request(small(tmp_path, 0, 1), store, "j").as_json()
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        service.serve(store.root, iter([line]), answers.append)
    assert answers == [{"error": OUR_FAULT, "kind": "fault"}]


@pytest.mark.parametrize("name", ["run.json", "structures.parquet"])
def test_what_lost_power_left_half_written_is_made_again(
    process: ScoringProcess, store: Store, tmp_path: Path, name: str
) -> None:
    wanted = request(small(tmp_path, 0, 3), store, "k")
    run = Run(process.score(wanted, on_progress=ignore))
    scores = run.scores
    for part in ("columns.parquet", "scores.json", "run.json"):
        (run.path / part).unlink()
    (run.path / name).write_bytes(b"")
    assert Run(process.score(wanted, on_progress=ignore)).scores == scores


def test_a_run_that_another_process_makes_is_told_from_one_that_fails(
    process: ScoringProcess, store: Store, tmp_path: Path
) -> None:
    asked = request(small(tmp_path, 0, 3), store, "g")
    folder = process.score(asked, on_progress=ignore)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ScoringEndedError, match="another process is writing"):
            process.score(asked, on_progress=ignore)
    assert process.score(asked, on_progress=ignore) == folder


def test_it_ends_with_the_app_whatever_it_is_doing_and_so_do_its_workers(tmp_path: Path) -> None:
    # the app is a process of its own here, and is killed while a file is scored
    store, file = Store(tmp_path / "runs"), small(tmp_path, 0, 4)
    code = (
        "import os, signal; from pathlib import Path; from leaderboard.run.service import *; from submissions.card "
        f"import Card; process = ScoringProcess(Store(Path({str(store.root)!r}))); process.start();"
        "print(process._process.pid, flush=True);"
        f"asked = Request(Path({str(file)!r}), 'a.zip', Card(model='m'), Path({str(store.root / 'private')!r}));"
        "process.score(asked, on_progress=lambda _: os.kill(os.getpid(), signal.SIGKILL))"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    assert ended.returncode == -signal.SIGKILL
    end = time.monotonic() + WAIT_S
    while members(int(ended.stdout)):
        assert time.monotonic() < end, "the scoring process or a worker of it outlives the app"
        time.sleep(0.05)


def test_closed_it_is_gone(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    process = ScoringProcess(store)
    process.start()
    pid = scoring_pid(store)
    process.close()
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(ScoringEndedError, match="closed"):
        process.score(request(small(tmp_path, 0, 1), store, "a"), on_progress=ignore)


def test_closed_before_it_started_it_is_closed_too(tmp_path: Path) -> None:
    process = ScoringProcess(Store(tmp_path / "runs"))
    process.close()
    with pytest.raises(ScoringEndedError, match="closed"):
        process.score(request(small(tmp_path, 0, 1), Store(tmp_path / "runs"), "a"), on_progress=ignore)
