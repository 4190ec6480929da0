"""What a hull of DFT energies has to say of each potential whose compounds are compared with its elements."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from metrics.energy_convention import DFT_CONVENTIONS
from metrics.measure.energy.elemental_energies import elemental_differences
from metrics.measure.energy.relax_record import conventions_of
from metrics.measure.potentials import registry
from reference_data.files.manifest import ElementsRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

DECIMALS = 4
NOTE = (
    "Compounds by {potential} are compared with the {convention} energies of the elements and of the competing phases. "
    "By element: energy of its ground state by {potential}, less that of this hull, eV/atom."
)


def compare_elements(convention: str, elemental_references: Mapping[str, float]) -> tuple[ElementsRecord, ...] | None:
    """How far the elements by each potential are from those of the hull, by id; None on a hull of a potential's own.

    Args:
        convention: of the hull.
        elemental_references: total energies of its elements, eV/atom.

    """
    if convention not in DFT_CONVENTIONS:
        return None
    records = []
    for potential in registry().values():
        differences = elemental_differences(potential.checkpoint_sha256, elemental_references)
        if differences and convention in conventions_of(potential):
            largest = max(differences, key=lambda symbol: abs(differences[symbol]))
            records.append(
                ElementsRecord(
                    potential=potential.id,
                    checkpoint_sha256=potential.checkpoint_sha256,
                    note=NOTE.format(potential=potential.label, convention=convention),
                    n_elements=len(differences),
                    mean_difference=round(fmean(differences.values()), DECIMALS),
                    mean_absolute_difference=round(fmean(map(abs, differences.values())), DECIMALS),
                    largest=largest,
                    by_element={symbol: round(difference, DECIMALS) for symbol, difference in differences.items()},
                )
            )
    return tuple(records) or None
