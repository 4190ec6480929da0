"""What every potential that is installed here must obey: mechanics, invariances, its own list of elements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import make_supercell
from ase.calculators.singlepoint import SinglePointCalculator

from metrics.crystal import Crystal
from metrics.measure.energy.relax_record import SinglePoint
from metrics.measure.energy.relax_structure import Task, energy_of
from metrics.measure.potentials import Potential, find, registry

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator
    from numpy.typing import NDArray

READY = [potential.id for potential in registry().values() if potential.missing() is None]
# single precision: about 1e-7 of a total energy of some 15 eV; forces and stress by differences are no better
ENERGY_TOLERANCE = 2e-5  # eV/atom
FORCE_TOLERANCE = 5e-3  # eV/A
STRESS_TOLERANCE = 5e-4  # eV/A^3, that is 0.08 GPa
STEP_ANGSTROM = 0.01
STEP_STRAIN = 0.004


@dataclass
class Loaded:
    """A potential and its calculator."""

    potential: Potential
    calculator: Calculator

    def energy(self, atoms: Atoms) -> float:
        """Total energy in eV, computed without forces."""
        measured = atoms.copy()
        measured.calc = self.calculator
        return float(measured.get_potential_energy())

    def mechanics(self, atoms: Atoms) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Forces in eV/A and Voigt stress in eV/A^3."""
        measured = atoms.copy()
        measured.calc = self.calculator
        return measured.get_forces(), measured.get_stress(voigt=True)


@cache
def load(potential_id: str) -> Loaded:
    potential = find(potential_id)
    if "cuda" in potential.devices:
        import torch  # noqa: PLC0415 - absent where only the structural tier is installed

        torch.set_num_threads(1)
    return Loaded(potential, potential.make("cpu"))


@pytest.fixture(params=READY)
def loaded(request: pytest.FixtureRequest) -> Loaded:
    return load(request.param)


def alloy() -> Atoms:
    """Cu3Au, which every potential knows, off its equilibrium in all positions and all six strains."""
    generator = np.random.default_rng(7)
    atoms = Atoms(
        "AuCu3", [[0, 0, 0], [0, 1.87, 1.87], [1.87, 0, 1.87], [1.87, 1.87, 0]], cell=np.eye(3) * 3.74, pbc=True
    )
    strained(atoms, np.array([[0.03, 0.01, -0.02], [0.01, -0.02, 0.015], [-0.02, 0.015, 0.01]]))
    atoms.positions += generator.normal(0, 0.08, (4, 3))
    return atoms


def strained(atoms: Atoms, strain: NDArray[np.float64]) -> Atoms:
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    return atoms


def test_energy_is_extensive(loaded: Loaded) -> None:
    cell = make_supercell(alloy(), [[1, 1, 0], [0, 1, 0], [0, 0, 2]])
    assert loaded.energy(cell) / 8 == pytest.approx(loaded.energy(alloy()) / 4, abs=ENERGY_TOLERANCE)


def test_forces_are_minus_the_slope_of_the_energy(loaded: Loaded) -> None:
    forces, _ = loaded.mechanics(alloy())
    assert np.abs(forces).max() > 20 * FORCE_TOLERANCE  # else the comparison says nothing
    for atom, axis in ((0, 0), (1, 1), (3, 2)):
        energies = []
        for step in (STEP_ANGSTROM, -STEP_ANGSTROM):
            moved = alloy()
            moved.positions[atom, axis] += step
            energies.append(loaded.energy(moved))
        slope = (energies[0] - energies[1]) / (2 * STEP_ANGSTROM)
        assert forces[atom, axis] == pytest.approx(-slope, abs=FORCE_TOLERANCE)


def test_stress_is_the_slope_of_the_energy_with_strain_per_volume(loaded: Loaded) -> None:
    """Positive where stretching costs energy, in eV/A^3, in the order xx, yy, zz, yz, xz, xy."""
    _, stress = loaded.mechanics(alloy())
    assert np.abs(stress).max() > 20 * STRESS_TOLERANCE
    for component, (i, j) in enumerate(((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))):
        energies = []
        for step in (STEP_STRAIN, -STEP_STRAIN):
            strain = np.zeros((3, 3))
            strain[i, j] += step / 2
            strain[j, i] += step / 2
            energies.append(loaded.energy(strained(alloy(), strain)))
        slope = (energies[0] - energies[1]) / (2 * STEP_STRAIN) / alloy().get_volume()
        assert stress[component] == pytest.approx(slope, abs=STRESS_TOLERANCE)


