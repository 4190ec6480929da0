"""The connection to a Dask scheduler: who works there, by which version of the code, and what to do when it is lost."""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from distributed import Client
from distributed.client import ClosedClientError, FutureCancelledError, FuturesCancelledError
from distributed.comm.addressing import get_address_host_port

from metrics.code_version import code_version
from metrics.measure.running.dask_worker import VERSION_RESOURCE, Answers, Chunk, run_chunk
from metrics.measure.running.engine import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dask.typing import Key
    from distributed import Future

GPU = "GPU"
"""Resource of a worker that has one: ``--resources GPU=1``."""
CONNECT_S = 30.0
FETCH_S = 5.0
"""Time for the answers of a chunk to come; past it their worker is taken for lost, and the chunk runs again."""
FETCHES = 8
RECONNECT_S = 600.0
LOOK_EVERY_S = 2.0
SAY_EVERY_S = 60.0
START_WORKER = "python -m dask worker ADDRESS --preload metrics.measure.running.dask_worker"

LOST = (ClosedClientError, FutureCancelledError, FuturesCancelledError, OSError, TimeoutError)
"""What Dask raises where its scheduler is gone."""

Delivery = Answers | BaseException | None
"""Answers of a chunk, why no worker could run it, or None where it is lost and has to run again."""


@dataclass(frozen=True)
class Capacity:
    """What the workers of the right version do at the same time.

    Attributes:
        threads: tasks.
        gpu_threads: tasks on workers with the resource GPU.
        per_gpu: tasks that share a GPU where only workers with the resource run them.
        per_host: tasks that share a machine, and so its GPU, else.

    """

    threads: int = 0
    gpu_threads: int = 0
    per_gpu: int = 1
    per_host: int = 1


