"""Energies of a submission: by which potentials, on which hulls, and the table of what they say."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from leaderboard.calibration.apply import Energies
from leaderboard.errors import RunError
from metrics.energy_convention import OWN
from metrics.measure.energy.elemental_energies import elemental_differences, elemental_energies, trust
from metrics.measure.energy.hull import formation_energy_per_atom
from metrics.measure.energy.relax_record import Relaxation, SinglePoint, conventions_of, convert_record, hash_of
from metrics.measure.energy.relaxation import VERSION, cache_key, energies_of, known_energies, processes_of
from metrics.measure.potentials import find
from metrics.measure.running.progress import Counter
from metrics.measure.structure.convert import composition_of
from metrics.table import frame
from reference_data.errors import ReferenceSetError
from reference_data.reference import open_reference, set_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from metrics.crystal import Crystal
    from metrics.measure.energy.relax_record import EnergyRecord, Settings
    from metrics.measure.potentials import Potential
    from metrics.measure.running.cache import Cache
    from metrics.measure.running.engine import StartEngine
    from metrics.measure.running.progress import Report
    from reference_data.reference import Reference

ENERGIES_SCHEMA = pa.schema(
    {
        "sha256": pa.string(),
        "potential": pa.string(),
        "checkpoint_sha256": pa.string(),
        "settings_hash": pa.string(),
        "relaxed": pa.bool_(),
        "status": pa.string(),
        "detail": pa.string(),
        "n_steps": pa.int64(),
        "energy": pa.float64(),  # eV, whole cell
        "energy_convention": pa.string(),
        "energy_per_atom": pa.float64(),  # eV/atom, as all that follow
        "formation_energy_per_atom": pa.float64(),
        "e_above_hull": pa.float64(),
        "e_above_hull_std": pa.float64(),  # over the members of an ensemble, with n - 0 degrees of freedom
        "n_members": pa.int64(),
        "n_hull_entries": pa.int64(),
        "elements_trusted": pa.bool_(),  # see metrics.scores.stability.VIEW_COLUMNS
        "elements_detail": pa.string(),  # why they are not, or why it is not known
        "decomposition": pa.list_(pa.struct({"formula": pa.string(), "amount": pa.float64()})),  # share of the atoms
        "rmsd": pa.float64(),  # angstrom
        "max_force": pa.float64(),  # eV/angstrom
        "cell": pa.string(),  # JSON
        "device": pa.string(),
        "seconds": pa.float64(),
    }
)


@dataclass(frozen=True)
class Tier:
    """Which energies a run asks for; without a potential it asks for none, the structural tier.

    Attributes:
        potentials: in the order asked for.
        conventions: of each potential, those of its hulls in the reference set.
        relaxation: how structures are relaxed; None leaves them as submitted.

    """

    potentials: tuple[Potential, ...] = ()
    conventions: tuple[tuple[str, ...], ...] = ()
    relaxation: Relaxation | None = None

    @classmethod
    def of(
        cls, potential_ids: Sequence[str], reference: Reference, *, relax: bool, relaxation: Mapping[str, Any]
    ) -> Tier:
        """Look potentials up, and the hulls of the set to whose energy convention theirs can be converted.

        Raises:
            RunError: there is no such potential, one is named twice, or the set has no hull for one.

        """
        if len(set(potential_ids)) < len(potential_ids):
            msg = f"a potential is named twice in {','.join(potential_ids)}"
            raise RunError(msg)
        try:
            potentials = tuple(find(name) for name in potential_ids)
        except ValueError as error:
            raise RunError(str(error)) from error
        conventions = tuple(_hulls(potential, reference) for potential in potentials)
        return cls(potentials, conventions, Relaxation(**relaxation) if relax and potentials else None)

    @property
    def key(self) -> dict[str, Any]:
        """Everything that decides an energy, for the run key."""
        return {
            "potentials": [(potential.id, potential.checkpoint_sha256) for potential in self.potentials],
            "settings": [hash_of(settings) for settings in self.settings] if self.potentials else [],
            "version": VERSION if self.potentials else None,
            "elements": [elemental_energies(potential.checkpoint_sha256) for potential in self.potentials],
        }

    def on_dft_hulls(self, *, relaxed: bool) -> list[Energies]:
        """What decides the distances from hulls of DFT energies, of each potential and of their ensemble."""
        first = [
            Energies(potential.id, {potential.id: potential.checkpoint_sha256}, relaxed, conventions[0])
            for potential, conventions in zip(self.potentials, self.conventions, strict=True)
        ]
        ensembles = []
        if len(first) > 1:
            names = ensemble_name([one.potential for one in first])
            checkpoints = {potential.id: potential.checkpoint_sha256 for potential in self.potentials}
            ensembles = [Energies(names, checkpoints, relaxed, _common(one.convention for one in first))]
        return [one for one in (*first, *ensembles) if not one.convention.startswith(OWN)]

    @property
    def settings(self) -> tuple[Settings, ...]:
        """Single points first: they take minutes, and rank."""
        return (SinglePoint(),) if self.relaxation is None else (SinglePoint(), self.relaxation)


def check_installed(tier: Tier, cache: Cache) -> list[str]:
    """What a run lacks although energies that this machine already knows may do; nothing is read for this.

    Raises:
        RunError: a potential cannot be loaded here and not one energy of it is known; names what is missing.

    """
    notes = []
    for potential in tier.potentials:
        missing = potential.missing()
        if missing and not any(cache.has_any(cache_key(potential, settings)) for settings in tier.settings):
            raise RunError(_without(missing))
        if missing:
            notes.append(f"{missing}; only structures whose {potential.id} energy is known here can be scored")
    return notes


def check_available(tier: Tier, crystals: Iterable[Crystal], cache: Cache) -> None:
    """Refuse a run whose energies are neither known nor can be computed here.

    Raises:
        RunError: names the potential, what is missing and what to do.

    """
    wanted = {crystal.sha256 for crystal in crystals}
    for potential in tier.potentials:
        known = all(wanted <= set(known_energies(wanted, potential, settings, cache)) for settings in tier.settings)
        missing = None if known else potential.missing()
        if missing:
            raise RunError(_without(missing))


def _without(missing: str) -> str:
    return f"{missing}; --potentials none gives the structural scores"


def energies_table(
    crystals: Iterable[Crystal],
    tier: Tier,
    reference: Reference,
    *,
    max_elemental_difference: float,
    start_engine: StartEngine,
    cache: Cache,
    report: Report,
) -> pd.DataFrame:
    """Table of ENERGIES_SCHEMA: a row for each different crystal, potential, hull, and for it relaxed or not.

    Two or more potentials are also an ensemble, whose distance is the mean of theirs, where all of them have one.
    ``max_elemental_difference`` (eV/atom) bounds ``elements_trusted``.
    """
    by_sha256 = {crystal.sha256: crystal for crystal in crystals}
    rows: list[dict[str, Any]] = []
    for settings in tier.settings:
        members: list[list[dict[str, Any]]] = []
        for potential, conventions in zip(tier.potentials, tier.conventions, strict=True):
            records = _records(by_sha256, potential, settings, start_engine, cache, report)
            on_hulls = [
                row
                for name in conventions
                for row in _on_hull(records, by_sha256, potential, reference, name, max_elemental_difference)
            ]
            rows += on_hulls
            members.append(on_hulls)
        if len(members) > 1:
            rows += ensemble(members, [potential.id for potential in tier.potentials])
    return frame(rows, ENERGIES_SCHEMA)


def ensemble(members: Sequence[Sequence[Mapping[str, Any]]], potential_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of the ensemble: mean and spread of the distances of its members, where every one of them has answered.

    Args:
        members: rows of each potential for the same structures, all of the same settings.
        potential_ids: of the members.

    The members' hulls differ where each is the potential's own; distances compare all the same. A potential with
    several hulls takes part with the first, the one of DFT energies.

    """
    name = ensemble_name(potential_ids)
    first: list[dict[str, Mapping[str, Any]]] = [{row["sha256"]: row for row in reversed(rows)} for rows in members]
    made = []
    for sha256 in dict.fromkeys(row["sha256"] for row in members[0]):
        answers = [rows[sha256] for rows in first]
        silent = [answer["potential"] for answer in answers if answer["e_above_hull"] is None]
        distances = [answer["e_above_hull"] for answer in answers if answer["e_above_hull"] is not None]
        formation = [answer["formation_energy_per_atom"] for answer in answers]
        answered = not silent
        made.append(
            {
                "sha256": sha256,
                "potential": name,
                "relaxed": answers[0]["relaxed"],
                "status": _common_status(answers) if answered else "failed",
                "detail": None if answered else f"no distance by {', '.join(silent)}",
                "energy_convention": _common(answer["energy_convention"] for answer in answers),
                "formation_energy_per_atom": float(np.mean(formation)) if answered else None,
                "e_above_hull": float(np.mean(distances)) if answered else None,
                "e_above_hull_std": float(np.std(distances)) if answered else None,
                "n_members": len(distances),
                "elements_trusted": _all_trusted(answers),
                "elements_detail": "; ".join(
                    f"{answer['potential']}: {answer['elements_detail']}"
                    for answer in answers
                    if answer["elements_detail"] is not None
                )
                or None,
                "n_hull_entries": min((answer["n_hull_entries"] for answer in answers if answered), default=None),
            }
        )
    return made


