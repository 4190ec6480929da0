"""Space group and symmetry, by spglib."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pyarrow as pa
import spglib

from metrics.measure import UnmeasurableError, measure
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.fingerprint.symmetry_bound import check_symmetry_is_bounded

if TYPE_CHECKING:
    from metrics.crystal import Crystal

ANGLE_TOLERANCE_DEGREES = 5.0
"""As pymatgen's ``SpacegroupAnalyzer``."""


@dataclass(frozen=True)
class SymmetrySettings:
    """Tolerances of the search: ``symprec`` in angstrom, ``angle_tolerance`` in degrees."""

    symprec: float = 0.01
    angle_tolerance: float = ANGLE_TOLERANCE_DEGREES


@lru_cache(maxsize=4)
def symmetry_dataset(
    crystal: Crystal, symprec: float = 0.01, angle_tolerance: float = ANGLE_TOLERANCE_DEGREES
) -> spglib.SpglibDataset:
    """Everything spglib finds for a crystal (Togo, Shinohara and Tanaka 2024, DOI 10.1080/27660400.2024.2384822).

    The search runs on the reduced cell, in which operations and transformations are expressed, because spglib fails
    on very skewed cells; the sites keep their number and order. The last few answers are kept, because several facts
    about one crystal ask the same question.

    Raises:
        UnmeasurableError: spglib finds no space group (overlapping atoms, cell without volume, ...), or may take long.

    """
    check_symmetry_is_bounded(crystal, symprec)
    reduced = reduce_cell(crystal)
    cell = (reduced.lattice.tolist(), reduced.frac_coords.tolist(), crystal.atomic_numbers.tolist())
    with warnings.catch_warnings():
        # spglib 2.8 still announces that it will raise instead of returning None
        warnings.simplefilter("ignore", DeprecationWarning)
        failed = f"spglib finds no space group at symprec {symprec:g} angstrom"
        try:
            dataset = spglib.get_symmetry_dataset(cell, symprec=symprec, angle_tolerance=angle_tolerance)
        except spglib.SpglibError as error:
            message = ": ".join(filter(None, (failed, str(error))))
            raise UnmeasurableError(message) from error
        if dataset is None:
            message = ": ".join(filter(None, (failed, spglib.get_error_message())))
            raise UnmeasurableError(message)
    return dataset


@measure(name="space_group", version=1, columns={"space_group": pa.int64()}, settings=SymmetrySettings)
def measure_space_group(crystal: Crystal, settings: SymmetrySettings) -> dict[str, object]:
    """Number of the space group, 1-230 (International Tables for Crystallography A)."""
    return {"space_group": int(symmetry_dataset(crystal, settings.symprec, settings.angle_tolerance).number)}
