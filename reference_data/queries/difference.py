"""What two built sets do not have in common: crystals of one that the other lacks, versions, sources, counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_data.reference import open_reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from metrics.measure.running.engine import Engine
    from reference_data.files.crystals import ReferenceCrystal
    from reference_data.reference import Reference

BLOCK_ROWS = 4_096
TIME_LIMIT_S = 300.0  # of a block of pairs


@dataclass(frozen=True)
class SetDifference:
    """Two sets, A and B, beside each other.

    Attributes:
        only_in_a: ids of the crystals of A that B lacks.
        only_in_b: ids of the crystals of B that A lacks.
        undecided: pairs of ids that could not be compared, with the reason; neither counts as lacking.
        changed: name of each field of the manifests that differs, with the value of A and of B.

    """

    only_in_a: tuple[str, ...]
    only_in_b: tuple[str, ...]
    undecided: tuple[str, ...]
    changed: dict[str, tuple[Any, Any]]


def difference(a: str | Path, b: str | Path, engine: Engine | None = None) -> SetDifference:
    """Compare two sets crystal by crystal; a few thousand crystals at a time are in memory.

    Args:
        a: one set.
        b: the other.
        engine: where crystals of one formula are compared by the verdict, with the settings that merged A; None: two
            crystals with a fingerprint key in common count as one, which costs no comparison.

    Raises:
        ReferenceSetError: a set cannot be opened.

    """
    one, other = open_reference(a), open_reference(b)
    undecided: list[str] = []
    only_in_a: list[str] = []
    known_in_b = np.zeros(other.n_crystals, dtype=bool)
    for block in _blocks(one):
        if engine is None:
            pairs = _by_key(block, other)
        else:
            pairs = _by_verdict(block, other, one.manifest.matching.settings, engine, undecided)
        known = set()
        for row_of_a, row_of_b in pairs:
            known.add(row_of_a)
            known_in_b[row_of_b] = True
        only_in_a += [crystal.id for crystal in block if crystal.row not in known]
    only_in_b = [crystal.id for block in _blocks(other) for crystal in block if not known_in_b[crystal.row]]
    return SetDifference(tuple(only_in_a), tuple(only_in_b), tuple(undecided), _changed(one, other))


def _blocks(reference: Reference) -> Iterator[list[ReferenceCrystal]]:
    for start in range(0, reference.n_crystals, BLOCK_ROWS):
        yield reference.crystals(range(start, min(start + BLOCK_ROWS, reference.n_crystals)))


def _by_key(block: Sequence[ReferenceCrystal], other: Reference) -> Iterator[tuple[int, int]]:
    """Rows of the block with the rows of the other set that have a key in common."""
    known = other.rows_with_keys(key for crystal in block for key in crystal.keys)
    for crystal in block:
        yield from ((crystal.row, row) for key in crystal.keys for row in known.get(key, ()))


def _by_verdict(
    block: Sequence[ReferenceCrystal],
    other: Reference,
    settings: Mapping[str, Any],
    engine: Engine,
    undecided: list[str],
) -> Iterator[tuple[int, int]]:
    """Rows of the block with the rows of the other set that are, or may be, the same crystal."""
    from metrics.measure.matching.pairs import ask, pairs_of_one_formula  # noqa: PLC0415 - as above
    from metrics.measure.matching.verdict import MatchSettings, compare  # noqa: PLC0415 - loads pymatgen

    theirs = other.rows_of_formulas({crystal.reduced_formula for crystal in block})
    both = [*block, *theirs]
    candidates = [crystal.candidate() for crystal in both]
    pairs = pairs_of_one_formula(candidates[: len(block)], candidates[len(block) :])
    across = (pair for pair in pairs if pair[1] >= len(block))
    question = partial(compare, settings=MatchSettings(**settings))
    for (first, second), answer in ask(question, candidates, across, engine=engine, time_limit_s=TIME_LIMIT_S):
        if isinstance(answer, str):
            undecided.append(f"{both[first].id} and {both[second].id}: {answer}")
        if isinstance(answer, str) or answer.same:
            yield both[first].row, both[second].row


def _changed(one: Reference, other: Reference) -> dict[str, tuple[Any, Any]]:
    a, b = (reference.manifest.model_dump(mode="json", exclude={"files"}) for reference in (one, other))
    for manifest in (a, b):
        manifest["sources"] = {source["name"]: source for source in manifest["sources"]}
    return {name: pair for name, pair in _fields(a, b) if pair[0] != pair[1]}


def _fields(a: object, b: object, name: str = "") -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Every leaf of two nested documents, under its dotted name; None where one of them has no such field."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            yield from _fields(a.get(key), b.get(key), f"{name}.{key}" if name else key)
    else:
        yield name, (a, b)
