"""Chemical classes of crystals, by what they are made of and which like atoms are bonded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core.periodic_table import Element

from metrics.measure.chemistry.bonds.valences import cation_charges
from metrics.measure.fingerprint.neighbours import neighbours_within, reduce_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from metrics.crystal import Crystal

NOBLE_GASES = frozenset(("He", "Ne", "Ar", "Kr", "Xe"))
HALOGENS = frozenset(("F", "Cl", "Br", "I"))
CHALCOGENS = frozenset(("S", "Se", "Te"))
NONMETALS = NOBLE_GASES | HALOGENS | CHALCOGENS | {"H", "B", "C", "N", "O", "Si", "P", "Ge", "As"}
ELECTROPOSITIVE = frozenset(("Li", "Na", "K", "Rb", "Cs", "Ca", "Sr", "Ba", "Eu", "Yb"))
ZINTL_PARTNERS = frozenset(("Al", "Ga", "In", "Tl", "Si", "Ge", "Sn", "Pb", "P", "As", "Sb", "Bi"))
FRAMEWORK = frozenset(("Si", "Ge", "Sn", "Al", "Ga", "In", "P", "As", "Cu", "Ag", "Au", "Zn", "Ni"))
GUESTS = frozenset(("Na", "K", "Rb", "Cs", "Sr", "Ba", "Eu", "Cl", "Br", "I"))

LONGEST_BONDS = {"C": 1.75, "N": 1.65, "O": 1.7, "P": 2.5, "S": 2.45, "As": 2.75, "Se": 2.75, "Te": 3.1}
"""Angstrom, between two atoms of the element; 10-20 % over the length of its single bond."""
STATE_FRACTION = 0.01
BORON_RICH, FRAMEWORK_SHARE, CLATHRATE_SITES = 0.8, 0.8, 30


@dataclass(frozen=True)
class Facts:
    """What the classes ask about a crystal.

    Attributes:
        shares: atomic fraction of each element.
        n_sites: of the cell as given.
        bonded: nonmetals of which two atoms are bonded to each other.

    """

    shares: Mapping[str, float]
    n_sites: int
    bonded: frozenset[str]

    @property
    def elements(self) -> frozenset[str]:
        return frozenset(self.shares)

    @property
    def metals(self) -> frozenset[str]:
        return self.elements - NONMETALS

    @property
    def nonmetals(self) -> frozenset[str]:
        return self.elements & NONMETALS

    def only(self, *nonmetals: str) -> bool:
        """Whether there is a metal, and one of these is the only nonmetal."""
        return bool(self.metals) and len(self.nonmetals) == 1 and self.nonmetals <= set(nonmetals)

    def charge(self, *, lowest: bool) -> float:
        """Charge per atom of the crystal with all metals in their lowest, or highest, usual state."""
        charges = cation_charges(STATE_FRACTION)[0 if lowest else 1]
        return float(sum(self.shares[metal] * charges[Element(metal).Z] for metal in self.metals))

    def share(self, elements: frozenset[str]) -> float:
        """Of all atoms, those of these elements."""
        return sum(share for symbol, share in self.shares.items() if symbol in elements)


CLASSES: Mapping[str, Callable[[Facts], bool]] = {
    "elements": lambda f: len(f.elements) == 1,
    "intermetallics": lambda f: len(f.metals) > 1 and not f.nonmetals,
    "antimonides, bismuthides": lambda f: bool(len(f.metals) > 1 and f.metals & {"Sb", "Bi"} and not f.nonmetals),
    "Zintl phases": lambda f: (
        bool(f.elements & ELECTROPOSITIVE)
        and f.elements - ELECTROPOSITIVE <= ZINTL_PARTNERS
        and len(f.elements) > 1
        and not f.elements <= ELECTROPOSITIVE
    ),
    "clathrates": lambda f: (
        f.n_sites >= CLATHRATE_SITES
        and f.share(FRAMEWORK) > FRAMEWORK_SHARE
        and bool(f.elements & {"Si", "Ge", "Sn"})
        and bool(f.elements & GUESTS)
    ),
    "metal hydrides": lambda f: f.only("H"),
    "borohydrides, amides": lambda f: bool(f.metals) and {"H"} < f.nonmetals <= {"H", "B", "N"},
    "borides": lambda f: f.only("B"),
    "boron-rich borides": lambda f: f.only("B") and f.shares["B"] >= BORON_RICH,
    "carbides, graphite intercalates": lambda f: f.only("C"),
    "cyanides, cyanamides": lambda f: bool(f.metals) and f.nonmetals == {"C", "N"},
    "nitrides": lambda f: f.only("N") and not f.bonded,
    "azides, pernitrides": lambda f: f.only("N") and bool(f.bonded),
    "oxides": lambda f: f.only("O"),
    "peroxides, superoxides, ozonides": lambda f: f.only("O") and bool(f.bonded),
    "suboxides": lambda f: f.only("O") and f.charge(lowest=True) > 2 * f.shares["O"] + 1e-6,
    "oxyanion salts": lambda f: bool(f.metals) and {"O"} < f.nonmetals and not f.nonmetals & (HALOGENS | {"H"}),
    "hydroxides, hydrates, acid salts": lambda f: bool(f.metals) and {"H", "O"} <= f.nonmetals,
    "silicides, germanides": lambda f: bool(f.metals) and bool(f.nonmetals) and f.nonmetals <= {"Si", "Ge"},
    "phosphides, arsenides": lambda f: f.only("P", "As"),
    "polyphosphides, polyarsenides": lambda f: f.only("P", "As") and bool(f.bonded),
    "chalcogenides": lambda f: f.only(*CHALCOGENS),
    "polychalcogenides": lambda f: f.only(*CHALCOGENS) and bool(f.bonded),
    "halides": lambda f: f.only(*HALOGENS),
    "subhalides": lambda f: f.only(*HALOGENS) and f.charge(lowest=True) > f.share(HALOGENS) + 1e-6,
    "polyhalides": lambda f: f.only(*HALOGENS) and f.charge(lowest=False) < f.share(HALOGENS) - 1e-6,
    "mixed anions": lambda f: (
        bool(f.metals) and "H" not in f.nonmetals and len(f.nonmetals & (HALOGENS | CHALCOGENS | {"N", "O"})) > 1
    ),
    "organic and organometallic compounds": lambda f: bool(f.metals) and {"C", "H"} <= f.nonmetals,
    "noble-gas compounds": lambda f: len(f.elements) > 1 and bool(f.nonmetals & NOBLE_GASES),
    "compounds without a metal": lambda f: len(f.elements) > 1 and not f.metals,
}


def classes(crystal: Crystal) -> set[str]:
    """Every class a crystal belongs to; ``others`` where it is none of them."""
    numbers, counts = np.unique(crystal.atomic_numbers, return_counts=True)
    shares = {Element.from_Z(int(z)).symbol: n / crystal.n_sites for z, n in zip(numbers, counts, strict=True)}
    facts = Facts(shares, crystal.n_sites, _bonded(crystal, frozenset(shares)))
    return {name for name, belongs in CLASSES.items() if belongs(facts)} or {"others"}


def _bonded(crystal: Crystal, elements: frozenset[str]) -> frozenset[str]:
    reach = max(LONGEST_BONDS.values())
    near = neighbours_within(reduce_cell(crystal), np.full(crystal.n_sites, reach))
    numbers = crystal.atomic_numbers
    shortest = {
        symbol: near.distance[(numbers[near.center] == z) & (numbers[near.site] == z)].min(initial=reach)
        for symbol in elements & LONGEST_BONDS.keys()
        for z in (Element(symbol).Z,)
    }
    return frozenset(symbol for symbol, distance in shortest.items() if distance < LONGEST_BONDS[symbol])
