"""Time, memory and disk that the stages of a long task take."""

# ruff: noqa: T201 - printing is what this is for

from __future__ import annotations

import os
import resource
import threading
import time
from pathlib import Path

SAMPLE_EVERY_S = 0.2


class Meter:
    """Prints what was used since the last line: CPU and wall time, most memory of all processes together, and disk."""

    def __init__(self, folder: Path) -> None:
        """Start all clocks."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._peak = 0
        self._last = (_cpu_seconds(), time.monotonic())
        self._stopped = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        print(f"{'':58}{'CPU s':>9}{'wall s':>9}{'MB of memory':>14}{'MB of disk':>12}")

    def __enter__(self) -> Meter:  # noqa: PYI034 - not meant to be subclassed
        """Watch the memory from now on."""
        self._sampler.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._stopped.set()
        self._sampler.join()

    def line(self, text: str) -> None:
        """Print one line of progress with what came before it."""
        now = (_cpu_seconds(), time.monotonic())
        cpu, wall = (after - before for after, before in zip(now, self._last, strict=True))
        self._last, peak, self._peak = now, self._peak, 0
        disk = sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())
        print(f"{text:58.58}{cpu:9.1f}{wall:9.1f}{peak / 1e6:14.0f}{disk / 1e6:12.0f}", flush=True)

    def _sample(self) -> None:
        while not self._stopped.wait(SAMPLE_EVERY_S):
            self._peak = max(self._peak, sum(map(_resident_bytes, _process_tree(os.getpid()))))


def _cpu_seconds() -> float:
    """Of this process and of its children that ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _process_tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in _process_tree(int(child)))]


def _resident_bytes(pid: int) -> int:
    """Resident memory that is the process's alone: pages of mapped files, which the system can drop, do not count."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * resource.getpagesize()
