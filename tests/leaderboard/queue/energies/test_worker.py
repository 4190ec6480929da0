"""The worker adds energies to published runs: the bundled example, whose energies are known without a potential."""

from __future__ import annotations

import zipfile
from argparse import Namespace
from typing import TYPE_CHECKING

import pytest

from leaderboard.board.table import board
from leaderboard.protocol import load_protocol
from leaderboard.queue.energies.worker import waiting, worker
from leaderboard.run.cached_energies import import_energies
from leaderboard.run.scoring import Resources, Setting, score_file, start_engine
from leaderboard.store.local import Store
from metrics.measure.running.cache import Cache
from submissions.card import Card
from submissions.examples.energies import FILE
from submissions.examples.make import ARCHIVE

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.store.run import Run
    from metrics.measure.running.progress import Progress

PROTOCOL = load_protocol()


def ignore(_progress: Progress) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with one published run of the structural tier: the first records of the example."""
    folder = tmp_path_factory.mktemp("store")
    small = folder / "small.zip"
    with zipfile.ZipFile(ARCHIVE) as archive, zipfile.ZipFile(small, "w") as smaller:
        for name in archive.namelist()[:5]:
            smaller.writestr(name, archive.read(name))
    made = Store(folder / "runs")
    with Cache(made.cache) as cache:
        import_energies(FILE, cache)
    with start_engine(1) as engine:
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
    worker(Namespace(jobs=1, relax=False, once=True))
    assert list(waiting(store, PROTOCOL, relax=False)) == []
    (added,) = (run for run in store.runs() if run.record.run_key != structural.record.run_key)
    assert added.energies() is not None
    assert added.record.submission_sha256 == structural.record.submission_sha256
    assert added.structures().equals(structural.structures())
    # the board lists the furthest run of a submission
    (row,) = board(store, PROTOCOL).runs.to_dict("records")
    assert row["run"] == added.id
    worker(Namespace(jobs=1, relax=False, once=True))
    assert len(store.runs()) == 2


def test_relaxations_wait_for_all_single_points(store: Store, tmp_path: Path) -> None:
    fresh = Store(tmp_path / "runs")
    structural = next(run for run in store.runs() if not run.record.potentials)
    fresh.publish(structural.path)
    assert [setting.tier.relaxation is None for _, setting in waiting(fresh, PROTOCOL, relax=True)] == [True, False]
    assert len(keys(fresh.runs())) == 1
