"""Energies of a run compared again: distances from the hull of all structures, and energies of a few.

Distances follow from the energies and the reference set, bit for bit. An energy is computed again as a single point of
the structure that it belongs to, which after a relaxation is the relaxed one: that is the same physics in a
hundredth of the time. The path of a relaxation is not taken again.
"""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

from leaderboard.run.energies import ENERGIES_SCHEMA, ensemble, rows_on_hull
from leaderboard.run.verification.difference import Check, Difference, attempted, compared, rows_of
from metrics.measure.energy.relax_record import EnergyRecord, Relaxation, SinglePoint, convert_record
from metrics.measure.energy.relax_rmsd import relaxation_rmsd
from metrics.measure.energy.relaxation import energies_of, processes_of
from metrics.measure.running.progress import Counter
from metrics.table import frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from leaderboard.run.stages import Context
    from metrics.crystal import Crystal
    from metrics.measure.potentials import Potential

STRUCTURES = 5
"""Whose energies are computed again: loading a potential takes longer than these."""
TOLERANCE = 1e-4
"""eV/atom, and angstrom of the displacement: energies may come from another processor or from CUDA, whose rounding
lies below it, see :mod:`metrics.measure.energy.relaxation`."""
HULLS = "distances from the hull, from the energies"
RECORD_COLUMNS = tuple(column.name for column in fields(EnergyRecord))


def check_hulls(energies: pd.DataFrame, crystals: Iterable[Crystal], context: Context) -> Check:
    """All that follows from the energies and the hulls: which rows there are, distances, ensembles."""
    by_sha256 = {crystal.sha256: crystal for crystal in crystals}
    table = rows_of(energies)
    stored = {_name(row): row for row in table}
    rows: list[dict[str, Any]] = []
    missing: dict[str, dict[str, Any]] = {}
    for settings in context.tier.settings:
        members = []
        for potential, conventions in zip(context.tier.potentials, context.tier.conventions, strict=True):
            on_hulls = []
            for convention in conventions:
                view = {"potential": potential.id, "relaxed": isinstance(settings, Relaxation)}
                names = [_name({"sha256": one, **view, "energy_convention": convention}) for one in by_sha256]
                missing |= {name: {} for name in names if name not in stored}
                on_hulls += rows_on_hull(
                    [record_of(stored[name]) for name in names if name in stored],
                    by_sha256,
                    potential,
                    context.reference,
                    convention,
                    context.protocol.max_elemental_difference,
                )
            rows += on_hulls
            members.append(on_hulls)
        if len(members) > 1 and not missing:
            rows += ensemble(members, [potential.id for potential in context.tier.potentials])
    recomputed = {_name(row): row for row in rows_of(frame(rows, ENERGIES_SCHEMA))}
    stored["all"], recomputed["all"] = {"n_rows": len(table)}, {"n_rows": len(recomputed)}
    return compared(HULLS, stored, recomputed | missing)


def check_energies(
    energies: pd.DataFrame, crystals: Sequence[Crystal], context: Context
) -> tuple[list[Check], tuple[str, ...]]:
    """Energies of the first few of some structures, computed again by each potential that is installed.

    Returns:
        A check for each potential, and why others were not asked.

    """
    chosen = dict(list({crystal.sha256: crystal for crystal in crystals}.items())[:STRUCTURES])
    rows = [row for row in rows_of(energies) if row["sha256"] in chosen]
    checks, left_out = [], [f"energies of other structures than {len(chosen)} of those drawn, and paths of relaxations"]
    for potential in context.tier.potentials:
        if missing := potential.missing():
            left_out.append(f"energies by {potential.id}: {missing}")
            continue
        of_potential = [row for row in rows if row["potential"] == potential.id and _is_answer(row)]
        again = partial(_computed_again, of_potential, chosen, potential, context)
        checks.append(attempted(f"energies by {potential.id}", again))
    return checks, tuple(left_out)


def _computed_again(
    rows: Sequence[Mapping[str, Any]], starts: Mapping[str, Crystal], potential: Potential, context: Context
) -> Check:
    ends = [record_of(row).end(starts[row["sha256"]]) for row in rows]
    counter = Counter(f"energies {potential.id}", len({end.sha256 for end in ends}), context.report)
    with context.engine.sibling(processes_of(potential)) as engine:
        answers = energies_of(
            ends,
            potential,
            SinglePoint(),
            engine=engine,
            cache=context.cache,
            on_known=counter.know,
            on_done=counter.add,
        )
    differences: list[Difference] = []
    n_values = n_exact = 0
    for row, end in zip(rows, ends, strict=True):
        answer = convert_record(answers[end.sha256], end, row["energy_convention"])
        here: dict[str, Any] = {"energy_per_atom": answer.energy_per_atom}
        if row["energy"] is None:
            here["status"] = answer.status
        if row["cell"] is not None:
            here["rmsd"] = relaxation_rmsd(starts[row["sha256"]], end)
        n_values += len(here)
        n_exact += sum(row[column] == value for column, value in here.items())
        differences += [
            Difference(_name(row), column, repr(row[column]), repr(value))
            for column, value in here.items()
            if not _agree(row[column], value)
        ]
    n_near = n_values - n_exact - len(differences)
    note = f"{n_exact} bit for bit, {n_near} within {TOLERANCE:g} (eV/atom, angstrom)" if n_near else None
    return Check(f"energies of {len(starts)} structures by {potential.id}", n_values, tuple(differences), note)


def _agree(there: object, here: object) -> bool:
    if isinstance(there, float) and isinstance(here, float):
        return abs(there - here) <= TOLERANCE
    return there == here


def _is_answer(row: Mapping[str, Any]) -> bool:
    """Whether a single point says the same again: more time may give another answer, another path another end."""
    return row["energy"] is not None or (not row["relaxed"] and row["status"] != "time_limit")


def record_of(row: Mapping[str, Any]) -> EnergyRecord:
    """The record that a row of the table was made of, in the energy convention of its hull."""
    return EnergyRecord(**{name: row[name] for name in RECORD_COLUMNS})


def _name(row: Mapping[str, Any]) -> str:
    """What tells a row of the table from all others."""
    relaxed = "relaxed" if row["relaxed"] else "unrelaxed"
    return f"{row['sha256']} {row['potential']}/{relaxed} {row['energy_convention']}"
