"""Energy views, potentials, hulls, scores and reference crystals in the words that people read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from metrics.energy_convention import OWN
from metrics.measure.potentials import registry as potentials
from metrics.score import registry as scores
from metrics.statistics.value import FEWEST_FOR_INTERVAL

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENSEMBLE = re.compile(r"ensemble\((.+)\)")
_STARTER_IDS: Mapping[re.Pattern[str], str] = {
    re.compile(r"known-(.+)-([A-Z][\w()]*)"): r"\2 (\1 type)",
    re.compile(r"aflow-(.+)-([A-Z][\w()]*)"): r"\2 (\1 type)",
    re.compile(r"element-([A-Z][a-z]?)-(.+)"): r"\1 (\2)",
}
"""Ids of the starter set's sources, which hold a structure type and a formula."""
_LEVELS: Mapping[str, str] = {
    "pbe_mp2020": "PBE (MP2020) hull",
    "pbe_uncorrected": "PBE (uncorrected) hull",
    "r2scan": "r2SCAN hull",
}


def potential_name(potential: str) -> str:
    """``chgnet`` as CHGNet, ``ensemble(chgnet+sevennet-0)`` as its members; an id without a name as it is."""
    if ensemble := _ENSEMBLE.fullmatch(potential):
        *first, last = (potential_name(member) for member in ensemble[1].split("+"))
        return f"ensemble of {', '.join(first)} and {last}" if first else f"ensemble of {last}"
    known = potentials().get(potential)
    return potential if known is None else known.label


def hull_name(convention: str) -> str:
    """The hull of an energy convention: ``own:chgnet`` as CHGNet hull."""
    if convention.startswith(OWN):
        return f"{potential_name(convention.removeprefix(OWN))} hull"
    return _LEVELS.get(convention, f"{convention} hull")


def view_name(variant: str) -> str:
    """An energy view by its variant: ``chgnet/unrelaxed`` as "CHGNet, as submitted"."""
    potential, *parts = variant.split("/")
    words = {"unrelaxed": "as submitted", "own": hull_name(f"{OWN}{potential}")}
    return ", ".join([potential_name(potential), *(words.get(part, part) for part in parts)])


def score_name(name: str, variant: str | None = None) -> str:
    """Label of a score, with its energy view in brackets; the name of one that is not registered as it is."""
    label = scores()[name].label if name in scores() else name
    return label if variant is None else f"{label} ({view_name(variant)})"


def no_interval(n_counted: int) -> str:
    """Why a score has a value and no interval: how many structures have the fact, or that they do not differ."""
    if n_counted >= FEWEST_FOR_INTERVAL:
        return "no interval: no spread"
    return f"no interval: {n_counted} {'structure' if n_counted == 1 else 'structures'}"


def crystal_name(identifier: str) -> str:
    """A reference crystal: ``known-yttrium-fluoride-ErF3`` as "ErF3 (yttrium fluoride type)", any other by its id."""
    for pattern, words in _STARTER_IDS.items():
        if match := pattern.fullmatch(identifier):
            return match.expand(words).replace("-", " ")
    return identifier
