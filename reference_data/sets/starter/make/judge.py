"""Whether a relaxed crystal still is the one that was meant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.periodic_table import Element

from metrics.measure.structure.convert import to_structure
from metrics.measure.structure.symmetry import symmetry_dataset
from reference_data.sets.starter.make.prototype import radius
from reference_data.sets.starter.make.tables import SEVENNET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics.crystal import Crystal
    from reference_data.sets.starter.make.compounds import Start
    from reference_data.sets.starter.make.tables import Relaxed

# The volume of a relaxed cell over that it should have, measured or estimated: 96 % of CHGNet's cells are this near to
# those of the measured compounds of the types, and what is farther has come apart or collapsed into something else.
VOLUME_RATIO = (0.85, 1.15)

# The distance of an atom to its nearest neighbour over the sum of their radii, in what was relaxed from an estimate.
BOND_RATIO = (0.6, 1.4)

# Angstrom. A converged relaxation keeps the symmetry of its start to about 1e-3; at this tolerance neither that noise
# nor the last digits of a published coordinate count.
SYMMETRY_TOLERANCE = 0.03

_LONGEST_BOND = 6.0  # angstrom; caesium to caesium, the longest, is 5.2


def why_not(
    start: Crystal,
    status: str,
    detail: str | None,
    end: Crystal | None,
    energies: Mapping[str, float],
    *,
    measured: bool,
) -> tuple[str, str] | None:
    """Reason, in a word, and detail why the outcome of a relaxation cannot stand for the crystal; None where it can.

    An element may change into another of its forms, or its molecules drift apart as they do without dispersion forces:
    its energy is only the potential's zero of formation energies.

    Args:
        start: the crystal that was relaxed.
        status: of the relaxation.
        detail: what it says of itself.
        end: what it ended as; None where it did not.
        energies: eV, by potential, of that end.
        measured: whether the cell at the start is a measured one; else it is an estimate.

    The volume is judged by :func:`judge_volume`, when the relaxations that estimate it are done.

    """
    if status != "converged" or end is None:
        return "not_relaxed", f"{status}: {detail}" if detail else status
    if SEVENNET not in energies:
        return "no_energy", f"{SEVENNET} has no energy for the relaxed cell"
    if len(set(start.atomic_numbers.tolist())) == 1:
        return None
    shortest, longest = BOND_RATIO
    wrong = [] if measured else [ratio for ratio in bond_ratios(end) if not shortest <= ratio <= longest]
    if wrong:
        return (
            "bond",
            f"relaxed to a bond {wrong[0]:.2f} times what it should be, outside {shortest:g} to {longest:g}",
        )
    numbers = [symmetry_dataset(crystal, SYMMETRY_TOLERANCE).number for crystal in (start, end)]
    if numbers[0] != numbers[1]:
        return "space_group", f"relaxed from space group {numbers[0]} to {numbers[1]} within {SYMMETRY_TOLERANCE:g} A"
    return None


def judge_volume(row: Relaxed, start: Start, expected: float | None) -> Relaxed:
    """The row with the volume that its cell should have, and with a reason where the relaxed one is another.

    Args:
        row: what became of a relaxation.
        start: what was relaxed.
        expected: volume in A^3, of :func:`reference_data.sets.starter.make.volumes.expected_volumes`; None where it is
            not known, as for an element or where nothing relaxed.

    """
    cell = "measured" if start.measured is not None else "estimated"
    row = replace(row, expected_volume=expected, expected_from=None if expected is None else cell)
    if row.reason not in {None, "volume"} or row.crystal is None or expected is None or start.n_elements == 1:
        return row
    smallest, largest = VOLUME_RATIO
    ratio = row.crystal.volume / expected
    if smallest <= ratio <= largest:
        return replace(row, reason=None, detail=None)
    detail = f"relaxed to {ratio:.2f} times the {cell} volume, outside {smallest:g} to {largest:g}"
    return replace(row, reason="volume", detail=detail)


def bond_ratios(crystal: Crystal) -> list[float]:
    """For each atom, the smallest ratio of the distance to another atom and the sum of their radii."""
    first, second, _, distances = to_structure(crystal).get_neighbor_list(_LONGEST_BOND)
    radii = np.array([radius(Element.from_Z(number).symbol) for number in crystal.atomic_numbers.tolist()])
    ratios = np.full(crystal.n_sites, np.inf)
    np.minimum.at(ratios, first, distances / (radii[first] + radii[second]))
    return [float(ratio) for ratio in ratios]
