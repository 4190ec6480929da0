"""Crystals of close-packed layers in any stacking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.periodic_table import Element

from metrics.crystal import Crystal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

IDEAL_SPACING = np.sqrt(2 / 3)
"""Height of a close-packed layer in units of the distance of its atoms."""


def stacking(n_layers: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """(n,) random positions 0, 1, 2 of close-packed layers, no two neighbours equal, across the cell's border too."""
    while True:
        steps = generator.integers(1, 3, n_layers)
        if steps.sum() % 3 == 0:
            return np.cumsum(steps) % 3


def close_packed(volumes: Mapping[str, float], symbols: Sequence[str], generator: np.random.Generator) -> Crystal:
    """A random stacking of close-packed layers, each of one of the elements, in the order given.

    Args:
        volumes: per atom of each element, in cubic angstrom; their mean is that of the crystal.
        symbols: of the layers.
        generator: of the stacking.

    """
    mean_volume = float(np.mean([volumes[symbol] for symbol in symbols]))
    positions = stacking(len(symbols), generator)
    numbers = [Element(symbol).Z for symbol in symbols]
    return layered((np.sqrt(2) * mean_volume) ** (1 / 3), len(symbols), [(0.0, positions, numbers)])


def layered(edge: float, n_layers: int, atoms: Sequence[tuple[float, NDArray[np.int64], Sequence[int]]]) -> Crystal:
    """Hexagonal cell of close-packed layers.

    Args:
        edge: distance of the atoms of a layer, in angstrom.
        n_layers: in the cell.
        atoms: height in layers, position of each layer's atom, atomic numbers.

    """
    lattice = edge * np.array([[1, 0, 0], [-0.5, np.sqrt(3) / 2, 0], [0, 0, IDEAL_SPACING * n_layers]])
    coords = [
        [position / 3, 2 * position / 3, (at + height) / n_layers]
        for height, positions, _ in atoms
        for at, position in enumerate(positions)
    ]
    return Crystal.from_arrays(lattice, coords, [number for _, _, numbers in atoms for number in numbers])
