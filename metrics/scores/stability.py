"""Stability: how far above the convex hull of the reference set the structures lie, by one potential.

These scores read one *view* of the energies: one potential, structures as submitted or relaxed. They are made once
for every view, and each carries the name of its view as its variant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from metrics.score import Against, Value, score, share
from metrics.statistics.mean import mean_over_known, median_over_known

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

VIEW_COLUMNS: Mapping[str, pa.DataType] = {
    "e_above_hull": pa.float64(),
    "formation_energy_per_atom": pa.float64(),
    "n_hull_entries": pa.int64(),
    "elements_trusted": pa.bool_(),
    "converged": pa.bool_(),
    "rmsd": pa.float64(),
}
"""Facts of one view of the energies, beside the facts of the structures: energies in eV/atom, rmsd in angstrom.

``elements_trusted``: every element of the structure is one whose energy by the potential differs from that of the
hull's element by no more than the protocol allows (``max_elemental_difference``); always true on a hull of the
potential's own energies, null where no difference is known. What is not trusted may be called stable, but is no hit
that ranks.
``converged`` and ``rmsd`` belong to relaxed structures only.
"""
CALIBRATED_COLUMNS: Mapping[str, pa.DataType] = {
    "inside_calibration": pa.bool_(),
    "p_stable": pa.float64(),
    "p_stable_draws": pa.list_(pa.float64()),
    "p_metastable_or_better": pa.float64(),
    "p_metastable_or_better_draws": pa.list_(pa.float64()),
    "e_above_hull_calibrated": pa.float64(),
    "e_above_hull_low": pa.float64(),
    "e_above_hull_high": pa.float64(),
}
"""Facts of a view that a calibration by DFT labels fits: probabilities that DFT finds a structure stable, or at most
0.1 eV/atom above the hull, each also for every draw of the calibration's parameters (the same draw in the same place of
each list); the distance that DFT is expected to find and its 90% interval, eV/atom.

``inside_calibration``: the structure is like those with labels; where it is not, probabilities are the potential's
verdicts, 0 or 1. Where only the hull of its chemical system is sparser than theirs, they lie between the calibration's
and the verdicts, and the draws reach from the one to the other.
"""
RELAXED_ONLY = frozenset({"converged", "rmsd"})

TOLERANCE_EV_PER_ATOM = 1e-4
"""What counts as on the hull: energies of one structure in two choices of cell differ by less."""
METASTABLE_EV_PER_ATOM = 0.1
"""Upper end of the metastable range: about 90% of the metastable crystals that were made lie within 0.067 eV/atom of
the hull (W. Sun et al., Sci. Adv. 2, e1600225 (2016), DOI 10.1126/sciadv.1600225)."""


def is_stable(rows: pd.DataFrame) -> pd.Series[bool]:
    """On or below the hull."""
    return rows["e_above_hull"] <= TOLERANCE_EV_PER_ATOM


def is_metastable(rows: pd.DataFrame) -> pd.Series[bool]:
    """Above the hull, by at most 0.1 eV/atom; never stable at the same time."""
    above = rows["e_above_hull"] > TOLERANCE_EV_PER_ATOM
    return above & (rows["e_above_hull"] <= METASTABLE_EV_PER_ATOM + TOLERANCE_EV_PER_ATOM)


@score(label="Stable", unit="share", better="higher", missing="counts against", needs=("e_above_hull",))
def stable(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures on or below the convex hull of the reference set.

    The hull is that of the reference set alone, so a structure below it has a negative e_above_hull. A tolerance of
    1e-4 eV/atom is allowed: energies of one structure in two choices of cell differ by less.

    Formula: structures with e_above_hull <= 0 / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: S. P. Ong et al. 2008, DOI 10.1021/cm702327g.
    Missing values: counts against; a structure without an energy is not stable.
    """
    return share(is_stable(rows))


