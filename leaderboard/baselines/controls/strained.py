"""Strained: known crystals strained just so far that they no longer match themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leaderboard.baselines.baseline import Bound, Made, control
from metrics.crystal import Crystal
from metrics.measure.fingerprint.canonical import canonical_bawl
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from leaderboard.baselines.known import Known
    from reference_data.files.crystals import ReferenceCrystal

HOST_SITES = 12
LEAST, STEP, N_STEPS = 0.08, 1.25, 8
"""Strains that are tried: the norm of the symmetric strain, each larger by a factor than the one before."""


@control(
    "Strained",
    "Known crystals strained just so far that structure matching no longer finds them.\n"
    "Novelty counts them; their composition is known, so discoveries are 0.",
    Bound("discoveries", at_most=0.0),
)
def strained(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """Each host once before any comes again; one that always matches is left out."""
    for one in known.endlessly(lambda one: one.crystal.n_sites <= HOST_SITES):
        drawn = generator.normal(size=(3, 3))
        direction = drawn + drawn.T
        crystal = just_beyond(one, direction / np.linalg.norm(direction))
        if crystal is not None:
            yield Made(one.id, crystal)


def just_beyond(host: ReferenceCrystal, direction: NDArray[np.float64]) -> Crystal | None:
    """The crystal at the smallest strain tried that is another one by the verdict; None where none is."""
    for strain in LEAST * STEP ** np.arange(N_STEPS):
        lattice = host.crystal.lattice @ (np.eye(3) + strain * direction)
        crystal = Crystal(lattice, host.crystal.frac_coords, host.crystal.atomic_numbers)
        fingerprint = canonical_bawl(crystal)
        candidate = Candidate(crystal, host.reduced_formula, tuple(fingerprint.keys))
        if not compare(candidate, host.candidate(), MatchSettings()).same:
            return crystal
    return None
