"""Our scores of published outputs: runs that ship with this code, without the structures, which their sources have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.baselines.bundled import publish_as_ours
from leaderboard.baselines.packed import pack
from leaderboard.processes import start_engine
from leaderboard.protocol import load_protocol
from leaderboard.run.scoring import Resources, Setting, score_file
from leaderboard.store.local import Store
from metrics.measure.running.progress import ToTerminal
from submissions.card import load_card

if TYPE_CHECKING:
    from leaderboard.published.fetch import Fetched

FOLDER = Path(__file__).parent / "shipped"
"""The runs, as a store keeps them."""
REFERENCE = "starter"


def shipped(folder: Path = FOLDER) -> list[Path]:
    """Folders of the runs."""
    return sorted(folder.glob("*/*"))


def publish_shipped(store: Store, folder: Path = FOLDER) -> int:
    """Bring the runs into a store, one that is there already stays as it is; how many are there."""
    paths = shipped(folder)
    for path in paths:
        publish_as_ours(store, path)
    return len(paths)


def ship(fetched: Fetched, folder: Path = FOLDER) -> Path:
    """Score what was fetched, and put the run without structures among those that ship."""
    card = load_card(fetched.card)
    setting = Setting.of(load_protocol(), REFERENCE, training_sets=card.training_sets)
    with start_engine() as engine:
        run = score_file(fetched.submission, card, setting, Resources(engine, Store(), ToTerminal()))
    place = folder / run.path.parent.name / run.path.name
    pack(run, place, with_cells=False)
    return place
