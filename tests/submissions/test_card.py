"""Cards: the same from a file and from a form, and what is wrong with one is named."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils._validators import validate_repo_id
from hypothesis import example, given
from hypothesis import strategies as st

from submissions.card import CARD_BYTES, Card, card_from_fields, card_toml, form_fields, load_card
from submissions.refusal import FileRefusedError, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
FULL = """
model = "Made Model"
version = "2.1"
authors = ["A. Author", "B. Author"]
paper = "https://example.org/paper?x=1#top"
doi = "10.1000/xyz.123"
open_weights = true
parameters = 46_800_000
training_sets = ["MP-20"]
pre_relaxed = true
pre_relaxation_potential = "CHGNet 0.3.0"
sampling_settings = \"\"\"
1,000 steps
guidance 2\"\"\"
n_generated = 10000
date = 2026-11-01
"""


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "card.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_form_and_a_file_give_the_same_card(tmp_path: Path) -> None:
    form = {
        "model": " Made Model ",
        "version": "2.1",
        "authors": "A. Author; B. Author",
        "paper": "https://example.org/paper?x=1#top",
        "doi": "10.1000/xyz.123",
        "open_weights": True,
        "parameters": "46800000",
        "training_sets": "MP-20\n",
        "pre_relaxed": "yes",
        "pre_relaxation_potential": "CHGNet 0.3.0",
        "sampling_settings": "1,000 steps\nguidance 2",
        "n_generated": 10000,
        "date": "2026-11-01",
        "contact": "",
        "hardware": None,
    }
    card = load_card(written(tmp_path, FULL))
    assert card_from_fields(form) == card
    assert card.authors == ("A. Author", "B. Author")
    assert card.date == date(2026, 11, 1)
    assert Card.model_validate_json(card.model_dump_json()) == card


def test_only_the_model_is_required() -> None:
    assert card_from_fields({"model": "x"}).model == "x"
    assert [name for name, field in Card.model_fields.items() if field.is_required()] == ["model"]


def test_every_field_says_what_belongs_in_it() -> None:
    assert all(field.description for field in Card.model_fields.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"model: missing, allowed: Name of the model"),
        ('model = ""', r"model: missing"),
        ('model = "' + "x" * 81 + '"', r"model: .*at most 80 characters"),
        ('model = "a\\u0007b"', r"model: .*control character U\+0007"),
        ('model = "a\\u202Eb"', r"model: .*control character U\+202E"),
        ('model = "a\\nb"', r"model: .*allowed: one line"),
        ("model = 3", r"model: '3': input should be a valid string"),
        ('model = "a"\nmodle = "b"', r"'modle': not a field of a card; did you mean model\? allowed: model, version"),
        ('model = "a"\npaper = "javascript:alert(1)"', r"paper: .*allowed: Address of the paper"),
        ('model = "a"\npaper = "https://a.b/\\"><script>"', r"paper: "),
        ('model = "a"\ndoi = "https://doi.org/10.1000/1"', r"doi: .*10.xxxx"),
        ('model = "a"\ndate = "yesterday"', r"date: .*YYYY-MM-DD"),
        ('model = "a"\ndate = 1800-01-01', r"date: .*2000"),
        ('model = "a"\nparameters = -1', r"parameters: .*greater than or equal to 1"),
        ('model = "a"\nopen_weights = "perhaps"', r"open_weights: .*true or false"),
        ('model = "a"\nauthors = 3', r"authors: "),
        ('model = "a"\nhub_model = "resnet"', r"hub_model: 'resnet': .*owner/name"),
        ('model = "a"\nparameters = 0\ndate = "x"', r"parameters: .*; date: "),
        ("model = ", r"card: not TOML .*allowed: lines of"),
        ("model", r"card: not TOML"),
        (b"model = '\xff'", r"card: byte 9 is not UTF-8"),
        ("#" * (CARD_BYTES + 1), r"card: more than 1,000,000 bytes"),
        ("a = " + "[" * 30_000, r"card: not TOML"),
    ],
)
def test_what_is_wrong_with_a_card_is_named(text: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match=said) as caught:
        load_card(written(tmp_path, text))
    assert caught.value.reason is Reason.CARD_INVALID
    assert caught.value.detail.isprintable()


def test_a_card_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="cannot be opened"):
        load_card(tmp_path / "none.toml")


def lines(most: int = 300) -> st.SearchStrategy[str]:
    """Printable text without what separates entries of a list, as a card keeps it."""
    allowed = st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp"), exclude_characters=";")
    return st.text(allowed, min_size=1, max_size=most).map(str.strip).filter(bool)


TEXTS = st.lists(lines(80), min_size=1, max_size=4).map("\n".join)
CARDS = st.builds(
    Card,
    model=lines(80),
    version=st.none() | lines(),
    authors=st.lists(lines(), max_size=4),
    paper=st.sampled_from([None, "https://example.org/paper?x=1#top"]),
    doi=st.sampled_from([None, "10.1000/xyz.123"]),
    hub_model=st.sampled_from([None, "LeMaterial/made-model_1.0"]),
    open_weights=st.none() | st.booleans(),
    parameters=st.none() | st.integers(1, 10**15),
    training_sets=st.lists(lines(), max_size=4),
    sampling_settings=st.none() | TEXTS,
    date=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
)
QUOTES = Card(model="'''", sampling_settings="\"\"\"\\\n\t'''", authors=["#", "]", "= 1"])


@given(CARDS)
@example(QUOTES)
def test_a_card_goes_into_a_file_and_into_a_form_and_comes_back(card: Card) -> None:
    assert card_from_fields(tomllib.loads(card_toml(card))) == card
    assert card_from_fields(form_fields(card)) == card


def test_the_largest_card_of_the_form_fits_into_a_file(tmp_path: Path) -> None:
    wide = "\U0001d538"  # four bytes in UTF-8, the most there are
    lists = dict.fromkeys(("authors", "training_sets"), [wide * 300] * 200)
    texts = dict.fromkeys(("pre_relaxation_settings", "sampling_settings", "filters"), wide * 4_000)
    card = card_from_fields({"model": "m", **lists, **texts})
    assert load_card(written(tmp_path, card_toml(card))) == card


def test_entries_of_a_list_are_separated_alike_in_a_file_and_in_a_form() -> None:
    of_file = card_from_fields({"model": "m", "authors": ["A. Author; B. Author", "C. Author"]})
    assert of_file == card_from_fields({"model": "m", "authors": "A. Author; B. Author\nC. Author"})
    assert of_file.authors == ("A. Author", "B. Author", "C. Author")


@given(st.text("aZ0_.-/", min_size=1, max_size=96))
@example("a" * 48 + "/" + "b" * 47)
def test_a_model_on_the_hub_is_named_as_the_hub_names_it(name: str) -> None:
    """The Hub's own client knows which names there can be; it also takes those of a model without an owner."""

    def is_named(by: Callable[[str], object]) -> bool:
        try:
            by(name)
        except (HFValidationError, FileRefusedError):
            return False
        return True

    assert is_named(lambda text: card_from_fields({"model": "m", "hub_model": text})) == (
        "/" in name and is_named(validate_repo_id)
    )


KEYS = st.sampled_from([*Card.model_fields, "other"])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text()), st.dates())


@given(st.dictionaries(KEYS, VALUES))
def test_any_form_gives_a_card_or_a_reason(fields: dict[str, object]) -> None:
    try:
        card = card_from_fields(fields)
    except FileRefusedError as refused:
        reasons = {refused.reason}
        assert reasons == {Reason.CARD_INVALID}
    else:
        assert card_from_fields(card.model_dump(exclude_none=True)) == card


@pytest.mark.parametrize("path", sorted((ROOT / "submissions" / "cards").glob("*.toml")), ids=lambda path: path.stem)
def test_the_cards_of_participants_are_valid(path: Path) -> None:
    assert load_card(path).model


def test_the_schema_is_printed_and_closed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "submissions.card"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    schema = json.loads(done.stdout)
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["model"]
    assert set(schema["properties"]) == set(Card.model_fields)
    assert (ROOT / "submissions" / "cards" / "schema.json").read_text() == done.stdout, (
        "write it again: python -m submissions.card > submissions/cards/schema.json"
    )
