"""What a calibration makes of an energy view of a run: by which labels, how much lies outside, how well it predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.board.calibrated import OUTSIDE
from leaderboard.board.names import potential_name, view_name
from leaderboard.calibration.expectation import THRESHOLDS
from leaderboard.calibration.record import calibrations
from leaderboard.pages.parts.markup import text
from leaderboard.score_key import CALIBRATED, ScoreKey

if TYPE_CHECKING:
    from leaderboard.calibration.record import Calibration, LeftOut
    from leaderboard.store.run import Run

_HEADS = ("Method left out", "", "n", "DFT", "raw", "expected [95%]")


def calibration_of(run: Run, variant: str) -> Calibration | None:
    """The calibration that scored an energy view of the run; None where none did or it is not here any more."""
    sha256 = run.record.calibrations.get(variant)
    return next((one for one in calibrations() if one.sha256 == sha256), None)


def calibration_html(run: Run, variant: str) -> str:
    """What the calibrated scores of the view rest on; says so where there are none."""
    sha256 = run.record.calibrations.get(variant)
    view = text(view_name(variant))
    if sha256 is None:
        return f'<p class="legend">{view}: raw verdicts of the potential, no calibration by DFT labels fits.</p>'
    calibration = calibration_of(run, variant)
    if calibration is None:
        return f'<p class="legend">{view}: calibrated by an earlier calibration, {text(sha256[:12])}.</p>'
    n_structures = sum(files.n_structures for files in calibration.training)
    sentences = [
        (
            f"Expected by DFT: {potential_name(calibration.potential)} calibrated on {n_structures:,} structures of "
            f"{len(calibration.training)} methods with DFT labels ({calibration.source})."
        ),
        *_outside(run, variant),
        (
            "Reliability: structures with similar probabilities, each predicted by a calibration on the other methods; "
            "where probabilities hold, points lie on the diagonal."
        ),
    ]
    head = "".join(
        f'<th scope="col"{" class=right" if place > 1 else ""}>{name}</th>' for place, name in enumerate(_HEADS)
    )
    body = "".join(map(_line, calibration.left_out))
    return (
        f'<p class="legend">{text(" ".join(sentences))}</p><details><summary>Each method predicted from the others, '
        f'percent of structures</summary><div class="scroll"><table class="accuracy"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></details>"
    )


def _outside(run: Run, variant: str) -> list[str]:
    """How many structures are unlike those that the calibration was fitted on."""
    key = ScoreKey("outside_calibration", f"{variant}{CALIBRATED}")
    shares = [entry.value for entry in run.scores.scores if entry.key == key and entry.value is not None]
    return [f"Of this run {100 * share:.1f}% of the structures are {OUTSIDE}." for share in shares]


def _line(row: LeftOut) -> str:
    below = "stable" if row.threshold_ev_per_atom == THRESHOLDS[0] else "\u2264 0.1 eV/atom"
    shares = [f"{100 * share:.1f}" for share in (row.labelled, row.raw)]
    expected = f"{100 * row.expected:.1f} [{100 * row.low:.1f}, {100 * row.high:.1f}]"
    numbers = "".join(f'<td class="right">{cell}</td>' for cell in (f"{row.n_structures:,}", *shares, expected))
    return f'<tr><th scope="row">{text(row.method)}</th><td>{below}</td>{numbers}</tr>'