def _all_trusted(rows: Sequence[Mapping[str, Any]]) -> bool | None:
    """False where one of the members is, else unknown where one of them is."""
    answers = {row["elements_trusted"] for row in rows}
    return False if False in answers else None if None in answers else True


def ensemble_name(potential_ids: Sequence[str]) -> str:
    """Name of the ensemble of some potentials, such as ``ensemble(chgnet+sevennet-0)``."""
    return f"ensemble({'+'.join(potential_ids)})"


def _common(conventions: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(conventions))


def _common_status(rows: Sequence[Mapping[str, Any]]) -> str:
    statuses = {row["status"] for row in rows}
    return statuses.pop() if len(statuses) == 1 else "step_limit"


def _records(
    by_sha256: Mapping[str, Crystal],
    potential: Potential,
    settings: Settings,
    start_engine: StartEngine,
    cache: Cache,
    report: Report,
) -> dict[str, EnergyRecord]:
    """What the cache knows, and the rest computed; no process is started where nothing is left to compute."""
    relaxed = isinstance(settings, Relaxation)
    counter = Counter(f"{'relax' if relaxed else 'energies'} {potential.id}", len(by_sha256), report)
    known = known_energies(by_sha256, potential, settings, cache)
    if len(known) == len(by_sha256):
        counter.know(len(known))
        return known
    with start_engine(processes_of(potential)) as engine:
        return energies_of(
            by_sha256.values(),
            potential,
            settings,
            engine=engine,
            cache=cache,
            on_known=counter.know,
            on_done=counter.add,
        )


