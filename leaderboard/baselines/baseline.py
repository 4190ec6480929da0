"""What a baseline or a control is, and the registry of all of them; listing them loads none of their packages."""

from __future__ import annotations

import pkgutil
import re
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from leaderboard.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from leaderboard.baselines.known import Known
    from metrics.crystal import Crystal

Kind = Literal["baseline", "control"]
FOLDERS: Mapping[Kind, str] = {"baseline": "generators", "control": "controls"}
"""Where the files of each kind lie."""


class Made(NamedTuple):
    """One structure of a submission.

    Attributes:
        origin: what it was made from, for its id.
        crystal: the structure.

    """

    origin: str
    crystal: Crystal


Make: TypeAlias = "Callable[[Known, np.random.Generator], Iterator[Made]]"
"""Structures without end, so that a longer submission begins with a shorter one."""


_BOUND = re.compile(r"(\w+)(?: at most (\S+))?(?:(?: and)? at least (\S+))?( 0)?(?: of (\w+))?")


@dataclass(frozen=True)
class Bound:
    """What a control must do to a score.

    Attributes:
        score: its name.
        at_most: largest value allowed, in the unit of the score.
        at_least: smallest value allowed.
        of: None for a value as it stands, else the score whose value it is a share of.

    """

    score: str
    at_most: float | None = None
    at_least: float | None = None
    of: str | None = None

    def __str__(self) -> str:
        """As people read it: ``novel at most 0.01``."""
        limits = [
            f"{words} {limit:g}" for words, limit in (("at most", self.at_most), ("at least", self.at_least)) if limit
        ]
        return f"{self.score} {' and '.join(limits or ['0'])}{f' of {self.of}' if self.of else ''}"

    @classmethod
    def parse(cls, text: str) -> Bound:
        """Read what `__str__` writes.

        Raises:
            ValueError: it is something else.

        """
        match = _BOUND.fullmatch(text)
        if match is None:
            msg = f"{text!r} is no bound of a score, such as 'novel at most 0.01' or 'sun at least 0.2 of stable'"
            raise ValueError(msg)
        score, at_most, at_least, zero, of = match.groups()
        most = 0.0 if zero else float(at_most) if at_most else None
        return cls(score, most, float(at_least) if at_least else None, of)

    def holds(self, values: Mapping[str, float]) -> bool:
        """Whether scores, by name, keep it; a share of nothing is 0."""
        value = values[self.score]
        if self.of is not None:
            value = value / values[self.of] if values[self.of] else 0.0
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)


@dataclass(frozen=True)
class Baseline:
    """A submission that is made by rule.

    Attributes:
        name: on the command line, and of its file.
        label: name that people read.
        kind: a baseline to be better than, or a control that must fail.
        shows: two lines for people: what it does, and what its scores say.
        version: raised when the structures of a seed change.
        caught_by: what the scores of a control must be; of a baseline nothing.
        make: its structures.

    """

    name: str
    label: str
    kind: Kind
    shows: str
    version: int
    caught_by: tuple[Bound, ...]
    make: Make = field(repr=False)

    def generator(self, seed: int) -> np.random.Generator:
        """Random numbers of its own for each seed."""
        return np.random.default_rng([seed, *self.name.encode()])


def baseline(label: str, shows: str, *, version: int = 1) -> Callable[[Make], Baseline]:
    """Make a baseline of a function that is called as its file is."""
    return lambda make: Baseline(make.__name__, label, "baseline", shows, version, (), make)


def control(label: str, shows: str, *caught_by: Bound, version: int = 1) -> Callable[[Make], Baseline]:
    """Make a control of a function that is called as its file is."""
    return lambda make: Baseline(make.__name__, label, "control", shows, version, caught_by, make)


@cache
def registry() -> Mapping[str, Baseline]:
    """Every baseline, then every control, by name."""
    all_of_them = {}
    for folder in FOLDERS.values():
        package = import_module(f"{__package__}.{folder}")
        for name in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
            all_of_them[name] = getattr(import_module(f"{package.__name__}.{name}"), name)
    return all_of_them


def find(name: str) -> Baseline:
    """Look one up.

    Raises:
        UsageError: there is none of this name.

    """
    if name not in registry():
        msg = f"no baseline or control {name!r}; there are: {', '.join(registry())}"
        raise UsageError(msg)
    return registry()[name]
