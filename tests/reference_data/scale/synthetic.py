"""Rows in the schema of LeMat-Bulk, as many as wanted, made fast: for what a reference costs at full size.

Each crystal is an ordering of its elements on a body-centred tetragonal lattice, one layer of it for each site, so that
cells are small and sound and every measurement works on them. How many elements, formulas, polymorphs and copies there
are is set by the constants below: they are of the size of what the three databases of LeMat-Bulk have, and no more
exact than that. Energies come from pair interactions of the elements, so that hulls have a usual share of vertices.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from submissions.elements import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]

SEED = 20_261_130
CHUNK_FORMULAS = 50_000
FILE_ROWS = 500_000
ELEMENTS = np.array([number for number in range(1, 95) if number not in {84, 85, 86, 87, 88}])
"""The 89 elements of the databases: hydrogen to plutonium without those that nobody computes."""
OXYGEN_WEIGHT = 12.0
SHARE_BY_N_ELEMENTS = (0.002, 0.06, 0.62, 0.28, 0.03, 0.008)
"""Of the formulas: most are ternary, as in Alexandria, which most rows are from."""
AMOUNTS: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((1,), (2,), (4,)),
    ((1, 1), (1, 2), (1, 3), (2, 3), (1, 5)),
    ((1, 1, 1), (1, 1, 2), (1, 1, 3), (1, 2, 2), (1, 2, 4), (1, 1, 4), (2, 1, 1), (3, 1, 1), (2, 1, 4)),
    ((1, 1, 1, 1), (1, 1, 1, 3), (2, 1, 1, 6), (1, 1, 2, 4), (1, 2, 1, 1)),
    ((1, 1, 1, 1, 1), (1, 1, 1, 1, 4), (2, 1, 1, 1, 3)),
    ((1, 1, 1, 1, 1, 1), (1, 1, 1, 1, 1, 3)),
)
POLYMORPH_EXPONENT, MAX_POLYMORPHS = 2.7, 400
"""Polymorphs of a formula follow Zipf's law: most have one, a few have hundreds."""
SHARE_BY_N_COPIES = (0.85, 0.12, 0.03)
"""Of the crystals: how many of the three databases have them."""
ID_PREFIXES = ("agm", "oqmd-", "mp-")
SHARE_REPEATED_ID, SHARE_OTHER_FUNCTIONAL, SHARE_INCOMPATIBLE = 0.001, 0.002, 0.002
MAX_SITES = max(sum(amounts) for kinds in AMOUNTS for amounts in kinds)

SCHEMA = pa.schema(
    [
        ("immutable_id", pa.string()),
        ("lattice_vectors", pa.list_(pa.list_(pa.float64()))),
        ("cartesian_site_positions", pa.list_(pa.list_(pa.float64()))),
        ("species_at_sites", pa.list_(pa.string())),
        ("species", pa.string()),
        ("energy", pa.float64()),
        ("functional", pa.string()),
        ("cross_compatibility", pa.bool_()),
        ("entalpic_fingerprint", pa.string()),
    ]
)
"""Columns that the reader of LeMat-Bulk asks for, as its dataset card declares them."""


