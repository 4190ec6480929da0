"""What an engine is: it runs one function over many items, with limits of time and memory for each, and outlives all.

A task is a module-level function and one argument. One that exceeds its time or memory, or ends the process it runs in,
is an outcome that says so; the other tasks never notice. :mod:`metrics.measure.running.local_engine` runs on this
machine, :mod:`metrics.measure.running.dask_engine` on a cluster; outcomes are the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

MEMORY_LIMIT_BYTES = 6 * 2**30
# one thread per process: the processes already fill the cores, and numbers stay the same on any machine
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
# what spglib cannot tell is a recorded reason; its own lines on stderr name no structure
QUIET = {"SPGLIB_WARNING": "OFF"}
START_SECONDS = 600.0  # a first start compiles for half a minute of CPU, more on a busy machine; no task's fault


class EngineError(Exception):
    """Where tasks should run cannot be reached, or no process starts there."""


@dataclass(frozen=True)
class Outcome:
    """What became of one task: a value, or the reason why there is none."""

    index: int
    value: Any
    failure: str | None


@dataclass(frozen=True)
class ProcessSettings:
    """What the processes are in which tasks run; paths are those of the machine that starts one.

    Attributes:
        preload: what each does before its first task: a module to import, ``module:function`` to call.
        memory_limit_bytes: address space of one; None for no limit.
        environment: name of the virtual environment ``.venv-<name>`` they run in; None for that of the caller. What
            passes between is pickled, so the packages of arguments and answers must be in both.
        uses_cuda: where there is a GPU the address space is not limited then, CUDA reserves more than any limit.

    """

    preload: tuple[str, ...] = ()
    memory_limit_bytes: int | None = MEMORY_LIMIT_BYTES
    environment: str | None = None
    uses_cuda: bool = False


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
    def used(self) -> float:
        """CPU seconds used so far."""
        return self._used

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


class Engine(ABC):
    """Where tasks run; use it as a context manager."""

    def __enter__(self) -> Self:
        """Hand out the engine."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it, whatever happened."""
        self.close()

    @property
    @abstractmethod
    def jobs(self) -> int:
        """Number of tasks that run at the same time."""

    @property
    @abstractmethod
    def jobs_per_gpu(self) -> int:
        """Number of tasks that share the memory of a GPU where there is one."""

    @property
    @abstractmethod
    def on_gpu(self) -> bool:
        """Whether its processes have a GPU, as far as that is known here."""

    @abstractmethod
    def sibling(self, processes: ProcessSettings | None = None, *, jobs: int | None = None) -> Engine:
        """Another engine in the same place.

        Args:
            processes: what its processes are; default is as those of this one.
            jobs: most tasks that it runs at the same time; default is as this one.

        """

    @abstractmethod
    def close(self) -> None:
        """End what runs; tasks under way are lost."""

    @abstractmethod
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
            items: picklable arguments; taken one by one, a bounded number ahead of the outcomes.
            time_limit_s: wall time of one task in seconds.
            budget: of all tasks together; None for none.

        """


StartEngine = Callable[[ProcessSettings], Engine]
"""Starts an engine whose processes are such, wherever the caller has chosen."""
