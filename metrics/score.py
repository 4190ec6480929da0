"""What a score is: a pure function of a table of nullable columns, registered with its label, unit and direction."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import pandas as pd

import metrics
from metrics.uncertainty import wilson_interval

Better = Literal["higher", "lower", "neither"]

Against = Mapping[str, Any]
"""Frozen statistics of the reference set, by name: counts, and histograms as {bin: count}."""


@dataclass(frozen=True)
class Value:
    """A score of one submission.

    Attributes:
        value: the score, None where it is not defined (no record at all).
        low: lower end of its 95 % interval.
        high: upper end.
        n_counted: records whose facts were known.
        n_unknown: records whose facts were not; counted + unknown = submitted.

    """

    value: float | None
    low: float | None
    high: float | None
    n_counted: int
    n_unknown: int


Compute = Callable[[pd.DataFrame, Against], Value]


@dataclass(frozen=True)
class Score:
    """A registered score; ``needs`` names every column its function reads."""

    name: str
    label: str
    unit: str
    better: Better
    needs: tuple[str, ...]
    version: int
    compute: Compute = field(repr=False)

    @property
    def definition(self) -> str:
        """The docstring of the function: what the app and the documentation show."""
        return inspect.getdoc(self.compute) or ""


_REGISTERED: dict[str, Score] = {}


def score(
    *, label: str, unit: str, better: Better, needs: tuple[str, ...], version: int = 1
) -> Callable[[Compute], Compute]:
    """Register ``function(rows, against) -> Value`` as a score under the function's name.

    Args:
        label: short heading of its column.
        unit: unit of the value; "share" is shown in percent.
        better: direction; "neither" is shown and never ranked.
        needs: columns of the table the function reads.
        version: raise it when a value could change.

    """

    def register(function: Compute) -> Compute:
        name = function.__name__
        _REGISTERED[name] = Score(name, label, unit, better, needs, version, function)
        return function

    return register


@cache
def registry() -> Mapping[str, Score]:
    """Every score, by name: importing all modules beside this one registers them."""
    for module in pkgutil.iter_modules(metrics.__path__):
        if not module.ispkg:
            importlib.import_module(f"metrics.{module.name}")
    return dict(sorted(_REGISTERED.items()))


def share(hits: pd.Series[bool]) -> Value:
    """Share of submitted records that are hits: the only place where a rate is made.

    Unknown (null) is no hit and stays in the denominator, so a crash never pays. Interval: Wilson, 95 %.

    Args:
        hits: nullable boolean column, one entry per submitted record.

    """
    n_submitted = len(hits)
    n_unknown = int(hits.isna().sum())
    if n_submitted == 0:
        return Value(None, None, None, 0, 0)
    successes = int(hits.fillna(value=False).sum())
    low, high = wilson_interval(successes, n_submitted)
    return Value(successes / n_submitted, low, high, n_submitted - n_unknown, n_unknown)
