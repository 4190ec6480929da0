"""The store as the pages read it: runs by the name in a link, their tables kept while they are looked at."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from leaderboard.board.names import potential_name
from leaderboard.queue.results import private_run
from leaderboard.store.run import Run
from metrics.crystal import Crystal
from submissions.card import is_id

if TYPE_CHECKING:
    from pathlib import Path

    from leaderboard.store.local import Store

# tables of the runs looked at last; one of 2,500 structures takes a few megabytes
KEPT_TABLES = 8


def find(store: Store, identifier: str | None) -> Run | None:
    """The run of an id: ``<submission>/<run key>``, with ``@<owner>`` where it has one; without, the first listed.

    A private result has a name that nobody can guess, see :mod:`leaderboard.queue.results`.
    """
    if not identifier:
        return None
    if (private := private_run(store.root, identifier)) is not None:
        return private
    listed = store.runs()
    exact = next((run for run in listed if run.id == identifier), None)
    return exact or next((run for run in listed if run.id.partition("@")[0] == identifier), None)


class SeveralOwnersError(LookupError):
    """Models of several owners have the name that a link gives."""


def by_name(store: Store, model: str | None) -> Run | None:
    """The newest run of a model, of those that count where one does.

    Raises:
        SeveralOwnersError: the name is that of models of several owners, so that it names none.

    """
    if not model or is_id(model):  # no card has such a name, and a link to a run that is gone leads nowhere
        return None
    of_name = [run for run in store.runs() if run.model == model]
    of_name = [run for run in of_name if run.counts] or of_name
    if len({run.owner for run in of_name}) > 1:
        owners = ", ".join(sorted(run.owner or "the maintainers" for run in of_name))
        msg = f"{model} is the name of models of several owners ({owners}): choose one"
        raise SeveralOwnersError(msg)
    return of_name[-1] if of_name else None


class NoRunError(LookupError):
    """A link gives a run or a model that there is not."""


def linked(store: Store, text: str) -> Run:
    """The run that a link gives, by its id or by the name of its model.

    Raises:
        NoRunError: there is none.
        SeveralOwnersError: see `by_name`.

    """
    run = find(store, text) or by_name(store, text)
    if run is None:
        msg = f"no model or run here is called {text[:200]!r}: it was withdrawn, or its link is cut short"
        raise NoRunError(msg)
    return run


def choices(store: Store) -> list[tuple[str, str]]:
    """Label and id of every run, newest first."""
    return [(_label(run), run.id) for run in reversed(store.runs())]


def _label(run: Run) -> str:
    record = run.record
    potentials = " + ".join(map(potential_name, record.potentials))
    tier = (f"{potentials} relaxed" if record.relaxed else potentials,) if potentials else ()
    structures = "structure" if record.n_submitted == 1 else "structures"
    parts = (f"{record.n_submitted:,} {structures}", record.reference, *tier, record.day)
    waits = "" if run.is_approved else ", unverified"
    return f"{run.label} ({', '.join(parts)}{waits})"


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts with unknown values as None; list columns are left out, no page prints them."""
    scalar = [name for name in rows.columns if not isinstance(rows[name].dtype, pd.ArrowDtype)]
    # by columns: a frame of hundreds of nullable columns takes a second to be taken apart by rows
    cells = [rows[name].array.to_numpy(dtype=object, na_value=None).tolist() for name in scalar]
    return [dict(zip(map(str, scalar), row, strict=True)) for row in zip(*cells, strict=True)]


@lru_cache(maxsize=KEPT_TABLES)
def columns(path: Path) -> pd.DataFrame:
    """Facts of the run in this folder; not to be changed by the caller. A run is never edited, so it may be kept."""
    return Run(path).columns()


@lru_cache(maxsize=KEPT_TABLES)
def structures(path: Path) -> pd.DataFrame:
    """Records as read of the run in this folder; not to be changed by the caller."""
    return Run(path).structures()


@lru_cache(maxsize=KEPT_TABLES)
def energies(path: Path) -> pd.DataFrame | None:
    """Energies of the run in this folder, not to be changed by the caller; None where it has none."""
    return Run(path).energies()


def crystal(path: Path, identifier: str) -> Crystal | None:
    """The crystal of a record; None where it was refused, does not exist, or its run ships without structures."""
    place = _places(path).get(identifier)
    if place is None:
        return None
    # a cell at a time: of a row with lists, pandas makes a table of objects first
    rows = structures(path)
    refusal, *cell = (rows[name].array[place] for name in ("refusal", "lattice", "frac_coords", "atomic_numbers"))
    return Crystal.from_arrays(*cell) if pd.isna(refusal) and cell[0] is not pd.NA else None


@lru_cache(maxsize=KEPT_TABLES)
def _places(path: Path) -> dict[str, int]:
    """Row number of each record."""
    return {identifier: place for place, identifier in enumerate(structures(path)["id"])}
