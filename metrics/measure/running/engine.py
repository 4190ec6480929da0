"""Where measuring runs: worker processes of this machine, with a limit of time and memory for each task.

A task is a module-level function and one argument. A worker that exceeds its time, its memory or dies is ended and
replaced, and the task's outcome says so; the other tasks never notice. Workers are plain child processes started by
command line, so a caller's ``__main__`` is not imported again and needs no guard.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from metrics.installed import import_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

MEMORY_LIMIT_BYTES = 6 * 2**30
# one thread per worker: the processes already fill the cores, and numbers stay the same on any machine
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
# what spglib cannot tell is a recorded reason; its own lines on stderr name no structure
QUIET = {"SPGLIB_WARNING": "OFF"}
_UNLIMITED = 0  # on a worker's command line
START_SECONDS = 600.0  # a first start compiles for half a minute of CPU, more on a busy machine; no task's fault


RESTART_SECONDS = 5.0  # CPU time that a fresh worker takes to import, charged to the task that ended the one before


@dataclass(frozen=True)
class Outcome:
    """What became of one task: a value, or the reason why there is none."""

    index: int
    value: Any
    failure: str | None


class CpuBudget:
    """CPU seconds that many tasks may use together; tasks past it are not run, and their outcome says so.

    It counts what workers use, not how long anybody waited, so that it does not depend on what else the machine does.
    A task that is ended, or ends its worker, counts with all of its time and that of a fresh worker.

    Args:
        seconds: what may be used.
        what: what the tasks are, as in "1,000 s of measuring".

    """

    def __init__(self, seconds: float, what: str) -> None:
        """Nothing is used yet."""
        self._seconds, self._what = seconds, what
        self._used = 0.0

    @property
    def failure(self) -> str | None:
        """Why no further task is run; None while some may."""
        if self._used < self._seconds:
            return None
        return f"time_limit: the submission has used its {self._seconds:,.0f} s of {self._what}"

    def grow(self, seconds: float) -> None:
        """Allow more, as where tasks become known one by one."""
        self._seconds += seconds

    def spend(self, seconds: float) -> None:
        """Count what a task used."""
        self._used += seconds


class _Worker:
    """One child process and the end of a socket to it."""

    def __init__(self, python: str, preload: tuple[str, ...], memory_limit_bytes: int | None) -> None:
        ours, theirs = socket.socketpair()
        path = os.pathsep.join([*import_path(), *_inherited_path()])
        environment = {**os.environ, **THREADS, **QUIET, "PYTHONPATH": path}
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                # -P: a file of the working directory that is called as one of our folders is not imported for it
                [python, "-P", "-m", __name__, str(theirs.fileno()), str(memory_limit_bytes or _UNLIMITED), *preload],
                pass_fds=(theirs.fileno(),),
                env=environment,
                stdin=subprocess.DEVNULL,
            )
        self.connection = Connection(ours.detach())
        self.index: int | None = None
        self.started = time.monotonic()
        self.deadline = time.monotonic() + START_SECONDS
        self.ready = False

    def give(self, index: int, task: tuple[Callable[[Any], Any], Any], time_limit_s: float) -> None:
        # a worker that died while idle is noticed when its answer is awaited
        with suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(task)
        self.index, self.started = index, time.monotonic()
        self.deadline = self.started + time_limit_s

    def end(self) -> int:
        """Close and wait; returns the exit code (negative: the signal)."""
        self.connection.close()
        self.process.kill()
        return self.process.wait()


class Engine:
    """A pool of workers; use it as a context manager.

    Args:
        jobs: number of processes.
        preload: what each worker does before its first task: a module to import, ``module:function`` to call.
        memory_limit_bytes: address space of one worker; None for no limit, as CUDA needs it.
        python: interpreter of the environment the workers run in; what passes between is pickled, so the packages of
            arguments and answers must be in both.

    """

    def __init__(
        self,
        jobs: int,
        *,
        preload: Iterable[str] = (),
        memory_limit_bytes: int | None = MEMORY_LIMIT_BYTES,
        python: str = sys.executable,
    ) -> None:
        """Start the workers; they import while the caller goes on."""
        if jobs < 1:
            msg = f"jobs must be at least 1, got {jobs}"
            raise ValueError(msg)
        self._preload = tuple(preload)
        self._memory_limit_bytes = memory_limit_bytes
        self._python = python
        self._workers = [self._start() for _ in range(jobs)]

    def __enter__(self) -> Self:
        """Hand out the pool."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every worker, whatever happened."""
        self.close()

    @property
    def jobs(self) -> int:
        """Number of processes."""
        return len(self._workers)

    def close(self) -> None:
        """End every worker; tasks under way are lost."""
        for worker in self._workers:
            worker.end()
        self._workers = []

    def map(
        self,
        function: Callable[[Any], Any],
        items: Iterable[Any],
        *,
        time_limit_s: float,
        budget: CpuBudget | None = None,
    ) -> Iterator[Outcome]:
        """Run ``function(item)`` for every item; outcomes come as they finish, ``index`` says whose.

        Args:
            function: importable by name (module level).
            items: picklable arguments; taken one by one, never more ahead than there are workers.
            time_limit_s: wall time of one task in seconds.
            budget: of all tasks together; None for none.

        """
        waiting = enumerate(items)
        exhausted = False
        finished: deque[Outcome] = deque()
        try:
            while True:
                for worker in self._workers:
                    if worker.ready and worker.index is None and not exhausted:
                        try:
                            index, item = next(waiting)
                        except StopIteration:
                            exhausted = True
                            break
                        if budget is not None and (failure := budget.failure) is not None:
                            finished.append(Outcome(index, None, failure))
                            continue
                        worker.give(index, (function, item), time_limit_s)
                if exhausted and not finished and all(worker.index is None for worker in self._workers):
                    return
                self._collect(finished, time_limit_s, budget)
                while finished:
                    yield finished.popleft()
        finally:
            # the caller stopped listening: an answer still under way must not reach the next call
            for worker in [worker for worker in self._workers if worker.index is not None]:
                worker.index = None
                self._replace(worker, finished, "stopped", None, None)

    def _start(self) -> _Worker:
        return _Worker(self._python, self._preload, self._memory_limit_bytes)

    def _collect(self, finished: deque[Outcome], time_limit_s: float, budget: CpuBudget | None) -> None:
        """Wait for a message or a deadline, whichever comes first; where outcomes are there already, do not wait."""
        busy = [worker for worker in self._workers if worker.index is not None or not worker.ready]
        first_deadline = min((worker.deadline for worker in busy), default=0.0)
        patience = 0.0 if finished else max(0.0, first_deadline - time.monotonic())
        answered = wait([worker.connection for worker in busy], patience)
        for worker in busy:
            if worker.connection in answered:
                try:
                    value, failure, cpu_seconds = worker.connection.recv()
                except (EOFError, ConnectionResetError):
                    self._replace(worker, finished, "worker_died", None, budget)
                    continue
                if not worker.ready:
                    worker.ready = True
                    continue
                if worker.index is not None:
                    finished.append(Outcome(worker.index, value, failure))
                    if budget is not None:
                        budget.spend(cpu_seconds)
                worker.index = None
            elif time.monotonic() >= worker.deadline:
                self._replace(worker, finished, "time_limit", f"took longer than {time_limit_s:g} s", budget)

    def _replace(
        self, worker: _Worker, finished: deque[Outcome], kind: str, detail: str | None, budget: CpuBudget | None
    ) -> None:
        exit_code = worker.end()
        if not worker.ready:
            msg = f"a measuring process could not start within {START_SECONDS:g} s (exit code {exit_code})"
            raise RuntimeError(msg)
        if worker.index is not None:
            finished.append(Outcome(worker.index, None, f"{kind}: {detail or _exit_text(exit_code)}"))
            if budget is not None:
                budget.spend(time.monotonic() - worker.started + RESTART_SECONDS)
        self._workers[self._workers.index(worker)] = self._start()


