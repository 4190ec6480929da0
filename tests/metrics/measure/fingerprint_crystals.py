"""Real crystals, and the same in other cells and settings, for the tests of fingerprints and matching."""

from __future__ import annotations

import gzip
import json
import os
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pymatgen.analysis.prototypes
import pytest
from pymatgen.core.structure import Structure

from metrics.crystal import Crystal
from metrics.measure.structure.convert import from_structure

DATA = Path(os.environ.get("LEADERBOARD_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
SOURCES = ("mp", "alexandria", "oqmd", "aflow")


@cache
def prototypes() -> dict[str, Crystal]:
    """AFLOW prototype label -> its crystal, all that pymatgen ships; repeated labels are numbered."""
    path = Path(next(iter(pymatgen.analysis.prototypes.__path__))) / "aflow_prototypes.json.gz"
    with gzip.open(path) as file:
        entries = json.load(file)
    crystals: dict[str, Crystal] = {}
    for entry in entries:
        label = entry["tags"]["aflow"]
        repeats = sum(known.split("#")[0] == label for known in crystals)
        crystals[f"{label}#{repeats + 1}" if repeats else label] = _from_dict(entry["snl"])
    return crystals


def _from_dict(structure: dict[str, object]) -> Crystal:
    return from_structure(Structure.from_dict(structure))


def shared(path: str) -> Path:
    """Path of a file of the shared data; the test is skipped where it is absent."""
    if not (DATA / path).exists():
        pytest.skip(f"needs {DATA / path}; set LEADERBOARD_TEST_DATA to the folder of real data")
    return DATA / path


def lemat_cifs(source: str) -> dict[str, str]:
    """File name -> CIF text of one LeMat-Bulk source of the shared data."""
    table = pd.read_parquet(shared(f"reference/lemat_source_{source}.parquet"))
    return dict(zip(table["file"], table["cif"], strict=True))


@cache
def shared_cifs() -> dict[str, str]:
    """Source id -> CIF text of every crystal of the shared data, each id once: about 35,500."""
    cifs: dict[str, str] = {}
    for source in SOURCES:
        for file, cif in lemat_cifs(source).items():
            cifs.setdefault(Path(file).stem.removeprefix(f"{source}_"), cif)
    for path in sorted(shared("reference").glob("mp*.csv.gz")):
        table = pd.read_csv(path, usecols=["material_id", "cif"])
        for identifier, cif in zip(table["material_id"], table["cif"], strict=True):
            cifs.setdefault(identifier, cif)
    return cifs


def parsed(cif: str) -> Crystal:
    """A crystal as pymatgen's CIF reader gives it; its warnings (coordinates snapped to 1/3 ...) are expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return from_structure(Structure.from_str(cif, fmt="cif"))


def transformed(
    crystal: Crystal,
    *,
    supercell: np.ndarray | None = None,
    rotation: np.ndarray | None = None,
    shift: np.ndarray | None = None,
    order: np.random.Generator | None = None,
    noise: tuple[float, np.random.Generator] | None = None,
) -> Crystal:
    """The same crystal in another cell or setting.

    Args:
        crystal: the crystal as given.
        supercell: (3, 3) integers, rows of the new cell in terms of the old; determinant 1 is another basis.
        rotation: (3, 3) orthogonal matrix applied to Cartesian rows; determinant -1 mirrors.
        shift: (3,) fractional shift of the origin.
        order: shuffles the sites.
        noise: (standard deviation per Cartesian component in angstrom, generator), added to the sites.

    """
    lattice, frac, numbers = crystal.lattice, crystal.frac_coords, crystal.atomic_numbers
    if supercell is not None:
        n_cells = round(abs(np.linalg.det(supercell)))
        reach = np.arange(-np.abs(supercell).sum(), np.abs(supercell).sum() + 1)
        points = np.stack(np.meshgrid(reach, reach, reach, indexing="ij"), axis=-1).reshape(-1, 3)
        inside = points @ np.linalg.inv(supercell)
        points = points[((inside > -1e-9) & (inside < 1 - 1e-9)).all(axis=1)]
        assert len(points) == n_cells
        frac = ((frac[:, None, :] + points[None]) @ np.linalg.inv(supercell)).reshape(-1, 3)
        numbers = np.repeat(numbers, n_cells)
        lattice = supercell @ lattice
    if shift is not None:
        frac = frac + shift
    if noise is not None:
        sigma, generator = noise
        frac = frac + generator.normal(scale=sigma, size=frac.shape) @ np.linalg.inv(lattice)
    if rotation is not None:
        lattice = lattice @ rotation
    if order is not None:
        permutation = order.permutation(len(numbers))
        frac, numbers = frac[permutation], numbers[permutation]
    return Crystal.from_arrays(lattice, frac, numbers)


def random_rotation(generator: np.random.Generator, *, mirror: bool = False) -> np.ndarray:
    """Random orthogonal (3, 3) matrix, of determinant -1 if `mirror`."""
    rotation, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    return rotation if (np.linalg.det(rotation) < 0) == mirror else -rotation


def random_cell(generator: np.random.Generator, determinant: int) -> np.ndarray:
    """Random (3, 3) integers of the determinant given, skewed."""
    while True:
        cell = generator.integers(-2, 3, size=(3, 3))
        if round(np.linalg.det(cell)) == determinant:
            return cell


def anything_else(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    """Order, origin, rotation, mirror, basis and a supercell of 1-4 cells, all at once."""
    return transformed(
        crystal,
        supercell=random_cell(generator, int(generator.integers(1, 5))),
        rotation=random_rotation(generator, mirror=bool(generator.integers(2))),
        shift=generator.random(3),
        order=generator,
    )
