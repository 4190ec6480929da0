"""What an index costs: building it, and look-ups in one as large as LeMat-Bulk's (5.3 million crystals).

Run as ``python -m tests.bench_index``. Built from texts are an index of 200,000 crystals and one of half as many, each
in a fresh process: the time of a million rows has to be the same. ``BENCH_INDEX_CRYSTALS=5300000`` builds the full
size.

Look-ups run in an index of random digests, written to a temporary folder and opened by a fresh process, which looks up
what a submission of 2,500 structures asks for: 8,000 keys, and for each structure a BAWL, a prototype and a formula.
The first 800 of each are in the set and have to be found.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from reference_data.files.index import INDEX_FILES, Index, IndexBuilder, TextIndex, digests

N_BUILT = int(os.environ.get("BENCH_INDEX_CRYSTALS", "200000"))
N_CRYSTALS = 5_300_000
KEYS_PER_CRYSTAL = 3
N_FORMULAS = 2_500_000
N_PROTOTYPES = 500_000
N_FAMILIES = 200_000
N_STRUCTURES = 2_500
N_KEYS = 8_000
N_KNOWN = 800
CHUNK = 1_000_000
PART_ROWS = 4_096
FIGURES = {
    "opening, ms": "bound 10",
    "look-up of the keys, s": "bound 0.3",
    "resident memory then, MB": "bound 300",
    "all look-ups, s": "",
    "resident memory then, MB ": "",
    "of that pages of files, MB": "the system drops them when it needs room",
}


def main() -> None:
    """Print CPU times and memory of the fresh processes, each beside its bound if it has one."""
    per_million = []
    for n_crystals in (N_BUILT // 2, N_BUILT):
        command = [sys.executable, "-m", "tests.bench_index", "build", str(n_crystals)]
        seconds, peak = map(float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
        per_million.append(1e6 * seconds / n_crystals)
        print(
            f"index of {n_crystals:,} crystals built from texts: {per_million[-1]:.1f} s a million,"
            f" peak memory {peak:.0f} MB (bound 6,000)"
        )
    print(f"{'time of a million, ratio of both sizes':34}{per_million[1] / per_million[0]:10.3f}   1 is linear")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.process_time()
        synthetic_index(np.random.default_rng(0)).write(folder)
        size = sum((folder / file).stat().st_size for file in INDEX_FILES)
        print(
            f"index of {N_CRYSTALS:,} crystals, {N_CRYSTALS * KEYS_PER_CRYSTAL:,} keys, {N_FORMULAS:,} formulas:"
            f" {size / 1e6:.0f} MB, made in {time.process_time() - start:.1f} s"
        )
        command = [sys.executable, "-m", "tests.bench_index", "look_up", name]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        for (what, beside), value in zip(FIGURES.items(), map(float, found), strict=True):
            print(f"{what:34}{value:10.3f}   {beside}")


def synthetic_index(rng: np.random.Generator) -> Index:
    """An index of random digests, with the known texts of a submission among them."""
    starts = np.sort(rng.choice(np.arange(1, N_CRYSTALS), N_FORMULAS - 1, replace=False))
    ranges = np.column_stack([[0, *starts], [*starts, N_CRYSTALS]]).astype(np.uint32)
    formulas = synthetic_texts(N_FORMULAS, texts("formula"), rng)
    return Index(
        keys=synthetic_texts(N_CRYSTALS * KEYS_PER_CRYSTAL, texts("key"), rng),
        bawls=synthetic_texts(N_CRYSTALS, texts("bawl"), rng),
        prototypes=synthetic_texts(N_PROTOTYPES, texts("prototype"), rng),
        families=synthetic_texts(N_FAMILIES, texts("family"), rng),
        formula_digests=formulas.digests,
        formula_rows=ranges[formulas.rows],
    )


def synthetic_texts(n: int, asked: list[str], rng: np.random.Generator) -> TextIndex:
    """Random digests of `n` texts, the known ones of those `asked` at rows 0, 1, ...; each row has n / rows texts."""
    digest = np.empty(n, np.uint64)
    for first in range(0, n, CHUNK):
        digest[first : first + CHUNK] = rng.integers(0, 2**64, size=min(CHUNK, n - first), dtype=np.uint64)
    per_row = max(1, n // N_CRYSTALS)
    digest[: N_KNOWN * per_row : per_row] = digests(asked[:N_KNOWN])
    order = np.argsort(digest)
    return TextIndex(digest[order], (order // per_row).astype(np.uint32))


def texts(kind: str) -> list[str]:
    """What a submission asks for; the first `N_KNOWN` are in the set."""
    return [f"{kind}:{number:032x}" for number in range(N_KEYS if kind == "key" else N_STRUCTURES)]


def build(n_crystals: int) -> None:
    """Build and write an index of texts as long as real ones; print CPU seconds and the peak of memory in megabytes."""
    start = time.process_time()
    builder = IndexBuilder()
    for first in range(0, n_crystals, PART_ROWS):
        rows = range(first, min(first + PART_ROWS, n_crystals))
        builder.add(
            [[f"Ab{row // 2}Cd{row}:4:{key:032x}" for key in range(KEYS_PER_CRYSTAL)] for row in rows],
            [[f"{row:032x}_225_Ab{row}Cd{row}"] for row in rows],
            [f"A{row % (n_crystals // 10)}B:225:4[1]8[1]" for row in rows],
            [f"Ag{row // 2}Cd" for row in rows],
        )
    index = builder.result()
    with tempfile.TemporaryDirectory() as name:
        index.write(Path(name))
    print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)


def look_up(folder: Path) -> None:
    """Open the index, look everything up, print milliseconds, seconds and megabytes in the order of `FIGURES`.

    Raises:
        ValueError: a known text is not found where it is, or an unknown one is found.

    """
    asked = {kind: texts(kind) for kind in ("key", "bawl", "prototype", "family", "formula")}
    start = time.process_time()
    index = Index.open(folder)
    opened = time.process_time()
    rows = {"key": index.keys.rows_with(asked["key"])}
    looked_up = time.process_time()
    resident = megabytes("VmRSS")
    rows |= {
        "bawl": index.bawls.rows_with(asked["bawl"]),
        "prototype": index.prototypes.rows_with(asked["prototype"]),
        "family": index.families.rows_with(asked["family"]),
        "formula": index.rows_of_formulas(asked["formula"]),
    }
    all_looked_up = time.process_time()
    all_resident, of_files = megabytes("VmRSS"), megabytes("RssFile")
    for kind, found in rows.items():
        known = [own.tolist()[:1] for own in found[:N_KNOWN]]
        if kind != "formula" and known != [[row] for row in range(N_KNOWN)]:
            msg = f"a known {kind} is not found at its row"
            raise ValueError(msg)
        if not all(known) or any(map(len, found[N_KNOWN:])):
            msg = f"a known {kind} is not found, or an unknown one is"
            raise ValueError(msg)
    print(1e3 * (opened - start), looked_up - opened, resident, all_looked_up - opened, all_resident, of_files)


def megabytes(entry: str) -> float:
    """Memory of this process by an entry of Linux's list, in which mapped pages of files count."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{entry}:")) * 1024 / 1e6


if __name__ == "__main__":
    if sys.argv[1:2] == ["build"]:
        build(int(sys.argv[2]))
    elif sys.argv[1:2] == ["look_up"]:
        look_up(Path(sys.argv[2]))
    else:
        main()
