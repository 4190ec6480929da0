"""Chemical formulas as text: which elements, how many of each."""

from __future__ import annotations

import re
from collections import Counter
from math import gcd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SYMBOL_AND_AMOUNT = re.compile(r"([A-Z][a-z]?)(\d*)")
_GROUP = re.compile(r"\(((?:[A-Z][a-z]?\d*)+)\)(\d*)")
_WITHOUT_GROUPS = re.compile(r"(?:[A-Z][a-z]?\d*)*")


def elements_of(formula: str) -> dict[str, int]:
    """Amounts by symbol, brackets resolved, in alphabetical order; empty for an empty formula.

    Raises:
        ValueError: it is not made of symbols, whole numbers and matching brackets.

    """
    flat, n_groups = formula, 1
    while n_groups:
        flat, n_groups = _GROUP.subn(_resolved, flat)
    if not _WITHOUT_GROUPS.fullmatch(flat):
        msg = f"{formula!r} is no formula of element symbols, whole numbers and brackets"
        raise ValueError(msg)
    amounts: Counter[str] = Counter()
    for symbol, amount in _SYMBOL_AND_AMOUNT.findall(flat):
        amounts[symbol] += int(amount or 1)
    return {symbol: amount for symbol, amount in sorted(amounts.items()) if amount}


def smallest_whole(amounts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The same element ratios in the smallest whole numbers, by symbol: equal for every spelling of a composition."""
    divisor = gcd(*amounts.values()) or 1
    return tuple((symbol, amount // divisor) for symbol, amount in sorted(amounts.items()))


def chemical_system(elements: Mapping[str, object] | tuple[str, ...]) -> str:
    """Symbols in alphabetical order, joined by hyphens."""
    return "-".join(sorted(elements))


def _resolved(group: re.Match[str]) -> str:
    times = int(group[2] or 1)
    return "".join(f"{symbol}{int(amount or 1) * times}" for symbol, amount in _SYMBOL_AND_AMOUNT.findall(group[1]))
