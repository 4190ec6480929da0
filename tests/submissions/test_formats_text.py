"""The formats that are read are listed once: what people read names these and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from leaderboard.__main__ import main
from leaderboard.pages.texts.guide import page
from leaderboard.protocol import load_protocol
from submissions.formats.detect import STRUCTURE_COLUMNS
from submissions.formats_text import FORMATS, FORMATS_TEXT
from submissions.refusal import Reason

ROOT = Path(__file__).parents[2]


def plain(text: str) -> str:
    """Text without line breaks and without marks of code."""
    return " ".join(text.replace("`", "").split())


def test_the_readme_lists_them() -> None:
    assert f"A submission is one file: {FORMATS_TEXT}." in plain((ROOT / "README.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("command", ["validate", "score", "fingerprint"])
def test_the_help_lists_them(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")  # argparse breaks lines at hyphens too
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert FORMATS_TEXT in plain(capsys.readouterr().out)


def test_the_guide_and_the_refusal_of_another_format_list_them() -> None:
    assert FORMATS_TEXT in plain(page(load_protocol()))
    assert FORMATS_TEXT in Reason.UNREADABLE_FORMAT.remedy


def test_every_column_that_may_hold_structures_is_listed() -> None:
    (table,) = (text for text in FORMATS if text.startswith("CSV"))
    assert all(name in table for name in STRUCTURE_COLUMNS)
