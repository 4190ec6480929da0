"""The field's usual comparison, kept for numbers that can be set beside published ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.measure.structure.convert import to_structure

if TYPE_CHECKING:
    from metrics.measure.matching.verdict import Candidate


def same_by_default_matcher(a: Candidate, b: Candidate) -> bool:
    """Whether pymatgen's StructureMatcher with all of its defaults fits the two crystals as given.

    Ong et al. 2013, DOI 10.1016/j.commatsci.2012.10.028. Noise of 0.03 angstrom in a supercell is enough to be missed
    by it, and its answer can depend on the order of the sites: it is no judge of identity.

    Raises:
        UnmeasurableError: a bound on the work is passed.

    """
    from metrics.measure.matching.structure_matcher.bounded_matcher import BoundedMatcher  # noqa: PLC0415 - as for a verdict

    return bool(BoundedMatcher(primitive_cell=True).fit(to_structure(a.crystal), to_structure(b.crystal)))
