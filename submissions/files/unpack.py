"""Compressed and wide text, read piece by piece: whatever comes in, unpacked bytes and UTF-8 come out.

The standard library's own readers of gzip and xz are not used: one reads names in a header byte by byte, neither
bounds the number of parts a stream may have, and that of xz takes as much memory as a header asks for.
"""

from __future__ import annotations

import bz2
import codecs
import io
import lzma
import zlib
from typing import TYPE_CHECKING, Protocol

from submissions.refusal import Reason, RecordRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

_CHUNK_BYTES = 65_536
# xz -9 takes 65 MB.
_XZ_MEMORY_BYTES = 256_000_000
# Programs that write a part for every block of 64 KiB make 16,000 of a gigabyte.
_MAX_PARTS = 50_000
_UTF8 = b"\xef\xbb\xbf"
# The mark of UTF-16 is the beginning of one of UTF-32, hence the order.
_WIDE = {b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class _Decompressor(Protocol):
    """What bz2 and lzma give."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib's decompressor in the form of those of bz2 and lzma."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        return not self._inflate.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)


COMPRESSIONS: dict[bytes, Callable[[], _Decompressor]] = {
    b"\x1f\x8b": _Gzip,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES),
}
"""Compressions that are unpacked, by what they begin with: gzip, bzip2, xz."""
DAMAGE = (zlib.error, lzma.LZMAError, EOFError, OSError)
"""What unpacking raises on content that is not what it says."""


class Unpacked:
    """The content of a compressed stream, all parts of it one after the other.

    Args:
        source: what is compressed; it is not closed.
        magic: what it begins with, one of ``COMPRESSIONS``.

    """

    def __init__(self, source: io.BufferedReader, magic: bytes) -> None:
        """Read nothing yet."""
        self._source = source
        self._magic = magic
        self._decompressor: _Decompressor | None = None
        self._packed = b""
        self._n_parts = 0

    def read(self, size: int, /) -> bytes:
        """Read up to `size` bytes, and none only at the end.

        Raises:
            EOFError: the stream ends within a part.
            OSError: there are too many parts, or something else stands after one; or as the decompressor raises it.
            RecordRefusedError: reading the source raises it.

        """
        while True:
            current = self._decompressor or self._next_part()
            if current is None:
                return b""
            if not self._packed and current.needs_input:
                self._packed = self._source.read(_CHUNK_BYTES)
                ended = not self._packed
            else:
                ended = False
            packed, self._packed = self._packed, b""
            unpacked = current.decompress(packed, size)
            if current.eof:
                self._packed, self._decompressor = current.unused_data, None
            elif ended and not unpacked:
                msg = "it ends before its end is marked"
                raise EOFError(msg)
            if unpacked:
                return unpacked

    def close(self) -> None:
        """Nothing to let go of: the source belongs to the caller."""

    def _next_part(self) -> _Decompressor | None:
        """Decompressor of the part that begins here; None at the end. Zeros between parts are padding."""
        if self._n_parts:
            self._packed = self._packed.lstrip(b"\x00")
        while not self._packed:
            self._packed = self._source.read(_CHUNK_BYTES)
            if not self._packed:
                return None
            if self._n_parts:
                self._packed = self._packed.lstrip(b"\x00")
        if len(self._packed) < len(self._magic):
            self._packed += self._source.read(_CHUNK_BYTES)
        self._n_parts += 1
        if self._n_parts > _MAX_PARTS or not self._packed.startswith(self._magic):
            msg = f"more than {_MAX_PARTS:,} compressed parts, or other bytes after one"
            raise OSError(msg)
        self._decompressor = COMPRESSIONS[self._magic]()
        return self._decompressor


class _Recoded(io.RawIOBase):
    """Text in a wide encoding as UTF-8."""

    def __init__(self, source: io.BufferedReader, encoding: str) -> None:
        super().__init__()
        self._source = source
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        while not self._ready:
            chunk = self._source.read(_CHUNK_BYTES)
            try:
                self._ready = self._decoder.decode(chunk, final=not chunk).encode("utf-8", "surrogatepass")
            except UnicodeDecodeError as error:
                detail = f"the text begins as {self._encoding} and is not ({error.reason}); save it as UTF-8"
                raise RecordRefusedError(Reason.WRONG_ENCODING, detail) from error
            if not chunk:
                break
        piece, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._source.close()
        super().close()


def compression(head: bytes) -> bytes | None:
    """The magic bytes of the compression that content begins with, None where it is none."""
    return next((magic for magic in COMPRESSIONS if head.startswith(magic)), None)


def without_mark(stream: io.BufferedReader) -> io.BufferedReader:
    """The stream after its byte order mark, as UTF-8 whatever the mark says; without one as it is."""
    head = stream.peek(len(_UTF8))
    if head.startswith(_UTF8):
        stream.read(len(_UTF8))
        return stream
    encoding = next((name for mark, name in _WIDE.items() if head.startswith(mark)), None)
    return stream if encoding is None else io.BufferedReader(_Recoded(stream, encoding), _CHUNK_BYTES)
