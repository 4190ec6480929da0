"""What a visitor chose to see of the board, as the controls and as the link to exactly that."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from leaderboard.pages.board.columns import CALIBRATED, CUSTOM, OVERVIEW, PRESETS, RAW, columns, energy_views
from leaderboard.pages.board.filters import ANY, SHOWN, Choices, choices
from leaderboard.pages.parts.text_box import MAX_LENGTH

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from leaderboard.board.table import Board
    from leaderboard.protocol import Protocol

HIGHEST, LOWEST = "Highest first", "Lowest first"
FACT_LABELS: Mapping[str, str] = {"rank": "Rank", "model": "Model", "n_submitted": "Structures", "created": "Date"}
"""What the board can be sorted by beside its scores."""
MOST_PAGES = 10_000


@dataclass(frozen=True)
class Selection:
    """What is shown. Names of fields are those of the link.

    Attributes:
        reference: name of the set.
        sort: a column of the wide table, or one of `FACT_LABELS`.
        order: `HIGHEST` or `LOWEST`.
        columns: one of `PRESETS`, or names of columns separated by commas.
        energies: variant of the energy view of the presets; the protocol's if empty.
        values: calibrated scores with raw ones beside them, or raw ones alone.
        search: part of the name of a model or an owner.
        show: one of `SHOWN`.
        training, relaxed, weights, architecture, structures, protocol: see :class:`.filters.Choices`.
        shade: whether cells are shaded by their values.
        at: page of the rows, from 1.

    """

    reference: str
    sort: str = "rank"
    order: str = LOWEST
    columns: str = OVERVIEW
    energies: str = ""
    values: str = CALIBRATED
    search: str = ""
    show: str = "models"
    training: str = ANY
    relaxed: str = ANY
    weights: str = ANY
    architecture: str = ANY
    structures: str = ANY
    protocol: str = ANY
    shade: bool = False
    at: int = 1

    @property
    def preset(self) -> str:
        """The preset that is shown, or `CUSTOM`."""
        return self.columns if self.columns in PRESETS else CUSTOM


def first_selection(table: Board, protocol: Protocol) -> Selection:
    """What a visitor without a link sees: the first reference set of the protocol that has a board."""
    named = [name for name in protocol.references if name in _references(table)]
    return Selection((named or [*table.references.values(), protocol.references[0]])[0])


def link(selection: Selection, first: Selection) -> str:
    """The query of the link to exactly this; the first selection of all is the page itself, an empty text."""
    changed = {
        field.name: _written(getattr(selection, field.name))
        for field in fields(Selection)
        if getattr(selection, field.name) != getattr(first, field.name)
    }
    return urlencode({"page": "board", **changed}, safe=",@/") if changed else ""


def linked(parameters: Mapping[str, str], first: Selection, table: Board, protocol: Protocol) -> Selection:
    """The selection that a link gives.

    Args:
        parameters: of the link; what it does not name is as in ``first``.
        first: what a visitor without a link sees.
        table: the board, which knows what can be chosen.
        protocol: that of the board.

    Raises:
        LookupError: the link names what cannot be chosen; the message gives what can.

    """
    given = {name: value for name, value in parameters.items() if name != "page"}
    known = {field.name for field in fields(Selection)}
    _check("the board has no control", given, known)
    reference = given.get("reference", first.reference)
    _check("there is no board of the reference set", [reference], _references(table) or {first.reference})
    possible = choices(table, protocol)
    names = {column.name for column in columns(table, protocol)}
    allowed: dict[str, Collection[str]] = {
        "sort": {*FACT_LABELS, *names},
        "order": (HIGHEST, LOWEST),
        "values": (CALIBRATED, RAW),
        "show": SHOWN,
        "energies": {variant for _, variant in energy_views(table, protocol)},
        "shade": ("yes", "no"),
        **{name: getattr(possible, name) for name in Choices._fields},
    }
    for name, options in allowed.items():
        if name in given:
            _check(f"{name}: there is no", [given[name]], options)
    picked = given.get("columns", first.columns)
    if picked not in PRESETS:
        _check("there is no preset or column", picked.split(","), [*PRESETS, *sorted(names)])
    if len(given.get("search", "")) > MAX_LENGTH:
        msg = f"a search of {len(given['search']):,} characters; at most {MAX_LENGTH}"
        raise LookupError(msg)
    page = given.get("at", "1")
    if not page.isdecimal() or not 0 < int(page) <= MOST_PAGES:
        msg = f"at is {page[:20]!r}, a page is a whole number from 1"
        raise LookupError(msg)
    texts = {name: value for name, value in given.items() if name not in {"shade", "at"}}
    return replace(first, **texts, shade=given.get("shade") == "yes", at=int(page))


def _check(what: str, names: Collection[str], allowed: Collection[str]) -> None:
    unknown = [name for name in names if name not in allowed]
    if unknown:
        listed = ", ".join(list(allowed)[:30] if isinstance(allowed, list | tuple) else sorted(allowed)[:30])
        msg = f"{what} {', '.join(repr(name[:60]) for name in unknown[:3])}; there are: {listed}"
        raise LookupError(msg)


def _references(table: Board) -> set[str]:
    return set(table.references.values())


def _written(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
