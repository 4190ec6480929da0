"""Cut the CIFs of one folder out of an archive, and pack them so that the same files always give the same bytes."""

from __future__ import annotations

import gzip
import lzma
import re
import tarfile
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, cast

from leaderboard.errors import CommandError
from submissions.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SUFFIX = ".cif"
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    EOFError,
    NotImplementedError,  # a compression that zipfile does not know
    RuntimeError,  # a password
)
_DIGITS = re.compile(r"(\d+)")


def natural_order(name: str) -> tuple[tuple[str, ...], str]:
    """A key by which gen_2 comes before gen_10."""
    return tuple(part.zfill(20) if part.isdigit() else part for part in _DIGITS.split(name)), name


def cifs_of(archive: Path, folder: str, first: int | None = None, limits: Limits | None = None) -> dict[str, bytes]:
    """The CIFs right in a folder of a zip or tar archive, by file name in natural order; nothing is extracted to disk.

    Args:
        archive: zip, or tar with any compression.
        folder: its path; other folders may stand before it.
        first: only so many of them.
        limits: of one CIF and of all, in bytes; those of a submission where none are given.

    Raises:
        CommandError: it is no such archive or is damaged, has no such folder or several, or is over a limit.

    """
    limits = limits or Limits()
    wanted = PurePosixPath(folder).parts
    parents: set[PurePosixPath] = set()
    cifs: dict[str, bytes] = {}
    n_bytes = 0
    try:
        for name, file in _members(archive):
            path = PurePosixPath(name)
            if path.parent.parts[-len(wanted) :] != wanted or path.suffix != SUFFIX or path.name.startswith("."):
                continue
            parents.add(path.parent)
            content = file.read(limits.record_bytes + 1)
            n_bytes += len(content)
            if len(content) > limits.record_bytes or n_bytes > limits.unpacked_bytes:
                msg = (
                    f"{name} has {len(content):,} bytes or more, all so far {n_bytes:,}; a structure may have "
                    f"{limits.record_bytes:,} and all of them {limits.unpacked_bytes:,}: the file is not what it was"
                )
                raise CommandError(msg)
            cifs[path.name] = content
    except _DAMAGED as error:
        msg = f"{archive.name} is damaged or no zip or tar archive ({error}); delete {archive} and download it again"
        raise CommandError(msg) from error
    if len(parents) != 1:
        folders = ", ".join(map(str, sorted(parents))) or "none"
        msg = (
            f"{archive.name} has these folders {folder} with CIFs: {folders}; expected one: the file is not what it was"
        )
        raise CommandError(msg)
    return {name: cifs[name] for name in sorted(cifs, key=natural_order)[:first]}


def pack(cifs: Mapping[str, bytes], path: Path) -> None:
    """Write a zip that depends on names and bytes alone: stored, not deflated, in the order given, without times."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        for name, content in cifs.items():
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            packed.writestr(entry, content)


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Names of regular members, each open while it is the current one."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for entry in opened.infolist():
                if not entry.is_dir():
                    with opened.open(entry) as file:
                        yield entry.filename, file
        return
    with tarfile.open(archive, "r:*") as opened_tar:
        for member in opened_tar:
            content = opened_tar.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name, content
        _refuse_cut(cast("IO[bytes]", opened_tar.fileobj), opened_tar.offset)


def _refuse_cut(file: IO[bytes], end: int) -> None:
    """A tar that was cut between two members reads as a shorter one: its end is a block of zeros, and then its file's.

    Raises:
        EOFError: it has no such end, or what it is compressed with has none.

    """
    file.seek(end)
    if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        msg = "it has no end"
        raise EOFError(msg)
    while file.read(2**20):
        pass
