"""Compare what a run predicted with DFT labels that came later."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from leaderboard.calibration.apply import calibrated
from leaderboard.calibration.assess import THRESHOLDS
from leaderboard.calibration.labels import labelled, views_of
from leaderboard.calibration.ledger import Check, CheckedShare
from leaderboard.errors import CommandError
from metrics.statistics.expected import expected_share

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leaderboard.calibration.labels import LabelledRun
    from leaderboard.calibration.record import Calibration


def checks_of(one: LabelledRun, calibrations: Iterable[Calibration]) -> list[Check]:
    """A check for each calibrated view of the run.

    Args:
        one: a run and labels of its structures.
        calibrations: those there are; the run names the ones that it was scored with.

    Raises:
        CommandError: the run was not calibrated, the calibration is not there or was fitted on these structures, or no
            labelled structure has a distance by the potential.

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
    if record.submission_sha256 in {files.structures_sha256 for files in calibration.training}:
        msg = (
            f"the calibration of {calibration.potential} was fitted on {record.file_name} "
            f"({record.submission_sha256[:12]}); only labels that it has not seen can check it"
        )
        raise CommandError(msg)
    kind = (calibration.potential, calibration.relaxed, calibration.convention)
    views = [view for view in views_of([one]) if (view.potential, view.relaxed, view.convention) == kind]
    structures = labelled([one], views[0])
    n_structures = len(structures.labels)
    if not n_structures:
        msg = (
            f"none of the {len(one.labels)} ids of {one.labels_file} (such as {next(iter(one.labels), None)!r}) is "
            f"that of a structure with a distance by {calibration.potential} (such as {_an_id(one)!r})"
        )
        raise CommandError(msg)
    rows = calibrated(
        pd.DataFrame(
            {
                "e_above_hull": structures.distances,
                "reduced_formula": structures.formulas,
                "n_hull_entries": structures.n_hull_entries,
            }
        ),
        calibration,
    )
    shares = []
    for name, threshold in zip(("p_stable", "p_metastable_or_better"), THRESHOLDS, strict=True):
        expected = expected_share(
            rows[name].to_numpy(dtype=np.float64), np.stack(rows[f"{name}_draws"].tolist(), axis=1), n_structures
        )
        shares.append(
            CheckedShare(
                threshold_ev_per_atom=threshold,
                labelled=float((structures.labels <= threshold).mean()),
                raw=float((structures.distances <= threshold).mean()),
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
        labels_sha256=hashlib.sha256(one.labels_file.read_bytes()).hexdigest(),
        predicted=record.created,
        checked=datetime.now(UTC),
        n_structures=n_structures,
        n_outside=int((~rows["inside_calibration"]).sum()),
        shares=tuple(shares),
    )


def _an_id(one: LabelledRun) -> str | None:
    identifiers: list[str] = one.run.columns()["id"].tolist()
    return next(iter(identifiers), None)
