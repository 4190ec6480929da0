"""One crystal written in every format, by the programs that people use, is the same crystal read from each.

The law is over random cells, left-handed and skewed ones included, random elements and places.
"""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ase.db
import ase.io
import ase.io.jsonio
import numpy as np
import pytest
from ase import Atoms
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.entries.computed_entries import ComputedStructureEntry
from pymatgen.io.ase import AseAtomsAdaptor

from metrics.crystal import Crystal
from reference_data.sources.row import crystal_of, crystal_of_arrays
from submissions.read import parse, split
from submissions.refusal import Reason, RecordRefusedError
from tests.submissions.packing import optimade, table

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.filterwarnings("ignore:No Pauling electronegativity")  # said while pymatgen writes
EXACT, DIGITS_8 = 1e-9, 1e-6
"""Largest difference of a distance in angstrom: of formats that keep all digits, and of those that write eight."""
MAX_SKEW = 3
MERGED = 0.1
"""Sites of a CIF nearer than this may be images of one."""


@st.composite
def crystals(draw: st.DrawFn) -> Crystal:
    """A cell of any handedness and skew, with places on a grid that eight digits hold."""
    lengths = [draw(st.integers(20_000, 90_000)) / 10_000 for _ in range(3)]
    cell = np.diag(lengths)
    for row, column in ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)):
        cell[row, column] = draw(st.integers(-8_000, 8_000)) / 10_000
    skew = np.eye(3, dtype=int)
    skew[draw(st.integers(0, 1)), 2] = draw(st.integers(-MAX_SKEW, MAX_SKEW))
    lattice = np.round(skew @ cell * draw(st.sampled_from([1, -1])), 4)
    n_sites = draw(st.integers(1, 6))
    coords = [[draw(st.integers(-(10**8), 2 * 10**8)) / 10**8 for _ in range(3)] for _ in range(n_sites)]
    numbers = [draw(st.integers(1, 94)) for _ in range(n_sites)]
    return Crystal.from_arrays(lattice, coords, numbers)


def to_pymatgen(crystal: Crystal) -> Structure:
    return Structure(Lattice(crystal.lattice), crystal.atomic_numbers.tolist(), crystal.frac_coords)


def to_ase(crystal: Crystal) -> Atoms:
    return Atoms(crystal.atomic_numbers, cell=crystal.lattice, scaled_positions=crystal.frac_coords, pbc=True)


def written_by_ase(crystal: Crystal, file_format: str, **options: Any) -> str:  # noqa: ANN401 - of each writer
    buffer = io.StringIO()
    ase.io.write(buffer, to_ase(crystal), format=file_format, **options)
    return buffer.getvalue()


