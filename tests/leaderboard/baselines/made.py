"""Structures of baselines for the tests, made once for each process."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

import pytest

from leaderboard.baselines.baseline import Made, find, registry
from leaderboard.baselines.submission import structures
from metrics.measure.potentials import find as find_potential
from reference_data.reference import open_reference

N = 8


def without(name: str) -> str | None:
    """What the baseline of this name lacks here."""
    if name == "symmetric_random" and find_spec("pyxtal") is None:
        return "PyXtal is not installed: pip install -r requirements-baselines.txt"
    return find_potential("chgnet").missing() if name == "potential_errors" else None


def parameters(*names: str) -> list[object]:
    """The names as parameters of a test, each skipped where what it needs is missing; all where none is given."""
    chosen = names or tuple(registry())
    return [
        pytest.param(name, marks=pytest.mark.skipif(without(name) is not None, reason=str(without(name))))
        for name in chosen
    ]


@cache
def made(name: str, n: int = N, seed: int = 0) -> tuple[Made, ...]:
    """The first structures of a baseline."""
    return tuple(structures(find(name), n, seed, open_reference("starter")))
