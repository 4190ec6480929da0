"""Is a crystal a small distortion of a supercell of another one?

Primitive cells of another size make two crystals different by the verdict, and rightly so for tilts and orderings.
But one atom of a supercell moved by half an angstrom does it as well. So a novelty that rests on the size alone is
shown as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.measure.matching.verdict import _in_invariant_order
from metrics.measure.structure.convert import to_structure

if TYPE_CHECKING:
    from metrics.measure.matching.verdict import Candidate, Comparison, MatchSettings

MAX_DISTANCE = 0.12
"""In units of (volume / n_sites)^(1/3). One atom of a doubled cell moved by 0.4 angstrom gives 0.07 (95%: 0.09)."""


def may_be_superstructure(a: Candidate, b: Candidate, verdict: Comparison) -> bool:
    """Whether the verdict leaves the question open: other primitive sizes in a whole ratio, at a small distance.

    Args:
        a: a crystal.
        b: another one of the same formula.
        verdict: on the two; a distance that could not be determined counts as small.

    """
    if verdict.rule != "primitive_size" or (verdict.distance is not None and verdict.distance >= MAX_DISTANCE):
        return False
    smaller, larger = sorted((a.sizes[0], b.sizes[0]))
    return larger % smaller == 0


def same_up_to_superstructure(a: Candidate, b: Candidate, settings: MatchSettings) -> bool:
    """Whether StructureMatcher lays a supercell of the smaller loose primitive cell over the larger one.

    To be asked where :func:`may_be_superstructure` is true. It joins tilted and distorted variants with their parent
    structure as well, so it stands beside the verdict and is no part of it.

    Raises:
        UnmeasurableError: a cell cannot be searched.

    """
    from metrics.measure.matching.structure_matcher.bounded_matcher import BoundedMatcher  # noqa: PLC0415 - as for a verdict

    first, second = (to_structure(_in_invariant_order(one.primitive(one.sizes[:1]))) for one in (a, b))
    matcher = BoundedMatcher(
        ltol=settings.ltol, stol=settings.stol, angle_tol=settings.angle_tol, attempt_supercell=True
    )
    return matcher.fit_either_way(first, second)
