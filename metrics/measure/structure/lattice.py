"""Lengths of the cell that do not depend on the cell as given."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import spglib

from metrics.measure import UnmeasurableError, measure
from metrics.measure.structure.symmetry import SymmetrySettings, symmetry_dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.crystal import Crystal

# spglib's own first. Its steps can go round in circles where two lengths differ by about the tolerance, as those of a
# hexagonal cell written with six digits do: then a tolerance on either side of the difference ends them.
_TOLERANCES = (1e-5, 1e-6, 1e-4, 1e-3)


@measure(name="lattice", version=2, columns={"lattice_lengths": pa.list_(pa.float64())}, settings=SymmetrySettings)
def measure_lattice(crystal: Crystal, settings: SymmetrySettings) -> dict[str, object]:
    """Lengths a <= b <= c in angstrom of the Niggli cell of the primitive cell.

    Grosse-Kunstleve, Sauter and Adams 2004, DOI 10.1107/S010876730302186X.

    Raises:
        UnmeasurableError: no space group, hence no primitive cell, is found, or that cell has no Niggli form.

    """
    dataset = symmetry_dataset(crystal, settings.symprec, settings.angle_tolerance)
    lengths = np.linalg.norm(niggli_cell(dataset.primitive_lattice), axis=1)
    return {"lattice_lengths": np.sort(lengths).tolist()}


def niggli_cell(lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) rows of the Niggli cell: its lengths are the shortest possible.

    Raises:
        UnmeasurableError: spglib finds none at any of the tolerances.

    """
    with warnings.catch_warnings():
        # spglib 2.8 still announces that it will raise instead of returning None
        warnings.simplefilter("ignore", DeprecationWarning)
        for tolerance in _TOLERANCES:
            reduced = spglib.niggli_reduce(lattice, eps=tolerance)
            if reduced is not None:
                return np.asarray(reduced, dtype=np.float64)
    message = f"the primitive cell has no Niggli form: {np.round(lattice, 4).tolist()}"
    raise UnmeasurableError(message)
