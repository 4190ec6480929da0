"""What a potential says of the elements, by one that costs nothing: effective medium theory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ase.calculators.emt import EMT
from pymatgen.io.ase import AseAtomsAdaptor

from metrics.measure.potentials import find
from metrics.measure.structure.convert import to_structure
from reference_data.potential_accuracy.elemental_energies import elemental_crystals, lowest_energies
from reference_data.reference import open_reference

if TYPE_CHECKING:
    from pathlib import Path

    from metrics.crystal import Crystal


def energy_per_atom(crystal: Crystal) -> float:
    """Of the cell as it is, eV/atom."""
    atoms = AseAtomsAdaptor.get_atoms(to_structure(crystal))
    atoms.calc = EMT()
    return float(atoms.get_potential_energy()) / crystal.n_sites  # type: ignore[no-untyped-call] # ase is not typed


def test_the_lowest_relaxed_form_of_each_element_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    starter, emt = open_reference("starter"), find("emt")
    rows = lowest_energies(starter, emt, tmp_path / "scratch.sqlite", jobs=1)
    crystals = {known.id: known for known in elemental_crystals(starter)}
    known_elements = {"Al", "Ni", "Cu", "Pd", "Ag", "Pt", "Au"}
    assert known_elements <= {str(row[2]) for row in rows}
    for potential, checkpoint, element, energy, structure, n_sites in rows:
        assert (potential, checkpoint) == (emt.id, emt.checkpoint_sha256)
        assert crystals[str(structure)].chemical_system == element
        assert crystals[str(structure)].crystal.n_sites == n_sites
        if element in known_elements:
            forms = [known.crystal for known in crystals.values() if known.chemical_system == element]
            # the table has six decimals
            assert float(str(energy)) <= min(energy_per_atom(crystal) for crystal in forms) + 1e-6
            assert float(str(energy)) == pytest.approx(energy_per_atom(crystals[str(structure)].crystal), abs=0.02)
    assert "emt does not know Na" in capsys.readouterr().err
