"""Many structures through one potential: every one has a record, whatever happens to it; what is known is kept."""

from __future__ import annotations

from dataclasses import asdict, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import pytest

from metrics.crystal import Crystal
from metrics.measure.energy.relax_record import (
    STATUSES,
    EnergyRecord,
    Relaxation,
    Settings,
    SinglePoint,
    conventions_of,
    convert_record,
    hash_of,
)
from metrics.measure.energy.relaxation import GRACE_S, energies_of, processes_of
from metrics.measure.potentials import find, package_folder
from metrics.measure.running.cache import Cache
from metrics.measure.running.local_engine import LocalEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics.measure.potentials import Potential
    from metrics.measure.running.engine import Engine

READY = [name for name in ("emt", "chgnet", "sevennet-0") if find(name).missing() is None]
LEARNED = [name for name in READY if name != "emt"]


def layered(first: int, second: int, a: float, seed: int | None = None) -> Crystal:
    """AuCu type (L1_0) with atoms a angstrom apart within a layer; with a seed, distorted."""
    noise = np.zeros((5, 3)) if seed is None else np.random.default_rng(seed).normal(0, 0.03, (5, 3))
    coords = np.array([[0, 0, 0], [0.5, 0.5, 0.5]])
    return Crystal.from_arrays(a * (np.diag([1, 1, 1.3]) + noise[:3]), coords + noise[3:], np.array([first, second]))


ALLOYS = [layered(29, 79, 2.8, seed) for seed in range(4)]
COINCIDENT = Crystal.from_arrays(np.eye(3) * 4, np.zeros((2, 3)), [29, 79])
ALONE = Crystal.from_arrays(np.eye(3) * 20, np.zeros((1, 3)), [29])
FLAT = Crystal.from_arrays(np.diag([4.0, 4.0, 0.0]), np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), [29, 79])
UNKNOWN = layered(29, 86, 2.8)
CRUSHED = layered(29, 79, 1.4)


class Run:
    """Records of one call, and what it told of its progress."""

    def __init__(
        self, path: Path, crystals: list[Crystal], potential: Potential, settings: Settings, engine: Engine
    ) -> None:
        self.known: list[int] = []
        self.n_done = 0
        with Cache(path) as cache:
            self.by_sha256 = energies_of(
                crystals,
                potential,
                settings,
                engine=engine,
                cache=cache,
                on_known=self.known.append,
                on_done=self._on_done,
            )
        self.records = [self.by_sha256[crystal.sha256] for crystal in crystals]

    def _on_done(self) -> None:
        self.n_done += 1


def timeless(records: list[EnergyRecord]) -> list[EnergyRecord]:
    return [replace(record, seconds=None) for record in records]


@pytest.fixture(scope="module", params=READY)
def started(request: pytest.FixtureRequest) -> Iterator[tuple[Potential, Engine]]:
    potential = find(request.param)
    with LocalEngine(1, processes_of(potential)) as engine:
        yield potential, engine


@pytest.mark.parametrize(
    "settings",
    [SinglePoint(), SinglePoint(forces=True), Relaxation(max_steps=200)],
    ids=["energy", "forces", "relaxed"],
)
def test_every_structure_has_a_record_and_the_bad_ones_say_why(
    started: tuple[Potential, Engine], tmp_path: Path, settings: Settings
) -> None:
    potential, engine = started
    crystals = [*ALLOYS, COINCIDENT, ALONE, FLAT, UNKNOWN, CRUSHED, ALLOYS[0]]
    run = Run(tmp_path / "cache.sqlite", crystals, potential, settings, engine)
    assert list(run.by_sha256) == list(dict.fromkeys(crystal.sha256 for crystal in crystals))
    assert (run.known, run.n_done) == ([0], 9)
    for crystal, record in zip(crystals, run.records, strict=True):
        assert record.sha256 == crystal.sha256
        assert record.status in STATUSES
        assert (record.potential, record.checkpoint_sha256) == (potential.id, potential.checkpoint_sha256)
        assert record.settings_hash == hash_of(settings)
        assert record.relaxed == isinstance(settings, Relaxation)
        has_energy = record.status in {"ok", "converged", "step_limit"}
        assert (record.energy is not None) == has_energy
        assert has_energy or record.detail
        if record.energy is not None and record.energy_per_atom is not None:
            assert record.energy == pytest.approx(record.energy_per_atom * crystal.n_sites)
            assert record.energy_convention == potential.energy_convention
    good = {"converged"} if isinstance(settings, Relaxation) else {"ok"}
    assert {record.status for record in run.records[:4]} == good
    coincident, _, flat, unknown = run.records[4:8]
    assert coincident.status in {"failed", "exploded"}
    assert flat.status == "failed"
    assert unknown.status == "unknown_element"


