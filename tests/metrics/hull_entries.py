"""Entries to make hulls of: drawn ones, and the real ones of Materials Project."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import strategies as st

DATA = Path(os.environ.get("LEADERBOARD_TEST_DATA", Path(__file__).resolve().parents[2] / "../shared/data"))
ELEMENTS = ("Fe", "Li", "O", "P")
COLUMNS = ("id", "reduced_formula", "formation_energy_per_atom")


def formula(amounts: dict[str, int]) -> str:
    return "".join(f"{symbol}{amount}" for symbol, amount in amounts.items() if amount)


# steps of 1/8 eV are exact in binary and make many entries lie on a common facet
energies = st.integers(-24, 4).map(lambda eighths: eighths / 8)
compositions = st.fixed_dictionaries({symbol: st.integers(0, 3) for symbol in ELEMENTS}).filter(
    lambda amounts: any(amounts.values())
)


@st.composite
def entries(draw: st.DrawFn) -> pd.DataFrame:
    """The four elements at zero, and up to twenty compounds of them."""
    drawn = draw(st.lists(st.tuples(compositions, energies), max_size=20))
    compounds = [
        (formula(amounts), energy) for amounts, energy in drawn if sum(amount > 0 for amount in amounts.values()) > 1
    ]
    rows = [*((symbol, 0.0) for symbol in ELEMENTS), *compounds]
    return pd.DataFrame([(f"e{number:02d}", *row) for number, row in enumerate(rows)], columns=COLUMNS)


def mp_entries() -> pd.DataFrame:
    """33,758 entries of Materials Project, with praseodymium and mercury, which they lack, at zero."""
    path = DATA / "reference" / "mp_formation_energies.json.gz"
    if not path.is_file():
        pytest.skip(f"no {path}; set LEADERBOARD_TEST_DATA to the folder of test data")
    with gzip.open(path) as stream:
        content = json.load(stream)
    rows = [(name, entry["formula"], entry["e_form"]) for name, entry in content.items()]
    return pd.DataFrame([*rows, ("Pr", "Pr", 0.0), ("Hg", "Hg", 0.0)], columns=COLUMNS)
