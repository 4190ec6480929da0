"""Laws of every fact of one crystal, over the registry: a new measure is held to them without being named here."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.crystal import Crystal
from metrics.measure import Measure, UnmeasurableError, registry
from metrics.measure.structure.prototype import ENANTIOMORPHS
from tests.metrics.measure.fingerprint_crystals import prototypes, random_cell, random_rotation, transformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

NAMES = sorted(registry())
SMALL = sorted(label for label, crystal in prototypes().items() if crystal.n_sites <= 40)


@dataclass(frozen=True)
class Change:
    """What of the choice of cell, setting and order changes while the crystal stays the same."""

    name: str
    cell: bool = False
    rotation: bool = False
    mirror: bool = False
    shift: bool = False
    order: bool = False
    n_cells: int = 1

    def apply(self, crystal: Crystal, generator: np.random.Generator) -> Crystal:
        """Write a crystal in another way."""
        return transformed(
            crystal,
            supercell=random_cell(generator, self.n_cells) if self.cell else None,
            rotation=random_rotation(generator, mirror=self.mirror) if self.rotation or self.mirror else None,
            shift=generator.random(3) if self.shift else None,
            order=generator if self.order else None,
        )


CHANGES = {
    change.name: change
    for change in (
        Change("order", order=True),
        Change("origin", shift=True),
        Change("rotation", rotation=True),
        Change("mirror", mirror=True),
        Change("basis", cell=True),
        Change("supercell", cell=True, n_cells=3),
        Change("everything", cell=True, n_cells=2, rotation=True, shift=True, order=True),
    )
}


@dataclass(frozen=True)
class Dependence:
    """A column that depends on how the crystal is written, on purpose.

    Attributes:
        on: the changes that may change it.
        reason: why.

    """

    on: tuple[str, ...]
    reason: str


CELL = ("supercell", "everything")
SITES = ("order", *CELL)
EXCEPTIONS = {
    "n_sites": Dependence(CELL, "counts the sites of the cell as given"),
    "space_group": Dependence(("mirror",), "tells the two hands of the eleven enantiomorphic pairs apart"),
    "bawl": Dependence((*SITES, "mirror"), "as short_bawl, and it holds the space group"),
    "short_bawl": Dependence(SITES, "bit-identical to a published string that depends on order and cell"),
    "site_elements": Dependence(SITES, "one entry for each site, in the order of the sites"),
    "coordination_numbers": Dependence(SITES, "one entry for each site, in the order of the sites"),
}
"""Every column that another way to write the same crystal may change. A column that is not here must not change."""


def either_hand(columns: Mapping[str, object]) -> object:
    number = columns["space_group"]
    assert isinstance(number, int)
    return ENANTIOMORPHS.get(number, number)


def share_of_sites(columns: Mapping[str, object]) -> object:
    """How many of the sites have an element and a coordination number, as whole numbers without a common divisor."""
    elements, numbers = columns["site_elements"], columns["coordination_numbers"]
    assert isinstance(elements, list)
    assert isinstance(numbers, list)
    counts = Counter(zip(elements, numbers, strict=True))
    divisor = gcd(*counts.values())
    return {kind: count // divisor for kind, count in counts.items()}


REST: dict[str, Callable[[Mapping[str, object]], object]] = {
    "space_group": either_hand,
    "coordination": share_of_sites,
}
"""By measure: what stays of the columns that the exceptions name, whatever changes."""


def facts(measured: Measure, crystal: Crystal) -> dict[str, object]:
    """Columns, those of a crystal that cannot be measured too."""
    try:
        return dict(measured.compute(crystal, measured.settings()))
    except UnmeasurableError as error:
        return dict(error.known) | {"unmeasurable": True}


def approximately(value: object) -> object:
    """The value but for rounding, where it is a number or a list of numbers."""
    if isinstance(value, float) or (isinstance(value, list) and all(isinstance(part, float) for part in value)):
        return pytest.approx(value, rel=1e-6)
    return value


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=10, deadline=None)
@given(label=st.sampled_from(SMALL), seed=st.integers(0, 2**32 - 1))
def test_a_fact_does_not_depend_on_how_the_crystal_is_written(name: str, change: str, label: str, seed: int) -> None:
    measured, crystal = registry()[name], prototypes()[label]
    before = facts(measured, crystal)
    after = facts(measured, CHANGES[change].apply(crystal, np.random.default_rng(seed)))
    assert after.keys() == before.keys()
    for column, value in before.items():
        if column not in EXCEPTIONS or change not in EXCEPTIONS[column].on:
            assert after[column] == approximately(value), column
    if name in REST and "unmeasurable" not in before:
        assert REST[name](after) == REST[name](before)


@pytest.mark.parametrize(("column", "change"), [(column, on) for column, each in EXCEPTIONS.items() for on in each.on])
def test_every_exception_is_one(column: str, change: str) -> None:
    """Some crystal has another value after the change; a column that no longer depends on it is no exception."""
    measured = next(measured for measured in registry().values() if column in measured.columns)
    generator = np.random.default_rng(0)
    quartz, perovskite = prototypes()["A2B_hP9_152_c_a"], prototypes()["AB3C_cP5_221_a_c_b"]
    changed = [
        facts(measured, crystal).get(column) != facts(measured, CHANGES[change].apply(crystal, generator)).get(column)
        for crystal in (quartz, perovskite)
        for _ in range(5)
    ]
    assert any(changed)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("label", ["AB_cF8_225_a_b", "A_cF8_227_a"])
def test_every_declared_column_is_filled(name: str, label: str) -> None:
    measured = registry()[name]
    columns = measured.compute(prototypes()[label], measured.settings())
    assert set(columns) == set(measured.columns)
    assert not [column for column, value in columns.items() if value is None]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=5, deadline=None)
@given(label=st.sampled_from(SMALL))
def test_values_have_their_declared_types_and_survive_the_cache(name: str, label: str) -> None:
    measured = registry()[name]
    columns = {name: value for name, value in facts(measured, prototypes()[label]).items() if name != "unmeasurable"}
    assert json.loads(json.dumps(columns)) == columns
    for column, value in columns.items():
        assert pa.array([value], type=measured.columns[column]).to_pylist() == [value]


@pytest.mark.parametrize("name", NAMES)
def test_measuring_leaves_the_crystal_as_it_was_and_says_the_same_again(name: str) -> None:
    measured = registry()[name]
    crystal = transformed(prototypes()["A2B_hP9_152_c_a"], supercell=np.array([[1, 1, 0], [0, 1, 2], [0, 0, 2]]))
    arrays = crystal.lattice.copy(), crystal.frac_coords.copy(), crystal.atomic_numbers.copy()
    before = facts(measured, crystal)
    assert facts(measured, crystal) == before
    assert facts(measured, Crystal.from_arrays(*arrays)) == before
    for given_array, kept in zip((crystal.lattice, crystal.frac_coords, crystal.atomic_numbers), arrays, strict=True):
        np.testing.assert_array_equal(given_array, kept)


CUBE = 4.0 * np.eye(3)
HOSTILE = {
    "a number that is none": Crystal.from_arrays(np.nan * CUBE, [[0.0, 0.0, 0.0]], [29]),
    "a coordinate without end": Crystal.from_arrays(CUBE, [[0.0, np.inf, 0.0]], [29]),
    "no volume": Crystal.from_arrays(np.zeros((3, 3)), [[0.0, 0.0, 0.0]], [29]),
    "flat": Crystal.from_arrays([[3, 0, 0], [0, 3, 0], [3, 3, 0]], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], [11, 17]),
    "crushed": Crystal.from_arrays(1e-4 * np.eye(3), [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], [29, 29]),
    "at one place": Crystal.from_arrays(CUBE, np.zeros((2, 3)), [29, 30]),
    "nearly empty": Crystal.from_arrays(5000 * CUBE, [[0.0, 0.0, 0.0]], [29]),
    "skewed": Crystal.from_arrays([[3, 0, 0], [900, 3, 0], [2700, 900, 3]], [[0.1, 0.2, 0.3]], [29]),
    "needle": Crystal.from_arrays(np.diag([1.8, 1.8, 5000.0]), [[0.0, 0.0, 0.0], [0.0, 0.0, 0.5]], [29, 29]),
    "the last element": Crystal.from_arrays(CUBE, [[0.0, 0.0, 0.0]], [118]),
}


def columns_or_reason(measured: Measure, crystal: Crystal) -> tuple[Iterable[str], str]:
    try:
        return measured.compute(crystal, measured.settings()), ""
    except UnmeasurableError as error:
        return error.known, error.reason


@pytest.mark.parametrize("crystal", HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_crystal_gets_an_answer_or_a_reason(name: str, crystal: str) -> None:
    measured = registry()[name]
    columns, reason = columns_or_reason(measured, HOSTILE[crystal])
    assert set(columns) == set(measured.columns) or (reason and set(columns) < set(measured.columns))


def test_exceptions_name_columns_and_changes_that_are_there() -> None:
    columns = {column for measured in registry().values() for column in measured.columns}
    assert set(EXCEPTIONS) <= columns
    assert {on for exception in EXCEPTIONS.values() for on in exception.on} <= set(CHANGES)
    assert set(REST) <= set(NAMES)
