"""Real CIFs are read as pymatgen reads them where it reads them right, so that published fingerprints are met."""

from __future__ import annotations

import gzip
import os
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

from metrics.measure.fingerprint import METHODS
from submissions.elements import SYMBOLS
from submissions.formats.cif.order import BY_ELECTRONEGATIVITY
from tests.metrics.measure.fingerprint_crystals import SOURCES, lemat_cifs, shared
from tests.submissions.formats.cif.texts import read

DATA = Path(os.environ.get("LEADERBOARD_TEST_DATA", Path(__file__).parents[5] / "shared" / "data"))
PER_FILE = 60


def real_files() -> list[str]:
    files = [path for folder in ("submissions", "reference") for path in sorted((DATA / folder).glob("*"))]
    return [str(path) for path in files if path.name.endswith((".zip", ".parquet", ".csv.gz"))]


def real_cifs(path: Path) -> list[str]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return [archive.read(name).decode() for name in archive.namelist()]
    if path.suffix == ".parquet":
        return list(pd.read_parquet(path, columns=["cif"])["cif"])
    with gzip.open(path) as file:
        return list(pd.read_csv(file, usecols=["cif"])["cif"])


def by_pymatgen(text: str) -> Structure:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Structure.from_str(text, fmt="cif")


@pytest.mark.skipif(not real_files(), reason=f"no CIFs in {DATA}; set LEADERBOARD_TEST_DATA to the folder of real data")
@pytest.mark.parametrize("path", real_files(), ids=lambda path: Path(path).name)
def test_real_cifs_are_read_as_pymatgen_reads_them(path: str) -> None:
    # all 39,259 CIFs of the shared data agree in every bit
    texts = real_cifs(Path(path))
    for index in np.random.default_rng(20261129).choice(len(texts), min(PER_FILE, len(texts)), replace=False):
        crystal, structure = read(texts[index]), by_pymatgen(texts[index])
        np.testing.assert_array_equal(crystal.lattice, structure.lattice.matrix)
        np.testing.assert_array_equal(crystal.frac_coords, structure.frac_coords)
        assert crystal.atomic_numbers.tolist() == list(structure.atomic_numbers)


@pytest.mark.parametrize("source", SOURCES)
def test_bawl_of_what_is_read_is_the_published_string(source: str) -> None:
    # the oracle: strings computed with the published code, whose reader is pymatgen's
    oracle = pd.read_csv(shared("oracles/bawl.csv"), keep_default_na=False)
    cifs = lemat_cifs(source)
    rows = oracle[oracle["source"] == source]
    assert len(rows) > 100
    for file, bawl in zip(rows["file"], rows["bawl"], strict=True):
        assert METHODS["bawl"].compute(read(cifs[file])).fingerprint == bawl, file


def test_elements_are_in_the_order_of_pymatgen() -> None:
    assert sorted(BY_ELECTRONEGATIVITY) == sorted(set(SYMBOLS[:103]) - {"He", "Ne", "Ar"})
    by_pymatgen = sorted(map(Element, BY_ELECTRONEGATIVITY), key=lambda element: (element.X, element.symbol))
    assert list(BY_ELECTRONEGATIVITY) == [element.symbol for element in by_pymatgen]


@pytest.mark.parametrize("seed", range(30))
def test_sites_are_in_the_order_of_pymatgen(seed: int) -> None:
    # noble gases included, which have no electronegativity, and whose place follows from how they are compared
    random = np.random.default_rng(seed)
    elements = [
        *random.choice(["He", "Ne", "Ar", "Rf", "Og"], 1 + seed % 2, replace=False),
        *random.choice(SYMBOLS[:103], 3),
    ]
    symbols = random.choice(elements, int(random.integers(2, 40)))
    structure = Structure(
        Lattice.from_parameters(9, 10, 11, 80, 95, 100), symbols.tolist(), random.random((len(symbols), 3))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = str(structure.to(fmt="cif"))
    # pymatgen's writer sorts too; what is read is listed otherwise
    lines = text.splitlines()
    first = next(at for at, line in enumerate(lines) if "_atom_site_occupancy" in line) + 1
    rows = [lines[first + at] for at in random.permutation(len(symbols))]
    shuffled = "\n".join([*lines[:first], *rows, ""])
    expected = by_pymatgen(shuffled)
    crystal = read(shuffled)
    assert crystal.atomic_numbers.tolist() == list(expected.atomic_numbers)
    np.testing.assert_array_equal(crystal.frac_coords, expected.frac_coords)
