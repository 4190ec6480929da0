"""What pymatgen, ASE and gemmi write is read back as the crystal it was written from."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from typing import TYPE_CHECKING

import gemmi
import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from pymatgen.core.structure import Structure
from pymatgen.io.cif import CifWriter
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from metrics.measure.structure.convert import to_structure
from tests.metrics.measure.fingerprint_crystals import prototypes
from tests.submissions.formats.cif.texts import read

if TYPE_CHECKING:
    from collections.abc import Callable

CHOSEN = sorted(prototypes())[::9]


def shifted(structure: Structure) -> Structure:
    """The same crystal with its origin anywhere, and twice the cell."""
    shift = np.array([0.1234567, 0.3217654, 0.6543217])
    moved = Structure(structure.lattice, structure.species, structure.frac_coords + shift)
    return moved * [1, 1, 2]


def by_ase(structure: Structure) -> str:
    atoms = Atoms(
        structure.atomic_numbers, cell=structure.lattice.matrix, scaled_positions=structure.frac_coords, pbc=True
    )
    buffer = io.BytesIO()
    write(buffer, atoms, format="cif")
    return buffer.getvalue().decode()


def by_gemmi(structure: Structure) -> str:
    small = gemmi.SmallStructure()
    small.cell = gemmi.UnitCell(*structure.lattice.abc, *structure.lattice.angles)
    small.spacegroup_hm = "P 1"
    for index, site in enumerate(structure):
        one = gemmi.SmallStructure.Site()
        one.label, one.type_symbol, one.occ = f"{site.specie.symbol}{index}", site.specie.symbol, 1
        one.fract = gemmi.Fractional(*site.frac_coords)
        small.add_site(one)
    return str(small.make_cif_block().as_string())


WRITERS: dict[str, Callable[[Structure], str]] = {
    "pymatgen": lambda structure: str(CifWriter(structure)),
    "pymatgen, moments": lambda structure: str(CifWriter(structure, write_magmoms=True)),
    "pymatgen, symmetry": lambda structure: str(CifWriter(structure, symprec=0.01)),
    "pymatgen, symmetry with 3 digits": lambda structure: str(
        CifWriter(structure, symprec=0.01, significant_figures=3)
    ),
    "pymatgen, symmetry of the cell as it is": lambda structure: str(
        CifWriter(structure, symprec=0.01, refine_struct=False)
    ),
    "pymatgen, symmetry about any origin": lambda structure: str(
        CifWriter(shifted(structure), symprec=0.01, refine_struct=False)
    ),
    "ase": by_ase,
    "gemmi": by_gemmi,
}
REFINED = ("pymatgen, symmetry", "pymatgen, symmetry with 3 digits")


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("label", CHOSEN)
def test_what_is_written_is_read(label: str, writer: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        structure = to_structure(prototypes()[label])
        text = WRITERS[writer](structure)
        expected = SpacegroupAnalyzer(structure, 0.01).get_refined_structure() if writer in REFINED else structure
        expected = shifted(structure) if "any origin" in writer else expected
    crystal = read(text)
    assert Counter(crystal.atomic_numbers.tolist()) == Counter(expected.atomic_numbers)
    assert crystal.volume == pytest.approx(expected.volume, rel=1e-3)
    if writer in REFINED:
        return  # pymatgen may refine to another of several equivalent cells than it writes
    digits = 0.02
    distances = expected.lattice.get_all_distances(crystal.frac_coords, expected.frac_coords)
    same = crystal.atomic_numbers[:, None] == np.array(expected.atomic_numbers)
    assert np.where(same, distances, np.inf).min(axis=0).max() < digits
