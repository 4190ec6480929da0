"""Which crystals spglib can be asked about without a wait that nobody can bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.fingerprint.translations import (
    count_near_translations,
    groups_of,
    translations_within,
)

if TYPE_CHECKING:
    from metrics.crystal import Crystal

MAX_SITE_PAIRS = 25_000
"""Bound on sites times sites of the rarest element: 158 sites of one element, 223 of two in equal numbers.
Spglib takes time in proportion, up to a hundredfold where sites are off by about the tolerance: 2 s here. The largest
of 35,920 known crystals has 9,408."""
CLEAR_FACTOR = 2.0
"""A translation is beyond doubt where no site is off by more than the tolerance divided by this, and out of the
question where one is off by more than the tolerance times this."""
NEAR_ANGSTROM = 0.5
NEAR_SHARE = 0.25
"""A translation that brings this share of the sites so near like ones costs time; others are ruled out at once."""


def check_symmetry_is_bounded(crystal: Crystal, symprec: float) -> None:
    """Refuse the large cells that spglib might take long for, whatever it would answer.

    Its time goes into operations that hold nearly: one atom moved in a supercell of 1,000 sites costs 8 s. So a cell
    above the bound passes only if its translations are clear and leave a primitive cell within the bound, or if hardly
    any are near.

    Args:
        crystal: as given.
        symprec: tolerance of the search in angstrom.

    Raises:
        UnmeasurableError: the time is not bounded.

    """
    n_sites = crystal.n_sites
    n_rarest = min(crystal.counts.values(), default=n_sites)
    if n_sites * n_rarest <= MAX_SITE_PAIRS:
        return
    cell = reduce_cell(crystal)
    translations = translations_within(cell, crystal.atomic_numbers, CLEAR_FACTOR * symprec)
    order = len(translations.residuals)
    clear = groups_of(translations, [symprec / CLEAR_FACTOR])[0].order == order
    if clear and n_sites * n_rarest <= MAX_SITE_PAIRS * order**2:
        return
    n_near = count_near_translations(cell, crystal.atomic_numbers, NEAR_ANGSTROM, NEAR_SHARE)
    if n_sites * n_near > MAX_SITE_PAIRS:
        message = (
            f"{n_sites} sites repeat under {n_near} translations, but not well enough for symprec {symprec:g} angstrom:"
            f" the search for the space group would take too long"
        )
        raise UnmeasurableError(message)
