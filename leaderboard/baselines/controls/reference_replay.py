"""Reference replay: crystals of the reference set as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.baselines.baseline import Bound, Made, control

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from leaderboard.baselines.known import Known


@control(
    "Reference replay",
    "Crystals of the reference set as they are.\nNovelty must be about 0: nothing known counts as new.",
    Bound("novel", at_most=0.01),
)
def reference_replay(known: Known, _: np.random.Generator) -> Iterator[Made]:
    """Each crystal once before any comes again."""
    for one in known.endlessly():
        yield Made(one.id, one.crystal)
