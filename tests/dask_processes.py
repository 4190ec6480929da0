"""A Dask scheduler and workers as processes of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[1]
PRELOAD = ("--preload", "metrics.measure.running.dask_worker")
PATIENCE_S = 120.0


class DaskProcesses:
    """Use it as a context manager: what it started is ended.

    Args:
        folder: of logs and scratch files.
        host: address that the scheduler listens at.
        root: of the code that the scheduler imports.
        allowed_failures: lost workers after which Dask gives a task up.

    Attributes:
        address: of the scheduler.
        scheduler: its process.

    """

    def __init__(self, folder: Path, *, allowed_failures: int = 3, host: str = "127.0.0.1", root: Path = ROOT) -> None:
        """Nothing is started before the context is entered."""
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures),
        }
        self._host, self._root = host, root
        self.address = f"tcp://{host}:0"
        self.scheduler: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        """Start a scheduler."""
        self.start_scheduler()
        return self

    def __exit__(self, *_: object) -> None:
        """End everything at once."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()

    def start_scheduler(self) -> None:
        """A scheduler, at the address of the one before where there was one."""
        said = self._folder / "scheduler.json"
        said.unlink(missing_ok=True)
        options = ("--host", self._host, "--port", self.address.rpartition(":")[2], "--scheduler-file", str(said))
        self.scheduler, log = self._start("scheduler", options, root=self._root)
        wait_until(said.is_file, log)
        self.address = json.loads(said.read_text())["address"]

    def start_worker(
        self, *options: str, prefix: Sequence[str] = (), root: Path = ROOT, preload: Sequence[str] = PRELOAD
    ) -> tuple[subprocess.Popen[bytes], Path]:
        """A worker of one thread, and its log; without a nanny it is the process itself.

        Args:
            options: more of them for ``dask worker``.
            prefix: of the command line.
            root: of the code that it imports.
            preload: what makes it one of ours.

        """
        options = (self.address, "--nthreads", "1", "--local-directory", str(self._folder), *preload, *options)
        return self._start("worker", options, prefix, root)

    def _start(
        self, what: str, options: Sequence[str], prefix: Sequence[str] = (), root: Path = ROOT
    ) -> tuple[subprocess.Popen[bytes], Path]:
        log = self._folder / f"{what}-{len(self._processes)}.log"
        command = [*prefix, sys.executable, "-m", "dask", what, "--no-dashboard", *options]
        with log.open("wb") as stream:
            process = subprocess.Popen(command, cwd=root, env=self._environment, stdout=stream, stderr=stream)
        self._processes.append(process)
        return process, log


def wait_until(is_so: Callable[[], bool], log: Path | None = None) -> None:
    """Wait for something that takes seconds; on a loaded machine more of them.

    Raises:
        TimeoutError: it never came, with the log that may say why.

    """
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(log.read_text() if log else "")
        time.sleep(0.1)
