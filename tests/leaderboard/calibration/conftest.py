"""A calibration fitted to made labels."""

from __future__ import annotations

import pytest

from leaderboard.calibration.apply import Energies
from leaderboard.calibration.assess import leave_one_out
from leaderboard.calibration.features import LOCATION, SCALE
from leaderboard.calibration.fit import fit
from leaderboard.calibration.record import MIN_LABELLED, Calibration, Parameters
from tests.leaderboard.calibration.test_fit import made

HULL = "a" * 64
VIEW = Energies("chgnet", {"chgnet": "b" * 64}, relaxed=False, convention="pbe_mp2020")
KNOWN = ("Cl", "Na", "O", "Ti")
SPARSEST = 4
"""Entries of the sparsest hull of two elements that its labels cover."""


@pytest.fixture(scope="session")
def calibration() -> Calibration:
    """Fitted to made labels, for one potential on one hull."""
    labelled = made(60)
    best, draws = fit(labelled, 20)
    return Calibration(
        potential=VIEW.potential,
        checkpoints=VIEW.checkpoints,
        relaxed=VIEW.relaxed,
        convention=VIEW.convention,
        hull_sha256=HULL,
        location_features=LOCATION,
        scale_features=SCALE,
        best=Parameters.of(best),
        draws=Parameters.of(draws),
        lowest_ev_per_atom=-0.5,
        highest_ev_per_atom=2.0,
        elements={**dict.fromkeys(KNOWN, MIN_LABELLED), "U": MIN_LABELLED - 1},
        fewest_hull_entries={1: 1, 2: SPARSEST, 3: 8},
        training=(),
        **leave_one_out(labelled, 5)._asdict(),
        version="1",
        source="made for this test",
    )
