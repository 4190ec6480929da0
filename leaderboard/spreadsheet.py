"""Cells of CSV for people: what a submission calls itself runs as no formula, whatever program opens the file."""

from __future__ import annotations

import re

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that starts with one of these as a formula."""

# Where programs of some languages begin a cell whatever the quotes say: they split at semicolons, and to them a quote
# after a comma is a character like others, so that the next line is a row of its own.
_BEHIND_A_BREAK = re.compile(r"(?<=[;\t\r\n])(?=\"*+[=+\-@])")


def safe_cell(text: str) -> str:
    """The text with an apostrophe before whatever would begin a formula."""
    broken = _BEHIND_A_BREAK.sub("'", text)
    return f"'{broken}" if text.startswith(FORMULA_STARTS) else broken
