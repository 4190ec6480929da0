"""What a visitor may choose to see of a run's structures: by verdict, by reason, in which order; as a link has it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pandas as pd

from metrics.scores.stability import METASTABLE_EV_PER_ATOM, TOLERANCE_EV_PER_ATOM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Mask = Callable[[pd.DataFrame], pd.Series[bool]]

PAGE_SIZE = 50
ALL, ANY, FILE_ORDER = "all", "any", "order of the file"
_REFUSED = "refused: "


def _undecided(rows: pd.DataFrame) -> pd.Series[bool]:
    return rows["refusal"].isna() & rows[["valid", "unique", "in_reference"]].isna().any(axis=1)


SHOWN: Mapping[str, Mask] = {
    ALL: lambda rows: pd.Series(data=True, index=rows.index, dtype="boolean"),
    "valid, unique and novel": lambda rows: rows["valid"] & rows["unique"] & ~rows["in_reference"],
    "refused": lambda rows: rows["refusal"].notna(),
    "invalid": lambda rows: ~rows["valid"],
    "duplicate": lambda rows: ~rows["unique"],
    "known": lambda rows: rows["in_reference"],
    "novel, but close to known": lambda rows: ~rows["in_reference"] & _close(rows),
    "on or below the hull": lambda rows: _within(rows, 0.0),
    "at most 0.1 eV/atom above the hull": lambda rows: _within(rows, METASTABLE_EV_PER_ATOM),
    "undecided": _undecided,
}
"""The choices of the filter by verdict; a fact that is unknown matches none but the last."""

REASONS: Mapping[str, Mask] = {
    "charge": lambda rows: ~rows["charge_valid"],
    "minimum distance": lambda rows: ~rows["distance_valid"],
    "plausibility": lambda rows: ~rows["plausible"],
    "duplicate": lambda rows: rows["duplicate_of"].notna(),
    "known": lambda rows: rows["in_reference"],
    "undecided": _undecided,
}
"""The choices of the filter by reason, before those of the structures that were refused."""

ORDERS: Mapping[str, str | None] = {
    FILE_ORDER: None,
    "distance from the reference": "nearest_reference_distance",
    "E above hull": "e_above_hull",
}
"""The column that each order goes by, smallest first and unknown last."""

_CLOSE = ("near_reference", "known_up_to_superstructure", "known_up_to_disorder", "known_up_to_defect")


@dataclass(frozen=True)
class Choice:
    """What is shown of a run's structures: filters, order, search, page from 1, and the id of the one drawn."""

    shown: str = ALL
    reason: str = ANY
    order: str = FILE_ORDER
    search: str = ""
    page: int = 1
    chosen: str | None = None

    def link(self, run: str) -> str:
        """What stands behind the address where a run is seen like this; what is as at first is left out."""
        first = Choice()
        parts = {
            "model": run,
            "show": "" if self.shown == first.shown else self.shown,
            "reason": "" if self.reason == first.reason else self.reason,
            "sort": "" if self.order == first.order else self.order,
            "find": self.search,
            "structure": self.chosen or "",
        }
        return "?" + "&".join(f"{name}={quote(value, safe='/')}" for name, value in parts.items() if value)


def choice_of(rows: pd.DataFrame, parameters: Mapping[str, str]) -> Choice:
    """What a link says is to be seen of a run, on the page of the table where its structure stands.

    Raises:
        LookupError: it names what there is not; the message says what there is.

    """
    chosen = parameters.get("structure")
    if chosen is not None and not (rows["id"] == chosen).any():
        msg = f"this run has no structure {chosen[:200]!r}"
        raise LookupError(msg)
    choice = Choice(
        shown=_one_of(SHOWN, parameters.get("show", ALL), "structures cannot be shown by"),
        reason=_one_of([ANY, *reason_counts(rows)], parameters.get("reason", ANY), "no structure has the reason"),
        order=_one_of(ORDERS, parameters.get("sort", FILE_ORDER), "structures cannot be sorted by"),
        search=parameters.get("find", "")[:500],
        chosen=chosen,
    )
    ids = select(rows, choice)["id"].tolist()
    return replace(choice, page=ids.index(chosen) // PAGE_SIZE + 1) if chosen in ids else choice


def reason_counts(rows: pd.DataFrame) -> dict[str, int]:
    """The reasons that a run may be filtered by, with the number of structures that each holds for."""
    counts = {name: int(mask(rows).fillna(value=False).sum()) for name, mask in REASONS.items()}
    refusals = Counter(map(str, rows["refusal"].dropna()))
    return counts | {f"{_REFUSED}{name.replace('_', ' ')}": count for name, count in sorted(refusals.items())}


def select(rows: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """Rows that both filters keep and whose id, formula or match contains the searched text, in the order chosen."""
    kept = SHOWN[choice.shown](rows).fillna(value=False).astype(bool)
    if choice.reason.startswith(_REFUSED):
        refusals = rows["refusal"].str.replace("_", " ")
        kept &= (refusals == choice.reason.removeprefix(_REFUSED)).fillna(value=False).astype(bool)
    elif choice.reason != ANY:
        kept &= REASONS[choice.reason](rows).fillna(value=False).astype(bool)
    wanted = choice.search.strip().casefold()
    if wanted:
        matches = [
            rows[name].str.casefold().str.contains(wanted, regex=False).fillna(value=False).astype(bool)
            for name in ("id", "reduced_formula", "matched_id", "duplicate_of")
        ]
        kept &= pd.concat(matches, axis=1).any(axis=1)
    column = ORDERS[choice.order]
    if column is None or column not in rows:
        return rows[kept]
    return rows[kept].sort_values(column, kind="stable")


def _one_of(choices: Mapping[str, object] | list[str], value: str, wrong: str) -> str:
    if value not in choices:
        msg = f"{wrong} {value[:100]!r}; the choices are: {', '.join(choices)}"
        raise LookupError(msg)
    return value


def _close(rows: pd.DataFrame) -> pd.Series[bool]:
    """Near, superstructure, reordering or defect of a reference crystal."""
    return rows[[name for name in _CLOSE if name in rows]].fillna(value=False).any(axis=1).astype("boolean")


def _within(rows: pd.DataFrame, limit: float) -> pd.Series[bool]:
    """At most so far above the hull, with the tolerance of the scores; no row where the run has no energies."""
    if "e_above_hull" not in rows:
        return pd.Series(data=False, index=rows.index, dtype="boolean")
    return rows["e_above_hull"] <= limit + TOLERANCE_EV_PER_ATOM
