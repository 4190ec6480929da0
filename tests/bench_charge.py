"""What the charge check accepts: real crystals by chemical class, and the same crystals made wrong in several ways.

Run as ``python -m tests.bench_charge`` for a sample, with ``--all`` for the figures of docs/charge-validity.md (ten
minutes), with ``--half 0`` for the formulas that the thresholds were chosen on. Beside the check stand those of
LeMat-GenBench and of smact. Real crystals are those within 0.1 eV/atom of the hull: MPTS-52 (all of them experimental),
MP-20, and the starter set.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import argparse
import hashlib
import statistics
import time
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from pymatgen.core.periodic_table import Element

from metrics.crystal import Crystal
from metrics.measure import UnmeasurableError
from metrics.measure.chemistry.charge import ChargeSettings, measure_charge
from metrics.measure.chemistry.charge_genbench import GenbenchChargeSettings, measure_charge_genbench
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.chemistry.smact_validity import SmactValiditySettings, measure_smact_validity
from tests.chemical_classes import classes
from tests.metrics.measure.fingerprint_crystals import DATA, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

STARTER = "reference_data/sets/starter/crystals.parquet"
HULL_WINDOW = 0.1
"""eV/atom above the hull, up to which a crystal stands for a real one."""
SAMPLE, CONTROLS, SMALL = 1_000, 2_000, 600
N_SHOWN = 10
"""Classes with fewer members are not listed."""
NEIGHBOURS_IN_TABLE = (
    *("Li Be", "Na Mg", "K Ca", "Rb Sr", "Cs Ba", "Mg Al", "Al Si", "Ca Sc", "Sr Y", "Ba La", "Zn Ga", "Cd In"),
    *("N O", "O F", "P S", "S Cl", "Se Br", "Te I"),
)
"""Pairs of elements of nearly one size, whose charges differ by one."""
SALT_FORMERS = frozenset(("N", "O", "F", "S", "Cl", "Se", "Br", "I"))
SCALES = (0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2)


@dataclass(frozen=True)
class Real:
    """A crystal that stands for a real one."""

    source: str
    formula: str
    crystal: Crystal


Verdicts = dict[str, "Callable[[Crystal], tuple[bool, str]]"]


def main(half: int = 1, size: int | None = SAMPLE) -> None:
    """Print the tables of one half of the formulas."""
    if not (DATA / "reference").exists():
        print(f"charge check: not measured, needs {DATA}")
        return
    generator = np.random.default_rng(20)
    crystals = [real for real in real_crystals() if half_of(real.formula) == half]
    chosen = crystals if size is None else [crystals[i] for i in generator.permutation(len(crystals))[:size]]
    print_classes(chosen)
    experimental = [real.crystal for real in chosen if real.source == "MPTS-52"][:CONTROLS]
    print_controls(experimental, generator)
    print_submissions(size)
    print_settings(experimental[: None if size is None else SMALL], generator)
    print_speed(experimental[:SMALL])


def real_crystals() -> list[Real]:
    """Every real crystal of the three sources; an id that is in several counts for the first."""
    found: dict[str, Real] = {}
    for source, pattern, energy in (
        ("MPTS-52", "mpts_52_*.csv.gz", "energy_above_hull"),
        ("MP-20", "mp_20_*.csv.gz", "e_above_hull"),
    ):
        for path in sorted((DATA / "reference").glob(pattern)):
            table = pd.read_csv(path, usecols=["material_id", "cif", energy])
            near = table[table[energy] < HULL_WINDOW]
            for identifier, cif in zip(near["material_id"], near["cif"], strict=True):
                if identifier not in found:
                    crystal = parsed(cif)
                    found[identifier] = Real(source, reduced_formula_of(crystal), crystal)
    columns = ["id", "reduced_formula", "lattice", "frac_coords", "atomic_numbers", "e_above_hull"]
    for row in pq.read_table(STARTER, columns=columns).to_pylist():
        if (row["e_above_hull"] or 0.0) < HULL_WINDOW:
            crystal = Crystal.from_arrays(row["lattice"], row["frac_coords"], row["atomic_numbers"])
            found[f"starter {row['id']}"] = Real("starter", row["reduced_formula"], crystal)
    return list(found.values())


def half_of(formula: str) -> int:
    """Half of the formulas that a formula belongs to: 0 to choose by, 1 to report."""
    return hashlib.sha256(formula.encode()).digest()[-1] % 2


def verdict(crystal: Crystal, settings: ChargeSettings | None = None) -> tuple[bool, str]:
    """Whether a crystal passes, and by which rule."""
    try:
        result = measure_charge(crystal, settings or ChargeSettings())
    except UnmeasurableError:
        return False, "undetermined"
    return bool(result["charge_valid"]), str(result["charge_rule"])


def genbench(crystal: Crystal) -> tuple[bool, str]:
    """The same by LeMat-GenBench's rules."""
    try:
        result = measure_charge_genbench(crystal, GenbenchChargeSettings())
    except UnmeasurableError:
        return False, "undetermined"
    return bool(result["charge_valid_genbench"]), str(result["charge_rule_genbench"])


