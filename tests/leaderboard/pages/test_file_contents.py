"""What the page says of a file before it is scored."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from leaderboard.pages.submit.file_contents import contents_html
from tests.submissions.packing import cif

if TYPE_CHECKING:
    from pathlib import Path


def test_structures_are_counted_and_what_is_ignored_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.cif", cif())
        archive.writestr("broken.cif", "")
        archive.writestr("<b>run</b>.py", "print()")
    html = contents_html(path)
    assert 'class="notice note"' in html
    assert "2 structures found in 2 files, 1 file ignored: &lt;b&gt;run&lt;/b&gt;.py (script)" in html


def test_a_file_that_would_be_refused_says_why(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + bytes(200))
    html = contents_html(path)
    assert 'class="notice error"' in html
    assert "unreadable_format: this is a NumPy array" in html
