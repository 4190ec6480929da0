"""Buttons that turn the pages of a table drawn by the server."""

from __future__ import annotations


def n_pages(n_rows: int, page_size: int) -> int:
    """Number of pages the rows fill, at least one."""
    return max(1, -(-n_rows // page_size))


def pager(n_rows: int, page: int, page_size: int) -> str:
    """Where the page (from 1) stands, between buttons that report a page as ``data-page``."""
    last = n_pages(n_rows, page_size)
    start = (page - 1) * page_size

    def button(to: int, label: str) -> str:
        off = "" if 1 <= to <= last else " disabled"
        return f'<button type="button" data-page="{to}"{off}>{label}</button>'

    where = f"{start + 1:,} to {min(start + page_size, n_rows):,} of {n_rows:,}"
    return f'<div class="pager">{button(page - 1, "Previous")}<span>{where}</span>{button(page + 1, "Next")}</div>'
