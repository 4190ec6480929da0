"""Which symmetry a block claims: by its operations, by a name, by a Hall symbol, by a number, or none.

The operations listed count most, then the setting named, then the number. Where claims contradict each other, or one
leaves the origin or the axes open, all that fit the metric of the cell are returned, for the content to decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from submissions.formats.cif.document import OPERATIONS
from submissions.formats.cif.symmetry import operations
from submissions.formats.cif.symmetry.space_groups import MONOCLINIC, settings_named, settings_numbered
from submissions.refusal import Reason, RecordRefusedError, shown

if TYPE_CHECKING:
    import gemmi

    from submissions.formats.cif.cell import Cell
    from submissions.formats.cif.document import Block
    from submissions.formats.cif.symmetry.operations import Operations
    from submissions.limits import Limits

_NAMES = (
    "_symmetry_space_group_name_h_m",
    "_symmetry_space_group_name_h_m_full",
    "_space_group_name_h_m",
    "_space_group_name_h_m_alt",
    "_space_group_name_h_m_full",
)
_HALL_SYMBOLS = ("_symmetry_space_group_name_hall", "_space_group_name_hall")
_NUMBERS = ("_symmetry_int_tables_number", "_space_group_it_number")
_SYSTEMS = ("_symmetry_cell_setting", "_space_group_crystal_system")
_IDS = ("_symmetry_equiv_pos_site_id", "_space_group_symop_id", "_space_group_id")
_OF_SYMMETRY = ("_symmetry_", "_space_group_")
_WITHOUT_SYMMETRY = frozenset({"triclinic", "anorthic"})
# 2 % of a length or about 2 degrees: cells are symmetrised with tolerances and written with few digits.
_LARGEST_STRAIN = 0.04
_AXES = "bca"
_NUMBER = re.compile(r"\d{1,3}(?:\.0*)?", re.ASCII)
_OPEN = "{} leaves the origin or the axes open, and nothing else decides; list the operations"


@dataclass(frozen=True)
class Claim:
    """One way to read the symmetry of a block.

    Attributes:
        operations: the operations.
        source: what says so, for people.
        number: of the space-group type, 0 if it was not looked up.
        axis: 0 for the usual unique axis of a monoclinic group, b, then c and a; only the first that fits counts.

    """

    operations: Operations
    source: str
    number: int = 0
    axis: int = 0


@dataclass(frozen=True)
class Symmetry:
    """What a block says of its symmetry.

    Attributes:
        claims: at least one.
        reason: with which to refuse if there are several and nothing decides, or if `needs_support`.
        detail: what is open, for people.
        needs_support: whether even a single claim holds only if the content declared supports it.

    """

    claims: tuple[Claim, ...]
    reason: Reason = Reason.UNKNOWN_SYMMETRY
    detail: str = ""
    needs_support: bool = False


AS_LISTED = Claim(operations.IDENTITY, "the list of sites")


def symmetry_of(block: Block, cell: Cell, limits: Limits) -> Symmetry:
    """Symmetry of a block, as far as the metric of its cell allows it.

    Raises:
        RecordRefusedError: it is not understood, does not fit the cell, or has too many operations.

    """
    count = max(len(block.items.get(name, ())) for name in OPERATIONS)
    if count > limits.symmetry_operations:
        detail = f"{count:,} symmetry operations, at most {limits.symmetry_operations}; write the cell in P 1"
        raise RecordRefusedError(Reason.RECORD_TOO_LARGE, detail)
    texts, names, symbols, numbers = (
        tuple(block.known(items)) for items in (OPERATIONS, _NAMES, _HALL_SYMBOLS, _NUMBERS)
    )
    if not (texts or names or symbols or numbers):
        return _without_symmetry(block)
    symmetry = _said(texts, names, symbols, numbers)
    fitting = [claim for claim in symmetry.claims if _fits(claim.operations, cell)]
    if not fitting:
        lengths, angles = (" ".join(f"{one:g}" for one in three) for three in (cell.lengths, cell.angles))
        detail = f"{symmetry.claims[0].source} does not fit the cell of {lengths} angstrom and {angles} degrees"
        raise RecordRefusedError(Reason.CONTRADICTION, f"{detail}; correct one of them")
    axis = min(claim.axis for claim in fitting)
    claims = tuple(claim for claim in fitting if claim.axis == axis)
    # Of claims that contradict each other, that the cell speaks against one is not enough for the other.
    doubted = symmetry.reason is Reason.CONTRADICTION and len(fitting) < len(symmetry.claims)
    return replace(symmetry, claims=claims, needs_support=doubted)


def _without_symmetry(block: Block) -> Symmetry:
    """Nothing is said: as listed, but not in silence where an item of symmetry is there and unknown."""
    systems = {text.lower() for text in block.known(_SYSTEMS)}
    others = [name for name in block.items if name.startswith(_OF_SYMMETRY) and name not in (*_SYSTEMS, *_IDS)]
    if not others and systems <= _WITHOUT_SYMMETRY:
        return Symmetry((AS_LISTED,))
    detail = "the space group is not given, and the sites listed do not make up a declared content of the cell"
    return Symmetry((AS_LISTED,), detail=f"{detail}; name the group, or write P 1", needs_support=True)


def _fits(group: Operations, cell: Cell) -> bool:
    return len(group) == 1 or cell.strain(group.rotations) <= _LARGEST_STRAIN


@lru_cache(maxsize=256)
def _said(
    texts: tuple[str, ...], names: tuple[str, ...], symbols: tuple[str, ...], numbers: tuple[str, ...]
) -> Symmetry:
    """All claims, whatever the cell."""
    named = _named(names, symbols, numbers, has_operations=bool(texts))
    if not texts:
        return named
    group = operations.listed(texts)
    source = f"the list of {len(group)} operations" if len(group) > 1 else "the list of operations (x, y, z alone)"
    claim_of_list = Claim(group, source)
    if not group.is_group:
        wider = tuple(claim for claim in named.claims if claim.operations.contains(group))
        if wider:
            return replace(named, claims=wider)
        detail = f"the {len(group)} operations listed are no group, products of them are missing; list all operations"
        raise RecordRefusedError(Reason.UNKNOWN_SYMMETRY, detail)
    if not named.claims or any(_is_same_type(group, claim) for claim in named.claims):
        return Symmetry((claim_of_list,))
    detail = f"{source} and {named.claims[0].source} are not the same symmetry; correct one of them"
    return Symmetry((claim_of_list, *named.claims), Reason.CONTRADICTION, detail)


_TRICLINIC = (1, 2)


def _named(
    names: tuple[str, ...], symbols: tuple[str, ...], numbers: tuple[str, ...], *, has_operations: bool
) -> Symmetry:
    """Claims of names, Hall symbols and numbers together; none if none is understood and there are operations."""
    by_name = [claims for name in names if (claims := _claims_of_name(name))]
    by_symbol = [claims for symbol in symbols if (claims := _claims_of_symbol(symbol))]
    by_number = [claims for number in numbers if (claims := _claims_of_number(number))]
    if not by_name and not by_symbol and (names or symbols or not by_number):
        if has_operations:
            return Symmetry(by_number[0] if by_number else ())
        what = (names or symbols or numbers)[0]
        detail = f"{shown(what)} is no space group that is known; list the operations, or use the usual name"
        raise RecordRefusedError(Reason.UNKNOWN_SYMMETRY, detail)
    common, *others = [*by_symbol, *by_name, *by_number]
    for claims in others:
        is_number = claims in by_number
        narrower = tuple(
            one for one in common if any(_agree(one, other, settings_count=not is_number) for other in claims)
        )
        if not narrower:
            detail = f"{common[0].source} and {claims[0].source} are not the same symmetry; correct one of them"
            return Symmetry((*common, *claims), Reason.CONTRADICTION, detail)
        common = narrower
    return Symmetry(common, detail=_OPEN.format(common[0].source))


def _claims_of_name(name: str) -> tuple[Claim, ...]:
    return _claims(settings_named(name), f"the space group {shown(name)}")


def _claims_of_symbol(symbol: str) -> tuple[Claim, ...]:
    """Claim of a Hall symbol, or of a Hermann-Mauguin name in its place."""
    try:
        group = operations.from_hall(symbol)
    except RuntimeError:
        return _claims_of_name(symbol)
    return (Claim(group, f"the Hall symbol {shown(symbol)}"),)


def _claims_of_number(number: str) -> tuple[Claim, ...]:
    if not _NUMBER.fullmatch(number):
        return ()
    claims = _claims(settings_numbered(int(float(number))), f"the space group number {shown(number)}")
    # Of the settings with axis b the number means the first, which is the standard.
    return tuple(claim for at, claim in enumerate(claims) if claim.axis or not at or claim.number not in MONOCLINIC)


def _claims(settings: list[gemmi.SpaceGroup], source: str) -> tuple[Claim, ...]:
    claims: dict[str, Claim] = {}
    for setting in settings:
        axis = max(_AXES.find(setting.qualifier.lstrip("-")[:1]), 0) if setting.number in MONOCLINIC else 0
        claims.setdefault(setting.hall, Claim(operations.from_hall(setting.hall), source, setting.number, axis))
    return tuple(claims.values())


def _agree(one: Claim, other: Claim, *, settings_count: bool) -> bool:
    if settings_count:
        return one.operations.is_same_group(other.operations)
    return one.number == other.number if one.number else _is_same_type(one.operations, other)


def _is_same_type(group: Operations, claim: Claim) -> bool:
    """Whether operations are those of a claim, or the same in another basis, as of a primitive cell."""
    if group.is_same_group(claim.operations):
        return True
    if claim.number in _TRICLINIC and len(group) != len(claim.operations):
        return False  # in any basis the rotations are the same: a centring is missing, and with it atoms
    return group.space_group_number == (claim.number or claim.operations.space_group_number)
