"""Check a built set: every byte against its manifest, and a sample of its facts against the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.family import family_of
from metrics.measure import UnmeasurableError
from metrics.measure.energy.hull_vertices import ON_HULL_EV_PER_ATOM
from reference_data.build.measure_rows import needed_measures
from reference_data.build.settings import BuildSettings
from reference_data.reference import open_reference
from reference_data.sources.base import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reference_data.files.crystals import ReferenceCrystal
    from reference_data.files.manifest import SettingsRecord
    from reference_data.reference import Reference

SAMPLE = 20


def differences(name_or_folder: str | Path, sample: int = SAMPLE) -> list[str]:
    """What is wrong with a built set, one line each; an empty list when nothing is.

    Args:
        name_or_folder: the set.
        sample: number of crystals, spread evenly over the rows, that are measured again and looked up.

    Raises:
        ReferenceSetError: the set cannot even be opened.

    """
    reference = open_reference(name_or_folder)
    wrong = list(_file_differences(reference))
    if wrong:
        return wrong  # what the files say is then worth nothing
    try:
        settings = _settings(reference)
    except ValueError as error:
        return [f"settings: {error}"]  # nothing can be measured again
    wrong.extend(_settings_differences(reference, settings))
    rows = np.unique(np.linspace(0, reference.n_crystals - 1, min(sample, reference.n_crystals)).astype(int))
    published = {source.name for source in reference.manifest.sources if source.publishes_bawl}
    crystals = reference.crystals(rows.tolist())
    for convention in reference.conventions:
        wrong.extend(_hull_differences(reference, convention, crystals, sample))
    for crystal in crystals:
        wrong.extend(_fact_differences(crystal, settings, bawl_is_published=crystal.sources[0] in published))
        wrong.extend(_lookup_differences(reference, crystal))
    return wrong


def _file_differences(reference: Reference) -> Iterator[str]:
    for name, record in reference.manifest.files.items():
        sha256 = file_sha256(reference.folder / name)
        if sha256 != record.sha256:
            yield f"{name}: sha256 {sha256}, the manifest says {record.sha256}"


def _settings(reference: Reference) -> BuildSettings:
    """Those of the set, in the types of the code.

    Raises:
        ValueError: the code has no such measurement or setting.

    """
    manifest = reference.manifest
    measures = {name: record.settings for name, record in manifest.measures.items()}
    return BuildSettings.of(measures, manifest.matching.settings)


def _settings_differences(reference: Reference, settings: BuildSettings) -> Iterator[str]:
    """What the code would write into the manifest for the set's settings, where the manifest says something else."""
    code = {**settings.measure_records(), "matching": settings.matching_record()}
    stated = {**reference.manifest.measures, "matching": reference.manifest.matching}
    for name in sorted({*code, *stated}):
        if code.get(name) != stated.get(name):
            yield f"{name}: the code has {_brief(code.get(name))}, the manifest says {_brief(stated.get(name))}"


def _brief(record: SettingsRecord | None) -> str:
    if record is None:
        return "none"
    return f"version {record.version} with {record.settings or 'no settings'} ({record.settings_hash})"


def _fact_differences(crystal: ReferenceCrystal, settings: BuildSettings, *, bawl_is_published: bool) -> Iterator[str]:
    measured: dict[str, object] = {}
    for name, measure in needed_measures().items():
        try:
            measured.update(measure.compute(crystal.crystal, settings.measures[name]))
        except UnmeasurableError as error:
            measured.update(error.known)
    stored = {
        "reduced_formula": crystal.reduced_formula,
        "chemical_system": crystal.chemical_system,
        "n_sites": crystal.crystal.n_sites,
        "space_group": crystal.space_group,
        "prototype": crystal.prototype,
        "canonical_bawl_keys": list(crystal.keys),
    } | ({} if bawl_is_published else {"bawl": crystal.bawl})
    for name, value in stored.items():
        if _plain(measured.get(name)) != value:
            yield f"{crystal.id}: {name} is {value} in the set, measured again it is {measured.get(name)}"


def _hull_differences(
    reference: Reference, convention: str, crystals: Sequence[ReferenceCrystal], sample: int
) -> Iterator[str]:
    """Vertices are on the hull, and crystals as far above it as the set says."""
    hull = reference.hull(convention)
    rows = np.unique(np.linspace(0, len(hull.vertices) - 1, min(sample, len(hull.vertices))).astype(int))
    vertices = hull.vertices.iloc[rows]
    placed = [
        crystal for crystal in crystals if crystal.energy_convention == convention and crystal.e_above_hull is not None
    ]
    names = [*vertices["id"], *(crystal.id for crystal in placed)]
    formulas = [*vertices["reduced_formula"], *(crystal.reduced_formula for crystal in placed)]
    energies = [*vertices["formation_energy_per_atom"], *(crystal.formation_energy_per_atom for crystal in placed)]
    stored = [*(0.0 for _ in rows), *(crystal.e_above_hull for crystal in placed if crystal.e_above_hull is not None)]
    answers = hull.distances(formulas, energies, convention=convention)
    for name, expected, answer in zip(names, stored, answers, strict=True):
        distance = answer.e_above_hull
        if distance is None or abs(distance - expected) > ON_HULL_EV_PER_ATOM:
            again = answer.reason if distance is None else f"{distance:.6g}"
            yield f"{name}: {expected:.6g} eV/atom above the hull of {convention} in the set, looked up again {again}"


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _lookup_differences(reference: Reference, crystal: ReferenceCrystal) -> Iterator[str]:
    if crystal.row not in {candidate.row for candidate in reference.rows_of_formulas([crystal.reduced_formula])}:
        yield f"{crystal.id}: not found by its formula {crystal.reduced_formula}"
    rows = reference.rows_with_keys(crystal.keys)
    for key in crystal.keys:
        if crystal.row not in rows.get(key, []):
            yield f"{crystal.id}: not found by its key {key}"
    bawls = {bawl for bawl in crystal.bawls if bawl is not None}
    for bawl in sorted(bawls - reference.known_bawls(bawls)):
        yield f"{crystal.id}: not found by the BAWL {bawl} of a source"
    if crystal.prototype is not None and not reference.known_prototypes([crystal.prototype]):
        yield f"{crystal.id}: not found by its prototype {crystal.prototype}"
    family = family_of(crystal.reduced_formula)
    if not reference.known_families([family]):
        yield f"{crystal.id}: not found by its family {family}"
