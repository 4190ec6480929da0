"""Tasks on the workers of a Dask cluster.

Everything that is known stays with the caller: a worker holds only what it is at, so one that is lost costs that, and
its tasks run elsewhere. Items go out in chunks of about a second of work, a few chunks ahead for each thread of the
workers, so that however many items there are, few are in memory or on the way.
"""

from __future__ import annotations

import pickle
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from distributed import KilledWorker

from metrics.measure.running.dask_cluster import LOOK_EVERY_S, Cluster
from metrics.measure.running.dask_worker import Answers, Chunk
from metrics.measure.running.engine import Engine, EngineError, Outcome, ProcessSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dask.typing import Key
    from distributed import Future

    from metrics.measure.running.dask_cluster import Delivery
    from metrics.measure.running.engine import CpuBudget

    _Delivered = tuple[Key, Delivery]

CHUNKS_PER_THREAD = 2
"""One that is worked at and one that waits beside it."""
CHUNK_SECONDS = 1.0
MOST_ITEMS = 64
MOST_BYTES = 2**20
"""Of a chunk, beyond which it takes no further item."""
MOST_SENT_AT_ONCE = 8
MOST_TRIES = 5
"""Of a chunk that no worker could run, as where no process starts there, or whose answers did not come."""


class DaskEngine(Engine):
    """Tasks on a cluster.

    Args:
        cluster: where.
        processes: what the processes on its workers are.
        gpu: where they use CUDA, only workers with the resource GPU run them.
        jobs: most tasks at the same time; None for all that the workers can do.
        is_owner: closing this closes the connection.

    """

    def __init__(
        self, cluster: Cluster, processes: ProcessSettings, *, gpu: bool, jobs: int | None = None, is_owner: bool
    ) -> None:
        """Nothing runs yet."""
        self._cluster, self._processes, self._jobs, self._is_owner = cluster, processes, jobs, is_owner
        self._gpu = gpu

    @classmethod
    def connected(cls, address: str, processes: ProcessSettings, *, gpu: bool = False) -> DaskEngine:
        """Connect to the scheduler at an address.

        Raises:
            EngineError: none answers.

        """
        return cls(Cluster(address), processes, gpu=gpu, is_owner=True)

    @property
    def jobs(self) -> int:
        """Threads of the workers that there are now."""
        return max(1, self._n_threads())

    @property
    def jobs_per_gpu(self) -> int:
        """Of the worker with most, or of the machine with most where any worker may run them."""
        capacity = self._cluster.capacity()
        return max(1, min(self._jobs or capacity.per_host, capacity.per_gpu if self.on_gpu else capacity.per_host))

    @property
    def on_gpu(self) -> bool:
        """Whether only workers with the resource GPU run them."""
        return self._gpu and self._processes.uses_cuda

    def sibling(self, processes: ProcessSettings | None = None, *, jobs: int | None = None) -> DaskEngine:
        """Another engine of the same cluster."""
        return DaskEngine(
            self._cluster,
            processes or self._processes,
            gpu=self._gpu,
            jobs=jobs or self._jobs,
            is_owner=False,
        )

    def close(self) -> None:
        """Close the connection where it is this one's own; what was under way is dropped."""
        if self._is_owner:
            self._cluster.close()

    def map(
        self,
        function: Callable[[Any], Any],
        items: Iterable[Any],
        *,
        time_limit_s: float,
        budget: CpuBudget | None = None,
    ) -> Iterator[Outcome]:
        """Run ``function(item)`` for every item; a few chunks of items are taken ahead for each thread.

        Raises:
            EngineError: the scheduler is gone for long, or no worker can run a task.

        """
        chunk = Chunk(self._processes, pickle.dumps(function), (), time_limit_s)
        supply = _Supply(chunk, items, budget, most_items=1 if self._jobs else MOST_ITEMS)
        under_way: dict[Key, tuple[Future[Answers], _Sent]] = {}
        done: SimpleQueue[_Delivered] = SimpleQueue()
        try:
            while True:
                self._send(supply, under_way, done)
                refused = supply.refused()
                yield from refused
                if not under_way and supply.is_empty:
                    return
                if not refused:
                    yield from self._collected(supply, under_way, done)
        finally:
            self._cluster.cancel([future for future, _ in under_way.values()])

    def _n_threads(self) -> int:
        capacity = self._cluster.capacity()
        threads = capacity.gpu_threads if self.on_gpu else capacity.threads
        return min(threads, self._jobs or threads)

    def _send(
        self, supply: _Supply, under_way: dict[Key, tuple[Future[Answers], _Sent]], done: SimpleQueue[_Delivered]
    ) -> None:
        """Bring what is under way to its bound."""
        self._cluster.ensure_connected()
        n_threads = self._n_threads()
        if not n_threads:
            self._cluster.say_waiting(gpu=self.on_gpu)
        bound = self._jobs and min(self._jobs, max(1, n_threads))
        room = (bound or CHUNKS_PER_THREAD * max(1, n_threads)) - len(under_way)
        while room > 0:
            sent = supply.take(min(room, MOST_SENT_AT_ONCE))
            if not sent and not under_way:
                sent = supply.take_suspect()
            if not sent:
                return
            futures = self._cluster.submit(
                [one.chunk for one in sent], gpu=self.on_gpu, deliver=lambda key, what: done.put((key, what))
            )
            if not futures:
                supply.give_back(*sent)
                return
            under_way.update({future.key: (future, one) for future, one in zip(futures, sent, strict=True)})
            room -= len(sent)

    def _collected(
        self, supply: _Supply, under_way: dict[Key, tuple[Future[Answers], _Sent]], done: SimpleQueue[_Delivered]
    ) -> Iterator[Outcome]:
        """Outcomes of the chunks that are done, awaited for no longer than there may be news of workers."""
        for key, what in _ready(done):
            _, sent = under_way.pop(key, (None, None))
            if sent is None:
                continue
            if what is None:
                supply.give_back(sent)
            elif isinstance(what, BaseException):
                yield from self._failed(supply, sent, what)
            else:
                supply.learn(what)
                for outcome in what.outcomes:
                    yield replace(outcome, index=sent.indices[outcome.index])

    def _failed(self, supply: _Supply, sent: _Sent, error: BaseException) -> Iterator[Outcome]:
        """What becomes of a chunk that no worker could run.

        Dask blames every task that a lost worker had, also those that waited there: each item is tried once more when
        nothing else is under way, and only one that loses its workers then is given up.
        """
        if isinstance(error, KilledWorker):
            if not sent.is_alone:
                supply.suspect(sent)
            else:
                reason = f"worker_died: {error.allowed_failures + 1} workers were lost while they ran it"
                yield Outcome(sent.indices[0], None, reason)
        elif sent.n_tries < MOST_TRIES:
            supply.give_back(replace(sent, n_tries=sent.n_tries + 1))
        else:
            cause = error.__cause__ or error
            msg = f"no worker of {self._cluster.address} can run a task: {type(cause).__name__}: {cause}"
            if isinstance(cause, ImportError):
                msg += "; scheduler and workers need this installation, in a checkout start them in its folder"
            raise EngineError(msg)


