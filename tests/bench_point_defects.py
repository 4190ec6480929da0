"""How often point defects in real crystals are recognised, which real crystals are taken for one, and the CPU time.

Run as ``python -m tests.bench_point_defects``; ``--reference`` names another set than the starter's or its folder,
``--hosts`` how many of its crystals get defects, ``--real`` how many are compared with all others. The defects lie in
supercells of 16 to 128 sites, 16 to 31 for those that are too many; each is looked for as it is, and disguised: in
another cell, with noise of 0.05 angstrom and strain of 2 % (standard deviation of a component), and with seven atoms
around it moved by 0.3 angstrom besides.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from leaderboard.matching.defects import possible_pairs
from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.fingerprint.canonical import canonical_bawl
from metrics.measure.fingerprint.elements import reduced_formula
from metrics.measure.fingerprint.neighbours import reduce_cell
from metrics.measure.matching.host_formulas import host_formulas
from metrics.measure.matching.point_defect import (
    PointDefectSettings,
    primitive_counts,
    same_up_to_point_defects,
)
from metrics.measure.matching.verdict import Candidate
from metrics.measure.structure.convert import from_structure, to_structure
from reference_data.reference import Reference, open_reference
from submissions.read import parse, split
from tests.disguise import disguised, integer_cell
from tests.metrics.measure.fingerprint_crystals import DATA

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

V1 = PointDefectSettings()
MAX_SITES = 128
NOISE_ANGSTROM, STRAIN, MOVED_ANGSTROM, N_MOVED = 0.05, 0.02, 0.3, 7
N_PLACES = 300
"""Random places of which the emptiest gets the interstitial atom."""
DOPANTS = (3, 9, 12, 16, 25, 30, 35, 50, 57, 82)
SUBMISSIONS = ("mattergen", "cdvae", "ion_exchange", "random_prototypes")


def vacancy(crystal: Crystal, site: int, _: np.random.Generator) -> Crystal:
    kept = np.delete(np.arange(crystal.n_sites), site)
    return Crystal(crystal.lattice, crystal.frac_coords[kept], crystal.atomic_numbers[kept])


def antisite(crystal: Crystal, site: int, generator: np.random.Generator) -> Crystal | None:
    others = np.setdiff1d(crystal.atomic_numbers, crystal.atomic_numbers[site])
    return exchanged(crystal, site, generator.choice(others)) if len(others) else None


def dopant(crystal: Crystal, site: int, generator: np.random.Generator) -> Crystal:
    return exchanged(crystal, site, generator.choice(np.setdiff1d(DOPANTS, crystal.atomic_numbers)))


def interstitial(crystal: Crystal, _: int, generator: np.random.Generator) -> Crystal:
    places = generator.random((N_PLACES, 3))
    off = places[:, None] - crystal.frac_coords
    distances = np.linalg.norm((off - np.rint(off)) @ crystal.lattice, axis=2).min(axis=1)
    frac = np.vstack([crystal.frac_coords, places[np.argmax(distances)]])
    added = generator.choice([*np.unique(crystal.atomic_numbers), *DOPANTS[:2]])
    return Crystal(crystal.lattice, frac, np.append(crystal.atomic_numbers, added))


def exchanged(crystal: Crystal, site: int, element: int) -> Crystal:
    numbers = crystal.atomic_numbers.copy()
    numbers[site] = element
    return Crystal(crystal.lattice, crystal.frac_coords, numbers)


DEFECTS: dict[str, Callable[[Crystal, int, np.random.Generator], Crystal | None]] = {
    "vacancy": vacancy,
    "antisite": antisite,
    "dopant": dopant,
    "interstitial": interstitial,
}


def shaken(crystal: Crystal, generator: np.random.Generator) -> Crystal:
    """With noise and a random strain; one in ninety strains is past the rule's bound, and drawn again."""
    while True:
        strain = np.triu(generator.normal(scale=STRAIN, size=(3, 3)))
        deformation = np.eye(3) + strain + np.triu(strain, 1).T
        stretches = np.log(np.linalg.svd(deformation, compute_uv=False))
        if np.linalg.norm(stretches - stretches.mean()) <= V1.max_strain:
            break
    lattice = crystal.lattice @ deformation
    steps = generator.normal(scale=NOISE_ANGSTROM, size=(crystal.n_sites, 3)) @ np.linalg.inv(lattice)
    return Crystal(lattice, crystal.frac_coords + steps, crystal.atomic_numbers)


def relaxed(crystal: Crystal, place: np.ndarray, generator: np.random.Generator) -> Crystal:
    """The atoms nearest to a place moved, each in a random direction."""
    off = crystal.frac_coords - place
    near = np.argsort(np.linalg.norm((off - np.rint(off)) @ crystal.lattice, axis=1))[:N_MOVED]
    steps = generator.normal(size=(len(near), 3))
    steps *= MOVED_ANGSTROM / np.linalg.norm(steps, axis=1)[:, None]
    frac = crystal.frac_coords.copy()
    frac[near] += steps @ np.linalg.inv(crystal.lattice)
    return Crystal(crystal.lattice, frac, crystal.atomic_numbers)


