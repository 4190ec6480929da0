"""Ways to decide whether two crystals of one formula are the same: each is a row of the benchmark."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from pymatgen.core.structure_matcher import StructureMatcher

from metrics.measure import UnmeasurableError
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.fingerprint import METHODS as FINGERPRINTS
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.fingerprint.translations import TOLERANCES_ANGSTROM, translation_groups
from metrics.measure.matching.distance_profile import MAX_ROWS, Profile, distance_profile, profile_distance
from metrics.measure.matching.folding import primitive_cell
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare
from metrics.measure.structure.convert import to_structure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pymatgen.core.structure import Structure

    from metrics.crystal import Crystal

DISTANCE_LIMIT = 0.05
"""Noise of 0.05 angstrom a component keeps 99% of real crystals within 0.043 of themselves."""
SETTINGS = MatchSettings()


@dataclass(frozen=True)
class Method:
    """A way to decide whether two crystals of one formula are the same.

    Both functions may raise :class:`metrics.measure.UnmeasurableError` where they cannot decide; that counts as
    unknown, never as an agreement.

    Attributes:
        name: as in the result's JSON.
        label: heading of its column.
        definition: what it does, for a reader of the table.
        describe: what is kept of one crystal, computed once however many crystals it is compared with.
        same: the decision on two descriptions.

    """

    name: str
    label: str
    definition: str
    describe: Callable[[Crystal], Any] = field(repr=False)
    same: Callable[[Any, Any], bool] = field(repr=False)


def fingerprint(crystal: Crystal, method: str) -> str:
    """The fingerprint of a crystal, its primary key where the method has several."""
    return FINGERPRINTS[method].compute(crystal).fingerprint


def key_set(crystal: Crystal) -> frozenset[str]:
    """All keys of canonical-bawl."""
    return frozenset(FINGERPRINTS["canonical-bawl"].compute(crystal).keys)


def share_a_key(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether two sets have a key in common."""
    return not a.isdisjoint(b)


def near(a: Profile, b: Profile) -> bool:
    """Whether the distance is below the limit.

    Raises:
        UnmeasurableError: the numbers of sites have too large a least common multiple.

    """
    distance = profile_distance(a, b)
    if distance is None:
        reason = f"the least common multiple of two numbers of sites exceeds {MAX_ROWS}"
        raise UnmeasurableError(reason)
    return distance < DISTANCE_LIMIT


def default_fit(a: Structure, b: Structure) -> bool:
    """Whether one maps onto the other by pymatgen's defaults."""
    return bool(StructureMatcher().fit(a, b))


def loose_primitive(crystal: Crystal) -> Structure:
    """The primitive cell by translations within the first tolerance, where a supercell with noise does not escape."""
    cell = reduce_cell(crystal)
    group, *_ = translation_groups(cell, crystal.atomic_numbers)
    return to_structure(primitive_cell(cell, crystal.atomic_numbers, group))


def primitive_fit(a: Structure, b: Structure) -> bool:
    """Whether one primitive cell maps onto the other."""
    return len(a) == len(b) and bool(StructureMatcher(primitive_cell=False).fit(a, b))


def candidate(crystal: Crystal) -> Candidate:
    """Keys and neighbour distances."""
    keys = FINGERPRINTS["canonical-bawl"].compute(crystal).keys
    described = Candidate(crystal, reduced_formula_of(crystal), keys)
    _ = described.profile  # computed here, so that it counts for the structure and not for its first pair
    return described


def verdict(a: Candidate, b: Candidate) -> bool:
    """The verdict without what decided it."""
    return compare(a, b, SETTINGS).same


_ALL = (
    Method(
        name="bawl",
        label="BAWL",
        definition="Equal BAWL: hash of the bond graph of the structure as given, space group, formula.",
        describe=partial(fingerprint, method="bawl"),
        same=operator.eq,
    ),
    Method(
        name="canonical-bawl-keys",
        label="key sets",
        definition="A key of canonical-bawl in common.",
        describe=key_set,
        same=share_a_key,
    ),
    Method(
        name="canonical-bawl-primary",
        label="primary key",
        definition="Equal primary key of canonical-bawl: formula, primitive size, digest of the bond net.",
        describe=partial(fingerprint, method="canonical-bawl"),
        same=operator.eq,
    ),
    Method(
        name="distance",
        label=f"distance < {DISTANCE_LIMIT:g}",
        definition="Distances to the nearest neighbours of each element, in units of (volume / sites)^(1/3): the worst "
        f"matched site differs by less than {DISTANCE_LIMIT:g}.",
        describe=distance_profile,
        same=near,
    ),
    Method(
        name="short-bawl",
        label="short BAWL",
        definition="Equal short BAWL: hash of the bond graph of the structure as given, formula.",
        describe=partial(fingerprint, method="short-bawl"),
        same=operator.eq,
    ),
    Method(
        name="structure-matcher",
        label="SM",
        definition="StructureMatcher of pymatgen at its defaults (ltol 0.2, stol 0.3, angle_tol 5, its own primitive "
        "cells, volumes scaled).",
        describe=to_structure,
        same=default_fit,
    ),
    Method(
        name="structure-matcher-loose",
        label="SM loose",
        definition=f"StructureMatcher at its defaults on primitive cells found by translations within "
        f"{TOLERANCES_ANGSTROM[0]:g} angstrom, instead of on pymatgen's own.",
        describe=loose_primitive,
        same=primitive_fit,
    ),
    Method(
        name="verdict",
        label="verdict",
        definition=f"Key sets, primitive size and distance decide the clear cases (the same below "
        f"{SETTINGS.same_below:g}, different from {SETTINGS.different_from:g}, without a common key from "
        f"{SETTINGS.different_without_key_from:g}), StructureMatcher on loose primitive cells the rest. What novelty "
        "and uniqueness rest on.",
        describe=candidate,
        same=verdict,
    ),
)
METHODS: Mapping[str, Method] = {method.name: method for method in _ALL}
"""Every method, by name."""
