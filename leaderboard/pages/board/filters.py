"""Which models the board shows: by what their cards say, by their size, by what was decided about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leaderboard.board.table import Board
    from leaderboard.pages.board.selection import Selection
    from leaderboard.protocol import Protocol

ANY, YES, NO, UNKNOWN = "any", "yes", "no", "not said"
FEWEST = 100
"""Structures of a submission that is listed among the models at first: fewer are somebody's trial."""
SIZES = (100, 500, 1_000)
_EXACTLY = "exactly "


def _all(rows: pd.DataFrame) -> pd.Series[bool]:
    return pd.Series(data=True, index=rows.index, dtype="boolean")


def _models(rows: pd.DataFrame) -> pd.Series[bool]:
    """All that are no trials; where there are only such, those."""
    large = rows["n_submitted"] >= FEWEST
    return large if large.any() else _all(rows)


SHOWN: Mapping[str, Callable[[pd.DataFrame], pd.Series[bool]]] = {
    "models": _models,
    "all": _all,
    "ranked": lambda rows: rows["rank"].notna(),
    "protocol settings": lambda rows: ~rows["custom"],
    "approved": lambda rows: rows["status"] == "approved",
    "verified": lambda rows: rows["verified"],
}
"""What "Show" offers: every submission, or some."""
_ABOUT_REVIEWS = {"approved", "verified"}


class Choices(NamedTuple):
    """What each filter offers, `ANY` first.

    Attributes:
        training: data sets that cards name.
        relaxed: whether structures were relaxed before they were submitted.
        weights: whether the weights can be downloaded.
        architecture: families that cards name.
        structures: numbers of submitted structures, "100 or more" or "exactly 2500".
        protocol: versions, by name and digits of the hash.

    """

    training: list[str]
    relaxed: list[str]
    weights: list[str]
    architecture: list[str]
    structures: list[str]
    protocol: list[str]


def choices(table: Board, protocol: Protocol) -> Choices:
    """What the filters of a board offer."""
    runs = table.runs
    training = {name for names in runs["training_sets"].dropna() for name in names.split("; ")}
    architectures = set(runs["architecture"].dropna())
    versions = dict.fromkeys(_versions(runs).dropna())
    flags = [ANY, YES, NO, UNKNOWN]
    return Choices(
        [ANY, *sorted(training, key=str.casefold), UNKNOWN],
        flags,
        flags,
        [ANY, *sorted(architectures, key=str.casefold), UNKNOWN],
        [ANY, *(f"{size} or more" for size in SIZES), f"{_EXACTLY}{protocol.n_ranked}"],
        [ANY, *versions],
    )


def shown_choices(table: Board) -> list[str]:
    """Choices of "Show"; those about reviews where the board holds anything that was, or waits for one."""
    reviewed = bool((table.runs["verified"] | (table.runs["status"] != "approved")).any())
    return [name for name in SHOWN if reviewed or name not in _ABOUT_REVIEWS]


def kept(rows: pd.DataFrame, selection: Selection) -> pd.Series[bool]:
    """Which rows a selection keeps, of those of its board."""
    mask = _true(SHOWN[selection.show](rows))
    wanted = selection.search.strip().casefold()
    if wanted:
        names = rows["model"] + "\n" + rows["owner"].fillna("")
        mask &= _true(names.str.casefold().str.contains(wanted, regex=False))
    if selection.training != ANY:
        mask &= _said(rows["training_sets"], selection.training, separated=True)
    if selection.architecture != ANY:
        mask &= _said(rows["architecture"], selection.architecture)
    for column, chosen in (("pre_relaxed", selection.relaxed), ("open_weights", selection.weights)):
        if chosen == UNKNOWN:
            mask &= rows[column].isna()
        elif chosen != ANY:
            mask &= _true(rows[column] == (chosen == YES))
    if selection.structures != ANY:
        size = int(selection.structures.removeprefix(_EXACTLY).split()[0])
        exactly = selection.structures.startswith(_EXACTLY)
        mask &= _true(rows["n_submitted"] == size if exactly else rows["n_submitted"] >= size)
    if selection.protocol != ANY:
        mask &= _true(_versions(rows) == selection.protocol)
    return mask


def _said(column: pd.Series[str], wanted: str, *, separated: bool = False) -> pd.Series[bool]:
    if wanted == UNKNOWN:
        return column.isna()
    if separated:
        return _true(("; " + column + ";").str.contains(f"; {wanted};", regex=False))
    return _true(column == wanted)


def _versions(rows: pd.DataFrame) -> pd.Series[str]:
    return rows["protocol"] + " " + rows["protocol_hash"].str[:12]


def _true(mask: pd.Series[bool]) -> pd.Series[bool]:
    """Where it is known to be so."""
    return mask.fillna(value=False).astype(bool)
