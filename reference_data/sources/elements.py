"""The ground-state lattices of the elements, as ASE tabulates them."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from ase.build import bulk
from ase.data import chemical_symbols, reference_states

from metrics.crystal import Crystal
from reference_data.sources.base import Source, SourceRefusal, SourceRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ase import Atoms

# Lattices whose atomic positions follow from the table. "orthorhombic", "tetragonal", "cubic" and "monoclinic" rows
# name a cell without a basis, and so do some "hcp" rows (Se, Te): ase.build.bulk puts one atom into some of them.
COMPLETE_LATTICES = frozenset({"sc", "fcc", "bcc", "hcp", "diamond", "bct", "rhombohedral"})

# The table folds the four-layer stacking ABAC of these into the two-layer AB of hcp. Their structure is A3',
# P6_3/mmc with atoms in 2a and 2c, c twice the tabulated one: Mehl et al. 2017, doi 10.1016/j.commatsci.2017.01.017,
# prototype A_hP4_194_ac.
DOUBLE_HCP = frozenset({"La", "Pr", "Nd"})

LAST_ELEMENT = 103  # lawrencium: heavier elements have no measured crystal


class Elements(Source):
    """Element lattices from ``ase.data.reference_states``, lattice parameters in angstrom measured near ambient.

    Ids are ``element-<symbol>-<lattice>``, for example ``element-Fe-bcc``.
    """

    kind: Literal["elements"]

    def rows(self, folder: Path) -> Iterator[SourceRow | SourceRefusal]:  # noqa: ARG002 - shipped with a package
        """Every element from H to Lr, by atomic number; those without a tabulated lattice are refusals."""
        for number in range(1, LAST_ELEMENT + 1):
            symbol = chemical_symbols[number]
            state: dict[str, Any] = reference_states[number] or {}
            lattice = state.get("symmetry")
            identifier = f"element-{symbol}"
            if lattice is None:
                yield SourceRefusal(identifier, self.name, "no_lattice", "the table has no structure for this element")
            elif lattice in {"atom", "diatom"}:
                detail = f"the table gives a gas ({lattice}), no lattice"
                yield SourceRefusal(identifier, self.name, "no_lattice", detail)
            elif lattice not in COMPLETE_LATTICES or ("basis" in state and state["basis"] is None):
                detail = f"the table gives a {lattice} cell without the positions of its atoms"
                yield SourceRefusal(identifier, self.name, "no_positions", detail)
            elif symbol in DOUBLE_HCP:
                yield SourceRow(f"{identifier}-dhcp", self.name, _double_hcp(number, state["a"], 2 * state["c/a"]))
            else:
                yield SourceRow(f"{identifier}-{lattice}", self.name, _crystal(bulk(symbol)))

    def inputs(self, folder: Path) -> Mapping[str, str]:  # noqa: ARG002 - shipped with a package
        """The version of ASE."""
        return {"ase": version("ase")}


def _crystal(atoms: Atoms) -> Crystal:
    # rounded because the solver's last digits differ between processors; 0.0 is added to be rid of -0.0
    coords = np.round(atoms.cell.scaled_positions(atoms.positions), 12) + 0.0
    return Crystal.from_arrays(atoms.cell.array, coords, atoms.numbers)


def _double_hcp(number: int, a: float, c_over_a: float) -> Crystal:
    """Double hexagonal close packing: layers A B A C along c."""
    lattice = a * np.array([[1.0, 0.0, 0.0], [-0.5, np.sqrt(3) / 2, 0.0], [0.0, 0.0, c_over_a]])
    layers = [(0.0, 0.0, 0.0), (1 / 3, 2 / 3, 1 / 4), (0.0, 0.0, 1 / 2), (2 / 3, 1 / 3, 3 / 4)]
    return Crystal.from_arrays(lattice, layers, [number] * len(layers))
