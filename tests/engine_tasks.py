"""What the tests of engines run in their processes; it is imported there."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def worker_after(seconds: float) -> int:
    """The process id of the worker that this ran on, after a while."""
    time.sleep(seconds)
    return os.getppid()


def end_worker_if(is_deadly: bool) -> bool:  # noqa: FBT001 - an item
    """End the worker that this runs on."""
    if is_deadly:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    return is_deadly


def hold(path: str) -> None:
    """Say which process this is, and take an hour."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(3600)


def burn(seconds: float) -> float:
    """Use so much CPU time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return seconds
