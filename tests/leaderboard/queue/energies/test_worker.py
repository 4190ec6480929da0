"""The worker adds energies to published runs: the bundled example, whose energies are known without a potential.

What is busy is looked at again, what is damaged is passed over, what failed is tried again so many times.
"""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
import zipfile
from argparse import Namespace
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from leaderboard.board.table import board
from leaderboard.processes import start_engine
from leaderboard.protocol import load_protocol
from leaderboard.queue.energies.leases import leased
from leaderboard.queue.energies.retries import MAX_ATTEMPTS
from leaderboard.queue.energies.worker import Work, waiting, worker
from leaderboard.run.cached_energies import import_energies
from leaderboard.run.scoring import Resources, Setting, score_file
from leaderboard.store.json_files import write_json, write_model
from leaderboard.store.local import Store
from metrics.measure.potentials import find
from metrics.measure.running.cache import Cache
from metrics.measure.running.choice import EngineChoice
from submissions.card import Card
from submissions.examples.energies import FILE
from submissions.examples.make import ARCHIVE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leaderboard.store.run import Run
    from metrics.measure.running.engine import Engine
    from metrics.measure.running.progress import Progress

PROTOCOL = load_protocol()


def ignore(_progress: Progress) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One for all tests: a start of it takes longer than what most of them do with it."""
    with start_engine(EngineChoice(jobs=1)) as started:
        yield started


@pytest.fixture(scope="module")
def store(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with one published run of the structural tier: the first records of the example."""
    folder = tmp_path_factory.mktemp("store")
    small = folder / "small.zip"
    with zipfile.ZipFile(ARCHIVE) as archive, zipfile.ZipFile(small, "w") as smaller:
        for name in archive.namelist()[:5]:
            smaller.writestr(name, archive.read(name))
    made = Store(folder / "runs")
    with Cache(made.cache) as cache:
        import_energies(FILE, cache)
    setting = Setting.of(PROTOCOL, "starter", ())
    made.publish(score_file(small, Card(model="small"), setting, Resources(engine, made, ignore)).path)
    return made


def keys(runs: list[Run]) -> set[str]:
    return {run.record.run_key for run in runs}


def test_single_points_are_published_beside_the_structural_run_and_then_nothing_waits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADERBOARD_RUNS", str(store.root))
    (structural,) = store.runs()
    assert [setting.tier.relaxation for _, setting in waiting(store, PROTOCOL, relax=False)] == [None]
    worker(Namespace(where=EngineChoice(jobs=1), relax=False, once=True))
    assert list(waiting(store, PROTOCOL, relax=False)) == []
    (added,) = (run for run in store.runs() if run.record.run_key != structural.record.run_key)
    assert added.energies() is not None
    assert added.record.submission_sha256 == structural.record.submission_sha256
    assert added.structures().equals(structural.structures())
    # the board lists the furthest run of a submission
    (row,) = board(store, PROTOCOL).runs.to_dict("records")
    assert row["run"] == added.id


def test_relaxations_wait_for_all_single_points(store: Store, tmp_path: Path) -> None:
    fresh = Store(tmp_path / "runs")
    structural = next(run for run in store.runs() if not run.record.potentials)
    fresh.publish(structural.path)
    assert [setting.tier.relaxation is None for _, setting in waiting(fresh, PROTOCOL, relax=True)] == [True, False]
    assert len(keys(fresh.runs())) == 1


def copy_of(store: Store, root: Path) -> Store:
    """A store with the structural run alone, and the energies that are known."""
    fresh = Store(root)
    structural = next(run for run in store.runs() if not run.record.potentials)
    fresh.publish(structural.path)
    shutil.copy2(store.cache, fresh.cache)
    return fresh


def energies_of(store: Store) -> list[Run]:
    return [run for run in store.runs() if run.record.potentials]


