"""Figures over the models of a board: two scores with the Pareto front, and one score by date."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import plotly.graph_objects as go

from leaderboard.pages.parts.plots import BLUE, INK, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from leaderboard.pages.compare.models import Leader
    from leaderboard.pages.parts.markup import Interval
    from metrics.score import Better

HEIGHT_PX = 440
_NARROWEST_PX = (280, 340)
"""Width and height of the area of the axes on the narrowest telephone: labels that are apart there are everywhere, as
the area only gets wider."""
_LETTER_PX, _LINE_PX, _GAP_PX = 6.4, 14, 6
_LONGEST = 26
"""Letters of a label; the table has the whole name."""


class Point(NamedTuple):
    """A model in the plane of two scores, in the units of the axes."""

    label: str
    x: Interval
    y: Interval
    is_ranked: bool
    is_baseline: bool
    on_front: bool


class Axis(NamedTuple):
    """A score as an axis: heading with its unit, and its better end."""

    title: str
    better: Better


def plane(points: Sequence[Point], x: Axis, y: Axis) -> go.Figure:
    """Models by two scores with their 95% intervals, and a step line along the front."""
    figure = go.Figure()
    kinds = {
        "ranked": [point for point in points if point.is_ranked and not point.is_baseline],
        "baseline": [point for point in points if point.is_ranked and point.is_baseline],
        "not ranked": [point for point in points if not point.is_ranked],
    }
    for (kind, of_kind), symbol in zip(kinds.items(), ("circle", "diamond", "circle-open"), strict=True):
        colours = [BLUE if point.on_front else INK for point in of_kind]
        figure.add_scatter(
            x=[point.x.value for point in of_kind],
            y=[point.y.value for point in of_kind],
            error_x=_bars([point.x for point in of_kind]),
            error_y=_bars([point.y for point in of_kind]),
            mode="markers",
            marker={"symbol": symbol, "size": 8, "color": colours},
            name=kind,
            customdata=[escape(point.label) for point in of_kind],
            hovertemplate="%{customdata}<br>%{x:.3~f}, %{y:.3~f}<extra></extra>",
        )
    on_front = sorted((point for point in points if point.on_front), key=_by_x)
    figure.add_scatter(
        x=[point.x.value for point in on_front],
        y=[point.y.value for point in on_front],
        mode="lines",
        # what a point of the front dominates ends at it: the line turns where the next one begins
        line={"color": BLUE, "width": 1.5, "dash": "dot", "shape": "vh" if x.better == "higher" else "hv"},
        hoverinfo="skip",
        name="front",
    )
    drawn = styled(figure, "", x.title, y.title)
    ends = _range([point.x for point in points]), _range([point.y for point in points])
    drawn.update_xaxes(range=ends[0])
    drawn.update_yaxes(range=ends[1])
    drawn.update_layout(annotations=labels(points, *ends))
    for trace in drawn.data[:2]:
        trace.marker.line.width = 0
    drawn.data[2].marker.line.width = 1.5
    return drawn.update_layout(height=HEIGHT_PX, margin_t=12)


def by_date(dots: Sequence[tuple[str, float, str, bool]], steps: Sequence[Leader], title: str, until: str) -> go.Figure:
    """A score of every run by date, and the best mean of a model so far as a step line.

    Args:
        dots: date, value in the unit of the axis, label and whether it is ranked, of each run.
        steps: changes of the first place, with values in that unit.
        title: of the axis.
        until: date to which the line is drawn.

    """
    figure = go.Figure()
    for is_ranked, symbol in ((True, "circle"), (False, "circle-open")):
        of_kind = [dot for dot in dots if dot[3] == is_ranked]
        figure.add_scatter(
            x=[date[:19] for date, *_ in of_kind],
            y=[value for _, value, *_ in of_kind],
            mode="markers",
            marker={"symbol": symbol, "size": 7, "color": INK},
            name="ranked" if is_ranked else "not ranked",
            customdata=[escape(label) for *_, label, _ in of_kind],
            hovertemplate="%{customdata}<br>%{x|%Y-%m-%d}: %{y:.3~f}<extra></extra>",
        )
    last = [(until, steps[-1].value)] if steps else []
    line = [*((step.day, step.value) for step in steps), *last]
    figure.add_scatter(
        x=[day[:19] for day, _ in line],
        y=[value for _, value in line],
        mode="lines",
        line={"color": BLUE, "width": 2, "shape": "hv"},
        hoverinfo="skip",
        name="best so far",
    )
    drawn = styled(figure, "", "", title)
    drawn.data[1].marker.line.width = 1.5
    drawn.update_xaxes(type="date", tickangle=0, nticks=5)
    return drawn.update_layout(margin_t=12)


def labels(
    points: Sequence[Point], x_range: tuple[float, float], y_range: tuple[float, float]
) -> list[dict[str, object]]:
    """Names beside the points of the front, as far as they lie over no other name and no point of the narrowest figure.

    Args:
        points: all that is drawn.
        x_range: ends of the axis.
        y_range: ends of the axis.

    """
    width, height = _NARROWEST_PX
    places = np.array([[point.x.value, point.y.value] for point in points], dtype=np.float64).reshape(len(points), 2)
    starts, ends = np.array([x_range, y_range]).T
    at = (places - starts) / (ends - starts) * (width, height)
    half = _GAP_PX - 1
    boxes = [np.array([x - half, y - half, x + half, y + half]) for x, y in at]
    placed: list[dict[str, object]] = []
    for number in sorted((n for n, point in enumerate(points) if point.on_front), key=lambda n: _by_x(points[n])):
        name = points[number].label
        words = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}\u2026"
        for right, above in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
            box = _box(at[number], len(words) * _LETTER_PX, right, above)
            inside = box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height
            others = [other for place, other in enumerate(boxes) if place != number]
            if inside and not any(_overlap(box, other) for other in others):
                boxes.append(box)
                placed.append(
                    {
                        "x": points[number].x.value,
                        "y": points[number].y.value,
                        "text": escape(words),
                        "xanchor": "left" if right > 0 else "right",
                        "yanchor": "bottom" if above > 0 else "top",
                        "xshift": right * 2,
                        "yshift": above * 2,
                        "showarrow": False,
                        "font": {"size": 11, "color": INK},
                    }
                )
                break
    return placed


def _box(at: NDArray[np.float64], width: float, right: int, above: int) -> NDArray[np.float64]:
    """Left, lower, right and upper end of a label beside a point, in pixels."""
    xs = sorted((at[0] + 2 * right, at[0] + (2 + width) * right))
    ys = sorted((at[1] + 2 * above, at[1] + (2 + _LINE_PX) * above))
    return np.array([xs[0], ys[0], xs[1], ys[1]])


def _overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool((one[:2] < other[2:]).all() and (other[:2] < one[2:]).all())


def _by_x(point: Point) -> tuple[float, float]:
    return point.x.value or 0.0, point.y.value or 0.0


def _bars(scores: Sequence[Interval]) -> dict[str, object]:
    """Thin bars to the ends of the 95% intervals; a value without one has no bar."""
    known = [(score.value, score.low, score.high) for score in scores]
    return {
        "type": "data",
        "symmetric": False,
        "array": [None if value is None or high is None else high - value for value, _, high in known],
        "arrayminus": [None if value is None or low is None else value - low for value, low, _ in known],
        "thickness": 0.7,
        "width": 0,
        "color": INK,
    }


def _range(scores: Sequence[Interval]) -> tuple[float, float]:
    """Ends of an axis that hold the intervals, and some room."""
    ends = [end for score in scores for end in score[:3] if end is not None]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room
