"""A CIF file becomes records: one for each data block that holds a structure, or was meant to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from submissions.record import Ignored, Record
from submissions.refusal import Reason, RecordRefusedError
from submissions.stream import lines, too_large

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator

    from submissions.limits import Limits

# A byte order mark may stand before any block of files that were joined.
_START = re.compile(rb"(?:\xef\xbb\xbf)?[^\S\n]*data_(\S*)", re.IGNORECASE)
_ITEM = re.compile(rb"(?<!\S)(?:_\S|loop_)", re.IGNORECASE)
_OF_STRUCTURE = re.compile(
    rb"(?<!\S)_(?:cell[._](?:length|angle)[._]|atom_site[._]|symmetry[._]|space_group[._](?!magn))", re.IGNORECASE
)
_TEXT = b";"
# The usual name of a block for what several structures of a paper share.
_SHARED = "global"


@dataclass
class _Block:
    """A data block as it is read.

    Attributes:
        name: after `data_`, or its number.
        lines: its lines, none once there are too many bytes.
        size: its bytes.
        has_items: whether anything stands in it.
        has_structure: whether a cell, atoms or a symmetry do.
        swallowed: lines that would begin a block, did they not stand in a text field that is still open.

    """

    name: str
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    has_items: bool = False
    has_structure: bool = False
    swallowed: list[int] = field(default_factory=list)

    @property
    def is_record(self) -> bool:
        """Whether somebody meant a structure by it: metadata alone is none, while nothing at all is a failed one."""
        return self.has_structure or not (self.has_items or self.name.lower() == _SHARED)

    def add(self, piece: bytes, limits: Limits) -> None:
        """Add a line, or a piece of one."""
        self.size += len(piece)
        if self.size > limits.record_bytes:
            self.lines.clear()
            self.swallowed.clear()
        else:
            self.lines.append(piece)

    def note(self, piece: bytes) -> None:
        """Note what a line outside text fields says of the block."""
        self.has_items = self.has_items or _ITEM.search(piece) is not None
        self.has_structure = self.has_structure or _OF_STRUCTURE.search(piece) is not None

    def record(self, name: str, limits: Limits) -> Record:
        """The block as a record of this name."""
        if self.size > limits.record_bytes:
            return Record(name, "cif", b"", Reason.RECORD_TOO_LARGE, too_large(limits))
        return Record(name, "cif", b"".join(self.lines))


def split(stream: io.BufferedReader, limits: Limits) -> Iterator[Record | Ignored]:
    """One record per block, named by its header; a file of a single one is one record without a name of its own.

    Blocks that hold metadata only are no records, but named. Text before the first block is left out.

    Raises:
        RecordRefusedError: there is no block.

    """
    first: _Block | None = None
    are_several = is_cif = False
    for block in _blocks(lines(stream, limits.record_bytes), limits, text_fields=True):
        is_cif = True
        if not block.is_record:
            yield Ignored(block.name, "CIF block without a structure")
        elif first is None:
            first = block
        else:
            if not are_several:
                yield first.record(first.name, limits)
            are_several = True
            yield block.record(block.name, limits)
    if not is_cif:
        detail = "no line begins a block with 'data_', so this is no CIF; write it again"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    if first is None:
        yield Record("", "cif", b"", Reason.MALFORMED, "no block of the CIF has a cell or atoms; write both")
    elif not are_several:
        yield first.record("", limits)


def _blocks(pieces: Iterable[tuple[bytes, bool]], limits: Limits, *, text_fields: bool) -> Iterator[_Block]:
    """Blocks of lines; those that begin within a text field only where it has no end."""
    block: _Block | None = None
    number = 0
    in_text = False
    line_starts = True
    for piece, line_ends in pieces:
        header = _START.match(piece) if line_starts else None
        if header and not in_text:
            if block is not None:
                yield block
            block = _Block(header[1].decode("utf-8", "replace") or str(number))
            number += 1
            block.add(piece[header.start(1) - len(b"data_") :], limits)
        elif block is not None:
            block.add(piece, limits)
            if header and block.lines:
                block.swallowed.append(len(block.lines) - 1)
            if line_starts and text_fields and piece.startswith(_TEXT):
                in_text = not in_text
                block.swallowed.clear()
            elif not in_text:
                block.note(piece)
        line_starts = line_ends
    if block is None:
        return
    unread = block.lines[block.swallowed[0] :] if in_text and block.swallowed else []
    del block.lines[len(block.lines) - len(unread) :]
    yield block
    yield from _blocks(((line, line.endswith(b"\n")) for line in unread), limits, text_fields=False)
