"""A crystal as the text of a CIF, the same bytes on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element

if TYPE_CHECKING:
    from metrics.crystal import Crystal

_DECIMALS = 6
"""Of a length in angstrom, an angle in degrees and a fractional coordinate: the last differs between machines."""


def cif_text(name: str, crystal: Crystal) -> str:
    """CIF of a crystal without symmetry (P1)."""
    lattice = Lattice(crystal.lattice)
    symbols = [Element.from_Z(int(number)).symbol for number in crystal.atomic_numbers]
    lengths = zip("abc", lattice.abc, strict=True)
    angles = zip(("alpha", "beta", "gamma"), lattice.angles, strict=True)
    formula = " ".join(f"{symbol}{symbols.count(symbol)}" for symbol in sorted(set(symbols)))
    lines = [
        f"data_{name}",
        "_symmetry_space_group_name_H-M 'P 1'",
        *(f"_cell_length_{axis} {_number(length)}" for axis, length in lengths),
        *(f"_cell_angle_{axis} {_number(angle)}" for axis, angle in angles),
        f"_chemical_formula_sum '{formula}'",
        "loop_",
        *(f"_atom_site_{item}" for item in ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy")),
    ]
    for index, (symbol, place) in enumerate(zip(symbols, crystal.frac_coords, strict=True)):
        # rounded before and after it is wrapped, or 0.9999999 would be written as 1
        wrapped = np.round(np.round(place, _DECIMALS) % 1.0, _DECIMALS)
        lines.append(f"{symbol}{index} {symbol} {' '.join(map(_number, wrapped))} 1")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return f"{value:.{_DECIMALS}f}"