class Cluster:
    """A connection to the scheduler at an address; made again when it is lost.

    Args:
        address: such as ``tcp://10.0.0.1:8786``; ``tls://`` as Dask's configuration says.
        say: takes lines for a person.

    Raises:
        EngineError: no scheduler answers.

    """

    def __init__(self, address: str, say: Callable[[str], None] | None = None) -> None:
        """Connect."""
        self.address = address
        self._say = say or _to_stderr
        self._version = code_version()
        self._resource = f"{VERSION_RESOURCE}{self._version}"
        self._refused: set[str] = set()
        self._looked = self._said = -float("inf")
        self._capacity = Capacity()
        self._fetching = ThreadPoolExecutor(FETCHES, thread_name_prefix="fetch")
        try:
            get_address_host_port(address)  # a client that cannot read it holds up the end of the process for a minute
            self._client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:  # TypeError: tls:// without certificates in its configuration
            msg = f"no Dask scheduler answers at {address}: {error}; start one there: python -m dask scheduler"
            raise EngineError(msg) from error

    def close(self) -> None:
        """Close the connection; the scheduler then drops what was under way."""
        self._fetching.shutdown(wait=False, cancel_futures=True)
        self._client.close(timeout=5)

    def submit(
        self, chunks: Sequence[Chunk], *, gpu: bool, deliver: Callable[[Key, Delivery], object]
    ) -> list[Future[Answers]]:
        """Send chunks to whichever workers of this version are free; nothing where the connection is lost.

        Args:
            chunks: what to run.
            gpu: only workers with the resource GPU run them.
            deliver: takes a future's key and what came of it, in another thread.

        """
        keys = [f"crystal-leaderboard-{uuid4().hex}" for _ in chunks]
        resources = {self._resource: 1, **({GPU: 1} if gpu else {})}
        try:
            futures = list(self._client.map(run_chunk, chunks, key=keys, pure=False, resources=resources))
        except LOST:
            return []
        for future in futures:
            future.add_done_callback(partial(self._fetch_later, deliver))
        return futures

    def _fetch_later(self, deliver: Callable[[Key, Delivery], object], future: Future[Answers]) -> None:
        with suppress(RuntimeError):  # closed meanwhile: nobody waits for it
            self._fetching.submit(_fetch, future, deliver)

    def cancel(self, futures: Sequence[Future[Answers]]) -> None:
        """Stop what is under way, on the workers too."""
        with suppress(*LOST):
            self._client.cancel(list(futures), force=True)

    def ensure_connected(self) -> None:
        """Return once the scheduler answers, after a new connection where the old one is lost.

        Raises:
            EngineError: it has not answered for ten minutes.

        """
        if self._client.status == "running":
            return
        self._say(f"lost the Dask scheduler at {self.address}; trying to reach it for {RECONNECT_S / 60:.0f} minutes")
        deadline = time.monotonic() + RECONNECT_S
        while self._client.status != "running":
            if time.monotonic() > deadline:
                waited = f"has not answered for {RECONNECT_S / 60:.0f} minutes"
                msg = f"the Dask scheduler at {self.address} {waited}; the same command resumes"
                raise EngineError(msg)
            if self._client.status == "connecting":
                time.sleep(0.2)  # it tries by itself for a while
            else:
                with suppress(OSError):
                    self._client = Client(self.address, timeout=CONNECT_S, set_as_default=False)
        self._say(f"the Dask scheduler at {self.address} answers again")

    def capacity(self) -> Capacity:
        """What its workers can do now, looked at every two seconds; says which are refused, and when there is none."""
        now = time.monotonic()
        if now >= self._looked + LOOK_EVERY_S:
            self._looked = now
            with suppress(*LOST):
                self._capacity = self._look(self._client.scheduler_info()["workers"])
        return self._capacity

    def say_waiting(self, *, gpu: bool) -> None:
        """Say now and then what is waited for."""
        now = time.monotonic()
        if now >= self._said + SAY_EVERY_S:
            self._said = now
            kind = f"with the resource {GPU}, " if gpu else ""
            refused = f"; {len(self._refused)} of other versions are refused" if self._refused else ""
            self._say(f"waiting for a worker {kind}of version {self._version}: {START_WORKER}{refused}")

    def _look(self, workers: Mapping[str, Mapping[str, Any]]) -> Capacity:
        good = {address: worker for address, worker in workers.items() if self._resource in worker["resources"]}
        for address in sorted(workers.keys() - good.keys() - self._refused):
            self._refuse(address, workers[address]["resources"])
        self._refused &= workers.keys()
        by_host: Counter[str] = Counter()
        on_gpu = []
        for worker in good.values():
            by_host[worker["host"]] += worker["nthreads"]
            if GPU in worker["resources"]:
                on_gpu.append(min(int(worker["resources"][GPU]), worker["nthreads"]))
        return Capacity(
            threads=by_host.total(),
            gpu_threads=sum(on_gpu),
            per_gpu=max(on_gpu, default=1),
            per_host=max(by_host.values(), default=1),
        )

    def _refuse(self, address: str, resources: Iterable[str]) -> None:
        """Say so here and in the log of the worker, once."""
        self._refused.add(address)
        versions = [name.removeprefix(VERSION_RESOURCE) for name in resources if name.startswith(VERSION_RESOURCE)]
        theirs = f"version {versions[0]}" if versions else f"no version, it was not started as {START_WORKER}"
        line = f"worker {address} is refused: it has {theirs}; this command has version {self._version}"
        self._say(line)
        # a method of the standard library, which any worker can unpickle; one that hangs holds nobody up
        Thread(target=self._say_there, args=(address, line), daemon=True).start()

    def _say_there(self, address: str, line: str) -> None:
        with suppress(*LOST, RuntimeError):  # the command may end meanwhile
            say = logging.getLogger("distributed.worker").error
            self._client.run(say, line, workers=[address], on_error="ignore")


def _fetch(future: Future[Answers], deliver: Callable[[Key, Delivery], object]) -> None:
    """Bring the answers here; a worker that was lost with them holds up nothing else."""
    delivery: Delivery = None
    try:
        if future.status == "finished":
            delivery = future.result(timeout=FETCH_S)
        elif future.status == "error":
            delivery = future.exception()
    except TimeoutError as error:
        delivery = error
    except LOST:
        delivery = None
    except Exception as error:  # noqa: BLE001 - what the task raised where it was run again meanwhile
        delivery = error
    deliver(future.key, delivery)


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
