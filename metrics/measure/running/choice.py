"""Where a command measures: on this machine, or on a cluster; the options that say so are the same for all commands."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from metrics.measure.running.engine import EngineError
from metrics.measure.running.local_engine import LocalEngine

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence

    from metrics.measure.running.engine import Engine, ProcessSettings

LOCAL, DASK = "local", "dask"
INSTALL = "pip install 'crystal-leaderboard[cluster]', in a checkout: pip install -r requirements-cluster.txt"
NEEDS_DISTRIBUTED = f"a cluster needs the package distributed; install it: {INSTALL}"


@dataclass(frozen=True)
class EngineChoice:
    """Where work runs.

    Attributes:
        jobs: processes of this machine; None for one per usable core.
        scheduler: address of the Dask scheduler of a cluster; None for this machine.
        gpu: only workers of the cluster with the resource GPU run potentials.

    Raises:
        ValueError: these do not go together.

    """

    jobs: int | None = None
    scheduler: str | None = None
    gpu: bool = False

    def __post_init__(self) -> None:
        """Refuse what would be ignored."""
        if self.scheduler is not None and not self.scheduler.strip():
            msg = f"scheduler={self.scheduler!r} is no address, such as tcp://10.0.0.1:8786"
            raise ValueError(msg)
        if self.scheduler is not None and self.jobs is not None:
            msg = (
                f"jobs={self.jobs} are processes of this machine; workers at {self.scheduler} have theirs, leave it out"
            )
            raise ValueError(msg)
        if self.scheduler is None and self.gpu:
            msg = "gpu=True needs the address of a cluster's scheduler: scheduler='tcp://HOST:8786'"
            raise ValueError(msg)

    def start(self, processes: ProcessSettings, *, at_first: int | None = None) -> Engine:
        """Start an engine whose processes are such.

        Args:
            processes: what they are.
            at_first: how many of this machine start at once; None for all.

        Raises:
            EngineError: no scheduler answers, or what speaks to it is not installed.

        """
        if self.scheduler is None:
            return LocalEngine(self.jobs or len(os.sched_getaffinity(0)), processes, at_first=at_first)
        if find_spec("distributed") is None:
            raise EngineError(NEEDS_DISTRIBUTED)
        from metrics.measure.running.dask_engine import DaskEngine  # noqa: PLC0415 - takes a second to import

        return DaskEngine.connected(self.scheduler, processes, gpu=self.gpu)


def add_engine_options(parser: ArgumentParser, positive: Callable[[str], int]) -> None:
    """Options of a command that measures.

    Args:
        parser: of the command.
        positive: type of an option that is a whole number from 1.

    """
    parser.add_argument(
        "--jobs", type=positive, metavar="N", help="worker processes of this machine (default: usable cores)"
    )
    parser.add_argument(
        "--engine",
        choices=(LOCAL, DASK),
        default=LOCAL,
        help="where it is measured: on this machine, or by the workers of a Dask cluster, as many tasks at a time as "
        "they have threads (docs/scale.md; default: %(default)s)",
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of the Dask scheduler, such as tcp://10.0.0.1:8786")
    parser.add_argument(
        "--gpu", action="store_true", help="with --engine dask: only workers with the resource GPU run potentials"
    )
    parser.set_defaults(complain_of_engine=parser.error)


def parsed(parser: ArgumentParser, arguments: Sequence[str] | None) -> Namespace:
    """The options of a command line; what those of an engine say is ``where``, wrong usage ends the process."""
    options = parser.parse_args(arguments)
    if "engine" in options:
        trouble = _trouble(options)
        if trouble is not None:
            options.complain_of_engine(trouble)
        options.where = EngineChoice(options.jobs, options.scheduler, options.gpu)
    return options


def _trouble(options: Namespace) -> str | None:
    """Why the options of an engine do not go together; None where they do."""
    if options.engine == LOCAL:
        given = "--scheduler" if options.scheduler is not None else "--gpu" if options.gpu else None
        return given and f"{given} goes with --engine {DASK} only"
    if options.jobs:
        return f"--jobs goes with --engine {LOCAL} only; a worker of a cluster is told its number: --nthreads"
    if not (options.scheduler or "").strip():
        return f"--engine {DASK} needs the address of a scheduler: --scheduler tcp://HOST:8786"
    if find_spec("distributed") is None:
        return f"--engine {DASK}: {NEEDS_DISTRIBUTED}"
    return None
