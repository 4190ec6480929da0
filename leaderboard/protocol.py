"""The benchmark as data: what is measured with which settings, what is shown, what ranks; identified by a hash."""

from __future__ import annotations

import hashlib
import json
import tomllib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from leaderboard.score_key import CALIBRATED, ScoreKey

if TYPE_CHECKING:
    from collections.abc import Mapping

PROTOCOLS = Path(__file__).parent / "protocols"
CURRENT = "v1"
"""The version of the benchmark that is scored and ranked where nobody asks for another: named here and nowhere else."""


class ProtocolError(ValueError):
    """A protocol that does not exist or does not follow the schema."""


class TimeLimits(BaseModel):
    """Wall time in seconds for one record, one structure, one pair."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    parse: float
    measure: float
    match: float


class Protocol(BaseModel):
    """One version of the benchmark, exactly as its TOML says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    status: Literal["draft", "final"]
    title: str
    n_ranked: int
    ranking: str
    ranking_with_energies: str
    scores: tuple[str, ...]
    headline: tuple[str, ...]
    references: tuple[str, ...]
    potentials: tuple[str, ...]
    relax: bool
    max_elemental_difference: float
    relaxation: dict[str, Any]
    time_limits_s: TimeLimits
    measures: dict[str, dict[str, Any]]
    matching: dict[str, Any]
    point_defects: dict[str, Any]

    @property
    def energy_variant(self) -> str:
        """The energy view that ranks: the first potential, structures as submitted."""
        return f"{self.potentials[0]}/unrelaxed"

    @property
    def energy_rankings(self) -> tuple[ScoreKey, ScoreKey]:
        """The score that ranks where energies exist, on a set whose hull is complete: calibrated, or else raw."""
        variants = (f"{self.energy_variant}{CALIBRATED}", self.energy_variant)
        return ScoreKey(self.ranking_with_energies, variants[0]), ScoreKey(self.ranking_with_energies, variants[1])

    def in_headline(self, key: ScoreKey, *, indicative: bool) -> bool:
        """Whether a score is shown at first: one of the headline, of the energy views the one that ranks, raw or not.

        Args:
            key: of the score.
            indicative: the reference set is not complete, so that no score with energies leads.

        """
        variants = [ranking.variant for ranking in self.energy_rankings]
        is_shown = key.variant is None or (key.variant in variants and not indicative)
        return key.name in self.headline and is_shown

    @cached_property
    def hash(self) -> str:
        """Hex sha256 of what decides a number, as sorted JSON: all but the status and what the board shows at first."""
        content = self.model_dump(mode="json", exclude={"status", "headline"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, which has a hash of its own."""
        copy = super().model_copy(update=update, deep=deep)
        copy.__dict__.pop("hash", None)
        return copy


def protocol_names() -> list[str]:
    """Names of all versions of the benchmark."""
    return sorted(file.stem for file in PROTOCOLS.glob("*.toml"))


def load_protocol(name: str = CURRENT) -> Protocol:
    """Read ``protocols/<name>.toml``; default is the current version.

    Raises:
        ProtocolError: no such protocol, or its file breaks the schema.

    """
    if name not in protocol_names():
        msg = f"no protocol {name!r}; available: {', '.join(protocol_names())}"
        raise ProtocolError(msg)
    try:
        return Protocol.model_validate(tomllib.loads((PROTOCOLS / f"{name}.toml").read_text()))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        msg = f"protocol {name!r} breaks its schema: {error}"
        raise ProtocolError(msg) from error