def ase_database(crystal: Crystal, name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        with ase.db.connect(path) as database:
            database.write(to_ase(crystal))
        return path.read_bytes()


def fractional_entry(crystal: Crystal) -> dict[str, Any]:
    entry = optimade(to_pymatgen(crystal), "x")
    del entry["attributes"]["cartesian_site_positions"]
    entry["attributes"]["fractional_site_positions"] = crystal.frac_coords.tolist()
    return entry


def poscar(crystal: Crystal, *, volume: bool = False, symbols_at_sites: bool = False, cartesian: bool = False) -> str:
    """As VASP 5 reads it, or VASP 4 with the symbols at the sites; a negative scale is the volume."""
    structure = to_pymatgen(crystal)
    scale = repr(-abs(float(np.linalg.det(crystal.lattice)))) if volume else "1.0D0"
    symbols = [str(site.specie) for site in structure]
    counts = " ".join("1" for _ in symbols)
    places = crystal.cart_coords if cartesian else crystal.frac_coords
    rows = [" ".join(map(repr, row)) for row in places.tolist()]
    if symbols_at_sites:
        rows = [f"{row} {symbol}" for row, symbol in zip(rows, symbols, strict=True)]
    head = ["a comment", scale, *(" ".join(map(repr, row)) for row in crystal.lattice.tolist())]
    head += [counts] if symbols_at_sites else [" ".join(symbols), counts]
    return "\n".join([*head, "Cartesian" if cartesian else "Direct", *rows]) + "\n"


def new_style_xyz(crystal: Crystal) -> str:
    rows = [
        f"{site.specie} {' '.join(map(repr, place))}"
        for site, place in zip(to_pymatgen(crystal), crystal.cart_coords.tolist(), strict=True)
    ]
    head = f"Lattice={crystal.lattice.tolist()} Properties=species:S:1:pos:R:3 pbc=[T, T, T]"
    return "\n".join([str(len(rows)), head, *rows, "# the end", ""])


def dumped(value: object) -> str:
    return json.dumps(value)


FORMATS: dict[str, tuple[Callable[[Crystal], str | bytes], float]] = {
    "pymatgen JSON": (lambda crystal: dumped(to_pymatgen(crystal).as_dict()), EXACT),
    "pymatgen JSON by id": (lambda crystal: dumped({"gen_0": to_pymatgen(crystal).as_dict()}), EXACT),
    "str() of a pymatgen dict": (lambda crystal: str([to_pymatgen(crystal).as_dict()]), EXACT),
    "pymatgen POSCAR": (lambda crystal: str(to_pymatgen(crystal).to(fmt="poscar")), EXACT),
    "pymatgen CIF": (lambda crystal: str(to_pymatgen(crystal).to(fmt="cif")), DIGITS_8),
    "pymatgen entry": (lambda crystal: dumped([ComputedStructureEntry(to_pymatgen(crystal), -1.0).as_dict()]), EXACT),
    "MSONAtoms": (lambda crystal: dumped(AseAtomsAdaptor.get_atoms(to_pymatgen(crystal)).as_dict()), EXACT),
    "table of JSON": (
        lambda crystal: table(["id", "Structure"], [("a", dumped(to_pymatgen(crystal).as_dict()))]),
        EXACT,
    ),
    "ASE extended XYZ": (lambda crystal: written_by_ase(crystal, "extxyz"), DIGITS_8),
    "ASE POSCAR": (lambda crystal: written_by_ase(crystal, "vasp", direct=True), EXACT),
    "ASE CIF": (lambda crystal: written_by_ase_as_bytes(crystal, "cif"), DIGITS_8),
    "ASE JSON database": (lambda crystal: ase_database(crystal, "a.json"), EXACT),
    "ASE SQLite database": (lambda crystal: ase_database(crystal, "a.db"), EXACT),
    "ASE Atoms as JSON": (lambda crystal: ase.io.jsonio.encode([to_ase(crystal).todict()]), EXACT),
    "OPTIMADE": (lambda crystal: dumped({"data": [optimade(to_pymatgen(crystal), "x")]}), EXACT),
    "OPTIMADE, fractional": (lambda crystal: dumped({"data": fractional_entry(crystal)}), EXACT),
    "POSCAR with a volume": (lambda crystal: poscar(crystal, volume=True), EXACT),
    "POSCAR of VASP 4": (lambda crystal: poscar(crystal, symbols_at_sites=True), EXACT),
    "POSCAR, Cartesian": (lambda crystal: poscar(crystal, cartesian=True), EXACT),
    "new extended XYZ": (new_style_xyz, EXACT),
    "UTF-16": (lambda crystal: poscar(crystal).encode("utf-16"), EXACT),
}
CIFS = {"pymatgen CIF", "ASE CIF"}
MIRRORED = {*CIFS, "pymatgen POSCAR"}
"""Written from a left-handed cell these hold the mirror image: a CIF has no vectors, and pymatgen turns the vectors of
a POSCAR round without the places."""


def written_by_ase_as_bytes(crystal: Crystal, file_format: str) -> bytes:
    buffer = io.BytesIO()
    ase.io.write(buffer, to_ase(crystal), format=file_format)
    return buffer.getvalue()


def read_one(content: str | bytes) -> Crystal:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        (record,) = split(path)
        return parse(record)


def environments(crystal: Crystal) -> list[tuple[int, int, float]]:
    """Elements and shortest periodic distance of every pair of sites, and the lengths of the shortest cell."""
    lattice = Lattice(crystal.lattice)
    distances = lattice.get_all_distances(crystal.frac_coords, crystal.frac_coords)
    numbers = crystal.atomic_numbers.tolist()
    pairs = [
        (*sorted((numbers[one], numbers[other])), float(distances[one, other]))
        for one in range(len(numbers))
        for other in range(one)
    ]
    return sorted((*pairs, *((0, 0, length) for length in lattice.get_niggli_reduced_lattice().abc)))


def assert_same(crystal: Crystal, given_crystal: Crystal, tolerance: float) -> None:
    assert np.linalg.det(crystal.lattice) > 0
    assert sorted(crystal.atomic_numbers) == sorted(given_crystal.atomic_numbers)
    assert crystal.volume == pytest.approx(given_crystal.volume, rel=10 * tolerance)
    for one, other in zip(environments(crystal), environments(given_crystal), strict=True):
        assert one[:2] == other[:2]
        assert one[2] == pytest.approx(other[2], abs=10 * tolerance)


def assert_in_place(crystal: Crystal, given_crystal: Crystal, tolerance: float) -> None:
    """Every atom stands where it stood, up to vectors of the lattice: the crystal, not its mirror image."""
    assert crystal.atomic_numbers.tolist() == given_crystal.atomic_numbers.tolist()
    for difference in (crystal.cart_coords - given_crystal.cart_coords, crystal.lattice):
        steps = difference @ np.linalg.inv(given_crystal.lattice)
        np.testing.assert_allclose(steps, np.rint(steps), atol=10 * tolerance)


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(crystal=crystals())
def test_the_crystal_read_is_the_crystal_written(kind: str, crystal: Crystal) -> None:
    write, tolerance = FORMATS[kind]
    if kind in CIFS:
        assume(all(distance > MERGED for *_, distance in environments(crystal)))
    found = read_one(write(crystal))
    assert_same(found, crystal, tolerance)
    if kind not in MIRRORED:
        assert_in_place(found, crystal, tolerance)


@settings(max_examples=25, deadline=None)
@given(crystal=crystals())
def test_formats_that_keep_the_digits_give_one_hash(crystal: Crystal) -> None:
    exact = {kind for kind, (_, tolerance) in FORMATS.items() if tolerance == EXACT} - {
        *MIRRORED,
        "POSCAR with a volume",
    }
    hashes = {kind: read_one(FORMATS[kind][0](crystal)).sha256 for kind in exact}
    assert len(set(hashes.values())) == 1, hashes


@settings(max_examples=25, deadline=None)
@given(crystal=crystals())
def test_sources_of_reference_sets_read_what_submissions_read(crystal: Crystal) -> None:
    submitted = read_one(dumped(to_pymatgen(crystal).as_dict())).sha256
    assert crystal_of(to_pymatgen(crystal).as_dict()).sha256 == submitted
    numbers = crystal.atomic_numbers.tolist()
    arrays = (crystal.lattice.tolist(), crystal.frac_coords.tolist(), numbers)
    assert crystal_of_arrays(*arrays, cartesian=False).sha256 == submitted
    assert crystal_of_arrays(arrays[0], crystal.cart_coords.tolist(), numbers, cartesian=True).sha256 == submitted


COINCIDENT = Crystal.from_arrays(np.eye(3) * 4, [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]], [11, 17])


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind not in MIRRORED])
def test_two_atoms_on_one_place_are_read_and_left_to_their_distance(kind: str) -> None:
    *elements, distance = environments(read_one(FORMATS[kind][0](COINCIDENT)))[-1]
    assert (*elements, round(distance, 6)) == (11, 17, 0.0)


