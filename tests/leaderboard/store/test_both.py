"""What a store promises, wherever the runs live: in a folder that machines share, or in a repository of the Hub."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderboard.store.actions import Action
from leaderboard.store.hub.repository import Repository
from leaderboard.store.hub.store import HubStore
from leaderboard.store.local import Store
from submissions.card import Card
from tests.leaderboard.store.hub_stand_in import REPOSITORY, TOKEN, StandIn
from tests.made_runs import Made, caesium_chloride, energy, good, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Machines = Callable[[str], Store]

ROOT = Path(__file__).parents[3]
START = datetime(2026, 11, 30, tzinfo=UTC)
N_RUNS, N_MACHINES, N_THREADS = 4, 3, 4
PUBLISHER = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from leaderboard.store.open import open_store

store, folders = open_store(Path(sys.argv[1])), [Path(name) for name in sys.argv[2:]]
with ThreadPoolExecutor(4) as pool:
    list(pool.map(store.publish, folders * 4))
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of finished runs that are not published yet."""
    root = tmp_path_factory.mktemp("made")
    energies = [energy(caesium_chloride(), 0.0)]
    return [
        publish(root, Made(f"m{number}", [good("a"), good("b")], energies=energies)).path for number in range(N_RUNS)
    ]


@pytest.fixture(params=["folder", "hub"])
def machines(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Store]]:
    """Opens the store as a machine of this name does."""
    if request.param == "folder":
        monkeypatch.delenv("RESULTS_REPO", raising=False)
        yield lambda _: Store(tmp_path / "runs")
        return
    hub = StandIn()
    monkeypatch.setenv("RESULTS_REPO", REPOSITORY)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    yield lambda name: HubStore(tmp_path / name, Repository(REPOSITORY, TOKEN, hub.endpoint))
    hub.close()


def ids(store: Store) -> list[str]:
    return sorted(run.id for run in store.runs())


def test_two_writers_at_once_both_arrive(machines: Machines, finished: list[Path]) -> None:
    stores = [machines(name) for name in ("a", "b")]
    for store, folder in zip(stores, finished, strict=False):
        store.publish(folder)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda store: store.sync(), stores))
    for store in (*stores, machines("c")):
        store.sync()
        assert len(ids(store)) == 2
        assert store.damaged() == []


def test_a_run_is_published_once_from_many_threads_processes_and_machines(
    machines: Machines, finished: list[Path]
) -> None:
    roots = [machines(f"machine{number}").root for number in range(N_MACHINES)]
    publishers = [
        subprocess.Popen([sys.executable, "-c", PUBLISHER, str(root), *map(str, finished)], cwd=ROOT) for root in roots
    ]
    assert [publisher.wait() for publisher in publishers] == [0] * N_MACHINES
    contents = []
    for number in range(N_MACHINES):
        store = machines(f"machine{number}")
        store.sync()
        assert len(ids(store)) == N_RUNS
        contents.append({run.id: (run.path / "run.json").read_bytes() for run in store.runs()})
    assert contents == contents[:1] * N_MACHINES


def test_actions_are_in_the_order_of_time_wherever_they_were_recorded(machines: Machines) -> None:
    first, second = machines("a"), machines("b")
    sha256 = "a" * 64
    late = Action(actor="ada", kind="approved", sha256=sha256, owner="ada", time=START + timedelta(minutes=2))
    early = Action(actor="ada", kind="published", sha256=sha256, owner="ada", card=Card(model="m"), time=START)
    first.record(late)
    second.record(early)
    for store in (first, second, first):
        store.sync()
    assert first.actions() == second.actions() == [early, late]


def test_what_others_did_changes_the_state_and_nothing_else_does(machines: Machines, finished: list[Path]) -> None:
    here, there = machines("a"), machines("b")
    here.sync()
    there.publish(finished[0])
    there.sync()
    before = here.state()
    here.sync()
    after = here.state()
    assert (after != before) == (here.root != there.root)
    assert len(ids(here)) == 1
    here.sync()
    assert here.state() == after


def test_a_damaged_run_is_named_and_the_rest_is_shown_everywhere(machines: Machines, finished: list[Path]) -> None:
    here, there = machines("a"), machines("b")
    for folder in finished[:2]:
        here.publish(folder)
    damaged = here.runs()[0]
    (damaged.path / "scores.json").write_text("{")
    here.sync()
    there.sync()
    assert len(ids(there)) == 1
    assert (here.root == there.root) == bool(there.damaged())
    assert [entry.path for entry in machines("a").damaged()] == [damaged.path]


def test_runs_of_a_deleted_submission_are_shown_nowhere(machines: Machines, finished: list[Path]) -> None:
    here, there = machines("a"), machines("b")
    for folder in finished[:2]:
        here.publish(folder)
    here.sync()
    there.sync()
    sha256 = there.runs()[0].record.submission_sha256
    there.record(Action(actor="m on the command line", kind="deleted", sha256=sha256, reason="copied"))
    there.sync()
    here.sync()
    for store in (here, there, machines("c")):
        store.sync()
        assert [run.record.submission_sha256 == sha256 for run in store.runs()] == [False]