def test_a_relaxation_ends_where_forces_vanish_and_energy_is_lower(
    started: tuple[Potential, Engine], tmp_path: Path
) -> None:
    potential, engine = started
    path = tmp_path / "cache.sqlite"
    before = Run(path, ALLOYS, potential, SinglePoint(forces=True), engine)
    after = Run(path, ALLOYS, potential, Relaxation(), engine)
    ends = [record.end(crystal) for crystal, record in zip(ALLOYS, after.records, strict=True)]
    again = Run(path, ends, potential, SinglePoint(forces=True), engine)
    for start, end, same in zip(before.records, after.records, again.records, strict=True):
        assert (end.energy or 0) < (start.energy or 0)
        assert (end.max_force or 1) < 0.06 < (start.max_force or 0)  # the filter looks at forces on its own coordinates
        assert 0 < (end.rmsd or 0) < 1
        assert (end.n_steps or 0) > 1
        assert same.energy_per_atom == pytest.approx(end.energy_per_atom, abs=2e-5)


def test_what_is_known_is_not_computed_again_and_a_second_process_agrees_to_the_bit(
    started: tuple[Potential, Engine], tmp_path: Path
) -> None:
    potential, engine = started
    settings = Relaxation(max_steps=20)
    crystals = [*ALLOYS, COINCIDENT, UNKNOWN]
    first = Run(tmp_path / "cache.sqlite", crystals[:3], potential, settings, engine)
    second = Run(tmp_path / "cache.sqlite", crystals, potential, settings, engine)
    assert (second.known, second.n_done) == ([3], 3)
    assert second.records[:3] == first.records
    with LocalEngine(1, processes_of(potential)) as other:
        again = Run(tmp_path / "again.sqlite", crystals[:3], potential, settings, other)
        assert timeless(again.records) == timeless(first.records)
        backwards = Run(tmp_path / "backwards.sqlite", crystals[::-1], potential, settings, other)
    for alone, other_batch in zip(second.records, backwards.records[::-1], strict=True):
        rounding = {"energy", "energy_per_atom", "rmsd", "max_force", "cell", "seconds", "detail"}
        assert {**asdict(alone), **dict.fromkeys(rounding)} == {**asdict(other_batch), **dict.fromkeys(rounding)}
        # single precision of one potential that is asked for other structures at the same time
        assert other_batch.energy_per_atom == pytest.approx(alone.energy_per_atom, abs=1e-5)
        assert other_batch.rmsd == pytest.approx(alone.rmsd, abs=1e-4)


def test_a_step_limit_keeps_the_energy_a_time_limit_does_not(started: tuple[Potential, Engine], tmp_path: Path) -> None:
    potential, engine = started
    path = tmp_path / "cache.sqlite"
    (steps,) = Run(path, ALLOYS[:1], potential, Relaxation(fmax=1e-9, max_steps=2), engine).records
    assert (steps.status, steps.n_steps) == ("step_limit", 2)
    assert steps.energy is not None
    assert (steps.detail or "").startswith("not below 1e-09 eV/A after 2 steps; largest force ")
    hurried = Relaxation(fmax=1e-9, time_limit_s=1e-6)
    run = Run(path, ALLOYS[:1], potential, hurried, engine)
    (late,) = run.records
    assert (late.status, late.energy) == ("time_limit", None)
    assert (late.detail or "").startswith("not converged after 1e-06 s")
    assert Run(path, ALLOYS[:1], potential, hurried, engine).known == [0]  # tried again: another machine is faster


def test_the_time_allowed_is_no_part_of_what_is_asked() -> None:
    assert hash_of(Relaxation(time_limit_s=1)) == hash_of(Relaxation(time_limit_s=2))
    every: list[Settings] = [
        SinglePoint(),
        SinglePoint(forces=True),
        Relaxation(),
        Relaxation(fmax=0.1),
        Relaxation(max_steps=9),
    ]
    assert len({hash_of(settings) for settings in every}) == len(every)


