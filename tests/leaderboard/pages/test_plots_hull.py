"""Hull diagrams: facets are the lower side of the hull, points lie where their composition says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.pages.reference.plots_hull import Diagram, Phase, facets, hull_figure

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])
HOSTILE = "<b onclick=x>"


def phase(
    formula: str, fractions: tuple[float, ...], energy: float, above: float | None = 0.0, name: str = "id"
) -> Phase:
    return Phase(name, formula, fractions, energy, above)


def elements() -> list[Phase]:
    return [phase(symbol, tuple(np.eye(3)[place]), 0.0) for place, symbol in enumerate(("Ca", "O", "Ti"))]


COMPOSITIONS = st.tuples(*[st.integers(0, 6)] * 3).filter(lambda amounts: sum(part > 0 for part in amounts) > 1)
PHASES = st.lists(
    st.tuples(COMPOSITIONS, st.floats(-4, -0.01)),
    max_size=12,
    unique_by=lambda drawn: tuple(round(part / sum(drawn[0]), 9) for part in drawn[0]),
)


@settings(max_examples=50)
@given(PHASES)
def test_facets_cover_the_triangle_below_all_phases(drawn: list[tuple[tuple[int, ...], float]]) -> None:
    phases = elements() + [
        phase("X", tuple(part / sum(amounts) for part in amounts), energy) for amounts, energy in drawn
    ]
    fractions = np.array([phase.fractions for phase in phases])
    energies = np.array([phase.formation_energy for phase in phases])
    area = 0.0
    for facet in facets(phases):
        corners = fractions[list(facet)]
        # the plane through the corners: no phase lies below it
        plane = np.linalg.solve(corners, energies[list(facet)])
        assert (energies - fractions @ plane).min() > -1e-8
        first, second, third = corners @ CORNERS
        area += abs(np.cross(np.append(second - first, 0), np.append(third - first, 0))[2]) / 2
    # together they are the whole triangle, once: its area is sqrt(3) / 4
    assert area == pytest.approx(np.sqrt(3) / 4)


def test_a_line_joins_the_vertices_in_the_order_of_their_composition() -> None:
    vertices = [phase("TiO2", (2 / 3, 1 / 3), -3.5), phase("Ti", (0, 1), 0.0), phase("O2", (1, 0), 0.0)]
    others = [phase("TiO2", (2 / 3, 1 / 3), -3.4, 0.1, "above")]
    new = [phase("TiO", (0.5, 0.5), -2.0, 0.6, HOSTILE)]
    figure = hull_figure(Diagram(("O", "Ti"), vertices, others, new))
    traces = {trace.name: trace for trace in figure.data}
    assert list(traces) == ["above the hull", "hull", "submitted: unique and novel"]
    assert tuple(traces["hull"].x) == (0, 1 / 3, 1)
    assert tuple(traces["hull"].y) == (0, -3.5, 0)
    assert traces["hull"].text[1] == "TiO<sub>2</sub>"
    assert tuple(traces["submitted: unique and novel"].x) == (0.5,)
    assert HOSTILE not in figure.to_json()
    assert "E above hull 0.600 eV/atom" in traces["submitted: unique and novel"].customdata[0]


def test_a_triangle_places_phases_by_composition_and_colours_them_by_energy() -> None:
    vertices = [*elements(), phase("CaTiO3", (0.2, 0.6, 0.2), -3.6)]
    known = [phase("CaTiO3", (0.2, 0.6, 0.2), -3.5, 0.1)]
    figure = hull_figure(Diagram(("Ca", "O", "Ti"), vertices, (), (), known))
    traces = {trace.name: trace for trace in figure.data if trace.name}
    # corners at (0, 0), (1, 0) and (1/2, sqrt(3)/2), weighted by the fractions 0.2, 0.6 and 0.2
    assert traces["hull"].x == pytest.approx((0.7,))
    assert traces["hull"].y == pytest.approx((0.1 * np.sqrt(3),))
    assert tuple(traces["hull"].marker.color) == (-3.6,)
    assert traces["submitted: known or duplicate"].x == pytest.approx((0.7,))
    assert {note.text for note in figure.layout.annotations} == {"<b>Ca</b>", "<b>O</b>", "<b>Ti</b>"}


def test_labels_do_not_cover_each_other() -> None:
    close = [phase(f"Ti{n}O{n + 1}", (0.5 + n / 1000, 0.5 - n / 1000), -3 - n / 1000) for n in range(5)]
    ends = [phase("O2", (1, 0), 0.0), phase("Ti", (0, 1), 0.0)]
    hull = next(trace for trace in hull_figure(Diagram(("O", "Ti"), [*close, *ends])).data if trace.name == "hull")
    assert [text for text in hull.text if text] == ["O<sub>2</sub>", "Ti<sub>4</sub>O<sub>5</sub>", "Ti"]


def test_only_two_and_three_elements_are_drawn() -> None:
    with pytest.raises(ValueError, match="hull of 1 elements is not drawn: expected 2 or 3"):
        hull_figure(Diagram(("Ti",), [phase("Ti", (1.0,), 0.0)]))
