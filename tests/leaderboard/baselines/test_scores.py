"""Each control does to its scores what it says, in the real pipeline and on the set that ships with the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaderboard import score_structures
from leaderboard.baselines.baseline import registry
from metrics.measure.potentials import find as find_potential
from metrics.measure.structure.convert import to_structure
from metrics.score import registry as scores
from metrics.scores.stability import VIEW_COLUMNS
from tests.leaderboard.baselines.made import N, made, parameters

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.baselines.baseline import Baseline

POTENTIAL = "chgnet"
FOOLED = {"unique": 0.8, "novel": 0.7, "valid": 0.5}
ADVERSARIAL = dict.fromkeys(("vacancies", "noble_alloys", "elements_only", "strained", "sparse_hull"), FOOLED)
"""Controls that scores which count structures are fooled by, and what these are above: others must catch them."""
CONTROLS = [name for name, one in registry().items() if one.kind == "control"]


def needs_energies(control: Baseline) -> bool:
    return any(set(scores()[bound.score].needs) & set(VIEW_COLUMNS) for bound in control.caught_by)


def values(name: str, folder: Path, potentials: tuple[str, ...]) -> dict[str, float]:
    """Scores of a control by name, with the energies of structures as submitted where there are any."""
    structures = {f"{at}-{one.origin}": to_structure(one.crystal) for at, one in enumerate(made(name))}
    scored = score_structures(structures, reference="starter", potentials=potentials, jobs=1, out=folder)
    return {entry.name: entry.value for entry in scored.scores if entry.value is not None}


@pytest.mark.parametrize("name", parameters(*CONTROLS))
def test_a_control_is_caught_by_what_it_names(name: str, tmp_path: Path) -> None:
    control = registry()[name]
    missing = find_potential(POTENTIAL).missing() if needs_energies(control) else None
    if missing:
        pytest.skip(missing)
    measured = values(name, tmp_path / "run", (POTENTIAL,) if needs_energies(control) else ())
    assert measured["readable"] == 1.0
    for bound in control.caught_by:
        if bound.score == "unique":
            assert round(measured["unique"] * N) == 1  # of so few, one is more than the bound
        else:
            assert bound.holds(measured), f"{bound}: {measured[bound.score]}"
    if name in ADVERSARIAL:
        assert all(measured[score] > least for score, least in ADVERSARIAL[name].items())
