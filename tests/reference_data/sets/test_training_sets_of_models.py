"""The sets that models are trained on, from their definitions and files in the schema in which they are published.

Schemas: MP-20 as in the repository of CDVAE (the header of its train.csv); Alex-MP-20 as released with MatterGen, whose
data have the fields named here. The crystals are of the starter set, written as CIF by pymatgen as in those files.
"""

from __future__ import annotations

import csv
import gzip
import io
from functools import partial
from typing import TYPE_CHECKING

import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from metrics.measure.running.local_engine import LocalEngine
from reference_data.build.build_set import build_set
from reference_data.build.verify import differences
from reference_data.reference import SETS, named_set, open_reference
from submissions.elements import SYMBOLS
from tests.reference_data.conftest import DATA

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from metrics.crystal import Crystal

MP_20 = ",material_id,formation_energy_per_atom,band_gap,pretty_formula,e_above_hull,elements,cif,spacegroup.number"
ALEX_MP_20 = (
    "material_id,reduced_formula,space_group,chemical_system,num_sites,cif,dft_band_gap,dft_mag_density,"
    "dft_bulk_modulus,energy_above_hull,ml_bulk_modulus,hhi_score"
)
N = 8


def cif(crystal: Crystal) -> str:
    symbols = [SYMBOLS[number - 1] for number in crystal.atomic_numbers]
    return str(Structure(Lattice(crystal.lattice), symbols, crystal.frac_coords).to(fmt="cif"))


def write(path: Path, header: str, rows: Sequence[tuple[str, str]]) -> None:
    """Rows of an id and a CIF; the other fields are empty, as nothing reads them."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header.split(","), lineterminator="\n")
        writer.writeheader()
        writer.writerows({"material_id": identifier, "cif": text} for identifier, text in rows)


@pytest.mark.parametrize(
    ("name", "folder", "header", "parts", "n_read", "n_crystals"),
    [
        # each part has two crystals of its own and the first one of all; one row of the last part cannot be read
        ("mp-20", "mp_20", MP_20, ("train", "val", "test"), 10, 7),
        ("mp-20-train", "mp_20", MP_20, ("train", "val", "test"), 3, 3),
        ("alex-mp-20", "alex_mp_20", ALEX_MP_20, ("train", "val"), 7, 5),
    ],
)
def test_a_set_builds_from_files_in_the_published_schema(
    name: str, folder: str, header: str, parts: Sequence[str], n_read: int, n_crystals: int, tmp_path: Path
) -> None:
    starter = open_reference("starter")
    texts = [cif(known.crystal) for known in starter.crystals(range(100, 100 + 40 * N, 40))]
    for number, part in enumerate(parts):
        shared = (f"mp-{part}", texts[0])
        alone = [(f"agm{number}{at}", texts[at]) for at in (1 + 2 * number, 2 + 2 * number)]
        broken = [("mp-broken", "data_nothing\n")] if part == parts[-1] else []
        write(tmp_path / folder / f"{part}.csv", header, [shared, *alone, *broken])
    definition = tmp_path / f"{name}.toml"
    definition.write_bytes((SETS / definition.name).read_bytes())
    build_set(definition, tmp_path / "set", start_engine=partial(LocalEngine, 1), report=lambda _line: None)

    built = open_reference(tmp_path / "set")
    manifest = built.manifest
    assert (built.name, manifest.indicative, built.conventions) == (name, True, ())
    assert (manifest.n_read, manifest.n_crystals) == (n_read, n_crystals)
    assert manifest.n_refused == (0 if name == "mp-20-train" else 1)
    assert differences(tmp_path / "set") == []


def test_real_rows_of_mp_20_are_read(tmp_path: Path) -> None:
    path = DATA / "reference" / "mp_20_biternary_test.csv.gz"
    if not path.is_file():
        pytest.skip(f"no {path}; set LEADERBOARD_TEST_DATA to the folder of test data")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = csv.reader(io.StringIO(file.read(400_000)))
        header, *rows = list(lines)[:41]
    assert ",".join(header) == MP_20
    (tmp_path / "mp_20").mkdir()
    with (tmp_path / "mp_20" / "train.csv").open("w", newline="", encoding="utf-8") as part:
        csv.writer(part).writerows([header, *rows])
    definition = tmp_path / "mp-20-train.toml"
    definition.write_bytes((SETS / definition.name).read_bytes())
    manifest = build_set(definition, tmp_path / "set", start_engine=partial(LocalEngine, 1), report=lambda _line: None)
    assert (manifest.n_read, manifest.n_refused) == (40, 0)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("MP-20", "mp-20"),
        ("mp20", "mp-20"),
        ("MP-20 (train)", "mp-20-train"),
        ("Alex-MP-20", "alex-mp-20"),
        ("LeMat-Bulk", "lemat-bulk"),
        ("MP-20, 27,136 crystals", None),
        ("ICSD", None),
        ("-", None),
    ],
)
def test_a_line_of_a_card_names_a_set_whatever_its_case_and_punctuation(text: str, name: str | None) -> None:
    assert named_set(text) == name