def test_energy_does_not_depend_on_the_cell(loaded: Loaded) -> None:
    atoms, expected = alloy(), loaded.energy(alloy())
    assert loaded.energy(atoms[[2, 0, 3, 1]]) == pytest.approx(expected, abs=4 * ENERGY_TOLERANCE)
    shifted = alloy()
    shifted.positions += [0.7, -1.3, 5.1]
    assert loaded.energy(shifted) == pytest.approx(expected, abs=4 * ENERGY_TOLERANCE)
    turned = alloy()
    turned.rotate(37.0, (1, 2, 3), rotate_cell=True)
    assert loaded.energy(turned) == pytest.approx(expected, abs=4 * ENERGY_TOLERANCE)


def test_energy_alone_equals_the_energy_with_forces(loaded: Loaded) -> None:
    atoms = alloy()
    atoms.calc = loaded.calculator
    atoms.get_forces()
    assert loaded.energy(alloy()) == pytest.approx(atoms.get_potential_energy(), abs=4 * ENERGY_TOLERANCE)


@pytest.mark.parametrize("potential_id", [name for name in READY if find(name).batches])
def test_several_structures_at_once_have_the_results_of_each_alone(potential_id: str) -> None:
    """Of several sizes, in a cell whose atoms see only images of themselves too."""
    loaded = load(potential_id)
    calculator: Any = loaded.calculator
    structures = [alloy(), make_supercell(alloy(), np.diag([1, 2, 1])), gold_atoms(2.9), alloy()[[2, 0, 3, 1]]]
    graphs = [calculator.graph_of(atoms) for atoms in structures]
    together = calculator.results_of(graphs, forces=True)
    energies_alone = calculator.results_of(graphs, forces=False)
    for atoms, results, energy_alone in zip(structures, together, energies_alone, strict=True):
        forces, stress = loaded.mechanics(atoms)
        assert results["energy"] / len(atoms) == pytest.approx(loaded.energy(atoms) / len(atoms), abs=ENERGY_TOLERANCE)
        assert energy_alone["energy"] / len(atoms) == pytest.approx(
            results["energy"] / len(atoms), abs=ENERGY_TOLERANCE
        )
        np.testing.assert_allclose(results["forces"], forces, atol=1e-4)
        atoms.calc = SinglePointCalculator(atoms, stress=results["stress"])
        np.testing.assert_allclose(atoms.get_stress(), stress, atol=1e-5)


@pytest.mark.skipif("chgnet" not in READY, reason="chgnet needs requirements-stability.txt")
def test_chgnet_gives_the_results_of_its_own_package() -> None:
    from chgnet.model.dynamics import CHGNetCalculator  # noqa: PLC0415 - absent where only the structural tier is
    from chgnet.model.model import CHGNet  # noqa: PLC0415 - see above

    package = CHGNetCalculator(CHGNet.load(verbose=False, use_device="cpu"), use_device="cpu")
    compare_with_package(load("chgnet"), package)


@pytest.mark.skipif("sevennet-0" not in READY, reason="sevennet needs requirements-stability.txt")
@pytest.mark.filterwarnings("ignore:No tensor product accelerator")
def test_sevennet_gives_the_results_of_its_own_package() -> None:
    from sevenn.calculator import SevenNetCalculator  # noqa: PLC0415 - absent where only the structural tier is

    compare_with_package(load("sevennet-0"), SevenNetCalculator(str(find("sevennet-0").checkpoint()), device="cpu"))


def compare_with_package(loaded: Loaded, package: Calculator) -> None:
    atoms = alloy()
    atoms.calc = package
    forces, stress = loaded.mechanics(alloy())
    assert loaded.energy(alloy()) == pytest.approx(atoms.get_potential_energy(), abs=4 * ENERGY_TOLERANCE)
    np.testing.assert_allclose(forces, atoms.get_forces(), atol=1e-4)
    np.testing.assert_allclose(stress, atoms.get_stress(), atol=1e-5)


@pytest.mark.parametrize("potential_id", READY)
def test_an_element_it_does_not_know_is_a_status(potential_id: str) -> None:
    unknown = next(number for number in range(118, 0, -1) if number not in find(potential_id).elements)
    radioactive = Crystal.from_arrays(np.eye(3) * 4, np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), np.array([79, unknown]))
    record, final = energy_of(Task(radioactive, potential_id, SinglePoint(), "cpu"))
    assert (record.status, record.energy, final) == ("unknown_element", None, True)
    assert record.detail == f"{potential_id} does not know Og"


def gold_atoms(distance: float) -> Atoms:
    """Simple cubic gold as ASE has it."""
    return Atoms("Au", cell=np.eye(3) * distance, pbc=True)


