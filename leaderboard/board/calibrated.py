"""Raw and calibrated scores side by side, and in words which of the two ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leaderboard.board.names import potential_name, score_name
from leaderboard.calibration.record import calibrations
from leaderboard.score_key import ScoreKey
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol

OUTSIDE = "outside of what the calibration was fitted on: there the interval reaches to the raw verdict"


def side_by_side(keys: Sequence[ScoreKey], rows: pd.DataFrame) -> dict[ScoreKey, ScoreKey | None]:
    """The scores that get a column, each with the one by raw verdicts that stands in the same cells.

    A calibrated score that none of the rows has gets no column, and then the raw one stands alone.

    Args:
        keys: of the scores that are wanted, in their order.
        rows: of the wide board, see :attr:`leaderboard.board.table.Board.wide`.

    """
    shown = [key for key in keys if not key.is_calibrated or rows[key.column].notna().any()]
    raw_of = {key: key.raw for key in shown if key.is_calibrated}
    return {
        key: raw if (raw := raw_of.get(key)) is not None and raw.column in rows else None
        for key in shown
        if key not in raw_of.values()
    }


def heading(key: ScoreKey, keys: Iterable[ScoreKey], protocol: Protocol) -> str:
    """A narrow heading of a board's column: the energy view that ranks stands in the legend.

    Args:
        key: of the column.
        keys: of all columns: where some are calibrated, raw ones are called verdicts of the potential.
        protocol: says which energy view ranks.

    """
    calibrated, raw = (ranking.variant for ranking in protocol.energy_rankings)
    label = registry()[key.name].label
    if key.variant == calibrated:
        return f"{label}, expected by DFT"
    if key.variant == raw and any(other.is_calibrated for other in keys):
        return f"{label}, {potential_name(protocol.potentials[0])}'s verdict"
    return label if key.variant in (None, raw) else score_name(*key)


def outside_text(row: Mapping[Any, Any], protocol: Protocol) -> str | None:
    """Of a row of the wide board, how many of its structures the calibration says nothing of; None where none are."""
    outside = ScoreKey("outside_calibration", protocol.energy_rankings[0].variant)
    share = row.get(outside.column)
    if not isinstance(share, float) or not share > 0:
        return None
    return f"{100 * share:.1f}% {OUTSIDE}"


def ranking_text(board: Board, reference: str, protocol: Protocol) -> str:
    """What ranks the board of a reference set: the score, and whether it is calibrated, by which labels, or raw."""
    ranking = board.ranking(reference, protocol)
    name = score_name(*ranking.raw)
    if ranking.variant is None:
        return name
    if not ranking.is_calibrated:
        return f"{name}, raw: no calibration by DFT labels fits"
    of_board = board.runs["reference"] == reference
    used = board.runs.loc[of_board.fillna(value=False).astype(bool), "calibration"].dropna().unique()
    return f"{name}, calibrated: expected by DFT from labels of {_sources(used.tolist())}"


def _sources(sha256s: Sequence[str]) -> str:
    """Where the labels of calibrations come from; a run may have been scored with one that is not here any more."""
    known = {calibration.sha256: calibration for calibration in calibrations()}
    sources = [
        f"{sum(files.n_structures for files in known[sha256].training):,} structures of "
        f"{len(known[sha256].training)} methods: {known[sha256].source}"
        if sha256 in known
        else f"an earlier calibration ({sha256[:12]})"
        for sha256 in sha256s
    ]
    return " and ".join(sources)
