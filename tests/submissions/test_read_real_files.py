"""Really generated structures, read as pymatgen's own reader reads them."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pymatgen.core.composition import Composition
from pymatgen.core.structure import Structure

from submissions.elements import SYMBOLS
from submissions.read import parse, split

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LEADERBOARD_TEST_DATA", ROOT.parent / "shared" / "data"))
needs_data = pytest.mark.skipif(
    not (DATA / "submissions").is_dir(),
    reason=f"no test data in {DATA}; set LEADERBOARD_TEST_DATA to the folder that holds it",
)


@needs_data
@pytest.mark.parametrize(
    ("name", "count"), [("mattergen", 500), ("cdvae", 478), ("ion_exchange", 500), ("random_prototypes", 492)]
)
def test_every_record_of_a_real_submission_has_its_own_id(name: str, count: int) -> None:
    # Counts of the members, as zipfile lists them.
    path = DATA / "submissions" / f"{name}.zip"
    ids = [record.id for record in split(path)]
    with zipfile.ZipFile(path) as archive:
        assert [f"{one}.cif" for one in ids] == archive.namelist()
    assert len(set(ids)) == count


@needs_data
def test_structures_are_those_of_the_reference_reader() -> None:
    path = DATA / "submissions" / "mattergen.zip"
    with zipfile.ZipFile(path) as archive:
        for record in split(path):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = Structure.from_str(archive.read(f"{record.id}.cif").decode(), fmt="cif")
            crystal = parse(record)
            np.testing.assert_array_equal(crystal.lattice, expected.lattice.matrix)
            np.testing.assert_array_equal(crystal.frac_coords, expected.frac_coords)
            assert crystal.atomic_numbers.tolist() == list(expected.atomic_numbers)


@needs_data
def test_formulas_and_sites_are_those_for_which_fingerprints_are_published() -> None:
    rows = pd.read_csv(DATA / "oracles" / "bawl.csv").set_index("file")
    met = 0
    for source, expected in rows.groupby("source"):
        for record in split(DATA / "reference" / f"lemat_source_{source}.parquet"):
            if record.id in expected.index:
                crystal = parse(record)
                assert crystal.n_sites == expected.loc[record.id, "n_sites"]
                formula = Composition(str(expected.loc[record.id, "formula"]))
                elements = [SYMBOLS[number - 1] for number in crystal.atomic_numbers]
                assert {symbol: elements.count(symbol) for symbol in elements} == formula.as_dict()
                met += 1
    assert met == len(rows)


def test_reading_and_cards_are_imported_without_chemistry_packages() -> None:
    code = (
        "import sys, submissions.read, submissions.card, submissions.limits\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'pymatgen', 'ase', 'spglib', 'torch', 'scipy'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
