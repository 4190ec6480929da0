"""Members of zip and tar archives as streams, one at a time; nothing is ever written to disk."""

from __future__ import annotations

import io
import mmap
import stat
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from submissions.files.foreign import refuse_foreign_zip
from submissions.refusal import FileRefusedError, Reason, RecordRefusedError, one_line, shown
from submissions.stream import HEAD_BYTES, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from submissions.limits import Limits
    from submissions.stream import Budget

_BLOCK = 512
_LONG_NAME_BYTES = 65_536
# A path, a link and a pax record: no program writes more headers for one member.
_EXTENDED_HEADERS = 4
_NAMING_TYPES = (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_EXTENDED_TYPES = (*_NAMING_TYPES, tarfile.GNUTYPE_LONGLINK, tarfile.XGLTYPE)
_CENTRAL_HEADER = b"PK\x01\x02"


@dataclass(frozen=True)
class Member:
    """One entry of an archive, directories left out.

    Attributes:
        name: path as the archive gives it.
        open: its bytes; valid until the next member is asked for. Raises RecordRefusedError for links, devices,
            passwords and unknown compressions.

    """

    name: str
    open: Callable[[], io.BufferedReader]


def zip_members(path: Path, limits: Limits, budget: Budget) -> Iterator[Member]:
    """Members of a zip file, in the order of its directory.

    Raises:
        FileRefusedError: the directory is damaged, lists more members than the limit, or is one file of another
            program.

    """
    # zipfile loads the whole directory at once, so its entries are counted beforehand.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        headers = _count(content, _CENTRAL_HEADER, limits.members)
    if headers > limits.members:
        detail = f"the zip lists more than {limits.members:,} members; submit fewer in one file"
        raise FileRefusedError(Reason.TOO_MANY_MEMBERS, detail)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        detail = f"the zip cannot be opened: {one_line(error)}; pack it again"
        raise FileRefusedError(Reason.DAMAGED, detail) from error
    with archive:
        try:
            refuse_foreign_zip([info.filename for info in archive.infolist() if not _is_folder(info)])
        except RecordRefusedError as refused:
            raise FileRefusedError(refused.reason, refused.detail) from refused
        for info in archive.infolist():
            budget.spend_member()
            if not _is_folder(info):
                yield Member(info.filename, lambda info=info: _open_zipped(archive, info, budget))  # type: ignore[misc]


def _is_folder(info: zipfile.ZipInfo) -> bool:
    """As ``is_dir`` says, which fails over an empty name."""
    return info.filename.endswith("/")


def _count(content: mmap.mmap, pattern: bytes, enough: int) -> int:
    count, position = 0, content.find(pattern)
    while position >= 0 and count <= enough:
        count, position = count + 1, content.find(pattern, position + 1)
    return count


def _open_zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> io.BufferedReader:
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise RecordRefusedError(Reason.LINK, _link_detail(stat.filemode(mode)))
    if info.flag_bits & 0x1:
        raise RecordRefusedError(Reason.ENCRYPTED, "the member needs a password; pack it without one")
    # The other methods cannot be unpacked piece by piece within a bound.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        detail = f"zip method {info.compress_type}, only 0 (stored) and 8 (deflate) are read; pack it with deflate"
        raise RecordRefusedError(Reason.UNSUPPORTED_COMPRESSION, detail)
    try:
        return counted(archive.open(info), budget)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as error:
        raise RecordRefusedError(
            Reason.DAMAGED, f"the member cannot be opened: {one_line(error)}; pack it again"
        ) from error


def tar_members(stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    """Members of a tar stream, read strictly forwards.

    The headers are decoded by the standard library; the walk is ours, because tarfile reads extended headers of any
    size into memory.

    Raises:
        RecordRefusedError: the stream ends early or a header is damaged; what came before stands.

    """
    long_name: str | None = None
    extended = 0
    while (info := _tar_header(stream)) is not None:
        padded = -(-info.size // _BLOCK) * _BLOCK
        extended = extended + 1 if info.type in _EXTENDED_TYPES else 0
        if extended > _EXTENDED_HEADERS:
            detail = f"more than {_EXTENDED_HEADERS} extended tar headers for one member; pack the file again"
            raise RecordRefusedError(Reason.DAMAGED, detail)
        body = _Slice(stream, info.size)
        if info.type in _NAMING_TYPES:
            if info.size > _LONG_NAME_BYTES:
                detail = f"a tar header of {info.size:,} bytes, at most {_LONG_NAME_BYTES:,}; pack the file again"
                raise RecordRefusedError(Reason.DAMAGED, detail)
            data = body.read()
            gnu = info.type == tarfile.GNUTYPE_LONGNAME
            long_name = _decoded(data.rstrip(b"\x00")) if gnu else _pax_path(data, long_name)
        elif not extended:
            budget.spend_member()
            name, long_name = long_name or info.name, None
            if not info.isdir():
                yield Member(name, lambda info=info, body=body: _open_tarred(info, body))  # type: ignore[misc]
        if body.is_broken:  # the member was refused for it, and nothing follows
            return
        _skip(stream, body.left + padded - info.size)


def _tar_header(stream: BinaryIO) -> tarfile.TarInfo | None:
    """The next header, also of another archive that follows the end of one; None at the end of the last.

    Raises:
        RecordRefusedError: the header is damaged, or there is none and no mark of the end.

    """
    block = stream.read(_BLOCK)
    is_end_marked = False
    while block and not block.strip(b"\x00"):
        is_end_marked = True
        block = stream.read(_BLOCK)
    if not block:
        if not is_end_marked:
            detail = "the tar ends without the mark of its end, so it may be cut off; pack the file again"
            raise RecordRefusedError(Reason.DAMAGED, detail)
        return None
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        detail = f"a tar header is damaged ({one_line(error)}); what follows is lost, pack the file again"
        raise RecordRefusedError(Reason.DAMAGED, detail) from error
    if info.size < 0:
        detail = f"a tar member of {info.size} bytes; what follows is lost, pack the file again"
        raise RecordRefusedError(Reason.DAMAGED, detail)
    return info


def _open_tarred(info: tarfile.TarInfo, body: _Slice) -> io.BufferedReader:
    if not info.isreg() or info.issparse():
        raise RecordRefusedError(Reason.LINK, _link_detail(f"tar type {shown(info.type.decode('latin-1'))}"))
    return io.BufferedReader(body, HEAD_BYTES)


def _pax_path(data: bytes, otherwise: str | None) -> str | None:
    """Path in an extended header, lines of `length key=value` (POSIX.1-2001, pax interchange format)."""
    path = otherwise
    while data:
        length, _, _ = data[:20].partition(b" ")
        if not length.isdigit() or not 0 < int(length) <= len(data):
            raise RecordRefusedError(Reason.DAMAGED, "a tar header is damaged; pack the file again")
        key, _, value = data[len(length) + 1 : int(length)].rstrip(b"\n").partition(b"=")
        if key == b"path":
            path = _decoded(value)
        data = data[int(length) :]
    return path


def _decoded(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _link_detail(what: str) -> str:
    return f"the member is a link or a device ({what}), only files are read; pack the file itself"


def _skip(stream: BinaryIO, count: int) -> None:
    while count > 0:
        chunk = stream.read(min(count, _LONG_NAME_BYTES))
        if not chunk:
            raise RecordRefusedError(Reason.DAMAGED, f"the tar ends {count:,} bytes early; pack the file again")
        count -= len(chunk)


class _Slice(io.RawIOBase):
    """The next `left` bytes of a stream."""

    def __init__(self, stream: BinaryIO, left: int) -> None:
        super().__init__()
        self._stream = stream
        self.left = left
        self.is_broken = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        try:
            chunk = self._stream.read(min(len(buffer), self.left))
        except RecordRefusedError:
            self.is_broken = True
            raise
        if not chunk and self.left:
            self.is_broken = True
            raise RecordRefusedError(Reason.DAMAGED, f"the tar ends {self.left:,} bytes early; pack the file again")
        buffer[: len(chunk)] = chunk
        self.left -= len(chunk)
        return len(chunk)
