"""What a run says of a model's training set, from end to end: which structures it holds, and when nobody can say.

The training set is built from thirty crystals of the starter set, which is the reference; so the right shares are
known by construction.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leaderboard.board.training import why_no_overlap
from leaderboard.matching.training_sets import TrainingSets
from leaderboard.processes import start_engine
from leaderboard.protocol import load_protocol
from leaderboard.queue.energies.worker import waiting
from leaderboard.run.in_memory import records_of
from leaderboard.run.scoring import Resources, Setting, lacks, score_records
from leaderboard.run.verification.verify import verify
from leaderboard.store.local import Store
from metrics.crystal import Crystal
from metrics.measure.running.choice import EngineChoice
from metrics.measure.running.local_engine import LocalEngine
from metrics.score import registry
from reference_data import reference as sets
from reference_data.build.build_set import build_set
from reference_data.errors import ReferenceSetError
from reference_data.reference import SETS, open_reference
from submissions.card import Card
from submissions.elements import SYMBOLS
from tests.metrics.measure.fingerprint_crystals import anything_else

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from leaderboard.store.run import Run
    from metrics.measure.running.engine import Engine

PROTOCOL = load_protocol().model_copy(update={"potentials": ()})
STARTER = open_reference("starter")
N = 30
DEFINITION = """\
name = "thirty-crystals"
title = "Thirty crystals of the starter set"
licence = "CC0-1.0"
indicative = true
not_for = "Anything but tests."

[[sources]]
kind = "structure_table"
name = "thirty"
title = "Thirty crystals"
licence = "CC0-1.0"
citation = "Nobody, Nowhere (2026)"
doi = ["10.1000/thirty"]
url = "https://example.org/thirty"
path = "thirty.parquet"
id_column = "id"
array_columns = ["lattice", "frac_coords", "atomic_numbers"]
"""
OVERLAP = ("memorized", "rediscovered", "new_to_both")


@pytest.fixture(scope="module")
def rows() -> list[int]:
    """Sixty rows of the starter set, each of another formula: half of them are trained on."""
    first_of_formula: dict[str, int] = {}
    for crystal in STARTER.crystals(range(0, STARTER.n_crystals, 40)):
        first_of_formula.setdefault(crystal.reduced_formula, crystal.row)
    return list(first_of_formula.values())[: 2 * N]


@pytest.fixture(scope="module")
def folder(rows: list[int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The training set, built."""
    root = tmp_path_factory.mktemp("training")
    table = STARTER.rows(rows[:N], ["id", "lattice", "frac_coords", "atomic_numbers"])
    pq.write_table(
        table.cast(pa.schema([table.schema.field(name) for name in table.column_names])), root / "thirty.parquet"
    )
    (root / "thirty-crystals.toml").write_text(DEFINITION)
    build_set(
        root / "thirty-crystals.toml",
        root / "thirty-crystals",
        start_engine=partial(LocalEngine, 1),
        report=lambda _line: None,
    )
    return root / "thirty-crystals"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with start_engine(EngineChoice(jobs=1)) as started:
        yield started


def structure(crystal: Crystal) -> dict[str, object]:
    return {
        "numbers": crystal.atomic_numbers.tolist(),
        "positions": crystal.cart_coords.tolist(),
        "cell": crystal.lattice.tolist(),
        "pbc": [True] * 3,
    }


def replayed(rows: Sequence[int]) -> list[dict[str, object]]:
    """Known crystals in another choice of cell, origin and order."""
    generator = np.random.default_rng(3)
    return [structure(anything_else(known.crystal, generator)) for known in STARTER.crystals(rows)]


def random_atoms(n: int) -> list[dict[str, object]]:
    """Eight atoms on random points of a grid of 1.5 angstrom in a cube of 6, so that no two coincide."""
    generator = np.random.default_rng(4)
    elements = [SYMBOLS.index(symbol) + 1 for symbol in ("Li", "Mg", "Fe", "O", "S", "Cl")]
    points = np.stack(np.unravel_index(range(64), (4, 4, 4)), axis=1) / 4
    cells = [(generator.choice(points, size=8, replace=False), generator.choice(elements, size=8)) for _ in range(n)]
    return [structure(Crystal.from_arrays(6 * np.eye(3), sites, numbers.tolist())) for sites, numbers in cells]


def scored(structures: Sequence[object], card: Card, setting: Setting, engine: Engine, store: Store) -> Run:
    return score_records(records_of(structures, None), card, setting, Resources(engine, store, lambda _progress: None))


def overlap(run: Run) -> list[float | None]:
    values = {entry.name: entry.value for entry in run.scores.scores}
    return [values[name] for name in OVERLAP]


def setting(card: Card, folder: Path | None = None) -> Setting:
    return Setting.of(
        PROTOCOL, "starter", (), training_sets=card.training_sets, training_folders=[folder] if folder else []
    )


def test_replay_is_memorized_random_atoms_are_not_and_the_rest_is_told_apart(
    rows: list[int], folder: Path, engine: Engine, tmp_path: Path
) -> None:
    store, card = Store(tmp_path), Card(model="made")
    known = setting(card, folder)
    replay = scored(replayed(rows[:N]), card, known, engine, store)
    assert overlap(replay) == [1.0, 0.0, 0.0]
    assert {name.split(": ")[0] for name in replay.columns()["training_matched_id"]} == {"thirty-crystals"}
    assert overlap(scored(random_atoms(N), card, known, engine, store)) == [0.0, 0.0, 1.0]
    # ten that were trained on, twenty that only the reference set has, ten of nobody, and one that cannot be read
    mixed = scored(
        [*replayed(rows[:10]), *replayed(rows[N : N + 20]), *random_atoms(10), None], card, known, engine, store
    )
    assert overlap(mixed) == pytest.approx([10 / 41, 20 / 41, 10 / 41])
    assert mixed.record.training_sets == {"thirty-crystals": open_reference(folder).manifest_sha256}
    # what was trained on is on the card that everybody sees
    assert mixed.record.model.training_sets == ("thirty-crystals",)


