"""A record: one structure that somebody meant to hand in, not parsed yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from submissions.refusal import Reason


@dataclass(frozen=True)
class Record:
    """One structure as handed in; picklable, so that a worker process can parse it.

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
