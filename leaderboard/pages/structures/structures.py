"""The table of a run's structures: one line for each, with the verdicts and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from leaderboard.board.names import view_name
from leaderboard.pages.parts import energy_views, runs
from leaderboard.pages.parts.markup import UNKNOWN, formula, text, yes_no
from leaderboard.pages.parts.paging import pager
from leaderboard.pages.structures.choices import PAGE_SIZE, Choice, select
from leaderboard.pages.structures.contacts import Contact, worst_contact
from leaderboard.pages.structures.reasons import reasons
from metrics.statistics.histogram import lists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from leaderboard.store.run import Run

_HEAD = ("Id", "Formula", "Space group", "Valid", "Unique", "Novel", "Why")
_SPLIT = re.compile(r"[^A-Za-z0-9]")
_MOST_CHARACTERS, _START_CHARACTERS = 24, 7
"""Of an id in a table, and how many of them are its start where it is longer: the end tells more ids apart."""


@dataclass(frozen=True)
class Ids:
    """How the ids of one run are written in a table: what all of them start with is left out."""

    shared: str = ""

    @classmethod
    def of(cls, ids: Sequence[str]) -> Ids:
        """Their common start up to its last separator, so that no number is cut."""
        if len(ids) < 2:  # noqa: PLR2004 - one has nothing in common with others
            return cls()
        # what the first and the last in order share, all between them do
        pairs = takewhile(lambda pair: pair[0] == pair[1], zip(min(ids), max(ids), strict=False))
        start = "".join(character for character, _ in pairs)
        ends = [match.end() for match in _SPLIT.finditer(start)]
        return cls(start[: ends[-1]] if ends else "")

    def short(self, identifier: str) -> str:
        """The id with an ellipsis for what all share, and for the middle of one that is long all the same."""
        rest = identifier.removeprefix(self.shared)
        lead = "\u2026" if self.shared and rest != identifier else ""
        if len(rest) > _MOST_CHARACTERS:
            rest = f"{rest[:_START_CHARACTERS]}\u2026{rest[_START_CHARACTERS + 1 - _MOST_CHARACTERS :]}"
        return lead + rest


def table_html(run: Run, choice: Choice) -> str:
    """The page of a run's structures that a choice shows, from what the run holds."""
    every = energy_views.facts(run.path)
    rows = select(every, choice)
    ids = Ids.of(runs.columns(run.path)["id"].tolist())
    return page_html(rows, choice, ids, run=run, variant=energy_views.first_variant(run.path))


def page_html(
    rows: pd.DataFrame, choice: Choice, ids: Ids | None = None, *, run: Run | None = None, variant: str | None = None
) -> str:
    """One page of the selected rows as a table; the row of the structure chosen is marked.

    Args:
        rows: all that the choice selects.
        choice: which page, and which structure is chosen.
        ids: how ids are written.
        run: whose crystals are looked at where a row names no pair that is too close; None looks at none.
        variant: names the view of the energies that ``e_above_hull`` is from.

    """
    if rows.empty:
        return '<p class="dim">No structure matches this filter.</p>'
    with_energy = "e_above_hull" in rows
    names = (*_HEAD[:-1], "E above hull", _HEAD[-1]) if with_energy else _HEAD
    head = "".join(
        f'<th scope="col"{_RIGHT if name in {"Space group", "E above hull"} else ""}>{name}</th>' for name in names
    )
    start = (choice.page - 1) * PAGE_SIZE
    page = rows.iloc[start : start + PAGE_SIZE]
    body = "".join(
        _row(row, contact_of(run, row), choice, ids or Ids(), run, with_energy=with_energy) for row in facts_of(page)
    )
    caption = f"Structures {start + 1:,} to {start + len(page):,} of {len(rows):,}, with their verdicts and reasons"
    table = (
        f'<table class="structures"><caption class="unseen-text">{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
    notes = []
    if with_energy and variant:
        notes.append(f"E above hull in eV/atom: {view_name(variant)}. Of duplicates the lowest in energy counts.")
    notes += ["Distances from a reference crystal in units of (V/N)^(1/3)."] if rows["in_reference"].any() else []
    legend = f'<p class="legend">{text(" ".join(notes))}</p>' if notes else ""
    return f'<div class="scroll tall">{table}</div>{pager(len(rows), choice.page, PAGE_SIZE)}{legend}'


def contact_of(run: Run | None, row: Mapping[str, Any]) -> Contact | None:
    """Which atoms of a structure are too close; None where none are, or its crystal is not there."""
    if run is None or row["distance_valid"] is not False:
        return None
    crystal = runs.crystal(run.path, row["id"])
    return None if crystal is None else worst_contact(crystal)


def facts_of(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts with unknown values as None; of the lists only the lengths of the cell."""
    scalars = runs.records(rows)
    if "lattice_lengths" not in rows:
        return scalars
    lengths = lists(rows["lattice_lengths"])
    return [{**facts, "lattice_lengths": of_cell} for facts, of_cell in zip(scalars, lengths, strict=True)]


def record_of(rows: pd.DataFrame, identifier: str) -> dict[str, Any] | None:
    """The row of an id with unknown facts as None; None where there is no such id."""
    matching = facts_of(rows[(rows["id"] == identifier).fillna(value=False).astype(bool)])
    return matching[0] if matching else None


def structure_link(run: Run | None, identifier: str) -> str:
    """Address of a structure, as an attribute of HTML."""
    return text(Choice(chosen=identifier).link("" if run is None else run.id))


_RIGHT = ' class="right"'


def _row(
    row: Mapping[str, Any], contact: Contact | None, choice: Choice, ids: Ids, run: Run | None, *, with_energy: bool
) -> str:
    is_chosen = row["id"] == choice.chosen
    known = row["in_reference"]
    why = text("; ".join(reasons(row, contact)))
    name = text(row["id"])
    link = f'href="{structure_link(run, row["id"])}" data-id="{name}" title="{name}"'
    current = ' aria-current="true"' if is_chosen else ""
    cells = [
        f'<td class="id"><a {link}{current}>{text(ids.short(row["id"]))}</a></td>',
        f"<td>{formula(row['reduced_formula']) if row['reduced_formula'] else UNKNOWN}</td>",
        f"<td{_RIGHT}>{row['space_group'] if row['space_group'] is not None else UNKNOWN}</td>",
        *(
            f"<td>{yes_no(verdict=verdict)}</td>"
            for verdict in (row["valid"], row["unique"], None if known is None else not known)
        ),
        *([f"<td{_RIGHT}>{_energy(row['e_above_hull'])}</td>"] if with_energy else []),
        f'<td class="why" title="{why}">{why}</td>',
    ]
    marked = ' class="chosen"' if is_chosen else ""
    return f"<tr{marked}>{''.join(cells)}</tr>"


def _energy(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:z.3f}"
