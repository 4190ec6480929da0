"""Runs of all baselines and controls that ship with this code, and which run of a store is one of them.

A run is known by the bytes that were submitted, so nobody gets the mark of a control by a name, nor rid of it.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel, ConfigDict

from leaderboard.baselines.baseline import Kind  # noqa: TC001 - pydantic reads the types of fields
from leaderboard.store.actions import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.store.local import Store
    from leaderboard.store.run import Run

FOLDER = Path(__file__).parent / "shipped"
"""The runs, as a store keeps them, and the list of them; tables hold what the pages show."""
LIST_FILE = "bundled.toml"
REMAKE = "make baselines"


class Bundled(BaseModel):
    """One bundled run.

    Attributes:
        name: of its baseline or control.
        label: name that people read.
        kind: which of both.
        shows: what it does and what its scores say, two lines.
        caught_by: what a control's scores must be, as people read it.
        version: of the baseline.
        seed: of the submission.
        n: structures.
        submission_sha256: of its file.
        place: folder of the run, relative to the store's.

    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    label: str
    kind: Kind
    shows: str
    caught_by: tuple[str, ...]
    version: int
    seed: int
    n: int
    submission_sha256: str
    place: str

    @property
    def is_control(self) -> bool:
        """Whether it must fail."""
        return self.kind == "control"


class Published(NamedTuple):
    """Numbers of runs that the store did not have, and that it had already."""

    n_new: int
    n_known: int


def bundled_runs(folder: Path = FOLDER) -> tuple[Bundled, ...]:
    """All of them; none before the first was made."""
    if not (folder / LIST_FILE).is_file():
        return ()
    content = tomllib.loads((folder / LIST_FILE).read_text(encoding="utf-8"))
    return tuple(Bundled.model_validate(entry) for entry in content.get("run", []))


def bundled_of(submission: str) -> Bundled | None:
    """The baseline or control whose submission has this sha256, of which 12 digits suffice; None where none has."""
    return _by_place().get(submission[:12])


def baseline_of(run: Run) -> Bundled | None:
    """The baseline or control that a run of a store is of; None for a submission of somebody else."""
    bundled = bundled_of(run.record.submission_sha256)
    return bundled if bundled is not None and bundled.submission_sha256 == run.record.submission_sha256 else None


def control_of(run: Run) -> Bundled | None:
    """The control that a run of a store is of; None where it is of none."""
    bundled = baseline_of(run)
    return bundled if bundled is not None and bundled.is_control else None


def publish_bundled(store: Store, folder: Path = FOLDER) -> Published:
    """Bring the runs into a store; one that is there already stays as it is."""
    runs = bundled_runs(folder)
    n_new = 0
    for one in runs:
        n_new += not (store.root / one.place).exists()
        publish_as_ours(store, folder / one.place)
    return Published(n_new, len(runs) - n_new)


def publish_as_ours(store: Store, folder: Path) -> Run:
    """Bring a run into a store as nobody's, also where somebody submitted the same bytes before."""
    run = store.publish(folder)
    sha256 = run.record.submission_sha256
    register = store.register()
    if sha256 in register.listings and register.of(sha256, None) is None:
        store.record(Action(actor="the store", kind="published", sha256=sha256, card=run.record.model))
    return run


@cache
def _by_place() -> Mapping[str, Bundled]:
    return {one.submission_sha256[:12]: one for one in bundled_runs()}