def smact(crystal: Crystal) -> tuple[bool, str]:
    """The same by smact's older validity of compositions."""
    try:
        return bool(measure_smact_validity(crystal, SmactValiditySettings())["smact_valid"]), ""
    except UnmeasurableError:
        return False, "undetermined"


CHECKS: Verdicts = {"charge": verdict, "GenBench": genbench, "smact": smact}


def print_classes(crystals: Sequence[Real]) -> None:
    """Share of real crystals that each check rejects, by source and by chemical class."""
    rejected: dict[str, Counter[str]] = defaultdict(Counter)
    for real in crystals:
        fails = [name for name, check in CHECKS.items() if not check(real.crystal)[0]]
        for group in (real.source, "all", *sorted(classes(real.crystal))):
            rejected[group].update(["n", *fails])
    print(f"\nreal crystals rejected, %{'n':>29}" + "".join(f"{name:>10}" for name in CHECKS))
    for group in sorted(rejected, key=lambda name: (name not in {"all", "MPTS-52", "MP-20", "starter"}, name)):
        counts = rejected[group]
        if counts["n"] >= N_SHOWN:
            shares = "".join(f"{100 * counts[name] / counts['n']:10.1f}" for name in CHECKS)
            print(f"{group:40}{counts['n']:12}{shares}")
    named = [f"{real.formula} ({rule})" for real in crystals for passes, rule in [verdict(real.crystal)] if not passes]
    print(f"rejected, {len(named)}: " + ", ".join(sorted(named)))


def print_controls(crystals: Sequence[Crystal], generator: np.random.Generator) -> None:
    """Share of crystals that each check accepts, as they are and made wrong."""
    print(f"\naccepted, %{'n':>41}" + "".join(f"{name:>10}" for name in CHECKS))
    for name, made in controls(crystals, generator).items():
        shares = "".join(f"{accepted(made, check):10.1f}" for check in CHECKS.values())
        print(f"{name:40}{len(made):12}{shares}")
    few = crystals[:SMALL]
    for name, made in controls(few, generator).items():
        if "element" in name:
            best = [any(verdict(stretched(crystal, scale))[0] for scale in SCALES) for crystal in made]
            print(f"{f'{name}, at its best volume':40}{len(made):12}{100 * np.mean(best):10.1f}")
    for volume in (0.8, 0.9, 0.95, 1.05, 1.1, 1.2):
        made = [stretched(crystal, volume ** (1 / 3)) for crystal in few]
        print(f"{f'volume x {volume:g}':40}{len(made):12}{accepted(made, verdict):10.1f}")
    print("\nrules, %")
    for name, made in controls(crystals, generator).items():
        counts = Counter(verdict(crystal)[1] for crystal in made)
        print(f"{name}: " + ", ".join(f"{rule} {100 * n / len(made):.1f}" for rule, n in counts.most_common()))


def accepted(crystals: Sequence[Crystal], check: Callable[[Crystal], tuple[bool, str]]) -> float:
    """Per cent."""
    return 100 * float(np.mean([check(crystal)[0] for crystal in crystals]))


def controls(crystals: Sequence[Crystal], generator: np.random.Generator) -> dict[str, list[Crystal]]:
    """The crystals as they are, and with elements or atoms in the wrong places; cells and coordinates stay."""
    elements, counts = np.unique(
        np.concatenate([np.unique(crystal.atomic_numbers) for crystal in crystals]), return_counts=True
    )

    def permuted(crystal: Crystal) -> Crystal | None:
        present = np.unique(crystal.atomic_numbers)
        if len(present) == 1:
            return None
        while True:
            others = generator.permutation(present)
            if (others != present).any():
                return relabelled(crystal, present, others)

    def exchanged(crystal: Crystal) -> Crystal:
        return relabelled(crystal, elements, generator.permutation(elements))

    def drawn(crystal: Crystal) -> Crystal:
        present = np.unique(crystal.atomic_numbers)
        others = generator.choice(elements, size=len(present), replace=False, p=counts / counts.sum())
        return relabelled(crystal, present, others)

    def shuffled(crystal: Crystal) -> Crystal:
        return Crystal(crystal.lattice, crystal.frac_coords, generator.permutation(crystal.atomic_numbers))

    made: dict[str, Callable[[Crystal], Crystal | None]] = {
        "as they are": lambda crystal: crystal,
        "elements permuted within the crystal": permuted,
        "elements permuted over the data set": exchanged,
        "elements drawn by their frequency": drawn,
        "atoms shuffled over the sites": shuffled,
        "one element's charge changed by one": lambda crystal: substituted(crystal, generator),
    }
    return {name: [new for crystal in crystals if (new := make(crystal)) is not None] for name, make in made.items()}


