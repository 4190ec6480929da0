"""A submission file becomes records, and a record becomes a crystal or a reason.

Cutting (`split`) reads forwards, one member at a time, and keeps no more than one record in memory, a whole table only
where its format needs that (JSON, parquet, SQLite). Parsing (`parse`) is a separate step because it runs in a worker
process with limits of time and memory.

Ids: the member path without a structure extension in an archive, the record's own name in a table, and
`member path/own name` for a table inside an archive. A file with one nameless structure gives it its own name.
Repeated ids get `#2`, `#3`.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from submissions.files.archive import tar_members, zip_members
from submissions.files.ignored import by_name_alone, by_name_and_content, is_table
from submissions.files.unpack import Unpacked, compression, without_mark
from submissions.formats import ase_db, cif, extxyz, json_records, parquet, poscar, pymatgen_dict, table
from submissions.formats.detect import Format, detect, is_archive, is_tar, shows_structures
from submissions.limits import Limits
from submissions.record import Contents, Ignored, Record
from submissions.refusal import FileRefusedError, Reason, RecordRefusedError
from submissions.stream import HEAD_BYTES, Budget, counted

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from metrics.crystal import Crystal
    from submissions.files.archive import Member

__all__ = ["Contents", "Ignored", "Record", "parse", "split", "with_unique_id"]

_STRUCTURE_EXTENSIONS = (".cif", ".vasp", ".poscar", ".xyz", ".json")
_COMPRESSED_EXTENSIONS = (".gz", ".bz2", ".xz")
_DRIVE = re.compile(r"[A-Za-z]:")

_SPLITTERS: dict[Format, Callable[[io.BufferedReader, Limits], Iterator[Record | Ignored]]] = {
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


def split(path: Path, limits: Limits | None = None, contents: Contents | None = None) -> Iterator[Record]:
    """Cut a file into records, in the order of the file, each with its final id.

    Args:
        path: the file as submitted.
        limits: the bounds; the defaults of `Limits`.
        contents: filled while cutting with what else the file holds; complete at the end.

    Yields:
        Every record, those refused already included.

    Raises:
        FileRefusedError: nothing in the file is a record, or it breaks a limit; then no record of it counts, the
            ones already yielded included.

    """
    limits = limits or Limits()
    contents = contents or Contents()
    used: dict[str, int] = {}
    budget = Budget(limits)
    for piece in _pieces(path, limits, budget, contents):
        if isinstance(piece, Ignored):
            contents.ignored.append(piece)
            continue
        budget.spend_record(piece.payload)
        yield with_unique_id(piece, used, limits)
    if not used:
        detail = f"the file holds 0 structures, at least 1 is needed{contents.left_out()}"
        raise FileRefusedError(Reason.EMPTY, detail)


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


def with_unique_id(record: Record, used: dict[str, int], limits: Limits) -> Record:
    """Make the id of a record final: storable as UTF-8, bounded, and unique.

    Args:
        record: with the id it has by itself.
        used: counts the uses of every id given out so far; it is updated.
        limits: the bounds.

    """
    # Bytes and escapes that are no text stay visible as \\x.. and \\u.... instead of failing when stored.
    base = record.id.encode("utf-8", "backslashreplace").decode("utf-8")
    if len(base) > limits.id_characters:
        detail = f"an id of {len(base):,} characters, at most {limits.id_characters:,}; use a shorter one"
        record = Record("", record.format, b"", Reason.ID_TOO_LONG, detail)
        base = base[: limits.id_characters]
    unique = base
    while unique in used:
        used[base] += 1
        unique = f"{base}#{used[base]}"
    used[unique] = 1
    return Record(unique, record.format, record.payload, record.refusal, record.detail)


def _pieces(path: Path, limits: Limits, budget: Budget, contents: Contents) -> Iterator[Record | Ignored]:
    if not path.is_file():
        raise FileRefusedError(Reason.UNREADABLE_FORMAT, "this is not a file; give one file, a folder packed as zip")
    size = path.stat().st_size
    if size > limits.upload_bytes:
        detail = f"{size:,} bytes, at most {limits.upload_bytes:,}; compress the file or submit fewer structures"
        raise FileRefusedError(Reason.FILE_TOO_LARGE, detail)
    if size == 0:
        raise FileRefusedError(Reason.EMPTY, "the file has 0 bytes; check that it was written to its end")
    # What is uploaded and what comes out of it are counted apart.
    with path.open("rb", buffering=0) as raw, counted(raw, Budget(limits)) as file:
        some = False
        try:
            for piece in _content(file, path, limits, budget, contents):
                some = some or isinstance(piece, Record)
                yield piece
        except RecordRefusedError as refused:
            if not some:
                raise FileRefusedError(refused.reason, refused.detail) from refused
            yield _refused(_structure_id(path.name), refused)


def _content(
    file: io.BufferedReader, path: Path, limits: Limits, budget: Budget, contents: Contents
) -> Iterator[Record | Ignored]:
    stream = file
    if (magic := compression(file.peek(HEAD_BYTES))) is not None:
        stream = counted(Unpacked(file, magic), budget)
        if not is_tar(stream.peek(HEAD_BYTES)):
            _refuse_archive(stream)
    stream = without_mark(stream)
    kind = detect(stream.peek(HEAD_BYTES))
    if kind is Format.ZIP:
        yield from _from_members(zip_members(path, limits, budget), limits, budget, contents)
    elif kind is Format.TAR:
        yield from _from_members(tar_members(stream, budget), limits, budget, contents)
    else:
        contents.n_files = 1
        for piece in _SPLITTERS[kind](stream, limits):
            yield piece if isinstance(piece, Ignored) else replace(piece, id=piece.id or _structure_id(path.name))


def _from_members(
    members: Iterable[Member], limits: Limits, budget: Budget, contents: Contents
) -> Iterator[Record | Ignored]:
    for member in members:
        parts = [part for part in member.name.replace("\\", "/").split("/") if part != "."] or [member.name]
        if member.name.startswith(("/", "\\")) or _DRIVE.match(member.name) or ".." in parts:
            detail = "the path is absolute or leads out of the archive, only relative paths are read; pack it again"
            contents.n_files += 1
            yield _refused(member.name, RecordRefusedError(Reason.UNSAFE_PATH, detail))
        elif (what := by_name_alone(parts)) is not None:
            yield Ignored("/".join(parts), what, is_file=True)
        else:
            is_file = False
            for piece in _from_member(member, "/".join(parts), limits, budget):
                is_file = is_file or isinstance(piece, Record)
                yield piece
            contents.n_files += is_file


def _from_member(member: Member, name: str, limits: Limits, budget: Budget) -> Iterator[Record | Ignored]:
    base = _structure_id(name)
    what = by_name_and_content(name.rpartition("/")[2])
    head, some = b"", False
    try:
        with ExitStack() as opened:
            stream = opened.enter_context(member.open())
            if (magic := compression(stream.peek(HEAD_BYTES))) is not None:
                stream = opened.enter_context(counted(Unpacked(stream, magic), budget))
            _refuse_archive(stream)
            stream = without_mark(stream)
            head = stream.peek(HEAD_BYTES)
            kind = detect(head)
            if what is not None and not shows_structures(head, kind):
                yield Ignored(name, what, is_file=True)
                return
            for piece in _SPLITTERS[kind](stream, limits):
                if isinstance(piece, Ignored):
                    yield replace(piece, name=f"{name}/{piece.name}")
                else:
                    some = True
                    yield replace(piece, id=f"{base}/{piece.id}" if piece.id else base)
    except RecordRefusedError as refused:
        is_damaged_table = refused.reason is Reason.DAMAGED and is_table(name)
        if what is not None and not some and not is_damaged_table:
            yield Ignored(name, what, is_file=True)
        elif refused.reason is Reason.NO_STRUCTURE_COLUMN and is_table(name) and not shows_structures(head):
            yield Ignored(name, "table without structures", is_file=True)
        else:
            yield _refused(base, refused)


def _refuse_archive(stream: io.BufferedReader) -> None:
    if is_archive(stream.peek(HEAD_BYTES)):
        detail = "an archive inside an archive is not opened; pack its files directly"
        raise RecordRefusedError(Reason.NESTED_ARCHIVE, detail)


def _structure_id(name: str) -> str:
    stem = next((name[: -len(end)] for end in _COMPRESSED_EXTENSIONS if name.lower().endswith(end)), name)
    extension = next((end for end in _STRUCTURE_EXTENSIONS if stem.lower().endswith(end)), None)
    bare = stem.removesuffix(stem[-len(extension) :]) if extension else name
    return name if bare == "" or bare.endswith("/") else bare


def _refused(name: str, refused: RecordRefusedError) -> Record:
    return Record(name, "unknown", b"", refused.reason, refused.detail)
