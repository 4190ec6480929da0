"""What a process does in which tasks run: import, say so, then answer one task after the other.

It is started by command line, see :mod:`metrics.measure.running.local_engine`.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

UNLIMITED = 0  # address space, on the command line


LOOK_EVERY_S = 1.0


def _end_with_parent() -> None:
    """End when whoever started this process is gone: nobody else would end a task that never ends."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_S)
    os._exit(1)


def _serve(connection: Connection, memory_limit_bytes: int, preload: Iterable[str]) -> None:
    """Loop of a worker: import, say so, then answer one task after the other until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.disable()
    for entry in preload:
        module, _, function = entry.partition(":")
        imported = import_module(module)
        if function:
            getattr(imported, function)()
    gc.freeze()  # what is imported stays: looking for garbage in it takes a tenth of the start, and of what follows
    gc.enable()
    if memory_limit_bytes != UNLIMITED:
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
