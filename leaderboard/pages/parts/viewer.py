"""A crystal in three dimensions, drawn by the browser from what this server sends: nothing is fetched elsewhere."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import quote

import gradio as gr
import numpy as np
from ase.data import chemical_symbols, covalent_radii
from ase.data.colors import jmol_colors
from scipy.spatial import KDTree

from leaderboard.crystal_cif import block_name, cif_text, reduced_formula
from leaderboard.pages.parts.markup import formula, text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.crystal import Crystal

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

STATIC = Path(__file__).parents[1] / "static"
LIBRARY = STATIC / "3Dmol-min.js"
LIBRARY_ADDRESS = f"gradio_api/file={LIBRARY}"

# An atom this close to a face of the cell is drawn at the opposite face too.
FACE_DISTANCE_ANGSTROM = 0.25
# Atoms are joined below this multiple of the sum of their covalent radii (Cordero et al. 2008,
# DOI 10.1039/b801115j, as tabulated by ASE) if one of them has no neighbour that is much nearer: large cations
# beyond an anion are not joined to each other. It guides the eye; no score uses it.
BOND_FACTOR = 1.15
NEAREST_FACTOR = 1.12


class Scene(TypedDict):
    """What the browser draws; coordinates in angstrom. ``cif`` is the crystal as a file to download."""

    title: str
    formula: str
    cif: str
    elements: list[str]
    colours: list[str]
    radii: list[float]
    kinds: list[int]
    positions: list[list[float]]
    bonds: list[list[int]]
    edges: list[list[list[float]]]
    axes: list[list[float]]


def scene(crystal: Crystal, title: str) -> Scene:
    """One cell of the crystal, with the images of atoms on its faces, edges and corners.

    Args:
        crystal: what is drawn, in the cell as given.
        title: shown above the drawing, as plain text.

    """
    sites, frac = _with_images(crystal)
    cart = frac @ crystal.lattice
    kinds, kind_of = np.unique(crystal.atomic_numbers[sites], return_inverse=True)
    return Scene(
        title=title,
        formula=reduced_formula(crystal),
        cif=cif_text(crystal, title),
        elements=[chemical_symbols[number] for number in kinds],
        colours=["#{:02x}{:02x}{:02x}".format(*np.rint(255 * jmol_colors[number]).astype(int)) for number in kinds],
        radii=[round(float(covalent_radii[number]), 3) for number in kinds],
        kinds=kind_of.tolist(),
        positions=np.round(cart, 4).tolist(),
        bonds=_bonds(crystal, sites, cart),
        edges=np.round(_edges() @ crystal.lattice, 4).tolist(),
        axes=np.round(crystal.lattice, 4).tolist(),
    )


def legend_html(drawn: Scene | None) -> str:
    """Title, the colour of each element, and the crystal as a CIF to download, which needs no drawing."""
    if drawn is None:
        return ""
    spots = "".join(
        f'<span class="element"><i style="background:{colour}"></i>{text(element)}</span>'
        for element, colour in zip(drawn["elements"], drawn["colours"], strict=True)
    )
    link = (
        f'<a class="cif" download="{text(block_name(drawn["title"]))}.cif" '
        f'href="data:chemical/x-cif;charset=utf-8,{quote(drawn["cif"])}">CIF'
        f'<span class="unseen-text"> of {formula(drawn["formula"])}</span></a>'
    )
    return f'<div class="drawn"><span class="title">{text(drawn["title"])}</span>{spots}{link}</div>'


def viewer(elem_id: str) -> gr.HTML:
    """A component whose value is a :class:`Scene`, or None for an empty one; redrawn whenever the value changes."""
    return gr.HTML(
        value=None,
        html_template='<div class="canvas" role="img" aria-label="3D drawing of a crystal"></div>',
        # the address stands in the script: a prop of its own would be lost where the value changes before it is mounted
        js_on_load=f"const libraryAddress = {json.dumps(LIBRARY_ADDRESS)};\n" + (STATIC / "viewer.js").read_text(),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes="viewer",
    )


def _with_images(crystal: Crystal) -> tuple[Integers, Floats]:
    """Site (m,) and fractional coordinates (m, 3) of the atoms in the cell and of their images on its faces."""
    heights = 1.0 / np.linalg.norm(np.linalg.inv(crystal.lattice), axis=0)
    near = FACE_DISTANCE_ANGSTROM / heights
    wrapped = crystal.frac_coords % 1.0
    # an atom just below 1 is drawn at 0 first, so that both faces get it
    wrapped = np.where(wrapped > 1.0 - near, wrapped - 1.0, wrapped)
    sites, coords = [], []
    for site, position in enumerate(wrapped):
        for shift in itertools.product(*((0, 1) if on_face else (0,) for on_face in position < near)):
            sites.append(site)
            coords.append(position + shift)
    return np.array(sites, dtype=np.int64), np.array(coords, dtype=np.float64).reshape(-1, 3)


def _bonds(crystal: Crystal, sites: Integers, cart: Floats) -> list[list[int]]:
    """Pairs of drawn atoms to join, as their numbers in the drawing."""
    radii = covalent_radii[crystal.atomic_numbers]
    images = np.array(list(itertools.product((0, -1, 1), repeat=3))) @ crystal.lattice
    around = (crystal.cart_coords[None] + images[:, None]).reshape(-1, 3)
    nearest = KDTree(around).query(crystal.cart_coords, k=2)[0][:, 1]
    pairs = KDTree(cart).query_pairs(2 * BOND_FACTOR * float(radii.max()), output_type="ndarray")
    first, second = sites[pairs].T
    distance = np.linalg.norm(cart[pairs[:, 0]] - cart[pairs[:, 1]], axis=1)
    touching = distance < BOND_FACTOR * (radii[first] + radii[second])
    near = distance < NEAREST_FACTOR * np.maximum(nearest[first], nearest[second])
    joined: list[list[int]] = pairs[touching & near].tolist()
    return joined


def _edges() -> Floats:
    """(12, 2, 3) ends of the edges of the unit cube: corners that differ in one coordinate."""
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
    pairs = [(a, b) for a, b in itertools.combinations(corners, 2) if np.abs(a - b).sum() == 1]
    return np.array(pairs)
