"""Whether a relaxed crystal still is the one that was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.measure.symmetry import symmetry_dataset
from reference_data.sources.known_compounds.store import SEVENNET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics.crystal import Crystal

# Of the volume at the start. Measured cells and their relaxed forms differ by a few percent, estimated ones by up to a
# third; what changes more has come apart or collapsed into something else.
VOLUME_RATIO = (0.6, 1.4)

# Angstrom. A converged relaxation keeps the symmetry of its start to about 1e-3; at this tolerance neither that noise
# nor the last digits of a published coordinate count.
SYMMETRY_TOLERANCE = 0.03


def why_not(
    start: Crystal, status: str, detail: str | None, end: Crystal | None, energies: Mapping[str, float]
) -> tuple[str, str] | None:
    """Reason, in a word, and detail why the outcome of a relaxation cannot stand for the crystal; None where it can.

    Args:
        start: the crystal that was relaxed.
        status: of the relaxation.
        detail: what it says of itself.
        end: what it ended as; None where it did not.
        energies: eV, by potential, of that end.

    """
    if status != "converged" or end is None:
        return "not_relaxed", f"{status}: {detail}" if detail else status
    if SEVENNET not in energies:
        return "no_energy", f"{SEVENNET} has no energy for the relaxed cell"
    low, high = VOLUME_RATIO
    ratio = end.volume / start.volume
    if not low <= ratio <= high:
        return "volume", f"relaxed to {ratio:.2f} times the volume at the start, outside {low:g} to {high:g}"
    numbers = [symmetry_dataset(crystal, SYMMETRY_TOLERANCE).number for crystal in (start, end)]
    if numbers[0] != numbers[1]:
        return "space_group", f"relaxed from space group {numbers[0]} to {numbers[1]} within {SYMMETRY_TOLERANCE:g} A"
    return None