def disordered() -> Structure:
    return Structure(Lattice.cubic(4), [{"Cs": 0.5, "Rb": 0.5}, "Cl"], [[0.0, 0, 0], [0.5, 0.5, 0.5]])


def disordered_atoms(occupancy: object = None) -> Atoms:
    atoms = Atoms("CsCl", cell=[4, 4, 4], scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True)
    atoms.info["occupancy"] = occupancy or {"0": {"Cs": 0.5, "Rb": 0.5}, "1": {"Cl": 1.0}}
    atoms.set_array("spacegroup_kinds", np.array([0, 1]))
    return atoms


def ase_text(atoms: Atoms) -> str:
    buffer = io.StringIO()
    ase.io.write(buffer, atoms, format="extxyz")
    return buffer.getvalue()


def disordered_entry(**species: object) -> str:
    entry = optimade(Structure(Lattice.cubic(4), ["Cs"], [[0, 0, 0]]), "x")
    entry["attributes"]["species"][0] |= species
    return dumped([entry])


DISORDERED: dict[str, Callable[[], str | bytes]] = {
    "pymatgen dict": lambda: dumped(disordered().as_dict()),
    "pymatgen CIF": lambda: str(disordered().to(fmt="cif")),
    "vacancies as an occupancy below 1": lambda: dumped(
        Structure(Lattice.cubic(4), [{"Cs": 0.9}], [[0, 0, 0]]).as_dict()
    ),
    "ASE extended XYZ": lambda: ase_text(disordered_atoms()),
    "ASE extended XYZ, one species": lambda: ase_text(disordered_atoms({"0": {"Cs": 0.7}, "1": {"Cl": 1}})),
    "ASE Atoms as JSON": lambda: ase.io.jsonio.encode(disordered_atoms().todict()),
    "a column of occupancies": lambda: (
        '1\nLattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3:occupancy:R:1\nNa 0 0 0 0.5\n'
    ),
    "OPTIMADE, two elements": lambda: disordered_entry(chemical_symbols=["Cs", "Rb"], concentration=[0.5, 0.5]),
    "OPTIMADE, below 1": lambda: disordered_entry(concentration=[0.8]),
    "OPTIMADE, vacancies": lambda: disordered_entry(chemical_symbols=["Cs", "vacancy"], concentration=[0.5, 0.5]),
    "OPTIMADE, attached atoms": lambda: disordered_entry(attached=["H"], nattached=[4]),
}


@pytest.mark.parametrize("kind", DISORDERED)
def test_disorder_is_seen_wherever_a_format_says_it(kind: str) -> None:
    with pytest.raises(RecordRefusedError) as caught:
        read_one(DISORDERED[kind]())
    assert caught.value.reason is Reason.PARTIAL_OCCUPANCY


def test_order_that_a_format_states_is_no_disorder() -> None:
    atoms = disordered_atoms({"0": {"Cs": 1.0}, "1": {"Cl": 1.0}, "2": {"Cs": 0.5, "Rb": 0.5}})
    texts = [
        ase_text(atoms),
        ase.io.jsonio.encode(atoms.todict()),
        disordered_entry(chemical_symbols=["Cs", "vacancy"], concentration=[1.0, 0.0], attached=[]),
        dumped(Structure(Lattice.cubic(4), ["Cs+"], [[0, 0, 0]]).as_dict()),
    ]
    assert [read_one(text).atomic_numbers[0] for text in texts] == [55, 55, 55, 55]