def test_what_hangs_or_eats_memory_costs_one_structure(tmp_path: Path) -> None:
    """Copper at 125,000 atoms per cubic angstrom has more neighbours than fit into memory; the others are done."""
    monster = Crystal.from_arrays(np.eye(3) * 0.02, np.zeros((1, 3)), [29])
    settings = SinglePoint(time_limit_s=5.0 - GRACE_S)
    with LocalEngine(1, processes_of(find("emt"))) as engine:
        run = Run(tmp_path / "cache.sqlite", [monster, *ALLOYS], find("emt"), settings, engine)
    assert run.records[0].status in {"failed", "time_limit"}
    assert run.records[0].detail
    assert [record.status for record in run.records[1:]] == ["ok"] * 4
    assert run.n_done == 5


@pytest.mark.skipif("chgnet" not in READY, reason="chgnet needs requirements-stability.txt")
def test_a_corrupted_checkpoint_fails_every_structure_with_both_hashes_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    potential = find("chgnet")
    checkpoint = potential.checkpoint()
    shadow = tmp_path / "chgnet" / checkpoint.relative_to(package_folder("chgnet"))
    shadow.parent.mkdir(parents=True)
    shadow.write_bytes(checkpoint.read_bytes()[:-1])
    (tmp_path / "chgnet" / "__init__.py").touch()
    path = tmp_path / "cache.sqlite"
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path))  # workers find this package before the installed one
        with LocalEngine(1, processes_of(potential)) as engine:
            run = Run(path, ALLOYS[:2], potential, SinglePoint(), engine)
    for record in run.records:
        assert record.status == "failed"
        assert f"expected {potential.checkpoint_sha256}" in (record.detail or "")
        assert "has sha256 " in (record.detail or "")
    with LocalEngine(1, processes_of(potential)) as engine:
        again = Run(path, ALLOYS[:2], potential, SinglePoint(), engine)
    assert (again.known, [record.status for record in again.records]) == ([0], ["ok", "ok"])


@pytest.mark.skipif("chgnet" not in READY, reason="chgnet needs requirements-stability.txt")
def test_another_version_than_pinned_fails_every_structure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chgnet-0.1.dist-info").mkdir()
    (tmp_path / "chgnet-0.1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: chgnet\nVersion: 0.1\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with LocalEngine(1, processes_of(find("chgnet"))) as engine:
        (record,) = Run(tmp_path / "cache.sqlite", ALLOYS[:1], find("chgnet"), SinglePoint(), engine).records
    assert record.detail == "chgnet needs chgnet==0.4.2, found 0.1; pip install -r requirements-stability.txt"
    assert version("chgnet") == "0.4.2"


def test_energies_are_converted_to_the_conventions_that_they_can_have() -> None:
    oxide = layered(12, 8, 2.6)
    record = EnergyRecord(
        oxide.sha256,
        "sevennet-0",
        "",
        "",
        relaxed=False,
        status="ok",
        energy=-11.0,
        energy_convention="pbe_uncorrected",
    )
    assert conventions_of(find("sevennet-0")) == ("pbe_uncorrected", "pbe_mp2020", "own:sevennet-0")
    assert conventions_of(find("chgnet")) == ("pbe_mp2020", "own:chgnet")
    corrected = convert_record(record, oxide, "pbe_mp2020")
    # the correction of an oxide, per oxygen: Wang et al. 2021, DOI 10.1038/s41598-021-94550-5
    assert corrected.energy == pytest.approx(-11.0 - 0.687)
    assert corrected.energy_per_atom == pytest.approx((-11.0 - 0.687) / 2)
    unconverted = convert_record(record, oxide, "own:sevennet-0")
    assert (unconverted.energy, unconverted.energy_convention) == (-11.0, "own:sevennet-0")
    for other in ("r2scan", "own:chgnet"):
        with pytest.raises(ValueError, match="cannot be converted to"):
            convert_record(record, oxide, other)
    assert convert_record(replace(record, energy=None, status="failed"), oxide, "r2scan").energy is None


@pytest.mark.skipif(not LEARNED, reason="a learned potential needs requirements-stability.txt")
def test_a_worker_computes_on_one_thread() -> None:
    with LocalEngine(1, processes_of(find(LEARNED[0]))) as engine:
        (outcome,) = engine.map(_threads, [None], time_limit_s=60)
    assert outcome.value == 1


def _threads(_: None) -> int:
    import torch  # noqa: PLC0415 - in the worker only

    return int(torch.get_num_threads())
