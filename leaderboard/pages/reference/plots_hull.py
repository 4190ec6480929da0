"""Convex hulls of two and three elements drawn: a line over the composition, and a triangle seen from above."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import plotly.graph_objects as go
from scipy.spatial import ConvexHull

from leaderboard.pages.parts.markup import formula, text
from leaderboard.pages.parts.plots import BLUE, INK, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

NEW, KNOWN = "#d55e00", "#009e73"
"""Submitted structures: unique and novel, or known or a duplicate (Okabe and Ito's vermillion and bluish green)."""
# a label takes about this much of the width and of the height of a diagram
_LABEL_OF_LINE, _LABEL_OF_TRIANGLE = (0.07, 0.05), (0.17, 0.045)
BINARY, TERNARY = 2, 3
# corners of the Gibbs triangle: first element at the left, second at the right, third at the top
_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])


class Phase(NamedTuple):
    """A point of a hull diagram.

    Attributes:
        name: id, shown as plain text.
        reduced_formula: its formula.
        fractions: atomic fraction of each element of the diagram.
        formation_energy: eV/atom.
        e_above_hull: eV/atom; None where it is unknown, 0 for a vertex.

    """

    name: str
    reduced_formula: str
    fractions: tuple[float, ...]
    formation_energy: float
    e_above_hull: float | None


@dataclass(frozen=True)
class Diagram:
    """What is drawn of a chemical system.

    Attributes:
        elements: two or three symbols.
        vertices: of the hull, the elements among them.
        others: further entries of the reference set.
        new: submitted structures that are unique and novel.
        known: submitted structures that are known or duplicates.

    """

    elements: tuple[str, ...]
    vertices: Sequence[Phase]
    others: Sequence[Phase] = ()
    new: Sequence[Phase] = ()
    known: Sequence[Phase] = ()


def hull_figure(diagram: Diagram) -> go.Figure:
    """The diagram of two or three elements.

    Raises:
        ValueError: another number of elements.

    """
    if len(diagram.elements) == BINARY:
        return _binary(diagram)
    if len(diagram.elements) == TERNARY:
        return _ternary(diagram)
    msg = f"a hull of {len(diagram.elements)} elements is not drawn: expected 2 or 3"
    raise ValueError(msg)


def facets(vertices: Sequence[Phase]) -> list[tuple[int, int, int]]:
    """Triangles of the lower side of the hull of three elements, as numbers of the vertices.

    Vertices in one plane, of which many ways to cut it are right, are cut in one of them.
    """
    points = np.array([[*_position(phase.fractions), phase.formation_energy] for phase in vertices])
    # a point far above makes the hull of flat vertices solid and belongs to no facet of the lower side
    above = [*points[:, :2].mean(axis=0), points[:, 2].max() + 1.0]
    hull = ConvexHull(np.vstack([points, above]), qhull_options="Qt")
    lower = hull.simplices[(hull.equations[:, 2] < -_UPRIGHT) & (hull.simplices != len(points)).all(axis=1)]
    return [(a, b, c) for a, b, c in np.sort(lower, axis=1).tolist()]


_UPRIGHT = 1e-9  # the sides of the triangle stand upright and are not part of the lower side


def _binary(diagram: Diagram) -> go.Figure:
    second = diagram.elements[1]
    figure = go.Figure()
    _points(figure, diagram.others, "above the hull", INK, "circle", size=5, opacity=0.55)
    line = sorted(diagram.vertices, key=lambda phase: phase.fractions[1])
    figure.add_scatter(
        x=[phase.fractions[1] for phase in line],
        y=[phase.formation_energy for phase in line],
        mode="lines+markers+text",
        text=_labels(
            _LABEL_OF_LINE, line, [phase.fractions[1] for phase in line], [phase.formation_energy for phase in line]
        ),
        textposition="bottom center",
        line={"color": BLUE, "width": 1.5},
        marker={"color": BLUE, "size": 8},
        name="hull",
        customdata=[_hover(phase) for phase in line],
        hovertemplate="%{customdata}<extra></extra>",
        cliponaxis=False,
    )
    _submitted(figure, diagram)
    drawn = styled(figure, "-".join(diagram.elements), f"atomic fraction of {second}", "formation energy (eV/atom)")
    drawn.update_xaxes(range=[-0.03, 1.03], zeroline=False)
    return _with_legend(drawn, 460)


