"""Values reported elsewhere: each with its source, as text, and read by one page alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from leaderboard.pages.texts.reported import NOT_COMPARABLE, page
from leaderboard.published.reported import FILE, Source, reported
from tests.test_architecture import FOLDERS, imported

ROOT = Path(__file__).parents[3]
SOURCES = reported()
MODULE = "leaderboard.published.reported"
READER = Path("leaderboard/pages/texts/reported.py")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.title)
def test_each_value_has_a_source_with_its_state(source: Source) -> None:
    assert source.state
    assert source.setting
    assert source.address or source.doi or (source.second_hand and "not known" in source.state)
    assert all(value for values in source.rows.values() for value in values)


def test_no_module_but_the_page_reads_them_so_none_can_enter_board_or_store() -> None:
    files = [path for folder in (*FOLDERS, "app.py") for path in _python_files(ROOT / folder)]
    readers = {
        path.relative_to(ROOT)
        for path in files
        if any(name == MODULE or name.startswith(f"{MODULE}.") for name in imported(path))
        or (FILE.name in path.read_text() and path.name != "reported.py")
    }
    assert readers == {READER}
    shown_by = {path.relative_to(ROOT) for path in files if "leaderboard.pages.texts.reported" in imported(path)}
    assert shown_by == {Path("leaderboard/pages/texts/sections.py")}


def _python_files(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


def test_a_value_is_text_and_no_number() -> None:
    assert all(isinstance(value, str) for source in SOURCES for values in source.rows.values() for value in values)


def test_the_page_shows_every_value_with_its_source_and_says_that_none_is_comparable() -> None:
    shown = page(SOURCES)
    assert NOT_COMPARABLE in shown
    assert shown.count("<table") == len(SOURCES)
    assert shown.count('<td class="right">') == sum(len(source.rows) * len(source.columns) for source in SOURCES)
    assert shown.count("<strong>second-hand</strong>") == sum(source.second_hand for source in SOURCES)
    for source in SOURCES:
        assert source.address is None or f'href="{source.address}"' in shown
        assert source.doi is None or f'href="https://doi.org/{source.doi}"' in shown
    assert not re.search(r"None", shown)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"address": None, "doi": None, "second_hand": False}, "need an address or a DOI"),
        ({"rows": {"Model": ("1.0",)}}, r"Model has 1 values for \d columns"),
        ({"rows": {"Model": ("12 %",)}}, "string_pattern|String should match"),
        ({"rank": 1}, "rank"),
    ],
)
def test_a_table_without_source_or_with_other_than_values_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Source.model_validate({**SOURCES[0].model_dump(), **change})
