"""The ledger of predictions: DFT labels that came later, beside what was predicted before. Lines are only added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, FiniteFloat, ValidationError

from leaderboard.calibration import LEDGER
from leaderboard.calibration.expectation import THRESHOLDS
from leaderboard.calibration.record import Sha256  # noqa: TC001 - pydantic reads the annotations
from leaderboard.errors import CommandError, RecordError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

FORMAT_VERSION: Literal[1] = 1


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CheckedShare(_Closed):
    """Share of the labelled structures up to a distance from the hull.

    Attributes:
        threshold_ev_per_atom: of e_above_hull.
        labelled: share by DFT.
        raw: share by the potential alone.
        expected: share that was predicted.
        low: lower end of its 95% interval.
        high: upper end.

    """

    threshold_ev_per_atom: FiniteFloat
    labelled: FiniteFloat
    raw: FiniteFloat
    expected: FiniteFloat
    low: FiniteFloat
    high: FiniteFloat

    @property
    def is_inside(self) -> bool:
        """Whether the interval holds what DFT found."""
        return self.low <= self.labelled <= self.high


class Check(_Closed):
    """One set of labels beside the predictions of one calibration.

    Attributes:
        format_version: of this record.
        model: that made the structures.
        potential: id, or the name of an ensemble.
        relaxed: whether structures were relaxed by it.
        calibration_sha256: of the calibration that the run was scored with.
        structures_sha256: of the file of structures.
        labels_sha256: of the labels that were compared, with the structures.
        predicted: when the run was scored.
        checked: when the labels were compared.
        n_structures: with a label and a distance by the potential.
        n_outside: of these, unlike those that the calibration was fitted on.
        shares: stable, and at most 0.1 eV/atom above the hull.

    """

    format_version: Literal[1] = FORMAT_VERSION
    model: str
    potential: str
    relaxed: bool
    calibration_sha256: Sha256
    structures_sha256: Sha256
    labels_sha256: Sha256
    predicted: AwareDatetime
    checked: AwareDatetime
    n_structures: int
    n_outside: int
    shares: tuple[CheckedShare, ...]

    @property
    def subject(self) -> tuple[str, str, str]:
        """What is checked only once."""
        return self.calibration_sha256, self.structures_sha256, self.labels_sha256


def ledger(path: Path = LEDGER) -> tuple[Check, ...]:
    """Every check so far, oldest first; none where there is no file.

    Raises:
        RecordError: a line is not one.

    """
    if not path.exists():
        return ()
    checks = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            checks.append(Check.model_validate_json(line))
        except ValidationError as error:
            msg = f"{path}, line {number}: {error.errors()[0]['msg']}"
            raise RecordError(msg) from error
    return tuple(checks)


def add(checks: Iterable[Check], path: Path = LEDGER) -> None:
    """Append checks.

    Raises:
        CommandError: the same labels were compared with the same predictions before.

    """
    known = {check.subject for check in ledger(path)}
    lines = []
    for check in checks:
        if check.subject in known:
            msg = (
                f"these labels of {check.model} were compared with the predictions by {check.potential} before; "
                f"{path} holds each comparison once"
            )
            raise CommandError(msg)
        lines.append(check.model_dump_json() + "\n")
    with path.open("a", encoding="utf-8") as file:
        file.writelines(lines)


def record_text(checks: Sequence[Check]) -> str:
    """One sentence: how many sets were checked and how often the interval of the stable share held."""
    if not checks:
        return "No set has been checked against later DFT labels yet."
    stable = [share for check in checks for share in check.shares if share.threshold_ev_per_atom == THRESHOLDS[0]]
    n_inside = sum(share.is_inside for share in stable)
    sets = "1 set" if len(checks) == 1 else f"{len(checks)} sets"
    return f"{sets} checked against later DFT labels, {n_inside} inside the 95% interval of the stable share."
