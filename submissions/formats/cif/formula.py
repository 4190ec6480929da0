"""The formulas that a CIF declares: witnesses of its atoms. What is no plain formula says nothing."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING

from submissions.elements import ATOMIC_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from submissions.formats.cif.document import Block

# The first that is understood counts: the sum is the most exact, the structural formula is free text.
_FORMULAS = ("_chemical_formula_sum", "_chemical_formula_moiety", "_chemical_formula_structural")
_UNITS = ("_cell_formula_units_z",)
_POSITIVE = re.compile(r"\d{1,6}(?:\.\d{0,6})?", re.ASCII)
_AMOUNT = r"((?:\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})?)"
_TOKEN = re.compile(rf"\s*(?:([A-Z][a-z]?){_AMOUNT}|([(\[])|[)\]]{_AMOUNT})", re.ASCII)
_MOST_CHARACTERS = 1_000
# What programs write for nothing, and which would be sodium nitride and nobelium.
_NO_FORMULAS = ("NaN", "No")
# A word in capitals, such as UNKNOWN, whose letters happen to be symbols of elements.
_WORD = re.compile(r"[A-Z]{5,}", re.ASCII)


@dataclass(frozen=True)
class Formula:
    """What a formula says.

    Attributes:
        text: as written.
        amounts: element -> amount; deuterium and tritium are hydrogen.
        rounding: how far an amount may be off by rounding; 0 where all are whole numbers.

    """

    text: str
    amounts: Mapping[str, float]
    rounding: float

    @property
    def units(self) -> int:
        """How often it holds the smallest formula of whole numbers; 1 where amounts were rounded."""
        return 1 if self.rounding else gcd(*map(int, self.amounts.values()))


@dataclass(frozen=True)
class Declared:
    """What a block declares of the content of its cell.

    Attributes:
        formula: the formula, or None.
        units: Z, the number of formula units in the cell, or None.

    """

    formula: Formula | None
    units: float | None

    @property
    def elements(self) -> frozenset[str]:
        """Elements of the formula, none without one."""
        return frozenset(self.formula.amounts) if self.formula else frozenset()


def declared_of(block: Block) -> Declared:
    """What the block declares; formulas under one name that differ say nothing, nor do such Z."""
    units = {float(text) for text in block.known(_UNITS) if _POSITIVE.fullmatch(text)} - {0.0}
    return Declared(_formula_of(block), units.pop() if len(units) == 1 else None)


def _formula_of(block: Block) -> Formula | None:
    for name in _FORMULAS:
        understood = [formula for text in block.known([name]) if (formula := _understood(text))]
        if understood:
            first = understood[0]
            return first if all(formula.amounts == first.amounts for formula in understood) else None
    return None


@lru_cache(maxsize=1024)
def _understood(text: str) -> Formula | None:
    """The formula, or None where it holds anything but elements, amounts and brackets, such as charges."""
    if len(text) > _MOST_CHARACTERS or text in _NO_FORMULAS or _WORD.fullmatch(text):
        return None
    open_groups: list[Counter[str]] = [Counter()]
    digits = 0
    end = 0
    for match in _TOKEN.finditer(text):
        symbol, amount_text, bracket = match[1], match[2] or match[4] or "", match[3]
        if match.start() != end:
            return None
        end = match.end()
        amount = float(amount_text or 1)
        if not amount.is_integer():
            digits = max(digits, len(amount_text.partition(".")[2]))
        if bracket:
            open_groups.append(Counter())
        elif symbol:
            if symbol not in ATOMIC_NUMBERS:
                return None
            open_groups[-1]["H" if ATOMIC_NUMBERS[symbol] == 1 else symbol] += amount  # type: ignore[assignment]
        else:
            group = open_groups.pop()
            if not open_groups:
                return None
            for element, inside in group.items():
                open_groups[-1][element] += inside * amount  # type: ignore[assignment]
    amounts = dict(open_groups[0])
    is_whole = len(open_groups) == 1 and not text[end:].strip() and amounts and min(amounts.values()) > 0
    return Formula(text, amounts, 0.5 * 10.0**-digits if digits else 0.0) if is_whole else None
