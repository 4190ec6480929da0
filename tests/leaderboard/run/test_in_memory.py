"""Structures in memory become records, whatever each of them is; one that is no crystal costs the others nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import IStructure, Molecule, Structure
from pymatgen.entries.computed_entries import ComputedEntry, ComputedStructureEntry
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from leaderboard.errors import RunError
from leaderboard.run.in_memory import records_of
from submissions.read import parse
from submissions.refusal import Reason, RecordRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from submissions.record import Record

SALT = Structure(Lattice.cubic(4.1), ["Cs", "Cl"], [[0.0, 0, 0], [0.5, 0.5, 0.5]])
LEFT = Structure(Lattice([[0, 4.1, 0], [4.1, 0, 0], [0, 0, 4.1]]), ["Cs", "Cl"], [[0.0, 0, 0], [0.5, 0.5, 0.5]])


class Unreadable:
    """An object that raises when it is asked for its content."""

    def as_dict(self) -> dict[str, object]:
        msg = "the file behind it is gone"
        raise OSError(msg)


def disordered_atoms() -> Atoms:
    atoms = bulk("NaCl", "rocksalt", a=5.6)
    atoms.info["occupancy"] = {"0": {"Na": 0.5, "K": 0.5}, "1": {"Cl": 1.0}}
    return atoms


def outcome(record: Record) -> Reason | None:
    try:
        crystal = parse(record)
    except RecordRefusedError as refused:
        return refused.reason
    assert crystal.n_sites == 2
    return None


READ: dict[str, Callable[[], object]] = {
    "Structure": lambda: SALT,
    "IStructure": lambda: IStructure.from_sites(SALT.sites),
    "SymmetrizedStructure": lambda: SpacegroupAnalyzer(SALT).get_symmetrized_structure(),
    "with oxidation states": lambda: SALT.copy().add_oxidation_state_by_element({"Cs": 1, "Cl": -1}),
    "left-handed": lambda: LEFT,
    "Atoms": lambda: bulk("NaCl", "rocksalt", a=5.6),
    "as_dict()": SALT.as_dict,
    "dict with arrays": lambda: {**SALT.as_dict(), "lattice": {"matrix": np.asarray(SALT.lattice.matrix)}},
    "ComputedStructureEntry": lambda: ComputedStructureEntry(SALT, -1.0),
    "todict()": lambda: bulk("NaCl", "rocksalt", a=5.6).todict(),
}
REFUSED: dict[str, tuple[Callable[[], object], Reason]] = {
    "None": (lambda: None, Reason.EMPTY),
    "Molecule": (lambda: Molecule(["H"], [[0, 0, 0]]), Reason.NOT_PERIODIC),
    "Atoms without a cell": (lambda: Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.7]]), Reason.NOT_PERIODIC),
    "Atoms without pbc": (lambda: Atoms("H", cell=[4, 4, 4]), Reason.NOT_PERIODIC),
    "Atoms of dummies": (lambda: Atoms("X", cell=[4, 4, 4], pbc=True), Reason.UNKNOWN_ELEMENT),
    "empty Atoms": (lambda: Atoms(cell=[4, 4, 4], pbc=True), Reason.EMPTY),
    "disordered Structure": (
        lambda: Structure(Lattice.cubic(4), [{"Na": 0.5, "K": 0.5}], [[0, 0, 0]]),
        Reason.PARTIAL_OCCUPANCY,
    ),
    "disordered Atoms": (disordered_atoms, Reason.PARTIAL_OCCUPANCY),
    "a slab's pbc": (
        lambda: Structure(Lattice(np.eye(3) * 4, (True, True, False)), ["Na"], [[0, 0, 0]]),
        Reason.NOT_PERIODIC,
    ),
    "NaN": (lambda: Structure(Lattice.cubic(4), ["Na"], [[np.nan, 0, 0]]), Reason.NOT_FINITE),
    "flat": (lambda: Atoms("H", cell=[[4, 0, 0], [0, 4, 0], [4, 4, 0]], pbc=True), Reason.ZERO_VOLUME),
    "text": (lambda: "data_x", Reason.UNREADABLE_FORMAT),
    "number": (lambda: 7, Reason.UNREADABLE_FORMAT),
    "dict of anything": (lambda: {"a": 1}, Reason.MALFORMED),
    "dict of no JSON": (lambda: {"lattice": object()}, Reason.MALFORMED),
    "ComputedEntry": (lambda: ComputedEntry("NaCl", -1.0), Reason.FOREIGN_CLASS),
    "an object that raises": (Unreadable, Reason.MALFORMED),
}


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING")  # spglib's, of pymatgen's analyser
@pytest.mark.parametrize("kind", READ)
def test_crystals_of_every_kind_are_read(kind: str) -> None:
    assert [outcome(record) for record in records_of([SALT, READ[kind](), SALT], None)] == [None, None, None]


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_crystal_is_one_refused_record_with_its_reason(kind: str) -> None:
    make, why = REFUSED[kind]
    assert [outcome(record) for record in records_of([SALT, make(), SALT], None)] == [None, why, None]


def test_a_left_handed_structure_keeps_its_places() -> None:
    (record,) = records_of([LEFT], None)
    crystal = parse(record)
    assert np.linalg.det(crystal.lattice) > 0
    steps = (crystal.cart_coords - LEFT.cart_coords) @ np.linalg.inv(LEFT.lattice.matrix)
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-12)


def test_ids_are_an_iterable_or_the_keys_of_a_mapping() -> None:
    assert [record.id for record in records_of([SALT, SALT], None)] == ["0", "1"]
    assert [record.id for record in records_of(iter([SALT, SALT, SALT]), (name for name in ("a", 7, "a")))] == [
        "a",
        "7",
        "a#2",
    ]
    assert [record.id for record in records_of({"x": SALT, "y": None}, None)] == ["x", "y"]
    with pytest.raises(ValueError, match="2 ids for 1 structures"):
        records_of([SALT], ["a", "b"])
    with pytest.raises(ValueError, match="whose keys are the ids"):
        records_of({"x": SALT}, ["a"])


def test_one_structure_is_not_taken_for_its_sites() -> None:
    for single in (SALT, bulk("Cu"), SALT.as_dict(), "a.cif"):
        with pytest.raises(TypeError, match="put it into a list"):
            records_of(single, None)


def test_an_iterable_that_raises_says_what_and_after_how_many() -> None:
    def generated() -> Iterator[Structure]:
        yield SALT
        yield SALT
        msg = "out of memory"
        raise MemoryError(msg)

    with pytest.raises(RunError, match="raised MemoryError: out of memory, after 2 structures") as caught:
        records_of(generated(), None)
    assert isinstance(caught.value.__cause__, MemoryError)
