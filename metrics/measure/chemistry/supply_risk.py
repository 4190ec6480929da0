"""How geographically concentrated production and reserves of the elements of a crystal are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import fsum
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
from pymatgen.analysis.hhi import HHIModel

from metrics.measure import UnmeasurableError, measure
from metrics.measure.fingerprint.elements import element_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics.crystal import Crystal

_SCALE = 1000.0
_NO_RISK = frozenset({"H", "He", "Ne", "Tc", "Xe"})
_LARGEST = 10_000.0
"""The index of a market with one country."""


@dataclass(frozen=True)
class SupplyRiskSettings:
    """What stands in for an element without a value.

    ``unknown``: nothing does, the crystal has no value. ``zero_or_ten``: as in LeMat-GenBench (arXiv 2512.04562),
    where H, He, Ne, Tc and Xe have the value 0 and elements that are missing have the largest one, 10.
    """

    without_value: Literal["unknown", "zero_or_ten"] = "unknown"


@measure(
    name="supply_risk",
    version=1,
    columns={"hhi_production": pa.float64(), "hhi_reserve": pa.float64()},
    settings=SupplyRiskSettings,
)
def measure_supply_risk(crystal: Crystal, settings: SupplyRiskSettings) -> dict[str, object]:
    """Herfindahl-Hirschman indices of production and reserves, 0 to 10: sum of x_el HHI_el / 1000, x atomic fractions.

    Values of the elements: Gaultois et al. 2013 (DOI 10.1021/cm400893e), who weigh by mass; rounded to 0.1 there.

    Raises:
        UnmeasurableError: an element has no value.

    """
    counts = {element_of(number).symbol: count for number, count in crystal.counts.items()}
    table = _with_stand_ins(counts) if settings.without_value == "zero_or_ten" else _table()
    missing = sorted(set(counts) - set(table))
    if missing:
        message = f"no Herfindahl-Hirschman index is known of {', '.join(missing)}"
        raise UnmeasurableError(message)
    production, reserve = (
        fsum(count * table[symbol][column] for symbol, count in counts.items()) / (crystal.n_sites * _SCALE)
        for column in (0, 1)
    )
    return {"hhi_production": production, "hhi_reserve": reserve}


def _with_stand_ins(symbols: Mapping[str, int]) -> dict[str, tuple[float, float]]:
    stand_ins = dict.fromkeys(symbols, (_LARGEST, _LARGEST)) | dict.fromkeys(_NO_RISK, (0.0, 0.0))
    return stand_ins | {symbol: indices for symbol, indices in _table().items() if symbol not in _NO_RISK}


@cache
def _table() -> Mapping[str, tuple[float, float]]:
    """Symbol -> index of production and of reserves, 0 to 10,000."""
    table: dict[str, tuple[float, float]] = HHIModel().symbol_hhip_hhir  # type: ignore[no-untyped-call] # pymatgen's is not annotated
    return table
