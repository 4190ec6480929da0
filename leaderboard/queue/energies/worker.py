"""The stability tier of published runs, away from the app: single points first, then relaxations; each is published."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from leaderboard.errors import CommandError, RunError
from leaderboard.protocol import load_protocol
from leaderboard.run.scoring import Resources, Setting, score_again, start_engine
from leaderboard.store.local import Store
from metrics.measure.running.progress import ToTerminal
from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from leaderboard.protocol import Protocol
    from leaderboard.store.run import Run

LOOK_EVERY_S = 30.0


def worker(options: Namespace) -> None:
    """Score what waits, then look again every half minute; with ``--once`` stop when nothing waits.

    Raises:
        CommandError: with ``--once``, when a run could not be scored.

    """
    store, protocol = Store(), load_protocol()
    failed: dict[str, str] = {}
    with start_engine(options.jobs) as engine:
        resources = Resources(engine, store, ToTerminal())
        while True:
            for run, setting in waiting(store, protocol, relax=options.relax):
                key = setting.run_key(run.record.submission_sha256)
                if key in failed:
                    continue
                name = f"{run.model} against {setting.reference.name}"
                sys.stderr.write(f"{name}: {'relaxation' if setting.tier.relaxation else 'single points'}\n")
                try:
                    done = store.publish(score_again(run, setting, resources).path)
                except (RunError, ReferenceSetError) as error:
                    failed[key] = f"{name}: {error}"
                    sys.stderr.write(f"error: {failed[key]}\n")
                else:
                    sys.stdout.write(f"{done.path}\n")
                    sys.stdout.flush()
            if options.once:
                break
            time.sleep(LOOK_EVERY_S)
    if failed:
        msg = f"{len(failed)} not scored; the first: {next(iter(failed.values()))}"
        raise CommandError(msg)


def waiting(store: Store, protocol: Protocol, *, relax: bool) -> Iterator[tuple[Run, Setting]]:
    """Published runs without the energies of the protocol, oldest first; relaxations after all single points.

    Runs with settings of their own, and of an earlier draft of the protocol, are not waited for.
    """
    for relaxed in (False, True) if relax else (False,):
        runs = store.runs()
        done = {run.record.run_key for run in runs}
        seen: set[str] = set()
        for run in runs:
            if run.record.custom or run.record.protocol_hash != protocol.hash:
                continue
            try:
                setting = Setting.of(protocol, run.record.reference, relax=relaxed)
            except (RunError, ReferenceSetError) as error:
                sys.stderr.write(f"skipped {run.path}: {error}\n")
                continue
            key = setting.run_key(run.record.submission_sha256)
            if key not in done and key not in seen:
                seen.add(key)
                yield run, setting
