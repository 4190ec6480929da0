"""What an uploaded file holds, said before it is scored; found in a process of its own, whatever the file is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaderboard.pages.parts.markup import notice
from submissions.box import Box
from submissions.record import Contents
from submissions.refusal import FileRefusedError

if TYPE_CHECKING:
    from pathlib import Path


def contents_html(path: Path) -> str:
    """Number of structures and files and what is ignored, or why the file would be refused."""
    contents = Contents()
    try:
        with Box() as box:
            n_records = sum(1 for _ in box.split(path, contents, payloads=False))
    except FileRefusedError as refused:
        return notice("error", str(refused))
    return notice("note", contents.summary(n_records))
