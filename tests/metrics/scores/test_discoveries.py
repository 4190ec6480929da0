"""Discoveries: what is a hit, and that families count, not structures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from metrics.score import registry
from metrics.scores.discoveries import KNOWN
from metrics.statistics.uncertainty import wilson_interval
from metrics.table import frame

if TYPE_CHECKING:
    import pandas as pd

    from metrics.score import Value

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "duplicate_of": pa.string(),
        "family": pa.string(),
        "valid": pa.bool_(),
        **dict.fromkeys(KNOWN, pa.bool_()),
        "elements_trusted": pa.bool_(),
        "e_above_hull": pa.float64(),
        "family_in_reference": pa.bool_(),
        "unique": pa.bool_(),
    }
)
SALT, OXIDE, ALLOY = "1:10 17:10", "2:10 16:10", "10:5 13:15"


def structure(family: str | None = SALT, e_above_hull: float | None = -0.01, **changes: object) -> dict[str, Any]:
    """A hit, with the changes named."""
    facts = {"family": family, "valid": True, **dict.fromkeys(KNOWN, False), "elements_trusted": True}
    return {**facts, "e_above_hull": e_above_hull, "family_in_reference": False, "unique": True, **changes}


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return frame([{"id": str(place), **row} for place, row in enumerate(rows)], SCHEMA)


def value(name: str, *rows: dict[str, Any]) -> Value:
    return registry()[name].compute(table(*rows), {})


def test_a_family_counts_once_by_its_best_member() -> None:
    rows = [structure(SALT), structure(SALT, 0.05), structure(SALT, 0.5), structure(OXIDE, 0.05), structure(ALLOY, 0.2)]
    assert value("discoveries", *rows).value == 1 / 5
    assert value("metastable_discoveries", *rows).value == 1 / 5
    assert value("discoveries", *rows, structure(OXIDE)).value == 2 / 6
    assert value("metastable_discoveries", *rows, structure(OXIDE)).value == 0


@pytest.mark.parametrize(
    "change",
    [
        {"valid": False},
        {"elements_trusted": False},
        {"family": None},
        {"e_above_hull": None},
        *({sense: True} for sense in KNOWN),
        *({name: None} for name in ("valid", "elements_trusted", *KNOWN)),
    ],
    ids=str,
)
def test_one_fact_against_it_or_unknown_makes_a_structure_no_hit(change: dict[str, object]) -> None:
    assert value("discoveries", structure(), structure(OXIDE)).value == 1
    for name, energy in (("discoveries", 0.0), ("metastable_discoveries", 0.05)):
        hit = structure(OXIDE, energy)
        result = value(name, structure(SALT, energy), {**hit, **change})
        assert result.value == 1 / 2
        assert result.n_unknown == (1 if None in change.values() else 0)


def test_a_known_failure_decides_whatever_else_is_unknown() -> None:
    rows = [structure(valid=False, e_above_hull=None), structure(in_reference=True, family=None)]
    result = value("discoveries", *rows)
    assert (result.value, result.n_counted, result.n_unknown) == (0, 2, 0)


def test_the_interval_is_wilsons_where_every_family_is_seen_once() -> None:
    rows = [structure(SALT), structure(OXIDE), *[structure(ALLOY, 1.0)] * 8]
    result = value("discoveries", *rows)
    assert (result.low, result.high) == pytest.approx(wilson_interval(2, 10))


def test_families_and_new_families_are_counted_among_sun_and_msun() -> None:
    rows = [
        structure(SALT, family_in_reference=True),
        structure(OXIDE, 0.05),
        structure(OXIDE, 0.0),
        structure(ALLOY, 0.2),
        structure(ALLOY, 0.0, unique=False),
        structure(ALLOY, 0.0, in_reference=True),
    ]
    assert value("families", *rows).value == 2
    assert value("new_families", *rows).value == 1


def test_the_ends_of_a_number_of_families_are_those_of_the_share_times_the_structures() -> None:
    rows = [structure(SALT), structure(OXIDE), structure(ALLOY, 1.0), structure(ALLOY, None)]
    result = value("families", *rows)
    assert (result.low, result.high) == pytest.approx([3 * end for end in wilson_interval(2, 3)])
    assert (result.n_counted, result.n_unknown) == (3, 1)
