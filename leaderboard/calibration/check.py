"""Compare what a run predicted with DFT labels that came later."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from leaderboard.calibration.apply import calibrated
from leaderboard.calibration.expectation import THRESHOLDS
from leaderboard.calibration.labels import matched, views_of
from leaderboard.calibration.ledger import Check, CheckedShare
from leaderboard.calibration.record import N_DIGITS
from leaderboard.errors import CommandError
from metrics.statistics.expected import expected_share

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from leaderboard.calibration.labels import LabelledRun
    from leaderboard.calibration.record import Calibration

FEWEST = 20
"""Labelled structures that make a set: of fewer an interval excludes hardly anything."""


def checks_of(one: LabelledRun, calibrations: Iterable[Calibration]) -> list[Check]:
    """A check for each calibrated view of the run.

    Args:
        one: a run and labels of its structures.
        calibrations: those there are; the run names the ones that it was scored with.

    Raises:
        CommandError: the run was not calibrated, the calibration is not there, or too few labelled structures have a
            distance by the potential and were not among those that it was fitted on.

    """
    record = one.run.record
    used = set(record.calibrations.values())
    if not used:
        msg = f"{one.run.path} was scored without a calibration, so it predicted nothing that labels could check"
        raise CommandError(msg)
    by_sha256 = {calibration.sha256: calibration for calibration in calibrations}
    if missing := used - set(by_sha256):
        msg = (
            f"{one.run.path} was scored with the calibration {min(missing)[:12]}, which is not there "
            f"({', '.join(sha256[:12] for sha256 in by_sha256) or 'none is'}); check it with the release that scored it"
        )
        raise CommandError(msg)
    return [_check(one, by_sha256[sha256]) for sha256 in dict.fromkeys(record.calibrations.values())]


def _check(one: LabelledRun, calibration: Calibration) -> Check:
    record = one.run.record
    kind = (calibration.potential, calibration.relaxed, calibration.convention)
    views = [view for view in views_of([one]) if (view.potential, view.relaxed, view.convention) == kind]
    rows = matched(one, views[0])
    if rows.empty:
        msg = (
            f"none of the {len(one.labels)} ids of {one.labels_file} (such as {next(iter(one.labels), None)!r}) is "
            f"that of a structure with a distance by {calibration.potential} (such as {_an_id(one)!r})"
        )
        raise CommandError(msg)
    trained_on = {structure for files in calibration.training for structure in files.structures}
    rows = rows[~rows["sha256"].str[:N_DIGITS].isin(trained_on)].reset_index(drop=True)
    n_structures = len(rows)
    if n_structures < FEWEST:
        msg = (
            f"{n_structures} of the labelled structures of {record.file_name} were not among those that the "
            f"calibration of {calibration.potential} was fitted on; a check needs {FEWEST}"
        )
        raise CommandError(msg)
    labels, distances = (rows[name].to_numpy(dtype=np.float64) for name in ("label", "e_above_hull"))
    rows = calibrated(rows, calibration)
    shares = []
    for name, threshold in zip(("p_stable", "p_metastable_or_better"), THRESHOLDS, strict=True):
        expected = expected_share(
            rows[name].to_numpy(dtype=np.float64), np.stack(rows[f"{name}_draws"].tolist(), axis=1), n_structures
        )
        shares.append(
            CheckedShare(
                threshold_ev_per_atom=threshold,
                labelled=float((labels <= threshold).mean()),
                raw=float((distances <= threshold).mean()),
                expected=expected.value,
                low=expected.low,
                high=expected.high,
            )
        )
    return Check(
        model=one.run.model,
        potential=calibration.potential,
        relaxed=calibration.relaxed,
        calibration_sha256=calibration.sha256,
        structures_sha256=record.submission_sha256,
        labels_sha256=_sha256_of(rows),
        predicted=record.created,
        checked=datetime.now(UTC),
        n_structures=n_structures,
        n_outside=int((~rows["inside_calibration"]).sum()),
        shares=tuple(shares),
    )


def _sha256_of(rows: pd.DataFrame) -> str:
    """Of the labels that were compared, whatever else the file holds and however it is written."""
    pairs = sorted(zip(rows["sha256"].tolist(), rows["label"].tolist(), strict=True))
    return hashlib.sha256(repr(pairs).encode()).hexdigest()


def _an_id(one: LabelledRun) -> str | None:
    identifiers: list[str] = one.run.columns()["id"].tolist()
    return next(iter(identifiers), None)
