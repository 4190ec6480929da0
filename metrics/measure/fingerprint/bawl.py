"""BAWL, the fingerprint column of LeMat-Bulk, and short-BAWL: Weisfeiler-Lehman over bonds, space group, formula.

Bit-identical to the published definition on a structure *as given*: the order of the sites and the choice of the cell
change it (edges point from the lower site index to the higher one), so it serves to meet the published column and to
compare with earlier work. `canonical-bawl` has no such dependence.
"""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

import pyarrow as pa
import spglib

from metrics.fingerprint_versions import FINGERPRINT_VERSIONS
from metrics.measure import NoSettings, UnmeasurableError, measure
from metrics.measure.fingerprint.econ import econ_bonds
from metrics.measure.fingerprint.elements import symbols_in_formula_order, unreduced_formula
from metrics.measure.fingerprint.label_rounds import notes_of_rounds
from metrics.measure.fingerprint.method import Fingerprint
from metrics.measure.fingerprint.symmetry_bound import check_symmetry_is_bounded

if TYPE_CHECKING:
    from metrics.crystal import Crystal

ITERATIONS = 100
DIGEST_BYTES = 16
SYMPREC_ANGSTROM = 0.01
ANGLE_TOLERANCE_DEGREES = 5.0
MAX_SITES = 2_000
"""The bond graph of 2,000 sites takes a second."""


def bawl(crystal: Crystal) -> Fingerprint:
    """``{graph hash}_{space group number}_{formula}``, such as ``38f73083d88aa235c8c8c9d66617f3e3_229_Sr1Sb4``.

    Where spglib finds no symmetry (sites too close together), the number is left out, the underscores stay.

    Raises:
        UnmeasurableError: no bonds can be drawn (see :func:`~metrics.measure.fingerprint.econ.econ_bonds`), more
            sites than the bound, or a search for the space group that may take long
            (:func:`~metrics.measure.fingerprint.symmetry_bound.check_symmetry_is_bounded`).

    """
    return _whole(_graph_hash(crystal), crystal)


def short_bawl(crystal: Crystal) -> Fingerprint:
    """``{graph hash}_{formula}``: BAWL without the space group, which the smallest noise changes.

    Raises:
        UnmeasurableError: as :func:`bawl`, but for the space group.

    """
    return _short(_graph_hash(crystal), crystal)


@measure(
    name="bawl",
    version=FINGERPRINT_VERSIONS["bawl"],
    columns={"bawl": pa.string(), "short_bawl": pa.string()},
)
def bawl_columns(crystal: Crystal, _: NoSettings) -> dict[str, str]:
    """Both strings, the bonds drawn once."""
    graph = _graph_hash(crystal)
    short = _short(graph, crystal).fingerprint
    try:
        return {"bawl": _whole(graph, crystal).fingerprint, "short_bawl": short}
    except UnmeasurableError as error:
        raise UnmeasurableError(error.reason, short_bawl=short) from error


def _whole(graph: str, crystal: Crystal) -> Fingerprint:
    text = f"{graph}_{_space_group(crystal)}_{unreduced_formula(crystal.counts)}"
    return Fingerprint(text, (text,))


def _short(graph: str, crystal: Crystal) -> Fingerprint:
    text = f"{graph}_{unreduced_formula(crystal.counts)}"
    return Fingerprint(text, (text,))


def _space_group(crystal: Crystal) -> str:
    check_symmetry_is_bounded(crystal, SYMPREC_ANGSTROM)
    # elements numbered by first appearance, as pymatgen hands them to spglib
    kinds: dict[int, int] = {}
    types = [kinds.setdefault(number, len(kinds) + 1) for number in crystal.atomic_numbers.tolist()]
    cell = (crystal.lattice.tolist(), crystal.frac_coords.tolist(), types)
    try:
        # without _throw, spglib 2.8 warns of its own coming change of error handling at every call
        dataset = spglib.get_symmetry_dataset(
            cell, symprec=SYMPREC_ANGSTROM, angle_tolerance=ANGLE_TOLERANCE_DEGREES, _throw=True
        )
    except spglib.SpglibError:
        return ""
    return "" if dataset is None else str(dataset.number)


def _graph_hash(crystal: Crystal) -> str:
    """Weisfeiler-Lehman hash of the bond graph, edges from the lower site index to the higher.

    100 rounds of ``label <- blake2b(label + sorted successor labels)``, starting from the element symbols; after each
    the sorted (label, count) pairs are noted; the hash is that of the text of all notes. A round that splits no class
    of equal labels is the last that could, so from there on one site stands for its class.
    """
    if crystal.n_sites > MAX_SITES:
        reason = f"{crystal.n_sites} sites; BAWL is computed up to {MAX_SITES}"
        raise UnmeasurableError(reason)
    successors: list[list[int]] = [[] for _ in range(crystal.n_sites)]
    for low, high in econ_bonds(crystal).tolist():
        successors[low].append(high)
    symbols = symbols_in_formula_order()
    labels = [symbols[number] for number in crystal.atomic_numbers.tolist()]
    notes: list[str] = []
    done, n_classes, stable = 0, len(set(labels)), False
    while done < ITERATIONS and not stable:
        labels = _relabelled(labels, successors)
        counts = Counter(labels)
        notes += [f"('{label}', {count})" for label, count in sorted(counts.items())]
        stable = len(counts) == n_classes
        done, n_classes = done + 1, len(counts)
    bonded, labels, sizes = _quotient(successors, labels)
    if done < ITERATIONS:
        notes.append(notes_of_rounds(labels, bonded, sizes, ITERATIONS - done))
    return _hash(f"({', '.join(notes)})")


def _relabelled(labels: list[str], successors: list[list[int]]) -> list[str]:
    return [
        _hash(label + "".join(sorted([labels[j] for j in bonded])))
        for label, bonded in zip(labels, successors, strict=True)
    ]


def _quotient(successors: list[list[int]], labels: list[str]) -> tuple[list[list[int]], list[str], list[int]]:
    """One site per class of equal labels: its successors as classes, its label, the size of the class."""
    representative = {label: site for site, label in enumerate(labels)}
    index = {label: position for position, label in enumerate(representative)}
    bonded = [[index[labels[j]] for j in successors[site]] for site in representative.values()]
    counts = Counter(labels)
    return bonded, list(representative), [counts[label] for label in representative]


def _hash(text: str) -> str:
    return blake2b(text.encode("ascii"), digest_size=DIGEST_BYTES).hexdigest()
