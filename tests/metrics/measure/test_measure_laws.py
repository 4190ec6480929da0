"""Laws of every fact of one crystal: another description of the same crystal changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.measure import Measure, UnmeasurableError, registry
from tests.metrics.measure.fingerprint_crystals import prototypes, random_cell, random_rotation, transformed

if TYPE_CHECKING:
    from metrics.crystal import Crystal

NAMES = ("composition", "distance", "plausible", "space_group", "charge")
SMALL = sorted(label for label, crystal in prototypes().items() if crystal.n_sites <= 40)


@dataclass(frozen=True)
class Change:
    """Which part of the description changes."""

    name: str
    cell: bool = False
    rotation: bool = False
    mirror: bool = False
    shift: bool = False
    order: bool = False
    n_cells: int = 1

    def apply(self, crystal: Crystal, generator: np.random.Generator) -> Crystal:
        """Describe a crystal otherwise."""
        return transformed(
            crystal,
            supercell=random_cell(generator, self.n_cells) if self.cell else None,
            rotation=random_rotation(generator, mirror=self.mirror) if self.rotation or self.mirror else None,
            shift=generator.random(3) if self.shift else None,
            order=generator if self.order else None,
        )


CHANGES = (
    Change("order", order=True),
    Change("origin", shift=True),
    Change("rotation", rotation=True),
    Change("mirror", mirror=True),
    Change("basis", cell=True),
    Change("supercell", cell=True, n_cells=3),
    Change("everything", cell=True, n_cells=2, rotation=True, shift=True, order=True),
)


def facts(measured: Measure, crystal: Crystal) -> dict[str, object]:
    try:
        columns = dict(measured.compute(crystal, measured.settings()))
    except UnmeasurableError as error:
        columns = dict(error.known) | {"unmeasurable": True}
    # the number of sites is that of the cell as given, on purpose
    columns.pop("n_sites", None)
    return columns


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12, deadline=None)
@given(label=st.sampled_from(SMALL), seed=st.integers(0, 2**32 - 1))
def test_a_fact_does_not_depend_on_the_description(name: str, change: Change, label: str, seed: int) -> None:
    measured, crystal = registry()[name], prototypes()[label]
    before = facts(measured, crystal)
    after = facts(measured, change.apply(crystal, np.random.default_rng(seed)))
    if change.mirror and name == "space_group":
        before, after = either_hand(before), either_hand(after)
    assert after.keys() == before.keys()
    for column, value in before.items():
        expected = pytest.approx(value, rel=1e-6) if isinstance(value, float) else value
        assert after[column] == expected, column


def either_hand(found: dict[str, object]) -> dict[str, object]:
    """Smaller number of a pair of enantiomorphic space groups (International Tables A, 11 pairs)."""
    pairs = {78: 76, 95: 91, 96: 92, 145: 144, 153: 151, 154: 152, 170: 169, 172: 171, 179: 178, 181: 180, 213: 212}
    number = found["space_group"]
    assert isinstance(number, int)
    return {"space_group": pairs.get(number, number)}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("label", ["AB_cF8_225_a_b", "A_cF8_227_a"])
def test_every_declared_column_is_filled(name: str, label: str) -> None:
    measured = registry()[name]
    assert set(measured.compute(prototypes()[label], measured.settings())) == set(measured.columns)
