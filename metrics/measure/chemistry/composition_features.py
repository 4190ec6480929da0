"""A composition as a few numbers, for distances between sets of crystals."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from metrics.measure import NoSettings, UnmeasurableError, measure
from metrics.measure.fingerprint.elements import element_of

if TYPE_CHECKING:
    from metrics.crystal import Crystal

_LAST = 103
"""Lawrencium: Pettifor's scale ends here."""


@measure(name="composition_features", version=1, columns={"composition_features": pa.list_(pa.float64())})
def measure_composition_features(crystal: Crystal, settings: NoSettings) -> dict[str, object]:  # noqa: ARG001 - the common form
    """Mean and standard deviation over the atoms of period, group and Mendeleev number; six numbers.

    Statistics of elemental properties as in Ward et al. 2016 (DOI 10.1038/npjcompumats.2016.28); of these, the three
    that every element up to Lr has. Mendeleev number: Pettifor 1984 (DOI 10.1016/0038-1098(84)90765-8).

    Raises:
        UnmeasurableError: an element beyond Lr.

    """
    numbers, counts = np.unique(crystal.atomic_numbers, return_counts=True)
    if numbers.max() > _LAST:
        message = f"no Mendeleev number for atomic number {numbers.max()}; known are 1-{_LAST}"
        raise UnmeasurableError(message)
    properties = np.array([_properties(int(number)) for number in numbers])
    shares = counts / crystal.n_sites
    mean = shares @ properties
    deviation = np.sqrt(shares @ (properties - mean) ** 2)
    return {"composition_features": [*mean.tolist(), *deviation.tolist()]}


@cache
def _properties(atomic_number: int) -> tuple[float, float, float]:
    element = element_of(atomic_number)
    return float(element.row), float(element.group), float(element.mendeleev_no)
