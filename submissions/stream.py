"""Reading with a budget: bytes are counted as they come out, whatever a header promised."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Protocol

from submissions.files.unpack import DAMAGE
from submissions.refusal import FileRefusedError, Reason, RecordRefusedError, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

    from submissions.limits import Limits

HEAD_BYTES = 65_536


class Readable(Protocol):
    """Anything with `read(n) -> bytes` and `close()`."""

    def read(self, size: int, /) -> bytes:
        """Read up to `size` bytes; empty at the end."""
        ...

    def close(self) -> None:
        """Let go of what is read from."""
        ...


class Budget:
    """Unpacked bytes, lines, members and records that one submission may still use.

    Args:
        limits: its `unpacked_bytes`, `parts` and `members` are what may be used.

    """

    def __init__(self, limits: Limits) -> None:
        """Start with nothing used."""
        self._limits = limits
        self._bytes = 0
        self._lines = 0
        self._members = 0
        self._records = 0
        self._payload_bytes = 0

    def spend(self, chunk: bytes) -> None:
        """Count unpacked bytes and the lines that end in them.

        Raises:
            FileRefusedError: more than the limit.

        """
        self._bytes += len(chunk)
        if self._bytes > self._limits.unpacked_bytes:
            detail = f"the file unpacks to more than {self._limits.unpacked_bytes:,} bytes; submit fewer structures"
            raise FileRefusedError(Reason.UNPACKED_TOO_LARGE, detail)
        self._lines += chunk.count(b"\n")
        if self._lines > self._limits.parts:
            detail = f"the file has more than {self._limits.parts:,} lines; submit fewer structures"
            raise FileRefusedError(Reason.TOO_MANY_PARTS, detail)

    def spend_member(self) -> None:
        """Count one member of an archive.

        Raises:
            FileRefusedError: more than the limit.

        """
        self._members = self._count(self._members, "members")

    def spend_record(self, payload: bytes) -> None:
        """Count one record and its bytes: of one stored value, a format may make any number of records.

        Raises:
            FileRefusedError: more than the limit of either.

        """
        self._records = self._count(self._records, "records")
        self._payload_bytes += len(payload)
        if self._payload_bytes > self._limits.unpacked_bytes:
            detail = f"the records have more than {self._limits.unpacked_bytes:,} bytes; submit fewer structures"
            raise FileRefusedError(Reason.UNPACKED_TOO_LARGE, detail)

    def _count(self, used: int, what: str) -> int:
        if used >= self._limits.members:
            detail = f"the file has more than {self._limits.members:,} {what}; submit fewer in one file"
            raise FileRefusedError(Reason.TOO_MANY_MEMBERS, detail)
        return used + 1


class _Counted(io.RawIOBase):
    """A raw stream that charges a budget and turns the errors of unpacking into refusals."""

    def __init__(self, source: Readable, budget: Budget) -> None:
        super().__init__()
        self._source = source
        self._budget = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        filled = 0
        # Short reads are joined, so that a peek shows a full head whatever the packing.
        while filled < len(view):
            chunk = self._read(len(view) - filled)
            if not chunk:
                break
            view[filled : filled + len(chunk)] = chunk
            filled += len(chunk)
            self._budget.spend(chunk)
        return filled

    def close(self) -> None:
        self._source.close()
        super().close()

    def _read(self, size: int) -> bytes:
        try:
            return self._source.read(size)
        except (zipfile.BadZipFile, *DAMAGE) as error:
            detail = f"unpacking failed: {one_line(error)}; pack the file again"
            raise RecordRefusedError(Reason.DAMAGED, detail) from error


def counted(source: Readable, budget: Budget) -> io.BufferedReader:
    """Wrap a source of bytes, which closes with it.

    Reading may raise FileRefusedError, over the budget, or RecordRefusedError, on damage.
    """
    return io.BufferedReader(_Counted(source, budget), HEAD_BYTES)


def read_all(stream: io.BufferedReader, begin: bytes = b"") -> bytes:
    """`begin` and everything that is left, in memory once: ``read()`` holds it twice while it joins the pieces."""
    buffer = io.BytesIO()
    buffer.write(begin)
    while piece := stream.read(HEAD_BYTES):
        buffer.write(piece)
    return buffer.getvalue()


def lines(stream: io.BufferedReader, limit: int) -> Iterator[tuple[bytes, bool]]:
    """Physical lines in pieces of at most `limit` bytes, with whether the piece ends its line."""
    while piece := stream.readline(limit):
        yield piece, piece.endswith(b"\n")


def too_large(limits: Limits) -> str:
    """Detail of a record with too many bytes."""
    return f"more than {limits.record_bytes:,} bytes in one record; keep only cell, symmetry and atoms"
