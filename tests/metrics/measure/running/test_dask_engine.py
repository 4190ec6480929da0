"""The engine of a cluster, with real processes of Dask: outcomes are those of this machine, whatever is lost."""

from __future__ import annotations

import operator
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from itertools import repeat, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metrics.crystal import Crystal
from metrics.measure import registry
from metrics.measure.energy.relax_record import SinglePoint
from metrics.measure.energy.relaxation import energies_of, processes_of
from metrics.measure.potentials import find
from metrics.measure.running.batch import measure_crystal, measure_crystals
from metrics.measure.running.cache import Cache, Result
from metrics.measure.running.engine import CpuBudget, EngineError, ProcessSettings
from metrics.measure.running.local_engine import LocalEngine
from tests.dask_processes import PRELOAD, ROOT, DaskProcesses, wait_until
from tests.engine_tasks import burn, end_worker_if, worker_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from metrics.measure.energy.relax_record import EnergyRecord
    from metrics.measure.running.dask_engine import DaskEngine
    from metrics.measure.running.engine import Outcome

distributed = pytest.importorskip("distributed", reason="distributed, of the extra cluster, is not installed")
pytestmark = pytest.mark.cluster

LIMIT_S = 30.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dask")


@pytest.fixture(scope="module")
def processes(folder: Path) -> Iterator[DaskProcesses]:
    with DaskProcesses(folder) as started:
        for _ in range(2):
            started.start_worker("--no-nanny")
        yield started


@pytest.fixture(scope="module")
def engine(processes: DaskProcesses) -> Iterator[DaskEngine]:
    with connected(processes) as engine:
        wait_until(lambda: engine.jobs == 2)
        yield engine


def connected(processes: DaskProcesses, settings: ProcessSettings | None = None, *, gpu: bool = False) -> DaskEngine:
    from metrics.measure.running.dask_engine import DaskEngine  # noqa: PLC0415 - skipped without distributed

    return DaskEngine.connected(processes.address, settings or ProcessSettings(), gpu=gpu)


def by_index(outcomes: Iterator[Outcome]) -> list[tuple[int, object, str | None]]:
    return sorted((outcome.index, outcome.value, outcome.failure) for outcome in outcomes)


@pytest.mark.parametrize(
    ("function", "items", "limit_s"),
    [
        pytest.param(operator.neg, list(range(300)), LIMIT_S, id="values"),
        pytest.param(int, ["7", "x", "8"], LIMIT_S, id="a crash"),
        pytest.param(os._exit, [9], LIMIT_S, id="an exit"),
        pytest.param(signal.raise_signal, [9], LIMIT_S, id="a death"),
        pytest.param(time.sleep, [0, 3600, 0], 1.5, id="over the time"),
        pytest.param(bytearray, [2**31, 3], LIMIT_S, id="over the memory"),
    ],
)
def test_outcomes_and_their_reasons_are_those_of_this_machine(
    engine: DaskEngine, function: Callable[[Any], Any], items: list[Any], limit_s: float
) -> None:
    small = ProcessSettings(memory_limit_bytes=2**30)
    with LocalEngine(1, small) as local, engine.sibling(small) as remote:
        there, here = (by_index(one.map(function, items, time_limit_s=limit_s)) for one in (remote, local))
    assert there == here
    assert engine.jobs == 2, "no worker was lost to a task"


def test_items_are_taken_a_bounded_number_ahead(engine: DaskEngine) -> None:
    n_items, n_outcomes = 0, 0

    def items() -> Iterator[int]:
        nonlocal n_items
        for item in range(3_000):
            n_items += 1
            yield item

    for outcome in engine.map(operator.neg, items(), time_limit_s=LIMIT_S):
        assert outcome.value == -outcome.index
        assert n_items - n_outcomes <= 2 * 2 * 64, "2 threads, 2 chunks each, 64 items each"
        n_outcomes += 1
    assert n_outcomes == n_items == 3_000


def test_past_its_budget_no_task_is_run_and_each_says_so(engine: DaskEngine) -> None:
    budget = CpuBudget(1.0, "reading")
    outcomes = by_index(engine.map(burn, repeat(0.2, 400), time_limit_s=LIMIT_S, budget=budget))
    assert [index for index, _, _ in outcomes] == list(range(400))
    failures = [failure for _, _, failure in outcomes if failure is not None]
    assert set(failures) == {"time_limit: the submission has used its 1 s of reading"}
    # 2 workers have 2 chunks each under way while it lasts, of as many items as a second holds
    assert 400 - (5 + 2 * 2 * 5) <= len(failures) < 400


