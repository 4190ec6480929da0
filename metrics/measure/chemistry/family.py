"""The family that a crystal belongs to, see :mod:`metrics.family`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from metrics.family import family_of
from metrics.fingerprint_versions import FINGERPRINT_VERSIONS
from metrics.measure import NoSettings, measure
from metrics.measure.chemistry.composition import reduced_formula_of

if TYPE_CHECKING:
    from metrics.crystal import Crystal


@measure(name="family", version=FINGERPRINT_VERSIONS["family"], columns={"family": pa.string()})
def measure_family(crystal: Crystal, settings: NoSettings) -> dict[str, object]:  # noqa: ARG001 - the common form
    """Groups of the periodic table with their parts in twenty."""
    return {"family": family_of(reduced_formula_of(crystal))}