@dataclass(frozen=True)
class _Sent:
    """A chunk that was sent.

    Attributes:
        chunk: it.
        indices: place of each of its items among those of the call.
        n_tries: how often, as far as its workers could not run it.
        is_alone: nothing else was under way.

    """

    chunk: Chunk
    indices: tuple[int, ...]
    n_tries: int = 1
    is_alone: bool = False


class _Supply:
    """Items of one call, made into chunks as they are needed.

    Args:
        empty: a chunk without items.
        items: taken one by one.
        budget: of all of them; past it each is refused.
        most_items: of a chunk.

    """

    def __init__(self, empty: Chunk, items: Iterable[Any], budget: CpuBudget | None, most_items: int) -> None:
        self._empty, self._items, self._budget, self._most_items = empty, enumerate(items), budget, most_items
        self._again: deque[_Sent] = deque()
        self._suspects: deque[_Sent] = deque()
        self._refused: list[Outcome] = []
        self._is_exhausted = False
        self._n_done, self._seconds = 0, 0.0

    @property
    def is_empty(self) -> bool:
        return self._is_exhausted and not (self._again or self._suspects or self._refused)

    def take(self, most: int) -> list[_Sent]:
        """The next chunks, first those that are tried again."""
        chunks: list[_Sent] = []
        while len(chunks) < most and (chunk := self._again.popleft() if self._again else self._next_chunk()):
            chunks.append(chunk)
        return chunks

    def take_suspect(self) -> list[_Sent]:
        """One item that may have ended its workers, where nothing else is left."""
        return [self._suspects.popleft()] if self._suspects and self._is_exhausted and not self._again else []

    def suspect(self, sent: _Sent) -> None:
        """Keep the items of a chunk for the end, each by itself."""
        self._suspects.extend(
            _Sent(replace(sent.chunk, items=(item,)), (index,), is_alone=True)
            for item, index in zip(sent.chunk.items, sent.indices, strict=True)
        )

    def give_back(self, *sent: _Sent) -> None:
        self._again.extend(sent)

    def learn(self, answers: Answers) -> None:
        """Count what a chunk used."""
        self._n_done += len(answers.outcomes)
        self._seconds += answers.seconds
        if self._budget is not None:
            self._budget.spend(answers.cpu_seconds)

    def refused(self) -> list[Outcome]:
        """Outcomes of items that the budget did not allow, each given once."""
        refused, self._refused = self._refused, []
        return refused

    def _next_chunk(self) -> _Sent | None:
        n_wanted = self._n_wanted()
        indices: list[int] = []
        pickled: list[bytes] = []
        while len(indices) < n_wanted and sum(map(len, pickled)) < MOST_BYTES:
            try:
                index, item = next(self._items)
            except StopIteration:
                self._is_exhausted = True
                break
            if self._budget is not None and (failure := self._budget.failure) is not None:
                self._refused.append(Outcome(index, None, failure))
                if len(self._refused) >= MOST_ITEMS:
                    break
                continue
            indices.append(index)
            pickled.append(pickle.dumps(item))
        return _Sent(replace(self._empty, items=tuple(pickled)), tuple(indices)) if indices else None

    def _n_wanted(self) -> int:
        """So many that they take about as long as a chunk should."""
        if not self._n_done:
            return 1
        mean = max(self._seconds / self._n_done, CHUNK_SECONDS / self._most_items)
        return max(1, min(self._most_items, int(CHUNK_SECONDS / mean)))


def _ready(done: SimpleQueue[_Delivered]) -> list[_Delivered]:
    """All that is delivered, at least one thing unless none comes for a while."""
    ready = []
    with suppress(Empty):
        ready.append(done.get(timeout=LOOK_EVERY_S))
        while True:
            ready.append(done.get_nowait())
    return ready
