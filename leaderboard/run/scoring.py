"""One submission through the five stages, in a folder of its own, from which a killed run resumes."""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from leaderboard.calibration.apply import fitting
from leaderboard.calibration.record import calibrations
from leaderboard.errors import BusyError, RecordError, RunError
from leaderboard.matching.training_sets import NONE_DECLARED, TrainingSets
from leaderboard.records import FORMAT_VERSION, Release, RunRecord, StartedRun
from leaderboard.release import package_versions, release
from leaderboard.run.columns import check_complete, columns_schema
from leaderboard.run.energies import ENERGIES_SCHEMA, Tier, check_available, check_installed
from leaderboard.run.energy_views import variant
from leaderboard.run.reading import STRUCTURES_SCHEMA, at_most, has_cells, refuse_more
from leaderboard.run.stages import Context, Read, Scored, identify, measure, read, relax, score
from leaderboard.store.json_files import read_any_run, write_model
from leaderboard.store.run import Run
from metrics.measure import registry as measures
from metrics.measure.matching import point_defect
from metrics.measure.matching import verdict as matching
from metrics.measure.running.cache import Cache
from metrics.score import registry as scores
from metrics.table import read_parquet, write_parquet
from reference_data.reference import open_reference, present_sha256
from submissions.box import split_in_box
from submissions.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from leaderboard.calibration.record import Calibration
    from leaderboard.protocol import Protocol
    from leaderboard.store.local import Store
    from metrics.measure.running.engine import Engine
    from metrics.measure.running.progress import Report
    from reference_data.reference import Reference
    from submissions.card import Card
    from submissions.record import Record

P = ParamSpec("P")
T = TypeVar("T")

LIMITS = Limits()