def test_against_the_reference_set_itself_the_verdict_is_that_of_novelty(
    rows: list[int], engine: Engine, tmp_path: Path
) -> None:
    generator = np.random.default_rng(7)
    known = [crystal.crystal for crystal in STARTER.crystals(rows[:12])]
    rattled = [
        Crystal.from_arrays(
            crystal.lattice,
            crystal.frac_coords + generator.normal(0, 0.15, crystal.frac_coords.shape) @ np.linalg.inv(crystal.lattice),
            crystal.atomic_numbers,
        )
        for crystal in known
    ]
    structures = [*replayed(rows[:6]), *map(structure, rattled), *random_atoms(4), None]
    card = Card(model="made", training_sets=("Starter",))
    columns = scored(structures, card, setting(card), engine, Store(tmp_path)).columns()
    pd.testing.assert_series_equal(columns["in_training_set"], columns["in_reference"], check_names=False)
    pd.testing.assert_series_equal(
        columns["training_matched_id"], "starter: " + columns["matched_id"], check_names=False
    )
    assert columns["in_training_set"].value_counts().to_dict().keys() == {True, False}


def test_a_declared_set_that_is_not_at_hand_is_said_and_measures_nothing(
    rows: list[int], folder: Path, engine: Engine, tmp_path: Path
) -> None:
    card = Card(model="made", training_sets=("Thirty crystals", "our own data"))
    in_part = setting(card, folder)
    run = scored(replayed(rows[:2]), card, in_part, engine, Store(tmp_path))
    assert overlap(run) == [None, None, None]
    assert run.record.training_sets == {}
    assert run.columns()["in_training_set"].isna().all()
    (note,) = lacks(in_part, Store(tmp_path))
    assert note.startswith("training set 'our own data' is not the name of a known set (alex-mp-20, lemat-bulk, ")
    assert why_no_overlap(run.record) == "not every training set on the card is at hand (Thirty crystals; our own data)"


def test_only_training_sets_at_hand_enter_the_run_key(folder: Path) -> None:
    none = setting(Card(model="made")).run_key("0" * 64)
    absent = setting(Card(model="made", training_sets=("our own data",))).run_key("0" * 64)
    present = setting(Card(model="made"), folder).run_key("0" * 64)
    assert none == absent
    assert none != present
    # where no score asks, the key does not know the set either
    unasked = PROTOCOL.model_copy(update={"scores": tuple(name for name in PROTOCOL.scores if name not in OVERLAP)})
    keys = [Setting.of(unasked, "starter", training_folders=folders).run_key("0" * 64) for folders in ([], [folder])]
    assert keys[0] == keys[1]


def test_a_run_is_verified_against_the_sets_that_it_names(
    rows: list[int], folder: Path, engine: Engine, tmp_path: Path
) -> None:
    protocol = load_protocol()
    card = Card(model="made", training_sets=("Starter",))
    with_starter = Setting.of(protocol, "starter", (), training_sets=card.training_sets)
    run = scored(replayed(rows[:3]), card, with_starter, engine, Store(tmp_path))
    verified = verify(run, engine, lambda _progress: None)
    assert verified.incomparable is None
    assert [check.differences for check in verified.checks if check.differences] == []
    elsewhere = scored(
        replayed(rows[:3]),
        Card(model="made"),
        Setting.of(protocol, "starter", (), training_folders=[folder]),
        engine,
        Store(tmp_path),
    )
    why = verify(elsewhere, engine, lambda _progress: None).incomparable
    assert why is not None
    assert "compared with the training sets thirty-crystals (" in why


def test_a_set_that_is_built_later_makes_its_runs_wait_for_being_scored_again(
    rows: list[int], folder: Path, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, card = Store(tmp_path / "runs"), Card(model="made", training_sets=("Thirty-Crystals",))
    first = store.publish(scored(replayed(rows[:2]), card, setting(card), engine, store).path)
    assert overlap(first) == [None, None, None]
    assert list(waiting(store, PROTOCOL, relax=False)) == []
    # as if the set were among the defined ones, and built
    known = tmp_path / "sets"
    known.mkdir()
    for name in ("starter", "starter.toml"):
        (known / name).symlink_to(SETS / name)
    (known / "thirty-crystals").symlink_to(folder)
    (known / "thirty-crystals.toml").write_text(DEFINITION)
    monkeypatch.setattr(sets, "SETS", known)
    ((run, again),) = waiting(store, PROTOCOL, relax=False)
    assert run.id == first.id
    assert list(again.training.hashes) == ["thirty-crystals"]


def test_two_folders_of_one_name_are_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for file in folder.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    assert len(TrainingSets.of((), PROTOCOL, [folder, other]).references) == 1
    manifest = other / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("Thirty crystals of", "Some crystals of"))
    with pytest.raises(ReferenceSetError, match="two training sets of the name thirty-crystals"):
        TrainingSets.of((), PROTOCOL, [folder, other])


def test_the_scores_of_overlap_rank_nothing() -> None:
    assert {registry()[name].better for name in OVERLAP} == {"neither"}
