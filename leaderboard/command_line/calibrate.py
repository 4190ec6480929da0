"""``calibrate``: fit calibrations to runs with DFT labels, check what they predicted, and show those there are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.board.names import hull_name, potential_name
from leaderboard.calibration.check import checks_of
from leaderboard.calibration.expectation import THRESHOLDS
from leaderboard.calibration.labels import LabelledRun, read_labels
from leaderboard.calibration.ledger import add, ledger, record_text
from leaderboard.calibration.record import calibrations
from leaderboard.calibration.train import fit_all
from leaderboard.errors import CommandError
from leaderboard.store.run import Run

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from leaderboard.calibration.ledger import Check
    from leaderboard.calibration.record import Calibration, LeftOut

_PERCENT = 100


def calibrate(options: Namespace) -> None:
    """Fit where runs are given, check where later labels are, else print what each calibration predicts of the others.

    Raises:
        CommandError: a run or a table of labels cannot be read, does not fit, or the labels are too few.

    """
    if options.fit and options.check:
        msg = "--fit makes calibrations and --check tests those there are: one at a time"
        raise CommandError(msg)
    if options.check:
        labels, run = options.check
        checks = checks_of(LabelledRun(Run(run), read_labels(labels), labels), calibrations(options.calibrations))
        add(checks, options.ledger)
        sys.stdout.write("\n".join([*map(check_text, checks), record_text(ledger(options.ledger))]) + "\n")
        return
    fitted = _fitted(options) if options.fit else calibrations(options.calibrations)
    parts = [*map(as_text, fitted), record_text(ledger(options.ledger))] if fitted else ["there is no calibration"]
    sys.stdout.write("\n".join(parts) + "\n")


def _fitted(options: Namespace) -> Sequence[Calibration]:
    from reference_data.errors import ReferenceSetError  # noqa: PLC0415 - slow, and not needed to look
    from reference_data.reference import open_reference  # noqa: PLC0415 - as above

    if options.reference is None:
        msg = "--fit needs --reference: the set that the runs were scored against"
        raise CommandError(msg)
    try:
        reference = open_reference(options.reference)
    except ReferenceSetError as error:
        raise CommandError(str(error)) from error
    fitted = fit_all([_labelled_run(pair) for pair in options.fit], reference, options.source)
    options.calibrations.mkdir(parents=True, exist_ok=True)
    for calibration in fitted:
        path = options.calibrations / f"{_file_name(calibration)}.json"
        path.write_text(calibration.model_dump_json() + "\n", encoding="utf-8")
        sys.stderr.write(f"{path}\n")
    return fitted


def as_text(calibration: Calibration) -> str:
    """What a calibration predicts for each method by the others, as a table."""
    kind = "relaxed" if calibration.relaxed else "as submitted"
    hull = f"{hull_name(calibration.convention)} {calibration.hull_sha256[:12]}"
    lines = [
        f"{potential_name(calibration.potential)}, {kind}, {hull}",
        "each method predicted from the others; percent of structures, 95% intervals",
        f"{'':24}{'':12}{'n':>6}{'DFT':>8}{'raw':>8}{'expected':>10}{'interval':>16}{'Brier':>8}{'raw':>8}",
        *(_line(row) for row in calibration.left_out),
        "",
    ]
    return "\n".join(lines)


def check_text(check: Check) -> str:
    """What was predicted of a set, and what DFT says, as a table."""
    kind = "relaxed" if check.relaxed else "as submitted"
    lines = [
        f"{check.model}: {potential_name(check.potential)}, {kind}; {check.n_structures} structures with labels",
        f"{check.n_outside} of them unlike those that the calibration was fitted on",
        f"{'':12}{'DFT':>8}{'raw':>8}{'expected':>10}{'interval':>16}",
    ]
    for share in check.shares:
        interval = f"{_PERCENT * share.low:.1f} to {_PERCENT * share.high:.1f}"
        shares = f"{_PERCENT * share.labelled:8.1f}{_PERCENT * share.raw:8.1f}{_PERCENT * share.expected:10.1f}"
        verdict = "inside" if share.is_inside else "outside"
        lines.append(f"{_threshold_name(share.threshold_ev_per_atom):12}{shares}{interval:>16}  {verdict}")
    return "\n".join([*lines, ""])


def _threshold_name(threshold_ev_per_atom: float) -> str:
    return "stable" if threshold_ev_per_atom == THRESHOLDS[0] else "<= 0.1 eV"


def _line(row: LeftOut) -> str:
    name = _threshold_name(row.threshold_ev_per_atom)
    interval = f"{_PERCENT * row.low:.1f} to {_PERCENT * row.high:.1f}"
    shares = f"{_PERCENT * row.labelled:8.1f}{_PERCENT * row.raw:8.1f}{_PERCENT * row.expected:10.1f}"
    return f"{row.method:24}{name:12}{row.n_structures:6}{shares}{interval:>16}{row.brier:8.4f}{row.brier_raw:8.4f}"


def _labelled_run(pair: str) -> LabelledRun:
    folder, separator, labels = pair.rpartition("=")
    if not separator:
        msg = f"{pair!r} is no RUN=LABELS: the folder of a run, and a CSV of DFT distances"
        raise CommandError(msg)
    return LabelledRun(Run(Path(folder)), read_labels(Path(labels)), Path(labels))


def _file_name(calibration: Calibration) -> str:
    name = calibration.potential.replace("ensemble(", "").removesuffix(")")
    return f"{name}_{'relaxed' if calibration.relaxed else 'unrelaxed'}_{calibration.hull_sha256[:12]}"
