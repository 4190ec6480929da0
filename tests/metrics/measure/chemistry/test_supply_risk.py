"""Supply risk of one crystal against pymatgen's model and GenBench's values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.analysis.hhi import HHIModel
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.chemistry.supply_risk import SupplyRiskSettings, measure_supply_risk
from tests.conftest import AGREEMENT
from tests.metrics.measure import genbench

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = HHIModel()  # type: ignore[no-untyped-call] # pymatgen's is not annotated
KNOWN = sorted(MODEL.symbol_hhip_hhir)
# tables are rounded to 0.1 there and not in GenBench: no atomic-fraction mean can differ by more than half of that
ROUNDING = 0.05


def crystal(formula: str) -> Crystal:
    amounts = re.findall(r"([A-Z][a-z]?)(\d+)", formula)
    numbers = [Element(symbol).Z for symbol, amount in amounts for _ in range(int(amount))]
    return Crystal.from_arrays(5 * np.eye(3), np.zeros((len(numbers), 3)), numbers)


def indices(formula: str, settings: SupplyRiskSettings = SupplyRiskSettings()) -> tuple[float, float]:  # noqa: B008 - frozen
    columns = measure_supply_risk(crystal(formula), settings)
    return float(str(columns["hhi_production"])), float(str(columns["hhi_reserve"]))


@pytest.mark.parametrize("symbol", KNOWN)
def test_an_element_has_the_value_of_pymatgens_model(symbol: str) -> None:
    assert indices(f"{symbol}2") == pytest.approx(np.array(MODEL.get_hhi(symbol)) / 1000)  # type: ignore[no-untyped-call] # as above


@given(
    first=st.sampled_from(KNOWN), second=st.sampled_from(KNOWN), amounts=st.tuples(st.integers(1, 6), st.integers(1, 6))
)
def test_a_compound_has_the_atomic_mean_of_its_elements(first: str, second: str, amounts: tuple[int, int]) -> None:
    # pymatgen weighs a compound by mass, so its model is asked for the elements
    parts = [np.array(MODEL.get_hhi(symbol)) for symbol in (first, second)]  # type: ignore[no-untyped-call] # as above
    expected = (amounts[0] * parts[0] + amounts[1] * parts[1]) / sum(amounts) / 1000
    assert indices(f"{first}{amounts[0]}{second}{amounts[1]}") == pytest.approx(expected)


def test_an_element_without_a_value_leaves_the_crystal_without() -> None:
    with pytest.raises(UnmeasurableError, match="no Herfindahl-Hirschman index is known of H, U"):
        indices("U1H3")
    assert indices("U1H3", genbench.SUPPLY_RISK) == pytest.approx((2.5, 2.5))


def test_values_are_those_of_genbench_but_for_rounding_and_elements_without_one(
    record_property: Callable[[str, object], None],
) -> None:
    recorded = genbench.recorded()
    apart, largest = [], 0.0
    for formula, *theirs in recorded[["formula", "hhi_production", "hhi_reserve"]].itertuples(index=False, name=None):
        difference = float(np.abs(np.array(indices(formula, genbench.SUPPLY_RISK)) - theirs).max())
        largest = max(largest, difference)
        unknown = {symbol.symbol for symbol in Composition(formula)} - set(KNOWN)
        # with GenBench's stand-ins for elements without a value nothing but rounding is left
        assert difference <= ROUNDING + 1e-9, (formula, difference)
        try:
            indices(formula)
        except UnmeasurableError:
            apart.append(formula)
            assert unknown
        else:
            assert not unknown
    record_property(
        AGREEMENT,
        f"GenBench, HHI of production and reserves: largest difference {largest:.3f} (its table is not rounded); "
        f"{len(apart)} of 300 have an element without a value, unknown here and 0 or 10 there",
    )
    assert len(recorded) == 300
    assert len(apart) == 34
