"""One block of a CIF becomes the crystal that was meant, or is refused for the true reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from metrics.crystal import Crystal
from submissions.checked import check_lattice, decoded
from submissions.formats.cif.cell import cell_of
from submissions.formats.cif.document import blocks_of
from submissions.formats.cif.evidence import Verdict, by_formula, by_multiplicities, collide, content_of
from submissions.formats.cif.formula import declared_of
from submissions.formats.cif.order import order_of
from submissions.formats.cif.sites import sites_of
from submissions.formats.cif.symmetry.claims import AS_LISTED, Symmetry, symmetry_of
from submissions.formats.cif.symmetry.orbits import TIGHT_ANGSTROM, orbits_of
from submissions.refusal import Reason, RecordRefusedError, shown

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from submissions.formats.cif.cell import Cell
    from submissions.formats.cif.document import Block
    from submissions.formats.cif.formula import Declared
    from submissions.formats.cif.sites import Sites
    from submissions.formats.cif.symmetry.claims import Claim
    from submissions.formats.cif.symmetry.orbits import Orbits
    from submissions.limits import Limits

_MOST_SHOWN = 10
_MAGNETIC = ("_space_group_magn", "_space_group_symop_magn")
_MODULATED = ("_space_group_ssg", "_space_group_symop_ssg", "_cell_wave_vector", "_atom_site_fourier_wave_vector")


def parse(payload: bytes, limits: Limits) -> Crystal:
    """Read one CIF of one structure; blocks that hold metadata only may stand beside it.

    Oxidation states, moments and displacements are dropped. Atoms are in the order of the electronegativity of their
    element, then of their site in the list, then of the operations; fractional coordinates are in [0, 1).

    Raises:
        RecordRefusedError: with the reason.

    """
    text = _bounded(decoded(payload), limits)
    blocks = blocks_of(text)
    structures = [block for block in blocks if block.holds_structure]
    if len(structures) > 1:
        detail = f"{len(structures)} structures in one record, 1 is needed; split them"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    if not structures:
        raise RecordRefusedError(Reason.MALFORMED, "no block of the CIF has a cell or atoms; write both")
    return _crystal_of(structures[0], limits)


def _bounded(text: str, limits: Limits) -> str:
    if len(text) <= min(limits.cif_line_characters, limits.cif_values):
        return text  # it breaks neither bound
    longest = max(map(len, text.splitlines()), default=0)
    if longest > limits.cif_line_characters:
        detail = f"a line of {longest:,} characters, at most {limits.cif_line_characters:,}; break it"
        raise RecordRefusedError(Reason.RECORD_TOO_LARGE, detail)
    values = len(text.split())
    if values > limits.cif_values:
        detail = f"{values:,} values in one CIF, at most {limits.cif_values:,}; keep only cell, symmetry and atoms"
        raise RecordRefusedError(Reason.RECORD_TOO_LARGE, detail)
    return text


def _crystal_of(block: Block, limits: Limits) -> Crystal:
    _check_kind(block)
    cell = cell_of(block)
    check_lattice(cell.vectors, limits)
    declared = declared_of(block)
    sites = sites_of(block, cell, declared, limits)
    reading = _chosen(sites, symmetry_of(block, cell, limits), declared, cell, limits)
    numbers = sites.numbers[reading.orbits.site]
    order = order_of(numbers)
    return Crystal.from_arrays(cell.vectors, reading.orbits.points[order], numbers[order])


def _check_kind(block: Block) -> None:
    for marks, kind in ((_MAGNETIC, "magnetic"), (_MODULATED, "modulated")):
        names = [name for name in block.items if name.startswith(marks)]
        if block.known(names):
            detail = f"a {kind} CIF, with {names[0]}, is not read; write the structure in an ordinary space group"
            raise RecordRefusedError(Reason.UNREADABLE_FORMAT, detail)


@dataclass(frozen=True)
class _Reading:
    """The atoms by one claim of symmetry, and what the content declared says of them."""

    claim: Claim
    orbits: Orbits
    content: Counter[str]
    by_formula: Verdict
    by_multiplicities: Verdict

    @property
    def verdict(self) -> Verdict:
        """That of the formula, for it is what is checked most; where it is silent, that of the multiplicities."""
        return self.by_formula or self.by_multiplicities


def _chosen(sites: Sites, symmetry: Symmetry, declared: Declared, cell: Cell, limits: Limits) -> _Reading:
    """The one reading that fits what else the block declares."""
    readings = _readings(symmetry.claims, sites, declared, cell, limits)
    if len(readings) == 1 and _lists_images(readings[0], sites, cell):
        detail = f"sites that are listed are images of each other by {symmetry.claims[0].source}; list one of each"
        symmetry = Symmetry((*symmetry.claims, AS_LISTED), Reason.CONTRADICTION, detail)
        readings += _readings([AS_LISTED], sites, declared, cell, limits)
    left = [reading for reading in readings if reading.verdict is not Verdict.CONTRADICTS]
    if not left:
        raise _contradicted(readings[0], sites, declared)
    supported = [reading for reading in left if reading.verdict is Verdict.SUPPORTS]
    if symmetry.needs_support and not supported:
        raise RecordRefusedError(symmetry.reason, symmetry.detail)
    if not sites.occupied and not any(reading.by_formula is Verdict.SUPPORTS for reading in supported):
        detail = "an occupancy is '?', not known, and no formula with Z says that the sites are full; 1 is needed"
        raise RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)
    left = supported or left
    if len(left) > 1:
        left = [reading for reading in left if reading.by_multiplicities is not Verdict.CONTRADICTS] or left
    # of two statements that contradict each other a distance decides only where every atom may be listed
    is_whole_cell = any(len(reading.claim.operations) == 1 for reading in left)
    if len(left) > 1 and (is_whole_cell or symmetry.reason is not Reason.CONTRADICTION):
        left = [reading for reading in left if not _collides(reading, sites, cell)] or left
    if any(not _are_same(left[0], other, sites, cell) for other in left[1:]):
        raise RecordRefusedError(symmetry.reason, symmetry.detail)
    return left[0]


def _readings(claims: Iterable[Claim], sites: Sites, declared: Declared, cell: Cell, limits: Limits) -> list[_Reading]:
    """A reading by each claim.

    Raises:
        RecordRefusedError: a claim makes more atoms than allowed, and no other is surely meant.

    """
    readings: list[_Reading] = []
    too_many: RecordRefusedError | None = None
    for claim in claims:
        try:
            readings.append(_reading(claim, sites, declared, cell, limits))
        except RecordRefusedError as refused:
            too_many = refused
    if too_many is not None and all(reading.verdict is not Verdict.SUPPORTS for reading in readings):
        raise too_many
    return readings


def _reading(claim: Claim, sites: Sites, declared: Declared, cell: Cell, limits: Limits) -> _Reading:
    """Images that lie together are one atom; how near that is, the content declared may widen."""
    readings = []
    for loose in (False, True):
        orbits = orbits_of(sites, claim.operations, cell.vectors, limits, loose=loose)
        content = content_of(sites.numbers[orbits.site])
        of_sites = by_multiplicities(sites.multiplicities, orbits.sizes, len(claim.operations))
        readings.append(_Reading(claim, orbits, content, by_formula(content, declared), of_sites))
        verdicts = (readings[-1].by_formula, readings[-1].by_multiplicities)
        if Verdict.CONTRADICTS not in verdicts or len(claim.operations) == 1:
            break
    return max(readings, key=lambda reading: (reading.verdict, reading.by_multiplicities))


def _lists_images(reading: _Reading, sites: Sites, cell: Cell) -> bool:
    """Whether the list is the whole content of the cell although it needs the operations only in part.

    So it is where images of listed sites lie on other listed sites, and every image lies on some listed site of its
    element. Sites listed twice at one place are not meant: they are two atoms.
    """
    if len(reading.claim.operations) == 1:
        return False
    orbits = reading.orbits
    images = _near(orbits.points, sites.points, cell) & (sites.numbers[orbits.site][:, None] == sites.numbers)
    if not images.any(axis=1).all():
        return False
    on_others = np.zeros((len(sites.points), len(sites.points)), dtype=bool)
    np.logical_or.at(on_others, orbits.site, images)
    return bool((on_others & ~_near(sites.points, sites.points, cell)).any())


def _near(some: NDArray[np.float64], others: NDArray[np.float64], cell: Cell) -> NDArray[np.bool_]:
    """(n, m): whether points, (n, 3) and (m, 3), lie together."""
    ways = some[:, None] - others
    ways -= np.rint(ways)
    near: NDArray[np.bool_] = np.linalg.norm(ways @ cell.vectors, axis=-1) <= TIGHT_ANGSTROM
    return near


def _are_same(one: _Reading, other: _Reading, sites: Sites, cell: Cell) -> bool:
    """Whether two readings are the same atoms, as where a group and one that holds it make one crystal."""
    if one.content != other.content:
        return False
    numbers, others = (sites.numbers[reading.orbits.site] for reading in (one, other))
    same = _near(one.orbits.points, other.orbits.points, cell) & (numbers[:, None] == others)
    return bool(same.any(axis=0).all() and same.any(axis=1).all())


def _collides(reading: _Reading, sites: Sites, cell: Cell) -> bool:
    return collide(cell.vectors, reading.orbits.points, sites.numbers[reading.orbits.site])


def _contradicted(reading: _Reading, sites: Sites, declared: Declared) -> RecordRefusedError:
    held = " ".join(f"{element}{count}" for element, count in reading.content.items())
    detail = f"the cell holds {held} by {reading.claim.source}"
    if reading.by_formula is Verdict.CONTRADICTS and declared.formula is not None:
        units = "" if declared.units is None else f" with Z {declared.units:g}"
        detail = f"{detail}, the formula declared is {shown(declared.formula.text)}{units}; correct what is wrong"
        return RecordRefusedError(Reason.FORMULA_MISMATCH, detail)
    sizes, stated = (
        ", ".join(map(str, numbers[:_MOST_SHOWN])) for numbers in (reading.orbits.sizes, sites.multiplicities or [])
    )
    detail = f"the sites have {sizes} equivalent positions by {reading.claim.source}, {stated} are declared"
    return RecordRefusedError(Reason.CONTRADICTION, f"{detail}; correct what is wrong")
