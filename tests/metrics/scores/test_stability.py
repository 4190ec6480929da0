"""Stability, SUN and its breakdowns: where the ranges end, what they are made of, what failing does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.scores import stability, sun
from metrics.scores.stability import VIEW_COLUMNS
from metrics.table import frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from metrics.score import Value

SCHEMA = pa.schema(
    {
        **VIEW_COLUMNS,
        "valid": pa.bool_(),
        "unique": pa.bool_(),
        "in_reference": pa.bool_(),
        "prototype_in_reference": pa.bool_(),
        "chemical_system": pa.string(),
        "prototype": pa.string(),
        "id": pa.string(),
        "duplicate_of": pa.string(),
    }
)
SUN = {"e_above_hull": -0.01, "valid": True, "unique": True, "in_reference": False}
MSUN = {**SUN, "e_above_hull": 0.05}


def table(*rows: Mapping[str, object]) -> pd.DataFrame:
    """Rows of different crystals."""
    return frame([{"id": str(place), **row} for place, row in enumerate(rows)], SCHEMA)


def cells() -> st.SearchStrategy[pd.DataFrame]:
    verdict = st.none() | st.booleans()
    row = st.fixed_dictionaries(
        {
            "e_above_hull": st.none() | st.floats(-0.2, 0.3),
            "n_hull_entries": st.none() | st.integers(1, 30),
            "chemical_system": st.none() | st.sampled_from(["Na", "Cl-Na", "O"]),
            "prototype": st.none() | st.sampled_from(["a", "b"]),
            **dict.fromkeys(("valid", "unique", "in_reference", "prototype_in_reference"), verdict),
        }
    )
    return st.lists(row, min_size=1, max_size=12).map(lambda rows: table(*rows))


# the ends of the ranges as METASTABLE (0.1) and TOLERANCE (1e-4) state them
@pytest.mark.parametrize(
    ("e_above_hull", "expected"),
    [
        (-0.5, "stable"),
        (0.0, "stable"),
        (1e-4, "stable"),
        (1.1e-4, "metastable"),
        (0.1, "metastable"),
        (0.1001, "metastable"),
        (0.10011, "neither"),
        (None, "neither"),
    ],
)
def test_the_ranges_end_where_they_say(e_above_hull: float | None, expected: str) -> None:
    rows = table({"e_above_hull": e_above_hull})
    counted = {name: getattr(stability, name)(rows, {}).value == 1.0 for name in ("stable", "metastable")}
    assert counted == {name: name == expected for name in counted}


@given(rows=cells())
@settings(max_examples=100, deadline=None)
def test_the_union_is_the_sum_and_the_valid_forms_and_breakdowns_are_parts(rows: pd.DataFrame) -> None:
    def value(score: Callable[..., Value]) -> float:
        number = score(rows, {}).value
        assert number is not None
        return number

    assert value(sun.sun_msun) == pytest.approx(value(sun.sun) + value(sun.msun), abs=1e-12)
    assert value(sun.vsun_msun) == pytest.approx(value(sun.vsun) + value(sun.vmsun), abs=1e-12)
    assert value(sun.vsun) <= value(sun.sun)
    assert value(sun.vmsun) <= value(sun.msun)
    for breakdown in (sun.sun_msun_elemental, sun.sun_msun_sparse_hull, sun.sun_msun_substitution):
        assert value(breakdown) <= value(sun.sun_msun)
    n_hits = round(value(sun.sun_msun) * len(rows))
    assert value(sun.sun_msun_systems) <= n_hits
    assert value(sun.sun_msun_prototypes) <= n_hits


def test_breakdowns_count_what_they_name() -> None:
    rows = table(
        {**SUN, "chemical_system": "Na", "n_hull_entries": 3, "prototype": "x", "prototype_in_reference": True},
        {**MSUN, "chemical_system": "Cl-Na", "n_hull_entries": 11, "prototype": "x", "prototype_in_reference": False},
        {**MSUN, "chemical_system": "Cl-Na", "n_hull_entries": 12, "prototype": "y", "prototype_in_reference": True},
        {**SUN, "in_reference": True, "chemical_system": "K", "n_hull_entries": 1, "prototype": "z"},
    )
    # counted by hand: three hits, one of one element, two below 12 entries, two known types, two systems, two types
    assert sun.sun_msun_elemental(rows, {}).value == 1 / 4
    assert sun.sun_msun_sparse_hull(rows, {}).value == 2 / 4
    assert sun.sun_msun_substitution(rows, {}).value == 2 / 4
    assert sun.sun_msun_systems(rows, {}).value == 2
    assert sun.sun_msun_prototypes(rows, {}).value == 2


@given(values=st.lists(st.floats(-1, 1), min_size=1, max_size=15))
@settings(max_examples=50, deadline=None)
def test_mean_and_median_are_numpys_and_unknown_ones_are_left_out(values: list[float]) -> None:
    rows = table(*({"e_above_hull": value} for value in (*values, None)))
    median, mean = stability.e_above_hull_median(rows, {}), stability.e_above_hull_mean(rows, {})
    assert median.value == pytest.approx(np.median(values), abs=1e-12)
    assert mean.value == pytest.approx(np.mean(values), abs=1e-12)
    assert (median.n_counted, median.n_unknown) == (mean.n_counted, mean.n_unknown) == (len(values), 1)


def test_one_bad_relaxation_among_three_records() -> None:
    rows = table({"converged": True, "rmsd": 0.1}, {"converged": False, "rmsd": 0.3}, {})
    assert stability.converged(rows, {}).value == pytest.approx(1 / 3)
    assert stability.relaxation_rmsd_mean(rows, {}).value == pytest.approx(0.2)
