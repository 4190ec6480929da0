"""Energies of rows are converted to the convention of the set's hull, each by its own composition and structure.

PBE and PBE+U energies side by side make no hull: without the corrections of MP2020 NiO has a formation energy of +0.40
eV/atom, with them -1.22. So they are applied row by row before rows are merged. A row that cannot be corrected stays a
crystal without an energy, so that the hull holds nothing of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from metrics.measure.energy.mp2020 import UncorrectableError, to_convention

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metrics.crystal import Crystal
    from metrics.measure.energy.mp2020 import HubbardU
    from metrics.measure.running.engine import Engine
    from reference_data.build.merge import MeasuredRow

CONVERTIBLE = {"pbe_mp2020": ("pbe_uncorrected",)}
"""What can be converted to each convention."""
TIME_LIMIT_S = 300.0
NO_ANSWER, FORMATION_ENERGY_ALONE = "no_answer", "formation_energy_alone"
"""Reasons beside those of an UncorrectableError."""


@dataclass(frozen=True)
class Conversion:
    """To which convention energies are converted, and what the calculations of a source are known to have done.

    Attributes:
        target: the convention; None leaves all energies as they are.
        hubbard_u: by name of the source; those that are not named follow the settings of the Materials Project.

    """

    target: str | None = None
    hubbard_u: Mapping[str, HubbardU] = field(default_factory=dict)

    def target_of(self, convention: str) -> str:
        """What energies of a convention are converted to, or the convention itself."""
        return self.target if self.target and convention in CONVERTIBLE[self.target] else convention


@dataclass
class Converted:
    """Rows with their energies converted, and counts by source; ``left_out`` by reason too."""

    rows: list[MeasuredRow]
    n_converted: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, Counter[str]] = field(default_factory=dict)


def convert_energies(rows: Sequence[MeasuredRow], conversion: Conversion, engine: Engine) -> Converted:
    """The same rows, total energies in the convention of the set; what cannot be converted has no energy.

    A formation energy of another convention counts from elements that nobody knows here, and is left out with it.

    Args:
        rows: in any order, which is kept.
        conversion: what to do.
        engine: where the work runs.

    """
    done = Converted(list(rows))
    places = [
        place
        for place, measured in enumerate(rows)
        if (convention := measured.row.energy_convention) and conversion.target_of(convention) != convention
    ]
    known = [place for place in places if rows[place].row.energy_per_atom is not None]
    tasks = [
        (
            row.crystal,
            row.energy_per_atom,
            row.energy_convention,
            conversion.target,
            conversion.hubbard_u.get(row.source),
        )
        for row in (rows[place].row for place in known)
    ]
    answers: dict[int, float | tuple[str, str]] = {}
    for outcome in engine.map(convert_energy, tasks, time_limit_s=TIME_LIMIT_S):
        answers[known[outcome.index]] = outcome.value if outcome.failure is None else (NO_ANSWER, outcome.failure)
    for place in places:
        measured, answer = rows[place], answers.get(place)
        energy = answer if isinstance(answer, float) else None
        reason = answer[0] if isinstance(answer, tuple) else FORMATION_ENERGY_ALONE
        row = replace(
            measured.row,
            energy_per_atom=energy,
            formation_energy_per_atom=None,
            energy_convention=None if energy is None else conversion.target,
        )
        done.rows[place] = replace(measured, row=row)
        if energy is not None:
            done.n_converted[row.source] += 1
        else:
            done.left_out.setdefault(row.source, Counter())[reason] += 1
    return done


def convert_energy(task: tuple[Crystal, float, str, str, HubbardU | None]) -> float | tuple[str, str]:
    """Energy per atom in another convention, or why there is none, in a word and in a sentence; runs in a worker."""
    crystal, energy_per_atom, source, target, hubbard_u = task
    try:
        energy = to_convention(energy_per_atom * crystal.n_sites, crystal, source, target, hubbard_u=hubbard_u)
    except UncorrectableError as error:
        return error.reason, str(error)
    return energy / crystal.n_sites
