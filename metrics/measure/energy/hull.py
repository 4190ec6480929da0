"""The convex hull of formation energies of one convention: how far above it a phase lies, and what it decomposes into.

The hull's energy at a composition is the lowest energy of any mixture of reference phases with that composition
(S. P. Ong et al., Chem. Mater. 20, 1798 (2008), doi:10.1021/cm702327g). The candidate takes no part in it, so a phase
below the hull has a negative distance, whose size says by how much it would lower the hull.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from sys import intern
from typing import TYPE_CHECKING

import numpy as np

from metrics.energy_convention import check_convention
from metrics.formula import elements_of
from metrics.measure.energy.hull_vertices import composition, hull_vertices
from metrics.measure.energy.phases import Phases, System, parts
from metrics.measure.energy.simplex import MAX_STEPS, NOTHING, lowest_mixture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

REACHED_EV_PER_ATOM = 1e-9
"""A mixture whose energy may lie further above the lowest one than this is no answer."""


class HullConventionError(ValueError):
    """Energies of one convention were asked of a hull of another one."""

    def __init__(self, energies_convention: str, convention: str, alternatives: Sequence[str]) -> None:
        """Name both, and the hulls there are."""
        there = ", ".join(alternatives)
        super().__init__(
            f"energies of the convention {energies_convention} cannot be compared with a hull of {convention}; "
            f"take a hull of {energies_convention} (here are: {there}) or convert the energies"
        )
        self.energies_convention = energies_convention
        self.convention = convention
        self.alternatives = tuple(alternatives)


@dataclass(frozen=True)
class HullDistance:
    """Where a phase lies.

    Attributes:
        e_above_hull: eV/atom, negative below the hull; None where it is unknown.
        decomposition: formulas of the phases of lowest energy together, each with its share of the atoms, largest
            first.
        n_entries: reference entries in the chemical system and all its parts, vertices or not.
        reason: why e_above_hull is unknown; None where it is known.

    """

    e_above_hull: float | None
    decomposition: tuple[tuple[str, float], ...]
    n_entries: int
    reason: str | None


class Hull:
    """The vertices of a convex hull, by chemical system.

    Attributes:
        convention: of all its energies.
        vertices: columns id, reduced_formula, chemical_system, formation_energy_per_atom (eV/atom), maybe others.
        alternatives: conventions of all hulls that come from the same reference set, for the error of a wrong one.

    """

    def __init__(
        self,
        convention: str,
        vertices: pd.DataFrame,
        n_entries: Mapping[str, int],
        *,
        alternatives: Sequence[str] = (),
    ) -> None:
        """Take vertices as :func:`metrics.measure.energy.hull_vertices.hull_vertices` gives them.

        Args:
            convention: of the energies.
            vertices: the vertices, each chemical system in one run of rows.
            n_entries: number of entries, vertices or not, of each chemical system.
            alternatives: conventions of all hulls of the same reference set.

        Raises:
            ValueError: no such convention.

        """
        self.convention = check_convention(convention)
        self.vertices = vertices
        self.alternatives = tuple(alternatives) or (convention,)
        # a set of millions of crystals has a million systems, of some hundred symbols
        self._n_entries = {tuple(map(intern, name.split("-"))): count for name, count in n_entries.items()}
        self._formulas = vertices["reduced_formula"].tolist()

    @classmethod
    def from_entries(cls, convention: str, entries: pd.DataFrame, *, alternatives: Sequence[str] = ()) -> Hull:
        """The hull of entries (columns id, reduced_formula, formation_energy_per_atom in eV/atom).

        Raises:
            HullError: see :func:`metrics.measure.energy.hull_vertices.hull_vertices`.
            ValueError: no such convention.

        """
        vertices, systems = hull_vertices(entries)
        counts = dict(zip(systems["chemical_system"], systems["n_entries"], strict=True))
        return cls(convention, vertices, counts, alternatives=alternatives)

    @cached_property
    def sha256(self) -> str:
        """Hex sha256 of its convention and vertices, energies to 1e-6 eV/atom: which hull a distance is above."""
        energies = self.vertices["formation_energy_per_atom"].tolist()
        lines = sorted(f"{formula} {energy:.6f}" for formula, energy in zip(self._formulas, energies, strict=True))
        return hashlib.sha256("\n".join([self.convention, *lines]).encode()).hexdigest()

    @property
    def elements(self) -> tuple[str, ...]:
        """Elements that have an entry of their own, without which nothing of them has a distance."""
        return self._phases.elements

    def distances(
        self,
        formulas: Sequence[str | Mapping[str, float]],
        formation_energies: Sequence[float | None],
        *,
        convention: str,
        without: Sequence[str | None] = (),
    ) -> list[HullDistance]:
        """Distance of each candidate from the hull, in the order given.

        Args:
            formulas: formulas of whole numbers, reduced or not, or amounts by symbol.
            formation_energies: eV/atom, against the elements of the same convention; None where unknown.
            convention: that of the energies.
            without: for each candidate the id of a vertex that takes no part in its hull, itself for example, or None;
                empty where all vertices do. An entry that only this vertex kept from being one is not found again.

        Raises:
            HullConventionError: it is not that of the hull.
            ValueError: a vertex to be left out is unknown, or the only entry of an element.

        """
        if convention != self.convention:
            raise HullConventionError(convention, self.convention, self.alternatives)
        answers: dict[int, HullDistance] = {}
        by_system: dict[System, list[tuple[int, dict[str, float], float | None]]] = defaultdict(list)
        for number, (formula, energy) in enumerate(zip(formulas, formation_energies, strict=True)):
            try:
                amounts = _amounts(formula)
            except ValueError as error:
                answers[number] = _unknown(str(error))
                continue
            by_system[tuple(sorted(amounts))].append((number, amounts, energy))
        for system, candidates in by_system.items():
            known_parts = list(parts(system, self._n_entries))
            n_entries = sum(self._n_entries[part] for part in known_parts)
            missing = [symbol for symbol in system if (symbol,) not in self._phases.rows]
            if missing:
                reason = f"the hull of {self.convention} has no entry of the element {', '.join(missing)}"
                answers |= {number: _unknown(reason, n_entries) for number, _, _ in candidates}
                continue
            rows, fractions, energies = self._phases.of(system, known_parts)
            for number, amounts, energy in candidates:
                target = np.array([amounts[symbol] for symbol in system])
                left_out = self._place(without[number], rows, len(system)) if without else NOTHING
                chosen, shares, gap = lowest_mixture(fractions, energies, target / target.sum(), left_out, MAX_STEPS)
                if gap > REACHED_EV_PER_ATOM:
                    reason = f"no lowest mixture found, the best may lie {gap:.1e} eV/atom above it"
                    answers[number] = _unknown(reason, n_entries)
                    continue
                hull_energy = float(shares @ energies[chosen])
                decomposition = self._decomposition(rows[chosen].tolist(), shares.tolist())
                if energy is None or not isfinite(energy):
                    answers[number] = HullDistance(None, decomposition, n_entries, "the formation energy is unknown")
                else:
                    answers[number] = HullDistance(energy - hull_energy, decomposition, n_entries, None)
        return [answers[number] for number in range(len(answers))]

    def _place(self, vertex: str | None, rows: NDArray[np.int64], n_elements: int) -> int:
        """Where a vertex stands among these rows, the elements first; ``NOTHING`` where it does not."""
        if vertex is None:
            return NOTHING
        if vertex not in self._row_of:
            msg = f"{vertex!r} is no vertex of the hull of {self.convention}"
            raise ValueError(msg)
        places = np.flatnonzero(rows == self._row_of[vertex])
        if len(places) and places[0] < n_elements:
            msg = f"{vertex!r} is the entry of an element, without which its compounds have no hull"
            raise ValueError(msg)
        return int(places[0]) if len(places) else NOTHING

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.vertices["id"])}

    def _decomposition(self, rows: Sequence[int], shares: Sequence[float]) -> tuple[tuple[str, float], ...]:
        mixture = [(self._formulas[row], share) for row, share in zip(rows, shares, strict=True) if share > _NO_SHARE]
        return tuple(sorted(mixture, key=lambda part: (-part[1], part[0])))

    @cached_property
    def _phases(self) -> Phases:
        """Made at the first question: a hull that is only looked at needs none."""
        energies = self.vertices["formation_energy_per_atom"].to_numpy(np.float64)
        return Phases([composition(formula) for formula in self._formulas], energies)


_NO_SHARE = 1e-10  # of the atoms; rounding leaves less than this of a phase that takes no part


def formation_energy_per_atom(
    formula: str | Mapping[str, float], energy_per_atom: float, elemental_references: Mapping[str, float]
) -> float:
    """Formation energy in eV/atom of a phase against the elements.

    Args:
        formula: the phase, as in :meth:`Hull.distances`.
        energy_per_atom: its total energy, eV/atom.
        elemental_references: total energy per atom of each element, of the same convention.

    Raises:
        ValueError: the formula cannot be read, or an element has no energy.

    """
    amounts = _amounts(formula)
    missing = sorted(set(amounts) - set(elemental_references))
    if missing:
        msg = f"no elemental energy of {', '.join(missing)}"
        raise ValueError(msg)
    total = sum(amounts.values())
    return energy_per_atom - sum(elemental_references[symbol] * amount / total for symbol, amount in amounts.items())


def _amounts(formula: str | Mapping[str, float]) -> dict[str, float]:
    """Amounts by symbol, none of them zero.

    Raises:
        ValueError: the formula cannot be read, names no element, or an amount is no positive number.

    """
    amounts = elements_of(formula) if isinstance(formula, str) else formula
    nonzero = {symbol: float(amount) for symbol, amount in amounts.items() if amount}
    if not nonzero or not all(isfinite(amount) and amount > 0 for amount in nonzero.values()):
        msg = f"the composition {formula!r} has no elements, or an amount that is no positive number"
        raise ValueError(msg)
    return nonzero


def _unknown(reason: str, n_entries: int = 0) -> HullDistance:
    return HullDistance(None, (), n_entries, reason)
