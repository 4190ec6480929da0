"""One crystal as a CIF file, written without what measures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import gemmi
import numpy as np

from metrics.crystal import Crystal  # noqa: TC001

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_NAME_CHARACTERS = 75
"""That the CIF standard allows for the name of a data block (International Tables G, 2.2)."""
_PAIRS = (("angle_alpha", 1, 2), ("angle_beta", 0, 2), ("angle_gamma", 0, 1))


def cif_text(crystal: Crystal, title: str) -> str:
    """All sites of the cell as given, in space group P1.

    Args:
        crystal: what is written; lengths in angstrom. A left-handed cell becomes its mirror image, since a CIF has
            lengths and angles alone.
        title: name of the data block; characters that a CIF does not allow there become underscores.

    """
    document = gemmi.cif.Document()
    block = document.add_new_block(_NOT_IN_A_NAME.sub("_", title)[:_NAME_CHARACTERS] or "crystal")
    for name, value in _cell(crystal.lattice).items():
        block.set_pair(f"_cell_{name}", f"{value:.8f}")
    block.set_pair("_cell_volume", f"{crystal.volume:.6f}")
    block.set_pair("_space_group_name_H-M_alt", gemmi.cif.quote("P 1"))
    block.set_pair("_space_group_IT_number", "1")
    symmetry = block.init_loop("_space_group_symop_", ["operation_xyz"])
    symmetry.add_row([gemmi.cif.quote("x, y, z")])
    sites = block.init_loop("_atom_site_", ["label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy"])
    for number, (atomic_number, place) in enumerate(zip(crystal.atomic_numbers, crystal.frac_coords, strict=True), 1):
        symbol = gemmi.Element(int(atomic_number)).name
        sites.add_row([f"{symbol}{number}", symbol, *(f"{part:.10f}" for part in place), "1"])
    return str(document.as_string())


def _cell(lattice: NDArray[np.float64]) -> dict[str, float]:
    """Lengths in angstrom and angles in degrees."""
    lengths = np.linalg.norm(lattice, axis=1)
    cosines = (lattice @ lattice.T) / np.outer(lengths, lengths)
    angles = np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))
    return {
        **{f"length_{name}": float(length) for name, length in zip("abc", lengths, strict=True)},
        **{name: float(angles[first, second]) for name, first, second in _PAIRS},
    }
