"""How much of the cell its atoms fill."""

from __future__ import annotations

from math import fsum, pi
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from metrics.measure import NoSettings, UnmeasurableError, measure
from metrics.measure.fingerprint.elements import radii_of

if TYPE_CHECKING:
    from metrics.crystal import Crystal


@measure(name="packing", version=1, columns={"packing_fraction": pa.float64()})
def measure_packing(crystal: Crystal, settings: NoSettings) -> dict[str, object]:  # noqa: ARG001 - the common form
    """Volume of spheres of covalent radius (Cordero et al. 2008, DOI 10.1039/b801115j) over the volume of the cell.

    Overlaps are counted twice, so a crushed cell can exceed 1.

    Raises:
        UnmeasurableError: an element without a covalent radius (beyond Cm), or a cell without volume.

    """
    if not np.isfinite(crystal.lattice).all() or not crystal.volume > 0:
        message = f"packing: a cell without volume: {np.round(crystal.lattice, 4).tolist()}"
        raise UnmeasurableError(message)
    try:
        radii = radii_of(crystal.atomic_numbers)
    except ValueError as error:
        raise UnmeasurableError(str(error)) from error
    return {"packing_fraction": 4 / 3 * pi * fsum(radii**3) / crystal.volume}
