"""Are two crystals of one formula the same? Keys and distance decide the clear cases, StructureMatcher the rest.

Neither alone will do. Keys see how a crystal is bonded, not by how much it is distorted or how its layers are stacked;
the distance sees both but not the order of a polytype; StructureMatcher at its defaults loses a noisy supercell,
because its primitive-cell search fails. So it is asked only inside an ambiguous band, and then about the loose
primitive cells found here. It is imported where it is asked, as that takes long and a process that only hands out pairs
does without.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from metrics.crystal import Crystal
from metrics.measure.fingerprint.canonical import formula_units
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.fingerprint.translations import translation_groups
from metrics.measure.matching.distance_profile import Profile, distance_profile, profile_distance
from metrics.measure.matching.folding import folding_deviation, folds_noise, primitive_cell
from metrics.measure.structure.convert import to_structure

if TYPE_CHECKING:
    from metrics.measure.matching.structure_matcher.bounded_matcher import Reduced

VERSION = 3
"""Of the verdict; raised when it could change under the same settings."""

MAX_FOLDING_ANGSTROM = 0.055
"""Gaussian noise of 0.05 angstrom a component may be averaged away; the tilts and orderings of real crystals whose
primitive size is in doubt deviate by 0.058 (KMnF3 mp-644332) and more."""

MAX_NOISE = 2.0
"""Noise that is averaged away in a primitive cell may put a crystal at so many times the limit of the distance."""

MAX_KEPT = 2_500
"""Loose primitive cells that a process keeps: those of a whole submission, 0.1 GB for 20 sites each."""

Content: TypeAlias = tuple[bytes, bytes, bytes]
"""Numbers of a crystal to the last bit: lattice, fractional coordinates, atomic numbers."""

Rule = Literal["keys_and_distance", "primitive_size", "distance", "matcher"]


@dataclass(frozen=True)
class MatchSettings:
    """Limits of the verdict; distances are dimensionless, in units of (volume / n_sites)^(1/3).

    On 6,667 pairs of real crystals of one formula the verdict agrees with StructureMatcher at its defaults with recall
    0.988 and precision 0.972, and with StructureMatcher on loose primitive cells with recall 0.993 and precision 0.997.

    Attributes:
        same_below: with a key in common and the same primitive size, a smaller distance is the same crystal; it is also
            where the distance as given is less than twice as large and that of the averaged primitive cells smaller.
            Where the primitive size is in doubt, twice this distance or more is another crystal.
        different_from: this distance or a larger one is another crystal.
        different_without_key_from: the same where the keys have nothing in common.
        ltol: fractional length tolerance of StructureMatcher.
        stol: its site tolerance, in units of (volume / n_sites)^(1/3).
        angle_tol: its angle tolerance in degrees.

    """

    same_below: float = 0.03
    different_from: float = 0.15
    different_without_key_from: float = 0.12
    ltol: float = 0.2
    stol: float = 0.3
    angle_tol: float = 5.0


@dataclass(frozen=True, eq=False)
class Candidate:
    """A crystal to compare.

    Attributes:
        crystal: as given.
        reduced_formula: pymatgen's.
        keys: of canonical-bawl, primary first; empty where they are unknown.

    """

    crystal: Crystal
    reduced_formula: str
    keys: tuple[str, ...]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Formula units of the loose primitive cell, as in the keys: the primary one first, then alternatives."""
        return tuple(dict.fromkeys(int(key.split(":")[1]) for key in self.keys))

    @cached_property
    def profile(self) -> Profile:
        """Neighbour distances of the crystal as given."""
        return distance_profile(self.crystal)

    def with_profile(self, profile: Profile) -> Candidate:
        """The same with its profile at hand, in worker processes too."""
        result = Candidate(self.crystal, self.reduced_formula, self.keys)
        result.__dict__["profile"] = profile
        return result

    @cached_property
    def primitive_profile(self) -> Profile:
        """Neighbour distances of the loose primitive cell."""
        return distance_profile(self.primitive(self.sizes[:1]))

    @property
    def n_copies(self) -> int:
        """Loose primitive cells in the cell as given."""
        return formula_units(self.crystal.atomic_numbers) // min(self.sizes)

    def primitive(self, sizes: tuple[int, ...]) -> Crystal:
        """The loose primitive cell of the first of the `sizes` (formula units) that it has, else of its primary one.

        A size other than the primary one is taken only where folding moves the sites by no more than noise does: a
        tilted perovskite must not be folded onto the cubic one.
        """
        cell = reduce_cell(self.crystal)
        groups = translation_groups(cell, self.crystal.atomic_numbers)
        units = formula_units(self.crystal.atomic_numbers)
        by_size = {units // group.order: group for group in reversed(groups)}
        group = next((by_size[size] for size in sizes if size in by_size), groups[0])
        if group.order > groups[0].order and not (
            folding_deviation(cell, group) <= MAX_FOLDING_ANGSTROM and folds_noise(cell, group)
        ):
            group = groups[0]
        return primitive_cell(cell, self.crystal.atomic_numbers, group)


@dataclass(frozen=True)
class Comparison:
    """Whether two crystals are the same, what decided, and the distance (None: not determined)."""

    same: bool
    rule: Rule
    distance: float | None


@dataclass(frozen=True)
class Undecided:
    """No verdict: StructureMatcher has to be asked and was not, or there is a reason why none can be had.

    Attributes:
        distance: of the two crystals (None: not determined).
        reason: what failed; None where nothing did.

    """

    distance: float | None
    reason: str | None = None


def compare(a: Candidate, b: Candidate, settings: MatchSettings) -> Comparison:
    """Decide whether two crystals of one reduced formula are the same; symmetric, blind to the choice of cell.

    Mirror images are the same. Where the keys of either are unknown, distance and StructureMatcher decide alone.

    Raises:
        ValueError: the reduced formulas differ.
        UnmeasurableError: a cell cannot be searched, or StructureMatcher would take too long.

    """
    outcome = compare_without_matcher(a, b, settings)
    if isinstance(outcome, Comparison):
        return outcome
    return Comparison(same=same_by_loose_matcher(a, b, settings), rule="matcher", distance=outcome.distance)


def compare_without_matcher(a: Candidate, b: Candidate, settings: MatchSettings) -> Comparison | Undecided:
    """The clear cases of :func:`compare`, by keys, sizes and distance; the others take a hundred times as long.

    Raises:
        ValueError: the reduced formulas differ.
        UnmeasurableError: a cell cannot be searched.

    """
    if a.reduced_formula != b.reduced_formula:
        msg = f"only crystals of one reduced formula are compared, not {a.reduced_formula} and {b.reduced_formula}"
        raise ValueError(msg)
    return without_matcher_at(a, b, _distance(a, b), settings)


def without_matcher_at(
    a: Candidate, b: Candidate, distance: float | None, settings: MatchSettings
) -> Comparison | Undecided:
    """:func:`compare_without_matcher` where the distance is known already."""
    known = bool(a.keys and b.keys)
    if known and not set(a.sizes) & set(b.sizes):
        return Comparison(same=False, rule="primitive_size", distance=distance)
    meet = bool(set(a.keys) & set(b.keys))
    of_one_size = not known or a.sizes[0] == b.sizes[0]
    if distance is not None:
        if meet and of_one_size and distance < settings.same_below:
            return Comparison(same=True, rule="keys_and_distance", distance=distance)
        if meet and _same_below_noise(a, b, distance, settings):
            return Comparison(same=True, rule="keys_and_distance", distance=distance)
        # noise that puts a displacement at the tolerance of the translations leaves the crystals near each other
        if not of_one_size and distance >= MAX_NOISE * settings.same_below:
            return Comparison(same=False, rule="primitive_size", distance=distance)
        limit = settings.different_without_key_from if known and not meet else settings.different_from
        if distance >= limit:
            return Comparison(same=False, rule="distance", distance=distance)
    return Undecided(distance)


def is_clearly_same(a: Candidate, b: Candidate, distance: float, settings: MatchSettings) -> bool:
    """Whether :func:`compare` needs no more than keys, sizes and distance to find two crystals the same."""
    return distance < settings.same_below and bool(set(a.keys) & set(b.keys)) and a.sizes[0] == b.sizes[0]


def different_from(a: Candidate, b: Candidate, settings: MatchSettings) -> float:
    """A distance at which, and above which, :func:`compare` finds two crystals of one formula different."""
    known = bool(a.keys and b.keys)
    if known and not set(a.sizes) & set(b.sizes):
        return 0.0
    meet = bool(set(a.keys) & set(b.keys))
    noise = MAX_NOISE * settings.same_below
    limit = settings.different_without_key_from if known and not meet else settings.different_from
    if known and a.sizes[0] != b.sizes[0]:
        limit = min(limit, noise)
    return max(limit, noise) if meet else limit


def same_by_loose_matcher(a: Candidate, b: Candidate, settings: MatchSettings) -> bool:
    """StructureMatcher on the loose primitive cells, of a common size if there is one, asked both ways round.

    Raises:
        UnmeasurableError: a cell cannot be searched, or StructureMatcher would take too long.

    """
    from metrics.measure.matching.structure_matcher.bounded_matcher import BoundedMatcher  # noqa: PLC0415 - see above

    common = _common_sizes(a, b)
    first, second = (_content(one.crystal) for one in (a, b))
    if _loose_cell(first, common).n_sites != _loose_cell(second, common).n_sites:
        return False
    matcher = BoundedMatcher(ltol=settings.ltol, stol=settings.stol, angle_tol=settings.angle_tol)
    return matcher.fit_reduced_either_way(_reduced(first, common), _reduced(second, common))


def _same_below_noise(a: Candidate, b: Candidate, distance: float, settings: MatchSettings) -> bool:
    """Whether two crystals that are near each other come under the limit in their loose primitive cells.

    The mean over the copies that a supercell holds is nearer to the crystal than each of its noisy copies.
    """
    if distance >= MAX_NOISE * settings.same_below or max(a.n_copies, b.n_copies) == 1:
        return False
    one, other = _of_a_common_size(a, b)
    if one.n_sites != other.n_sites:
        return False
    averaged = profile_distance(distance_profile(one), distance_profile(other))
    return averaged is not None and averaged < settings.same_below


def _of_a_common_size(a: Candidate, b: Candidate) -> tuple[Crystal, Crystal]:
    """Loose primitive cells of the first size that both have; one that is none by more than noise keeps its own."""
    common = _common_sizes(a, b)
    return a.primitive(common), b.primitive(common)


def _common_sizes(a: Candidate, b: Candidate) -> tuple[int, ...]:
    return tuple(size for size in (*a.sizes, *b.sizes) if size in a.sizes and size in b.sizes)


def _content(crystal: Crystal) -> Content:
    return crystal.lattice.tobytes(), crystal.frac_coords.tobytes(), crystal.atomic_numbers.tobytes()


@lru_cache(maxsize=MAX_KEPT)
def _loose_cell(content: Content, sizes: tuple[int, ...]) -> Crystal:
    """Loose primitive cell of one of the sizes, sites in an order that no choice of cell or setting changes."""
    lattice, frac_coords = (np.frombuffer(part, dtype=np.float64) for part in content[:2])
    crystal = Crystal.from_arrays(lattice.copy(), frac_coords.copy(), np.frombuffer(content[2], dtype=np.int64).copy())
    return _in_invariant_order(Candidate(crystal, "", ()).primitive(sizes))


@lru_cache(maxsize=MAX_KEPT)
def _reduced(content: Content, sizes: tuple[int, ...]) -> Reduced:
    """The same in the cell that StructureMatcher compares, which takes longer to find than to compare."""
    from metrics.measure.matching.structure_matcher.bounded_matcher import BoundedMatcher  # noqa: PLC0415 - see above

    return BoundedMatcher.reduced(to_structure(_loose_cell(content, sizes)))


def _distance(a: Candidate, b: Candidate) -> float | None:
    distance = profile_distance(a.profile, b.profile)
    if distance is None:
        # two large cells whose numbers of sites have little in common
        return profile_distance(a.primitive_profile, b.primitive_profile)
    return distance


def _in_invariant_order(crystal: Crystal) -> Crystal:
    """Sites by element, then by their neighbour distances, which no choice of cell or setting changes.

    StructureMatcher lays the first site of the rarest element over all of the other crystal's.
    """
    profile = distance_profile(crystal)
    ranks = np.empty(crystal.n_sites, dtype=np.int64)
    for element, rows in zip(profile.elements, profile.rows, strict=True):
        order = np.lexsort(np.round(rows, 6).T[::-1])
        ranks[crystal.atomic_numbers == element] = np.argsort(order)
    order = np.lexsort((ranks, crystal.atomic_numbers))
    return Crystal(crystal.lattice, crystal.frac_coords[order], crystal.atomic_numbers[order])