def _on_hull(
    records: Mapping[str, EnergyRecord],
    by_sha256: Mapping[str, Crystal],
    potential: Potential,
    reference: Reference,
    convention: str,
    max_elemental_difference: float,
) -> list[dict[str, Any]]:
    """Rows of one potential on one hull, from records in the potential's own convention."""
    converted = [convert_record(record, by_sha256[sha256], convention) for sha256, record in records.items()]
    return rows_on_hull(converted, by_sha256, potential, reference, convention, max_elemental_difference)


def rows_on_hull(
    converted: Sequence[EnergyRecord],
    by_sha256: Mapping[str, Crystal],
    potential: Potential,
    reference: Reference,
    convention: str,
    max_elemental_difference: float,
) -> list[dict[str, Any]]:
    """Rows of records whose energies are in the convention of a hull; why a distance is unknown stands in ``detail``.

    Args:
        converted: by :func:`metrics.measure.energy.relax_record.convert_record`.
        by_sha256: the structures as submitted.
        potential: whose records they are.
        reference: set with the hull.
        convention: of the hull.
        max_elemental_difference: bound of ``elements_trusted`` in eV/atom.

    """
    elemental = reference.elemental_references(convention)
    formulas = [composition_of(by_sha256[record.sha256]).get_el_amt_dict() for record in converted]
    formation, reasons = [], []
    for record, formula in zip(converted, formulas, strict=True):
        energy, reason = None, record.detail
        if record.energy_per_atom is not None:
            try:
                energy = formation_energy_per_atom(formula, record.energy_per_atom, elemental)
            except ValueError as error:
                reason = f"{convention}: {error}"
        formation.append(energy)
        reasons.append(reason)
    distances = reference.hull(convention).distances(formulas, formation, convention=convention)
    differences = elemental_differences(potential.checkpoint_sha256, elemental)
    checks = [trust(formula, differences, convention, max_elemental_difference) for formula in formulas]
    return [
        {
            **asdict(record),
            "energy_convention": convention,
            "detail": reason or (distance.reason if record.energy is not None else None),
            "formation_energy_per_atom": energy,
            "e_above_hull": distance.e_above_hull,
            "n_hull_entries": distance.n_entries,
            "elements_trusted": check.trusted,
            "elements_detail": check.reason,
            "decomposition": [{"formula": name, "amount": amount} for name, amount in distance.decomposition],
        }
        for record, energy, reason, distance, check in zip(
            converted, formation, reasons, distances, checks, strict=True
        )
    ]


def _hulls(potential: Potential, reference: Reference) -> tuple[str, ...]:
    """Conventions of the set's hulls to which the potential's energies can be converted: the best founded first.

    Raises:
        RunError: there is none; names the sets that have one.

    """
    usable = conventions_of(potential)
    fitting = tuple(name for name in usable if name in reference.conventions)
    # its own convention and what that converts to are one hull's worth; the converted one is what hulls are made of
    of_dft = [name for name in fitting if not name.startswith(OWN)][-1:]
    if fitting:
        return (*of_dft, *(name for name in fitting if name.startswith(OWN)))
    have = ", ".join(reference.conventions) or "none"
    with_one = [name for name in set_names() if set(usable) & set(_conventions(name))]
    msg = (
        f"reference set {reference.name} has no hull for {potential.id} (its hulls: {have}; {potential.id} needs one "
        f"of {', '.join(usable)}); sets that have one: {', '.join(with_one) or 'none here'}; "
        "--potentials none gives the structural scores"
    )
    raise RunError(msg)


def _conventions(name: str) -> tuple[str, ...]:
    """Conventions of the hulls of a defined set; one that is not built here has none."""
    try:
        return open_reference(name).conventions
    except ReferenceSetError:
        return ()