@dataclass(frozen=True)
class Setting:
    """What a submission is scored against and how; together with its content it names the run."""

    protocol: Protocol
    reference: Reference
    tier: Tier
    training: TrainingSets = NONE_DECLARED

    @classmethod
    def of(
        cls,
        protocol: Protocol,
        reference: str | Path | None = None,
        potentials: tuple[str, ...] | None = None,
        *,
        relax: bool | None = None,
        training_sets: Sequence[str] = (),
        training_folders: Sequence[str | Path] = (),
    ) -> Setting:
        """Look up by name what the caller asks for; the protocol decides what is left open.

        Args:
            protocol: the version of the benchmark.
            reference: name or folder of a set; default is the protocol's first that is present.
            potentials: ids; none of them is the structural tier.
            relax: relaxed structures beside those as submitted.
            training_sets: what the card says that the model was trained on.
            training_folders: built sets that it was trained on, by name or folder.

        Raises:
            ProtocolError: the protocol asks for what the code cannot measure or score.
            ReferenceSetError: the set does not exist, cannot be opened, or was built with other settings than the
                protocol's.
            RunError: there is no such potential, or the set has no hull that its energies fit.

        """
        check_complete(protocol)
        opened = open_reference(reference or next(filter(present_sha256, protocol.references), protocol.references[-1]))
        opened.refuse_other_settings(protocol.measures, protocol.matching)
        tier = Tier.of(
            protocol.potentials if potentials is None else potentials,
            opened,
            relax=protocol.relax if relax is None else relax,
            relaxation=protocol.relaxation,
        )
        return cls(protocol, opened, tier, TrainingSets.of(training_sets, protocol, training_folders))

    @property
    def custom(self) -> bool:
        """Departs from the protocol: shown, never ranked. Fewer tiers and more potentials are no departure.

        Where the set of this name is present, another set of the name is not the protocol's.
        """
        named = {potential.id for potential in self.tier.potentials}
        lacks_a_potential = bool(named) and not set(self.protocol.potentials) <= named
        name, sha256 = self.reference.name, self.reference.manifest_sha256
        is_the_protocols = name in self.protocol.references and present_sha256(name) in (None, sha256)
        return not is_the_protocols or lacks_a_potential

    @cached_property
    def calibrations(self) -> dict[str, Calibration]:
        """Calibrations by DFT labels that fit, by the variant of the view of the energies that each is for."""
        kinds = (False,) if self.tier.relaxation is None else (False, True)
        chosen = {}
        for relaxed in kinds:
            for energies in self.tier.on_dft_hulls(relaxed=relaxed):
                fits = fitting(calibrations(), energies, lambda convention: self.reference.hull(convention).sha256)
                if fits:
                    chosen[variant(energies.potential, relaxed=relaxed, own_hull=False)] = fits
        return chosen

    @property
    def as_submitted(self) -> Setting:
        """The same without relaxing."""
        return replace(self, tier=replace(self.tier, relaxation=None))

    @property
    def training_hashes(self) -> dict[str, str]:
        """Hash of the manifest of each training set that decides a number, by its name."""
        is_scored = any("in_training_set" in scores()[name].needs for name in self.protocol.scores)
        return self.training.hashes if is_scored else {}

    def run_key(self, submission_sha256: str) -> str:
        """Hex sha256 of everything that decides a number of the run, and of nothing else.

        What the protocol does not name decides no number: a new score or measurement in the code moves no key.
        """
        parts: dict[str, object] = {
            "submission": submission_sha256,
            "protocol": self.protocol.hash,
            "reference": self.reference.manifest_sha256,
            "energies": self.tier.key,
            "calibrations": {name: calibration.sha256 for name, calibration in self.calibrations.items()},
            "measures": {name: measures()[name].version for name in self.protocol.measures},
            "verdict": matching.VERSION,
            "point_defects": point_defect.VERSION,
            "scores": {name: scores()[name].versions for name in self.protocol.scores},
        }
        if self.training_hashes:  # a part that is empty in most runs, and then moves no key
            parts["training_sets"] = self.training_hashes
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Stopwatch:
    """Wall time of what is done one after the other, in seconds, by name."""

    def __init__(self) -> None:
        """Nothing is done yet."""
        self.seconds: dict[str, float] = {}

    def time(self, name: str, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Do the work and note how long it took."""
        start = time.monotonic()
        result = work(*arguments, **named)
        self.seconds[name] = round(time.monotonic() - start, 3)
        return result


@dataclass(frozen=True)
class Resources:
    """Where work runs, where measurements and unpublished runs are kept, who is told how far it is."""

    engine: Engine
    store: Store
    report: Report


def score_file(
    source: Path,
    card: Card,
    setting: Setting,
    resources: Resources,
    *,
    out: Path | None = None,
    max_structures: int | None = None,
) -> Run:
    """Score a submission file; the folder of the finished run.

    Args:
        source: the uploaded file.
        card: who submits it.
        setting: protocol, reference, potentials.
        resources: engine, store, progress.
        out: folder of the run; default is the store's workspace.
        max_structures: a file of more is refused, as on a public server; None for any number.

    Raises:
        FileRefusedError: nothing can be scored, or there are more structures than that.
        RunError: the folder holds another run, or the setting asks for what is not there.

    """
    with closing(split_in_box(source, LIMITS)) as records:
        bounded = at_most(records, max_structures)
        run = _score(bounded, sha256_of_file(source), source.name, card, setting, resources, out)
    # one that was read before, where any number was taken
    refuse_more(run.record.n_submitted, max_structures)
    return run


def score_records(
    records: Sequence[Record], card: Card, setting: Setting, resources: Resources, *, out: Path | None = None
) -> Run:
    """Score records that are already in memory; otherwise like :func:`score_file`."""
    content = hashlib.sha256()
    for record in records:
        content.update(json.dumps([record.id, record.format]).encode())
        content.update(record.payload)
    return _score(records, content.hexdigest(), None, card, setting, resources, out)


def lacks(setting: Setting, store: Store) -> list[str]:
    """What is worth saying before anything is read, one line each: training sets that are not at hand, and energies.

    See :func:`.energies.check_installed`.

    Raises:
        RunError: the setting asks for energies that this machine neither knows nor can compute.

    """
    notes = list(setting.training.missing)
    if setting.tier.potentials:
        with Cache(store.cache) as cache:
            notes += check_installed(setting.tier, cache)
    return notes


def score_again(run: Run, setting: Setting, resources: Resources) -> Run:
    """Score the structures of an earlier run in another setting; what was measured is not measured again.

    Raises:
        RunError: the setting asks for what is not there, another process is at it, or the run has no structures.

    """
    record = run.record
    if not has_cells(run.structures()):
        msg = f"{run.path} ships without its structures, which their source has; get and score that file instead"
        raise RunError(msg)
    sha256 = record.submission_sha256
    folder = resources.store.workspace(sha256, setting.run_key(sha256))
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "structures.parquet").exists():
        write_parquet(run.structures(), STRUCTURES_SCHEMA, folder / "structures.parquet")
    return _score((), sha256, record.file_name, record.model, setting, resources, folder)


def sha256_of_file(path: Path) -> str:
    """Hex sha256 of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _score(
    records: Iterable[Record],
    submission_sha256: str,
    file_name: str | None,
    card: Card,
    setting: Setting,
    resources: Resources,
    out: Path | None,
) -> Run:
    run_key = setting.run_key(submission_sha256)
    folder = out or resources.store.workspace(submission_sha256, run_key)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder), Cache(resources.store.cache) as cache:
        if _finished(folder, run_key):
            return Run(folder)
        record = StartedRun(
            format_version=FORMAT_VERSION,
            file_name=file_name,
            model=setting.training.on_card(card),
            submission_sha256=submission_sha256,
            run_key=run_key,
            protocol=setting.protocol.name,
            protocol_hash=setting.protocol.hash,
            protocol_status=setting.protocol.status,
            reference=setting.reference.name,
            reference_hash=setting.reference.manifest_sha256,
            reference_indicative=setting.reference.indicative,
            potentials=tuple(potential.id for potential in setting.tier.potentials),
            relaxed=setting.tier.relaxation is not None,
            checkpoints={potential.id: potential.checkpoint_sha256 for potential in setting.tier.potentials},
            calibrations={name: calibration.sha256 for name, calibration in setting.calibrations.items()},
            training_sets=setting.training_hashes,
            custom=setting.custom,
            verified=False,
            versions=package_versions(),
            release=Release(**release()._asdict()),
        )
        write_model(record, folder / "run.json")
        context = Context(
            setting.protocol,
            setting.reference,
            setting.tier,
            LIMITS,
            resources.engine,
            cache,
            resources.report,
            setting.calibrations,
            setting.training,
        )
        clock = Stopwatch()
        done = clock.time("read", _read, records, context, folder / "structures.parquet")
        # an hour of measuring must not end in a missing package
        check_available(setting.tier, done.crystals.values(), cache)
        measured = clock.time("measure", measure, done, context)
        identified = clock.time("identify", identify, measured, context)
        relaxed = clock.time("relax", relax, identified, context)
        scored = clock.time("score", score, relaxed, context)
        _write(scored, setting.protocol, record, clock.seconds, folder)
    return Run(folder)


