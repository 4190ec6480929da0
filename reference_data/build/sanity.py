"""What makes a set wrong as a whole although each of its rows can be read: refused before anything is measured."""

from __future__ import annotations

from reference_data.errors import ReferenceSetError

MEDIAN_VOLUME_PER_ATOM = (3.0, 100.0)
"""Cubic angstrom. Elements lie between 5 (diamond, 5.7) and 120 (caesium), databases of compounds near 20; lengths in
bohr make a volume 6.7 times too large, in nanometres 1,000 times too small."""


def check_volumes(source: str, median_volume_per_atom: float | None) -> None:
    """Refuse a source whose lengths cannot be in angstrom.

    Args:
        source: its name.
        median_volume_per_atom: of its crystals, A3; None where it has none.

    Raises:
        ReferenceSetError: the median is out of range.

    """
    low, high = MEDIAN_VOLUME_PER_ATOM
    if median_volume_per_atom is not None and not low <= median_volume_per_atom <= high:
        raise ReferenceSetError(
            what=f"the crystals of source {source} have a median volume of {median_volume_per_atom:.3g} A3 per atom",
            expected=f"between {low:g} and {high:g}",
            remedy="give lengths in angstrom: 1 bohr is 0.529177 angstrom, 1 nm is 10 angstrom",
        )
