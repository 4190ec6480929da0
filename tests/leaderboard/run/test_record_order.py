"""No score depends on the order of the records, with energies and without: the whole pipeline on real structures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from leaderboard import score_structures
from leaderboard.run.scoring import LIMITS
from metrics.crystal import Crystal
from metrics.measure.structure.convert import to_structure
from metrics.table import read_parquet
from submissions.read import parse, split
from tests.disguise import disguised

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLE = Path(__file__).parents[3] / "submissions" / "examples" / "example.zip"
N_CRYSTALS = 8


def with_duplicates() -> list[Crystal]:
    """Crystals of the example, each with a copy whose atoms are moved by 0.05 angstrom and one in other words.

    Copies match, but their energies and the bonds that decide validity are others.
    """
    generator = np.random.default_rng(12)
    readable = [record for record in split(EXAMPLE, LIMITS) if record.refusal is None and record.id.startswith("novel")]
    crystals = [parse(record, LIMITS) for record in readable[::6][:N_CRYSTALS]]
    moved = []
    for crystal in crystals:
        steps = generator.normal(scale=0.05, size=crystal.frac_coords.shape)
        frac_coords = crystal.frac_coords + steps @ np.linalg.inv(crystal.lattice)
        moved.append(Crystal(crystal.lattice, frac_coords, crystal.atomic_numbers))
    return [*crystals, *moved, *(disguised(crystal, generator) for crystal in moved)]


@pytest.mark.parametrize("potentials", [(), ("chgnet",)], ids=["structural", "with energies"])
def test_no_score_depends_on_the_order_of_the_records(
    potentials: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if potentials:
        pytest.importorskip("chgnet", reason="needs the stability tier: make stability")
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    structures = {f"s{at}": to_structure(crystal) for at, crystal in enumerate(with_duplicates())}
    names = list(structures)
    scores = []
    for seed in (None, 0, 1):
        order = names if seed is None else np.random.default_rng(seed).permutation(names).tolist()
        out = tmp_path / f"{seed}"
        result = score_structures(
            {name: structures[name] for name in order}, potentials=potentials, jobs=1, reference="starter", out=out
        )
        scores.append({(entry.name, entry.variant): entry for entry in result.scores})
    duplicates = read_parquet(tmp_path / "None" / "columns.parquet")["duplicate_of"].notna().sum()
    assert duplicates > N_CRYSTALS
    assert scores[0] == scores[1] == scores[2]
