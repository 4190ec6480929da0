"""The form gives the card that a file gives."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from submissions.card import Card, card_from_fields

ROOT = Path(__file__).parents[3]

# in a process of its own: gradio leaves an event loop open, which this process would report
BUILD = """
import json
import gradio as gr
from leaderboard.pages.submit import card_form
with gr.Blocks(analytics_enabled=False):
    required = card_form.required()
    inputs = required | card_form.optional()
said = {
    name: {
        "required": name in required,
        "value": field.value,
        "lines": getattr(field, "lines", None),
        "choices": [value for _, value in getattr(field, "choices", None) or []],
    }
    for name, field in inputs.items()
}
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def inputs() -> dict[str, dict[str, Any]]:
    done = subprocess.run([sys.executable, "-c", BUILD], cwd=ROOT, capture_output=True, text=True, check=True)
    by_name: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return by_name


def test_every_field_of_the_card_has_one_input(inputs: dict[str, dict[str, Any]]) -> None:
    assert set(inputs) == set(Card.model_fields)
    assert [name for name, field in inputs.items() if field["required"]] == ["model"]


def test_a_form_left_as_it_is_but_for_the_name_is_a_card(inputs: dict[str, dict[str, Any]]) -> None:
    untouched = {name: field["value"] for name, field in inputs.items()}
    assert card_from_fields({**untouched, "model": "m"}) == Card(model="m")


def test_a_yes_or_no_has_three_answers(inputs: dict[str, dict[str, Any]]) -> None:
    choices = inputs["open_weights"]["choices"]
    answers = [card_from_fields({"model": "m", "open_weights": value}).open_weights for value in choices]
    assert answers == [None, True, False]


def test_long_texts_get_more_than_one_line(inputs: dict[str, dict[str, Any]]) -> None:
    assert inputs["sampling_settings"]["lines"] > inputs["licence"]["lines"] == 1