def write_source(folder: Path, n_rows: int) -> list[Path]:
    """Write so many rows into files of at most ``FILE_ROWS``; the same number gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    waiting, n_written = SCHEMA.empty_table(), 0
    for table in tables():
        waiting = pa.concat_tables([waiting, table.slice(0, n_rows - n_written - len(waiting))])
        is_last = n_written + len(waiting) == n_rows
        while len(waiting) >= FILE_ROWS or (is_last and len(waiting)):
            paths.append(folder / f"{len(paths):03d}.parquet")
            pq.write_table(waiting.slice(0, FILE_ROWS), paths[-1], row_group_size=10_000)
            n_written += min(FILE_ROWS, len(waiting))
            waiting = waiting.slice(FILE_ROWS)
        if is_last:
            return paths
    msg = "unreachable: tables() has no end"
    raise AssertionError(msg)


def tables() -> Iterator[pa.Table]:
    """Rows without end, a table for every ``CHUNK_FORMULAS`` formulas; all elements are in the first one."""
    chunk = first_row = 0
    while True:
        rng = np.random.default_rng([SEED, chunk])
        table = _table(rng, first_row, with_all_elements=chunk == 0)
        yield table
        first_row += len(table)
        chunk += 1


def formulas(table: pa.Table) -> list[str]:
    """Formula of each row as its sites say it, symbols in alphabetical order."""
    counts = (sorted(Counter(symbols).items()) for symbols in table["species_at_sites"].to_pylist())
    return ["".join(f"{symbol}{n}" for symbol, n in of_row) for of_row in counts]


def _table(rng: np.random.Generator, first_row: int, *, with_all_elements: bool) -> pa.Table:
    elements, amounts = _formulas(rng, with_all_elements=with_all_elements)
    n_polymorphs = np.minimum(rng.zipf(POLYMORPH_EXPONENT, len(elements)), MAX_POLYMORPHS)
    formula = np.repeat(np.arange(len(elements)), n_polymorphs)
    polymorph = np.arange(len(formula)) - np.repeat(np.cumsum(n_polymorphs) - n_polymorphs, n_polymorphs)
    sites = _orderings(rng, elements[formula], amounts[formula])
    ratio = rng.choice([0.5, 0.58, 0.7], len(formula))  # of a layer's height and the edge: near bcc, between, fcc
    excess = np.where(polymorph == 0, 0.0, np.abs(rng.normal(0, 0.15, len(formula))))
    energy = _energies(elements, amounts)[formula] + excess

    n_copies = 1 + rng.choice(len(SHARE_BY_N_COPIES), len(formula), p=SHARE_BY_N_COPIES)
    crystal = np.repeat(np.arange(len(formula)), n_copies)
    copy = np.arange(len(crystal)) - np.repeat(np.cumsum(n_copies) - n_copies, n_copies)
    n_sites = (sites[crystal] > 0).sum(axis=1)
    edge = 3.2 * (0.5 / ratio[crystal]) ** (1 / 3) * rng.normal(1, 0.002, len(crystal))
    number = first_row + np.arange(len(crystal))
    # the elements that every hull needs are refused for nothing
    is_needed = with_all_elements & (formula[crystal] < len(ELEMENTS))
    repeated = rng.random(len(crystal)) < SHARE_REPEATED_ID
    repeated &= ~is_needed
    repeated[0] = False
    prefixes = np.array(ID_PREFIXES)[copy]
    ids = np.char.add(prefixes, number.astype(str))
    ids[repeated] = ids[np.flatnonzero(repeated) - 1]
    functional = np.where((rng.random(len(crystal)) < SHARE_OTHER_FUNCTIONAL) & ~is_needed, "pbesol", "pbe")
    return pa.Table.from_arrays(
        [
            pa.array(ids.tolist(), pa.string()),
            *_structures(sites[crystal], n_sites, edge, ratio[crystal] * edge),
            pa.array(_species(elements[formula][crystal]), pa.string()),
            pa.array((energy[crystal] + rng.normal(0, 1e-3, len(crystal))) * n_sites),
            pa.array(functional.tolist(), pa.string()),
            pa.array((rng.random(len(crystal)) >= SHARE_INCOMPATIBLE) | is_needed),
            pa.array([f"{first_row + one:016x}_{one % 230 + 1}" for one in crystal.tolist()], pa.string()),
        ],
        schema=SCHEMA,
    )


def _formulas(rng: np.random.Generator, *, with_all_elements: bool) -> tuple[Integers, Integers]:
    """(f, 6) atomic numbers and (f, 6) amounts, zero beyond the elements of a formula."""
    n_elements = 1 + rng.choice(len(SHARE_BY_N_ELEMENTS), CHUNK_FORMULAS, p=SHARE_BY_N_ELEMENTS)
    weights = 1 / (1 + rng.permutation(len(ELEMENTS)) / 20)
    weights[ELEMENTS == 8] = OXYGEN_WEIGHT
    # the smallest of exponential times are a weighted sample without replacement
    times = rng.exponential(size=(CHUNK_FORMULAS, len(ELEMENTS))) / weights
    elements = ELEMENTS[np.argsort(times, axis=1)[:, : len(SHARE_BY_N_ELEMENTS)]]
    amounts = np.zeros_like(elements)
    for size, kinds in enumerate(AMOUNTS, start=1):
        rows = np.flatnonzero(n_elements == size)
        amounts[rows, :size] = np.array(kinds)[rng.integers(len(kinds), size=len(rows))]
    if with_all_elements:
        elements[: len(ELEMENTS), 0], amounts[: len(ELEMENTS)] = ELEMENTS, (1, 0, 0, 0, 0, 0)
    return np.where(amounts > 0, elements, 0), amounts


def _orderings(rng: np.random.Generator, elements: Integers, amounts: Integers) -> Integers:
    """(n, ``MAX_SITES``) atomic numbers of the layers in a random order, zeros last."""
    stops = np.cumsum(amounts, axis=1)
    place = (np.arange(MAX_SITES)[None, :, None] >= stops[:, None, :]).sum(axis=2)
    padded = np.column_stack([elements, np.zeros(len(elements), dtype=np.int64)])
    sites = np.take_along_axis(padded, np.minimum(place, padded.shape[1] - 1), axis=1)
    keys = np.where(sites > 0, rng.random(sites.shape), 2.0)
    return np.take_along_axis(sites, np.argsort(keys, axis=1), axis=1)


def _energies(elements: Integers, amounts: Integers) -> Floats:
    """(f,) energy per atom of the lowest polymorph: of the elements, and of their pairs by fixed interactions."""
    fixed = np.random.default_rng(SEED)
    of_element = fixed.uniform(-9, -1, 120)
    of_pair = fixed.normal(-1, 1.5, (120, 120))
    of_pair = np.triu(of_pair, 1) + np.triu(of_pair, 1).T
    shares = amounts / amounts.sum(axis=1, keepdims=True)
    pairs = of_pair[elements[:, :, None], elements[:, None, :]]
    mixed: Floats = (of_element[elements] * shares).sum(axis=1) + 0.5 * np.einsum("fi,fij,fj->f", shares, pairs, shares)
    return mixed


def _structures(sites: Integers, n_sites: Integers, edge: Floats, height: Floats) -> list[pa.Array]:
    """Columns of the cell vectors, Cartesian positions and symbols: layer k at k times (edge/2, edge/2, height)."""
    n = len(sites)
    step = np.column_stack([edge / 2, edge / 2, height])
    lattice = np.zeros((n, 3, 3))
    lattice[:, 0, 0] = lattice[:, 1, 1] = edge
    lattice[:, 2] = step * n_sites[:, None]
    layer = np.arange(MAX_SITES)
    filled = layer < n_sites[:, None]
    positions = np.einsum("s,nd->nsd", layer.astype(np.float64), step)[filled]
    offsets = np.concatenate([[0], np.cumsum(n_sites)]).astype(np.int32)
    names = pa.DictionaryArray.from_arrays(pa.array(sites[filled] - 1, pa.int32()), pa.array(SYMBOLS, pa.string()))
    return [
        pa.ListArray.from_arrays(np.arange(0, 3 * n + 1, 3, dtype=np.int32), _triples(lattice.reshape(-1, 3))),
        pa.ListArray.from_arrays(offsets, _triples(positions)),
        pa.ListArray.from_arrays(offsets, names.cast(pa.string())),
    ]


def _triples(vectors: Floats) -> pa.Array:
    offsets = np.arange(0, 3 * len(vectors) + 1, 3, dtype=np.int32)
    return pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(vectors).reshape(-1)))


def _species(elements: Integers) -> list[str]:
    """JSON as OPTIMADE defines it: every site is filled by one element."""
    of_element = [""] + [
        f'{{"name": "{symbol}", "chemical_symbols": ["{symbol}"], "concentration": [1]}}' for symbol in SYMBOLS
    ]
    return [f"[{', '.join(of_element[number] for number in row if number)}]" for row in elements.tolist()]
