"""Submissions made to score high without discovering anything, each by a trick that is easy to write.

Each is a seeded function of what is known: the crystals of the reference set that it is to be scored against.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.periodic_table import Element
from scipy.optimize import nnls

from leaderboard.baselines.layers import close_packed, layered, stacking
from metrics.crystal import Crystal
from metrics.family import GROUP_OF, PARTS
from metrics.measure.structure.convert import from_structure, to_structure
from reference_data.reference import open_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reference_data.files.crystals import ReferenceCrystal
    from reference_data.reference import Reference

    Generator = np.random.Generator

N_KNOWN = 3_000
MAX_HOST_SITES = 20
SUPERCELL_SITES = (40, 64)
SMALL_CELL_SITES = (8, 15)
MAX_DECORATED_SITES = 12
SMALLEST_GAP = 2.3
"""Height in angstrom without an atom that makes a crystal layered."""
SINGLE_LAYER_GAP = 4.0
"""By how much layers are moved apart, in angstrom."""
ROCK_SALT, ZINC_BLENDE = "AB:225:4[-3mm]|4[-3mm]", "AB:216:4[-43m]|4[-43m]"
ALKALIS, HALOGENS = ("Li", "Na", "K", "Rb", "Cs"), ("F", "Cl", "Br", "I")
LATE_METALS = ("Co", "Rh", "Ir", "Ni", "Pd", "Pt", "Cu", "Ag", "Au")
GIVERS = ("Mg", "Ca", "Sr", "Ba", "Y", "La", "Ce", "Gd", "Yb", "Lu", "Th", "U", "Ti", "Zr", "Hf", "Nb", "Mn", "Fe")
TAKERS = ("Ru", "Rh", "Ir", "Ni", "Pd", "Pt", "Au", "Zn", "Al", "Ga", "In", "Si", "Ge", "Sn", "Sb", "Bi")
EXOTIC = ("Ac", "Th", "Pa", "U", "Np", "Pu")


@dataclass(frozen=True)
class Known:
    """What an adversary knows.

    Attributes:
        crystals: some of the reference set, in a random order.
        elemental_volumes: volume per atom of each element that the starter set has, in cubic angstrom.
        fitted_volumes: the same in compounds: what reproduces the volumes of the crystals best.

    """

    crystals: Sequence[ReferenceCrystal]
    elemental_volumes: Mapping[str, float]
    fitted_volumes: Mapping[str, float]

    @classmethod
    def of(cls, reference: Reference, generator: Generator) -> Known:
        """Of some crystals of a set."""
        rows = generator.permutation(reference.n_crystals)[:N_KNOWN].tolist()
        crystals = reference.crystals(rows)
        symbols = [Element.from_Z(number).symbol for number in range(1, 104)]
        counts = np.zeros((len(crystals), len(symbols)))
        for at, known in enumerate(crystals):
            np.add.at(counts[at], known.crystal.atomic_numbers - 1, 1)
        volumes = np.array([known.crystal.volume for known in crystals])
        per_site = counts.sum(axis=1)
        fitted, _ = nnls(counts / per_site[:, None], volumes / per_site)
        elements = open_reference("starter").rows_of_formulas(symbols)
        elemental = {one.chemical_system: one.crystal.volume / one.crystal.n_sites for one in reversed(elements)}
        return cls(crystals, elemental, dict(zip(symbols, fitted.tolist(), strict=True)))

    def mean_volume(self, symbols: Sequence[str]) -> float:
        """Volume per atom of an alloy."""
        return float(np.mean([self.elemental_volumes[symbol] for symbol in symbols]))


def lanthanide_alloys(known: Known, generator: Generator, n: int) -> list[Crystal]:
    """Random stackings of close-packed layers, each of a random rare-earth metal."""
    metals = [symbol for symbol, group in GROUP_OF.items() if group == "Ln" and symbol in known.elemental_volumes]
    return [alloy(known, generator.choice(metals, generator.integers(4, 9)).tolist(), generator) for _ in range(n)]


def actinide_alloys(known: Known, generator: Generator, n: int) -> list[Crystal]:
    """The same of actinides with late transition metals in random ratios."""
    return [
        alloy(
            known,
            [
                *generator.choice(EXOTIC, generator.integers(1, 5)).tolist(),
                *generator.choice(LATE_METALS, generator.integers(2, 7)).tolist(),
            ],
            generator,
        )
        for _ in range(n)
    ]


def noble_alloys(known: Known, generator: Generator, n: int) -> list[Crystal]:
    """Late transition metals in as many ratios as there are twentieths, one layer each, so that families differ."""
    made = []
    groups = [LATE_METALS[:3], LATE_METALS[3:6], LATE_METALS[6:]]
    for _ in range(n):
        parts = generator.multinomial(PARTS - 3, generator.dirichlet(np.ones(3))) + 1
        symbols = [generator.choice(group) for group, part in zip(groups, parts, strict=True) for _ in range(part)]
        made.append(alloy(known, generator.permutation(symbols).tolist(), generator))
    return made


def vacancies(known: Known, generator: Generator, n: int) -> list[Crystal]:
    """Supercells of known crystals of 40 to 64 sites without one site."""
    return [without(cell, int(generator.integers(cell.n_sites))) for cell in supercells(known, generator, n)]


def wrong_atoms(known: Known, generator: Generator, n: int) -> list[Crystal]:
    """Supercells of known crystals of 40 to 64 sites with one atom of another element of its group."""
    made = []
    for cell in supercells(known, generator, n):
        numbers = cell.atomic_numbers.copy()
        site = int(generator.integers(len(numbers)))
        symbol = Element.from_Z(int(numbers[site])).symbol
        mates = [mate for mate in known.elemental_volumes if GROUP_OF[mate] == GROUP_OF[symbol] and mate != symbol]
        numbers[site] = Element(generator.choice(mates or list(known.elemental_volumes))).Z
        made.append(Crystal(cell.lattice, cell.frac_coords, numbers))
    return made


def polytypes(known: Known, generator: Generator, n: int) -> list[Crystal]:
    """Known rock salts and zinc blendes in random stackings of their layers."""
    of_type = [one for one in known.crystals if one.prototype in {ROCK_SALT, ZINC_BLENDE}]
    made = []
    for _ in range(n):
        host = of_type[generator.integers(len(of_type))]
        first, second = generator.permutation(np.unique(host.crystal.atomic_numbers)).tolist()
        made.append(polytype(host, first, second, generator))
    return made


def strained(known: Known, generator: Generator, n: int) -> list[Crystal]:
    """Known crystals, sheared so far that they hardly match themselves."""
    made = []
    for one in known.crystals[:n]:
        shear = np.eye(3)
        shear[np.triu_indices(3, 1)] = generator.choice([-1, 1], 3) * generator.uniform(0.1, 0.2, 3)
        made.append(Crystal(one.crystal.lattice @ shear, one.crystal.frac_coords, one.crystal.atomic_numbers))
    return made


def slid_layers(known: Known, generator: Generator, n: int) -> list[Crystal]:
    """Known layered crystals whose layers have slid by a random part of the cell."""
    made = []
    for crystal, axis in layered_hosts(known, n):
        lattice = crystal.lattice.copy()
        lattice[axis] += sum(
            generator.uniform(0.2, 0.8) * np.delete(crystal.lattice, axis, axis=0)[at] for at in (0, 1)
        )
        # positions within a layer stay, so the sites move with the edge only across the gap
        made.append(Crystal(lattice, crystal.cart_coords @ np.linalg.inv(lattice), crystal.atomic_numbers))
    return made


def single_layers(known: Known, _generator: Generator, n: int) -> list[Crystal]:
    """Known layered crystals whose layers are far apart."""
    made = []
    for crystal, axis in layered_hosts(known, n):
        normal = np.cross(*np.delete(crystal.lattice, axis, axis=0))
        normal *= np.sign(normal @ crystal.lattice[axis]) / np.linalg.norm(normal)
        lattice = crystal.lattice.copy()
        lattice[axis] += SINGLE_LAYER_GAP * normal
        made.append(Crystal(lattice, crystal.cart_coords @ np.linalg.inv(lattice), crystal.atomic_numbers))
    return made


def exchanges_in_small_cells(known: Known, generator: Generator, n: int) -> list[Crystal]:
    """Cells of known crystals of 8 to 15 sites with one atom of another element of a neighbouring number."""
    made: list[Crystal] = []
    for one in known.crystals:
        if SMALL_CELL_SITES[0] <= one.crystal.n_sites <= SMALL_CELL_SITES[1] and len(made) < n:
            numbers = one.crystal.atomic_numbers.copy()
            site = int(generator.integers(len(numbers)))
            near = [z for z in range(numbers[site] - 2, numbers[site] + 3) if z > 0 and z not in numbers]
            numbers[site] = generator.choice(near)
            made.append(Crystal(one.crystal.lattice, one.crystal.frac_coords, numbers))
    return made


def elpasolites(_known: Known, generator: Generator, n: int) -> list[Crystal]:
    """One prototype, A2BLnX6, with alkali metals, rare-earth metals and halogens exchanged in all ways."""
    metals = [symbol for symbol, group in GROUP_OF.items() if group == "Ln"]
    choices = list(product(ALKALIS, ALKALIS, metals, HALOGENS))
    return [elpasolite(*choices[at]) for at in generator.permutation(len(choices))[:n]]


def sparse_intermetallics(known: Known, generator: Generator, n: int) -> list[Crystal]:
    """CsCl-type order of two or three metals that give electrons with as many that take them: few are ever computed."""
    made = []
    for _ in range(n):
        givers = generator.choice(GIVERS, generator.integers(1, 4), replace=False)
        takers = generator.choice(TAKERS, generator.integers(1, 4), replace=False)
        places = np.array(list(product(range(2), repeat=3))) / 2
        symbols = [*generator.choice(givers, 8), *generator.choice(takers, 8)]
        edge = (16 * known.mean_volume(symbols)) ** (1 / 3)
        numbers = [Element(symbol).Z for symbol in symbols]
        made.append(Crystal.from_arrays(edge * np.eye(3), np.vstack([places, places + 0.25]), numbers))
    return made


def decorations(known: Known, generator: Generator, n: int) -> list[Crystal]:
    """Known crystals of few sites with random elements in the place of theirs, at a volume that suits these."""
    frequency = np.zeros(104)
    for one in known.crystals:
        frequency[np.unique(one.crystal.atomic_numbers)] += 1
    usable = [Element(symbol).Z for symbol in known.elemental_volumes if known.fitted_volumes.get(symbol)]
    weights = frequency[usable] / frequency[usable].sum()
    hosts = [one.crystal for one in known.crystals if one.crystal.n_sites <= MAX_DECORATED_SITES]
    made = []
    for _ in range(n):
        host = hosts[generator.integers(len(hosts))]
        present = np.unique(host.atomic_numbers)
        others = generator.choice(usable, len(present), replace=False, p=weights)
        numbers = others[np.searchsorted(present, host.atomic_numbers)]
        volume = sum(known.fitted_volumes[Element.from_Z(int(number)).symbol] for number in numbers)
        made.append(Crystal(host.lattice * (volume / host.volume) ** (1 / 3), host.frac_coords, numbers))
    return made


ADVERSARIES: Mapping[str, Callable[[Known, Generator, int], list[Crystal]]] = {
    "lanthanide alloys": lanthanide_alloys,
    "one vacancy": vacancies,
    "one wrong atom": wrong_atoms,
    "random polytypes": polytypes,
    "sheared known crystals": strained,
    "slid layers": slid_layers,
    "single layers": single_layers,
    "one exchange in a small cell": exchanges_in_small_cells,
    "elpasolites": elpasolites,
    "noble-metal alloys": noble_alloys,
    "actinide alloys": actinide_alloys,
    "sparse intermetallics": sparse_intermetallics,
}
"""By name; "the best of many random decorations" needs energies and is made where these are."""


def alloy(known: Known, symbols: Sequence[str], generator: Generator) -> Crystal:
    """Close-packed layers, one element each."""
    return close_packed(known.elemental_volumes, symbols, generator)


def polytype(host: ReferenceCrystal, cation: int, anion: int, generator: Generator) -> Crystal:
    """Layers of one element with the other in their octahedra, or on top of its atoms, as in the host."""
    layers = stacking(int(generator.integers(4, 11)), generator)
    edge = (np.sqrt(2) * 2 * host.crystal.volume / host.crystal.n_sites) ** (1 / 3)
    # an octahedron lies over the place that neither of its two layers takes
    others = (-layers - np.roll(layers, -1)) % 3 if host.prototype == ROCK_SALT else layers
    height = 0.5 if host.prototype == ROCK_SALT else 0.75
    atoms = [(0.0, layers, [anion] * len(layers)), (height, others, [cation] * len(layers))]
    return layered(edge, len(layers), atoms)


def layered_hosts(known: Known, n: int) -> list[tuple[Crystal, int]]:
    """Known crystals of nonmetal faces across an empty gap, each with the axis of its cell that crosses the gap.

    Sites are shifted so that the gap lies at the border of the cell.
    """
    hosts = []
    for one in known.crystals:
        crystal = one.crystal
        if crystal.n_sites > MAX_HOST_SITES or len(set(crystal.atomic_numbers.tolist())) == 1:
            continue
        heights = 1 / np.linalg.norm(np.linalg.inv(crystal.lattice), axis=0)
        for axis in range(3):
            levels = np.sort(crystal.frac_coords[:, axis] % 1)
            gaps = np.diff(np.append(levels, levels[0] + 1))
            frac = crystal.frac_coords.copy()
            frac[:, axis] = (frac[:, axis] - (levels + gaps / 2)[gaps.argmax()]) % 1
            faces = crystal.atomic_numbers[[frac[:, axis].argmin(), frac[:, axis].argmax()]].tolist()
            nonmetals = all(not Element.from_Z(number).is_metal and number != 1 for number in faces)
            if gaps.max() * heights[axis] >= SMALLEST_GAP and nonmetals:
                hosts.append((Crystal(crystal.lattice, frac, crystal.atomic_numbers), axis))
                break
    return hosts[:n]


def supercells(known: Known, generator: Generator, n: int) -> list[Crystal]:
    """Of known crystals, in a random one of the shapes that give 40 to 64 sites."""
    low, high = SUPERCELL_SITES
    made: list[Crystal] = []
    for one in known.crystals:
        size = one.crystal.n_sites
        shapes = [
            shape for shape in product(range(1, 5), repeat=3) if low <= size * np.prod(shape) <= high and max(shape) > 1
        ]
        if size <= MAX_HOST_SITES and shapes and len(made) < n:
            structure = to_structure(one.crystal)
            structure.make_supercell(np.diag(shapes[generator.integers(len(shapes))]))
            made.append(from_structure(structure))
    return made


def without(crystal: Crystal, site: int) -> Crystal:
    """The crystal without one site."""
    return Crystal(
        crystal.lattice, np.delete(crystal.frac_coords, site, axis=0), np.delete(crystal.atomic_numbers, site)
    )


def elpasolite(large: str, small: str, metal: str, halogen: str) -> Crystal:
    """A2BLnX6 with an edge from Shannon's radii: B-X-Ln-X-B in contact."""
    radius = [
        Element(symbol).ionic_radii[charge] for symbol, charge in ((small, 1), (metal, 3), (halogen, -1), (halogen, -1))
    ]
    edge = 2 * sum(radius)
    quarter = [[0.25] * 3, [0.75] * 3]
    octahedron = [list(row) for row in (*(0.25 * np.eye(3)), *(0.75 * np.eye(3)))]
    # Fm-3m: the primitive cell's atoms in coordinates of the cubic cell
    cubic = np.array([[0.0] * 3, [0.5] * 3, *quarter, *octahedron])
    lattice = edge / 2 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    numbers = [Element(symbol).Z for symbol in (small, metal, large, large, *[halogen] * 6)]
    return Crystal.from_arrays(lattice, cubic * edge @ np.linalg.inv(lattice), numbers)
