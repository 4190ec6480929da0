"""The documentation of the scores is what the code says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.__main__ import main
from leaderboard.board import score_docs as definitions
from leaderboard.board.score_docs import DOCUMENT, markdown
from leaderboard.protocol import load_protocol
from metrics.score import POLICIES, registry

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PROTOCOL = load_protocol()


def test_the_document_is_what_the_code_generates() -> None:
    assert DOCUMENT.read_text() == markdown(PROTOCOL), "run `python -m leaderboard docs`"


def test_every_score_and_every_policy_is_in_it_once() -> None:
    text = markdown(PROTOCOL)
    for name, score in registry().items():
        assert text.count(f"(`{name}`)") == 1
        assert f"- Needs: {', '.join(score.needs)}".replace("_", r"\_") in text
    for name, meaning in POLICIES.items():
        assert f"- **{name}**: {meaning}\n" in text


def test_each_group_has_one_heading() -> None:
    headings = [line for line in markdown(PROTOCOL).splitlines() if line.startswith("## ")]
    assert len(set(headings)) == len(headings) > 5


def test_the_command_writes_and_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "metrics.md"
    monkeypatch.setattr(definitions, "DOCUMENT", document)
    assert main(["docs", "--check"]) == 1
    assert "python -m leaderboard docs" in capsys.readouterr().err
    assert main(["docs"]) == 0
    assert document.read_text() == markdown(PROTOCOL)
    assert main(["docs", "--check"]) == 0
    document.write_text("edited by hand")
    assert main(["docs", "--check"]) == 1
