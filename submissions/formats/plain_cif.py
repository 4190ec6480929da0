"""The CIFs that generators write, read without pymatgen's reader and some ten times faster.

`read` gives exactly the arrays of pymatgen's `CifParser`, to the last bit, or None. It knows one layout only: one data
block, one item or one table row per line, known names, plain numbers, ordered sites, symmetry as a list of operations.
Whatever is written otherwise, whatever pymatgen merges, guesses, warns of or refuses, is None, so pymatgen decides it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from submissions.checked import crystal
from submissions.elements import ATOMIC_NUMBERS
from submissions.formats import plain_sites
from submissions.formats.plain_sites import NotPlainError
from submissions.refusal import RecordRefusedError

if TYPE_CHECKING:
    from metrics.crystal import Crystal
    from submissions.limits import Limits

_CELL = tuple(
    f"_cell_{kind}" for kind in ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
)
_COORDINATES = tuple(f"_atom_site_fract_{axis}" for axis in "xyz")
_LABEL, _SYMBOL, _OCCUPANCY = "_atom_site_label", "_atom_site_type_symbol", "_atom_site_occupancy"
_OPERATIONS = ("_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz")
# Where both are given, pymatgen compares the sites with the first.
_FORMULAS = ("_chemical_formula_sum", "_chemical_formula_structural")
# Names that pymatgen does not look at while a list of operations is given.
_WITHOUT_EFFECT = """
_symmetry_space_group_name_H-M _symmetry_space_group_name_Hall _symmetry_Int_Tables_number
_symmetry_cell_setting _symmetry_equiv_pos_site_id _space_group_name_H-M_alt _space_group_name_Hall
_space_group_IT_number _space_group_crystal_system _space_group_symop_id _cell_volume _cell_formula_units_Z
_chemical_name_common _chemical_name_systematic _chemical_name_mineral _chemical_formula_weight
_audit_creation_date _audit_creation_method _pd_phase_name _atom_site_symmetry_multiplicity
_atom_site_Wyckoff_symbol _atom_site_wyckoff_symbol _atom_site_adp_type _atom_site_thermal_displace_type
_atom_site_U_iso_or_equiv _atom_site_B_iso_or_equiv _atom_site_calc_flag
"""
_AS_VALUE = frozenset(_WITHOUT_EFFECT.split()).union(_CELL, _FORMULAS)
_AS_COLUMN = frozenset(_WITHOUT_EFFECT.split()).union(_COORDINATES, _OPERATIONS, (_LABEL, _SYMBOL, _OCCUPANCY))

_PLAIN_CHARACTERS = re.compile(r"[\n\t -~]*")
_HEADER = re.compile(r"data_[^\s'\"#]*")
# Bare words and, as the last one of the line, a quoted one.
_ENDS_QUOTED = re.compile(r"""([^'"]*\s)?(?:'([^'"]+)'|"([^'"]+)")""")
_KEYWORDS = ("_", "loop_", "data_")
# Far thinner than any crystal, far thicker than the limit: rounding cannot carry a cell over the latter.
_THIN_ANGSTROM = 0.1


@dataclass(frozen=True)
class _Block:
    values: dict[str, str]
    columns: dict[str, list[str]]


def read(text: str, limits: Limits) -> Crystal | None:
    """Read one CIF block if it is plain.

    Args:
        text: the CIF without empty lines.
        limits: the bounds; what breaks one is not refused here but left to pymatgen's reader.

    Returns:
        What pymatgen's reader gives, bit for bit, sites in its order; None where that is not certain.

    """
    try:
        return _crystal(_block(text), limits)
    except (NotPlainError, RecordRefusedError):
        return None


def _block(text: str) -> _Block:
    if not _PLAIN_CHARACTERS.fullmatch(text):
        raise NotPlainError
    rows = [_words(line) for line in map(str.strip, text.split("\n")) if line and line[0] != "#"]
    if not rows or len(rows[0]) != 1 or not _HEADER.fullmatch(rows[0][0]) or "powder_pattern" in rows[0][0]:
        raise NotPlainError
    block = _Block({}, {})
    at = 1
    while at < len(rows):
        at = _read_loop(rows, at + 1, block) if rows[at] == ["loop_"] else _read_value(rows, at, block)
    if not block.values.keys().isdisjoint(block.columns):
        raise NotPlainError
    return block


def _words(line: str) -> list[str]:
    """Words of a line without surrounding space; none but a bare first one begins as a keyword does."""
    words = line.split()
    bare = 1
    if "'" in line or '"' in line:
        match = _ENDS_QUOTED.fullmatch(line)
        if match is None:
            raise NotPlainError
        words = (match[1] or "").split()
        bare = min(1, len(words))
        words.append(match[2] or match[3])
    if "#" in line or line[0] == ";" or ("_" in line and any(word.startswith(_KEYWORDS) for word in words[bare:])):
        raise NotPlainError
    return words


def _read_value(rows: list[list[str]], at: int, block: _Block) -> int:
    """Add the item whose name is at `at`, its value beside or below it; returns where it ends."""
    end = _end(rows, at + 1, keyword=False)
    name, *value = (word for row in rows[at:end] for word in row)
    if name not in _AS_VALUE or name in block.values or len(value) != 1:
        raise NotPlainError
    block.values[name] = value[0]
    return end


def _read_loop(rows: list[list[str]], at: int, block: _Block) -> int:
    """Add the columns of the loop whose first name is at `at`; returns where it ends."""
    names_end = _end(rows, at, keyword=True)
    end = _end(rows, names_end, keyword=False)
    names = [row[0] for row in rows[at:names_end]]
    width = len(names)
    if (
        not names_end < end
        or any(len(row) != 1 for row in rows[at:names_end])
        or any(len(row) != width for row in rows[names_end:end])
        or len(set(names)) != width
        or not _AS_COLUMN.issuperset(names)
        or not block.columns.keys().isdisjoint(names)
    ):
        raise NotPlainError
    block.columns.update(zip(names, map(list, zip(*rows[names_end:end], strict=True)), strict=True))
    return end


def _end(rows: list[list[str]], at: int, *, keyword: bool) -> int:
    while at < len(rows) and rows[at][0].startswith(_KEYWORDS) is keyword:
        at += 1
    return at


def _crystal(block: _Block, limits: Limits) -> Crystal:
    operations = [block.columns[name] for name in _OPERATIONS if name in block.columns]
    if (
        not block.values.keys() >= set(_CELL)
        or not block.columns.keys() >= {_LABEL, *_COORDINATES}
        or len(operations) != 1
        or len(operations[0]) > limits.symmetry_operations
    ):
        raise NotPlainError
    symbols = plain_sites.symbols(block.columns[_LABEL], block.columns.get(_SYMBOL))
    columns = [block.columns[name] for name in _COORDINATES]
    occupancies = block.columns.get(_OCCUPANCY, ["1"] * len(symbols))
    if any(len(column) != len(symbols) for column in (*columns, occupancies)):
        raise NotPlainError
    # Beyond this, whether the count of sites breaks the limit is not known before the symmetry is applied.
    if len(symbols) * len(operations[0]) > limits.sites:
        raise NotPlainError
    plain_sites.check_occupancies(occupancies)
    lattice = plain_sites.lattice([block.values[name] for name in _CELL], limits)
    sites = plain_sites.expanded(symbols, plain_sites.points(columns), plain_sites.operations(operations[0]))
    formula = next((block.values[name] for name in _FORMULAS if name in block.values), None)
    if formula is not None:
        plain_sites.check_formula(formula, sites.symbols)
    numbers = [ATOMIC_NUMBERS[symbol] for symbol in sites.symbols]
    careful = replace(limits, cell_thickness=max(limits.cell_thickness, _THIN_ANGSTROM))
    return crystal(lattice, sites.points, numbers, careful)
