"""A submission file becomes records, and a record becomes a crystal or a reason.

Cutting (`split`) reads forwards, one member at a time, and keeps no more than one record in memory, a whole table only
where its format needs that (JSON, parquet, SQLite). Parsing (`parse`) is a separate step because it runs in a worker
process with limits of time and memory.

Ids: the member path without a structure extension in an archive, the record's own name in a table, and
`member path/own name` for a table inside an archive. A file with one nameless structure gives it its own name.
Repeated ids get `#2`, `#3`.
"""

from __future__ import annotations

import gzip
import re
from contextlib import ExitStack
from dataclasses import replace
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from submissions.formats import ase_db, cif, extxyz, json_records, parquet, poscar, pymatgen_dict, table
from submissions.formats.archive import tar_members, zip_members
from submissions.formats.detect import GZIP_MAGIC, Format, detect, is_archive
from submissions.limits import Limits
from submissions.record import Record
from submissions.refusal import FileRefusedError, Reason, RecordRefusedError
from submissions.stream import HEAD_BYTES, Budget, counted

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from metrics.crystal import Crystal
    from submissions.formats.archive import Member

__all__ = ["Record", "parse", "split"]

_STRUCTURE_EXTENSIONS = (".cif", ".vasp", ".poscar", ".xyz", ".json")
_DOCUMENTS = ("readme*", "license*", "*.md", "*.txt", "card.toml")
_HIDDEN = (".", "__macosx")
_ARCHIVES = (Format.ZIP, Format.TAR, Format.GZIP)
_DRIVE = re.compile(r"[A-Za-z]:")

_SPLITTERS = {
    Format.CIF: cif.split,
    Format.TABLE: table.split,
    Format.PARQUET: parquet.split,
    Format.JSON: json_records.split,
    Format.POSCAR: poscar.split,
    Format.EXTXYZ: extxyz.split,
    Format.ASE_DB: ase_db.split,
}
_PARSERS = {
    "cif": cif.parse,
    "json": pymatgen_dict.parse,
    "poscar": poscar.parse,
    "extxyz": extxyz.parse,
    "ase": ase_db.parse,
}


def split(path: Path, limits: Limits | None = None) -> Iterator[Record]:
    """Cut a file into records, in the order of the file, each with its final id.

    Args:
        path: the file as handed in.
        limits: the bounds; the defaults of `Limits`.

    Yields:
        Every record, those refused already included.

    Raises:
        FileRefusedError: nothing in the file is a record, or it breaks a limit; then no record of it counts, the
            ones already yielded included.

    """
    limits = limits or Limits()
    taken: dict[str, int] = {}
    budget = Budget(limits)
    for record in _records(path, limits, budget):
        budget.spend_record()
        yield _with_id(record, taken, limits)
    if not taken:
        raise FileRefusedError(Reason.EMPTY, "the file holds 0 structures, at least 1 is needed")


def parse(record: Record, limits: Limits | None = None) -> Crystal:
    """Turn a record into a crystal.

    Args:
        record: as `split` gave it.
        limits: the bounds; the defaults of `Limits`.

    Raises:
        RecordRefusedError: it is refused, already or now.

    """
    if record.refusal is not None:
        raise RecordRefusedError(record.refusal, record.detail or record.refusal.meaning)
    return _PARSERS[record.format](record.payload, limits or Limits())


def _records(path: Path, limits: Limits, budget: Budget) -> Iterator[Record]:
    if not path.is_file():
        raise FileRefusedError(Reason.UNREADABLE_FORMAT, "this is not a file; give one file, a folder packed as zip")
    size = path.stat().st_size
    if size > limits.upload_bytes:
        detail = f"{size:,} bytes, at most {limits.upload_bytes:,}; compress the file or hand in fewer structures"
        raise FileRefusedError(Reason.FILE_TOO_LARGE, detail)
    if size == 0:
        raise FileRefusedError(Reason.EMPTY, "the file has 0 bytes; check that it was written to its end")
    # What is uploaded and what comes out of it are counted apart.
    with path.open("rb", buffering=0) as raw, counted(raw, Budget(limits)) as file:
        some = False
        try:
            for record in _content(file, path, limits, budget):
                some = True
                yield record
        except RecordRefusedError as refused:
            if not some:
                raise FileRefusedError(refused.reason, refused.detail) from refused
            yield _refused(_structure_id(path.name), refused)


