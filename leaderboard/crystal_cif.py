"""A crystal as a CIF without symmetry, for everybody who wants to open it elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from ase.data import chemical_symbols
from ase.formula import Formula
from ase.geometry import cell_to_cellpar
from gemmi import cif

if TYPE_CHECKING:
    from metrics.crystal import Crystal

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9.+()-]+")
_NAME_CHARACTERS = 75
"""The longest name of a data block (CIF 1.1, section 2.2.7.4.13)."""


def cif_text(crystal: Crystal, name: str) -> str:
    """The crystal in P1: lengths in angstrom and angles in degrees with 8 decimals, coordinates with 10.

    CIF states a cell by its lengths and angles, which stand for a right-handed one: a left-handed cell is written
    inverted, so that a chiral crystal stays what it is.

    Args:
        crystal: its cell has a volume.
        name: of the data block; characters that a CIF does not take in one become underscores.

    """
    is_left_handed = np.linalg.det(crystal.lattice) < 0
    coords = (-crystal.frac_coords if is_left_handed else crystal.frac_coords) % 1.0
    symbols = [chemical_symbols[number] for number in crystal.atomic_numbers]
    document = cif.Document()
    block = document.add_new_block(block_name(name))
    for item, value in zip(
        ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"),
        cell_to_cellpar(crystal.lattice),
        strict=True,
    ):
        block.set_pair(f"_cell_{item}", f"{value:.8f}")
    block.set_pair("_space_group_name_H-M_alt", cif.quote("P 1"))
    block.set_pair("_space_group_IT_number", "1")
    block.set_pair("_chemical_formula_sum", cif.quote(_formula_sum(symbols)))
    block.init_loop("_space_group_symop_", ["operation_xyz"]).add_row([cif.quote("x, y, z")])
    items = ["label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy"]
    sites = block.init_loop("_atom_site_", items)
    for number, (symbol, position) in enumerate(zip(symbols, coords, strict=True), start=1):
        sites.add_row([f"{symbol}{number}", symbol, *(f"{x:.10f}" for x in position), "1"])
    return str(document.as_string())


def block_name(name: str) -> str:
    """The name with what neither a CIF takes as the name of a block nor a file system as that of a file replaced."""
    return _NOT_IN_A_NAME.sub("_", name).strip("_.")[-_NAME_CHARACTERS:] or "structure"


def reduced_formula(crystal: Crystal) -> str:
    """Formula with amounts without a common divisor, metals first, as people read it."""
    symbols = [chemical_symbols[number] for number in crystal.atomic_numbers]
    return str(Formula.from_list(symbols).reduce()[0].format("metal"))


def _formula_sum(symbols: list[str]) -> str:
    return " ".join(f"{symbol}{count}" for symbol, count in Formula.from_list(symbols).convert("hill").count().items())
