"""The crystals that a question finds in a set, page by page, and one of them in full."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import atomic_masses
from ase.units import mol

from leaderboard.board.names import hull_name
from leaderboard.pages.parts.lookup import catalogue
from leaderboard.pages.parts.markup import UNKNOWN, breakable, facts, formula, text
from leaderboard.pages.parts.paging import pager
from leaderboard.pages.parts.viewer import Scene, scene
from metrics.chemical_histogram import crystal_system
from metrics.crystal import Crystal
from reference_data.queries.query import QueryError, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from reference_data.reference import Reference

PAGE_SIZE = 25
SHOWN_IDS = 12
_LISTED = ("id", "reduced_formula", "space_group", "n_sites", "sources", "e_above_hull")
_CM3_PER_ANGSTROM3 = 1e-24


def matching_rows(reference: Reference, query: str) -> NDArray[np.int64]:
    """Rows that the text of a question finds; none where it cannot be read."""
    try:
        return catalogue(reference).rows(parse(query))
    except QueryError:
        return np.empty(0, dtype=np.int64)


def list_html(reference: Reference, query: str, page: int, chosen: int | None) -> str:
    """One page (from 1) of what a question finds; the row ``chosen`` is marked."""
    try:
        rows = catalogue(reference).rows(parse(query))
    except QueryError as error:
        return f'<p class="dim">{text(error)}.</p>'
    if not len(rows):
        return f'<p class="dim">The set has no crystal of {text(query.strip())}.</p>'
    shown = rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    table = reference.rows(shown.tolist(), _LISTED).to_pylist()
    with_energies = any(row["e_above_hull"] is not None for row in table)
    heads = [("Id", ""), ("Formula", ""), ("Space group", "right"), ("Sites", "right"), ("Sources", "")]
    heads += [("E above hull (eV/atom)", "right")] if with_energies else []
    head = "".join(f'<th scope="col" class="{css}">{name}</th>' for name, css in heads)
    body = "".join(
        _row(number, row, marked=number == chosen, with_energies=with_energies)
        for number, row in zip(shown.tolist(), table, strict=True)
    )
    listed = f'<table class="structures crystals"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="scroll">{listed}</div>{pager(len(rows), page, PAGE_SIZE)}'


def crystal_of(reference: Reference, row: int | None) -> tuple[str, Scene | None]:
    """Words and drawing of the crystal in this row; of none where there is none."""
    if row is None or not 0 <= row < reference.n_crystals:
        return '<p class="dim">Choose a crystal in the table.</p>', None
    facts_of_row = reference.rows([row]).to_pylist()[0]
    crystal = Crystal.from_arrays(facts_of_row["lattice"], facts_of_row["frac_coords"], facts_of_row["atomic_numbers"])
    return _words(facts_of_row, crystal), scene(crystal, f"{facts_of_row['id']}, {reference.name}")


def _row(number: int, row: Mapping[str, Any], *, marked: bool, with_energies: bool) -> str:
    name, shown = text(row["id"]), breakable(row["id"])
    css = ' class="chosen" aria-selected="true"' if marked else ""
    group = UNKNOWN if row["space_group"] is None else str(row["space_group"])
    energy = UNKNOWN if row["e_above_hull"] is None else f"{row['e_above_hull']:z.3f}"
    last = f'<td class="right">{energy}</td>' if with_energies else ""
    return (
        f'<tr{css}><td class="id"><button type="button" data-id="{number}" title="{name}">{shown}</button></td>'
        f'<td>{formula(row["reduced_formula"])}</td><td class="right">{group}</td>'
        f'<td class="right">{row["n_sites"]}</td><td>{text(", ".join(dict.fromkeys(row["sources"])))}</td>{last}</tr>'
    )


def _words(row: Mapping[str, Any], crystal: Crystal) -> str:
    lengths = np.linalg.norm(crystal.lattice, axis=1)
    volume = abs(float(np.linalg.det(crystal.lattice)))
    density = float(atomic_masses[crystal.atomic_numbers].sum()) / (mol * volume * _CM3_PER_ANGSTROM3)
    pairs = {
        "Space group": _space_group(row["space_group"]),
        "Chemical system": text(row["chemical_system"]),
        "Prototype": UNKNOWN if row["prototype"] is None else text(row["prototype"]),
        "Sites": str(row["n_sites"]),
        "Cell": f"{', '.join(f'{length:.3f}' for length in lengths)} \u00c5; "
        f"{', '.join(f'{angle:.1f}' for angle in _angles(crystal))}\u00b0",
        "Volume": f"{volume / crystal.n_sites:.2f} \u00c5<sup>3</sup>/atom",
        "Density": f"{density:.2f} g/cm<sup>3</sup>",
        **_energies(row),
        "canonical-bawl": f"<code>{text(row['keys'][0])}</code>" if row["keys"] else UNKNOWN,
        "BAWL": f"<code>{text(row['bawl'])}</code>" if row["bawl"] else UNKNOWN,
    }
    title = f'{text(row["id"])} <span class="dim">{formula(row["reduced_formula"])}</span>'
    return f'<h3 class="structure">{title}</h3>{facts(pairs)}{_sources(row)}'


def _energies(row: Mapping[str, Any]) -> dict[str, str]:
    names = {
        "E above hull": "e_above_hull",
        "Formation energy": "formation_energy_per_atom",
        "Energy": "energy_per_atom",
    }
    known = {label: f"{row[name]:z.3f} eV/atom" for label, name in names.items() if row[name] is not None}
    if not known:
        return {"Energy": "not in this set"}
    return {**known, "Hull": text(hull_name(row["energy_convention"]))}


def _sources(row: Mapping[str, Any]) -> str:
    """All ids of the crystal by source; those beyond the first few are folded."""
    pairs = [
        f"<li>{text(source)}: {text(source_id)}</li>"
        for source, source_id in zip(row["sources"], row["source_ids"], strict=True)
    ]
    shown, folded = pairs[:SHOWN_IDS], pairs[SHOWN_IDS:]
    more = f"<details><summary>{len(folded)} more</summary><ul class=reasons>{''.join(folded)}</ul></details>"
    counted = f"{len(pairs)} source row{'' if len(pairs) == 1 else 's'} of this crystal"
    listed = f'<ul class="reasons">{"".join(shown)}</ul>{more if folded else ""}'
    return f'<p class="dim">{counted}:</p>{listed}'


def _angles(crystal: Crystal) -> list[float]:
    a, b, c = crystal.lattice / np.linalg.norm(crystal.lattice, axis=1, keepdims=True)
    return [float(np.degrees(np.arccos(np.clip(u @ v, -1, 1)))) for u, v in ((b, c), (a, c), (a, b))]


def _space_group(number: int | None) -> str:
    if number is None:
        return UNKNOWN
    return f'{text(_symbol(number))} ({number}) <span class="dim">{crystal_system(number)}</span>'


@cache
def _symbol(number: int) -> str:
    """Hermann-Mauguin symbol of a space group."""
    from ase.spacegroup import Spacegroup  # noqa: PLC0415 - 200 modules that only a chosen crystal needs

    return str(Spacegroup(number).symbol).replace(" ", "")
