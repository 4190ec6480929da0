"""How geographically concentrated the production and the reserves of the elements are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.score import Against, Value, score
from metrics.statistics.mean import mean_over_known

if TYPE_CHECKING:
    import pandas as pd

PRODUCTION_WEIGHT = 0.25
RESERVE_WEIGHT = 0.75


@score(
    label="HHI production",
    unit="0-10",
    better="neither",
    missing="left out, shown only",
    needs=("hhi_production",),
    version=3,
)
def hhi_production(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean Herfindahl-Hirschman index of the production of the elements, 0 (spread out) to 10 (one country).

    Formula: mean over structures of sum x_el HHI_el / 1000, x atomic fractions.
    Interval: bootstrap-t over the structures (Efron and Tibshirani 1993, DOI 10.1201/9780429246593).
    Source: Gaultois et al. 2013, DOI 10.1021/cm400893e, values as shipped with pymatgen.
    Missing values: left out, shown only; so are structures with an element without a value (H, Xe, Tc, the actinides,
    ...).
    """
    return mean_over_known(rows["hhi_production"])


@score(
    label="HHI reserves",
    unit="0-10",
    better="neither",
    missing="left out, shown only",
    needs=("hhi_reserve",),
    version=3,
)
def hhi_reserve(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean Herfindahl-Hirschman index of the known reserves of the elements, 0 (spread out) to 10 (one country).

    Formula: mean over structures of sum x_el HHI_el / 1000, x atomic fractions.
    Interval: bootstrap-t over the structures (Efron and Tibshirani 1993, DOI 10.1201/9780429246593).
    Source: Gaultois et al. 2013, DOI 10.1021/cm400893e, values as shipped with pymatgen.
    Missing values: left out, shown only; so are structures with an element without a value (H, Xe, Tc, the actinides,
    ...).
    """
    return mean_over_known(rows["hhi_reserve"])


@score(
    label="HHI combined",
    unit="0-10",
    better="neither",
    missing="left out, shown only",
    needs=("hhi_production", "hhi_reserve"),
    version=3,
)
def hhi_combined(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean of 0.25 times the index of production and 0.75 times that of reserves, 0 to 10.

    Formula: mean over structures of 0.25 HHI_production + 0.75 HHI_reserves.
    Interval: bootstrap-t over the structures (Efron and Tibshirani 1993, DOI 10.1201/9780429246593).
    Source: Gaultois et al. 2013, DOI 10.1021/cm400893e, values as shipped with pymatgen.
    Missing values: left out, shown only; so are structures with an element without a value.
    """
    return mean_over_known(PRODUCTION_WEIGHT * rows["hhi_production"] + RESERVE_WEIGHT * rows["hhi_reserve"])
