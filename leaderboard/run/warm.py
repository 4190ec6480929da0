"""What a worker does before its first task, so that no submission waits for it."""

from __future__ import annotations

from itertools import product

import numpy as np

from leaderboard.matching.profile_blocks import Block, block_distances
from leaderboard.protocol import load_protocol
from metrics.crystal import Crystal
from metrics.measure import registry
from metrics.measure.fingerprint import METHODS
from metrics.measure.fingerprint.elements import reduced_formula
from metrics.measure.matching.point_defect import PointDefectSettings, same_up_to_point_defects
from metrics.measure.matching.structure_matcher.default_matcher import same_by_default_matcher
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare, same_by_loose_matcher


def warm() -> None:
    """Take one small crystal through all that the current protocol asks for.

    That loads compiled code and tables of elements: importing pymatgen and loading compiled code takes
    seconds, and smact and spglib read their tables at first use.
    """
    rocksalt = Crystal.from_arrays(
        [[0.0, 2.82, 2.82], [2.82, 0.0, 2.82], [2.82, 2.82, 0.0]], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], [11, 17]
    )
    protocol, measures = load_protocol(), registry()
    for name, settings in protocol.measures.items():
        measures[name].compute(rocksalt, measures[name].settings(**settings))
    keys = METHODS["canonical-bawl"].compute(rocksalt).keys
    # two cells of it and one atom out of place: what looks for translations compiles for ten seconds
    METHODS["canonical-bawl"].compute(
        Crystal.from_arrays(
            [[0.0, 5.64, 5.64], [2.82, 0.0, 2.82], [2.82, 2.82, 0.0]],
            [[0.0, 0.0, 0.0], [0.251, 0.5, 0.5], [0.5, 0.0, 0.0], [0.75, 0.5, 0.5]],
            [11, 17, 11, 17],
        )
    )
    candidate = Candidate(rocksalt, "NaCl", keys)
    matching = MatchSettings(**protocol.matching)
    compare(candidate, candidate, matching)
    same_by_loose_matcher(candidate, candidate, matching)
    same_by_default_matcher(candidate, candidate)
    block_distances(Block([candidate, candidate], None, np.full(2, np.inf), np.arange(2), matching))
    vacancy = _supercell_with_a_vacancy(rocksalt)
    defective = Candidate(
        vacancy, reduced_formula(vacancy.atomic_numbers), METHODS["canonical-bawl"].compute(vacancy).keys
    )
    same_up_to_point_defects(defective, candidate, PointDefectSettings(**protocol.point_defects))


def _supercell_with_a_vacancy(crystal: Crystal) -> Crystal:
    """Two cells along every vector, without the first site."""
    corners = np.array(list(product((0, 1), repeat=3)))
    frac = (crystal.frac_coords + corners[:, None]).reshape(-1, 3) / 2
    return Crystal(2 * crystal.lattice, frac[1:], np.tile(crystal.atomic_numbers, len(corners))[1:])
