"""Parquet files in the schema of LeMat-Bulk, made from crystals at hand."""

from __future__ import annotations

import json
from collections import Counter
from math import gcd
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from submissions.elements import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from metrics.crystal import Crystal

# The columns that the dataset card of LeMaterial/LeMat-Bulk declares for its configuration compatible_pbe, in order.
SCHEMA = pa.schema(
    [
        ("elements", pa.list_(pa.string())),
        ("nsites", pa.int32()),
        ("chemical_formula_anonymous", pa.string()),
        ("chemical_formula_reduced", pa.string()),
        ("chemical_formula_descriptive", pa.string()),
        ("nelements", pa.int8()),
        ("dimension_types", pa.list_(pa.int8())),
        ("nperiodic_dimensions", pa.int8()),
        ("lattice_vectors", pa.list_(pa.list_(pa.float64()))),
        ("immutable_id", pa.string()),
        ("cartesian_site_positions", pa.list_(pa.list_(pa.float64()))),
        ("species", pa.string()),
        ("species_at_sites", pa.list_(pa.string())),
        ("last_modified", pa.string()),
        ("elements_ratios", pa.list_(pa.float64())),
        ("stress_tensor", pa.list_(pa.list_(pa.float64()))),
        ("energy", pa.float64()),
        ("magnetic_moments", pa.list_(pa.float64())),
        ("forces", pa.list_(pa.list_(pa.float64()))),
        ("total_magnetization", pa.float64()),
        ("dos_ef", pa.float64()),
        ("functional", pa.string()),
        ("cross_compatibility", pa.bool_()),
        ("entalpic_fingerprint", pa.string()),
    ]
)


def lemat_row(identifier: str, crystal: Crystal, **changes: object) -> dict[str, object]:
    """A row as LeMat-Bulk has it, without energy and fingerprint unless they are given."""
    symbols = [SYMBOLS[number - 1] for number in crystal.atomic_numbers.tolist()]
    counts = dict(sorted(Counter(symbols).items()))
    divisor = gcd(*counts.values())
    reduced = {symbol: count // divisor for symbol, count in counts.items()}
    formula = "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in reduced.items())
    amounts = sorted(reduced.values(), reverse=True)
    return {
        "elements": list(counts),
        "nsites": crystal.n_sites,
        "chemical_formula_anonymous": "".join(
            f"{'ABCDEFGHIJ'[at]}{count if count > 1 else ''}" for at, count in enumerate(amounts)
        ),
        "chemical_formula_reduced": formula,
        "chemical_formula_descriptive": " ".join(f"{symbol}{count}" for symbol, count in counts.items()),
        "nelements": len(counts),
        "dimension_types": [1, 1, 1],
        "nperiodic_dimensions": 3,
        "lattice_vectors": crystal.lattice.tolist(),
        "immutable_id": identifier,
        "cartesian_site_positions": crystal.cart_coords.tolist(),
        "species": json.dumps(
            [{"name": symbol, "chemical_symbols": [symbol], "concentration": [1]} for symbol in counts]
        ),
        "species_at_sites": symbols,
        "last_modified": "2024-11-15",
        "elements_ratios": [count / crystal.n_sites for count in counts.values()],
        "functional": "pbe",
        "cross_compatibility": True,
    } | changes


def write_lemat(rows: Iterable[dict[str, object]], path: Path) -> None:
    """One file of the dataset."""
    pq.write_table(pa.Table.from_pylist(list(rows), schema=SCHEMA), path)