def gold(distance: float) -> Crystal:
    """Simple cubic gold, which every potential knows, with its neighbours this far away in angstrom."""
    return Crystal.from_arrays(np.eye(3) * distance, np.zeros((1, 3)), np.array([79]))


@pytest.mark.parametrize("potential_id", READY)
def test_atoms_without_a_neighbour_within_reach_have_no_energy(potential_id: str) -> None:
    reach = find(potential_id).reach
    near, _ = energy_of(Task(gold(reach - 0.05), potential_id, SinglePoint(), "cpu"))
    assert near.status == "ok"
    for beyond in (gold(reach + 0.05), gold(3 * reach)):
        record, final = energy_of(Task(beyond, potential_id, SinglePoint(), "cpu"))
        assert (record.status, record.energy, final) == ("failed", None, True)
        distance = f"{beyond.lattice[0, 0]:.4g}"
        assert record.detail == (
            f"{potential_id} sees no neighbour of atom 1 (Au): the nearest is {distance} angstrom away, its reach is "
            f"{reach:.4g}; that is the energy of a lone atom"
        )


@pytest.mark.parametrize("potential_id", READY)
def test_one_lone_atom_among_others_is_named(potential_id: str) -> None:
    reach = find(potential_id).reach
    edge = 2 * reach + 3.0
    coords = np.array([[0.0, 0, 0], [2.8 / edge, 0, 0], [0.5, 0.5, 0.5]])
    crystal = Crystal.from_arrays(np.eye(3) * edge, coords, np.array([79, 79, 29]))
    record, _ = energy_of(Task(crystal, potential_id, SinglePoint(), "cpu"))
    assert record.status == "failed"
    assert (record.detail or "").startswith(f"{potential_id} sees no neighbour of atom 3 (Cu): the nearest is ")


@pytest.mark.parametrize("potential_id", READY)
def test_the_reach_is_where_the_energy_stops_to_depend_on_the_distance(potential_id: str) -> None:
    """Two pairs far from each other: pulled apart within the reach the energy changes, beyond it does not."""
    loaded = load(potential_id)
    reach, bond = loaded.potential.reach, 2.8

    def energy(distance: float) -> float:
        places = [[0, 0, 0], [0, 0, bond], [distance, 0, 0], [distance, 0, bond]]
        return loaded.energy(Atoms("Au4", places, cell=[50, 50, 50], pbc=True))

    # the ends of both pairs stand face to face, and their next neighbours diagonally
    assert energy(reach + 0.01) == pytest.approx(energy(reach + 2.0), abs=ENERGY_TOLERANCE)
    assert abs(energy(reach - 1.5) - energy(reach + 2.0)) > ENERGY_TOLERANCE


@pytest.mark.parametrize("potential_id", [name for name in READY if name.startswith("sevennet")])
def test_sevennet_lists_the_elements_of_its_checkpoint(potential_id: str) -> None:
    """Its checkpoint lists them; of several levels of theory, one lacks those without a reference energy."""
    loaded = load(potential_id)
    calculator: Any = loaded.calculator
    known = set(calculator.type_map)
    if calculator.modal:
        reference_energies = calculator.sevennet_config["shift"][calculator.modal]
        known = {number for number in known if reference_energies[number] != 0}
    assert known == loaded.potential.elements


@pytest.mark.parametrize("potential_id", [name for name in READY if name.startswith("chgnet")])
def test_chgnet_lists_the_elements_it_was_fitted_to(potential_id: str) -> None:
    """Its checkpoint has a row for each up to Pu.

    A row of 64 weights that no structure moved keeps the length it was drawn with, about sqrt(64) = 8, and a reference
    energy that no structure decided is zero; in MPtrj's the least squares spread theirs, so only the rows tell there.
    """
    loaded = load(potential_id)
    model: Any = getattr(loaded.calculator, "model")  # noqa: B009 - an attribute of this class only
    lengths = np.linalg.norm(model.atom_embedding.embedding.weight.detach().numpy(), axis=1)
    reference_energies = np.abs(model.composition_model.fc.weight.detach().numpy().reshape(-1))
    fitted = (lengths > 10) & (reference_energies > 1e-9)
    assert {row + 1 for row in np.flatnonzero(fitted).tolist()} == loaded.potential.elements


def test_no_other_thread_computes() -> None:
    """One thread, one sum: a second run gives the same bits."""
    for potential_id in READY:
        loaded = load(potential_id)
        assert loaded.energy(alloy()) == loaded.energy(alloy())
