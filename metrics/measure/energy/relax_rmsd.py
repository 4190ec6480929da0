"""How far a relaxation moved the atoms."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from metrics.measure.structure.convert import to_structure

if TYPE_CHECKING:
    from pymatgen.analysis.structure_matcher import StructureMatcher

    from metrics.crystal import Crystal


def relaxation_rmsd(start: Crystal, end: Crystal) -> float | None:
    """Root mean square displacement of the atoms in angstrom, None where the two structures do not match.

    The best match that pymatgen's StructureMatcher (Ong et al. 2013, DOI 10.1016/j.commatsci.2012.10.028) finds after
    scaling both cells to their geometric mean volume V; it gives the displacement in units of (V/N)^(1/3). So a change
    of volume alone is no displacement, nor is a shift of the origin.
    """
    match = _matcher().get_rms_dist(to_structure(start), to_structure(end))  # type: ignore[no-untyped-call] # pymatgen's
    if match is None:
        return None
    length = ((start.volume * end.volume) ** 0.5 / start.n_sites) ** (1 / 3)
    return float(match[0] * length)


@cache
def _matcher() -> StructureMatcher:
    """Pymatgen's defaults, on the cells as they are: both hold the same atoms."""
    from pymatgen.analysis.structure_matcher import StructureMatcher  # noqa: PLC0415 - slow, and only workers relax

    return StructureMatcher(primitive_cell=False)