def _inherited_path() -> list[str]:
    return [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]


def _exit_text(exit_code: int) -> str:
    if exit_code < 0:
        return f"the process measuring it was ended by {signal.Signals(-exit_code).name}"
    return f"the process measuring it ended with code {exit_code}"


def _serve(connection: Connection, memory_limit_bytes: int, preload: Iterable[str]) -> None:
    """Loop of a worker: import, say so, then answer one task after the other until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it ends its workers
    for entry in preload:
        module, _, function = entry.partition(":")
        imported = import_module(module)
        if function:
            getattr(imported, function)()
    if memory_limit_bytes != _UNLIMITED:
        resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))
    connection.send((None, None, 0.0))
    while True:
        try:
            function, item = connection.recv()
        except (EOFError, ConnectionResetError):
            return
        answer: tuple[Any, str | None]
        started = time.process_time()
        try:
            answer = (function(item), None)
        except MemoryError:
            answer = (None, f"memory_limit: needed more than {memory_limit_bytes / 2**30:.1f} GiB")
        except Exception as error:  # noqa: BLE001 - the boundary: whatever a task raises becomes its recorded reason
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(where.filename).name}:{where.lineno}"
            answer = (None, f"crashed: {type(error).__name__}: {str(error)[:200]} ({place})")
        with suppress(BrokenPipeError, ConnectionResetError):  # the parent is gone: the next recv ends the loop
            connection.send((*answer, time.process_time() - started))


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])), int(sys.argv[2]), sys.argv[3:])
