"""ASE's Atoms as plain JSON, as its JSON database, ``todict()`` and ``ase.io.jsonio`` write them, and MSONAtoms.

Only numbers and symbols are taken out; no object that the data names is rebuilt.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from submissions.checked import (
    FULL_OCCUPANCY_TOLERANCE,
    atomic_numbers,
    check_site_count,
    crystal,
    from_cartesian,
    numbers_of,
    parse_json,
)
from submissions.refusal import Reason, RecordRefusedError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics.crystal import Crystal
    from submissions.limits import Limits

_POSITIONS = ("positions", "scaled_positions")
_NUMBERS = ("numbers", "symbols")
_ATOMS_JSON = "atoms_json"
_CELL_SIDES = 3
# Names under which occupancies are kept per atom.
OCCUPANCY_COLUMNS = ("occupancy", "occupancies", "occ")
_KINDS = "spacegroup_kinds"
_MATRIX = 2


def is_atoms(row: Mapping[str, Any]) -> bool:
    """Whether an object is an Atoms."""
    return _ATOMS_JSON in row or (
        any(key in row for key in _POSITIONS) and any(key in row for key in _NUMBERS) and "sites" not in row
    )


def crystal_of(row: Mapping[str, Any], limits: Limits) -> Crystal:
    """Read an Atoms; positions are Cartesian, in angstrom.

    Raises:
        RecordRefusedError: with the reason.

    """
    if isinstance(text := row.get(_ATOMS_JSON), str):
        inner = parse_json(text.encode("utf-8", "surrogatepass"))
        if not isinstance(inner, dict) or _ATOMS_JSON in inner:
            detail = f"atoms_json is {shown(text)}, an object with numbers and positions is needed; write it with ASE"
            raise RecordRefusedError(Reason.MALFORMED, detail)
        row = {"info": row.get("atoms_info"), **inner}
    numbers = _numbers(row, limits)
    cell = _cell(_plain(row.get("cell")))
    check_periodic(_plain(row.get("pbc", True)), cell)
    info = row.get("info")
    stated = row.get("occupancy", info.get("occupancy") if isinstance(info, dict) else None)
    check_occupancy(_plain(stated), _plain(row.get(_KINDS)))
    for column in OCCUPANCY_COLUMNS[1:]:
        check_occupancy(_plain(row.get(column)), None)
    if (positions := row.get("positions")) is not None:
        return from_cartesian(cell, _plain(positions), numbers, limits)
    return crystal(cell, _plain(row["scaled_positions"]), numbers, limits)


def check_periodic(pbc: object, cell: object) -> None:
    """Refuse what is not periodic in three directions.

    Args:
        pbc: one truth value or one for each direction.
        cell: its vectors; none, or all of them zero, where there is no cell.

    Raises:
        RecordRefusedError: it is not, or has no cell.

    """
    flags = pbc if isinstance(pbc, list) else [pbc] * _CELL_SIDES
    if not cell or cell == [[0, 0, 0]] * _CELL_SIDES:
        raise RecordRefusedError(Reason.NOT_PERIODIC, "there is no cell, three vectors are needed; submit crystals")
    if len(flags) != _CELL_SIDES or not all(flag in (True, 1) for flag in flags):
        detail = f"pbc is {shown(pbc)}, true in all three directions is needed; set atoms.pbc = True if it is a crystal"
        raise RecordRefusedError(Reason.NOT_PERIODIC, detail)


def check_occupancy(occupancy: object, kinds: object) -> None:
    """Refuse disorder as ASE keeps it beside the atoms.

    Args:
        occupancy: of each kind of site, ``{"0": {"Cs": 0.5, "Rb": 0.5}}`` (``atoms.info["occupancy"]``), or one number
            for each atom; None where nothing is said.
        kinds: the kind of each atom (``atoms.arrays["spacegroup_kinds"]``), None where it is not known.

    Raises:
        RecordRefusedError: a site is not occupied by exactly one atom.

    """
    used = {str(kind) for kind in kinds} if isinstance(kinds, list) else None
    if isinstance(occupancy, dict):
        for kind, species in occupancy.items():
            if used is not None and str(kind) not in used:
                continue
            amounts = list(species.values()) if isinstance(species, dict) else [species]
            if len(amounts) != 1 or not _is_full(amounts[0]):
                _refuse(species)
    elif isinstance(occupancy, list):
        for amount in occupancy:
            if not _is_full(amount):
                _refuse(amount)
    elif occupancy is not None and not _is_full(occupancy):
        _refuse(occupancy)


def _is_full(amount: object) -> bool:
    return isinstance(amount, int | float) and abs(amount - 1.0) <= FULL_OCCUPANCY_TOLERANCE


def _refuse(species: object) -> None:
    detail = f"occupancy {shown(species)} of a site, 1 atom of 1 element is needed; order the structure"
    raise RecordRefusedError(Reason.PARTIAL_OCCUPANCY, detail)


def _numbers(row: Mapping[str, Any], limits: Limits) -> list[int]:
    values = _plain(row.get("numbers", row.get("symbols")))
    if not isinstance(values, list):
        detail = f"numbers is {shown(values)}, a list of atomic numbers is needed; write it with ASE"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    check_site_count(len(values), limits)
    if all(isinstance(value, str) for value in values):
        return atomic_numbers(values)
    if not all(type(value) is int for value in values):
        detail = f"numbers are {shown(values)}, whole numbers are needed; write it with ASE"
        raise RecordRefusedError(Reason.MALFORMED, detail)
    return values


def _cell(cell: object) -> object:
    if isinstance(cell, dict):
        cell = _plain(cell.get("array"))
    if isinstance(cell, list) and len(cell) == _CELL_SIDES and not any(isinstance(side, list) for side in cell):
        sides = numbers_of(cell, (_CELL_SIDES,), "the cell")
        return [[sides[row] if row == column else 0.0 for column in range(_CELL_SIDES)] for row in range(_CELL_SIDES)]
    return cell


def _plain(value: object) -> object:
    """The numbers of an encoded array, ``{"__ndarray__": [shape, type, numbers]}``, as lists; others as they are."""
    encoded = value.get("__ndarray__") if isinstance(value, dict) else None
    if encoded is None:
        return value
    match encoded:
        case [list(shape), str(), list(flat)] if flat and all(type(side) is int and side > 0 for side in shape):
            if len(shape) <= _MATRIX and prod(shape) == len(flat):
                return _nested(flat, shape)
    detail = f"an array is {shown(encoded)}, a shape, a type and as many numbers are needed; write it with ASE"
    raise RecordRefusedError(Reason.MALFORMED, detail)


def _nested(flat: list[Any], shape: list[int]) -> list[Any]:
    if len(shape) < _MATRIX:
        return flat
    return [flat[place : place + shape[1]] for place in range(0, len(flat), shape[1])]
