"""Which calibration fits a view of a run's energies, and what it makes of the view's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from leaderboard.calibration.expectation import THRESHOLDS, expectation
from metrics.formula import elements_of
from metrics.scores.stability import CALIBRATED_COLUMNS
from metrics.table import frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from leaderboard.calibration.record import Calibration


class Energies(NamedTuple):
    """What decides the distances of one view.

    Attributes:
        potential: id, or the name of an ensemble.
        checkpoints: sha256 of the parameters of each potential.
        relaxed: whether structures were relaxed by it.
        convention: of the hull's energies.

    """

    potential: str
    checkpoints: dict[str, str]
    relaxed: bool
    convention: str


def fitting(
    calibrations: Iterable[Calibration], energies: Energies, hull_sha256: Callable[[str], str]
) -> Calibration | None:
    """The calibration of exactly this potential, hull and kind of structures; None where there is none.

    Args:
        calibrations: to choose from.
        energies: of the view.
        hull_sha256: of the hull of a convention; asked only where all else fits.

    """
    for calibration in calibrations:
        fitted = Energies(calibration.potential, calibration.checkpoints, calibration.relaxed, calibration.convention)
        if fitted == energies and calibration.hull_sha256 == hull_sha256(energies.convention):
            return calibration
    return None


def calibrated(rows: pd.DataFrame, calibration: Calibration) -> pd.DataFrame:
    """The table of a view with the columns of ``CALIBRATED_COLUMNS`` filled.

    ``inside_calibration`` says whether a structure is like those that were labelled: its distance and elements occur
    among them, the hull of its chemical system is no sparser, and the reference set does not hold it. Outside, nobody
    knows whether the calibration holds: the probabilities are what it gives, so that being outside is never an
    advantage, their draws reach from there to the potential's verdict, 0 or 1, evenly and leaning the same way for all
    such structures, and there is no corrected distance. On hulls that were thinned, the share that DFT finds stable lay
    between the two (``docs/sparse-hulls.md``). Without an energy all are null.

    Args:
        rows: with ``e_above_hull`` (eV/atom), ``n_hull_entries``, ``reduced_formula`` and ``in_reference``.
        calibration: one that fits the view.

    """
    known = np.flatnonzero((rows["e_above_hull"].notna() & rows["reduced_formula"].notna()).to_numpy(dtype=bool))
    distances = rows["e_above_hull"].iloc[known].to_numpy(dtype=np.float64)
    formulas = rows["reduced_formula"].iloc[known].tolist()
    compositions = [elements_of(formula) for formula in formulas]
    n_entries = rows["n_hull_entries"].iloc[known].tolist()
    within = (calibration.lowest_ev_per_atom <= distances) & (distances <= calibration.highest_ev_per_atom)
    like_labelled = within & np.array([calibration.knows(amounts) for amounts in compositions], dtype=bool)
    is_covered = np.array(
        [calibration.knows_hull_of(len(amounts), n) for amounts, n in zip(compositions, n_entries, strict=True)],
        dtype=bool,
    )
    is_new = ~rows["in_reference"].iloc[known].fillna(value=False).to_numpy(dtype=bool)
    inside = like_labelled & is_covered & is_new
    expected = expectation(calibration.best.model, calibration.draws.model, distances, formulas, THRESHOLDS)
    # how much of a draw is the potential's verdict: (draws, n)
    n_draws = len(calibration.draws.shift)
    of_verdict = np.where(inside, 0.0, (np.arange(n_draws)[:, None] + 0.5) / n_draws)
    columns: dict[str, NDArray[np.float64]] = {}
    for name, threshold in zip(("p_stable", "p_metastable_or_better"), THRESHOLDS, strict=True):
        columns[name] = expected.below[threshold]
        verdict = distances <= threshold
        columns[f"{name}_draws"] = (expected.below_draws[threshold] * (1 - of_verdict) + verdict * of_verdict).T
    facts: list[dict[str, object]] = [{} for _ in range(len(rows))]
    for place, row in enumerate(known.tolist()):
        fact: dict[str, object] = {"inside_calibration": bool(inside[place])}
        fact |= {name: column[place].tolist() for name, column in columns.items()}
        if inside[place]:
            fact |= {
                "e_above_hull_calibrated": float(expected.centre[place]),
                "e_above_hull_low": float(expected.low[place]),
                "e_above_hull_high": float(expected.high[place]),
            }
        facts[row] = fact
    table = frame(facts, pa.schema(dict(CALIBRATED_COLUMNS)))
    return rows.assign(**{str(name): column for name, column in table.items()})
