"""Which element stands on a site, from its type symbol or, without one, from its label; never a guess.

A label begins with the symbol of its element (core CIF dictionary, `_atom_site_label`). What comes after it may be
anything: Fe3+, Fe1A, Fe_a. Where capitals leave open whether an element or a group of atoms is meant (CO, CN), and
where letters follow the symbol (SiT, OW), the elements of the formula that the file declares decide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from submissions.elements import ATOMIC_NUMBERS, SYMBOLS
from submissions.formats.cif.values import UNKNOWN, text_of
from submissions.refusal import Reason, RecordRefusedError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN_LABEL = re.compile(r"([A-Z][a-z]?)\d*", re.ASCII)
# A mass number, letters and the rest: 57Fe, Fe3+, Fe1A.
_PARTS = re.compile(r"(\d{0,3})([A-Za-z]+)(.*)", re.ASCII | re.DOTALL)
# What may follow the letters of a type symbol: a charge, a number, one letter that is no element.
_AFTER_TYPE = re.compile(r"[\d.+\-'*#]*|\([IV\d+-]+\)|\d+[AEGJLMQRTXZa-z]|\d*_\w*", re.ASCII)
# What makes a label that begins with an element a group of atoms: C2H5, O-H, H2O.
_GROUP_REST = re.compile(r"[2-9]\d*[A-Z][a-z]?(?:\d*[A-Z][a-z]?)*[2-9]\d*|[23]O\d*|-[A-Z].*", re.ASCII)
_SHARED = re.compile(r"\(?[\d.]*\s*[A-Z][a-z]?[\d.+-]*\s*[,/+]\s*(?:[\d.]++\s*)?[A-Z][a-z]?.*", re.ASCII | re.DOTALL)
# A symbol with an amount below one: Fe0.5, Fe0.5Ni0.5.
_FRACTION = re.compile(r"[A-Z][a-z]?0?\.\d+(?:[A-Z][a-z]?[\d.]*)*", re.ASCII)
# ND4, CD3: groups of deuterium, in capitals like the elements Nd and Cd.
_DEUTERATED = re.compile(r"[A-Z]D[2-9][+-]?\d?", re.ASCII)
_NO_ATOMS = frozenset(
    ("wat", "water", "oh", "hoh", "me", "et", "ph", "va", "vac", "vacancy", "x", "xx", "du", "dum", "dummy", "q")
)
# In capitals these are groups of atoms as well as elements, most of which occur in no crystal.
_GROUPS = frozenset(("CN", "CO", "NO", "NH", "PO", "HO", "CF", "BH", "HS"))
_HEAVIEST_IN_CRYSTALS = 98
# Without D and T: the T of SiT is a tetrahedron.
_SYMBOLS = frozenset(SYMBOLS)


def atomic_numbers_of(types: Sequence[str] | None, labels: Sequence[str] | None, declared: frozenset[str]) -> list[int]:
    """Atomic number of every site.

    Args:
        types: type symbols as written; one that is understood counts more than a label.
        labels: labels as written, of the same length.
        declared: elements of the formula that the file declares, none if it declares none.

    Raises:
        RecordRefusedError: a site holds no element, or more than one.

    """
    if types is not None:
        numbers = [ATOMIC_NUMBERS.get(text, 0) for text in types]
    else:
        matches = map(_PLAIN_LABEL.fullmatch, labels or ())
        numbers = [ATOMIC_NUMBERS.get(match[1], 0) if match else 0 for match in matches]
    is_tetrahedron_possible = types is None and bool(declared) and "H" not in declared and 1 in numbers
    if all(numbers) and not is_tetrahedron_possible:
        return numbers
    texts = [_text(types[at] if types else None, labels[at] if labels else None) for at in range(len(numbers))]
    in_capitals = any(_surely_in_capitals(text) for text, _ in texts)
    return [_atomic_number(text, declared, is_label=is_label, in_capitals=in_capitals) for text, is_label in texts]


def _text(type_symbol: str | None, label: str | None) -> tuple[str, bool]:
    """The type symbol, else the label, and whether it is the label."""
    if type_symbol is not None:
        text = text_of(type_symbol).strip()
        if text and text not in UNKNOWN:
            return text, False
    return text_of(label or "").strip(), True


def _surely_in_capitals(text: str) -> bool:
    match = _PARTS.fullmatch(text)
    letters = match[2] if match else ""
    is_pair = len(letters) == len("FE") and letters.isupper()
    return is_pair and letters not in _GROUPS and letters.title() in ATOMIC_NUMBERS and not _DEUTERATED.fullmatch(text)


def _atomic_number(text: str, declared: frozenset[str], *, is_label: bool, in_capitals: bool) -> int:
    what = "label" if is_label else "type symbol"
    if _SHARED.fullmatch(text) or _FRACTION.fullmatch(text):
        detail = f"the {what} {shown(text)} names less or more than one element on a site; submit ordered structures"
        raise RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)
    match = _PARTS.fullmatch(text)
    symbol = None
    if match and not (is_label and match[1]):
        letters, rest = match[2], match[3]
        is_group = _GROUP_REST.fullmatch(rest) if is_label else not _AFTER_TYPE.fullmatch(rest)
        is_deuterated = (
            _DEUTERATED.fullmatch(text) and letters.title() not in declared and not (is_label and in_capitals)
        )
        if not is_group and not is_deuterated:
            symbol = _symbol(letters, declared, is_element=in_capitals and not rest)
            if symbol is None and is_label:
                symbol = _tagged(letters, declared)
    if symbol is not None:
        return ATOMIC_NUMBERS[symbol]
    detail = f"the {what} {shown(text)} is not one of the 118 elements; give each atom a site and its element's symbol"
    raise RecordRefusedError(Reason.UNKNOWN_ELEMENT, detail)


def _symbol(letters: str, declared: frozenset[str], *, is_element: bool) -> str | None:
    """Symbol that the letters are, in whatever case; `is_element` speaks for an element where it is open."""
    if letters in ATOMIC_NUMBERS:
        # Where there is no hydrogen, T is a tetrahedron and not tritium.
        return letters if letters in _SYMBOLS or not declared or "H" in declared else None
    symbol = letters.title()
    if symbol not in ATOMIC_NUMBERS or not (letters.isupper() or letters.islower()) or letters.lower() in _NO_ATOMS:
        return None
    if symbol in declared:
        return symbol
    if letters[0].upper() in declared:
        return None
    if letters.upper() in _GROUPS and not (is_element and ATOMIC_NUMBERS[symbol] <= _HEAVIEST_IN_CRYSTALS):
        return None
    return symbol


def _tagged(letters: str, declared: frozenset[str]) -> str | None:
    """Symbol at the beginning of a label that goes on with letters for the site: SiT, OW, CA.

    Without a formula only a symbol of two letters, in upper and lower case, is told from the first letters of a name.
    """
    if letters.lower() in _NO_ATOMS:
        return None
    for length in (2, 1):
        symbol, tag = letters[:length], letters[length:]
        if declared:
            symbol = symbol.title() if letters.isupper() else symbol
            if tag and symbol in declared and declared.isdisjoint({tag[:1], tag[:2]}):
                return symbol
        elif length > 1 and symbol in _SYMBOLS and tag.isupper() and tag[0] not in _SYMBOLS:
            return symbol
    return None
