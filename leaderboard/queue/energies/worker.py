"""The stability tier of published runs, away from the app: single points first, then relaxations; each is published.

Any number of workers may share a store: one makes a run, the others pass it over and look again.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from leaderboard.errors import BusyError, CommandError, RecordError, RunError
from leaderboard.processes import start_engine
from leaderboard.protocol import load_protocol
from leaderboard.queue.energies.leases import leased, say_seen
from leaderboard.queue.energies.retries import MAX_ATTEMPTS, n_attempts, n_open, open_again
from leaderboard.run.scoring import Resources, Setting, score_again
from leaderboard.store.open import open_store
from metrics.measure.running.progress import ToTerminal
from reference_data.errors import ReferenceSetError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from leaderboard.protocol import Protocol
    from leaderboard.store.local import Store
    from leaderboard.store.run import Run

LOOK_EVERY_S = 30.0


def worker(options: Namespace) -> None:
    """Score what waits, then look again every half minute; with ``--once`` stop when nothing waits.

    Raises:
        CommandError: with ``--once``, when a run could not be scored.

    """
    store, protocol = open_store(), load_protocol()
    with start_engine(options.where) as engine:
        work = Work(Resources(engine, store, ToTerminal()))
        while True:
            store.sync()
            say_seen(store.root)
            n_done = work.look(protocol, relax=options.relax)
            if options.once and not n_done:
                break
            if not n_done:
                time.sleep(LOOK_EVERY_S)
    if work.failed:
        msg = f"{len(work.failed)} not scored; the first: {next(iter(work.failed.values()))}"
        raise CommandError(msg)


@dataclass
class Work:
    """What one worker does, and what it knows of runs that it could not do.

    Attributes:
        resources: engine, store and who is told.
        failed: why, by run key, of those that are not tried again before the worker is started again.

    """

    resources: Resources
    failed: dict[str, str] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)

    def look(self, protocol: Protocol, *, relax: bool) -> int:
        """Go once through all that waits; the number of runs that were worked at."""
        for damaged in self.resources.store.damaged():
            self._say(f"passed over, it is damaged: {damaged.path}: {damaged.why}")
        return sum(self._do(run, setting) for run, setting in waiting(self.resources.store, protocol, relax=relax))

    def _do(self, run: Run, setting: Setting) -> bool:
        """Work at a run; False where another worker is at it, or it cannot be done."""
        key = setting.run_key(run.record.submission_sha256)
        if key in self.failed:
            return False
        name = f"{run.model} against {setting.reference.name}"
        try:
            with leased(self.resources.store.root, key) as is_held:
                if is_held:
                    return self._add_energies(run, setting, name)
            self._say(f"{name}: another worker is at it; looked at again later")
        except BusyError as error:
            self._say(f"{name}: {error}; looked at again later")
        except (RunError, ReferenceSetError, RecordError, OSError, pa.ArrowException) as error:
            if isinstance(error, OSError) and error.errno is not None:
                # the disk or the network, not the run
                self._say(f"{name}: {error}; looked at again later")
            else:
                self.failed[key] = f"{name}: {error}"
                sys.stderr.write(f"error: {self.failed[key]}\n")
        return False

    def _add_energies(self, run: Run, setting: Setting, name: str) -> bool:
        store, sha256 = self.resources.store, run.record.submission_sha256
        key = setting.run_key(sha256)
        if store.path(sha256, key).exists():
            return False  # another worker has just finished it
        sys.stderr.write(f"{name}: {'relaxation' if setting.tier.relaxation else 'single points'}\n")
        workspace = store.workspace(sha256, key)
        if n_attempts(workspace):
            # what ran out of time or memory beside others gets the machine for itself
            with self.resources.engine.sibling(jobs=1) as alone:
                done = score_again(run, setting, replace(self.resources, engine=alone))
        else:
            done = score_again(run, setting, self.resources)
        missing = n_open(done, setting, store)
        if missing and n_attempts(workspace) + 1 < MAX_ATTEMPTS:
            attempt = open_again(workspace)
            sys.stderr.write(f"{name}: {missing:,} energies are tried again, attempt {attempt + 1} of {MAX_ATTEMPTS}\n")
            return True
        sys.stdout.write(f"{store.publish(done.path).path}\n")
        sys.stdout.flush()
        return True

    def _say(self, line: str) -> None:
        """Once, however often it is looked at."""
        if line not in self._said:
            self._said.add(line)
            sys.stderr.write(f"{line}\n")


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
                setting = Setting.of(
                    protocol, run.record.reference, relax=relaxed, training_sets=run.record.model.training_sets
                )
            except (RunError, ReferenceSetError) as error:
                sys.stderr.write(f"skipped {run.path}: {error}\n")
                continue
            key = setting.run_key(run.record.submission_sha256)
            if key not in done and key not in seen:
                seen.add(key)
                yield run, setting
