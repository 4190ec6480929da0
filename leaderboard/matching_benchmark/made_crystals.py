"""Crystals built by rule: stackings of layers, orderings of one lattice, orbits of a space group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from metrics.crystal import Crystal
from metrics.measure.structure.convert import from_structure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# the three positions of close-packed layers in fractions of the hexagonal axes
_LAYER = {"A": (0.0, 0.0), "B": (1 / 3, 2 / 3), "C": (2 / 3, 1 / 3)}


def polytype(stacking: str, elements: tuple[str, str], a: float, c: float) -> Crystal:
    """Tetrahedral polytype: one double layer per letter of the stacking.

    Args:
        stacking: positions of the layers, such as ``ABC`` (3C, zincblende), ``AB`` (2H, wurtzite), ``ABCB`` (4H).
        elements: of the lower and the upper half of a double layer.
        a: hexagonal axis in angstrom.
        c: height of the whole stack in angstrom.

    """
    n_layers = len(stacking)
    # the bond along the axis is three quarters of the height of a layer, as in the ideal tetrahedron
    sites = [
        (element, (*_LAYER[letter], (layer + rise) / n_layers))
        for layer, letter in enumerate(stacking)
        for element, rise in zip(elements, (0.0, 0.75), strict=True)
    ]
    return hexagonal(a, c, sites)


def trilayers(stacking: Sequence[str], elements: tuple[str, str], a: float, c: float, rise: float) -> Crystal:
    """Layered crystal MX2: each item of the stacking names the positions of the lower X, M and upper X of a layer.

    Args:
        stacking: such as ``["ABA", "BAB"]`` for 2H MoS2.
        elements: M and X.
        a: hexagonal axis in angstrom.
        c: height of the whole stack in angstrom.
        rise: height of X above M in angstrom.

    """
    metal, anion = elements
    sites = [
        (element, (*_LAYER[letter], layer / len(stacking) + lift / c))
        for layer, letters in enumerate(stacking)
        for element, letter, lift in zip((anion, metal, anion), letters, (-rise, 0.0, rise), strict=True)
    ]
    return hexagonal(a, c, sites)


def graphite(stacking: str) -> Crystal:
    """Flat honeycomb layers: each letter names the empty position of a layer.

    a = 2.461, 3.354 between layers: P. Trucano and R. Chen, Nature 258, 136 (1975), DOI 10.1038/258136a0.
    """
    sites = [
        ("C", (*_LAYER[letter], layer / len(stacking)))
        for layer, empty in enumerate(stacking)
        for letter in _LAYER
        if letter != empty
    ]
    return hexagonal(2.461, 3.354 * len(stacking), sites)


def by_symmetry(group: str, lattice: Lattice, sites: Sequence[tuple[str, tuple[float, float, float]]]) -> Crystal:
    """Crystal from its space group and one site of each orbit."""
    elements, coords = zip(*sites, strict=True)
    return from_structure(Structure.from_spacegroup(group, lattice, elements, coords))


def scaled(build: Callable[[], Crystal], factor: float) -> Crystal:
    """All lengths multiplied by a factor."""
    crystal = build()
    return Crystal.from_arrays(crystal.lattice * factor, crystal.frac_coords, crystal.atomic_numbers)


def exchanged(build: Callable[[], Crystal]) -> Crystal:
    """The two rarest elements in each other's places."""
    crystal = build()
    numbers, counts = np.unique(crystal.atomic_numbers, return_counts=True)
    one, other = numbers[np.argsort(counts, kind="stable")[:2]]
    moved = np.where(crystal.atomic_numbers == one, other, crystal.atomic_numbers)
    moved[crystal.atomic_numbers == other] = one
    return Crystal.from_arrays(crystal.lattice, crystal.frac_coords, moved)


def hexagonal(a: float, c: float, sites: Sequence[tuple[str, tuple[float, ...]]]) -> Crystal:
    """Crystal from hexagonal axes in angstrom and all sites in fractions of them."""
    elements, coords = zip(*sites, strict=True)
    return from_structure(Structure(Lattice.hexagonal(a, c), elements, coords))


def fcc_ordering(vectors: Sequence[tuple[float, ...]], sites: Sequence[tuple[str, tuple[float, ...]]]) -> Crystal:
    """An ordering on the sites of one fcc lattice of 3.9 angstrom; vectors and sites in its cubic axes."""
    elements, coords = zip(*sites, strict=True)
    lattice = 3.9 * np.array(vectors)
    return from_structure(
        Structure(Lattice(lattice), elements, 3.9 * np.array(coords), coords_are_cartesian=True, to_unit_cell=True)
    )
