"""What the ranking gives to generators, and to submissions made to score high without discovering anything.

Run as ``python -m tests.bench_ranking --reference DIR --reference starter --out DIR``. Prints the tables of
docs/ranking.md: scores with single points by CHGNet. Families run out, so discoveries are also given for samples of one
size. The adversaries know the first reference set; all sets score the same submissions. Runs are kept in the folder, so
that the same command resumes. About 40 CPU minutes.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from leaderboard import score_structures
from leaderboard.protocol import load_protocol
from leaderboard.run.energies import Tier, energies_table
from leaderboard.run.energy_views import views
from leaderboard.run.scoring import LIMITS
from leaderboard.score_key import CALIBRATED, ScoreKey
from leaderboard.store.local import Store
from leaderboard.store.run import Run
from metrics.measure.running.cache import Cache
from metrics.measure.running.local_engine import LocalEngine
from metrics.measure.running.progress import ToTerminal
from metrics.measure.structure.convert import to_structure
from metrics.score import registry
from reference_data.reference import open_reference
from submissions.read import parse, split
from tests.adversaries import ADVERSARIES, Known, decorations
from tests.metrics.measure.fingerprint_crystals import DATA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from metrics.crystal import Crystal
    from reference_data.reference import Reference

N_SUBMITTED = 150
N_SCREENED = 3_000
GENERATORS = ("mattergen", "cdvae", "ion_exchange", "random_prototypes")
POTENTIAL = "chgnet"
SHARES = ("vun", "vsun_msun", "sun", "sun_msun_substitution", "discoveries", "metastable_discoveries")
COUNTS = ("families", "new_families")
VARIANT = f"{POTENTIAL}/unrelaxed"
COVERED = (*SHARES[-2:], *COUNTS, "sun_msun_systems", "sun_msun_prototypes")
CALIBRATED_DISCOVERIES = ScoreKey("discoveries", f"{VARIANT}{CALIBRATED}")
SAMPLE_SIZES = (500, 2_500)
N_TRIALS, N_SAMPLES = 200, 100
INTERVAL_IN_SIGMA = 2 * 1.96
"""Width of a 95% interval in standard errors."""


def main(references: Sequence[str] = (), out: Path | None = None, jobs: int = 1) -> None:
    """Print a table for each reference set; the adversaries know the first."""
    if not references or out is None or not (DATA / "submissions").exists():
        print(f"ranking: not measured, needs --reference, --out and {DATA}")
        return
    os.environ["LEADERBOARD_RUNS"] = str(out / "runs")
    made: Iterable[tuple[str, list[Crystal]]] = submissions(open_reference(references[0]), jobs)
    for name in references:
        reference = open_reference(name)
        print(f"\n{reference.manifest.title}, %; numbers of families in structures SUN or MSUN\n")
        head = (*SHARES, "discoveries, calibrated", *COUNTS, f"discoveries of {N_SUBMITTED}")
        print(f"| submission | n | {' | '.join(head)} |")
        print("|---|---|" + "---|" * len(head))
        scored = []
        for submission, crystals in made:
            scored.append((submission, crystals))
            print(
                row(submission, crystals, name, out / reference.name / submission.replace(" ", "_"), jobs), flush=True
            )
        made = scored
        print_coverage(out / reference.name)


def submissions(reference: Reference, jobs: int) -> Iterator[tuple[str, list[Crystal]]]:
    """Those of the adversaries of the set, then of the generators."""
    known = Known.of(reference, np.random.default_rng(2))
    for name, make in ADVERSARIES.items():
        yield name, make(known, np.random.default_rng(3), N_SUBMITTED)
    screened = decorations(known, np.random.default_rng(4), N_SCREENED)
    yield f"best of {N_SCREENED:,} decorations", nearest_to_hull(screened, reference, jobs)
    for name in GENERATORS:
        records = split(DATA / "submissions" / f"{name}.zip", LIMITS)
        yield name, [parse(record, LIMITS) for record in records if record.refusal is None]


def nearest_to_hull(crystals: Sequence[Crystal], reference: Reference, jobs: int) -> list[Crystal]:
    """Those that the potential puts lowest above the hull."""
    protocol = load_protocol()
    tier = Tier.of([POTENTIAL], reference, relax=False, relaxation=protocol.relaxation)
    with Cache(Store().cache) as cache:
        table = energies_table(
            crystals,
            tier,
            reference,
            max_elemental_difference=protocol.max_elemental_difference,
            start_engine=partial(LocalEngine, jobs),
            cache=cache,
            report=ToTerminal(),
        )
    ranking_hull = table[table["energy_convention"] == tier.conventions[0][0]]
    lowest = set(ranking_hull.dropna(subset="e_above_hull").nsmallest(N_SUBMITTED, "e_above_hull")["sha256"])
    return [crystal for crystal in crystals if crystal.sha256 in lowest]


def row(name: str, crystals: Sequence[Crystal], reference: str, out: Path, jobs: int) -> str:
    """Line of the table: values in percent, those that are ranked with their standard error."""
    scores = score_structures(
        [to_structure(crystal) for crystal in crystals],
        potentials=[POTENTIAL],
        reference=reference,
        jobs=jobs,
        out=out,
    )
    entries = {entry.name: entry for entry in scores.scores if entry.variant in (None, VARIANT)}
    cells = []
    for entry in (entries[score] for score in SHARES):
        if entry.value is None or entry.low is None or entry.high is None:
            msg = f"{name}: {entry.name} is not defined"
            raise ValueError(msg)
        error = f" ± {100 * (entry.high - entry.low) / INTERVAL_IN_SIGMA:.1f}" if "discoveries" in entry.name else ""
        cells.append(f"{100 * entry.value:.1f}{error}")
    expected = [entry for entry in scores.scores if ScoreKey(entry.name, entry.variant) == CALIBRATED_DISCOVERIES]
    cells.append(f"{100 * expected[0].value:.1f}" if expected and expected[0].value is not None else "-")
    cells += [f"{entries[score].value:.0f}" for score in COUNTS]
    draws = np.random.default_rng(5)
    rows = facts(out)
    sampled = [rows.iloc[draws.permutation(len(rows))[:N_SUBMITTED]].reset_index(drop=True) for _ in range(N_SAMPLES)]
    mean = np.mean([registry()["discoveries"].compute(sample, {}).value for sample in sampled])
    return f"| {name} | {len(crystals)} | {' | '.join(cells)} | {100 * mean:.1f} |"


def facts(out: Path) -> pd.DataFrame:
    """Facts of the records of a run with its energies."""
    run = Run(out)
    energies = run.energies()
    if energies is None:
        msg = f"{out} has no energies"
        raise ValueError(msg)
    return next(view.rows for view in views(run.columns(), energies) if view.variant == VARIANT)


def print_coverage(folder: Path) -> None:
    """How often the intervals hold the mean over other samples, drawn from all that the generators made."""
    rows = pd.concat([facts(folder / name) for name in GENERATORS], ignore_index=True)
    print(f"\nintervals that hold the mean of {N_TRIALS} samples of {len(rows):,} generated structures, %\n")
    print(f"| n | {' | '.join(COVERED)} |\n|---|{'---|' * len(COVERED)}")
    for n in SAMPLE_SIZES:
        generator = np.random.default_rng(6)
        sampled = [rows.iloc[generator.integers(len(rows), size=n)].reset_index(drop=True) for _ in range(N_TRIALS)]
        cells = []
        for name in COVERED:
            values = [registry()[name].compute(sample, {}) for sample in sampled]
            intervals = np.array([(value.value, value.low, value.high) for value in values], dtype=np.float64)
            mean = intervals[:, 0].mean()
            cells.append(f"{100 * np.mean((intervals[:, 1] <= mean) & (mean <= intervals[:, 2])):.1f}")
        print(f"| {n} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--reference", action="append", default=[], help="name or folder of a set with a hull")
    arguments.add_argument("--out", type=Path, help="folder of the runs")
    arguments.add_argument("--jobs", type=int, default=1)
    options = arguments.parse_args()
    main(options.reference, options.out, options.jobs)
