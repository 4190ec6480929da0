"""Values of a CIF: what is unknown, and numbers with or without their standard uncertainties."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from submissions.refusal import Reason, RecordRefusedError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

# '.' is what does not apply or has its default, '?' what is not known (CIF 1.1, doi:10.1107/97809553602060000107).
DEFAULT = "."
UNKNOWN = frozenset({"?", "."})
_QUOTES = "'\";"
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?(?:\(\d+\))?"
_NUMBERS = re.compile(f"{_NUMBER}(?: {_NUMBER})*", re.ASCII)
_UNCERTAIN = re.compile(r"([+-]?(?:\d+(?:\.(\d*))?|\.(\d+))(?:[eE][+-]?\d{1,5})?)(?:\((\d*(?:\.\d*)?)\))?", re.ASCII)
_UNCERTAINTY = re.compile(r"\(\d+\)", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)


def text_of(value: str) -> str:
    """A value without its quotes; the lines of a text field joined by blanks."""
    if len(value) < len("''") or value[0] not in _QUOTES or value[-1] != value[0]:
        return value
    return " ".join(value[1:-1].split())


def numbers_of(values: Sequence[str], item: str) -> list[float]:
    """Numbers without their uncertainties.

    Args:
        values: as the CIF has them.
        item: the name of the item, for the refusal.

    Raises:
        RecordRefusedError: one is not a number, or not finite.

    """
    numbers = plain_numbers(values)
    return [_number_of(text_of(value), item) for value in values] if numbers is None else numbers


def plain_numbers(values: Sequence[str]) -> list[float] | None:
    """Numbers without their uncertainties, all at once; None if one is anything but a finite number without quotes."""
    joined = " ".join(values)
    if not _NUMBERS.fullmatch(joined):
        return None
    bare = _UNCERTAINTY.sub("", joined) if "(" in joined else joined
    numbers = list(map(float, bare.split(" ")))
    # One value may hold a blank, and so two numbers.
    return numbers if len(numbers) == len(values) and all(map(math.isfinite, numbers)) else None


def resolution_of(values: Sequence[str]) -> float:
    """By how much numbers so written may be off, half a unit of the last digit of the longest.

    Trailing zeros may have been dropped, so the longest of many numbers shows how many digits there were. Exponents are
    left out of account, as nobody rounds with them.
    """
    decimals = [match for value in values if (match := _UNCERTAIN.fullmatch(value))]
    return 0.5 * 10.0 ** -max((len(match[2] or match[3] or "") for match in decimals), default=0)


def _number_of(text: str, item: str) -> float:
    match = _UNCERTAIN.fullmatch(text)
    if match and math.isfinite(number := float(match[1])):
        return number
    if match or _NOT_FINITE.fullmatch(text):
        raise RecordRefusedError(Reason.NOT_FINITE, f"{item} is {shown(text)}; every number must be finite")
    detail = f"{item} is {shown(text)}, a number such as 0.25 or 0.2513(4) is needed; write it again"
    raise RecordRefusedError(Reason.MALFORMED, detail)
