"""What a score is: a pure function of a table of nullable columns, registered with its label, unit and direction."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

import pandas as pd

from metrics.statistics.classes import classes_per_record
from metrics.statistics.uncertainty import wilson_interval
from metrics.statistics.value import Value

__all__ = [
    "PARTS",
    "POLICIES",
    "Against",
    "Better",
    "Expected",
    "Missing",
    "Score",
    "Value",
    "expected",
    "registry",
    "score",
    "share",
    "share_of_classes",
]

Better = Literal["higher", "lower", "neither"]
Missing = Literal["counts against", "counts as 0", "counts at its worst", "left out, shown only"]

POLICIES: Mapping[Missing, str] = {
    "counts against": "a structure whose fact is unknown is no hit and stays in the denominator",
    "counts as 0": "a structure whose fact is unknown adds nothing to the sum and stays in the denominator",
    "counts at its worst": "structures whose fact is unknown make a submission as little varied as they could",
    "left out, shown only": "the score is that of the structures whose fact is known, so it is shown and never ranks",
}
"""What a score does with a structure of which a fact is missing."""

PARTS = ("Formula", "Interval", "Source", "Missing values")
"""Labels that every definition has, after its meaning and in this order."""

Against = Mapping[str, Any]
"""Frozen statistics of the reference set, by name: counts, and histograms as {bin: count}."""


Compute = Callable[[pd.DataFrame, Against], Value]


@dataclass(frozen=True)
class Expected:
    """What a score is expected to be once DFT is asked, from probabilities instead of verdicts."""

    needs: tuple[str, ...]
    version: int
    compute: Compute = field(repr=False)


@dataclass(frozen=True)
class Score:
    """A registered score; ``needs`` names every column its function reads, ``missing`` what unknown records do.

    ``expected`` is the same score over a calibrated view of the energies; None where there is none.
    """

    name: str
    label: str
    unit: str
    better: Better
    missing: Missing
    needs: tuple[str, ...]
    version: int
    compute: Compute = field(repr=False)
    expected: Expected | None = None

    @property
    def versions(self) -> tuple[int, int | None]:
        """Of its definition, and of that of its expected value."""
        return self.version, self.expected.version if self.expected else None

    @property
    def in_calibrated_view(self) -> Score | None:
        """The same score over a calibrated view of the energies, where there is one."""
        if self.expected is None:
            return None
        return replace(self, needs=self.expected.needs, version=self.expected.version, compute=self.expected.compute)

    @property
    def definition(self) -> str:
        """The docstring of the function: what the app and the documentation show."""
        return inspect.getdoc(self.compute) or ""

    @property
    def meaning(self) -> str:
        """Paragraphs of the definition before its labelled parts."""
        return _LABEL.split(self.definition, maxsplit=1)[0].strip()

    @property
    def parts(self) -> dict[str, str]:
        """The labelled parts of the definition, each as one line."""
        _, *labels_and_texts = _LABEL.split(self.definition)
        return {
            label: " ".join(text.split())
            for label, text in zip(labels_and_texts[::2], labels_and_texts[1::2], strict=True)
        }

    @property
    def group(self) -> str:
        """Heading that it stands under: the ``GROUP`` of the file that defines it, else the file's name."""
        module = self.compute.__module__
        named: str | None = getattr(sys.modules[module], "GROUP", None)
        return named or module.rpartition(".")[2].replace("_", " ").capitalize()

    @property
    def counts_hits(self) -> bool:
        """Whether the value is hits / records submitted, as :func:`share` makes it."""
        return self.unit == "share" and self.missing == "counts against"


_LABEL = re.compile(rf"^({'|'.join(PARTS)}): ", re.MULTILINE)
_REGISTERED: dict[str, Score] = {}
_EXPECTED: dict[str, Expected] = {}


def score(
    *, label: str, unit: str, better: Better, missing: Missing, needs: tuple[str, ...], version: int = 1
) -> Callable[[Compute], Compute]:
    """Register ``function(rows, against) -> Value`` as a score under the function's name.

    Args:
        label: short heading of its column.
        unit: unit of the value; "share" is shown in percent.
        better: direction; "neither" is shown and never ranked.
        missing: what a record does of which a needed fact is unknown; one of ``POLICIES``.
        needs: columns of the table the function reads.
        version: raise it when a value could change.

    Raises:
        ValueError: the score leaves failures out and would rank all the same, so that failing would pay.

    """
    if missing == "left out, shown only" and better != "neither":
        msg = f"{label}: a score that leaves unknown records out must have better='neither', not {better!r}"
        raise ValueError(msg)

    def register(function: Compute) -> Compute:
        name = function.__name__
        _REGISTERED[name] = Score(name, label, unit, better, missing, needs, version, function)
        return function

    return register


def expected(name: str, *, needs: tuple[str, ...], version: int = 1) -> Callable[[Compute], Compute]:
    """Register ``function(rows, against) -> Value`` as the expected value of a score.

    Args:
        name: of the score.
        needs: columns of the table the function reads.
        version: raise it when a value could change.

    """

    def register(function: Compute) -> Compute:
        _EXPECTED[name] = Expected(needs, version, function)
        return function

    return register


@cache
def registry() -> Mapping[str, Score]:
    """Every score, by name: importing all modules of ``metrics/scores`` registers them."""
    scores = importlib.import_module("metrics.scores")
    for module in pkgutil.iter_modules(scores.__path__):
        importlib.import_module(f"{scores.__name__}.{module.name}")
    return {name: replace(_REGISTERED[name], expected=_EXPECTED.get(name)) for name in sorted(_REGISTERED)}


def share(hits: pd.Series[bool]) -> Value:
    """Share of submitted records that are hits: the only place where a rate is made.

    Unknown (null) is no hit and stays in the denominator, so a crash never pays. Interval: Wilson, 95%.

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


def share_of_classes(hits: pd.Series[bool], classes: pd.Series[str]) -> Value:
    """Share of submitted records that are hits, where of each class of copies at most one is.

    Such a share falls as the submission grows, and its records are not independent. Interval, 95%: of the mean over
    submissions of the same size, by :func:`.classes.classes_per_record`.

    Args:
        hits: nullable boolean column, one entry per submitted record.
        classes: name of each record's class; a record without one is its own class.

    """
    value = share(hits)
    if value.value is None:
        return value
    names = classes.fillna(pd.Series([f" {row}" for row in range(len(classes))], index=classes.index, dtype="string"))
    of_hits = names[names.isin(names[hits.fillna(value=False).astype(bool)])]
    classes_hit, low, high = classes_per_record(of_hits, len(hits))
    return replace(value, value=classes_hit, low=low, high=high)
