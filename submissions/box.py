"""Files are cut into records in a box: a process of its own with limits of time and memory, whatever the file is.

``parse`` of one record runs in a worker of the engine; a file is cut by readers whose libraries (parquet, SQLite, zip)
may hang, fill the memory or end the process over content made to do so. Here that ends the child, and the file is
refused with the bound that it broke. Records come through a pipe while the file is read, so that none wait in memory;
what passes is JSON and bytes, from which no object is rebuilt.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from metrics.installed import import_path
from metrics.measure.running.engine import START_SECONDS, THREADS
from submissions.limits import Limits
from submissions.record import Contents, Ignored, Record
from submissions.refusal import FileRefusedError, Reason, one_line

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from types import TracebackType

# what would reserve address space that nothing uses: arenas and pools for threads that never start
_FRUGAL = {
    **THREADS,
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "ARROW_IO_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "1000000",
}
# the process ends by itself if whoever watches it has died
_CPU_SECONDS_FACTOR = 8
# nothing is written but its own last words
_WRITTEN_BYTES = 1_000_000
_LAST_WORDS_BYTES = 4_000
_LOOK_SECONDS = 0.25
# how much longer than its CPU time a process may take where many others run
_WAIT_FACTOR = 10
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_BATCH_BYTES = 65_536
_BATCH_SECONDS = 0.1
# a record may be written again as JSON, in which a byte takes up to six
_MESSAGE_BYTES_FACTOR = 8
# how long a process that has closed its end of the pipe may take to end
_WAIT_S = 5.0
_OUT_OF_MEMORY = ("bad_alloc", "MemoryError", "out of memory")


class Box:
    """A process that cuts files; use it as a context manager.

    It is started for the first file and serves others after it; one that breaks a limit or dies is replaced.

    Args:
        limits: the bounds of what is read, and of the process.

    """

    def __init__(self, limits: Limits | None = None) -> None:
        """Start nothing yet."""
        self._limits = limits or Limits()
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        """Hand out the box."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process, whatever happened."""
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def split(self, path: Path, contents: Contents | None = None, *, payloads: bool = True) -> Generator[Record]:
        """Cut a file into records as :func:`submissions.read.split` does, which is what the process runs.

        The process is never more ahead than a pipe holds; only the time that it makes us wait counts.

        Args:
            path: the file as submitted.
            contents: filled while cutting; complete at the end.
            payloads: whether the records come with what is to be parsed, or only to be counted.

        Raises:
            FileRefusedError: as there; or the process took too long or too much memory, or died.

        """
        contents = contents or Contents()
        child = self._child = self._child or _Child(self._limits)
        is_whole = False
        try:
            yield from child.records(path, contents, payloads=payloads)
            is_whole = True
        except FileRefusedError:
            is_whole = child.has_answered
            raise
        finally:
            if not is_whole:
                self.close()


def split_in_box(path: Path, limits: Limits | None = None, contents: Contents | None = None) -> Generator[Record]:
    """Cut one file in a box of its own; see :meth:`Box.split`."""
    with Box(limits) as box:
        yield from box.split(path, contents)


class _Child:
    """The process, and our end of the socket to it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._last_words = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        ours, theirs = socket.socketpair()
        inherited = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
        environment = {**os.environ, **_FRUGAL, "PYTHONPATH": os.pathsep.join([*import_path(), *inherited])}
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                # -P: a file of the working directory that is called as one of our folders is not imported for it
                [sys.executable, "-P", "-m", __name__, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=self._last_words,
                stderr=self._last_words,
            )
        self._connection = Connection(ours.detach())
        self._is_ready = False
        self.has_answered = False
        """Whether the last file was answered to its end, so that the process can take another one."""

    def records(self, path: Path, contents: Contents, *, payloads: bool) -> Generator[Record]:
        self.has_answered = False
        self._ask(path, payloads=payloads)
        allowed = _Allowance(self._process.pid, self._limits.split_seconds)
        while True:
            for kind, values, payload in _frames(self._message(allowed)):
                if kind == "record":
                    allowed.seconds += self._limits.split_seconds_a_record
                    yield _record(values, payload)
                elif kind == "ignored":
                    contents.ignored.append(Ignored(*values))
                elif kind == "end":
                    self.has_answered = True
                    (contents.n_files,) = values
                    return
                else:
                    self.has_answered = kind == "refused"
                    reason, detail, contents.n_files = values
                    raise FileRefusedError(Reason(reason), detail)

    def end(self) -> int:
        """Close and wait; returns the exit code (negative: the signal)."""
        self._connection.close()
        self._process.kill()
        code = self._process.wait()
        self._last_words.close()
        return code

    def _ask(self, path: Path, *, payloads: bool) -> None:
        if not self._is_ready:
            with suppress(EOFError, ConnectionResetError):
                self._is_ready = self._connection.poll(START_SECONDS) and self._connection.recv_bytes() == b"ready"
            if not self._is_ready:
                msg = f"the process that reads files could not start: {self._said()}"
                raise RuntimeError(msg)
        request = {"path": str(path), "limits": asdict(self._limits), "payloads": payloads}
        with suppress(BrokenPipeError, ConnectionResetError):  # that it has died is seen when it does not answer
            self._connection.send_bytes(json.dumps(request).encode())

    def _message(self, allowed: _Allowance) -> bytes:
        try:
            while not (is_there := self._connection.poll(_LOOK_SECONDS)) and not allowed.is_used(_LOOK_SECONDS):
                pass
            if is_there and not allowed.is_used(0.0):
                return self._connection.recv_bytes(_MESSAGE_BYTES_FACTOR * self._limits.record_bytes + _BATCH_BYTES)
        except (EOFError, ConnectionResetError, OSError) as error:
            raise self._died() from error
        detail = (
            f"cutting the file into structures took more than {allowed.seconds:.0f} s of CPU time; "
            "submit fewer structures, or write them in another format"
        )
        raise FileRefusedError(Reason.TIME_LIMIT, detail)

    def _died(self) -> FileRefusedError:
        """Why a process that has ended without an answer did so, by its last words or the signal."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_WAIT_S)
        self._process.kill()
        code = self._process.wait()
        said = self._said()
        if any(words in said for words in _OUT_OF_MEMORY):
            return FileRefusedError(Reason.MEMORY_LIMIT, _memory_detail(self._limits))
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        return FileRefusedError(Reason.DAMAGED, f"the process that read the file {how}; write the file again")

    def _said(self) -> str:
        self._last_words.seek(0, os.SEEK_END)
        self._last_words.seek(max(0, self._last_words.tell() - _LAST_WORDS_BYTES))
        return self._last_words.read().decode("utf-8", "replace")


