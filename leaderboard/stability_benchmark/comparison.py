"""What a run says of its structures beside the published distances by DFT: shares and medians, view by view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from leaderboard.calibration.expectation import THRESHOLDS
from leaderboard.run.energy_views import keys, views
from leaderboard.score_key import CALIBRATED
from metrics.energy_convention import OWN
from metrics.statistics.expected import expected_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.calibration.record import Calibration
    from leaderboard.store.run import Run
    from metrics.statistics.uncertainty import Estimate


@dataclass(frozen=True)
class Compared:
    """One view of the energies of one method's structures.

    Attributes:
        method: that made the structures.
        variant: of the view, such as ``chgnet/unrelaxed``.
        n_structures: that have a distance by the potential and by DFT.
        published: share by DFT at each threshold.
        raw: share by the potential.
        expected: by the calibration, with 95% intervals; None where none fits.
        medians: of e_above_hull in eV/atom: by DFT, by the potential, calibrated (None where none fits).

    """

    method: str
    variant: str
    n_structures: int
    published: tuple[float, ...]
    raw: tuple[float, ...]
    expected: tuple[Estimate, ...] | None
    medians: tuple[float, float, float | None]


def compared(run: Run, published: Mapping[str, float], calibrations: Mapping[str, Calibration]) -> list[Compared]:
    """A line for each view of the run on a hull of DFT energies.

    Args:
        run: scored with potentials.
        published: e_above_hull by DFT (eV/atom), by id.
        calibrations: that the run was scored with, by the variant of the view.

    """
    energies = run.energies()
    if energies is None:
        return []
    columns = run.columns()
    on_dft_hulls = {key.variant for key in keys(energies) if not key.convention.startswith(OWN)}
    by_variant = {view.variant: view.rows for view in views(columns, energies) if view.variant in on_dft_hulls}
    calibrated = {view.variant: view.rows for view in views(columns, energies, calibrations) if view.calibrated}
    lines = []
    for variant, rows in by_variant.items():
        labels = rows["id"].map(dict(published)).astype("Float64")
        known = (labels.notna() & rows["e_above_hull"].notna()).to_numpy(dtype=bool)
        if known.any():
            of_view = calibrated.get(f"{variant}{CALIBRATED}")
            expected = None if of_view is None else of_view[known]
            lines.append(_line(run.model, variant, rows[known], labels[known].to_numpy(dtype=np.float64), expected))
    return lines


def _line(
    method: str, variant: str, rows: pd.DataFrame, labels: np.ndarray, calibrated: pd.DataFrame | None
) -> Compared:
    distances = rows["e_above_hull"].to_numpy(dtype=np.float64)
    return Compared(
        method=method,
        variant=variant,
        n_structures=len(rows),
        published=_shares(labels),
        raw=_shares(distances),
        expected=None if calibrated is None else _expected(calibrated),
        medians=(float(np.median(labels)), float(np.median(distances)), _median(calibrated)),
    )


def _shares(distances: np.ndarray) -> tuple[float, ...]:
    return tuple(float((distances <= threshold).mean()) for threshold in THRESHOLDS)


def _expected(rows: pd.DataFrame) -> tuple[Estimate, ...]:
    return tuple(
        expected_share(
            rows[name].to_numpy(dtype=np.float64), np.stack(rows[f"{name}_draws"].tolist(), axis=1), len(rows)
        )
        for name in ("p_stable", "p_metastable_or_better")
    )


def _median(calibrated: pd.DataFrame | None) -> float | None:
    known = pd.Series(dtype="Float64") if calibrated is None else calibrated["e_above_hull_calibrated"].dropna()
    return float(known.median()) if len(known) else None


def as_markdown(lines: Sequence[Compared]) -> str:
    """A table in per cent and meV/atom; one line for each method and view."""
    head = (
        "| method | energies | n | stable: DFT | raw | expected | <= 0.1 eV/atom: DFT | raw | expected "
        "| median: DFT | raw | corrected |"
    )
    return "\n".join([head, "|---|---|" + "---:|" * 10, *map(_as_row, lines)]) + "\n"


def _as_row(line: Compared) -> str:
    cells = [line.method, line.variant, str(line.n_structures)]
    for place in range(len(THRESHOLDS)):
        cells += [f"{100 * line.published[place]:.1f}", f"{100 * line.raw[place]:.1f}"]
        cells.append(_as_cell(None if line.expected is None else line.expected[place]))
    cells += ["-" if median is None else f"{1000 * median:.0f}" for median in line.medians]
    return f"| {' | '.join(cells)} |"


def _as_cell(share: Estimate | None) -> str:
    return "-" if share is None else f"{100 * share.value:.1f} ({100 * share.low:.1f} to {100 * share.high:.1f})"
