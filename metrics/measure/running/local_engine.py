"""Tasks in processes of this machine.

A process that exceeds its time, its memory or dies is ended and replaced, and the task's outcome says so. They are
plain child processes started by command line, so a caller's ``__main__`` is not imported again and needs no guard.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections import deque
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metrics.installed import import_path, interpreter
from metrics.measure.running import task_process
from metrics.measure.running.engine import (
    QUIET,
    START_SECONDS,
    THREADS,
    Engine,
    EngineError,
    Outcome,
    ProcessSettings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from metrics.measure.running.engine import CpuBudget

EXIT_SECONDS = 10.0  # of a process whose end of the socket is closed
RESTART_SECONDS = 5.0  # CPU time that a fresh worker takes to import, charged to the task that ended the one before
GROW_AFTER_S = 1.0  # of work by fewer processes than there may be; starting one takes three seconds of CPU time
NVIDIA = Path("/dev/nvidiactl")


class _Worker:
    """One child process and the end of a socket to it."""

    def __init__(self, settings: ProcessSettings) -> None:
        ours, theirs = socket.socketpair()
        path = os.pathsep.join([*import_path(), *_inherited_path()])
        environment = {**os.environ, **THREADS, **QUIET, "PYTHONPATH": path}
        limit = None if settings.uses_cuda and NVIDIA.exists() else settings.memory_limit_bytes
        arguments = (str(theirs.fileno()), str(limit or task_process.UNLIMITED), *settings.preload)
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                # -P: a file of the working directory that is called as one of our folders is not imported for it
                [interpreter(settings.environment), "-P", "-m", task_process.__name__, *arguments],
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

    def why_not_started(self) -> str:
        """What became of a process that never was ready; it is ended."""
        if time.monotonic() < self.deadline:
            with suppress(subprocess.TimeoutExpired):  # it closes its socket some time before it ends
                self.process.wait(EXIT_SECONDS)
        exit_code = self.process.poll()
        self.end()
        if exit_code is None:
            return f"a measuring process was not ready within {START_SECONDS:g} s"
        return f"a measuring process {_end_of(exit_code)} while it started; what it wrote stands above"

    def end(self) -> int:
        """Close and wait; returns the exit code (negative: the signal)."""
        self.connection.close()
        self.process.kill()
        return self.process.wait()


class LocalEngine(Engine):
    """A pool of processes.

    Args:
        jobs: number of processes.
        processes: what they are.
        at_first: how many start now, where little work is expected; the others do when it turns out to be more.

    Raises:
        EngineError: in :meth:`map`, where a process cannot start.

    """

    def __init__(self, jobs: int, processes: ProcessSettings | None = None, *, at_first: int | None = None) -> None:
        """Start the workers; they import while the caller goes on."""
        if jobs < 1:
            msg = f"jobs must be at least 1, got {jobs}"
            raise ValueError(msg)
        self._settings = processes or ProcessSettings()
        self._jobs = jobs
        self._workers = [self._start() for _ in range(min(jobs, at_first or jobs))]
        self._worked_s = 0.0

    @property
    def jobs(self) -> int:
        """Number of processes."""
        return self._jobs

    @property
    def jobs_per_gpu(self) -> int:
        """All of them: those of one machine share its GPU."""
        return self.jobs

    @property
    def on_gpu(self) -> bool:
        """Whether they use CUDA and this machine has a GPU."""
        return self._settings.uses_cuda and NVIDIA.exists()

    def sibling(self, processes: ProcessSettings | None = None, *, jobs: int | None = None) -> LocalEngine:
        """Another pool of this machine."""
        return LocalEngine(jobs or self.jobs, processes or self._settings)

    def close(self) -> None:
        """End every worker; tasks under way are lost."""
        for worker in self._workers:
            worker.end()
        self._workers = []

    def interrupt(self) -> None:
        """End the tasks under way, from another thread; the outcome of each is that its process died."""
        for worker in self._workers:
            worker.process.kill()

    def map(
        self,
        function: Callable[[Any], Any],
        items: Iterable[Any],
        *,
        time_limit_s: float,
        budget: CpuBudget | None = None,
    ) -> Iterator[Outcome]:
        """Run ``function(item)`` for every item; never more items are taken ahead than there are processes."""
        waiting = enumerate(items)
        ahead: deque[tuple[int, Any]] = deque()  # one item, to know that there is more than the workers can take
        exhausted = False
        finished: deque[Outcome] = deque()
        try:
            while True:
                for worker in self._workers:
                    if worker.ready and worker.index is None and not exhausted:
                        try:
                            index, item = ahead.popleft() if ahead else next(waiting)
                        except StopIteration:
                            exhausted = True
                            break
                        if budget is not None and (failure := budget.failure) is not None:
                            finished.append(Outcome(index, None, failure))
                            continue
                        worker.give(index, (function, item), time_limit_s)
                self._grow_for(waiting, ahead)
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
        return _Worker(self._settings)

    def _grow_for(self, waiting: Iterator[tuple[int, Any]], ahead: deque[tuple[int, Any]]) -> None:
        """Start the processes that are left once those that run have worked for a while and an item waits for one."""
        if len(self._workers) == self._jobs or any(worker.index is None for worker in self._workers):
            return
        under_way = sum(time.monotonic() - worker.started for worker in self._workers)
        if self._worked_s + under_way >= GROW_AFTER_S:
            ahead.extend(islice(waiting, 0 if ahead else 1))
            if ahead:
                self._workers += [self._start() for _ in range(self._jobs - len(self._workers))]

    def _collect(self, finished: deque[Outcome], time_limit_s: float, budget: CpuBudget | None) -> None:
        """Wait for a message or a deadline, whichever comes first; where outcomes are there already, do not wait."""
        busy = [worker for worker in self._workers if worker.index is not None or not worker.ready]
        first_deadline = min((worker.deadline for worker in busy), default=0.0)
        patience = 0.0 if finished else max(0.0, first_deadline - time.monotonic())
        if len(self._workers) < self._jobs:
            patience = min(patience, GROW_AFTER_S)
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
                    self._worked_s += time.monotonic() - worker.started
                    finished.append(Outcome(worker.index, value, failure))
                    if budget is not None:
                        budget.spend(cpu_seconds)
                worker.index = None
            elif time.monotonic() >= worker.deadline:
                self._replace(worker, finished, "time_limit", f"took longer than {time_limit_s:g} s", budget)

    def _replace(
        self, worker: _Worker, finished: deque[Outcome], kind: str, detail: str | None, budget: CpuBudget | None
    ) -> None:
        if not worker.ready:
            raise EngineError(worker.why_not_started())
        exit_code = worker.end()
        if worker.index is not None:
            detail = detail or f"the process measuring it {_end_of(exit_code)}"
            finished.append(Outcome(worker.index, None, f"{kind}: {detail}"))
            if budget is not None:
                budget.spend(time.monotonic() - worker.started + RESTART_SECONDS)
        self._workers[self._workers.index(worker)] = self._start()


def _inherited_path() -> list[str]:
    return [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]


def _end_of(exit_code: int) -> str:
    return f"was ended by {signal.Signals(-exit_code).name}" if exit_code < 0 else f"ended with code {exit_code}"
