"""The sites that a block lists: elements, coordinates, multiplicities. Disorder is refused here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from submissions.checked import check_site_count
from submissions.formats.cif.cell import fractional
from submissions.formats.cif.elements import atomic_numbers_of
from submissions.formats.cif.values import DEFAULT, UNKNOWN, numbers_of, resolution_of, text_of
from submissions.refusal import Reason, RecordRefusedError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from submissions.formats.cif.cell import Cell
    from submissions.formats.cif.document import Block
    from submissions.formats.cif.formula import Declared
    from submissions.limits import Limits

FRACTIONAL = tuple(f"_atom_site_fract_{axis}" for axis in "xyz")
CARTESIAN = tuple(f"_atom_site_cartn_{axis}" for axis in "xyz")
_LABELS = ("_atom_site_label", "_atom_site_label_atom_id", "_atom_site_id")
_TYPE = "_atom_site_type_symbol"
_OCCUPANCY = "_atom_site_occupancy"
_CALCULATED = "_atom_site_calc_flag"
_DUMMY = frozenset({"dum", "dummy"})
_ATTACHED = "_atom_site_attached_hydrogens"
_ASSEMBLY = "_atom_site_disorder_assembly"
_ALTERNATIVES = ("_atom_site_disorder_group", "_atom_site_label_alt_id", "_atom_site_pdbx_pdb_model_num")
_MULTIPLICITIES = ("_atom_site_symmetry_multiplicity", "_atom_site_site_symmetry_multiplicity")
_WHOLE = re.compile(r"\d{1,4}(?:\.0*)?", re.ASCII)
_NOT_KNOWN = ("?", "")
_FULL = re.compile(r"1(?:\.0*)?", re.ASCII)
# 0.999 and 1.001 are 1 to whoever refined or rounded them.
_OCCUPANCY_TOLERANCE = 1.001e-3
# As the reader does by which the published BAWL strings were computed: what is as close as this, relatively, to a
# third or two thirds is taken for it.
_SNAP_TOLERANCE = 1e-4
_SNAPPED = (1 / 3, 2 / 3)


@dataclass(frozen=True)
class Sites:
    """n sites as listed.

    Attributes:
        numbers: (n,) atomic numbers.
        points: (n, 3) fractional coordinates.
        multiplicities: n declared numbers of equivalent positions in the cell, or None.
        written: columns of fractional coordinates as written; none if they were computed from others.
        occupied: whether every site is known to be occupied; where it is not, the formula has to say so.

    """

    numbers: NDArray[np.int64]
    points: NDArray[np.float64]
    multiplicities: list[int] | None
    written: list[list[str]]
    occupied: bool

    @property
    def resolution(self) -> float:
        """By how much a fractional coordinate may be off, by the digits that it is written with."""
        return resolution_of([value for column in self.written for value in column]) if self.written else 0.0


class _Rows:
    """Columns of the list of sites, without the rows that hold no atom."""

    def __init__(self, block: Block, count: int) -> None:
        self._items = block.items
        self._count = count
        self._kept: list[int] | None = None
        flags = self.texts(_CALCULATED)
        if flags and not _DUMMY.isdisjoint(flags):
            self._kept = [row for row, flag in enumerate(flags) if flag not in _DUMMY]

    def values(self, name: str) -> list[str] | None:
        """Values as written, None where there is no such column."""
        column = self._items.get(name)
        if column is None:
            return None
        if len(column) != self._count:
            detail = f"{len(column)} values of {name} for {self._count} sites; write one list of sites"
            raise RecordRefusedError(Reason.MALFORMED, detail)
        return column if self._kept is None else [column[row] for row in self._kept]

    def texts(self, name: str) -> list[str] | None:
        """Values without quotes, in lower case."""
        column = self.values(name)
        return None if column is None else [text_of(value).strip().lower() for value in column]

    def leave_out(self, is_empty: Sequence[bool]) -> None:
        """Leave out rows, of those kept so far."""
        kept = range(self._count) if self._kept is None else self._kept
        self._kept = [row for row, empty in zip(kept, is_empty, strict=True) if not empty]


def sites_of(block: Block, cell: Cell, declared: Declared, limits: Limits) -> Sites:
    """Sites that a block lists, in its order; dummies and empty sites are left out.

    Args:
        block: the block.
        cell: its cell, for Cartesian coordinates.
        declared: the formula that the block declares, which decides what a label may mean.
        limits: the bounds.

    Raises:
        RecordRefusedError: with the reason.

    """
    names = _names_of_coordinates(block)
    count = len(block.items[names[0]])
    check_site_count(count, limits)
    rows = _Rows(block, count)
    occupied = _check_occupancies(rows)
    labels = next((column for name in _LABELS if (column := rows.values(name)) is not None), None)
    types = rows.values(_TYPE)
    if types is None and labels is None:
        raise RecordRefusedError(Reason.MALFORMED, "no _atom_site_type_symbol nor _atom_site_label; name the elements")
    numbers = atomic_numbers_of(types, labels, declared.elements)
    _check_alternatives(rows)
    _check_attached(rows)
    columns = [rows.values(name) or [] for name in names]
    points = np.array([numbers_of(column, name) for name, column in zip(names, columns, strict=True)]).T
    if names is CARTESIAN:
        points = fractional(block, points, cell)
    largest = float(np.abs(points).max(initial=0.0))
    if not largest <= limits.fractional_coordinate:
        detail = f"a fractional coordinate of {largest:.3g}, at most {limits.fractional_coordinate:,.0f}; wrap it"
        raise RecordRefusedError(Reason.OUT_OF_RANGE, detail)
    check_site_count(len(points), limits)
    for fraction in _SNAPPED:
        points[np.abs(points / fraction - 1) <= _SNAP_TOLERANCE] = fraction
    written = columns if names is FRACTIONAL else []
    return Sites(np.array(numbers, dtype=np.int64), points, _multiplicities(rows), written, occupied)


def _names_of_coordinates(block: Block) -> tuple[str, ...]:
    listed = sorted(block.repeated.intersection((*FRACTIONAL, *CARTESIAN, _TYPE, _OCCUPANCY, *_LABELS)))
    if listed:
        raise RecordRefusedError(Reason.MALFORMED, f"{listed[0]} stands in two lists; write one list of sites")
    for names in (FRACTIONAL, CARTESIAN):
        columns = [block.items.get(name, []) for name in names]
        if all(columns) and any(value not in UNKNOWN for column in columns for value in column):
            return names
    detail = "no list of sites with _atom_site_fract_x, _y and _z; a structure without its atoms is none"
    raise RecordRefusedError(Reason.MALFORMED, detail)


def _check_occupancies(rows: _Rows) -> bool:
    """Refuse sites that are occupied in part, leave out those that are empty; whether no occupancy is unknown.

    A default, '.', is 1.
    """
    values = rows.values(_OCCUPANCY)
    if values is None or all(map(_FULL.fullmatch, set(values))):
        return True
    texts = [text_of(value).strip() for value in values]
    occupancies = numbers_of(["1" if text in (DEFAULT, *_NOT_KNOWN) else text for text in texts], _OCCUPANCY)
    partial = next((one for one in occupancies if one and abs(one - 1.0) > _OCCUPANCY_TOLERANCE), None)
    if partial is not None:
        detail = f"a site has occupancy {partial:g}, 1 atom of 1 element is needed; order it"
        raise RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)
    rows.leave_out([occupancy == 0 for occupancy in occupancies])
    return not any(text in _NOT_KNOWN for text in texts)


def _check_alternatives(rows: _Rows) -> None:
    """Refuse what is given in alternatives, of which a crystal has one or the other."""
    for name in _ALTERNATIVES:
        groups = rows.texts(name)
        if groups is None or set(groups) <= {*UNKNOWN, "", "0"}:
            continue
        assemblies = rows.texts(_ASSEMBLY) or [""] * len(groups)
        seen: dict[str, str] = {}
        for assembly, group in zip(assemblies, groups, strict=True):
            if group in {*UNKNOWN, "", "0"}:
                continue
            other = seen.setdefault(assembly, group)
            if other != group or group.startswith("-"):
                detail = f"sites of alternatives {shown(other)} and {shown(group)} of a disorder; choose one of them"
                raise RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)


def _check_attached(rows: _Rows) -> None:
    """Refuse hydrogen atoms that are counted at other atoms and have no positions."""
    counts = rows.texts(_ATTACHED)
    if counts is None:
        return
    attached = next((text for text in counts if text not in {*UNKNOWN, "", "0"}), None)
    if attached is not None:
        detail = f"a site has {shown(attached)} hydrogen atoms attached that have no positions; list every atom"
        raise RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)


def _multiplicities(rows: _Rows) -> list[int] | None:
    for name in _MULTIPLICITIES:
        texts = rows.texts(name)
        if texts is not None and all(map(_WHOLE.fullmatch, set(texts))):
            return [int(float(text)) for text in texts]
    return None
