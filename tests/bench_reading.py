"""How fast plain CIFs are read, as ratios to pymatgen's reader on the same texts in the same run.

Run as ``python -m tests.bench_reading``. CPU times of one process; ratios hardly depend on the machine.
"""

# ruff: noqa: T201 - printing is what this script is for

from __future__ import annotations

import statistics
import time
import warnings
from typing import TYPE_CHECKING

from pymatgen.io.cif import CifWriter

from metrics.measure.structure.convert import to_structure
from submissions.formats import cif, plain_cif
from submissions.limits import Limits
from tests.metrics.measure.fingerprint_crystals import DATA, SOURCES, lemat_cifs, prototypes

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = 40
LIMITS = Limits()


def main() -> None:
    """Print how many texts are plain, CPU milliseconds and ratios."""
    texts = [cif.bounded(text, LIMITS) for text in sample()]
    plain = [text for text in texts if plain_cif.read(text, LIMITS) is not None]
    print(f"{len(texts)} CIFs, {len(plain)} of them plain")
    cif.parse_with_pymatgen(plain[0], LIMITS)  # what pymatgen loads once is loaded before the clock starts
    readers: dict[str, Callable[[str], object]] = {
        "pymatgen's reader": lambda text: cif.parse_with_pymatgen(text, LIMITS),
        "reading of plain CIFs": lambda text: plain_cif.read(text, LIMITS),
        "parsing of a record": lambda text: cif.parse(text.encode(), LIMITS),
    }
    times = {name: [cpu_ms(read, text) for text in plain] for name, read in readers.items()}
    base = times["pymatgen's reader"]
    print(f"{'':28}{'median ms':>10}{'mean ms':>10}{'times faster than it: sum':>32}{'median':>9}")
    for name, ours in times.items():
        ratio = statistics.median(a / b for a, b in zip(base, ours, strict=True))
        mean = statistics.fmean(ours)
        print(f"{name:28}{statistics.median(ours):10.3f}{mean:10.3f}{sum(base) / sum(ours):32.1f}{ratio:9.1f}")


def sample() -> list[str]:
    """Real CIFs of the shared data, else pymatgen's AFLOW prototypes as it writes them."""
    if (DATA / "reference").exists():
        return [text for source in SOURCES for text in list(lemat_cifs(source).values())[::EVERY]]
    return [str(CifWriter(to_structure(crystal))) for crystal in prototypes().values()]


def cpu_ms(read: Callable[[str], object], text: str) -> float:
    """CPU milliseconds of one call."""
    start = time.process_time()
    read(text)
    return 1e3 * (time.process_time() - start)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # pymatgen about noble gases without an electronegativity
        main()
