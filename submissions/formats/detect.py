"""What a stream of bytes is, told from its content; names and extensions are never asked."""

from __future__ import annotations

import re
import tarfile
from enum import StrEnum

from submissions.refusal import Reason, RecordRefusedError, shown

STRUCTURE_COLUMNS = ("structure", "cif", "cif_string", "LeMatStructs")
GZIP_MAGIC = b"\x1f\x8b"


class Format(StrEnum):
    """Formats that are read."""

    ZIP = "zip"
    TAR = "tar"
    GZIP = "gzip"
    CIF = "cif"
    TABLE = "table"
    PARQUET = "parquet"
    JSON = "json"
    POSCAR = "poscar"
    EXTXYZ = "extxyz"
    ASE_DB = "ase_db"


_MAGIC = (
    (b"PK\x03\x04", Format.ZIP),
    (b"PK\x05\x06", Format.ZIP),
    (GZIP_MAGIC, Format.GZIP),
    (b"PAR1", Format.PARQUET),
    (b"SQLite format 3\x00", Format.ASE_DB),
)
# Archives and compressions that are recognised in order to be named in the refusal.
_OTHER_ARCHIVES = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"\x28\xb5\x2f\xfd": "zstandard",
}
_TAR_BLOCK = 512
_UTF8_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_PICKLE = re.compile(rb"\x80[\x01-\x05]|c[\w.]+\n[\w.]+\n|\((?:[dl]?p\d|[dl]|c[\w.]+\n|i[\w.]+\n)|[\]}](?:q|\x94|\.)")
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?|[+-]?(?:nan|inf|infinity)"
_NUMBER_LINE = re.compile(rf"\s*(?:{_NUMBER})\s*(?:[!#].*)?", re.IGNORECASE)
_VECTOR_LINE = re.compile(rf"\s*(?:{_NUMBER})(?:\s+(?:{_NUMBER})){{2}}\b.*", re.IGNORECASE)
_POSCAR_HEAD_LINES = 5


def detect(head: bytes) -> Format:
    """Tell the format from the first bytes.

    Args:
        head: the first 64 KiB, or all there is.

    Raises:
        RecordRefusedError: none of the formats; the reason says whether it is empty, a pickle or in another encoding.

    """
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    for magic, name in _OTHER_ARCHIVES.items():
        if head.startswith(magic):
            detail = f"{name} is not read; pack as zip or tar.gz"
            raise RecordRefusedError(Reason.UNREADABLE_FORMAT, detail)
    if _is_tar(head):
        return Format.TAR
    if head.startswith(_WIDE_BOMS) or b"\x00" in head:
        raise _binary(head)
    text = head.removeprefix(_UTF8_BOM).decode("utf-8", "replace")
    if not text.strip():
        raise RecordRefusedError(Reason.EMPTY, "0 characters besides spaces, at least one structure is needed")
    if (found_text := _text_format(text)) is not None:
        return found_text
    if _PICKLE.match(head):
        raise RecordRefusedError(Reason.PICKLE, "a Python pickle is never loaded; write the structures as CIF or JSON")
    raise RecordRefusedError(Reason.UNREADABLE_FORMAT, _not_recognised(text))


def is_archive(head: bytes) -> bool:
    """Whether the content is an archive or a second compression, read here or not."""
    others = head.startswith(tuple(_OTHER_ARCHIVES))
    return others or _is_tar(head) or any(head.startswith(m) for m, f in _MAGIC if f in (Format.ZIP, Format.GZIP))


def _text_format(text: str) -> Format | None:
    # The order matters: a POSCAR's first line is a comment, which may be a number or hold commas.
    tests = (
        (Format.JSON, _is_json),
        (Format.CIF, _is_cif),
        (Format.POSCAR, _is_poscar),
        (Format.EXTXYZ, _is_extxyz),
        (Format.TABLE, _is_table),
    )
    return next((found for found, test in tests if test(text)), None)


def _is_json(text: str) -> bool:
    return text.lstrip().startswith(("{", "["))


def _is_extxyz(text: str) -> bool:
    first, _, rest = text.lstrip().partition("\n")
    return first.strip().isdigit() and bool(rest.strip())


def _is_table(text: str) -> bool:
    header = text.lstrip("\r\n").partition("\n")[0].rstrip("\r")
    return "," in header or "\t" in header.strip() or header.strip().strip('"') in STRUCTURE_COLUMNS


def _is_cif(text: str) -> bool:
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            return stripped.lower().startswith(("data_", "loop_", "_cell_", "_symmetry_", "_atom_site"))
    return False


def _is_poscar(text: str) -> bool:
    head = text.splitlines()[:_POSCAR_HEAD_LINES]
    if len(head) < _POSCAR_HEAD_LINES:
        return False
    scale = _NUMBER_LINE.fullmatch(head[1]) or _VECTOR_LINE.fullmatch(head[1])
    return scale is not None and all(_VECTOR_LINE.fullmatch(line) for line in head[2:])


def _is_tar(head: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(head[:_TAR_BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _binary(head: bytes) -> RecordRefusedError:
    if _PICKLE.match(head):
        return RecordRefusedError(Reason.PICKLE, "a Python pickle is never loaded; write the structures as CIF or JSON")
    # UTF-16 and UTF-32 of ASCII text are that text with zero bytes between.
    narrow = head.lstrip(b"\xff\xfe").replace(b"\x00", b"")
    if head.startswith(_WIDE_BOMS) or _text_format(narrow.decode("latin-1")) is not None:
        return RecordRefusedError(
            Reason.WRONG_ENCODING, "the text is UTF-16 or UTF-32, UTF-8 is read; save it as UTF-8"
        )
    return RecordRefusedError(
        Reason.UNREADABLE_FORMAT, f"binary content that begins with {shown(head[:8])} is not read"
    )


def _not_recognised(text: str) -> str:
    begin = shown(text.lstrip().splitlines()[0])
    return f"text that begins with {begin} is none of CIF, POSCAR, extended XYZ, CSV, TSV or JSON; see the formats read"
