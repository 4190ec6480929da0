"""Fit a calibration for each view of the energies that labelled runs share."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from leaderboard.calibration.assess import leave_one_out
from leaderboard.calibration.features import LOCATION, SCALE
from leaderboard.calibration.fit import NotEnoughLabelsError, fit
from leaderboard.calibration.labels import LabelledRun, labelled, matched, views_of
from leaderboard.calibration.record import MIN_LABELLED, N_DIGITS, Calibration, Parameters, TrainingFiles
from leaderboard.errors import CommandError
from leaderboard.release import release
from metrics.formula import elements_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leaderboard.calibration.apply import Energies
    from leaderboard.calibration.fit import Labelled
    from reference_data.reference import Reference


def fit_all(runs: Sequence[LabelledRun], reference: Reference, source: str) -> list[Calibration]:
    """A calibration for each view on a hull of DFT energies that all of the runs have.

    Args:
        runs: each of another method.
        reference: the set that they were scored against.
        source: citation of the labels.

    Raises:
        CommandError: a run was scored against another set, no view is shared, or the labels are too few.

    """
    for one in runs:
        if one.run.record.reference_hash != reference.manifest_sha256:
            msg = (
                f"{one.run.path} was scored against {one.run.record.reference} "
                f"{one.run.record.reference_hash[:12]}, and {reference.name} is {reference.manifest_sha256[:12]}; "
                "score it again, or name the set that it was scored against"
            )
            raise CommandError(msg)
    views = views_of(runs)
    if not views:
        msg = "the runs share no potential on a hull of DFT energies; score them with the same --potentials"
        raise CommandError(msg)
    try:
        return [_fitted(runs, view, reference, source) for view in views]
    except NotEnoughLabelsError as error:
        raise CommandError(str(error)) from error


def _fitted(runs: Sequence[LabelledRun], view: Energies, reference: Reference, source: str) -> Calibration:
    known = labelled(runs, view)
    best, draws = fit(known)
    elements = Counter(symbol for formula in known.formulas for symbol in elements_of(formula))
    n_of_method = Counter(known.methods)
    assessed = leave_one_out(known)
    return Calibration(
        potential=view.potential,
        checkpoints=view.checkpoints,
        relaxed=view.relaxed,
        convention=view.convention,
        hull_sha256=reference.hull(view.convention).sha256,
        location_features=LOCATION,
        scale_features=SCALE,
        best=Parameters.of(best),
        draws=Parameters.of(draws),
        lowest_ev_per_atom=float(known.distances.min()),
        highest_ev_per_atom=float(known.distances.max()),
        elements=dict(sorted(elements.items())),
        fewest_hull_entries=fewest_hull_entries(known),
        training=tuple(
            TrainingFiles(
                method=one.run.model,
                structures_sha256=one.run.record.submission_sha256,
                labels_sha256=hashlib.sha256(one.labels_file.read_bytes()).hexdigest(),
                n_structures=n_of_method[one.run.model],
                structures=tuple(sorted({sha256[:N_DIGITS] for sha256 in matched(one, view)["sha256"]})),
            )
            for one in runs
        ),
        left_out=assessed.left_out,
        reliability=assessed.reliability,
        version=release().version,
        source=source,
    )


def fewest_hull_entries(structures: Labelled) -> dict[int, int]:
    """By number of elements, the fewest entries of a chemical system that labels cover.

    Covered are systems as sparse as those of MIN_LABELLED labelled structures: these have as many elements or more, and
    as few entries or fewer. A number of elements without so many is left out.
    """
    sizes = np.array([len(elements_of(formula)) for formula in structures.formulas])
    fewest = {}
    for n_elements in range(1, max(sizes) + 1):
        n_entries = np.sort(structures.n_hull_entries[sizes >= n_elements])
        if len(n_entries) >= MIN_LABELLED:
            fewest[n_elements] = int(n_entries[MIN_LABELLED - 1])
    return fewest