def test_a_late_worker_gets_work_and_when_it_is_lost_others_do_it(processes: DaskProcesses, engine: DaskEngine) -> None:
    third, _ = processes.start_worker("--no-nanny")
    outcomes: list[Outcome] = []
    left = iter(range(12))  # once it is lost
    items = takewhile(lambda _: third.poll() is None or next(left, None) is not None, repeat(0.1, 2_000))
    for outcome in engine.map(worker_after, items, time_limit_s=LIMIT_S):
        outcomes.append(outcome)
        if outcome.value == third.pid:
            third.kill()
            third.wait()
    assert {outcome.failure for outcome in outcomes} == {None}
    assert sorted(outcome.index for outcome in outcomes) == list(range(len(outcomes)))
    assert third.pid in {outcome.value for outcome in outcomes}
    assert len({outcome.value for outcome in outcomes}) == 3


CRYSTALS = [
    Crystal.from_arrays([[0.0, a, a], [a, 0.0, a], [a, a, 0.0]], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], [11, 17])
    for a in (2.6 + 0.01 * step for step in range(60))
]
SETTINGS = {name: registry()[name].settings() for name in ("composition", "plausible", "packing")}


class CountingCache(Cache):
    """A cache that counts what is put."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.puts: Counter[tuple[str, str]] = Counter()

    def put(self, sha256: str, key: str, result: Result) -> None:
        self.puts[sha256, key] += 1
        super().put(sha256, key, result)


def test_measurements_are_recorded_once_though_a_worker_is_lost(
    processes: DaskProcesses, engine: DaskEngine, tmp_path: Path
) -> None:
    third, _ = processes.start_worker("--no-nanny")
    wait_until(lambda: engine.jobs == 3)
    cache = CountingCache(tmp_path / "cache.sqlite")
    with cache:
        there = measure_crystals(
            CRYSTALS, SETTINGS, engine=engine, cache=cache, time_limit_s=60, on_known=print, on_done=third.kill
        )
        puts = cache.puts
    assert there == {crystal.sha256: measure_crystal((crystal, dict(SETTINGS))) for crystal in CRYSTALS}
    assert len(puts) == len(CRYSTALS) * len(SETTINGS)
    assert set(puts.values()) == {1}


def test_energies_are_those_of_this_machine(engine: DaskEngine, tmp_path: Path) -> None:
    emt = find("emt")
    elements = [
        Crystal.from_arrays([[0.0, a, a], [a, 0.0, a], [a, a, 0.0]], [[0.0, 0.0, 0.0]], [number])
        for a, number in ((1.8, 29), (2.04, 79), (2.0, 11))
    ]
    records: list[list[EnergyRecord]] = []
    for started in (engine.sibling(processes_of(emt)), LocalEngine(1, processes_of(emt))):
        with started, Cache(tmp_path / f"{len(records)}.sqlite") as cache:
            computed = energies_of(
                elements, emt, SinglePoint(), engine=started, cache=cache, on_known=print, on_done=lambda: None
            )
        records.append([replace(record, seconds=None) for record in computed.values()])
    assert records[0] == records[1]
    assert [record.status for record in records[0]] == ["ok", "ok", "unknown_element"]


def test_a_worker_of_another_version_is_refused_with_both_versions(
    processes: DaskProcesses, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("metrics", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    with (tmp_path / "metrics" / "formula.py").open("a") as file:
        file.write("# another version\n")
    other, log = processes.start_worker("--no-nanny", root=tmp_path)
    bare, bare_log = processes.start_worker("--no-nanny", preload=())
    wait_until(lambda: all("Registered to" in path.read_text() for path in (log, bare_log)), log)
    with connected(processes) as engine:
        pids = {outcome.value for outcome in engine.map(worker_after, repeat(0.1, 20), time_limit_s=LIMIT_S)}
    said = capsys.readouterr().err
    theirs, mine = (version_of(root) for root in (tmp_path, ROOT))
    assert theirs != mine
    assert f"is refused: it has version {theirs}; this command has version {mine}" in said
    assert f"it has no version, it was not started as python -m dask worker ADDRESS {' '.join(PRELOAD)}" in said
    wait_until(lambda: f"version {theirs}; this command has version {mine}" in log.read_text(), log)
    assert pids
    assert not {other.pid, bare.pid} & pids
    for process in (other, bare):
        process.kill()


def test_a_scheduler_without_the_code_is_told_apart_from_failing_tasks(tmp_path: Path) -> None:
    with DaskProcesses(tmp_path, root=tmp_path) as elsewhere, connected(elsewhere) as engine:
        elsewhere.start_worker("--no-nanny")
        with pytest.raises(
            EngineError, match=r"No module named 'metrics'; scheduler and workers need this installation"
        ):
            list(engine.map(worker_after, [0.0], time_limit_s=LIMIT_S))


def version_of(root: Path) -> str:
    command = [sys.executable, "-c", "from metrics.code_version import code_version; print(code_version())"]
    run = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": ""}, capture_output=True, check=True)
    return run.stdout.decode().strip()


def test_potentials_wait_for_a_worker_with_a_gpu_and_say_so(
    processes: DaskProcesses, capsys: pytest.CaptureFixture[str]
) -> None:
    with connected(processes, ProcessSettings(uses_cuda=True), gpu=True) as engine:
        outcomes = engine.map(worker_after, [0.0] * 3, time_limit_s=LIMIT_S)
        started: list[subprocess.Popen[bytes]] = []
        later = threading.Timer(
            3, lambda: started.append(processes.start_worker("--no-nanny", "--resources", "GPU=1")[0])
        )
        later.start()
        pids = [outcome.value for outcome in outcomes]
        later.join()
        assert pids == [started[0].pid] * 3
        assert engine.jobs == engine.jobs_per_gpu == 1
        with engine.sibling(ProcessSettings()) as anywhere:
            wait_until(lambda: anywhere.jobs == 3)
    assert "waiting for a worker with the resource GPU, of version" in capsys.readouterr().err
    started[0].kill()


def test_what_is_under_way_ends_with_an_interrupted_command(processes: DaskProcesses, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from metrics.measure.running.dask_engine import DaskEngine\n"
        "from metrics.measure.running.engine import ProcessSettings\n"
        "from tests.engine_tasks import hold\n"
        "with DaskEngine.connected(sys.argv[1], ProcessSettings()) as engine:\n"
        "    list(engine.map(hold, [sys.argv[2]], time_limit_s=3600))\n"
    )
    held = tmp_path / "pid"
    with subprocess.Popen(
        [sys.executable, "-c", code, processes.address, str(held)], cwd=ROOT, stderr=subprocess.PIPE
    ) as client:
        wait_until(lambda: held.is_file() and held.read_text() != "")
        assert Path(f"/proc/{held.read_text()}").exists()
        client.send_signal(signal.SIGINT)
        _, stderr = client.communicate(timeout=60)
    assert b"KeyboardInterrupt" in stderr
    wait_until(lambda: not Path(f"/proc/{held.read_text()}").exists())


def test_a_task_that_ends_its_workers_is_given_up_and_the_others_are_not(tmp_path: Path) -> None:
    with DaskProcesses(tmp_path, allowed_failures=1) as few:
        few.start_worker()  # with a nanny, which starts it again
        with connected(few) as engine:
            outcomes = by_index(engine.map(end_worker_if, [False, True, False, False], time_limit_s=LIMIT_S))
    assert outcomes == [
        (0, False, None),
        (1, None, "worker_died: 2 workers were lost while they ran it"),
        (2, False, None),
        (3, False, None),
    ]


def test_a_scheduler_that_is_started_again_is_reached_and_one_that_is_not_ends_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from metrics.measure.running import dask_cluster  # noqa: PLC0415 - skipped without distributed

    with DaskProcesses(tmp_path) as restarted:
        restarted.start_worker("--no-nanny")
        with connected(restarted) as engine:
            outcomes = []
            for outcome in engine.map(operator.neg, slowly(range(12), 0.1), time_limit_s=LIMIT_S):
                outcomes.append(outcome)
                if len(outcomes) == 3:
                    restarted.scheduler.kill()
                    restarted.scheduler.wait()
                    restarted.start_scheduler()
                    restarted.start_worker("--no-nanny")
            assert by_index(iter(outcomes)) == [(at, -at, None) for at in range(12)]
            restarted.scheduler.kill()
            restarted.scheduler.wait()
            monkeypatch.setattr(dask_cluster, "RECONNECT_S", 1.0)
            with pytest.raises(EngineError, match=r"has not answered for .* minutes; the same command resumes"):
                list(engine.map(operator.neg, [1, 2], time_limit_s=LIMIT_S))
    assert f"lost the Dask scheduler at {restarted.address}; trying to reach it" in capsys.readouterr().err


def slowly(items: range, seconds: float) -> Iterator[int]:
    for item in items:
        time.sleep(seconds)
        yield item


def test_without_a_scheduler_it_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from metrics.measure.running import dask_cluster  # noqa: PLC0415 - skipped without distributed

    monkeypatch.setattr(dask_cluster, "CONNECT_S", 0.5)
    with pytest.raises(EngineError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9: .*; start one there"):
        dask_cluster.Cluster("tcp://127.0.0.1:9")


@pytest.mark.parametrize("address", ["10.0.0.1", "nonsense", "tcp://10.0.0.1", "ftp://10.0.0.1:8786"])
def test_what_is_no_address_is_refused_before_there_is_a_client(address: str) -> None:
    from metrics.measure.running import dask_cluster  # noqa: PLC0415 - skipped without distributed

    before = set(threading.enumerate())
    with pytest.raises(EngineError, match=f"no Dask scheduler answers at {address}: "):
        dask_cluster.Cluster(address)
    assert set(threading.enumerate()) == before
