"""A periodic table of the elements of a submission, coloured by how often they occur beside the reference."""

from __future__ import annotations

from collections import Counter
from math import log2
from typing import TYPE_CHECKING, Any

from ase.data import atomic_names, chemical_symbols

from leaderboard.pages.parts.markup import text
from leaderboard.pages.parts.periodic_table import place
from metrics.formula import elements_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

FULL_COLOUR_DOUBLINGS = 3
"""So many times twice, or half, as often as in the reference has the full colour."""
N_NAMED = 3
_LEAST_SHARE = 0.005
"""What is rarer in submission and reference is not named among the elements that stand out."""


def elements_html(columns: pd.DataFrame, statistics: Mapping[str, Any], reference: str) -> str:
    """The table as a figure with its finding.

    Args:
        columns: facts of the records.
        statistics: of the reference set; empty where it is not at hand, and then the share alone gives the colour.
        reference: its name.

    """
    shares = element_shares(columns)
    of_reference = {
        symbol: count / statistics["n_crystals"] for symbol, count in statistics.get("elements", {}).items()
    }
    most = max(shares.values(), default=0.0)
    cells = "".join(
        _cell(number, shares.get(symbol, 0.0), of_reference.get(symbol, 0.0) if of_reference else None, most, reference)
        for number, symbol in enumerate(chemical_symbols[1:], start=1)
    )
    said = finding(shares, of_reference, reference)
    key = (
        f'<i class="more"></i>more often than in {text(reference)} <i class="less"></i>less often; the full colour is '
        f"{2**FULL_COLOUR_DOUBLINGS} times"
        if of_reference
        else "The deeper the colour, the more structures contain the element."
    )
    label = text(f"Periodic table of elements. {said}")
    return (
        '<figure class="chart wide"><figcaption><strong>Elements</strong> '
        f"<span>{text(said)}</span></figcaption>"
        f'<div class="periodic shares" role="img" aria-label="{label}">{cells}</div>'
        f'<p class="key">Percent of readable structures that contain the element. {key}</p></figure>'
    )


def element_shares(columns: pd.DataFrame) -> dict[str, float]:
    """Share of the readable records that contain each element."""
    formulas = Counter(map(str, columns["reduced_formula"].dropna()))
    counts: Counter[str] = Counter()
    for formula, count in formulas.items():
        for symbol in elements_of(formula):
            counts[symbol] += count
    total = sum(formulas.values())
    return {symbol: count / total for symbol, count in counts.items()}


def finding(shares: Mapping[str, float], of_reference: Mapping[str, float], reference: str) -> str:
    """The most frequent elements, and those that stand out most against the reference."""
    if not shares:
        return "No structure could be looked at."
    frequent = sorted(shares, key=lambda symbol: -shares[symbol])[:N_NAMED]
    said = "Most frequent: " + ", ".join(f"{symbol} {100 * shares[symbol]:.0f}%" for symbol in frequent)
    if not of_reference:
        return f"{said}; {len(shares)} elements occur."
    common = [symbol for symbol in shares if shares[symbol] >= _LEAST_SHARE and of_reference.get(symbol)]
    more = sorted(common, key=lambda symbol: -shares[symbol] / of_reference[symbol])[:N_NAMED]
    n_missing = len(of_reference.keys() - shares.keys())
    if more:
        times = ", ".join(f"{symbol} {shares[symbol] / of_reference[symbol]:.1f} times" for symbol in more)
        said += f"; most above its share in {reference}: {times}"
    return f"{said}; {n_missing} of its {len(of_reference)} elements do not occur."


def _cell(number: int, share: float, of_reference: float | None, most: float, reference: str) -> str:
    row, column = place(number)
    symbol = chemical_symbols[number]
    side, heat = "more", share / most if most else 0.0
    beside = ""
    if of_reference is not None:
        beside = f", {100 * of_reference:.1f}% of {text(reference)}"
        doublings = _doublings(share, of_reference)
        side, heat = ("more" if doublings > 0 else "less"), min(abs(doublings) / FULL_COLOUR_DOUBLINGS, 1.0)
    off = "" if share or of_reference else " off"
    return (
        f'<span class="{side}{off}" style="grid-row:{row};grid-column:{column};--heat:{heat:.2f}" '
        f'title="{symbol}, {atomic_names[number].lower()}: {100 * share:.1f}% of structures{beside}">'
        f"<b>{symbol}</b><small>{_short(share)}</small></span>"
    )


def _doublings(share: float, of_reference: float) -> float:
    """How often the share in the reference doubles to give this one; of what is in one alone, the full colour."""
    if not share and not of_reference:
        return 0.0
    if not share or not of_reference:
        return FULL_COLOUR_DOUBLINGS * (1.0 if share else -1.0)
    return log2(share / of_reference)


def _short(share: float) -> str:
    return f"{100 * share:.2g}" if share else ""
