"""Facts about one structure; each module declares the columns it fills.

A measurement is a function ``(crystal, settings) -> {column: value}`` registered with :func:`measure`.
It never sees another structure, a reference set or a submission, so its result can be cached by content.

May import the nouns of ``metrics`` and no score; inside, ``running``, ``potentials`` <- ``fingerprint`` <-
``structure``, ``chemistry`` <- ``matching``, ``energy``.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

    from metrics.crystal import Crystal

Compute = TypeVar("Compute", bound="Callable[[Any, Any], Mapping[str, object]]")


class UnmeasurableError(Exception):
    """A fact that cannot be decided for this crystal, with the reason a user reads.

    Args:
        reason: what was tried, the value, the bound.
        known: columns that are known all the same.

    """

    def __init__(self, reason: str, **known: object) -> None:
        """Keep the reason and what is known."""
        super().__init__(reason)
        self.reason = reason
        self.known = known


@dataclass(frozen=True)
class Measure:
    """A registered measurement: name, version (raise it when a value could change), columns and settings type."""

    name: str
    version: int
    columns: Mapping[str, pa.DataType]
    settings: type[Any]
    compute: Callable[[Crystal, Any], Mapping[str, object]] = field(repr=False)

    def cache_key(self, settings: object) -> str:
        """Everything but the structure that decides the result: name, version, hash of the settings."""
        return f"{self.name}:{self.version}:{settings_hash(settings)}"


@dataclass(frozen=True)
class NoSettings:
    """For a measurement without a choice to make."""


def settings_hash(settings: Any) -> str:  # noqa: ANN401 - any frozen dataclass
    """First 12 hex digits of the sha256 of a settings dataclass written as sorted JSON."""
    return hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode()).hexdigest()[:12]


_REGISTERED: dict[str, Measure] = {}
_ROOMS = ("fingerprint", "structure", "chemistry")
"""Those that measure: the others load what a measurement does not need, and may need what is not installed."""


def measure(
    *, name: str, version: int, columns: Mapping[str, pa.DataType], settings: type[Any] = NoSettings
) -> Callable[[Compute], Compute]:
    """Register a measurement; its columns must be declared by no other one."""

    def register(function: Compute) -> Compute:
        _REGISTERED[name] = Measure(name, version, columns, settings, function)
        return function

    return register


@cache
def registry() -> Mapping[str, Measure]:
    """Every measurement, by name: importing the modules of the rooms that measure registers them.

    Raises:
        ValueError: two measurements fill the same column.

    """
    for room in _ROOMS:
        package = importlib.import_module(f"{__name__}.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    filled: dict[str, str] = {}
    for name, registered in sorted(_REGISTERED.items()):
        for column in registered.columns:
            if column in filled:
                msg = f"column {column} is filled by {filled[column]} and by {name}"
                raise ValueError(msg)
            filled[column] = name
    return dict(sorted(_REGISTERED.items()))