@score(label="Metastable", unit="share", better="higher", missing="counts against", needs=("e_above_hull",))
def metastable(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures above the hull by at most 0.1 eV/atom; stable ones are not among them.

    The tolerance of 1e-4 eV/atom holds at both ends.

    Formula: structures with 0 < e_above_hull <= 0.1 eV/atom / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: after LeMat-GenBench (arXiv 2512.04562); the range: W. Sun et al. 2016, DOI 10.1126/sciadv.1600225.
    Missing values: counts against; a structure without an energy is not metastable.
    """
    return share(is_metastable(rows))


@score(label="Metastable or better", unit="share", better="higher", missing="counts against", needs=("e_above_hull",))
def metastable_or_better(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures at most 0.1 eV/atom above the convex hull, stable ones included.

    Formula: structures with e_above_hull <= 0.1 eV/atom / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: the range: W. Sun et al. 2016, DOI 10.1126/sciadv.1600225.
    Missing values: counts against; a structure without an energy is no hit.
    """
    return share(is_stable(rows) | is_metastable(rows))


@score(
    label="Mean E above hull",
    unit="eV/atom",
    better="neither",
    missing="left out, shown only",
    needs=("e_above_hull",),
    version=2,
)
def e_above_hull_mean(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean distance to the convex hull of the structures that have one; negative below it.

    Formula: sum of e_above_hull / structures with one.
    Interval: bootstrap-t over the structures with one (Efron and Tibshirani 1993, DOI 10.1201/9780429246593).
    Source: S. P. Ong et al. 2008, DOI 10.1021/cm702327g.
    Missing values: left out, shown only; a model whose worst structures fail would gain.
    """
    return mean_over_known(rows["e_above_hull"])


@score(
    label="Median E above hull",
    unit="eV/atom",
    better="neither",
    missing="left out, shown only",
    needs=("e_above_hull",),
    version=2,
)
def e_above_hull_median(rows: pd.DataFrame, _against: Against) -> Value:
    """Median distance to the convex hull of the structures that have one; negative below it.

    Formula: median of e_above_hull.
    Interval: between two of the values, by the binomial distribution of the number below the median.
    Source: S. P. Ong et al. 2008, DOI 10.1021/cm702327g; interval: David and Nagaraja 2003, DOI 10.1002/0471722162.
    Missing values: left out, shown only; a model whose worst structures fail would gain.
    """
    return median_over_known(rows["e_above_hull"])


@score(
    label="Mean formation energy",
    unit="eV/atom",
    better="neither",
    missing="left out, shown only",
    needs=("formation_energy_per_atom",),
    version=2,
)
def formation_energy_mean(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean formation energy of the structures that have one, from the elements of the reference set.

    Formula: sum of (energy of the cell - sum over elements of n energy of the element) / n_sites / structures with one.
    Interval: bootstrap-t over the structures with one (Efron and Tibshirani 1993, DOI 10.1201/9780429246593).
    Source: definition of this benchmark.
    Missing values: left out, shown only; a model whose worst structures fail would gain.
    """
    return mean_over_known(rows["formation_energy_per_atom"])


@score(label="Converged", unit="share", better="higher", missing="counts against", needs=("converged",))
def converged(rows: pd.DataFrame, _against: Against) -> Value:
    """Share of structures whose relaxation ended below the force limit of the protocol.

    Formula: structures that converged / structures submitted.
    Interval: Wilson, from the number of hits and of structures.
    Source: definition of this benchmark.
    Missing values: counts against; a structure that was refused has no relaxation and did not converge.
    """
    return share(rows["converged"])


@score(
    label="Mean relaxation RMSD",
    unit="angstrom",
    better="neither",
    missing="left out, shown only",
    needs=("rmsd",),
    version=2,
)
def relaxation_rmsd_mean(rows: pd.DataFrame, _against: Against) -> Value:
    """Mean displacement of the sites in the relaxation, after the two structures were matched.

    Formula: sum of the root-mean-square displacements / structures that match their relaxed structure.
    Interval: bootstrap-t over these structures (Efron and Tibshirani 1993, DOI 10.1201/9780429246593).
    Source: pymatgen's StructureMatcher, Ong et al. 2013, DOI 10.1016/j.commatsci.2012.10.028.
    Missing values: left out, shown only; a structure that relaxes into another one would lower the mean by leaving.
    """
    return mean_over_known(rows["rmsd"])
