"""The runs that ship with the code are of this code, small, true, and shown by the pages as any others."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from leaderboard.baselines import bundled as module
from leaderboard.baselines.baseline import find, registry
from leaderboard.baselines.bundled import FOLDER, REMAKE, baseline_of, bundled_runs, control_of, publish_bundled
from leaderboard.baselines.packed import FINGERPRINTS, pack
from leaderboard.baselines.remake import SEVERAL, Options, Planned, bundle, clear, plan
from leaderboard.baselines.submission import write_submission
from leaderboard.pages.structures import downloads
from leaderboard.pages.structures.detail import drawing
from leaderboard.processes import start_engine
from leaderboard.protocol import load_protocol
from leaderboard.run.reading import STRUCTURES_SCHEMA
from leaderboard.run.scoring import Resources, Setting, score_again
from leaderboard.store.local import Store
from leaderboard.store.run import Run
from leaderboard.store.tables import COLUMNS, NEEDED
from metrics.crystal import Crystal
from metrics.measure.running.choice import EngineChoice
from metrics.measure.running.progress import silent
from metrics.table import write_parquet
from reference_data.reference import open_reference
from submissions.read import parse, split
from tests.leaderboard.baselines.made import without
from tests.made_runs import Made, caesium_chloride, energy, good, publish

if TYPE_CHECKING:
    from leaderboard.baselines.bundled import Bundled

MOST_BYTES = 15_000_000
N_SAMPLE = 3
RUNS = bundled_runs()
NAMES = [f"{one.name}-{one.seed}" for one in RUNS]

needs_runs = pytest.mark.skipif(not RUNS, reason=f"no runs are bundled; {REMAKE} makes them")
each_run = pytest.mark.parametrize("one", RUNS, ids=NAMES)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def made(store: Store) -> Run:
    """A run with energies, made by hand."""
    one = caesium_chloride()
    other = Crystal(one.lattice * 1.1, one.frac_coords, one.atomic_numbers)
    crystals = {"a": one, "b": other}
    energies = [energy(one, -0.01, decomposition=[{"formula": "CsCl", "amount": 1.0}]), energy(other, None)]
    return publish(store.root, Made("Model", [good("a"), good("b")], crystals=crystals, energies=energies))


@needs_runs
def test_all_that_is_planned_is_bundled_and_nothing_else_lies_there() -> None:
    assert [(one.name, one.seed) for one in RUNS] == sorted(
        ((one.name, one.seed) for one in plan()), key=lambda one: (list(registry()).index(one[0]), one[1])
    )
    assert {one.place for one in RUNS} == {f"{path.parent.name}/{path.name}" for path in FOLDER.glob("*/*")}
    assert sum(path.stat().st_size for path in FOLDER.rglob("*")) <= MOST_BYTES


@each_run
def test_a_run_is_of_this_protocol_and_this_set(one: Bundled) -> None:
    record, protocol = Run(FOLDER / one.place).record, load_protocol()
    assert (record.protocol, record.protocol_hash) == (protocol.name, protocol.hash), f"make them again: {REMAKE}"
    reference = open_reference(record.reference)
    assert record.reference_hash == reference.manifest_sha256, f"make them again: {REMAKE}"
    setting = Setting.of(
        protocol,
        record.reference,
        record.potentials,
        relax=record.relaxed,
        training_sets=record.model.training_sets,
    )
    assert record.training_sets == {"starter": reference.manifest_sha256}
    assert record.run_key == setting.run_key(record.submission_sha256), f"make them again: {REMAKE}"
    assert not record.custom
    assert record.n_submitted == one.n == protocol.n_ranked


@each_run
def test_the_list_says_what_the_registry_says(one: Bundled) -> None:
    of_code = find(one.name)
    assert (one.label, one.kind, one.shows, one.version) == (
        of_code.label,
        of_code.kind,
        of_code.shows,
        of_code.version,
    )
    assert one.caught_by == tuple(map(str, of_code.caught_by))


@each_run
def test_the_first_structures_are_made_again(one: Bundled, tmp_path: Path) -> None:
    if missing := without(one.name):
        pytest.skip(missing)
    path = tmp_path / "again.jsonl"
    write_submission(find(one.name), N_SAMPLE, one.seed, open_reference("starter"), path, silent)
    # as read: a left-handed cell becomes a right-handed one
    again = [parse(record).sha256 for record in split(path)]
    assert Run(FOLDER / one.place).structures()["sha256"].tolist()[:N_SAMPLE] == again


@each_run
def test_a_control_keeps_its_bounds(one: Bundled) -> None:
    scores = Run(FOLDER / one.place).scores.scores
    values = {entry.name: entry.value for entry in scores if entry.value is not None}
    for bound in find(one.name).caught_by:
        assert bound.score not in values or bound.holds(values), f"{bound}: {values[bound.score]}"


@pytest.mark.parametrize("one", RUNS[::6], ids=NAMES[::6])
def test_a_sample_measured_again_gives_the_same_facts(one: Bundled, tmp_path: Path) -> None:
    """Facts within the submission and against the set hang on the other records, so those of single structures."""
    run = Run(FOLDER / one.place)
    rows = sorted(np.random.default_rng(0).choice(one.n, N_SAMPLE, replace=False).tolist())
    facts = run.columns()
    sample = tmp_path / "sample"
    sample.mkdir()
    for name in ("run.json", "scores.json"):
        shutil.copyfile(run.path / name, sample / name)
    chosen = run.structures().iloc[rows].reset_index(drop=True)
    write_parquet(chosen, STRUCTURES_SCHEMA, sample / "structures.parquet")
    setting = Setting.of(load_protocol(), run.record.reference, ())
    with start_engine(EngineChoice(jobs=1)) as engine:
        again = score_again(Run(sample), setting, Resources(engine, Store(tmp_path / "store"), silent)).columns()
    single = [
        name
        for name in ("valid", "charge_valid", "distance_valid", "plausible", "space_group", "in_reference", "density")
        if name in facts
    ]
    before = facts.iloc[rows][["sha256", *single]].reset_index(drop=True)
    pd.testing.assert_frame_equal(again[["sha256", *single]], before, check_exact=False, rtol=1e-9)


def test_a_packed_run_is_the_run_without_what_no_page_prints(made: Run, tmp_path: Path) -> None:
    packed_run = tmp_path / "packed"
    n_bytes = pack(made, packed_run)
    packed = Run(packed_run)
    assert n_bytes == sum(path.stat().st_size for path in packed_run.iterdir())
    assert (packed.record, packed.scores) == (made.record, made.scores)
    pd.testing.assert_frame_equal(packed.structures(), made.structures())
    energies, before = packed.energies(), made.energies()
    assert energies is not None
    assert before is not None
    pd.testing.assert_frame_equal(energies, before)
    kept = made.columns().drop(columns=list(FINGERPRINTS))
    is_left_out = {
        name: isinstance(kind, pd.ArrowDtype) or (kind == pd.Float64Dtype() and name not in NEEDED[COLUMNS])
        for name, kind in kept.dtypes.items()
    }
    kept = kept[[name for name in kept if not is_left_out[name]]]
    pd.testing.assert_frame_equal(packed.columns(), kept)


def test_the_pages_show_a_packed_run_as_any_other(made: Run, store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "bundle" / made.path.parent.name / made.path.name
    pack(made, folder)
    published = Store(tmp_path / "other").publish(folder)
    assert [run.id for run in Store(tmp_path / "other").runs()] == [made.id]
    whole = store.runs()[0]
    assert drawing(published, "a") == drawing(whole, "a")
    assert all(Path(written(published)).is_file() for written in downloads.FORMS.values())


def test_runs_are_made_listed_published_once_and_cleared(
    made: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    options = Options((), 2, (), EngineChoice(jobs=1), out)
    bundle(Planned("vacancies", 0), made, options)
    bundle(Planned("ion_exchange", 1), made, options)
    bundle(Planned("vacancies", 0), made, options)  # made again: still one entry
    entries = bundled_runs(out)
    assert [(one.name, one.seed) for one in entries] == [("ion_exchange", 1), ("vacancies", 0)]
    assert entries[1].shows == find("vacancies").shows
    other = Store(tmp_path / "other")
    assert publish_bundled(other, out) == (1, 1)  # both entries are of the one run made by hand
    assert publish_bundled(other, out) == (0, 2)
    assert len(other.runs()) == 1

    monkeypatch.setattr(module, "_by_place", lambda: {entries[1].submission_sha256[:12]: entries[1]})
    assert control_of(made) == entries[1]
    monkeypatch.setattr(module, "_by_place", lambda: {entries[0].submission_sha256[:12]: entries[0]})
    assert baseline_of(made) == entries[0]
    assert control_of(made) is None  # a baseline is to be better than, it need not fail
    monkeypatch.setattr(module, "_by_place", dict)
    assert baseline_of(made) is None

    (out / ("0" * 12) / ("1" * 12)).mkdir(parents=True)
    clear(out)
    assert [f"{path.parent.name}/{path.name}" for path in out.glob("*/*")] == [entries[0].place]


def test_the_plan_has_every_baseline_and_several_seeds_of_two() -> None:
    assert {one.name for one in plan()} == set(registry())
    assert sum(count > 1 for count in SEVERAL.values()) >= 2
    assert [one.seed for one in plan(["ion_exchange", "vacancies"])] == [0, 0, 1]
