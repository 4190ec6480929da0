"""Charts as HTML that the style sheet colours: bars in rows, and histograms; each says what it shows in a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor, log10
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from leaderboard.pages.parts.markup import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MOST_TICKS = 5
_MOST_BEYOND = 1.1
"""A bin that holds all beyond the axis is drawn at most this much higher than the highest other one."""


class Bar(NamedTuple):
    """One row of a chart.

    Attributes:
        label: what it is of, as plain text.
        share: its length, of the longest possible.
        number: what stands behind it, as plain text.
        reference: the length that is compared with, None where there is none.
        ends: of its 95% interval, as lengths.

    """

    label: str
    share: float
    number: str
    reference: float | None = None
    ends: tuple[float, float] | None = None


class Series(NamedTuple):
    """What a histogram counts: its name, and the height of each bin."""

    name: str
    heights: Sequence[float] | Floats


@dataclass(frozen=True)
class Axis:
    """The horizontal axis of a histogram.

    Attributes:
        edges: rising ends of the bins, one more than there are.
        unit: behind the name of the axis.
        decimals: of the numbers at the axis.
        is_open: whether the first and the last bin hold all that lies beyond them; they are hatched and labelled.
        marks: lines across the chart, with their names.

    """

    edges: Floats
    unit: str
    decimals: int = 0
    is_open: tuple[bool, bool] = (False, False)
    marks: Sequence[tuple[float, str]] = field(default_factory=tuple)


def bars_html(title: str, finding: str, bars: Sequence[Bar], *, reference: str | None = None) -> str:
    """A chart of rows: each with its label, a bar and a number, which a screen reader reads as text.

    Args:
        title: of the chart.
        finding: a sentence on what it shows, made from the data.
        bars: the rows.
        reference: name of what the marks across the bars are of; None where there are none.

    """
    longest = max((value for bar in bars for value in (bar.share, bar.reference or 0, *(bar.ends or ()))), default=0)
    rows = "".join(_row(bar, longest or 1.0) for bar in bars)
    legend = f'<p class="key"><i class="ref"></i>{text(reference)}, in brackets</p>' if reference else ""
    return _figure(title, finding, f'<ul class="bars">{rows}</ul>{legend}')


def histogram_html(
    title: str, finding: str, axis: Axis, series: Sequence[Series], *, line: Series | None = None, noun: str
) -> str:
    """A histogram of stacked bars; bins that hold all beyond the axis are hatched and named.

    Args:
        title: of the chart.
        finding: a sentence on what it shows, made from the data: its alternative text.
        axis: the bins.
        series: stacked from below.
        line: drawn over them as a step for each bin.
        noun: what the heights are.

    """
    heights = np.array([one.heights for one in series], dtype=np.float64).reshape(len(series), len(axis.edges) - 1)
    tops = heights.sum(axis=0)
    highest = _highest(axis, tops, line)
    scale = 100 / highest
    width = 100 / (len(axis.edges) - 1)
    cut = "".join(
        f'<s style="left:{(number + 0.5) * width:.2f}%">{tops[number]:,.4g}</s>'
        for number in _beyond(axis)
        if tops[number] > highest
    )
    drawn = "".join(
        f'<i class="s{place}{_hatched(axis, number)}" style="left:{number * width:.2f}%;width:{width:.2f}%;'
        f'bottom:{below * scale:.2f}%;height:{height * scale:.2f}%" title="{text(_bin(axis, number))}: '
        f'{height:,.4g} {text(noun)}, {text(one.name)}"></i>'
        for place, (one, row, base) in enumerate(zip(series, heights, _below(heights), strict=True))
        for number, (height, below) in enumerate(zip(row, base, strict=True))
        if height
    )
    step = "" if line is None else _step(line, scale, width)
    grid = "".join(
        f'<b style="bottom:{tick * scale:.2f}%"><span>{tick:,.4g}</span></b>' for tick in ticks_of(0.0, highest)
    )
    marks = "".join(
        f'<em style="left:{_at(axis, value):.2f}%"><span>{text(name)}</span></em>' for value, name in axis.marks
    )
    named = [(f"s{place}", one.name) for place, one in enumerate(series)] + ([("line", line.name)] if line else [])
    key = "".join(f'<i class="{mark}"></i>{text(name)} ' for mark, name in named)
    area = f'<div class="plot">{grid}<div class="area">{drawn}{step}</div>{marks}{cut}</div>'
    plot = f'{area}<div class="axis">{_axis_labels(axis)}</div>'
    label = text(f"{title}. {finding}")
    return _figure(
        title,
        finding,
        f'<p class="noun">{text(noun)}</p><div class="histogram" role="img" aria-label="{label}">{plot}</div>'
        f'<p class="unit">{text(axis.unit)}</p><p class="key">{key}</p>',
    )


def ticks_of(low: float, high: float) -> list[float]:
    """At most six round numbers from one end to the other, a step of 1, 2 or 5 times a power of ten apart."""
    rough = (high - low) / _MOST_TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    # no zero with a minus sign
    return [float(round(number * step, 10)) + 0.0 for number in np.arange(first, last + 1)]


def binned(values: Floats, edges: Floats) -> Floats:
    """Number of values in each bin; what lies beyond the ends is in the outermost bins."""
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    return np.asarray(counts, dtype=np.float64)


def _figure(title: str, finding: str, content: str) -> str:
    caption = f"<figcaption><strong>{text(title)}</strong> <span>{text(finding)}</span></figcaption>"
    return f'<figure class="chart">{caption}{content}</figure>'


def _row(bar: Bar, longest: float) -> str:
    mark = "" if bar.reference is None else f'<i class="ref" style="left:{100 * bar.reference / longest:.2f}%"></i>'
    if bar.ends is not None:
        low, high = (100 * end / longest for end in bar.ends)
        mark += f'<i class="whisker" style="left:{low:.2f}%;width:{high - low:.2f}%"></i>'
    return (
        f'<li><span class="label">{text(bar.label)}</span><span class="track">'
        f'<i class="s0" style="width:{100 * bar.share / longest:.2f}%"></i>{mark}</span>'
        f'<span class="number">{text(bar.number)}</span></li>'
    )


def _below(heights: Floats) -> Floats:
    """Where each bar of a stack begins."""
    return np.cumsum(heights, axis=0) - heights


def _beyond(axis: Axis) -> list[int]:
    """The bins that hold all that lies beyond the axis."""
    at_start, at_end = axis.is_open
    return [0] * at_start + [len(axis.edges) - 2] * at_end


def _highest(axis: Axis, tops: Floats, line: Series | None) -> float:
    """Height of the chart: what lies beyond may be cut, so that it hides nothing of what the axis shows."""
    every = np.maximum(tops, 0.0 if line is None else np.asarray(line.heights))
    inside = float(np.delete(every, _beyond(axis)).max(initial=0.0))
    highest = min(float(every.max(initial=0.0)), _MOST_BEYOND * inside) if inside else float(every.max(initial=0.0))
    return highest or 1.0


def _hatched(axis: Axis, number: int) -> str:
    return " beyond" if number in _beyond(axis) else ""


def _bin(axis: Axis, number: int) -> str:
    start, stop = (f"{axis.edges[number + place]:.{_bin_decimals(axis)}f}" for place in (0, 1))
    if number in _beyond(axis):
        return f"below {stop} {axis.unit}" if number == 0 else f"{start} {axis.unit} and above"
    return f"{start} to {stop} {axis.unit}"


def _bin_decimals(axis: Axis) -> int:
    width = float(axis.edges[1] - axis.edges[0])
    return max(0, -floor(log10(width))) if width < 1 else 0


def _at(axis: Axis, value: float) -> float:
    low, high = axis.edges[0], axis.edges[-1]
    return float(100 * (value - low) / (high - low))


def _axis_labels(axis: Axis) -> str:
    low, high = float(axis.edges[0]), float(axis.edges[-1])
    at_start, at_end = axis.is_open
    ends = [(low, "\u2264 ")] * at_start + [(high, "\u2265 ")] * at_end
    room = (high - low) / 10
    inner = [(tick, "") for tick in ticks_of(low, high) if all(abs(tick - end) > room for end, _ in ends)]
    return "".join(
        f'<span style="left:{_at(axis, value):.2f}%">{sign}{value:z.{axis.decimals}f}</span>'
        for value, sign in [*inner, *ends]
    )


def _step(line: Series, scale: float, width: float) -> str:
    points = " ".join(
        f"{number * width:.2f},{100 - height * scale:.2f} {(number + 1) * width:.2f},{100 - height * scale:.2f}"
        for number, height in enumerate(line.heights)
    )
    return (
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f'<polyline points="{points}" vector-effect="non-scaling-stroke"/></svg>'
    )
