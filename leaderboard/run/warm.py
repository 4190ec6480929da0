"""What a worker does before its first task, so that no submission waits for it."""

from __future__ import annotations

from leaderboard.protocol import load_protocol
from metrics.crystal import Crystal
from metrics.measure import registry
from metrics.measure.fingerprint import METHODS
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare


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
    compare(candidate, candidate, MatchSettings(**protocol.matching))
