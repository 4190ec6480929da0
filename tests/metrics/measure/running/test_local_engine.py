"""The engine of this machine: limits of time and memory, crashes and deaths are outcomes; nothing else is touched."""

from __future__ import annotations

import operator
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics import installed
from metrics.measure.running.engine import CpuBudget, EngineError, ProcessSettings
from metrics.measure.running.local_engine import RESTART_SECONDS, LocalEngine
from tests.engine_tasks import burn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from metrics.measure.running.engine import Engine

ROOT = Path(__file__).parents[4]
LIMIT_S = 20.0


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(2) as engine:
        yield engine


def test_every_item_gets_its_own_answer(engine: Engine) -> None:
    outcomes = list(engine.map(operator.neg, range(50), time_limit_s=LIMIT_S))
    assert sorted((outcome.index, outcome.value) for outcome in outcomes) == [(i, -i) for i in range(50)]
    assert all(outcome.failure is None for outcome in outcomes)


def test_nothing_to_do_ends_at_once(engine: Engine) -> None:
    assert list(engine.map(operator.neg, [], time_limit_s=LIMIT_S)) == []


WHOSE = "(__import__('time').sleep({seconds}), __import__('os').getpid())[1]"


def test_little_work_is_done_by_one_process_and_more_by_all() -> None:
    with LocalEngine(2, at_first=1) as engine:
        few = {outcome.value for outcome in engine.map(eval, [WHOSE.format(seconds=0.2)] * 2, time_limit_s=LIMIT_S)}
        many = {outcome.value for outcome in engine.map(eval, [WHOSE.format(seconds=0.2)] * 40, time_limit_s=LIMIT_S)}
    assert (len(few), len(many)) == (1, 2)
    assert few < many


def test_what_one_process_can_do_starts_no_other_however_long_it_takes() -> None:
    before = children()
    with LocalEngine(8, at_first=1) as engine:
        for seconds in (0, 2, 0):
            (outcome,) = engine.map(eval, [WHOSE.format(seconds=seconds)], time_limit_s=LIMIT_S)
            time.sleep(1)
            assert children() - before == {str(outcome.value)}


def children() -> set[str]:
    return set(Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children").read_text().split())


def test_a_process_that_cannot_start_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    said = r"a measuring process ended with code 1 while it started; what it wrote stands above"
    with (
        LocalEngine(1, ProcessSettings(preload=("no_such_module",))) as engine,
        pytest.raises(EngineError, match=said),
    ):
        list(engine.map(abs, [1], time_limit_s=LIMIT_S))
    assert "No module named 'no_such_module'" in capfd.readouterr().err


def test_a_task_over_its_time_is_ended_and_the_others_are_done(engine: Engine) -> None:
    outcomes = {outcome.index: outcome for outcome in engine.map(time.sleep, [0, 3600, 0, 0], time_limit_s=1.5)}
    assert outcomes[1].failure == "time_limit: took longer than 1.5 s"
    assert [outcomes[i].failure for i in (0, 2, 3)] == [None, None, None]


def test_a_task_over_its_memory_says_so() -> None:
    with LocalEngine(1, ProcessSettings(memory_limit_bytes=2**30)) as small:
        big, after = small.map(bytearray, [2**31, 3], time_limit_s=LIMIT_S)
    assert big.failure == "memory_limit: needed more than 1.0 GiB"
    assert after.value == bytearray(3)


def test_without_a_limit_the_address_space_is_the_machine_s() -> None:
    with LocalEngine(1, ProcessSettings(memory_limit_bytes=None)) as engine:
        (outcome,) = engine.map(resource.getrlimit, [resource.RLIMIT_AS], time_limit_s=LIMIT_S)
    assert outcome.value == resource.getrlimit(resource.RLIMIT_AS)


def test_workers_may_run_in_another_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "FOLDER", tmp_path)
    venv.create(tmp_path / ".venv-other", with_pip=False)
    with LocalEngine(1, ProcessSettings(environment="other")) as engine:
        (outcome,) = engine.map(eval, ["__import__('sys').prefix"], time_limit_s=LIMIT_S)
    assert outcome.value == str(tmp_path / ".venv-other")


