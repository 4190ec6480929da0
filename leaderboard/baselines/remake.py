"""Make all bundled runs again: ``python -m leaderboard.baselines``, which ``make baselines`` calls.

Submissions, runs and measurements are kept in the store of this machine, so that an interrupted call resumes when given
again. Runs of the plan that are whole are packed at once; a later call replaces them by better ones.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import tomlkit

from leaderboard.baselines.baseline import find, registry
from leaderboard.baselines.bundled import FOLDER, LIST_FILE, Bundled, bundled_runs
from leaderboard.baselines.command import N_RANKED
from leaderboard.baselines.packed import pack
from leaderboard.baselines.submission import card_path, write_submission
from leaderboard.command_line.option_types import positive
from leaderboard.processes import start_engine
from leaderboard.protocol import load_protocol
from leaderboard.run.scoring import Resources, Setting, score_file
from leaderboard.store.local import Store
from metrics.measure.running.choice import EngineChoice, add_engine_options, parsed
from metrics.measure.running.progress import ToTerminal
from reference_data.reference import open_reference
from submissions.card import load_card

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leaderboard.store.run import Run

REFERENCE = "starter"
SEVERAL = {"ion_exchange": 2, "random_prototypes": 2}
"""Baselines with more than one seed, so that the spread between runs is seen."""


class Planned(NamedTuple):
    """A run to make: of which baseline, by which seed."""

    name: str
    seed: int


class Options(NamedTuple):
    """What the command line says."""

    only: Sequence[str]
    n: int
    potentials: tuple[str, ...] | None
    where: EngineChoice
    out: Path


def plan(only: Sequence[str] = ()) -> list[Planned]:
    """Every baseline and control by its first seed, then the further seeds."""
    names = [name for name in registry() if not only or name in only]
    seeds = [Planned(name, seed) for name in names for seed in range(SEVERAL.get(name, 1))]
    return sorted(seeds, key=lambda planned: planned.seed)


def make_all(options: Options) -> None:
    """Make, score, pack and list; says how long each took."""
    planned = plan(options.only)
    for number, one in enumerate(planned, start=1):
        start = time.monotonic()
        sys.stderr.write(f"{number}/{len(planned)} {one.name}, seed {one.seed}\n")
        path = submission(one, options.n)
        made = time.monotonic()
        run = scored(path, options)
        n_bytes = bundle(one, run, options)
        sys.stderr.write(
            f"    made in {made - start:.0f} s, scored in {time.monotonic() - made:.0f} s, {n_bytes / 1e6:.2f} MB\n"
        )
    clear(options.out)


def submission(planned: Planned, n: int) -> Path:
    """The file of a submission, made where it is not there yet."""
    chosen, reference = find(planned.name), open_reference(REFERENCE)
    version = f"{chosen.version}-{reference.manifest_sha256[:12]}"
    path = Store().root / "baselines" / version / f"{planned.name}-{n}-{planned.seed}.jsonl"
    if not path.exists():
        write_submission(chosen, n, planned.seed, reference, path, ToTerminal())
    return path


def scored(path: Path, options: Options) -> Run:
    """The finished run of a submission."""
    card = load_card(card_path(path))
    setting = Setting.of(load_protocol(), REFERENCE, options.potentials, training_sets=card.training_sets)
    with start_engine(options.where) as engine:
        return score_file(path, card, setting, Resources(engine, Store(), ToTerminal()))


def bundle(planned: Planned, run: Run, options: Options) -> int:
    """Pack a run and put it on the list; the number of its bytes."""
    chosen, record = find(planned.name), run.record
    place = f"{record.submission_sha256[:12]}/{record.run_key[:12]}"
    n_bytes = pack(run, options.out / place)
    entry = Bundled(
        name=chosen.name,
        label=chosen.label,
        kind=chosen.kind,
        shows=chosen.shows,
        caught_by=tuple(map(str, chosen.caught_by)),
        version=chosen.version,
        seed=planned.seed,
        n=record.n_submitted,
        submission_sha256=record.submission_sha256,
        place=place,
    )
    others = [one for one in bundled_runs(options.out) if (one.name, one.seed) != planned]
    write_list([*others, entry], options.out)
    return n_bytes


def write_list(entries: Sequence[Bundled], folder: Path) -> None:
    """Write the list in one step, in the order of the registry."""
    order = list(registry())
    known = sorted((one for one in entries if one.name in order), key=lambda one: (order.index(one.name), one.seed))
    content = tomlkit.dumps({"run": [one.model_dump(mode="json") for one in known]})
    path = folder / LIST_FILE
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.write_text(f"# The bundled runs; written by `make baselines`.\n{content}", encoding="utf-8")
    partial.replace(path)


def clear(folder: Path) -> None:
    """Remove runs that the list does not name."""
    listed = {one.place for one in bundled_runs(folder)}
    for path in folder.glob("*/*"):
        if f"{path.parent.name}/{path.name}" not in listed:
            shutil.rmtree(path)
    for path in folder.iterdir():
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def main() -> None:
    """Read the command line and make what it asks for."""
    parser = argparse.ArgumentParser(prog="python -m leaderboard.baselines", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(registry()), default=[], metavar="NAME", help="default: all")
    parser.add_argument("--n", type=positive, default=N_RANKED, help=f"structures of each (default: {N_RANKED:,})")
    parser.add_argument("--structural", action="store_true", help="no energies")
    add_engine_options(parser, positive)
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the runs (default: those of this code)")
    options = parsed(parser, None)
    make_all(Options(options.only, options.n, () if options.structural else None, options.where, options.out))
