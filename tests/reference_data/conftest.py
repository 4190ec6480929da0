"""A small set of our own making: one disguised copy, one polymorph, and one row for each way to be refused."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from metrics.measure.running.local_engine import LocalEngine
from reference_data.build.build_set import build_set

DATA = Path(os.environ.get("LEADERBOARD_TEST_DATA", Path(__file__).resolve().parents[2] / "../shared/data"))

ROCKSALT = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
SILICON = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])
DEFINITION = """\
name = "small"
title = "Six crystals for tests"
licence = "CC0-1.0"
indicative = true
not_for = "Anything but tests."

[[sources]]
kind = "structure_table"
name = "first"
title = "The first table"
licence = "CC0-1.0"
citation = "Nobody, Nowhere (2026)"
doi = ["10.1000/first"]
url = "https://example.org/first"
path = "first.csv.gz"
id_column = "material_id"

[[sources]]
kind = "structure_table"
name = "second"
title = "The second table"
licence = "CC0-1.0"
citation = "Nobody, Nowhere (2026)"
doi = ["10.1000/second"]
url = "https://example.org/second"
path = "second.parquet"
structure_column = "text"
id_column = "id"
bawl_column = "published"
"""


def cif(structure: Structure) -> str:
    """The structure as CIF text."""
    return str(structure.to(fmt="cif"))


@pytest.fixture(scope="session")
def small_definition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The definition of a small set with its two tables beside it."""
    folder = tmp_path_factory.mktemp("definition")
    isolated = Structure(Lattice.cubic(30), ["Xe"], [[0, 0, 0]])
    disordered = Structure(Lattice.cubic(3.9), [{"Cu": 0.5, "Au": 0.5}], [[0, 0, 0]])
    first = {
        "b-salt": cif(ROCKSALT),
        "b-silicon": cif(SILICON),
        "b-alone": cif(isolated),
        "b-mixed": cif(disordered),
        "b-garbage": "data_nothing\n_cell_length_a what\n",
        "b-empty": "",
    }
    table = pa.table({"material_id": list(first), "other": [1.5] * len(first), "cif": list(first.values())})
    with pa.output_stream(folder / "first.csv.gz", compression="gzip") as stream:
        pa_csv.write_csv(table, stream)

    copy = ROCKSALT.get_primitive_structure().make_supercell([2, 1, 1], in_place=False)
    second = [
        ("a-salt", cif(copy), "published-salt"),
        ("c-salt-cscl", cif(Structure(Lattice.cubic(3.5), ["Na", "Cl"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])), None),
        ("b-silicon", cif(SILICON), None),
        ("c-copper", cif(Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.61), ["Cu"], [[0, 0, 0]])), "x"),
    ]
    columns = zip(*second, strict=True)
    pq.write_table(pa.table(dict(zip(("id", "text", "published"), columns, strict=True))), folder / "second.parquet")
    path = folder / "small.toml"
    path.write_text(DEFINITION, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def small_set(small_definition: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small set, built; do not change it."""
    out = tmp_path_factory.mktemp("sets") / "small"
    build_set(small_definition, out, start_engine=partial(LocalEngine, 1), report=print)
    return out


@pytest.fixture
def small_copy(small_set: Path, tmp_path: Path) -> Path:
    """A copy of the small set to spoil."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in small_set.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.fixture
def lemat_source_mp() -> Path:
    """Real crystals of Materials Project as LeMat-Bulk has them, one CIF per row."""
    path = DATA / "reference" / "lemat_source_mp.parquet"
    if not path.is_file():
        pytest.skip(f"no {path}; set LEADERBOARD_TEST_DATA to the folder of test data")
    return path
