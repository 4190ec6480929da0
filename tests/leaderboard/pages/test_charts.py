"""Charts as HTML: round ticks, bars to scale, ends that say that they hold all beyond, and no markup from outside."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.pages.model.charts import Axis, Bar, Series, bars_html, binned, histogram_html, ticks_of

HOSTILE = "<script>alert(1)</script>"


@given(low=st.floats(-1e4, 1e4), width=st.floats(1e-3, 1e5))
def test_ticks_are_round_and_few_and_inside(low: float, width: float) -> None:
    ticks = ticks_of(low, low + width)
    assert 2 <= len(ticks) <= 6
    assert all(low - 1e-6 * width <= tick <= low + width * (1 + 1e-6) for tick in ticks)
    steps = np.diff(ticks)
    assert np.allclose(steps, steps[0])
    digits = float(f"{steps[0]:.6e}".split("e")[0])
    assert min(abs(digits - factor) for factor in (1, 2, 5, 10)) < 1e-4
    assert "-0" not in {f"{tick:g}" for tick in ticks}


@given(st.lists(st.floats(-5, 5), max_size=50))
def test_every_value_is_in_one_bin_wherever_it_lies(values: list[float]) -> None:
    edges = np.linspace(-1, 1, 9)
    counts = binned(np.array(values), edges)
    assert counts.sum() == len(values)
    assert counts[-1] >= sum(value > 1 for value in values)


def bars(html: str) -> list[tuple[str, float]]:
    """Class and height in percent of each bar of a histogram."""
    found = re.findall(r'<i class="(s\d[^"]*)" style="[^"]*height:([\d.]+)%"', html)
    return [(name, float(height)) for name, height in found]


AXIS = Axis(np.array([0.0, 1.0, 2.0, 3.0]), "eV/atom", is_open=(False, True), marks=((1.0, "hull"),))


def test_a_histogram_is_to_scale_and_marks_the_bin_that_holds_all_beyond() -> None:
    html = histogram_html("T", "F.", AXIS, [Series("a", [1, 2, 1]), Series("b", [0, 2, 1])], noun="structures")
    assert bars(html) == [("s0", 25.0), ("s0", 50.0), ("s0 beyond", 25.0), ("s1", 50.0), ("s1 beyond", 25.0)]
    assert "\u2265 3" in html
    assert "\u2264" not in html
    assert 'title="2 eV/atom and above: 1 structures, b"' in html
    assert "hull" in html


def test_a_bin_that_holds_all_beyond_hides_nothing_of_the_others_and_says_how_many_it_holds() -> None:
    html = histogram_html("T", "F.", AXIS, [Series("a", [10, 5, 2300])], noun="structures")
    assert bars(html)[0][1] == pytest.approx(100 / 1.1, abs=0.01)
    assert re.search(r"<s [^>]*>2,300</s>", html)


def test_a_histogram_says_its_finding_to_those_who_do_not_see_it() -> None:
    html = histogram_html("Density", "Median 7.", AXIS, [Series("a", [1, 2, 1])], noun="structures")
    assert 'role="img" aria-label="Density. Median 7."' in html
    assert "<span>Median 7.</span></figcaption>" in html


@pytest.mark.parametrize("heights", [[0, 0, 0], [0, 0, 5]])
def test_a_histogram_of_next_to_nothing_is_drawn(heights: list[float]) -> None:
    assert len(bars(histogram_html("T", "F.", AXIS, [Series("a", heights)], noun="n"))) == sum(map(bool, heights))


def test_rows_are_to_scale_with_their_reference_and_interval() -> None:
    html = bars_html("T", "F.", [Bar("a", 0.2, "20%", 0.4), Bar("b", 0.1, "10%", ends=(0.05, 0.2))], reference="set")
    assert re.findall(r'class="s0" style="width:([\d.]+)%', html) == ["50.00", "25.00"]
    assert 'class="ref" style="left:100.00%"' in html
    assert 'class="whisker" style="left:12.50%;width:37.50%"' in html
    assert "set, in brackets" in html


def test_no_row_is_no_error() -> None:
    assert '<ul class="bars"></ul>' in bars_html("T", "F.", [])


def test_nothing_from_outside_is_markup() -> None:
    axis = Axis(np.array([0.0, 1.0]), HOSTILE, marks=((0.5, HOSTILE),))
    html = bars_html(HOSTILE, HOSTILE, [Bar(HOSTILE, 1, HOSTILE)], reference=HOSTILE)
    html += histogram_html(HOSTILE, HOSTILE, axis, [Series(HOSTILE, [1])], line=Series(HOSTILE, [1]), noun=HOSTILE)
    assert "<script" not in html
