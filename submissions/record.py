"""A record: one structure that somebody meant to submit, not parsed yet; and what a file holds besides records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from submissions.refusal import visible

if TYPE_CHECKING:
    from submissions.refusal import Reason

_NAMED = 5


@dataclass(frozen=True)
class Record:
    """One structure as submitted; picklable, so that a worker process can parse it.

    Attributes:
        id: its name for good, unique within the file. While a format splits a stream it is the record's own name, or
            empty where the record has none and stands for its whole file.
        format: how to parse the payload: cif, json, poscar, extxyz or ase.
        payload: its bytes; empty for a record refused already.
        refusal: why it was refused before parsing, or None.
        detail: the value, the bound and what to do; None without a refusal.

    """

    id: str
    format: str
    payload: bytes = b""
    refusal: Reason | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Ignored:
    """A file, or a part of one, that is no structure and was not meant to be: named to the submitter, not counted.

    Attributes:
        name: path of the member, or name of the part.
        what: what it is, such as "script".
        is_file: whether it is a whole file.

    """

    name: str
    what: str
    is_file: bool = False


@dataclass
class Contents:
    """What was met while a file was cut into records.

    Attributes:
        n_files: files that records came from: members of an archive, or 1.
        ignored: what is no record, in the order of the file.

    """

    n_files: int = 0
    ignored: list[Ignored] = field(default_factory=list)

    def summary(self, n_records: int) -> str:
        """One line for the submitter, before anything is scored.

        Args:
            n_records: how many records there were.

        """
        return f"{_counted(n_records, 'structure')} found in {_counted(self.n_files, 'file')}{self.left_out()}"

    def left_out(self) -> str:
        """What is ignored, as the end of a sentence; nothing where nothing is."""
        text = ""
        for noun, is_file in (("file", True), ("part", False)):
            ignored = [one for one in self.ignored if one.is_file is is_file]
            if ignored:
                named = ", ".join(f"{visible(one.name)} ({visible(one.what)})" for one in ignored[:_NAMED])
                more = f" and {len(ignored) - _NAMED:,} more" if len(ignored) > _NAMED else ""
                text += f", {_counted(len(ignored), noun)} ignored: {named}{more}"
        return text


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
