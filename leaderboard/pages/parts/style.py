"""Theme, style sheet and script of the site: system fonts, one accent colour, nothing fetched from elsewhere."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

_STATIC = Path(__file__).parents[1] / "static"

_FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    """Gradio's plain theme with our accent and the system's fonts."""
    accent = gr.themes.Color(
        c50="#eef5fb",
        c100="#d8e8f5",
        c200="#b3d1ea",
        c300="#85b5db",
        c400="#4f95c9",
        c500="#1f78b4",
        c600="#0068a8",
        c700="#00558a",
        c800="#05456e",
        c900="#0a3a5c",
        c950="#06253d",
        name="accent",
    )
    return gr.themes.Default(
        primary_hue=accent,
        secondary_hue=accent,
        neutral_hue=gr.themes.colors.gray,
        spacing_size=gr.themes.sizes.spacing_sm,
        radius_size=gr.themes.sizes.radius_sm,
        text_size=gr.themes.sizes.text_md,
        font=list(_FONT),
        font_mono=list(_MONO),
    ).set(
        # the theme's own subdued grey has a contrast of 2.5 on white; text needs 4.5 (WCAG 2.2, 1.4.3)
        body_text_color_subdued="*neutral_500",
        link_text_color_dark="*primary_400",
        body_background_fill_dark="#14171c",
        block_background_fill_dark="#191d23",
        input_background_fill_dark="#191d23",
    )


def css() -> str:
    """The style sheets of all pages, the one that all share first."""
    sheets = sorted(_STATIC.glob("*.css"), key=lambda sheet: (sheet.stem != "style", sheet.stem))
    return "\n".join(sheet.read_text() for sheet in sheets)


def head() -> str:
    """What stands in the head of the page: the script that makes gradio's markup usable by keyboard."""
    return f"<script>{(_STATIC / 'site.js').read_text()}</script>"
