"""Compare a potential with the labels of a set: energies of a fixed sample, distances from the set's hull, figures."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

from metrics.measure.energy.hull import formation_energy_per_atom
from metrics.measure.energy.relax_record import SinglePoint, conventions_of, convert_record, hash_of
from metrics.measure.energy.relaxation import energies_of, processes_of
from metrics.measure.potentials import find
from metrics.measure.running.cache import Cache
from metrics.measure.running.progress import LOG_EVERY_S
from metrics.measure.running.progress import Counter as TaskCounter
from reference_data.errors import ReferenceSetError
from reference_data.files.crystals import CRYSTALS_FILE
from reference_data.potential_accuracy.record import Agreement, PotentialAccuracy, write_accuracy
from reference_data.potential_accuracy.stable_metrics import stable_metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from metrics.measure.energy.relax_record import EnergyRecord
    from metrics.measure.potentials import Potential
    from metrics.measure.running.engine import StartEngine
    from reference_data.files.crystals import ReferenceCrystal
    from reference_data.reference import Reference

THRESHOLDS_EV_PER_ATOM = (0.0, 0.1)
SAMPLE = 500
SEED = 0
MIN_ANSWERED = 2


def evaluate_potential(
    reference: Reference,
    potential_id: str,
    *,
    n_sample: int = SAMPLE,
    start_engine: StartEngine,
    report: Callable[[str], None],
) -> PotentialAccuracy:
    """Single points of a sample of the set's labelled compounds, compared on the set's hull, and kept beside the set.

    Label and prediction are distances from the same hull, of which the compound itself is no part: so a compound on
    the hull is stable by how far it lies below the others, not by definition. Structures are taken as the set has
    them. A potential that was trained on them does better here than on new ones: read the figures as a bound. An
    interrupted evaluation resumes.

    Args:
        reference: the set.
        potential_id: see :mod:`metrics.measure.potentials`.
        n_sample: how many compounds, at most; which ones depends on their ids alone.
        start_engine: where the work runs.
        report: takes lines of progress.

    Raises:
        ReferenceSetError: there is no such potential, it cannot be loaded, the set has no hull whose energy convention
            its energies can be converted to, or no labels on it, or too few of the sample have an energy.

    """
    potential = _find(potential_id)
    convention = _convention(reference, potential)
    rows = _labelled_rows(reference, convention)
    crystals = reference.crystals([row for row, _ in sorted(rows, key=lambda labelled: _lot(labelled[1]))[:n_sample]])
    settings = SinglePoint()
    records = _records(reference, crystals, potential, settings, start_engine, report)
    label, predicted = _distances(reference, crystals, records, convention)
    statuses = Counter(record.status for record in records if record.energy is None)
    answered = np.array([distance is not None for distance in predicted])
    if answered.sum() < MIN_ANSWERED:
        details = [record.detail for record in records if record.energy is None]
        raise ReferenceSetError(
            what=f"{potential.id} has an energy of {answered.sum()} of {len(crystals)} structures ({details[0]})",
            expected=f"at least {MIN_ANSWERED}",
            remedy="choose a potential that knows the elements of the set",
        )
    difference = np.array([distance for distance in predicted if distance is not None]) - np.array(label)[answered]
    accuracy = PotentialAccuracy(
        potential=potential.id,
        checkpoint_sha256=potential.checkpoint_sha256,
        convention=convention,
        manifest_sha256=reference.manifest_sha256,
        settings_hash=hash_of(settings),
        seed=SEED,
        n_labelled=len(rows),
        n_sampled=len(crystals),
        n_answered=int(answered.sum()),
        unanswered=dict(sorted(statuses.items())),
        mae=float(np.abs(difference).mean()),
        rmse=float(np.sqrt((difference**2).mean())),
        median_difference=float(np.median(difference)),
        agreements=agreements(label, predicted, THRESHOLDS_EV_PER_ATOM),
    )
    write_accuracy(accuracy, reference.folder)
    return accuracy


def agreements(
    label: Sequence[float], predicted: Sequence[float | None], thresholds: Sequence[float]
) -> tuple[Agreement, ...]:
    """Compare distances from the hull (eV/atom) at each threshold; a prediction that is None says "not stable".

    Raises:
        ReferenceSetError: see :func:`reference_data.potential_accuracy.stable_metrics.stable_metrics`.

    """
    counted = [_counted(label, predicted, threshold) for threshold in thresholds]
    defined = [each.threshold for each in counted if each.true_positive and each.false_positive + each.true_negative]
    ratios = dict(zip(defined, stable_metrics(label, predicted, defined) if defined else [], strict=True))
    return tuple(
        replace(each, precision=known["Precision"], recall=known["Recall"], f1=known["F1"], daf=known["DAF"])
        if (known := ratios.get(each.threshold))
        else each
        for each in counted
    )


def _counted(label: Sequence[float], predicted: Sequence[float | None], threshold: float) -> Agreement:
    stable = np.array(label) <= threshold
    called = np.array([distance is not None and distance <= threshold for distance in predicted])
    return Agreement(
        threshold=threshold,
        precision=None,
        recall=None,
        f1=None,
        daf=None,
        true_positive=int((stable & called).sum()),
        false_positive=int((~stable & called).sum()),
        true_negative=int((~stable & ~called).sum()),
        false_negative=int((stable & ~called).sum()),
    )


def _find(potential_id: str) -> Potential:
    try:
        potential = find(potential_id)
    except ValueError as error:
        raise ReferenceSetError(what=str(error), expected="one of these", remedy="correct --potential") from error
    if missing := potential.missing():
        raise ReferenceSetError(what=missing, expected="a potential that can be loaded", remedy="install it")
    return potential


def _convention(reference: Reference, potential: Potential) -> str:
    """That of the set's best founded hull to which the potential's energies can be converted."""
    usable = conventions_of(potential)
    shared = [convention for convention in reference.conventions if convention in usable]
    if not shared:
        raise ReferenceSetError(
            what=f"reference set {reference.name} has hulls of {', '.join(reference.conventions) or 'no convention'}",
            expected=f"one of {', '.join(usable)}, to which energies of {potential.id} can be converted",
            remedy="choose another set or potential",
        )
    return shared[0]


def _labelled_rows(reference: Reference, convention: str) -> list[tuple[int, str]]:
    """Row and id of each compound placed on the hull of the convention; an element has no hull without itself."""
    columns = ["id", "chemical_system", "energy_convention", "e_above_hull"]
    table = pq.read_table(reference.folder / CRYSTALS_FILE, columns=columns).to_pandas()
    is_labelled = (
        (table["energy_convention"] == convention)
        & table["e_above_hull"].notna()
        & table["chemical_system"].str.contains("-")
    )
    if not is_labelled.any():
        raise ReferenceSetError(
            what=f"no compound of reference set {reference.name} has a distance from its hull of {convention}",
            expected="labels to compare with",
            remedy="name a column of energies in the set's definition, or choose another set",
        )
    return [(int(row), name) for row, name in table.loc[is_labelled, "id"].items()]


def _lot(identifier: str) -> bytes:
    """Order of the sample: by a hash, so that it is spread over the set and grows without changing."""
    return hashlib.blake2b(f"{SEED}:{identifier}".encode()).digest()


def _records(
    reference: Reference,
    crystals: Sequence[ReferenceCrystal],
    potential: Potential,
    settings: SinglePoint,
    start_engine: StartEngine,
    report: Callable[[str], None],
) -> list[EnergyRecord]:
    n_structures = len({reference_crystal.crystal.sha256 for reference_crystal in crystals})
    counter = TaskCounter("energy", n_structures, lambda progress: report(str(progress)), LOG_EVERY_S)
    scratch = reference.folder.parent / f".{reference.folder.name}.potential_accuracy"
    scratch.mkdir(exist_ok=True)
    with start_engine(processes_of(potential)) as engine, Cache(scratch / "energies.sqlite") as cache:
        records = energies_of(
            [reference_crystal.crystal for reference_crystal in crystals],
            potential,
            settings,
            engine=engine,
            cache=cache,
            on_known=counter.know,
            on_done=counter.add,
        )
    shutil.rmtree(scratch)
    return [records[reference_crystal.crystal.sha256] for reference_crystal in crystals]


def _distances(
    reference: Reference, crystals: Sequence[ReferenceCrystal], records: Sequence[EnergyRecord], convention: str
) -> tuple[list[float], list[float | None]]:
    """Distances from the hull without the compound itself, eV/atom: by the set, and by the potential."""
    hull, elemental_references = reference.hull(convention), reference.elemental_references(convention)
    vertices = set(hull.vertices["id"])
    formulas = [crystal.reduced_formula for crystal in crystals]
    without = [next((name for name in crystal.source_ids if name in vertices), None) for crystal in crystals]
    stated = [crystal.formation_energy_per_atom for crystal in crystals]
    computed = [
        _formation_energy(crystal, record, convention, elemental_references)
        for crystal, record in zip(crystals, records, strict=True)
    ]
    labels = hull.distances(formulas, stated, convention=convention, without=without)
    predictions = hull.distances(formulas, computed, convention=convention, without=without)
    if reasons := [label.reason for label in labels if label.e_above_hull is None]:
        raise ReferenceSetError(
            what=reasons[0] or "", expected="a distance for each label", remedy="build the set again"
        )
    known = [label.e_above_hull for label in labels if label.e_above_hull is not None]
    return known, [prediction.e_above_hull for prediction in predictions]


def _formation_energy(
    crystal: ReferenceCrystal, record: EnergyRecord, convention: str, elemental_references: Mapping[str, float]
) -> float | None:
    energy = convert_record(record, crystal.crystal, convention).energy_per_atom
    return None if energy is None else formation_energy_per_atom(crystal.reduced_formula, energy, elemental_references)
