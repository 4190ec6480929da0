"""What a Dask worker does beside Dask: it says which version of this code it has, and runs each task in a process.

Workers load it with ``python -m dask worker ADDRESS --preload metrics.measure.running.dask_worker``. The processes are
those of :mod:`metrics.measure.running.local_engine`, so limits, crashes and their reasons are as on one machine, and no
structure ends a worker. They are kept from task to task, with what they have imported and loaded.
"""

from __future__ import annotations

import logging
import math
import pickle
import time
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from distributed import get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from metrics.code_version import code_version
from metrics.measure.running.engine import CpuBudget, EngineError
from metrics.measure.running.local_engine import LocalEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distributed import Worker

    from metrics.measure.running.engine import Outcome, ProcessSettings

VERSION_RESOURCE = "crystal-leaderboard "
"""Before the version of the code: the resource that a worker has and every task needs, so that the scheduler itself
keeps tasks from workers of other versions."""
_PLUGIN = "crystal-leaderboard"
_LOG = logging.getLogger("distributed.worker")


@dataclass(frozen=True)
class Chunk:
    """Some items of one call, for one worker.

    Attributes:
        processes: what the process is that runs them.
        function: pickled.
        items: each pickled.
        time_limit_s: wall time of one item.

    """

    processes: ProcessSettings
    function: bytes
    items: tuple[bytes, ...]
    time_limit_s: float


class Answers(NamedTuple):
    """Outcomes of a chunk, by place in it, and the seconds that they took together, of CPU time and of the clock."""

    outcomes: list[Outcome]
    cpu_seconds: float
    seconds: float


async def dask_setup(worker: Worker) -> None:
    """Tell the scheduler the version, with which the worker registers after this; Dask calls it by this name."""
    resource = f"{VERSION_RESOURCE}{code_version()}"
    worker.state.total_resources[resource] = worker.state.nthreads
    worker.state.available_resources[resource] = worker.state.nthreads
    await worker.plugin_add(TaskProcesses(worker.state.nthreads), name=_PLUGIN)
    _LOG.info("version of the code: %s", code_version())


def run_chunk(chunk: Chunk) -> Answers:
    """Run the items one after the other in a process of this worker; runs in a thread of it.

    Raises:
        EngineError: the process was ended, since nobody waits for the answers.

    """
    worker = get_worker()
    processes = cast("TaskProcesses", worker.plugins[_PLUGIN])
    function = cast("Callable[[Any], Any]", _Pickled(chunk.function))
    meter = CpuBudget(math.inf, "one chunk")
    outcomes: list[Outcome] = []
    given_at: list[float] = []

    def items() -> Iterator[_Pickled]:
        for item in chunk.items:
            given_at.append(time.monotonic())  # the process has started
            yield _Pickled(item)

    key = worker.get_current_task()
    with processes.lent(chunk.processes, key) as engine:
        for outcome in engine.map(function, items(), time_limit_s=chunk.time_limit_s, budget=meter):
            if not processes.is_wanted(key):
                msg = "nobody waited for it any more"
                raise EngineError(msg)
            outcomes.append(outcome)
    return Answers(outcomes, meter.used, time.monotonic() - given_at[0])


class TaskProcesses(WorkerPlugin):
    """The processes of one worker: as many as it has threads, those that did other work are ended first.

    Args:
        most: how many.

    """

    def __init__(self, most: int) -> None:
        """None is started before there is a task."""
        self._most = most
        self._lock = Lock()
        self._idle: list[tuple[ProcessSettings, LocalEngine]] = []
        self._busy: dict[object, LocalEngine] = {}

    @contextmanager
    def lent(self, settings: ProcessSettings, key: object) -> Iterator[LocalEngine]:
        """An engine of one process for the task of this key."""
        with self._lock:
            place = next((at for at, (kind, _) in enumerate(self._idle) if kind == settings), None)
            engine = None if place is None else self._idle.pop(place)[1]
            n_over = 0 if engine else len(self._idle) + len(self._busy) + 1 - self._most
            ended, self._idle = self._idle[: max(0, n_over)], self._idle[max(0, n_over) :]
        for _, other in ended:
            other.close()
        engine = engine or LocalEngine(1, settings)
        with self._lock:
            self._busy[key] = engine
        is_whole = False
        try:
            yield engine
            is_whole = self.is_wanted(key)
        finally:
            with self._lock:
                self._busy.pop(key, None)
                if is_whole:
                    self._idle.append((settings, engine))
            if not is_whole:
                engine.close()

    def is_wanted(self, key: object) -> bool:
        """Whether somebody still waits for the task of this key."""
        with self._lock:
            return key in self._busy

    def transition(self, key: object, start: str, finish: str, **_: object) -> None:
        """End the process of a task that nobody waits for any more; Dask itself lets its thread go on."""
        if (start, finish) == ("executing", "released"):
            with self._lock:
                engine = self._busy.pop(key, None)
            if engine is not None:
                engine.interrupt()

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - Dask's signature
        """End all processes with their worker."""
        with self._lock:
            engines = [engine for _, engine in self._idle]
            for engine in self._busy.values():
                engine.interrupt()
            self._idle, self._busy = [], {}
        for engine in engines:
            engine.close()


class _Pickled:
    """What becomes itself only in the process that needs it: the worker imports nothing and opens no pickle for it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __reduce__(self) -> tuple[Callable[[bytes], Any], tuple[bytes]]:
        return pickle.loads, (self._content,)
