"""Symmetric random crystals: random Wyckoff positions of a random space group, by PyXtal."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.periodic_table import Element

from leaderboard.baselines.baseline import Made, baseline
from leaderboard.baselines.decoration import neutral_elements
from leaderboard.errors import CommandError
from leaderboard.matching_benchmark.changes import primitive
from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.structure.convert import from_structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leaderboard.baselines.known import Known

MOST_SITES = 14
"""Of the primitive cell."""
MOST_DRAWS = 10
"""Of elements for one space group before another one is drawn."""


@baseline(
    "Symmetric random",
    "Random Wyckoff positions of space groups drawn by their share among known crystals (PyXtal), charges balanced.\n"
    "Symmetry without chemistry: what a model gains from symmetric cells alone.",
)
def symmetric_random(known: Known, generator: np.random.Generator) -> Iterator[Made]:
    """Each of the space group of a random known crystal and the stoichiometry of another one.

    Source: Fredericks et al., Comput. Phys. Commun. 261, 107810 (2021), DOI 10.1016/j.cpc.2020.107810.

    Raises:
        CommandError: PyXtal is not installed.

    """
    if find_spec("pyxtal") is None:
        msg = "symmetric_random needs PyXtal, which is not installed; pip install -r requirements-baselines.txt"
        raise CommandError(msg)
    compositions = known.endlessly(lambda one: "-" in one.chemical_system and one.crystal.n_sites <= MOST_SITES)
    for symmetric in known.endlessly(lambda one: one.space_group is not None):
        for _ in range(MOST_DRAWS):
            drawn = neutral_elements(known, next(compositions).crystal, generator)
            crystal = drawn and random_crystal(known, drawn, int(symmetric.space_group or 1), generator)
            if crystal is not None:
                yield Made(f"{symmetric.space_group}-{reduced_formula_of(crystal)}", crystal)
                break


def random_crystal(
    known: Known, composition: Crystal, space_group: int, generator: np.random.Generator
) -> Crystal | None:
    """Atoms of a composition on random Wyckoff positions, in the primitive cell; None where none fit.

    PyXtal places them at a volume that it draws between touching covalent and touching van der Waals spheres; the cell
    is then scaled to the volume that known crystals let expect.
    """
    # takes seconds to import
    from pyxtal import pyxtal  # noqa: PLC0415
    from pyxtal.msg import Comp_CompatibilityError  # noqa: PLC0415

    numbers, amounts = np.unique(composition.atomic_numbers, return_counts=True)
    amounts //= np.gcd.reduce(amounts)
    symbols = [Element.from_Z(number).symbol for number in numbers.tolist()]
    for n_units in generator.permutation(np.arange(1, MOST_SITES // amounts.sum() + 1)).tolist():
        made = pyxtal()
        try:
            made.from_random(
                3,
                space_group,
                symbols,
                (n_units * amounts).tolist(),
                conventional=False,
                max_count=1,
                random_state=generator,
            )
            crystal = primitive(from_structure(made.to_pymatgen(resort=False)), generator)
        except (Comp_CompatibilityError, RuntimeError, UnmeasurableError):
            # no positions for so many atoms, or none far enough apart: another number of formula units
            continue
        scale = (known.volumes.of_atoms(crystal.atomic_numbers.tolist()) / crystal.volume) ** (1 / 3)
        return Crystal(scale * crystal.lattice, crystal.frac_coords, crystal.atomic_numbers)
    return None
