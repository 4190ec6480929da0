"""A calibration as data: parameters and draws, what they were fitted on, how good they are, and where they apply."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from leaderboard.calibration import CALIBRATIONS
from leaderboard.calibration.error_model import ErrorModel
from leaderboard.calibration.features import LOCATION, SCALE
from leaderboard.store.json_files import read_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT_VERSION: Literal[1] = 1
N_DIGITS = 8
"""Of the sha256 of a labelled structure that are kept: two of ten thousand share them by chance once in a hundred."""
MIN_LABELLED = 3
"""Labelled structures that an element must occur in for a calibration to know it, or that must lie in chemical systems
with a hull as sparse."""

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TrainingFiles(_Closed):
    """What one method gave.

    Attributes:
        method: generator of the structures.
        structures_sha256: of the file of structures.
        labels_sha256: of the file of DFT distances.
        n_structures: structures with a distance by the potential and by DFT.
        structures: the first eight digits of the sha256 of each of them.

    """

    method: str
    structures_sha256: Sha256
    labels_sha256: Sha256
    n_structures: int
    structures: tuple[str, ...]


class LeftOut(_Closed):
    """What a calibration by the other methods predicted for one method; shares of its structures.

    Attributes:
        method: that was left out.
        threshold_ev_per_atom: of e_above_hull.
        n_structures: of the method.
        labelled: share by DFT.
        raw: share by the potential alone.
        expected: share that was predicted.
        low: lower end of its 95% interval.
        high: upper end.
        brier: mean squared error of the predicted probabilities.
        brier_raw: that of the potential's verdicts.
        interval_coverage: share of structures whose label lies in their 90% interval.

    """

    method: str
    threshold_ev_per_atom: FiniteFloat
    n_structures: int
    labelled: FiniteFloat
    raw: FiniteFloat
    expected: FiniteFloat
    low: FiniteFloat
    high: FiniteFloat
    brier: FiniteFloat
    brier_raw: FiniteFloat
    interval_coverage: FiniteFloat


class ReliabilityBin(_Closed):
    """Structures of all methods with similar probabilities, each predicted by a calibration by the other methods.

    Attributes:
        threshold_ev_per_atom: of e_above_hull.
        predicted: mean probability of a distance by DFT up to the threshold.
        n_structures: in the bin.
        n_hits: of these with such a distance by DFT.

    """

    threshold_ev_per_atom: FiniteFloat
    predicted: FiniteFloat
    n_structures: int
    n_hits: int


class Parameters(_Closed):
    """Of :class:`leaderboard.calibration.error_model.ErrorModel`, one entry for each draw."""

    location: tuple[tuple[FiniteFloat, ...], ...]
    log_scale: tuple[tuple[FiniteFloat, ...], ...]
    shift: tuple[FiniteFloat, ...]

    @classmethod
    def of(cls, model: ErrorModel) -> Parameters:
        """Rounded to six digits, far below what they are uncertain by."""
        return cls(
            location=tuple(tuple(round(number, 6) for number in row) for row in model.location.tolist()),
            log_scale=tuple(tuple(round(number, 6) for number in row) for row in model.log_scale.tolist()),
            shift=tuple(round(number, 6) for number in model.shift.tolist()),
        )

    @property
    def model(self) -> ErrorModel:
        """As arrays."""
        return ErrorModel(np.array(self.location), np.array(self.log_scale), np.array(self.shift))


class Calibration(_Closed):
    """From a potential's distances to those of DFT, for one potential on one hull.

    Attributes:
        format_version: of this record.
        potential: id, or the name of an ensemble.
        checkpoints: sha256 of the parameters of each potential.
        relaxed: whether structures were relaxed by the potential.
        convention: of the hull's energies.
        hull_sha256: of the hull's vertices, see :attr:`metrics.measure.energy.hull.Hull.sha256`.
        location_features: of the error, by name.
        scale_features: of its scale, by name.
        best: the most likely parameters.
        draws: how uncertain they are, with the shift of a method that was not seen.
        lowest_ev_per_atom: distance by the potential below which nothing was labelled.
        highest_ev_per_atom: above which nothing was labelled.
        elements: labelled structures that each element occurs in.
        fewest_hull_entries: by number of elements, the fewest entries that the hull of a chemical system may have:
            three labelled structures of as many elements or more lie in systems with as few or fewer.
        training: where the labels come from.
        left_out: how well the other methods predict each method.
        reliability: how often what they predict with some probability is so, see
            :func:`leaderboard.calibration.assess.reliability`.
        version: of this code, that fitted it.
        source: citation of the labels.

    """

    format_version: Literal[1] = FORMAT_VERSION
    potential: str
    checkpoints: dict[str, Sha256]
    relaxed: bool
    convention: str
    hull_sha256: Sha256
    location_features: tuple[str, ...]
    scale_features: tuple[str, ...]
    best: Parameters
    draws: Parameters
    lowest_ev_per_atom: FiniteFloat
    highest_ev_per_atom: FiniteFloat
    elements: dict[str, int]
    fewest_hull_entries: dict[int, int]
    training: tuple[TrainingFiles, ...]
    left_out: tuple[LeftOut, ...]
    reliability: tuple[ReliabilityBin, ...]
    version: str
    source: str

    @model_validator(mode="after")
    def _check_shapes(self) -> Calibration:
        if (self.location_features, self.scale_features) != (LOCATION, SCALE):
            msg = f"its features are not {LOCATION} and {SCALE}, which this release measures"
            raise ValueError(msg)
        for of_draws in (self.best, self.draws):
            n_draws = len(of_draws.shift)
            shapes = {len(row) for row in of_draws.location}, {len(row) for row in of_draws.log_scale}
            is_whole = n_draws and len(of_draws.location) == len(of_draws.log_scale) == n_draws
            if not is_whole or shapes != ({len(LOCATION) + 1}, {len(SCALE) + 1}):
                msg = f"parameters of {n_draws} draws, of which some lack numbers"
                raise ValueError(msg)
        return self

    @property
    def sha256(self) -> str:
        """Of its content, for the key of a run."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def knows(self, elements: Mapping[str, object]) -> bool:
        """Whether enough labelled structures held each of the elements."""
        return all(self.elements.get(symbol, 0) >= MIN_LABELLED for symbol in elements)

    def knows_hull_of(self, n_elements: int, n_hull_entries: int) -> bool:
        """Whether enough labelled structures lay in chemical systems whose hull is as sparse, or sparser.

        Args:
            n_elements: of the chemical system.
            n_hull_entries: of it and all its subsystems, elements among them.

        """
        fewest = self.fewest_hull_entries.get(n_elements)
        return fewest is not None and n_hull_entries >= fewest


@cache
def calibrations(folder: Path = CALIBRATIONS) -> tuple[Calibration, ...]:
    """Every calibration in a folder, in the order of its files.

    Raises:
        RecordError: a file is not one.

    """
    return tuple(read_model(Calibration, path) for path in sorted(folder.glob("*.json")))
