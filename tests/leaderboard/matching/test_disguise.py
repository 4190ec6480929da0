"""A submission described otherwise is the same submission: unique and novel do not move."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pytest

from leaderboard import score_structures
from leaderboard.run.reading import crystals_of
from leaderboard.run.scoring import LIMITS
from metrics.measure.structure.convert import to_structure
from metrics.table import read_parquet
from submissions.read import parse, split
from submissions.refusal import RecordRefusedError
from tests.disguise import disguised

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics.crystal import Crystal

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "submissions" / "examples" / "example.zip"
DATA = Path(os.environ.get("LEADERBOARD_TEST_DATA", ROOT / ".." / "shared" / "data"))
KNOWN = ["in_reference", "in_reference_fingerprint"]


def crystals_in(path: Path, most: int) -> list[Crystal]:
    crystals: list[Crystal] = []
    for record in split(path, LIMITS):
        if record.refusal is None and len(crystals) < most:
            try:
                crystals.append(parse(record, LIMITS))
            except RecordRefusedError:
                continue  # the example holds some on purpose
    return crystals


class Scored(NamedTuple):
    """Crystals, their facts in the same order, and two scores by name."""

    crystals: list[Crystal]
    facts: pd.DataFrame
    rates: dict[str, float | None]


def scored(crystals: list[Crystal], folder: Path) -> Scored:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADERBOARD_RUNS", str(folder / "runs"))
        scores = score_structures([to_structure(crystal) for crystal in crystals], potentials=[], out=folder / "out")
    rates = {score.name: score.value for score in scores.scores if score.name in {"unique", "novel"}}
    return Scored(crystals, read_parquet(folder / "out" / "columns.parquet"), rates)


@pytest.fixture(scope="module")
def as_submitted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Scored]:
    """The first structures of a submission, scored once, however many disguises they are compared with."""
    return cache(lambda path: scored(crystals_in(path, most=120), tmp_path_factory.mktemp("plain")))


@pytest.mark.parametrize(
    ("path", "determinant"),
    [
        (EXAMPLE, 1),
        (EXAMPLE, 2),
        pytest.param(
            DATA / "submissions" / "ion_exchange.zip",
            1,
            marks=pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the shared data: {DATA} is not there"),
        ),
    ],
    ids=["example", "example in supercells", "ion exchange"],
)
def test_unique_and_novel_do_not_see_the_description(
    path: Path, determinant: int, tmp_path: Path, as_submitted: Callable[[Path], Scored]
) -> None:
    plain = as_submitted(path)
    rng = np.random.default_rng(0)
    other = scored([disguised(crystal, rng, determinant=determinant) for crystal in plain.crystals], tmp_path)
    assert plain.facts[KNOWN].equals(other.facts[KNOWN])
    # which member of a class is the unique one is decided by content, which a disguise changes
    assert _classes(plain.facts) == _classes(other.facts)
    assert len(plain.rates) == 2
    assert plain.rates == other.rates


def _classes(columns: pd.DataFrame) -> set[tuple[frozenset[str], bool | None]]:
    """Ids of equal crystals, and whether they are certainly a class of their own."""
    of_class = columns["duplicate_of"].fillna(columns["id"])
    standing = columns[columns["duplicate_of"].isna()].set_index("id")["unique"]
    return {
        (frozenset(ids), None if pd.isna(standing[name]) else bool(standing[name]))
        for name, ids in columns["id"].groupby(of_class)
    }


def test_the_python_call_gives_the_same_scores_as_the_files_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    structures = [to_structure(crystal) for crystal in crystals_in(EXAMPLE, most=5)]
    scores = score_structures(structures, ids=["a", "b", "a", "c", "a"], potentials=[], out=tmp_path / "out")
    assert scores.model_dump(mode="json") == json.loads((tmp_path / "out" / "scores.json").read_text())
    table = read_parquet(tmp_path / "out" / "structures.parquet")
    assert table["id"].tolist() == ["a", "b", "a#2", "c", "a#3"]
    for given, read in zip(structures, crystals_of(table).values(), strict=True):
        assert np.array_equal(given.lattice.matrix, read.lattice)
        assert np.array_equal(given.frac_coords, read.frac_coords)


def test_atoms_of_ase_are_structures_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ase.build import bulk  # noqa: PLC0415 - only here

    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    scores = score_structures([bulk("NaCl", "rocksalt", a=5.64), bulk("Cu")], potentials=[], out=tmp_path / "out")
    assert scores.n_submitted == scores["n_submitted"] == 2
    columns = read_parquet(tmp_path / "out" / "columns.parquet")
    assert columns["reduced_formula"].tolist() == ["NaCl", "Cu"]
    assert columns["in_reference"].all()
    assert scores.structures.equals(columns)


def test_as_many_ids_as_structures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    with pytest.raises(ValueError, match="2 ids for 0 structures"):
        score_structures([], ids=["a", "b"], potentials=[])
