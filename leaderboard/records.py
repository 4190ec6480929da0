"""What a run leaves beside its tables, as closed types: how it was made (``run.json``), its scores (``scores.json``).

Files of an earlier format are read too; one of a later format, or with a key that nobody knows, is refused.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the types of what it serialises
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, field_serializer

from leaderboard.score_key import ScoreKey
from metrics.score import Better  # noqa: TC001 - pydantic reads the types of fields when it makes the class
from metrics.statistics.uncertainty import Estimate
from metrics.statistics.value import is_equal
from submissions.card import Card  # noqa: TC001 - as above

if TYPE_CHECKING:
    from collections.abc import Sequence

FormatVersion = Literal[1, 2, 3, 4]
FORMAT_VERSION: FormatVersion = 4
"""Of both files. Version 1, that of files which name none, knew no release; version 2 no calibrations; version 3 no
training sets."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Release(_Closed):
    """Version and commit of this code; the commit is None where it is not known."""

    version: str
    commit: str | None


class ScoreEntry(_Closed):
    """One score of a run.

    Attributes:
        name: in the registry of scores.
        version: of its definition.
        variant: energy view; None for a score that needs no energies.
        value: in ``unit``; None where it is not defined.
        low: lower end of its 95% interval; None where so few structures, or such alike ones, do not tell.
        high: upper end, None where ``low`` is.
        n_counted: records whose facts were known.
        n_unknown: records whose facts were not.
        unit: of value, low and high; a share lies in [0, 1].
        better: its direction.

    """

    name: str
    version: int
    variant: str | None
    value: FiniteFloat | None
    low: FiniteFloat | None
    high: FiniteFloat | None
    n_counted: int
    n_unknown: int
    unit: str
    better: Better

    @property
    def key(self) -> ScoreKey:
        """Which score it is."""
        return ScoreKey(self.name, self.variant)

    @property
    def estimate(self) -> Estimate | None:
        """Value and 95% interval; None where the score is not defined or has no interval, or one without a width."""
        if self.value is None or self.low is None or self.high is None or is_equal(self.low, self.high):
            return None
        return Estimate(self.value, self.low, self.high)


class RunScores(_Closed):
    """Content of ``scores.json``: the scores, and what they cannot be read without."""

    format_version: FormatVersion = 1
    protocol: str
    protocol_hash: str
    reference: str
    reference_hash: str
    run_key: str
    custom: bool
    n_submitted: int
    scores: tuple[ScoreEntry, ...]


class _Setting(_Closed):
    """What is known of a run before it starts.

    Attributes:
        file_name: as submitted; None for structures that came from memory.
        model: the card.
        submission_sha256: of the bytes submitted.
        run_key: hash of all that decides the numbers.
        protocol: version of the benchmark.
        protocol_hash: of its content.
        protocol_status: of the protocol at that time.
        reference: name of the reference set.
        reference_hash: of its manifest.
        reference_indicative: whether the set is too small for more than an indication.
        potentials: ids of the interatomic potentials; none in the structural tier.
        relaxed: whether structures were relaxed too.
        checkpoints: sha256 of the parameters of each potential.
        calibrations: sha256 of the calibration of each view of the energies that has one, by its variant.
        training_sets: sha256 of the manifest of each training set that records were compared with, by name; none unless
            all that the card declares were at hand.
        custom: departs from the protocol: shown, never ranked.
        verified: whether the maintainers have scored it again.
        versions: of the packages, Python and the machine.
        release: of this code; None where the run was made by code that did not say.

    """

    format_version: FormatVersion = 1
    file_name: str | None
    model: Card
    submission_sha256: str
    run_key: str
    protocol: str
    protocol_hash: str
    protocol_status: Literal["draft", "final"]
    reference: str
    reference_hash: str
    reference_indicative: bool
    potentials: tuple[str, ...]
    relaxed: bool
    checkpoints: dict[str, str]
    calibrations: dict[str, str] = {}
    training_sets: dict[str, str] = {}
    custom: bool
    verified: bool
    versions: dict[str, str]
    release: Release | None = None


class StartedRun(_Setting):
    """Content of ``run.json`` while the run is being made, or after it was killed."""

    status: Literal["running"] = "running"

    def finished(self, n_submitted: int, created: datetime, timings_s: dict[str, float]) -> RunRecord:
        """The record of the run once all its other files are written."""
        setting = self.model_dump(exclude={"status"})
        return RunRecord(**setting, n_submitted=n_submitted, created=created, timings_s=timings_s)


class RunRecord(_Setting):
    """Content of ``run.json`` of a finished run.

    Attributes:
        n_submitted: records of the submission.
        created: when the run was finished.
        timings_s: wall time of each stage, in seconds.

    """

    status: Literal["done"] = "done"
    n_submitted: int
    created: AwareDatetime
    timings_s: dict[str, float]

    @field_serializer("created")
    def _to_seconds(self, created: datetime) -> str:
        return created.isoformat(timespec="seconds")

    @property
    def day(self) -> str:
        """When it was finished, as ``2026-11-20``."""
        return self.created.date().isoformat()

    def with_scores(self, entries: Sequence[ScoreEntry]) -> RunScores:
        """The content of ``scores.json``."""
        shared = {name: getattr(self, name) for name in RunScores.model_fields if name != "scores"}
        return RunScores(**shared, scores=tuple(entries))


AnyRun = Annotated[StartedRun | RunRecord, Field(discriminator="status")]
"""Content of ``run.json``, finished or not."""
