"""What a stream of bytes is, told from its content; names and extensions are never asked."""

from __future__ import annotations

import re
import tarfile
from enum import StrEnum

from submissions.checked import is_number
from submissions.files.foreign import is_foreign_archive, refuse_foreign, refuse_foreign_zip, refuse_pickle
from submissions.files.unpack import compression
from submissions.refusal import Reason, RecordRefusedError, shown

STRUCTURE_COLUMNS = ("structure", "cif", "cif_string", "LeMatStructs")


class Format(StrEnum):
    """Formats that are read."""

    ZIP = "zip"
    TAR = "tar"
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
    (b"PAR1", Format.PARQUET),
    (b"SQLite format 3\x00", Format.ASE_DB),
)
_TAR_BLOCK = 512
# Every second byte of ASCII text in UTF-16 is zero; a third, where there are other letters.
_ZEROS_OF_WIDE = 3
_ZIP_MEMBER = re.compile(rb"PK\x03\x04.{22}(..)..", re.DOTALL)
_VECTORS = slice(2, 5)
_DIMENSIONS = 3
# No number of a head stands further right.
_LINE_CHARACTERS = 1_000
# A line of its own that begins a block cannot stand in JSON, whose strings hold no line ends.
_CIF_BLOCK = re.compile(r"^[ \t]*data_[^\s\"',:{}\[\]]*[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_CIF_ITEM = re.compile(r"^[ \t]*_(?:cell[_.]length_a|atom_site[_.])", re.MULTILINE | re.IGNORECASE)
_CIF_STARTS = ("data_", "loop_", "_cell", "_symmetry", "_space_group", "_atom_site")
DELIMITERS = ("\t", ",", ";")
# Keys and items that structures have in one format or another, and hardly any other text has.
_SIGNS = re.compile(
    r"[\"'](?:cell|lattice|sites|positions|species|structures?|atoms|cif|coords|lattice_mat|frac_coords)[\"']\s*:"
    r"|\bLattice\s*=|_cell[_.]length_a|_atom_site[_.]",
    re.IGNORECASE,
)
# Other text begins like the other formats by chance.
_UNMISTAKABLE = (Format.POSCAR, Format.ASE_DB, Format.PARQUET)
_NOTHING = ("null", "none", "nan")
_PRINTED = {
    "Full Formula (": "the printed form of a pymatgen Structure, str(structure); write json.dumps(structure.as_dict())",
    "Structure Summary": "the repr of a pymatgen Structure; write json.dumps(structure.as_dict())",
    "Atoms(": "the repr of ASE Atoms, which holds no positions; write the structures with ase.io.write as extended XYZ",
}


def detect(head: bytes) -> Format:
    """Tell the format from the first bytes, unpacked and without a byte order mark.

    Args:
        head: the first 64 KiB, or all there is.

    Raises:
        RecordRefusedError: none of the formats; the reason says whether it is empty, a pickle, in another encoding,
            or of another program.

    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    refuse_foreign(head)
    if is_tar(head):
        return Format.TAR
    if b"\x00" in head:
        raise _binary(head)
    text = head.decode("utf-8", "replace")
    if not text.strip():
        raise RecordRefusedError(Reason.EMPTY, "0 characters besides spaces, at least one structure is needed")
    if text.strip().lower() in _NOTHING:
        raise RecordRefusedError(Reason.EMPTY, f"{shown(text.strip())} stands where a structure should")
    _refuse_printed(text)
    if (kind_of_text := _text_format(text)) is not None:
        return kind_of_text
    refuse_pickle(head)
    raise RecordRefusedError(Reason.UNREADABLE_FORMAT, _not_recognised(text))


def is_archive(head: bytes) -> bool:
    """Whether the content is an archive or compressed, read here or not; a zip of another program is refused as that.

    Raises:
        RecordRefusedError: it is a zip that only its own program reads.

    """
    if head.startswith(b"PK\x03\x04"):
        refuse_foreign_zip(_zip_names(head))
    is_zip = head.startswith((b"PK\x03\x04", b"PK\x05\x06"))
    return is_zip or is_foreign_archive(head) or compression(head) is not None or is_tar(head)


def shows_structures(head: bytes, kind: Format | None = None) -> bool:
    """Whether content shows signs of a structure, in a format that is read or not.

    Args:
        head: the first bytes.
        kind: its format, where it has one that is read.

    """
    text = head.decode("utf-8", "replace")
    is_named = kind is Format.TABLE and _has_structure_column(text)
    return kind in _UNMISTAKABLE or is_named or _SIGNS.search(text) is not None


def delimiter_of(header: str) -> str:
    """The character between the columns of a table's first line: the first that gives a column of structures."""
    return next((mark for mark in DELIMITERS if _names_structures(header.split(mark))), "\t" if "\t" in header else ",")


def column_name(name: str) -> str:
    """A column's name without what programs and people write differently: case, blanks and quotes around it."""
    return name.strip().strip('"').strip().casefold()


def _text_format(text: str) -> Format | None:
    # The order matters: a POSCAR's first line is a comment, which may be a number or hold commas.
    tests = (
        (Format.CIF, _is_headed_cif),
        (Format.JSON, _is_json),
        (Format.CIF, _is_cif),
        (Format.POSCAR, is_poscar_head),
        (Format.EXTXYZ, _is_extxyz),
        (Format.TABLE, _has_structure_column),
        (Format.CIF, _is_late_cif),
        (Format.TABLE, _is_table),
    )
    return next((kind for kind, test in tests if test(text)), None)


def _is_json(text: str) -> bool:
    return text.lstrip().startswith(("{", "["))


def _is_headed_cif(text: str) -> bool:
    """A CIF after a line of something else that looks like JSON."""
    return _is_json(text) and _is_late_cif(text)


def _is_late_cif(text: str) -> bool:
    """A CIF after lines of something else, in whose quotes it does not stand, as it would in a table."""
    block = _CIF_BLOCK.search(text)
    return block is not None and _CIF_ITEM.search(text) is not None and text.count('"', 0, block.start()) % 2 == 0


def _is_cif(text: str) -> bool:
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            return stripped.lower().startswith(_CIF_STARTS) and not _is_setting(stripped)
    return False


def _is_setting(line: str) -> bool:
    """Whether a line is `data_dir: ...` or `data_path = ...`, as configurations have it."""
    name, _, rest = line.partition(" ")
    return name.endswith((":", "=")) or rest.lstrip().startswith(("=", ":"))


def is_poscar_head(text: str) -> bool:
    """Whether text begins as a POSCAR: a comment, a scale, three vectors."""
    lines = [line[:_LINE_CHARACTERS] for line in text.splitlines()[: _VECTORS.stop]]
    if len(lines) < _VECTORS.stop:
        return False
    scale = lines[1].split(maxsplit=1)
    is_scale = bool(scale) and is_number(scale[0].strip("!#,"))
    return is_scale and all(starts_with_vector(line) for line in lines[_VECTORS])


def starts_with_vector(line: str) -> bool:
    """Whether a line begins with three numbers."""
    words = line[:_LINE_CHARACTERS].replace(",", " ").split(maxsplit=_DIMENSIONS)[:_DIMENSIONS]
    return len(words) == _DIMENSIONS and all(map(is_number, words))


def _is_extxyz(text: str) -> bool:
    first, _, rest = text.lstrip().partition("\n")
    return is_whole_number(first) and bool(rest.strip())


def is_whole_number(line: str) -> bool:
    """Whether a line holds one whole number, in ASCII digits and not too long, and nothing else."""
    word = line.strip()
    return len(word) <= _LINE_CHARACTERS and word.isascii() and word.isdigit()


def _has_structure_column(text: str) -> bool:
    header = _header(text)
    return _names_structures(header.split(delimiter_of(header)))


def _is_table(text: str) -> bool:
    header = _header(text)
    return "," in header or "\t" in header.strip()


def _header(text: str) -> str:
    return text.lstrip("\r\n").partition("\n")[0].rstrip("\r")


def _names_structures(columns: list[str]) -> bool:
    known = {column_name(name) for name in STRUCTURE_COLUMNS}
    return any(column_name(column) in known for column in columns)


def is_tar(head: bytes) -> bool:
    """Whether the content begins with the header of a tar member."""
    try:
        tarfile.TarInfo.frombuf(head[:_TAR_BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _zip_names(head: bytes) -> list[str]:
    """Names of the members whose headers stand in the first bytes of a zip."""
    names = []
    for header in _ZIP_MEMBER.finditer(head):
        length = int.from_bytes(header[1], "little")
        names.append(head[header.end() : header.end() + length].decode("utf-8", "replace"))
    return names


def _binary(head: bytes) -> RecordRefusedError:
    try:
        refuse_pickle(head)
    except RecordRefusedError as refused:
        return refused
    # UTF-16 and UTF-32 of ASCII text are that text with zero bytes between.
    narrow = head.replace(b"\x00", b"")
    is_wide = _ZEROS_OF_WIDE * (len(head) - len(narrow)) >= len(head)
    if is_wide and narrow.isascii() and _text_format(narrow.decode("ascii")) is not None:
        detail = "the text is UTF-16 or UTF-32 without a byte order mark, UTF-8 is read; save it as UTF-8"
        return RecordRefusedError(Reason.WRONG_ENCODING, detail)
    return RecordRefusedError(
        Reason.UNREADABLE_FORMAT,
        f"binary content that begins with {shown(head[:8])} is not read; write the structures as CIF or extended XYZ",
    )


def _refuse_printed(text: str) -> None:
    """Refuse what print() makes of a structure, from which it cannot be had back.

    Raises:
        RecordRefusedError: it is that.

    """
    stripped = text.lstrip()
    for beginning, what in _PRINTED.items():
        if stripped.startswith(beginning):
            raise RecordRefusedError(Reason.UNREADABLE_FORMAT, f"this is {what}")


def _not_recognised(text: str) -> str:
    begin = shown(text.lstrip().splitlines()[0])
    return f"text that begins with {begin} is none of CIF, POSCAR, extended XYZ, CSV, TSV or JSON; see the formats read"
