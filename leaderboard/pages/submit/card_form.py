"""The card as a form: its fields are those of the card's schema, so that form and file give the same card.

What is typed stays in the browser until it is submitted, so that a reload loses nothing; the server never sees a draft.
"""

from __future__ import annotations

import json
import types
import typing
from typing import TYPE_CHECKING

import gradio as gr
from annotated_types import MaxLen
from gradio.context import Context

from leaderboard.pages.parts.events import QUIET
from submissions.card import CARD_BYTES, Card

if TYPE_CHECKING:
    from collections.abc import Mapping

# a field that may hold more than this many characters gets more than one line
LONG_TEXT = 500
# pixels: three inputs beside each other on a desk, one on a telephone
MIN_WIDTH = 300
# of a whole number or a day
NUMBER_CHARACTERS = 40

# a browser that keeps nothing for a page throws: the form then works without a draft
_NAMES = json.dumps(list(Card.model_fields))
_DRAFT = "card-draft"
_KEEP = f"""(...values) => {{
    const draft = Object.fromEntries({_NAMES}.map((name, place) => [name, values[place]]));
    try {{ localStorage.setItem("{_DRAFT}", JSON.stringify(draft)); }} catch (error) {{ console.warn(error); }}
}}"""
_RESTORE = f"""() => {{
    let draft = null;
    try {{ draft = JSON.parse(localStorage.getItem("{_DRAFT}")); }} catch (error) {{ console.warn(error); }}
    return {_NAMES}.map((name) => (typeof draft?.[name] === "string" ? draft[name] : ""));
}}"""
FORGET_DRAFT = f"""(submitted) => {{
    if (!submitted) return;
    try {{ localStorage.removeItem("{_DRAFT}"); }} catch (error) {{ console.warn(error); }}
}}"""
"""JavaScript for an event whose one input says whether the card was submitted."""


def required() -> dict[str, gr.components.Component]:
    """An input, in the current block, for each field of the card that must be filled."""
    return {name: _input(name) for name, field in Card.model_fields.items() if field.is_required()}


def optional() -> dict[str, gr.components.Component]:
    """A closed drawer, in the current block, with an input for each of the other fields."""
    with gr.Accordion("More about the model (optional)", open=False, elem_id="card_more"), gr.Row():
        return {name: _input(name) for name, field in Card.model_fields.items() if not field.is_required()}


def keep_draft(fields: Mapping[str, gr.components.Component]) -> None:
    """Keep what is typed in the browser, and fill the form with it when the page is opened.

    Args:
        fields: inputs of all fields of the card, by name.

    """
    inputs = [fields[name] for name in Card.model_fields]
    gr.on([field.input for field in inputs], None, inputs, None, js=_KEEP, **QUIET)  # type: ignore[attr-defined]
    site = Context.root_block
    if site is None:
        msg = "the form is not inside gradio.Blocks"
        raise RuntimeError(msg)
    site.load(None, None, inputs, js=_RESTORE, **QUIET)


def _input(name: str) -> gr.components.Component:
    field = Card.model_fields[name]
    label, info, elem_id = name.replace("_", " ").capitalize(), field.description, f"card_{name}"
    kinds = _kinds(field.annotation)
    if bool in kinds:
        choices = [("not stated", ""), ("yes", "true"), ("no", "false")]
        return gr.Dropdown(choices, value="", label=label, elem_id=elem_id, min_width=MIN_WIDTH)
    if tuple in kinds:
        info = f"{info}; separated by semicolons"
    # of a field that must be given pydantic takes the annotation apart
    longest = max(_max_length(field.annotation), *map(_max_length, field.metadata), 0)
    lines = 2 if longest > LONG_TEXT else 1
    return gr.Textbox(
        label=label,
        placeholder=info,
        lines=lines,
        max_lines=6 if lines > 1 else 1,
        max_length=CARD_BYTES if tuple in kinds else longest or NUMBER_CHARACTERS,
        elem_id=elem_id,
        min_width=MIN_WIDTH,
    )


def _kinds(annotation: object) -> set[object]:
    """Plain types that an annotation allows."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return set().union(*(_kinds(part) for part in typing.get_args(annotation)))
    if typing.get_origin(annotation) is typing.Annotated:
        return _kinds(typing.get_args(annotation)[0])
    return {typing.get_origin(annotation) or annotation}


def _max_length(annotation: object) -> int:
    """Longest text an annotation allows, 0 where it says nothing."""
    stated = annotation.max_length if isinstance(annotation, MaxLen) else None
    inner = (_max_length(part) for part in (*typing.get_args(annotation), *getattr(annotation, "__metadata__", ())))
    return max(stated or 0, getattr(annotation, "max_length", None) or 0, *inner, 0)
