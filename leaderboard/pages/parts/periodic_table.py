"""A periodic table whose cells are coloured by a number and can be clicked."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from ase.data import atomic_names, chemical_symbols

from leaderboard.pages.parts.markup import text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

N_GROUPS = 18
# last element of each period; the seventh is not full in any set
_PERIOD_ENDS = (2, 10, 18, 36, 54, 86, 118)
_N_S_BLOCK, _N_F_BLOCK = 2, 15
_LONG_PERIOD = 32
# rows of the drawing: seven periods, a narrow gap, and below it the lanthanides and actinides
_F_ROWS = {6: 9, 7: 10}
_THOUSAND = 1_000


def place(number: int) -> tuple[int, int]:
    """Row and column, from 1, of an element in the usual drawing of 18 columns with the f block below."""
    period = next(period for period, end in enumerate(_PERIOD_ENDS, start=1) if number <= end)
    start = _PERIOD_ENDS[period - 2] + 1 if period > 1 else 1
    length = _PERIOD_ENDS[period - 1] - start + 1
    from_start, from_end = number - start, _PERIOD_ENDS[period - 1] - number
    if from_start < min(_N_S_BLOCK, length - 1):
        return period, from_start + 1
    if length == _LONG_PERIOD and from_start < _N_S_BLOCK + _N_F_BLOCK:
        return _F_ROWS[period], from_start + 1
    return period, N_GROUPS - from_end


def periodic_table_html(counts: Mapping[str, int], chosen: Collection[str], noun: str) -> str:
    """The table; a cell reports its symbol as ``data-id``.

    Args:
        counts: number for each symbol; an element without one is dim.
        chosen: symbols that are marked.
        noun: what is counted, in the plural.

    """
    most = max((count for symbol, count in counts.items() if symbol not in chosen), default=0)
    cells = "".join(
        _cell(number, counts.get(symbol, 0), most, noun, marked=symbol in chosen)
        for number, symbol in enumerate(chemical_symbols[1:], start=1)
    )
    return f'<div class="periodic" role="group" aria-label="Periodic table, {text(noun)} by element">{cells}</div>'


def short(count: int) -> str:
    """A count in at most four characters: 950, 1.2k, 56k, 5.3M."""
    scaled, unit = float(count), ""
    for larger in "kMG":
        if scaled < _THOUSAND - 0.5:
            break
        scaled, unit = scaled / _THOUSAND, larger
    return f"{scaled:.1f}{unit}" if unit and scaled < 9.95 else f"{scaled:.0f}{unit}"  # noqa: PLR2004 - two digits


def _cell(number: int, count: int, most: int, noun: str, *, marked: bool) -> str:
    row, column = place(number)
    symbol = chemical_symbols[number]
    heat = log(1 + min(count, most)) / log(1 + most) if most else 0.0
    off = "" if count or marked else " disabled"
    return (
        f'<button type="button" data-id="{symbol}" aria-pressed="{"true" if marked else "false"}"{off} '
        f'style="grid-row:{row};grid-column:{column};--heat:{heat:.3f}" '
        f'title="{symbol}, {atomic_names[number].lower()}: {count:,} {text(noun)}">'
        f"<b>{symbol}</b><small>{short(count) if count else ''}</small></button>"
    )
