"""Which score of a run is meant; on its own, so that naming one loads nothing."""

from __future__ import annotations

from typing import NamedTuple

CALIBRATED = "/calibrated"
"""After the variant of an energy view: its scores are expected values."""


class ScoreKey(NamedTuple):
    """Name of a score, and the energy view that it was made with; None for one that needs no energies."""

    name: str
    variant: str | None = None

    @property
    def column(self) -> str:
        """Its column in a wide table: ``<name>`` or ``<name>@<variant>``."""
        return self.name if self.variant is None else f"{self.name}@{self.variant}"

    @property
    def is_calibrated(self) -> bool:
        """Whether it is an expected value, by a calibration by DFT labels."""
        return self.variant is not None and self.variant.endswith(CALIBRATED)

    @property
    def raw(self) -> ScoreKey:
        """The same score by the verdicts of the potential."""
        return self if self.variant is None else self._replace(variant=self.variant.removesuffix(CALIBRATED))
