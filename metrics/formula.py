"""Chemical formulas as text: which elements, how many of each."""

from __future__ import annotations

import re
from collections import Counter
from math import gcd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PART = re.compile(r"([A-Z][a-z]?)(\d*)|(\()|(\))(\d*)")


def elements_of(formula: str) -> dict[str, int]:
    """Amounts by symbol, brackets resolved, in alphabetical order; empty for an empty formula.

    One pass over the text: brackets inside brackets cost no more than others.

    Raises:
        ValueError: it is not made of symbols, whole numbers and matching brackets.

    """
    groups: list[Counter[str]] = [Counter()]
    end = 0
    while end < len(formula):
        part = _PART.match(formula, end)
        if part is None:
            break
        end = part.end()
        symbol, amount, opens, _, times = part.groups()
        if symbol:
            groups[-1][symbol] += int(amount or 1)
        elif opens:
            groups.append(Counter())
        elif len(groups) > 1 and groups[-1]:
            for name, number in groups.pop().items():
                groups[-1][name] += number * int(times or 1)
        else:
            break
    else:
        if len(groups) == 1:
            return {symbol: amount for symbol, amount in sorted(groups[0].items()) if amount}
    msg = f"{formula!r} is no formula of element symbols, whole numbers and brackets"
    raise ValueError(msg)


def smallest_whole(amounts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The same element ratios in the smallest whole numbers, by symbol: equal for every spelling of a composition."""
    divisor = gcd(*amounts.values()) or 1
    return tuple((symbol, amount // divisor) for symbol, amount in sorted(amounts.items()))


def chemical_system(elements: Mapping[str, object] | tuple[str, ...]) -> str:
    """Symbols in alphabetical order, joined by hyphens."""
    return "-".join(sorted(elements))