def _content(file: io.BufferedReader, path: Path, limits: Limits, budget: Budget) -> Iterator[Record]:
    stream = file
    found = detect(stream.peek(HEAD_BYTES))
    if found is Format.GZIP:
        stream = counted(gzip.GzipFile(fileobj=file), budget)
        found = _detect_unpacked(stream, allowed=Format.TAR)
    if found is Format.ZIP:
        yield from _from_members(zip_members(path, limits, budget), limits, budget)
    elif found is Format.TAR:
        yield from _from_members(tar_members(stream, budget), limits, budget)
    else:
        for record in _SPLITTERS[found](stream, limits):
            yield replace(record, id=record.id or _structure_id(path.name))


def _from_members(members: Iterable[Member], limits: Limits, budget: Budget) -> Iterator[Record]:
    for member in members:
        parts = [part for part in member.name.replace("\\", "/").split("/") if part != "."] or [member.name]
        if member.name.startswith(("/", "\\")) or _DRIVE.match(member.name) or ".." in parts:
            detail = "the path is absolute or leads out of the archive, only relative paths are read; pack it again"
            yield _refused(member.name, RecordRefusedError(Reason.UNSAFE_PATH, detail))
        elif not _is_document(parts):
            yield from _from_member(member, "/".join(parts), limits, budget)


def _is_document(parts: list[str]) -> bool:
    hidden = any(part.casefold().startswith(_HIDDEN) for part in parts)
    return hidden or any(fnmatch(parts[-1].casefold(), pattern) for pattern in _DOCUMENTS)


def _from_member(member: Member, name: str, limits: Limits, budget: Budget) -> Iterator[Record]:
    base = _structure_id(name)
    try:
        with ExitStack() as opened:
            stream = opened.enter_context(member.open())
            if stream.peek(HEAD_BYTES).startswith(GZIP_MAGIC):
                stream = opened.enter_context(counted(gzip.GzipFile(fileobj=stream), budget))
            for record in _SPLITTERS[_detect_unpacked(stream)](stream, limits):
                yield replace(record, id=f"{base}/{record.id}" if record.id else base)
    except RecordRefusedError as refused:
        yield _refused(base, refused)


def _detect_unpacked(stream: io.BufferedReader, allowed: Format | None = None) -> Format:
    head = stream.peek(HEAD_BYTES)
    if is_archive(head) and not (allowed and detect(head) is allowed):
        detail = "an archive inside an archive is not opened; pack its files directly"
        raise RecordRefusedError(Reason.NESTED_ARCHIVE, detail)
    return detect(head)


def _structure_id(name: str) -> str:
    stem = name[: -len(".gz")] if name.lower().endswith(".gz") else name
    extension = next((end for end in _STRUCTURE_EXTENSIONS if stem.lower().endswith(end)), None)
    if extension is not None:
        return stem[: -len(extension)]
    return name


def _refused(name: str, refused: RecordRefusedError) -> Record:
    return Record(name, "unknown", b"", refused.reason, refused.detail)


def _with_id(record: Record, taken: dict[str, int], limits: Limits) -> Record:
    """Make the id final: storable as UTF-8, bounded, and unique.

    `taken` counts the uses of every id given out so far.
    """
    # Bytes and escapes that are no text stay visible as \\x.. and \\u.... instead of failing when stored.
    base = record.id.encode("utf-8", "backslashreplace").decode("utf-8")
    if len(base) > limits.id_characters:
        detail = f"an id of {len(base):,} characters, at most {limits.id_characters:,}; use a shorter one"
        record = Record("", record.format, b"", Reason.ID_TOO_LONG, detail)
        base = base[: limits.id_characters]
    unique = base
    while unique in taken:
        taken[base] += 1
        unique = f"{base}#{taken[base]}"
    taken[unique] = 1
    return replace(record, id=unique)
