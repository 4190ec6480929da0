"""How many neighbours each atom has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from metrics.measure import UnmeasurableError, measure
from metrics.measure.fingerprint.elements import element_of
from metrics.measure.structure.nearest_shell import nearest_shell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.crystal import Crystal


@dataclass(frozen=True)
class CoordinationSettings:
    """The nearest shell of a site ends at ``1 + shell_tolerance`` times its nearest distance.

    The shell of the charge check. Definitions that scale distances with covalent radii count Na-Na contacts in NaCl.

    Attributes:
        shell_tolerance: relative width.
        shell_cutoff: neighbours farther than this, in angstrom, are none.

    """

    shell_tolerance: float = 0.1
    shell_cutoff: float = 10.0


@measure(
    name="coordination",
    version=1,
    columns={"site_elements": pa.list_(pa.string()), "coordination_numbers": pa.list_(pa.int64())},
    settings=CoordinationSettings,
)
def measure_coordination(crystal: Crystal, settings: CoordinationSettings) -> dict[str, object]:
    """Element and coordination number of each site, in the order of the sites.

    Raises:
        UnmeasurableError: as :func:`coordination_numbers`.

    """
    symbols = [element_of(number).symbol for number in crystal.atomic_numbers.tolist()]
    return {"site_elements": symbols, "coordination_numbers": coordination_numbers(crystal, settings).tolist()}


def coordination_numbers(crystal: Crystal, settings: CoordinationSettings) -> NDArray[np.int64]:
    """(n,) number of atoms in the nearest shell of each site, images included.

    Raises:
        UnmeasurableError: a cell that cannot be searched, two sites at one place, a site without a neighbour.

    """
    shell = nearest_shell(crystal, settings.shell_tolerance, settings.shell_cutoff)
    numbers = np.diff(shell.start)
    if not numbers.all():
        site = int(np.flatnonzero(numbers == 0)[0])
        message = f"site {site} has no neighbour within {settings.shell_cutoff:g} angstrom, or one at its own place"
        raise UnmeasurableError(message)
    return numbers
