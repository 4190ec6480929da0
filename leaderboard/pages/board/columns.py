"""Which scores are columns of the board: by presets, or picked one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leaderboard.board.calibrated import heading
from leaderboard.board.comparison import direction
from leaderboard.board.names import view_name
from leaderboard.score_key import ScoreKey
from metrics.score import registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol
    from metrics.score import Better

OVERVIEW, ALL = "overview", "all"
GROUPS: Mapping[str, frozenset[str]] = {
    "novelty": frozenset({"Novelty", "Uniqueness", "Training set"}),
    "stability": frozenset({"Discoveries", "SUN", "Stability"}),
    "diversity": frozenset({"Diversity", "Distribution"}),
}
"""Groups of scores of each preset but the overview, which is the protocol's headline, and all."""
PRESETS = (OVERVIEW, *GROUPS, ALL)
CUSTOM = "custom"
"""What the preset is called where columns were picked one by one."""
CALIBRATED, RAW = "calibrated", "raw"
RANKING = "Ranking"


@dataclass(frozen=True)
class Column:
    """A score as a column of the board: ``name`` in the wide table; ``raw`` stands in its cells too."""

    name: str
    key: ScoreKey
    label: str
    unit: str
    better: Better
    group: str
    raw: ScoreKey | None = None


def columns(table: Board, protocol: Protocol) -> list[Column]:
    """Score columns of a board: the ranking score first, then the protocol's order, groups kept together."""
    known = registry()
    board_columns = []
    ranking = (ScoreKey(protocol.ranking), *protocol.energy_rankings)
    for key in table.keys:
        if key.name in known:
            entry = known[key.name]
            label = heading(key, table.keys, protocol)
            group = RANKING if key in ranking else entry.group
            board_columns.append(Column(key.column, key, label, entry.unit, direction(key.name), group))
    order = {name: place for place, name in enumerate(protocol.scores)}
    first: dict[str, int] = {}
    for column in board_columns:
        place = -1 if column.group == RANKING else order.get(column.key.name, len(order))
        first[column.group] = min(place, first.get(column.group, place))

    def position(column: Column) -> tuple[int, bool, int, bool, str]:
        gives_way = column.key == ranking[0]  # where energies exist, they rank
        place = order.get(column.key.name, len(order))
        return first[column.group], gives_way, place, not column.key.is_calibrated, column.name

    return sorted(board_columns, key=position)


def preset(
    name: str, board_columns: Sequence[Column], protocol: Protocol, *, energies: str, values: str, indicative: bool
) -> list[Column]:
    """The columns of a preset.

    Args:
        name: one of `PRESETS`.
        board_columns: of the board.
        protocol: its headline is the overview.
        energies: variant of the energy view whose scores are shown.
        values: `CALIBRATED`, where raw scores stand beside them, or `RAW`.
        indicative: the set is not complete, so that the overview has no score with energies.

    """
    of_view = [
        column
        for column in board_columns
        if column.key.variant is None
        or (column.key.raw.variant == energies and not (values == RAW and column.key.is_calibrated))
    ]
    if name == ALL:
        return of_view
    if name == OVERVIEW:
        return [
            column
            for column in of_view
            if column.key.name in protocol.headline and not (indicative and column.key.variant is not None)
        ]
    known = registry()
    return [column for column in of_view if known[column.key.name].group in GROUPS[name]]


def energy_views(table: Board, protocol: Protocol) -> list[tuple[str, str]]:
    """Name and variant of the energy views that runs of the board have, that of the protocol first."""
    variants = dict.fromkeys([protocol.energy_variant, *(key.raw.variant for key in table.keys if key.variant)])
    return [(view_name(variant), variant) for variant in variants if variant]


def is_apart(column: Column, *, indicative: bool) -> bool:
    """Whether a column is of stability on a hull that is not complete: nothing is sorted by it or marked best."""
    return indicative and column.key.variant is not None
