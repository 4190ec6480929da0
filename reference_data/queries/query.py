"""What a person asks a set for: a formula in any notation, or a chemical system."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ase.data import chemical_symbols

from metrics.formula import elements_of, smallest_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LENGTH = 500
"""Characters: a system of every element of the periodic table has 350."""
EXAMPLES = "a formula (TiO2, O2Ti), a chemical system (Ti-O), or Ti-O-* for all systems with these elements"
_SYMBOLS = frozenset(chemical_symbols[1:])
_SEPARATORS = re.compile(r"[-,;]+")
# formulas are copied from papers and web pages too
_PLAIN_DIGITS = str.maketrans(
    "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089\u2013\u2010", "0123456789--"
)


class QueryError(ValueError):
    """The text asks for nothing that a set could have; the message says what can be asked."""


@dataclass(frozen=True)
class Query:
    """A question to a set.

    Attributes:
        elements: symbols in alphabetical order; none asks for everything.
        amounts: the formula in smallest whole numbers; None where a system is asked for.
        open: True where other elements may be there too.

    """

    elements: tuple[str, ...] = ()
    amounts: tuple[tuple[str, int], ...] | None = None
    open: bool = True

    @property
    def system(self) -> str:
        """The elements as a chemical system."""
        return "-".join(self.elements)

    def __str__(self) -> str:
        """The question in its shortest notation; :func:`parse` reads it."""
        if self.amounts is not None:
            return "".join(f"{symbol}{amount if amount > 1 else ''}" for symbol, amount in self.amounts)
        return "-".join((*self.elements, "*")) if self.open and self.elements else self.system


def parse(text: str) -> Query:
    """Read a question; an empty one asks for everything.

    Raises:
        QueryError: neither a formula nor a chemical system, or a symbol is no element's, or it is too long.

    """
    if len(text) > MAX_LENGTH:
        msg = f"a question has at most {MAX_LENGTH} characters, this one {len(text):,}: expected {EXAMPLES}"
        raise QueryError(msg)
    plain = "".join(text.translate(_PLAIN_DIGITS).split())
    if not plain:
        return Query()
    parts = [part for part in _SEPARATORS.split(plain) if part]
    if len(parts) > 1:
        symbols = [part.capitalize() for part in parts if part != "*"]
        return containing(symbols, open_system="*" in parts)
    try:
        amounts = elements_of(plain)
    except ValueError as error:
        msg = f"{text.strip()!r} is neither a formula nor a chemical system: expected {EXAMPLES}"
        raise QueryError(msg) from error
    _check(amounts)
    if not amounts:
        msg = f"the formula {text.strip()!r} has no atoms: expected {EXAMPLES}"
        raise QueryError(msg)
    return Query(tuple(amounts), smallest_whole(amounts), open=False)


def containing(symbols: Iterable[str], *, open_system: bool = True) -> Query:
    """Ask for the crystals of these elements, and where ``open_system`` of others beside them.

    Raises:
        QueryError: a symbol is no element's.

    """
    elements = tuple(sorted(set(symbols)))
    _check(elements)
    return Query(elements, open=open_system)


def _check(symbols: Iterable[str]) -> None:
    unknown = [symbol for symbol in symbols if symbol not in _SYMBOLS]
    if unknown:
        msg = f"{', '.join(map(repr, unknown))} is no element: expected {EXAMPLES}"
        raise QueryError(msg)