def test_a_crash_gives_its_type_text_and_place(engine: Engine) -> None:
    bad, good = sorted(engine.map(int, ["x", "7"], time_limit_s=LIMIT_S), key=lambda outcome: outcome.index)
    assert bad.failure is not None
    assert bad.failure.startswith("crashed: ValueError: invalid literal for int()")
    assert good.value == 7


@pytest.mark.parametrize(
    ("die", "reason"),
    [(os._exit, "ended with code 9"), (signal.raise_signal, "was ended by SIGKILL")],
    ids=["exit", "kill"],
)
def test_a_death_is_the_outcome_of_the_task_that_caused_it(
    engine: Engine, die: Callable[[int], None], reason: str
) -> None:
    (outcome,) = engine.map(die, [9], time_limit_s=LIMIT_S)
    assert outcome.failure == f"worker_died: the process measuring it {reason}"
    assert [following.value for following in engine.map(abs, [-1], time_limit_s=LIMIT_S)] == [1]


def test_stopping_early_leaves_no_answer_for_the_next_call(engine: Engine) -> None:
    first = engine.map(time.sleep, [0, 2, 2, 2], time_limit_s=LIMIT_S)
    next(first)
    first.close()  # type: ignore[attr-defined] # it is a generator
    assert [outcome.value for outcome in engine.map(abs, [-5], time_limit_s=LIMIT_S)] == [5]


@pytest.mark.parametrize("seconds", [0, 3600], ids=["idle", "at work"])
def test_workers_end_with_a_parent_that_was_killed(seconds: int) -> None:
    code = (
        "import os, threading, time\n"
        "from metrics.measure.running.local_engine import LocalEngine\n"
        "engine = LocalEngine(1); list(engine.map(abs, [1], time_limit_s=60))\n"
        f"work = lambda: list(engine.map(time.sleep, [{seconds}], time_limit_s=4000))\n"
        "threading.Thread(target=work, daemon=True).start(); time.sleep(1)\n"
        "print(engine._workers[0].process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == -9
    worker = Path(f"/proc/{run.stdout.strip()}")
    for _ in range(100):
        if not worker.exists():
            return
        time.sleep(0.1)
    pytest.fail("the worker outlived its parent by 10 s")


def test_a_script_without_a_main_guard_may_use_it(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from metrics.measure.running.local_engine import LocalEngine\n"
        "with LocalEngine(1) as engine:\n    print([o.value for o in engine.map(abs, [-2], time_limit_s=60)])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "[2]\n"


def test_a_number_of_jobs_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        LocalEngine(0)


def test_past_its_budget_no_task_is_run_and_each_says_so(engine: Engine) -> None:
    budget = CpuBudget(0.3, "reading")
    outcomes = list(engine.map(burn, [0.2] * 40, time_limit_s=LIMIT_S, budget=budget))
    assert sorted(outcome.index for outcome in outcomes) == list(range(40))
    failures = [outcome.failure for outcome in outcomes if outcome.failure is not None]
    # two workers: two tasks are under way while the budget lasts, and perhaps two more
    assert 35 <= len(failures) <= 38
    assert set(failures) == {"time_limit: the submission has used its 0 s of reading"}
    (after,) = engine.map(burn, [0.01], time_limit_s=LIMIT_S, budget=CpuBudget(1, "reading"))
    assert after.failure is None


def test_a_task_that_is_ended_costs_its_time_and_a_fresh_worker(engine: Engine) -> None:
    budget = CpuBudget(RESTART_SECONDS, "reading")
    outcomes = sorted(
        engine.map(os._exit, [3, 3, 3, 3, 3, 3], time_limit_s=LIMIT_S, budget=budget), key=lambda outcome: outcome.index
    )
    assert outcomes[0].failure == "worker_died: the process measuring it ended with code 3"
    assert outcomes[-1].failure == "time_limit: the submission has used its 5 s of reading"
