"""A built set in words and numbers: what is in it, from where, under which terms, in which conventions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from reference_data.files.crystals import CRYSTALS_FILE
from reference_data.reference import open_reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BATCH_ROWS = 65_536


def describe(name_or_folder: str | Path) -> dict[str, Any]:
    """Facts about a set, JSON serialisable; columns of the crystals are streamed.

    Args:
        name_or_folder: the set.

    Raises:
        ReferenceSetError: it cannot be opened.

    """
    reference = open_reference(name_or_folder)
    manifest = reference.manifest
    crystals_of: Counter[str] = Counter()
    conventions: Counter[str] = Counter()
    with pq.ParquetFile(reference.folder / CRYSTALS_FILE) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=["sources", "energy_convention"]):
            crystals_of.update(name for names in batch["sources"].to_pylist() for name in set(names))
            conventions.update(name for name in batch["energy_convention"].to_pylist() if name is not None)
    return {
        "name": manifest.name,
        "title": manifest.title,
        "licence": manifest.licence,
        "indicative": manifest.indicative,
        "not_for": manifest.not_for,
        "manifest_sha256": reference.manifest_sha256,
        "n_read": manifest.n_read,
        "n_refused": manifest.n_refused,
        "n_merged": manifest.n_merged,
        "n_crystals": manifest.n_crystals,
        "energy_conventions": dict(sorted(conventions.items())),
        "elements": dict(reference.statistics["elements"]),
        "elements_by_potentials": [
            {"convention": hull.convention, **record.model_dump(mode="json")}
            for hull in manifest.hulls
            for record in hull.elements or ()
        ],
        "fingerprints": manifest.fingerprints,
        "matching": manifest.matching.settings,
        "sources": [
            source.model_dump(mode="json", exclude={"inputs"}) | {"n_crystals": crystals_of[source.name]}
            for source in manifest.sources
        ],
    }


def description_lines(facts: dict[str, Any]) -> Iterator[str]:
    """The facts of :func:`describe` as lines for a terminal."""
    yield f"{facts['name']}: {facts['title']}"
    yield f"licence      {facts['licence']}"
    yield f"ranking      {'indicative only' if facts['indicative'] else 'yes'}"
    yield f"not for      {facts['not_for']}"
    merged = f"{facts['n_refused']} refused, {facts['n_merged']} merged"
    yield f"crystals     {facts['n_crystals']} of {facts['n_read']} rows ({merged})"
    energies = ", ".join(f"{count} {name}" for name, count in facts["energy_conventions"].items())
    yield f"energies     {energies or 'none'}"
    yield f"elements     {len(facts['elements'])}"
    yield from _wrapped(f"{symbol} {count}" for symbol, count in facts["elements"].items())
    for record in facts["elements_by_potentials"]:
        largest = f"{record['largest']} {record['by_element'][record['largest']]:+.3f}"
        yield (
            f"hull         {record['convention']}: {record['n_elements']} elements by {record['potential']} are off by "
            f"{record['mean_difference']:+.3f} eV/atom in the mean, {record['mean_absolute_difference']:.3f} without "
            f"sign, most {largest}"
        )
    yield "fingerprints " + ", ".join(f"{name} {version}" for name, version in facts["fingerprints"].items())
    yield "merged by    " + ", ".join(f"{name} {value}" for name, value in facts["matching"].items())
    yield f"manifest     sha256 {facts['manifest_sha256']}"
    for source in facts["sources"]:
        yield ""
        yield f"source {source['name']}: {source['title']} ({source['licence']})"
        yield f"  {source['citation']}; doi {', '.join(source['doi'])}; {source['url']}"
        shared = f"{source['n_shared']} of them also of another source"
        yield f"  {source['n_read']} rows: {source['n_crystals']} crystals, {shared}"
        yield f"  {source['n_merged_within']} rows are the same crystal as another row of this source"
        refused = ", ".join(f"{count} {reason}" for reason, count in source["refused"].items())
        yield f"  refused: {refused or 'none'}"
        if source["energies_converted"] is not None:
            left_out = ", ".join(f"{count} {reason}" for reason, count in source["energies_left_out"].items())
            yield f"  energies: {source['energies_converted']} converted, left out: {left_out or 'none'}"
        if source["bawls_checked"] is not None:
            agreed = f"{source['bawls_agreed']} of {source['bawls_checked']}"
            yield f"  published BAWL fingerprints, computed again on a sample: {agreed} are the same"


def _wrapped(words: Iterator[str], per_line: int = 12) -> Iterator[str]:
    known = list(words)
    for start in range(0, len(known), per_line):
        yield "             " + "  ".join(f"{word:<7}" for word in known[start : start + per_line]).rstrip()
