"""Crystals made by rule: known prototypes with their elements exchanged, and other descriptions of a crystal."""

from __future__ import annotations

import gzip
import json
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

import numpy as np
from pymatgen.core.periodic_table import Species
from pymatgen.core.structure import Structure

from metrics.crystal import Crystal
from metrics.measure.structure.convert import from_structure


@dataclass(frozen=True)
class Prototype:
    """A crystal of the AFLOW library whose elements can be exchanged.

    Attributes:
        name: as in a file name.
        label: AFLOW label, as shipped with pymatgen.
        ions: its own ions; the bond between the last two sets the length scale.

    """

    name: str
    label: str
    ions: tuple[str, ...]

    def decorate(self, *ions: str) -> Crystal:
        """Put other ions in the place of its own and scale all lengths by the ratio of the new bond to the old."""
        structure = library()[self.label]
        new = {Species.from_str(old).Z: Species.from_str(ion) for old, ion in zip(self.ions, ions, strict=True)}
        scale = _bond_length(*ions[-2:]) / _bond_length(*self.ions[-2:])
        numbers = [new[int(number)].Z for number in structure.atomic_numbers]
        return Crystal.from_arrays(structure.lattice * scale, structure.frac_coords, numbers)


ROCKSALT = Prototype("rocksalt", "AB_cF8_225_a_b", ("Na+", "Cl-"))
CESIUM_CHLORIDE = Prototype("cesium_chloride", "AB_cP2_221_b_a", ("Cs+", "Cl-"))
ZINCBLENDE = Prototype("zincblende", "AB_cF8_216_c_a", ("Zn2+", "S2-"))
NICKEL_ARSENIDE = Prototype("nickel_arsenide", "AB_hP4_194_c_a", ("Ni3+", "As3-"))
FLUORITE = Prototype("fluorite", "AB2_cF12_225_a_c", ("Ca2+", "F-"))
RUTILE = Prototype("rutile", "A2B_tP6_136_f_a", ("Ti4+", "O2-"))
CADMIUM_IODIDE = Prototype("cadmium_iodide", "AB2_hP3_164_a_d", ("Cd2+", "I-"))
PEROVSKITE = Prototype("perovskite", "AB3C_cP5_221_a_c_b", ("Ca2+", "Ti4+", "O2-"))
SPINEL = Prototype("spinel", "A2BC4_cF56_227_d_a_e", ("Mg2+", "Al3+", "O2-"))
HALF_HEUSLER = Prototype("half_heusler", "ABC_cF12_216_b_c_a", ("Mg2+", "Ag+", "As3-"))
CHALCOPYRITE = Prototype("chalcopyrite", "ABC2_tI16_122_a_b_d", ("Cu+", "Fe3+", "S2-"))
LAYERED = Prototype("layered", "ABC2_hR4_166_a_b_c", ("Na+", "Cr3+", "S2-"))
MATLOCKITE = Prototype("matlockite", "ABC_tP6_129_c_a_c", ("Cl-", "Pb2+", "F-"))


def _bond_length(*ions: str) -> float:
    """Sum of the radii of two ions in angstrom: ionic where both are known, else atomic (pymatgen's tables)."""
    species = [Species.from_str(ion) for ion in ions]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No (default )?ionic radius", category=UserWarning)
        ionic = [float(ion.ionic_radius) for ion in species if ion.ionic_radius]
    atomic = [float(ion.element.atomic_radius) for ion in species if ion.element.atomic_radius]
    for radii in (ionic, atomic):
        if len(radii) == len(ions):
            return sum(radii)
    message = f"no radius of one kind is known for both of {ions}"
    raise ValueError(message)


@cache
def library() -> dict[str, Crystal]:
    """First crystal of each label of the AFLOW library (Mehl et al. 2017, DOI 10.1016/j.commatsci.2017.01.017)."""
    packed = files("pymatgen.analysis").joinpath("prototypes/aflow_prototypes.json.gz").read_bytes()
    crystals: dict[str, Crystal] = {}
    for entry in json.loads(gzip.decompress(packed)):
        crystals.setdefault(entry["tags"]["aflow"], from_structure(Structure.from_dict(entry["snl"])))
    return crystals


def shuffle(crystal: Crystal, seed: int) -> Crystal:
    """Sites in another order, around another origin."""
    random = Random(seed)  # noqa: S311 - reproducible, not secret
    order = random.sample(range(crystal.n_sites), crystal.n_sites)
    shift = [random.random() for _ in range(3)]
    return Crystal.from_arrays(crystal.lattice, crystal.frac_coords[order] + shift, crystal.atomic_numbers[order])


def repeat(crystal: Crystal, a: int, b: int, c: int) -> Crystal:
    """A supercell of a x b x c cells."""
    times = np.array([a, b, c])
    steps = np.array([[i, j, k] for i in range(a) for j in range(b) for k in range(c)])
    coords = ((crystal.frac_coords[:, None, :] + steps) / times).reshape(-1, 3)
    return Crystal.from_arrays(crystal.lattice * times[:, None], coords, np.repeat(crystal.atomic_numbers, len(steps)))


def reshape_cell(crystal: Crystal) -> Crystal:
    """The same lattice by other, skewed cell vectors (determinant 1)."""
    change = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 1]])
    return Crystal.from_arrays(
        change @ crystal.lattice, crystal.frac_coords @ np.linalg.inv(change), crystal.atomic_numbers
    )


def rattle(crystal: Crystal, seed: int, reach: float = 0.02) -> Crystal:
    """Each site moved by up to ``reach`` angstrom along each Cartesian axis."""
    random = Random(seed)  # noqa: S311 - reproducible, not secret
    moves = np.array([[random.uniform(-reach, reach) for _ in range(3)] for _ in range(crystal.n_sites)])
    coords = crystal.frac_coords + moves @ np.linalg.inv(crystal.lattice)
    return Crystal.from_arrays(crystal.lattice, coords, crystal.atomic_numbers)


def stretch(crystal: Crystal, factor: float) -> Crystal:
    """All lengths multiplied by ``factor``."""
    return Crystal.from_arrays(crystal.lattice * factor, crystal.frac_coords, crystal.atomic_numbers)
