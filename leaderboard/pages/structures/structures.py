"""The table of a run's structures: the verdicts on each, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from leaderboard.board.names import crystal_name, view_name
from leaderboard.pages.parts.markup import UNKNOWN, breakable, formula, text, yes_no
from leaderboard.pages.parts.paging import pager
from leaderboard.pages.parts.runs import records
from metrics.scores.stability import METASTABLE_EV_PER_ATOM, TOLERANCE_EV_PER_ATOM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAGE_SIZE = 50

SHOWN: Mapping[str, Callable[[pd.DataFrame], pd.Series[bool]]] = {
    "all": lambda rows: pd.Series(data=True, index=rows.index, dtype="boolean"),
    "valid, unique and novel": lambda rows: rows["valid"] & rows["unique"] & ~rows["in_reference"],
    "refused": lambda rows: rows["refusal"].notna(),
    "invalid": lambda rows: ~rows["valid"],
    "duplicate": lambda rows: ~rows["unique"],
    "known": lambda rows: rows["in_reference"],
    "novel, but close to known": lambda rows: ~rows["in_reference"] & _close(rows),
    "on or below the hull": lambda rows: _within(rows, 0.0),
    "at most 0.1 eV/atom above the hull": lambda rows: _within(rows, METASTABLE_EV_PER_ATOM),
    "undecided": lambda rows: rows["refusal"].isna() & rows[["valid", "unique", "in_reference"]].isna().any(axis=1),
}
"""The choices of the filter; a fact that is unknown matches none but the last."""
BY_ENERGY = frozenset(("on or below the hull", "at most 0.1 eV/atom above the hull"))
"""Choices whose rows come in the order of E above hull, lowest first."""

CHARGE_RULES: Mapping[str, str] = {
    "oxidation_states": "by usual oxidation states",
    "anion_bonds": "with bonds between anions",
    "cation_bonds": "with bonds between cations",
    "metallic": "bonded as a metal",
    "too_few_electrons": "the anions lack electrons, and no bonds between them make up for it",
    "too_many_electrons": "the cations have electrons left, and no bonds between them take them up",
    "underbonded": "an atom has too few or too long bonds for its valence",
    "overbonded": "an atom has too many or too short bonds for its valence",
    "crowded": "atoms of metals are pressed into each other",
    "undetermined": "bond lengths of an element are unknown, or the cell cannot be searched",
}

MATCH_RULES: Mapping[str, str] = {
    "no_candidate": "nothing of this formula in the reference set",
    "keys_and_distance": "decided by fingerprint and distance",
    "primitive_size": "decided by the size of the primitive cell",
    "distance": "decided by distance",
    "matcher": "decided by StructureMatcher",
}

CAUTIONS: Mapping[str, str] = {
    "near_reference": "near a reference crystal of the same formula, distance below 0.10",
    "known_up_to_superstructure": "a distorted supercell of a reference crystal, or the reverse",
    "known_up_to_disorder": "a reference crystal with similar elements in another order",
    "known_up_to_defect": "a reference crystal with point defects: at most one site in 16 missing, added or exchanged",
    "formula_in_reference": "another structure of a composition that the reference set has, so no discovery",
    "prototype_in_reference": "a substitution: the reference set has this prototype with other elements",
}
_IN_COMMON = ("formula_in_reference", "prototype_in_reference")
"""What many a structure has in common with a reference crystal without being close to it."""

_HEAD = ("Id", "Formula", "Space group", "Readable", "Valid", "Unique", "Novel", "Why")


def _close(rows: pd.DataFrame) -> pd.Series[bool]:
    """Near, superstructure, reordering or defect of a reference crystal."""
    close = [name for name in CAUTIONS if name not in _IN_COMMON and name in rows]
    return rows[close].fillna(value=False).any(axis=1).astype("boolean")


def _within(rows: pd.DataFrame, limit: float) -> pd.Series[bool]:
    """At most so far above the hull, with the tolerance of the scores; no row where the run has no energies."""
    if "e_above_hull" not in rows:
        return pd.Series(data=False, index=rows.index, dtype="boolean")
    return rows["e_above_hull"] <= limit + TOLERANCE_EV_PER_ATOM


def select(rows: pd.DataFrame, shown: str, search: str) -> pd.DataFrame:
    """Rows that the filter ``shown`` keeps and whose id, formula or match contains the searched text."""
    kept = SHOWN[shown](rows).fillna(value=False).astype(bool)
    wanted = search.strip().casefold()
    if wanted:
        matches = [
            rows[name].str.casefold().str.contains(wanted, regex=False).fillna(value=False).astype(bool)
            for name in ("id", "reduced_formula", "matched_id", "duplicate_of")
        ]
        kept &= pd.concat(matches, axis=1).any(axis=1)
    kept_rows = rows[kept]
    by_energy = shown in BY_ENERGY and "e_above_hull" in rows
    return kept_rows.sort_values("e_above_hull", kind="stable") if by_energy else kept_rows


def page_html(rows: pd.DataFrame, page: int, chosen: str | None, variant: str | None = None) -> str:
    """One page (from 1) of the selected rows as a table; the row of the id ``chosen`` is marked.

    Where the rows have ``e_above_hull``, ``variant`` names the view of the energies that it is from.
    """
    if rows.empty:
        return '<p class="dim">No structure matches this filter.</p>'
    with_energy = "e_above_hull" in rows
    names = (*_HEAD[:-1], "E above hull", _HEAD[-1]) if with_energy else _HEAD
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    start = (page - 1) * PAGE_SIZE
    body = "".join(_row(row, chosen, with_energy=with_energy) for row in records(rows.iloc[start : start + PAGE_SIZE]))
    table = f'<table class="structures"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    notes = []
    if with_energy and variant:
        notes.append(f"E above hull in eV/atom: {view_name(variant)}. Of duplicates the lowest in energy counts.")
    notes += ["Distances from a reference crystal in units of (V/N)^(1/3)."] if rows["in_reference"].any() else []
    legend = f'<p class="legend">{text(" ".join(notes))}</p>' if notes else ""
    return f'<div class="scroll">{table}</div>{pager(len(rows), page, PAGE_SIZE)}{legend}'


def reasons(row: Mapping[str, Any]) -> list[str]:
    """Everything that speaks against a structure, as sentences without a full stop; empty where nothing does."""
    if row["refusal"] is not None:
        return [f"Refused: {row['refusal'].replace('_', ' ')}" + (f" ({row['detail']})" if row["detail"] else "")]
    against = []
    if row["charge_valid"] is False:
        against.append(f"Not charge-neutral: {CHARGE_RULES.get(row['charge_rule'], row['charge_rule'])}")
    if row["distance_valid"] is False:
        against.append("Minimum distance: two atoms are closer than 0.5 (0.7 + r1 + r2) \u00c5")
    if row["plausible"] is False:
        against.append("Not plausible: density, volume, cell or space group out of bounds")
    if row["duplicate_of"] is not None:
        against.append(f"Duplicate of {row['duplicate_of']}")
    if row["in_reference"] is True:
        against.append(known_as(row))
    if row["unknown_reasons"]:
        against.append(f"Undecided: {row['unknown_reasons']}")
    return against


def cautions(row: Mapping[str, Any]) -> list[str]:
    """What a novel structure is close to all the same; empty for a known one and where nothing is close."""
    if row["in_reference"] is not False:
        return []
    return [note for column, note in CAUTIONS.items() if row.get(column)]


def known_as(row: Mapping[str, Any]) -> str:
    """Which reference crystal a known structure is, and how far it is from it."""
    if row["matched_id"] is None:
        return "Same as a crystal of the reference set"
    distance = row["nearest_reference_distance"]
    return f"Same as {crystal_name(row['matched_id'])}" + ("" if distance is None else f", distance {distance:.3f}")


def record_of(rows: pd.DataFrame, identifier: str) -> dict[str, Any] | None:
    """The row of an id with unknown facts as None; None where there is no such id."""
    matching = records(rows[rows["id"] == identifier])
    return matching[0] if matching else None


def _row(row: Mapping[str, Any], chosen: str | None, *, with_energy: bool) -> str:
    name = text(row["id"])
    marked = ' class="chosen" aria-selected="true"' if row["id"] == chosen else ""
    known = row["in_reference"]
    cells = [
        f'<td class="id"><button type="button" data-id="{name}" title="{name}">{breakable(row["id"])}</button></td>',
        f"<td>{formula(row['reduced_formula']) if row['reduced_formula'] else UNKNOWN}</td>",
        f'<td class="right">{row["space_group"] if row["space_group"] is not None else UNKNOWN}</td>',
        *(
            f"<td>{yes_no(verdict=verdict)}</td>"
            for verdict in (
                row["refusal"] is None,
                row["valid"],
                row["unique"],
                None if known is None else not known,
            )
        ),
        *([f'<td class="right">{_energy(row["e_above_hull"])}</td>'] if with_energy else []),
        f'<td class="why">{text("; ".join(reasons(row)))}</td>',
    ]
    return f"<tr{marked}>{''.join(cells)}</tr>"


def _energy(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:z.3f}"
