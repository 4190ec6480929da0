"""Text from a submission is text on the page, whatever it holds."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.pages.parts.markup import Interval, facts, formula, interval, notice, number, text, yes_no

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<b>bold</b>",
    "&lt;b&gt;",
    "${alert(1)} {{value}} @children",
)


class Tags(HTMLParser):
    """Collects the tags and attributes that a browser would make of a text, and the text it would show."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[str]]] = []
        self.shown = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [name for name, _ in attrs]))

    def handle_data(self, data: str) -> None:
        self.shown += data


def parsed(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    return tags


@pytest.mark.parametrize("hostile", HOSTILE)
def test_markup_shows_as_it_was_written(hostile: str) -> None:
    page = parsed(f'<td title="{text(hostile)}">{text(hostile)}</td>')
    assert page.tags == [("td", ["title"])]
    assert page.shown == hostile


@given(st.text())
def test_no_text_makes_a_tag(anything: str) -> None:
    assert parsed(f"<p title='{text(anything)}'>{formula(anything)}</p>").tags[0] == ("p", ["title"])
    assert {tag for tag, _ in parsed(formula(anything)).tags} <= {"sub"}


def test_marks_that_reorder_text_are_visible() -> None:
    # U+202E turns "gpj.exe" into "exe.jpg" for the eye
    assert text("a\u202egpj\x00") == "a\ufffdgpj\ufffd"


def test_amounts_are_subscripts() -> None:
    assert formula("Na3V2(PO4)3") == "Na<sub>3</sub>V<sub>2</sub>(PO<sub>4</sub>)<sub>3</sub>"


def test_a_share_is_percent_with_its_interval() -> None:
    html = interval(Interval(0.8524, 0.81, 0.8844), "share")
    assert parsed(html).shown == "85.2[81.0, 88.4]"


def test_a_value_that_is_not_defined_is_a_question_mark() -> None:
    assert parsed(interval(Interval(None, None, None), "share")).shown == "?"
    assert number(None, "share") == "?"


def test_unknown_is_neither_yes_nor_no() -> None:
    shown = [parsed(yes_no(verdict=verdict)).shown for verdict in (True, False, None)]
    assert shown == ["yes", "no", "?"]


def test_a_notice_is_plain_text() -> None:
    page = parsed(notice("error", HOSTILE[0]))
    assert [tag for tag, _ in page.tags] == ["div"]
    assert page.shown == HOSTILE[0]


def test_facts_are_a_list_of_terms() -> None:
    assert parsed(facts({"Term": "value"})).shown == "Termvalue"


@pytest.mark.parametrize(
    ("n_counted", "why"),
    [(1, "no interval: 1 structure"), (2, "no interval: 2 structures"), (30, "no interval: no spread")],
)
def test_a_value_without_an_interval_says_why(n_counted: int, why: str) -> None:
    assert parsed(interval(Interval(2.1, None, None, n_counted), "index")).shown == f"2.100{why}"
