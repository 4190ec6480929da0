"""CHGNet on the hull of Materials Project against published decomposition energies of 1,963 generated structures.

Published values: N. J. Szymanski and C. J. Bartel, Materials Horizons (2025), DOI 10.1039/D5MH00010F. The expected
agreement was measured before, by another program with the same potential and the same hull, on the structures as
published; a raw potential overstates the stable share about five times.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from metrics.measure.energy.hull import Hull, formation_energy_per_atom
from metrics.measure.energy.relax_record import SinglePoint
from metrics.measure.energy.relaxation import energies_of, processes_of
from metrics.measure.potentials import find
from metrics.measure.running.cache import Cache
from metrics.measure.running.local_engine import LocalEngine
from metrics.measure.structure.convert import composition_of
from submissions.limits import Limits
from submissions.read import parse, split
from tests.conftest import AGREEMENT
from tests.metrics.hull_entries import DATA, mp_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from metrics.crystal import Crystal

METHODS = ("ion_exchange", "mattergen", "cdvae", "random_prototypes")
CHGNET = find("chgnet")
pytestmark = [
    pytest.mark.skipif(
        not (DATA / "submissions").is_dir(), reason=f"no test data in {DATA}; set LEADERBOARD_TEST_DATA to its folder"
    ),
    pytest.mark.skipif(CHGNET.missing() is not None, reason=str(CHGNET.missing())),
]


def published() -> tuple[pd.DataFrame, dict[str, Crystal]]:
    """Columns file, method, e_decomp_dft (eV/atom) of the structures with a published value, and their crystals."""
    tables, crystals = [], {}
    for method in METHODS:
        table = pd.read_csv(DATA / "submissions" / f"{method}_published.csv").dropna(subset=["e_decomp_dft"])
        tables.append(table.assign(method=method, key=[f"{method}/{name}" for name in table["file"]]))
        for record in split(DATA / "submissions" / f"{method}.zip", Limits()):
            crystals[f"{method}/{record.id}"] = parse(record, Limits())
    together = pd.concat(tables, ignore_index=True)
    return together[together["key"].isin(crystals)], crystals


def energies_per_atom(crystals: Sequence[Crystal], folder: Path, jobs: int) -> list[float | None]:
    """Total energies by CHGNet as submitted, eV/atom."""
    ignore: Callable[..., None] = lambda *_: None  # noqa: E731 - nobody watches the progress
    with LocalEngine(jobs, processes_of(CHGNET)) as engine, Cache(folder / "cache.sqlite") as cache:
        records = energies_of(
            crystals, CHGNET, SinglePoint(), engine=engine, cache=cache, on_known=ignore, on_done=ignore
        )
    return [records[crystal.sha256].energy_per_atom for crystal in crystals]


def elemental_references() -> dict[str, float]:
    """Total energies of the elements of Materials Project, eV/atom."""
    with gzip.open(DATA / "reference" / "mp_elemental_reference_entries.json.gz") as stream:
        elements: dict[str, Any] = json.load(stream)
    return {
        symbol: (entry["energy"] + entry["correction"]) / sum(entry["composition"].values())
        for symbol, entry in elements.items()
    }


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Columns method, published and computed: distances from the hull in eV/atom."""
    table, crystals = published()
    chosen = [crystals[key] for key in table["key"]]
    totals = energies_per_atom(chosen, tmp_path_factory.mktemp("energies"), jobs=2)
    references = elemental_references()
    formulas = [composition_of(crystal).get_el_amt_dict() for crystal in chosen]
    energies = [
        None if total is None else formation_energy_per_atom(formula, total, references)
        for formula, total in zip(formulas, totals, strict=True)
    ]
    hull = Hull.from_entries("pbe_mp2020", mp_entries())
    distances = hull.distances(formulas, energies, convention=CHGNET.energy_convention)
    computed = [np.nan if distance.e_above_hull is None else distance.e_above_hull for distance in distances]
    return pd.DataFrame(
        {"method": table["method"].to_numpy(), "published": table["e_decomp_dft"], "computed": computed}
    )


def test_the_published_values_are_reproduced_as_well_as_before(
    compared: pd.DataFrame, record_property: Callable[[str, object], None]
) -> None:
    known = compared.dropna()
    error = known["computed"] - known["published"]
    measured = {
        "n": len(known),
        "pearson": round(float(known["computed"].corr(known["published"])), 3),
        "mae": round(float(error.abs().mean()), 3),
        "median_bias": round(float(error.median()), 3),
        "stable_percent": round(100 * float((known["computed"] <= 0).mean()), 1),
        "published_stable_percent": round(100 * float((known["published"] <= 0).mean()), 1),
    }
    record_property(AGREEMENT, f"CHGNet on the Materials Project's hull, {measured}")
    assert measured == {
        "n": 1963,
        "pearson": 0.928,
        "mae": 0.120,
        "median_bias": -0.091,
        "stable_percent": 19.6,
        "published_stable_percent": 3.9,
    }


@pytest.mark.parametrize(
    ("method", "n", "mae", "stable_percent"),
    [
        ("ion_exchange", 500, 0.104, 42.6),
        ("mattergen", 500, 0.109, 15.0),
        ("cdvae", 472, 0.119, 13.8),
        ("random_prototypes", 491, 0.147, 6.3),
    ],
)
def test_each_method_by_itself(compared: pd.DataFrame, method: str, n: int, mae: float, stable_percent: float) -> None:
    known = compared[compared["method"] == method].dropna()
    assert len(known) == n
    assert round(float((known["computed"] - known["published"]).abs().mean()), 3) == mae
    assert round(100 * float((known["computed"] <= 0).mean()), 1) == stable_percent
