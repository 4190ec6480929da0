"""DFT labels: how far above the hull DFT finds the structures of a run, read from a table and joined by id."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from leaderboard.calibration.apply import Energies
from leaderboard.calibration.fit import Labelled
from leaderboard.errors import CommandError
from metrics.energy_convention import OWN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leaderboard.store.local import Run

ID_COLUMNS = ("id", "material_id", "file", "name")
LABEL_COLUMNS = ("e_above_hull_dft", "e_above_hull", "e_decomp_dft")
"""Distance from the hull by DFT, eV/atom, negative below it."""


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


def labelled(runs: Sequence[LabelledRun], view: Energies) -> Labelled:
    """Structures of the runs that have a distance by the potential and by DFT; the method is the model's name."""
    distances: list[float] = []
    labels: list[float] = []
    formulas: list[str] = []
    methods: list[str] = []
    n_hull_entries: list[int] = []
    for one in runs:
        energies = one.run.energies()
        if energies is None:
            continue
        is_view = (energies["potential"] == view.potential) & (energies["relaxed"] == view.relaxed)
        is_view &= energies["energy_convention"] == view.convention
        of_view = energies[is_view.fillna(value=False).astype(bool)].dropna(subset=["e_above_hull", "n_hull_entries"])
        by_content = {
            sha256: (float(distance), int(n_entries))
            for sha256, distance, n_entries in zip(
                of_view["sha256"], of_view["e_above_hull"], of_view["n_hull_entries"], strict=True
            )
        }
        columns = one.run.columns()
        for identifier, sha256, formula in zip(
            columns["id"], columns["sha256"], columns["reduced_formula"], strict=True
        ):
            if identifier in one.labels and sha256 in by_content:
                distance, n_entries = by_content[sha256]
                distances.append(distance)
                n_hull_entries.append(n_entries)
                labels.append(one.labels[identifier])
                formulas.append(formula)
                methods.append(one.run.model)
    return Labelled(np.array(distances), np.array(labels), formulas, methods, np.array(n_hull_entries, np.int64))


def _members(potential: str) -> tuple[str, ...]:
    return tuple(potential.removeprefix("ensemble(").removesuffix(")").split("+"))
