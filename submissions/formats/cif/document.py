"""CIF text becomes blocks of named values: gemmi's grammar of CIF 1.1, names of every dialect under one spelling."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gemmi import cif as gemmi_cif

from submissions.formats.cif.mend import mended
from submissions.formats.cif.values import UNKNOWN, text_of
from submissions.refusal import Reason, RecordRefusedError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u00ad"
_TO_ASCII = dict.fromkeys(map(ord, _DASHES), "-") | dict.fromkeys(map(ord, _INVISIBLE), None)
_OVERLINED = re.compile("(\\d)[\u0304\u0305]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_CONTROLS = dict.fromkeys([0x0B, 0x0C, *range(0x1C, 0x20)], " ")
OPERATIONS = ("_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz")
_ERROR = re.compile(r"string:(\d+):\d+\(\d+\): (.*)", re.DOTALL)
_STRUCTURAL = re.compile(
    r"_cell_(?:length|angle)_|_atom_site_(?:label|type_symbol|fract_|cartn_)|_symmetry_|_space_group_(?!magn)"
)


@dataclass(frozen=True)
class Block:
    """One data block.

    Attributes:
        name: after `data_`.
        items: name -> values as written, quotes included. Names are in lower case, and '.', '-' in them are '_', so
            that `_cell.length_a` (DDLm, mmCIF) and `_cell_length_a` are one. A single item given several times has all
            its values; the columns of one loop are of one length.
        repeated: names that stand in several loops, of which the first is in `items`.

    """

    name: str
    items: dict[str, list[str]]
    repeated: frozenset[str]

    def known(self, names: Iterable[str]) -> list[str]:
        """What is said under these names, each text once, what is unknown left out."""
        said: dict[str, None] = {}
        for name in names:
            for value in self.items.get(name, ()):
                text = text_of(value).strip()
                if text and text not in UNKNOWN:
                    said[text] = None
        return list(said)

    @property
    def holds_structure(self) -> bool:
        """Whether it has a cell, atoms or a symmetry, so that somebody meant a structure by it."""
        return any(map(_STRUCTURAL.match, self.items))


def blocks_of(text: str) -> list[Block]:
    """All blocks of a text.

    Raises:
        RecordRefusedError: it is no CIF, and the nearest to it that can be read with certainty is none either.

    """
    if not text.isascii():
        text = _ascii(text)
    try:
        blocks = _read(text)
    except (ValueError, RuntimeError) as error:
        blocks = _read_mended(text, error)
    if any(map(_has_broken_operations, blocks)):
        blocks = _read_mended(text, ValueError("the words of a symmetry operation need quotes around them"))
    if not blocks:
        detail = "no line begins a block with 'data_', so this is no CIF; write it again"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    return blocks


def _read(text: str) -> list[Block]:
    return [_block(block) for block in gemmi_cif.read_string(text, check_level=0)]


def _read_mended(text: str, error: Exception) -> list[Block]:
    try:
        return _read(mended(text.translate(_CONTROLS)))
    except (ValueError, RuntimeError):
        raise _malformed(text, error) from error


def _has_broken_operations(block: Block) -> bool:
    """Whether the words of operations such as x, y, z, without quotes, are taken for values of their own."""
    return any(value.endswith(",") for name in OPERATIONS for value in block.items.get(name, ()))


def _ascii(text: str) -> str:
    """ASCII of the same meaning: every dash is a minus, an overlined digit is a negative one, '₁' is '1'.

    What has no such meaning becomes '_', which no number and no symbol of an element holds.
    """
    text = _OVERLINED.sub(r"-\1", text.translate(_TO_ASCII))
    return _BEYOND_ASCII.sub("_", unicodedata.normalize("NFKC", text))


def _block(block: gemmi_cif.Block) -> Block:
    items: dict[str, list[str]] = {}
    looped: set[str] = set()
    repeated: set[str] = set()
    for item in block:
        pair: Any = item.pair
        loop: gemmi_cif.Loop | None = item.loop
        if pair is not None:
            name = _name(pair[0])
            if name in looped:
                repeated.add(name)
            else:
                items.setdefault(name, []).append(pair[1])
        elif loop is not None:
            values = loop.values
            names = [_name(tag) for tag in loop.tags]
            if not values:
                continue
            for column, name in enumerate(names):
                if name in items:
                    repeated.add(name)
                else:
                    items[name] = values[column :: len(names)]
            looped.update(names)
    return Block(block.name.strip(), items, frozenset(repeated))


@lru_cache(maxsize=4096)
def _name(tag: str) -> str:
    return tag.lower().replace(".", "_").replace("-", "_").rstrip("_")


def _malformed(text: str, error: Exception) -> RecordRefusedError:
    match = _ERROR.match(str(error))
    line, what = (int(match[1]), match[2]) if match else (1, str(error))
    rest = text.splitlines()[line - 1 :]
    where = shown(rest[0].strip()) if rest and rest[0].strip() else "its end"
    detail = f"the CIF cannot be read at line {line}, {where}: {what}"
    return RecordRefusedError(Reason.MALFORMED, f"{detail}; {_remedy(rest, what)}")


def _remedy(rest: list[str], what: str) -> str:
    if "unterminated text field" in what:
        return "a text field that begins with ';' has no end, the file may be cut off"
    if "Wrong number of values" in what and _ends_within_row(rest):
        return "the last row is not complete, the file may be cut off"
    return "write it again"


def _ends_within_row(rest: list[str]) -> bool:
    """Whether a loop that begins here has complete rows, each on its line, and then one that is shorter."""
    rows = [line.split() for line in rest[1:] if line.strip()]
    width = next((at for at, row in enumerate(rows) if not row[0].startswith("_")), len(rows))
    counts = [len(row) for row in rows[width:]]
    return bool(counts) and set(counts[:-1]) <= {width} and counts[-1] < width
