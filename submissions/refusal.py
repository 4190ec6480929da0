"""The closed list of reasons for which a file or a record is refused, and the two exceptions that carry one.

A record that is refused keeps its row and counts against the submission; a file is refused only when nothing in it
can be read, when it breaks a limit, or when its card is invalid.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from submissions.formats_text import FORMATS_TEXT

_SHOWN_CHARACTERS = 60
_DETAIL_CHARACTERS = 800


class Reason(StrEnum):
    """One reason to refuse.

    Attributes:
        meaning: what the reason says, for a page that lists all of them.
        remedy: what the submitter can do about it.

    """

    meaning: str
    remedy: str

    def __new__(cls, value: str, meaning: str = "", remedy: str = "") -> Self:
        """Attach meaning and remedy to the member whose text is `value`."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.remedy = remedy
        return member

    # Only whole files.
    FILE_TOO_LARGE = (
        "file_too_large",
        "the file has more bytes than an upload may have",
        "compress it, or submit fewer structures",
    )
    UNPACKED_TOO_LARGE = (
        "unpacked_too_large",
        "the file unpacks to more bytes than are allowed",
        "submit fewer structures, and structures only",
    )
    TOO_MANY_MEMBERS = (
        "too_many_members",
        "the file has more members, rows or frames than are allowed",
        "submit fewer structures in one file",
    )
    TOO_MANY_PARTS = (
        "too_many_parts",
        "the file has more lines, or more brackets and commas, than are allowed",
        "submit fewer structures, and structures only",
    )
    NO_RECORD_READABLE = (
        "no_record_readable",
        "the file holds structures, but not one of them can be read",
        "see the reason given for each structure",
    )
    CARD_INVALID = (
        "card_invalid",
        "the card that describes the model is not valid",
        "correct the field named; the fields of a card are a closed list",
    )

    # Files, members of an archive and records alike.
    EMPTY = (
        "empty",
        "there is no structure in it",
        "check that the file was written to its end",
    )
    UNREADABLE_FORMAT = (
        "unreadable_format",
        "the content is in none of the formats that are read",
        f"use one of: {FORMATS_TEXT}",
    )
    PICKLE = (
        "pickle",
        "the content is a Python pickle; reading one would run the code in it",
        "write the structures as CIF or JSON",
    )
    WRONG_ENCODING = (
        "wrong_encoding",
        "the text is neither UTF-8 nor UTF-16 or UTF-32 with a byte order mark",
        "save it as UTF-8",
    )
    DAMAGED = (
        "damaged",
        "the compressed or binary content ends early or contradicts its own checks",
        "pack the file again and compare its size after the upload",
    )
    NO_STRUCTURE_COLUMN = (
        "no_structure_column",
        "the table has no column that holds structures",
        "name the column structure, cif, cif_string or LeMatStructs",
    )

    # Members of an archive.
    UNSAFE_PATH = (
        "unsafe_path",
        "the member's path is absolute or leads out of the archive",
        "pack the files with relative paths",
    )
    LINK = (
        "link",
        "the member is a link or a device, not a file",
        "pack the file itself",
    )
    NESTED_ARCHIVE = (
        "nested_archive",
        "the member is itself an archive; archives inside archives are not opened",
        "pack its files directly",
    )
    ENCRYPTED = (
        "encrypted",
        "the member is protected by a password",
        "pack it without one",
    )
    UNSUPPORTED_COMPRESSION = (
        "unsupported_compression",
        "the member is compressed by a method that is not read",
        "use deflate, the default of every zip program",
    )

    # Records.
    RECORD_TOO_LARGE = (
        "record_too_large",
        "one structure has more bytes, lines or values than are allowed",
        "keep only cell, symmetry and atoms",
    )
    ID_TOO_LONG = (
        "id_too_long",
        "the id of the structure has more characters than are allowed",
        "use a shorter file name or id",
    )
    MALFORMED = (
        "malformed",
        "the structure begins like a known format but cannot be read in it",
        "write it again with pymatgen or ASE",
    )
    FORMULA_MISMATCH = (
        "formula_mismatch",
        "the atoms listed do not make up the formula that the file itself declares",
        "list all atoms, or correct the formula",
    )
    CONTRADICTION = (
        "contradiction",
        "two statements of the file about cell, symmetry or content cannot both be true",
        "correct the one that is wrong, or remove it",
    )
    UNKNOWN_SYMMETRY = (
        "unknown_symmetry",
        "the symmetry stated is not understood, or leaves open which atoms there are",
        "list the symmetry operations, or write all atoms in P 1",
    )
    FOREIGN_CLASS = (
        "foreign_class",
        "the structure names a class to construct that is not a pymatgen Structure",
        "write Structure.as_dict()",
    )
    TOO_MANY_SITES = (
        "too_many_sites",
        "the cell has more atoms than are allowed",
        "submit the primitive cell",
    )
    UNKNOWN_ELEMENT = (
        "unknown_element",
        "a site holds something that is not one of the 118 elements",
        "use the symbols of the elements (D and T are read as H)",
    )
    PARTIAL_OCCUPANCY = (
        "partial_occupancy",
        "a site is not occupied by exactly one atom",
        "submit ordered structures, each site with one element and occupancy 1",
    )
    NOT_FINITE = (
        "not_finite",
        "a cell parameter or coordinate is NaN or infinite",
        "check the generator; every number must be finite",
    )
    OUT_OF_RANGE = (
        "out_of_range",
        "a cell length or coordinate is beyond any physical size",
        "check the unit (angstrom) and the generator",
    )
    ZERO_VOLUME = (
        "zero_volume",
        "the cell is flat, or its volume is zero",
        "check the cell; its three vectors must not lie in a plane",
    )
    NOT_PERIODIC = (
        "not_periodic",
        "the structure is not periodic in three directions",
        "submit crystals, with a cell",
    )

    # Files and records whose reading was given up from outside.
    TIME_LIMIT = (
        "time_limit",
        "reading the file, or the structure, took longer than is allowed",
        "submit fewer structures; write a structure with explicit atoms in P1",
    )
    MEMORY_LIMIT = (
        "memory_limit",
        "reading the file, or the structure, needed more memory than is allowed",
        "submit fewer structures, and only cell, symmetry and atoms of each",
    )


class RefusedError(Exception):
    """Something submitted is refused.

    Args:
        reason: one of the closed list.
        detail: the value, the bound and what to do, in one line.

    """

    def __init__(self, reason: Reason, detail: str) -> None:
        """Keep reason and detail apart, so that both can be stored."""
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = one_line(detail, _DETAIL_CHARACTERS)

    def __str__(self) -> str:
        """Give the one line a person sees."""
        return f"{self.reason}: {self.detail}"


class FileRefusedError(RefusedError):
    """The whole file is refused: nothing of it is scored."""


class RecordRefusedError(RefusedError):
    """One record is refused; the others are untouched."""


def one_line(text: object, characters: int = 200) -> str:
    """Make text of any origin fit for a log, a table and a terminal: printable, on one line, bounded."""
    line = " ".join(str(text).split())
    printable = "".join(character if character.isprintable() else "?" for character in line[: characters + 1])
    return printable if len(printable) <= characters else f"{printable[: characters - 3]}..."


def visible(text: str) -> str:
    """Text of a submission for a terminal: what is not printable as an escape, as Python writes them."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def shown(value: object) -> str:
    """Quote a value taken from a submission: printable ASCII, one line, at most 60 characters."""
    text = ascii(str(value)[: _SHOWN_CHARACTERS + 1])
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 4]}...'"