class _Allowance:
    """CPU time that a process may still use, so that nothing is refused because the machine is busy.

    Args:
        pid: of the process.
        seconds: that it may use from now on.

    """

    def __init__(self, pid: int, seconds: float) -> None:
        self._stat = Path(f"/proc/{pid}/stat")
        self._start = self._cpu_seconds()
        self._waited = 0.0
        self.seconds = seconds

    def is_used(self, waited: float) -> bool:
        """Whether it has used its time, or made us wait a multiple of it, now that we waited so many seconds more."""
        self._waited += waited
        return self._cpu_seconds() - self._start > self.seconds or self._waited > _WAIT_FACTOR * self.seconds

    def _cpu_seconds(self) -> float:
        try:
            # after the name in brackets, user and system time are the 12th and the 13th field (man 5 proc)
            user, system = self._stat.read_text().rpartition(")")[2].split()[11:13]
        except OSError:  # it has just ended, or this is not Linux: waiting counts alone
            return 0.0
        return (int(user) + int(system)) / _TICKS_A_SECOND


def _frames(message: bytes) -> Iterator[tuple[str, list[Any], bytes]]:
    """What a message holds, one thing after the other: what it is, its values, the bytes of a record."""
    at = 0
    while at < len(message):
        end = message.index(b"\n", at)
        size, kind, *values = json.loads(message[at:end])
        at = end + 1 + size
        yield kind, values, message[end + 1 : at]


def _record(values: list[Any], payload: bytes) -> Record:
    record_id, kind, refusal, detail = values
    return Record(record_id, kind, payload, None if refusal is None else Reason(refusal), detail)


def _memory_detail(limits: Limits) -> str:
    return (
        f"cutting the file into structures needed more than {limits.split_memory_bytes / 2**30:.1f} GiB of memory; "
        "submit fewer structures, or pack files of one structure each"
    )


def _serve(connection: Connection) -> None:
    """Loop of the process: cut one file after the other until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it ends its child
    from submissions.read import split  # noqa: PLC0415 - the parent needs no reader

    connection.send_bytes(b"ready")
    while True:
        try:
            request = json.loads(connection.recv_bytes())
        except (EOFError, ConnectionResetError):
            return
        limits = Limits(**request["limits"])
        _limit(limits)
        contents = Contents()
        mail = _Mail(connection)
        try:
            for record in split(Path(request["path"]), limits, contents):
                mail.add_ignored(contents)
                payload = record.payload if request["payloads"] else b""
                mail.add(["record", record.id, record.format, record.refusal, record.detail], payload)
            answer = ["end"]
        except FileRefusedError as refused:
            answer = ["refused", refused.reason, refused.detail]
        except (BrokenPipeError, ConnectionResetError):
            return
        except MemoryError:
            answer = ["out_of_memory", Reason.MEMORY_LIMIT, _memory_detail(limits)]
        except Exception as error:  # noqa: BLE001 - the boundary: whatever a reader raises becomes a recorded reason
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(where.filename).name}:{where.lineno}"
            detail = f"reading it crashed: {type(error).__name__}: {one_line(error)} ({place}); write the file again"
            answer = ["crashed", Reason.MALFORMED, detail]
        with suppress(BrokenPipeError, ConnectionResetError):
            mail.add_ignored(contents)
            mail.add([*answer, contents.n_files])
            mail.send()


class _Mail:
    """What is told to the parent, small records together, as each message takes as long as a small record."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._parts: list[bytes] = []
        self._size = self._n_ignored = 0
        self._sent = time.monotonic()

    def add(self, head: list[Any], payload: bytes = b"") -> None:
        self._parts += [json.dumps([len(payload), *head]).encode(), b"\n", payload]
        self._size += len(self._parts[-3]) + len(payload)
        if self._size >= _BATCH_BYTES or time.monotonic() - self._sent >= _BATCH_SECONDS:
            self.send()

    def add_ignored(self, contents: Contents) -> None:
        for one in contents.ignored[self._n_ignored :]:
            self.add(["ignored", one.name, one.what, one.is_file])
        self._n_ignored = len(contents.ignored)

    def send(self) -> None:
        self._connection.send_bytes(b"".join(self._parts))
        self._parts, self._size = [], 0
        self._sent = time.monotonic()


def _limit(limits: Limits) -> None:
    """Bound this process; what it may use of its time is counted anew for each file."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_seconds = int(used.ru_utime + used.ru_stime + _CPU_SECONDS_FACTOR * limits.split_seconds) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    if hard == resource.RLIM_INFINITY or cpu_seconds <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, hard))
    for what, bound in (
        (resource.RLIMIT_AS, limits.split_memory_bytes),
        (resource.RLIMIT_FSIZE, _WRITTEN_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (bound if hard == resource.RLIM_INFINITY else min(bound, hard), hard))


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))
