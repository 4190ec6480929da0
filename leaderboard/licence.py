"""Under which terms results of the board are shared."""

from __future__ import annotations

from typing import Final

DATA_LICENCE: Final = "CC-BY-4.0"
"""Of published structures, facts and scores, as an SPDX identifier; owners agree to it when they publish."""
TERMS: Final = (
    f"What is published on the board, structures, facts and scores, is shared under {DATA_LICENCE} "
    "(https://creativecommons.org/licenses/by/4.0/): name the authors of the model, this leaderboard, the protocol and "
    "the reference set. Crystals of a reference set keep the terms that its manifest names."
)