def _read(records: Iterable[Record], context: Context, saved: Path) -> Read:
    """The records as read; a killed run resumes from the table that it saved."""
    if saved.exists():
        return Read.of(read_parquet(saved))
    done = read(records, context)
    write_parquet(done.structures, STRUCTURES_SCHEMA, saved)
    return done


def _write(scored: Scored, protocol: Protocol, started: StartedRun, timings: dict[str, float], folder: Path) -> None:
    """Write what the stages made; ``run.json`` comes last and says that the rest is whole."""
    write_parquet(scored.columns, columns_schema(protocol), folder / "columns.parquet")
    if scored.energies is not None:
        write_parquet(scored.energies, ENERGIES_SCHEMA, folder / "energies.parquet")
    record = started.finished(len(scored.columns), datetime.now(UTC), timings)
    write_model(record.with_scores(scored.scores), folder / "scores.json")
    write_model(record, folder / "run.json")


def _finished(folder: Path, run_key: str) -> bool:
    """Whether the folder holds this very run, finished.

    Raises:
        RunError: it holds another one, or a file of that name that is no record of a run.

    """
    path = folder / "run.json"
    if not path.exists():
        return False
    try:
        record = read_any_run(path)
    except RecordError as error:
        msg = f"{error}; choose another folder with --out"
        raise RunError(msg) from error
    if record.run_key != run_key:
        msg = (
            f"{folder} holds run {record.run_key[:12]} of {record.file_name}, this one is {run_key[:12]}: "
            "another file, protocol, reference or version; choose another folder with --out"
        )
        raise RunError(msg)
    return isinstance(record, RunRecord)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; it goes with the process, however that ends.

    Raises:
        BusyError: another process is at work there.

    """
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"another process is writing {folder}; wait for it or choose another folder with --out"
            raise BusyError(msg) from error
        yield
