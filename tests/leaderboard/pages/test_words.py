"""One word, one meaning: what people read keeps to the words of the glossary."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderboard.__main__ import main
from leaderboard.pages.texts import about

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
PAGES = sorted((ROOT / "leaderboard" / "pages").rglob("*.py"))
RETIRED = re.compile(
    r"\bhand(ed|ing)? (it |them |the file )?in\b|\bgoes on where\b|site spacings|\bdisturbance|\bguards\b|terminals"
    r"|density.functional|fitted to|moved by|hands of few|put on (a|the) hull|chgnet/|own:chgnet"
    r"|\d %|} %|\bidentity\b|\brecords?\b(?!\s+is\s+the\s+row\s+of\s+one\s+structure)",
    re.IGNORECASE,
)


def texts(path: Path) -> Iterator[str]:
    """Text of a module that may be read by people: sentences in its strings, not its docstrings, names and keys."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    attributes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)} - docstrings
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip()
        if is_text and id(node) not in docstrings | attributes:
            assert isinstance(node, ast.Constant)
            yield str(node.value)


def wrong(text: str) -> list[str]:
    return [match[0] for match in RETIRED.finditer(text)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_pages_keep_to_the_words(path: Path) -> None:
    retired = {text: words for text in texts(path) if (words := wrong(text))}
    assert not retired


@pytest.mark.parametrize("name", ["README.md", "docs/glossary.md", "docs/faq.md"])
def test_documents_keep_to_the_words(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    # the glossary explains these: a row, a variant and an abbreviation
    explained = {"docs/glossary.md": {"Record", "chgnet/", "density functional"}}.get(name, set())
    assert not set(wrong(text)) - explained


@pytest.mark.parametrize(
    "command", ["", "validate", "score", "fingerprint", "worker", "table", "docs", "benchmark", "benchmark matching"]
)
def test_the_help_keeps_to_the_words(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])
    text = capsys.readouterr().out
    assert command in text
    assert not wrong(text)


def test_the_glossary_is_linked_and_shown() -> None:
    assert "(docs/glossary.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    shown = about.glossary()
    assert shown.startswith("## ")
    assert "](" not in shown  # a link to a file would lead nowhere in the app
    entries = re.findall(r"^- \*\*(.+?)\*\*", about.GLOSSARY.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(entries) == len(set(entries)) > 30
    assert all(f"**{entry}**" in shown for entry in entries)
