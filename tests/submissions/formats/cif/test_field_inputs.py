"""Small CIFs of kinds that were met in the field: the crystal that was meant, or the true reason."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from submissions.elements import SYMBOLS
from tests.submissions.packing import one, read_all, reason

if TYPE_CHECKING:
    from metrics.crystal import Crystal

FOLDER = Path(__file__).parents[2] / "field_inputs" / "cif"
# What was meant stands beside the inputs, by hand, with the kind of each.
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text())


def test_every_input_has_an_expectation() -> None:
    assert set(EXPECTED) == {path.name for path in FOLDER.glob("*.cif")}


@pytest.mark.parametrize("name", EXPECTED)
def test_field_input(name: str, tmp_path: Path) -> None:
    expected = EXPECTED[name]
    result = one(read_all(tmp_path, (FOLDER / name).read_bytes()))
    if "formula" not in expected:
        assert reason(result) == expected["reason"]
        return
    assert not isinstance(result, tuple), result
    elements = [SYMBOLS[number - 1] for number in result.atomic_numbers]
    amounts = re.findall(r"([A-Z][a-z]?)(\d+)", expected["formula"])
    assert Counter(elements) == {element: int(amount) for element, amount in amounts}
    for element, place in (expected.get("has", {}) | expected.get("frac", {})).items():
        assert nearest(result, elements, element, place) < 1e-4


def nearest(crystal: Crystal, elements: list[str], element: str, place: list[float]) -> float:
    """Largest difference along an axis between a place and the atom of an element that is nearest to it."""
    ways = crystal.frac_coords[[one == element for one in elements]] - place
    return float(np.abs(ways - np.rint(ways)).max(axis=1).min())