def supercell(primitive: Crystal, at_least: int, at_most: int, generator: np.random.Generator) -> Crystal | None:
    """A supercell of a random number of cells, the most compact of 20 random ones."""
    low, high = -(-at_least // primitive.n_sites), at_most // primitive.n_sites
    if low > high:
        return None
    n_cells = int(generator.integers(low, min(high, low + 8) + 1))
    matrices = [integer_cell(n_cells, generator) for _ in range(20)]
    compact = min(matrices, key=lambda one: float((short_basis(one @ primitive.lattice) ** 2).sum()))
    structure = to_structure(primitive)
    structure.make_supercell(compact, to_unit_cell=False)
    return from_structure(structure)


def short_basis(lattice: np.ndarray) -> np.ndarray:
    return reduce_cell(Crystal.from_arrays(lattice, np.zeros((1, 3)), [1])).lattice


class Answers:
    """Answers by kind, with the CPU time that they took."""

    def __init__(self) -> None:
        self.yes: Counter[str] = Counter()
        self.n: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.seconds: list[float] = []

    def ask(self, kind: str, crystal: Crystal, host: Candidate) -> None:
        try:
            keys = canonical_bawl(crystal).keys
        except UnmeasurableError:
            return
        structure = Candidate(crystal, reduced_formula(crystal.atomic_numbers), keys)
        start = time.process_time()
        self.n[kind] += 1
        try:
            possible = host.reduced_formula in host_formulas(primitive_counts(structure), V1.sites_per_edit)
            self.yes[kind] += possible and same_up_to_point_defects(structure, host, V1)
        except UnmeasurableError:
            self.unknown[kind] += 1
        self.seconds.append(time.process_time() - start)

    def show(self) -> None:
        for kind, n in self.n.items():
            share = f"{self.yes[kind]:5} of {n:5}  {100 * self.yes[kind] / n:6.2f} %"
            print(f"  {kind:42} {share}  {self.unknown[kind]} unknown")
        spent = 1e3 * np.array(self.seconds)
        print(f"  CPU ms a pair: mean {spent.mean():.1f}, median {np.median(spent):.1f}, largest {spent.max():.0f}")


def recognise(reference: Reference, n_hosts: int, generator: np.random.Generator) -> None:
    """Defects of random crystals of the set, and edits that are too many to be defects."""
    answers = Answers()
    for row in generator.permutation(reference.n_crystals)[:n_hosts].tolist():
        host = reference.crystals([row])[0].candidate()
        primitive = host.primitive(host.sizes[:1])
        large, small = (supercell(primitive, 16, most, generator) for most in (MAX_SITES, 31))
        for kind, make in DEFECTS.items():
            for cell, n_edits in ((large, 1), (small, 2)):
                crystal = cell
                for site in [] if cell is None else generator.permutation(cell.n_sites - 1)[:n_edits].tolist():
                    crystal = crystal and make(crystal, site, generator)
                if cell is None or crystal is None:
                    continue
                if n_edits > 1:
                    answers.ask(f"two edits in 16 to 31 sites: {kind}", crystal, host)
                    continue
                place = cell.frac_coords[site] if kind != "interstitial" else crystal.frac_coords[-1]
                answers.ask(f"{kind}", crystal, host)
                answers.ask(f"{kind}, disguised", disguised(shaken(crystal, generator), generator), host)
                near = relaxed(crystal, place, generator)
                answers.ask(f"{kind}, relaxed and disguised", disguised(shaken(near, generator), generator), host)
    answers.show()


def compare(reference: Reference, structures: Sequence[tuple[str, Candidate]]) -> None:
    """Structures with all hosts of the set but for their entry there: who is taken for a defect of what."""
    start = time.process_time()
    formulas: dict[int, set[str]] = {}
    for number, (_, structure) in enumerate(structures):
        with suppress(UnmeasurableError):
            formulas[number] = host_formulas(primitive_counts(structure), V1.sites_per_edit)
    hosts = reference.rows_of_formulas(formula for wanted in formulas.values() for formula in wanted)
    records, candidates = [structure for _, structure in structures], [host.candidate() for host in hosts]
    hits: dict[str, list[str]] = defaultdict(list)
    n_pairs, n_failures = 0, len(structures) - len(formulas)
    for number, place in possible_pairs(records, candidates, formulas, V1):
        (name, structure), host = structures[number], hosts[place - len(records)]
        if name != host.id:
            n_pairs += 1
            try:
                if same_up_to_point_defects(structure, host.candidate(), V1):
                    hits[f"{name} {structure.reduced_formula}"].append(f"{host.id} {host.reduced_formula}")
            except UnmeasurableError:
                n_failures += 1
    spent = time.process_time() - start
    with_hosts = sum(bool(wanted) for wanted in formulas.values())
    print(f"  {len(structures)} structures, {with_hosts} large enough, {n_pairs} pairs, {n_failures} unknown")
    print(f"  {len(hits)} known up to a defect; {1e3 * spent / max(1, len(structures)):.2f} CPU ms a structure")
    for name, others in hits.items():
        print(f"    {name}: {', '.join(others[:3])}")


def generated(name: str) -> list[tuple[str, Candidate]]:
    structures = []
    for record in split(DATA / "submissions" / f"{name}.zip"):
        try:
            crystal = parse(record)
            candidate = Candidate(crystal, reduced_formula(crystal.atomic_numbers), canonical_bawl(crystal).keys)
        except (ValueError, UnmeasurableError):
            continue
        structures.append((record.id, candidate))
    return structures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", default="starter")
    parser.add_argument("--hosts", type=int, default=300)
    parser.add_argument("--real", type=int, default=2_500)
    options = parser.parse_args()
    reference = open_reference(options.reference)
    generator = np.random.default_rng(0)
    print(f"defects made in {options.hosts} crystals of {Path(options.reference).name}")
    recognise(reference, options.hosts, generator)
    print("its crystals among each other")
    rows = sorted(generator.permutation(reference.n_crystals)[: options.real].tolist())
    compare(reference, [(row.id, row.candidate()) for row in reference.crystals(rows)])
    if not (DATA / "submissions").exists():
        print(f"structures of models: not measured, needs {DATA}")
        return
    for name in SUBMISSIONS:
        print(name)
        compare(reference, generated(name))


if __name__ == "__main__":
    main()