def relabelled(crystal: Crystal, old: np.ndarray, new: np.ndarray) -> Crystal:
    """The crystal with every element ``old[i]`` replaced by ``new[i]``; ``old`` is sorted."""
    return Crystal(crystal.lattice, crystal.frac_coords, new[np.searchsorted(old, crystal.atomic_numbers)])


def substituted(crystal: Crystal, generator: np.random.Generator) -> Crystal | None:
    """A salt with one element replaced by its neighbour in the periodic table, of another charge; None for others."""
    present = {Element.from_Z(int(z)).symbol for z in np.unique(crystal.atomic_numbers)}
    pairs = [pair.split() for pair in NEIGHBOURS_IN_TABLE]
    choices = sorted((a, b) for x, y in pairs for a, b in ((x, y), (y, x)) if a in present and b not in present)
    if not present & SALT_FORMERS or not choices:
        return None
    old, new = choices[generator.integers(len(choices))]
    numbers = np.where(crystal.atomic_numbers == Element(old).Z, Element(new).Z, crystal.atomic_numbers)
    return Crystal(crystal.lattice, crystal.frac_coords, numbers)


def stretched(crystal: Crystal, scale: float) -> Crystal:
    """The crystal with all lengths multiplied."""
    return Crystal(crystal.lattice * scale, crystal.frac_coords, crystal.atomic_numbers)


def print_submissions(size: int | None) -> None:
    """Share accepted of the structures that four generators made, by their distance from the hull in DFT."""
    print(f"\ngenerated structures accepted, %{'n':>21}" + "".join(f"{name:>10}" for name in CHECKS))
    for path in sorted((DATA / "submissions").glob("*.zip")):
        table = pd.read_csv(path.with_name(f"{path.stem}_published.csv"))[:size]
        energies = dict(zip(table["file"], table["e_decomp_dft"], strict=True))
        with zipfile.ZipFile(path) as archive:
            crystals = {file: parsed(archive.read(f"{file}.cif").decode()) for file in energies}
        for label, low, high in (("at most 0.1 eV/atom above", -np.inf, 0.1), ("more than 0.2", 0.2, np.inf)):
            made = [crystals[file] for file, energy in energies.items() if low < energy <= high]
            shares = "".join(f"{accepted(made, check):10.1f}" for check in CHECKS.values())
            print(f"{f'{path.stem}, {label}':40}{len(made):12}{shares}")


def print_settings(crystals: Sequence[Crystal], generator: np.random.Generator) -> None:
    """What one setting at a time changes: the trade between real crystals rejected and wrong ones accepted."""
    made = controls(crystals, generator)
    names = (
        "elements permuted within the crystal",
        "elements drawn by their frequency",
        "one element's charge changed by one",
    )
    print(f"\n{'setting':32}{'rejected':>10}{'permuted':>10}{'drawn':>10}{'charge':>10}")
    for label, settings in alternatives():

        def check(crystal: Crystal, settings: ChargeSettings = settings) -> tuple[bool, str]:
            return verdict(crystal, settings)

        wrong = "".join(f"{accepted(made[name], check):10.1f}" for name in names)
        print(f"{label:32}{100 - accepted(crystals, check):10.2f}{wrong}")


def alternatives() -> Iterable[tuple[str, ChargeSettings]]:
    """The settings, then each alone at other values."""
    usual = ChargeSettings()
    yield "as they are", usual
    for name, values in {
        "state_fraction": (0.02, 0.01, 0.002, 0.001),
        "weakest_bond": (0.08, 0.05, 0.02, 0.01),
        "weakest_shared": (0.03, 0.05, 0.15, 0.2),
        "weakest_shared_in_salts": (0.1, 0.2, 0.3, 0.35),
        "length_tolerance": (0.0, 0.02, 0.06, 0.08),
        "sharing": (1.0, 1.25, 2.0),
        "underbonded": (0.5, 0.4, 0.15),
        "overbonded_factor": (1.2, 1.35, 2.0),
        "overbonded_offset": (0.2, 0.4, 1.0),
        "crowded_factor": (1.0, 1.5, 3.0),
        "crowded_offset": (2.0, 4.0, 12.0),
    }.items():
        for value in values:
            yield f"{name} = {value:g}", replace(usual, **{name: value})


def print_speed(crystals: Sequence[Crystal]) -> None:
    """Median CPU time per crystal, of a second look at each: tables are read, functions compiled."""
    medians = {}
    for name, check in CHECKS.items():
        check(crystals[0])
        medians[name] = statistics.median(cpu_seconds(check, crystal) for crystal in crystals)
    print("\nmedian CPU milliseconds per crystal: " + ", ".join(f"{name} {1e3 * s:.2f}" for name, s in medians.items()))


def cpu_seconds(check: Callable[[Crystal], tuple[bool, str]], crystal: Crystal) -> float:
    """Of one call."""
    start = time.process_time()
    check(crystal)
    return time.process_time() - start


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--all", action="store_true", help="no sample")
    arguments.add_argument("--half", type=int, choices=(0, 1), default=1)
    options = arguments.parse_args()
    main(options.half, None if options.all else SAMPLE)
