"""How fast CIFs are read, as ratios to pymatgen's reader on the same texts in the same run.

Run as ``python -m tests.bench_reading``. CPU times of one process; ratios hardly depend on the machine.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import statistics
import time
import warnings
from typing import TYPE_CHECKING

from pymatgen.core.structure import Structure
from pymatgen.io.cif import CifWriter

from metrics.measure.structure.convert import to_structure
from submissions.formats import cif
from submissions.limits import Limits
from tests.metrics.measure.fingerprint_crystals import DATA, SOURCES, lemat_cifs, prototypes

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = 40
LIMITS = Limits()


def main() -> None:
    """Print CPU milliseconds and ratios, of cells that are listed whole and of cells with symmetry."""
    structures = [to_structure(crystal) for crystal in prototypes().values()]
    samples = {
        "whole cells": whole_cells(structures),
        "cells with operations": [str(CifWriter(structure, symprec=0.01)) for structure in structures[:100]],
    }
    for kind, texts in samples.items():
        readers: dict[str, Callable[[str], object]] = {
            "pymatgen's reader": lambda text: Structure.from_str(text, fmt="cif"),
            "parsing of a record": lambda text: cif.parse(text.encode(), LIMITS),
        }
        for read in readers.values():
            read(texts[0])  # what is loaded once is loaded before the clock starts
        times = {name: [cpu_ms(read, text) for text in texts] for name, read in readers.items()}
        base = times["pymatgen's reader"]
        print(f"{len(texts)} {kind:23}{'median ms':>10}{'mean ms':>10}{'times faster than it: sum':>32}{'median':>9}")
        for name, ours in times.items():
            ratio = statistics.median(a / b for a, b in zip(base, ours, strict=True))
            mean = statistics.fmean(ours)
            print(f"{name:28}{statistics.median(ours):10.3f}{mean:10.3f}{sum(base) / sum(ours):32.1f}{ratio:9.1f}")


def whole_cells(structures: list[Structure]) -> list[str]:
    """Real CIFs of the shared data, else pymatgen's AFLOW prototypes as it writes them."""
    if (DATA / "reference").exists():
        return [text for source in SOURCES for text in list(lemat_cifs(source).values())[::EVERY]]
    return [str(CifWriter(structure)) for structure in structures]


def cpu_ms(read: Callable[[str], object], text: str) -> float:
    """CPU milliseconds of one call."""
    start = time.process_time()
    read(text)
    return 1e3 * (time.process_time() - start)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pymatgen, about coordinates near a third and of spglib's error handling
        main()
