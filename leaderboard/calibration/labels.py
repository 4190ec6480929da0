"""DFT labels: how far above the hull DFT finds the structures of a run, read from a table and joined by id."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from leaderboard.calibration.apply import Energies
from leaderboard.calibration.fit import Labelled
from leaderboard.errors import CommandError
from metrics.energy_convention import OWN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leaderboard.store.run import Run

ID_COLUMNS = ("id", "material_id", "file", "name")
LABEL_COLUMNS = ("e_above_hull_dft", "e_above_hull", "e_decomp_dft")
"""Distance from the hull by DFT, eV/atom, negative below it."""
LARGEST_EV_PER_ATOM = 20.0
"""Bound on a label: atoms far apart are some ten eV/atom above the hull."""


class LabelledRun(NamedTuple):
    """A finished run and the DFT distances of its structures, by id."""

    run: Run
    labels: dict[str, float]
    labels_file: Path


def read_labels(path: Path) -> dict[str, float]:
    """DFT distances by structure id; rows without a number are left out.

    Raises:
        CommandError: it is no CSV with a column of ids and one of distances, or an id stands there twice.

    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{path} cannot be read as CSV: {error}"
        raise CommandError(msg) from error
    columns = list(rows[0]) if rows else []
    identifier = next((name for name in ID_COLUMNS if name in columns), None)
    label = next((name for name in LABEL_COLUMNS if name in columns), None)
    if identifier is None or label is None:
        msg = (
            f"{path} has the columns {', '.join(columns) or 'none'}; needed are an id ({', '.join(ID_COLUMNS)}) and a "
            f"distance from the hull by DFT in eV/atom ({', '.join(LABEL_COLUMNS)})"
        )
        raise CommandError(msg)
    labels: dict[str, float] = {}
    for number, row in enumerate(rows, start=2):
        if not (row[label] or "").strip():
            continue
        try:
            value = float(row[label])
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            msg = f"{path}, line {number}: {label} is {row[label]!r}, a number in eV/atom is needed"
            raise CommandError(msg)
        if abs(value) > LARGEST_EV_PER_ATOM:
            msg = (
                f"{path}, line {number}: {label} is {value:g}, farther than {LARGEST_EV_PER_ATOM:g} eV/atom; "
                "is it in meV/atom?"
            )
            raise CommandError(msg)
        if row[identifier] in labels:
            msg = f"{path}, line {number}: {identifier} {row[identifier]!r} stands there twice"
            raise CommandError(msg)
        labels[row[identifier]] = value
    return labels


def views_of(runs: Sequence[LabelledRun]) -> list[Energies]:
    """Views on hulls of DFT energies that all of the runs have."""
    shared: list[Energies] = []
    for place, labelled in enumerate(runs):
        energies = labelled.run.energies()
        views = []
        if energies is not None:
            distinct = energies[["potential", "relaxed", "energy_convention"]].drop_duplicates()
            for potential, relaxed, convention in distinct.itertuples(index=False):
                if OWN not in str(convention):
                    known = labelled.run.record.checkpoints
                    members = {name: known[name] for name in known if name in _members(str(potential))}
                    views.append(Energies(str(potential), members, bool(relaxed), str(convention)))
        shared = views if place == 0 else [view for view in shared if view in views]
    return shared


def matched(one: LabelledRun, view: Energies) -> pd.DataFrame:
    """Structures of a run that have a distance by the potential and by DFT, with ``label`` beside their facts.

    Columns: id, sha256, reduced_formula, in_reference, e_above_hull, n_hull_entries, label (eV/atom).
    """
    energies, columns = one.run.energies(), one.run.columns()
    facts = columns[["id", "sha256", "reduced_formula", "in_reference"]]
    if energies is None:
        return facts.iloc[:0].assign(e_above_hull=[], n_hull_entries=[], label=[])
    is_view = (energies["potential"] == view.potential) & (energies["relaxed"] == view.relaxed)
    is_view &= energies["energy_convention"] == view.convention
    of_view = energies.loc[is_view.fillna(value=False).astype(bool), ["sha256", "e_above_hull", "n_hull_entries"]]
    of_view = of_view.dropna().drop_duplicates("sha256")
    both = facts.assign(label=facts["id"].map(one.labels)).dropna(subset="label")
    return both.merge(of_view, on="sha256", how="inner", sort=False).reset_index(drop=True)


def labelled(runs: Sequence[LabelledRun], view: Energies) -> Labelled:
    """Structures of the runs that have a distance by the potential and by DFT; the method is the model's name."""
    of_runs = [(one.run.model, matched(one, view)) for one in runs]
    rows = pd.concat([table for _, table in of_runs], ignore_index=True)
    return Labelled(
        rows["e_above_hull"].to_numpy(dtype=np.float64),
        rows["label"].to_numpy(dtype=np.float64),
        rows["reduced_formula"].tolist(),
        [name for name, table in of_runs for _ in range(len(table))],
        rows["n_hull_entries"].to_numpy(dtype=np.int64),
    )


def _members(potential: str) -> tuple[str, ...]:
    return tuple(potential.removeprefix("ensemble(").removesuffix(")").split("+"))
