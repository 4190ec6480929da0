"""How far a potential's elements are from the elements of a hull that was not made by it.

On a hull of DFT energies a compound by a potential is compared with elements, and with competing phases, by DFT. What
the potential gets wrong of an element then stands in every distance of a compound of it. ``elemental_energies.csv``
holds what the potentials say of the elements, so that the difference is known element by element;
``python -m reference_data.potential_accuracy.elemental_energies`` computes it.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from metrics.energy_convention import OWN

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TABLE = Path(__file__).parent / "elemental_energies.csv"
COLUMNS = ("potential", "checkpoint_sha256", "element", "energy_per_atom", "structure", "n_sites")
"""Energy in eV/atom in the convention of the potential (corrections of MP2020 leave elements as they are); the
reference crystal whose relaxed form it is of, and the sites of its cell."""


class Trust(NamedTuple):
    """Whether all elements of a structure are near enough; None where it is not known. ``reason`` says why not."""

    trusted: bool | None
    reason: str | None


@cache
def elemental_energies(checkpoint_sha256: str) -> Mapping[str, float]:
    """Energy of each element, eV/atom, in its lowest form by the potential with these parameters; empty if unknown."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            row["element"]: float(row["energy_per_atom"])
            for row in csv.DictReader(file)
            if row["checkpoint_sha256"] == checkpoint_sha256
        }


def elemental_differences(checkpoint_sha256: str, elemental_references: Mapping[str, float]) -> dict[str, float]:
    """Energies of the elements by a potential, less those of a hull, eV/atom; where both are known.

    Args:
        checkpoint_sha256: of the potential's parameters.
        elemental_references: total energies of the hull's elements, eV/atom, in a convention to which the potential's
            energies can be converted.

    """
    energies = elemental_energies(checkpoint_sha256)
    return {
        symbol: energies[symbol] - elemental_references[symbol]
        for symbol in sorted(energies)
        if symbol in elemental_references
    }


def trust(elements: Collection[str], differences: Mapping[str, float], convention: str, bound: float) -> Trust:
    """Whether a potential's energy of a structure may be put on a hull, element by element.

    Args:
        elements: of the structure.
        differences: of the potential on this hull, see :func:`elemental_differences`.
        convention: of the hull; on the hull of the potential's own energies every element is near enough.
        bound: largest difference, eV/atom, of an element that is.

    """
    if convention.startswith(OWN):
        return Trust(trusted=True, reason=None)
    known = [(symbol, differences[symbol]) for symbol in sorted(elements) if symbol in differences]
    if far := [f"{symbol} {difference:+.3f}" for symbol, difference in known if abs(difference) > bound]:
        reason = f"elements by the potential differ from those of {convention} by {', '.join(far)} eV/atom"
        return Trust(trusted=False, reason=f"{reason}, at most {bound:g} is allowed")
    if unknown := sorted(set(elements) - set(differences)):
        reason = f"how far {', '.join(unknown)} by the potential differs from {convention} is not known"
        return Trust(trusted=None, reason=reason)
    return Trust(trusted=True, reason=None)
