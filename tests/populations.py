"""Populations of real structures to draw submissions from, whose every true value is known.

Tables of facts of real crystals, scored once: those that four generators made, those of the Materials Project, and
those of the starter set, which need nothing but this repository. A submission is drawn with replacement. What is a fact
within the submission (classes, nearest records) is made anew for each one from the population's own: rows drawn twice
are copies, and two rows of one formula are as far apart as the larger of their distances to the nearest record.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from leaderboard import score_structures
from leaderboard.protocol import load_protocol
from leaderboard.run.columns import columns_schema
from metrics.measure import registry as measures
from metrics.measure.matching import point_defect
from metrics.measure.matching import verdict as matching
from metrics.reference_statistics import statistics
from reference_data.reference import open_reference
from tests.metrics.measure.fingerprint_crystals import DATA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

FOLDER = Path(tempfile.gettempdir()) / "coverage-populations"
"""Where the tables are kept: measuring takes minutes."""
N_STARTER = 2_000
REPEATS = 20.0
"""Weight of the row at place k of a population with duplicates: 1 / (k + this)."""


@dataclass(frozen=True, eq=False)
class Population:
    """What submissions are drawn from.

    Attributes:
        rows: facts of its structures.
        weights: (n,) probabilities of being drawn.
        against: statistics of the reference set.

    """

    rows: pd.DataFrame
    weights: NDArray[np.float64]
    against: Mapping[str, Any]

    def draw(self, size: int, generator: np.random.Generator) -> pd.DataFrame:
        """Facts of a submission."""
        places = generator.choice(len(self.rows), size, p=self.weights)
        rows = self.rows.iloc[places].reset_index(drop=True)
        return within_submission(rows.assign(id=pd.array([str(row) for row in range(size)], dtype="string")), places)


def within_submission(rows: pd.DataFrame, places: NDArray[np.int64]) -> pd.DataFrame:
    """The rows with the facts within the submission made anew.

    Args:
        rows: facts, the nearest distance that of the population.
        places: row of the population that each one is; equal ones are copies.

    """
    table = pd.DataFrame(
        {
            "place": places,
            "formula": rows["reduced_formula"].to_numpy(dtype=object),
            "invalid": ~rows["valid"].fillna(value=False).to_numpy(dtype=bool),
            "distance": rows["nearest_record_distance"].to_numpy(dtype=np.float64, na_value=np.inf),
        }
    )
    first = table.sort_values("invalid", kind="stable").drop_duplicates("place")
    representative = pd.Series(first.index, index=first["place"]).reindex(places).to_numpy()
    is_first = representative == np.arange(len(rows))
    n_copies = table.groupby("place")["place"].transform("size")
    n_of_formula = table.groupby("formula")["formula"].transform("size").fillna(1)
    # of the others of the formula the one with the smallest distance is the nearest, as far as the larger of the two
    lowest = first.groupby("formula")["distance"].nsmallest(2).groupby(level=0)
    nearest, second = (lowest.nth(at).droplevel(1).reindex(table["formula"]).to_numpy() for at in (0, 1))
    others = np.where(table["distance"] > nearest, nearest, second)
    distance = np.where(n_copies > 1, 0.0, np.maximum(table["distance"], others))
    return rows.assign(
        unique=pd.Series(is_first, dtype="boolean"),
        duplicate_of=rows["id"].iloc[representative].reset_index(drop=True).mask(is_first),
        duplicate_bawl=rows["bawl"].duplicated().astype("boolean"),
        n_others_of_formula=(n_of_formula - 1).astype("Int64"),
        nearest_record_distance=pd.array(np.where(np.isfinite(distance), distance, np.nan), dtype="Float64"),
    )


def populations(folder: Path = FOLDER) -> dict[str, Population]:
    """Those that the test data allow, made on the first call and kept in the folder."""
    starter = _table("starter", _starter_structures, folder)
    evenly = np.full(len(starter), 1 / len(starter))
    made = {"the reference itself": Population(starter, evenly, statistics(starter))}
    if not DATA.exists():
        return made | {"starter, some often": Population(starter, repeated(len(starter)), made_half(starter))}
    against = open_reference("starter").statistics
    generated = _table("generated", _generated_structures, folder)
    trusted = pd.array([True] * len(generated), dtype="boolean")  # energies by DFT
    generated = generated.assign(e_above_hull=_published_energies(generated["id"]), elements_trusted=trusted)
    known = _table("materials project", _known_structures, folder)
    return {
        "generated": Population(generated, np.full(len(generated), 1 / len(generated)), against),
        "generated, some often": Population(generated, repeated(len(generated)), against),
        "Materials Project": Population(known, np.full(len(known), 1 / len(known)), against),
        **made,
    }


def starter_table() -> Population:
    """The starter set by what its own table says: no measuring, so fewer facts. Some crystals are drawn often."""
    table = pq.read_table("reference_data/sets/starter/crystals.parquet").to_pandas()
    volumes = [abs(np.linalg.det(np.reshape(lattice, (3, 3)))) for lattice in table["lattice"]]
    n_sites = pd.array(table["n_sites"], dtype="Int64")
    facts = {
        "reduced_formula": pd.array(table["reduced_formula"], dtype="string"),
        "bawl": pd.array(table["bawl"], dtype="string"),
        "space_group": pd.array(table["space_group"], dtype="Int64"),
        "n_sites": n_sites,
        "n_sites_primitive": n_sites,
        "volume_per_atom": pd.array(volumes / table["n_sites"], dtype="Float64"),
        "e_above_hull": pd.array(table["e_above_hull"], dtype="Float64"),
        "formation_energy_per_atom": pd.array(table["formation_energy_per_atom"], dtype="Float64"),
        "valid": pd.array([True] * len(table), dtype="boolean"),
        # crystals of one formula are taken to be half a unit apart
        "nearest_record_distance": pd.array(
            np.where(table["reduced_formula"].duplicated(keep=False), 0.5, np.nan), dtype="Float64"
        ),
    }
    against = open_reference("starter").statistics
    return Population(pd.DataFrame(facts), repeated(len(table)), against)


def repeated(n: int) -> NDArray[np.float64]:
    """(n,) probabilities of a population in which a few structures are drawn often."""
    weights = 1 / (np.random.default_rng(5).permutation(n) + REPEATS)
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def made_half(rows: pd.DataFrame) -> Mapping[str, Any]:
    """Statistics of every other row, which are not those of all."""
    return statistics(rows.sort_values("density").iloc[::2].reset_index(drop=True))


def _table(name: str, structures: Any, folder: Path) -> pd.DataFrame:  # noqa: ANN401 - a function of this file
    path = folder / f"{name}-{_facts()}.pickle"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as out:
            given = dict(structures())
            scored = score_structures(given, reference="starter", potentials=(), jobs=1, out=Path(out) / "run")
            scored.structures.to_pickle(path)
    table: pd.DataFrame = pd.read_pickle(path)  # noqa: S301 - written above
    return table


def _facts() -> str:
    """What is measured, in which versions: a table of other facts is not read again."""
    versions = {name: measure.version for name, measure in measures().items()}
    columns = columns_schema(load_protocol()).names
    parts = [load_protocol().matching, columns, sorted(versions.items()), matching.VERSION, point_defect.VERSION]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _starter_structures() -> Iterable[tuple[str, Structure]]:
    columns = ["id", "lattice", "frac_coords", "atomic_numbers"]
    rows = pq.read_table("reference_data/sets/starter/crystals.parquet", columns=columns).to_pylist()
    for place in sorted(np.random.default_rng(4).permutation(len(rows))[:N_STARTER].tolist()):
        row = rows[place]
        coordinates = np.reshape(row["frac_coords"], (-1, 3))
        yield row["id"], Structure(Lattice(np.reshape(row["lattice"], (3, 3))), row["atomic_numbers"], coordinates)


def _generated_structures() -> Iterable[tuple[str, Structure]]:
    for path in sorted((DATA / "submissions").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(name for name in archive.namelist() if name.endswith(".cif")):
                identifier = f"{path.stem}/{Path(name).stem}"
                yield identifier, Structure.from_str(archive.read(name).decode(), fmt="cif")


def _published_energies(identifiers: pd.Series[str]) -> pd.Series[float]:
    tables = [
        pd.read_csv(path).assign(method=path.stem.removesuffix("_published"))
        for path in sorted((DATA / "submissions").glob("*_published.csv"))
    ]
    published = pd.concat(tables)
    by_id = dict(zip(published["method"] + "/" + published["file"].astype(str), published["e_decomp_dft"], strict=True))
    return identifiers.map(by_id).astype("Float64")


def _known_structures() -> Iterable[tuple[str, Structure]]:
    table = pd.read_parquet(DATA / "reference" / "lemat_source_mp.parquet")
    for name, cif in zip(table["file"], table["cif"], strict=True):
        yield str(name), Structure.from_str(cif, fmt="cif")