def _ternary(diagram: Diagram) -> go.Figure:
    figure = go.Figure()
    for name, corner, where in zip(diagram.elements, _CORNERS, ((-1, 0), (1, 0), (0, 1)), strict=True):
        figure.add_annotation(
            x=corner[0],
            y=corner[1],
            text=f"<b>{escape(name)}</b>",
            xshift=18 * where[0],
            yshift=16 * where[1],
            showarrow=False,
            font_size=13,
        )
    xs, ys = _edges(diagram.vertices)
    figure.add_scatter(x=xs, y=ys, mode="lines", line={"color": INK, "width": 1}, hoverinfo="skip", showlegend=False)
    _points(figure, diagram.others, "above the hull", INK, "circle", size=5, opacity=0.55)
    inner = [phase for phase in diagram.vertices if max(phase.fractions) < 1]
    elements = [phase for phase in diagram.vertices if max(phase.fractions) == 1]
    _points(figure, elements, "elements", INK, "circle", size=7, opacity=1.0, in_legend=False)
    positions = [_position(phase.fractions) for phase in inner]
    figure.add_scatter(
        x=[x for x, _ in positions],
        y=[y for _, y in positions],
        mode="markers+text",
        text=_labels(_LABEL_OF_TRIANGLE, inner, *zip(*[*positions, (0.0, 0.0), (1.0, 1.0)], strict=True)),
        textposition="top center",
        marker={
            "color": [phase.formation_energy for phase in inner],
            "colorscale": "Cividis",
            "size": 10,
            "line": {"color": INK, "width": 1},
            "colorbar": {
                "title": {"text": "formation energy (eV/atom)", "side": "top", "font": {"size": 12}},
                "orientation": "h",
                "thickness": 8,
                "len": 0.7,
                "y": -0.02,
                "yanchor": "top",
                "outlinewidth": 0,
            },
        },
        name="hull",
        customdata=[_hover(phase) for phase in inner],
        hovertemplate="%{customdata}<extra></extra>",
        cliponaxis=False,
    )
    _submitted(figure, diagram)
    drawn = styled(figure, "-".join(diagram.elements), "", "")
    drawn.update_xaxes(visible=False, range=[-0.12, 1.12])
    drawn.update_yaxes(visible=False, range=[-0.06, 0.98], scaleanchor="x")
    return _with_legend(drawn, 560)


def _edges(vertices: Sequence[Phase]) -> tuple[list[float | None], list[float | None]]:
    """Lines of all facets, each once, broken by None."""
    pairs = {pair for facet in facets(vertices) for pair in combinations(facet, 2)}
    xs: list[float | None] = []
    ys: list[float | None] = []
    for pair in sorted(pairs):
        (x0, y0), (x1, y1) = (_position(vertices[number].fractions) for number in pair)
        xs += [x0, x1, None]
        ys += [y0, y1, None]
    return xs, ys


def _labels(size: tuple[float, float], phases: Sequence[Phase], xs: Sequence[float], ys: Sequence[float]) -> list[str]:
    """Formulas to write beside the phases, deepest first; empty where one would cover another that is written.

    Args:
        size: width and height of a label, as parts of those of the diagram.
        phases: what is labelled.
        xs: where they lie; more than there are phases widen the diagram.
        ys: likewise.

    """
    written: list[tuple[float, float]] = []
    labels = [""] * len(phases)
    width, height = (part * ((max(values) - min(values)) or 1.0) for part, values in zip(size, (xs, ys), strict=True))
    for number in sorted(range(len(phases)), key=lambda number: phases[number].formation_energy):
        x, y = xs[number], ys[number]
        if all(abs(x - other_x) > width or abs(y - other_y) > height for other_x, other_y in written):
            written.append((x, y))
            labels[number] = formula(phases[number].reduced_formula)
    return labels


def _position(fractions: tuple[float, ...]) -> tuple[float, float]:
    """Where a composition of three elements lies in the triangle."""
    x, y = np.array(fractions) @ _CORNERS
    return float(x), float(y)


def _submitted(figure: go.Figure, diagram: Diagram) -> None:
    _points(figure, diagram.known, "submitted: known or duplicate", KNOWN, "circle-open", size=8, opacity=0.9)
    _points(figure, diagram.new, "submitted: unique and novel", NEW, "diamond", size=8, opacity=0.9)


def _points(  # noqa: PLR0913 - what a mark looks like, named at the call
    figure: go.Figure,
    phases: Sequence[Phase],
    name: str,
    colour: str,
    symbol: str,
    *,
    size: int,
    opacity: float,
    in_legend: bool = True,
) -> None:
    if not phases:
        return
    binary = len(phases[0].fractions) == BINARY
    positions = [
        (phase.fractions[1], phase.formation_energy) if binary else _position(phase.fractions) for phase in phases
    ]
    figure.add_scatter(
        x=[x for x, _ in positions],
        y=[y for _, y in positions],
        mode="markers",
        marker={"color": colour, "symbol": symbol, "size": size, "opacity": opacity, "line": {"width": 1.5}},
        name=name,
        showlegend=in_legend,
        customdata=[_hover(phase) for phase in phases],
        hovertemplate="%{customdata}<extra></extra>",
        cliponaxis=False,
    )


def _hover(phase: Phase) -> str:
    """Plotly reads markup here too: what a structure is called is shown as written."""
    lines = [
        f"<b>{formula(phase.reduced_formula)}</b>",
        text(phase.name),
        f"formation energy {phase.formation_energy:z.3f} eV/atom",
    ]
    if phase.e_above_hull is not None:
        lines.append(f"E above hull {phase.e_above_hull:z.3f} eV/atom" if phase.e_above_hull else "on the hull")
    return "<br>".join(lines)


def _with_legend(figure: go.Figure, height: int) -> go.Figure:
    return figure.update_layout(
        height=height, showlegend=True, legend={"orientation": "h", "y": -0.14, "yanchor": "top", "x": 0}
    )