def test_a_busy_run_is_passed_over_and_done_at_the_next_look(
    store: Store, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = copy_of(store, tmp_path / "runs")
    ((run, setting),) = waiting(fresh, PROTOCOL, relax=False)
    key = setting.run_key(run.record.submission_sha256)
    work = Work(Resources(engine, fresh, ignore))
    with leased(fresh.root, key):
        assert work.look(PROTOCOL, relax=False) == 0
    assert "another worker is at it; looked at again later" in capsys.readouterr().err
    workspace = fresh.workspace(run.record.submission_sha256, key)
    workspace.mkdir(parents=True)
    with (workspace / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert work.look(PROTOCOL, relax=False) == 0
    assert "another process is writing" in capsys.readouterr().err
    assert (work.failed, energies_of(fresh)) == ({}, [])
    assert work.look(PROTOCOL, relax=False) == 1
    assert work.look(PROTOCOL, relax=False) == 0
    assert len(energies_of(fresh)) == 1


def test_a_damaged_run_is_named_and_the_next_one_done(
    store: Store, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = copy_of(store, tmp_path / "runs")
    # one whose table is cut, and one whose JSON is
    whole = fresh.runs()[0]
    for number, name in enumerate(("structures.parquet", "run.json")):
        record = whole.record.model_copy(update={"submission_sha256": f"{number}" * 64})
        damaged = fresh.path(record.submission_sha256, record.run_key)
        shutil.copytree(whole.path, damaged)
        write_model(record, damaged / "run.json")
        content = (damaged / name).read_bytes()
        (damaged / name).write_bytes(content[: len(content) // 2])
    work = Work(Resources(engine, fresh, ignore))
    assert work.look(PROTOCOL, relax=False) == 1
    said = capsys.readouterr().err
    for number in range(2):
        assert f"passed over, it is damaged: {fresh.path(f'{number}' * 64, whole.record.run_key)}" in said
    assert work.look(PROTOCOL, relax=False) == 0
    assert capsys.readouterr().err == ""  # said once
    assert [run.record.submission_sha256 for run in energies_of(fresh)] == [whole.record.submission_sha256]
    assert work.failed == {}


def test_a_workspace_that_is_damaged_is_named_and_not_tried_for_ever(
    store: Store, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = copy_of(store, tmp_path / "runs")
    ((run, setting),) = waiting(fresh, PROTOCOL, relax=False)
    workspace = fresh.workspace(run.record.submission_sha256, setting.run_key(run.record.submission_sha256))
    workspace.mkdir(parents=True)
    (workspace / "structures.parquet").write_bytes(b"PAR1 and no table")
    work = Work(Resources(engine, fresh, ignore))
    assert [work.look(PROTOCOL, relax=False) for _ in range(2)] == [0, 0]
    assert capsys.readouterr().err.count("error: small against starter: ") == 1
    assert len(work.failed) == 1


@pytest.mark.skipif(find("chgnet").missing() is not None, reason="chgnet needs requirements-stability.txt")
@pytest.mark.parametrize("n_before", [0, MAX_ATTEMPTS - 1])
def test_energies_that_failed_are_tried_again_so_many_times(
    store: Store, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_before: int
) -> None:
    fresh = copy_of(store, tmp_path / "runs")
    ((run, setting),) = waiting(fresh, PROTOCOL, relax=False)
    workspace = fresh.workspace(run.record.submission_sha256, setting.run_key(run.record.submission_sha256))
    workspace.mkdir(parents=True)
    write_json({"n": n_before}, workspace / "attempts.json")
    sha256 = min(run.structures()["sha256"].dropna())
    with closing(sqlite3.connect(fresh.cache)) as cache, cache:
        cache.execute("DELETE FROM results WHERE sha256 = ? AND key LIKE 'energy:%'", (sha256,))
    # where it computes, the package is of another version than pinned: an answer that is not kept
    shadow = tmp_path / "packages" / "chgnet-0.1.dist-info"
    shadow.mkdir(parents=True)
    (shadow / "METADATA").write_text("Metadata-Version: 2.1\nName: chgnet\nVersion: 0.1\n")
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONPATH", str(shadow.parent))
        assert Work(Resources(engine, fresh, ignore)).look(PROTOCOL, relax=False) == 1
    assert len(energies_of(fresh)) == (n_before == MAX_ATTEMPTS - 1)
    # whoever starts the worker again goes on with the count
    Work(Resources(engine, fresh, ignore)).look(PROTOCOL, relax=False)
    (run,) = energies_of(fresh)
    energies = run.energies()
    assert energies is not None
    tried = energies["sha256"] == sha256
    assert energies.loc[tried, "energy"].isna().all() == (n_before == MAX_ATTEMPTS - 1)
    assert energies.loc[tried, "detail"].notna().all() == (n_before == MAX_ATTEMPTS - 1)
    assert energies.loc[~tried, "energy"].notna().all()
    assert not (run.path / "attempts.json").exists()
