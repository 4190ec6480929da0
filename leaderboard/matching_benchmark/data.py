"""The crystals the benchmark runs on, and their pairs of one formula."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leaderboard.matching_benchmark.changes import MOST_SITES
from leaderboard.protocol import load_protocol
from leaderboard.run.reading import cells, crystals_of, read_records, refuse_unreadable
from leaderboard.run.scoring import LIMITS, sha256_of_file
from metrics.measure.chemistry.composition import reduced_formula_of
from reference_data.build.definition import load_definition
from reference_data.reference import SETS
from reference_data.sources.base import SourceRow
from submissions.box import split_in_box

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from metrics.crystal import Crystal
    from metrics.measure.running.engine import Engine
    from metrics.measure.running.progress import Report

STARTER = "starter"
MOST_SITES_OF_A_PAIR = 80
# identifiers of the Materials Project, Alexandria, the OQMD and JARVIS, which files carry inside longer names
_KNOWN_ID = re.compile(r"(?<![A-Za-z])(mp-\d+|mvc-\d+|agm\d+|oqmd-\d+|JVASP-\d+)(?!\d)")


@dataclass(frozen=True, eq=False)
class Entry:
    """A crystal with the identifier of its source."""

    id: str
    formula: str
    crystal: Crystal


@dataclass(frozen=True)
class Origin:
    """Where entries come from, and what became of its rows.

    Attributes:
        name: of the file or the set.
        sha256: of the file; None for a set.
        n_read: rows.
        n_refused: rows that are no ordered crystal.
        n_repeated: rows whose source id an earlier row has.

    """

    name: str
    sha256: str | None
    n_read: int
    n_refused: int
    n_repeated: int


Rows = list[tuple[str, "Crystal | None"]]


def starter() -> tuple[list[Entry], list[Origin]]:
    """Rows of the starter set's sources before they are merged: its own crystals no longer hold equal pairs."""
    rows: Rows = []
    for source in load_definition(SETS / f"{STARTER}.toml").sources:
        for row in source.rows(SETS):
            rows.append((row.id, row.crystal if isinstance(row, SourceRow) else None))
    return distinct([(f"sources of the set {STARTER}", None, rows)])


def from_files(paths: Iterable[Path], engine: Engine, report: Report) -> tuple[list[Entry], list[Origin]]:
    """Everything readable in tables of CIFs, or in any other file a submission can be.

    Raises:
        FileRefusedError: a file in which nothing can be read.

    """
    time_limit_s = load_protocol().time_limits_s.parse
    tables: list[tuple[str, str | None, Rows]] = []
    for path in paths:
        structures = read_records(split_in_box(path, LIMITS), LIMITS, engine, report, time_limit_s=time_limit_s)
        refuse_unreadable(structures)
        crystals = crystals_of(structures)
        ids = [identifier for (identifier,) in cells(structures, "id")]
        rows = [(source_id(identifier), crystals.get(row)) for row, identifier in enumerate(ids)]
        tables.append((path.name, sha256_of_file(path), rows))
    return distinct(tables)


def source_id(name: str) -> str:
    """The identifier the database gave: ``mp-1001835`` for the record ``mp_mp-1001835.cif``; else the name itself."""
    known_id = _KNOWN_ID.search(name)
    return known_id.group() if known_id else name


def distinct(tables: Iterable[tuple[str, str | None, Rows]]) -> tuple[list[Entry], list[Origin]]:
    """The first crystal of each identifier, over all tables."""
    entries: dict[str, Entry] = {}
    origins = []
    for name, sha256, rows in tables:
        tally: Counter[str] = Counter()
        for identifier, crystal in rows:
            if crystal is None:
                tally["refused"] += 1
            elif identifier in entries:
                tally["repeated"] += 1
            else:
                entries[identifier] = Entry(identifier, reduced_formula_of(crystal), crystal)
        origins.append(Origin(name, sha256, len(rows), tally["refused"], tally["repeated"]))
    return list(entries.values()), origins


def sample(entries: Sequence[Entry], n: int, *, seed: int) -> list[Entry]:
    """At most `n` random entries of at most 60 sites, by identifier; the order of the entries does not matter."""
    small = sorted((entry for entry in entries if entry.crystal.n_sites <= MOST_SITES), key=lambda entry: entry.id)
    chosen = np.random.default_rng(seed).permutation(len(small))[:n]
    return [small[place] for place in sorted(chosen)]


def same_formula(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Entries of each formula that has several of at most 80 sites; formulas and entries in alphabetical order."""
    by_formula: dict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: entry.id):
        if entry.crystal.n_sites <= MOST_SITES_OF_A_PAIR:
            by_formula[entry.formula].append(entry)
    for formula in sorted(by_formula):
        if len(by_formula[formula]) > 1:
            yield by_formula[formula]
