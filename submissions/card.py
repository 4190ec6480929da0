"""The card of a participant: who made the model, from what, and how its samples came about.

The list of fields is closed and only `model` is required. The same card comes from a TOML file and from a form, and
goes back into either. `python -m submissions.card` prints the JSON schema, which `cards/schema.json` holds: a first
line `#:schema ./schema.json` of a card lets an editor check and complete it.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Annotated

import tomlkit
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from submissions.refusal import FileRefusedError, Reason, one_line, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

CARD_BYTES = 1_000_000
"""More than any card that the form takes, as TOML."""
_ID = re.compile(r"([0-9a-f]{12}(/[0-9a-f]{12})?|[0-9a-f]{32}|[0-9a-f]{64})(@.*)?", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _without_control_characters(text: str) -> str:
    if control := _CONTROL.search(text):
        message = f"holds the control character U+{ord(control[0]):04X}, allowed: printable text"
        raise ValueError(message)
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        message = "holds a line break or tab, allowed: one line"
        raise ValueError(message)
    return _without_control_characters(text)


def _separated(value: object) -> object:
    """A form has one box for a list: entries separated by semicolons or line breaks, and so they are in a file too."""
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"[;\n]", value) if part.strip()]
    if isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value):
        return [part for entry in value for part in _separated(entry)]  # type: ignore[attr-defined]
    return value


def is_id(text: str) -> bool:
    """Whether a text has the shape of what names a run or a submission in a link."""
    return _ID.fullmatch(text) is not None


def _no_id(text: str) -> str:
    if is_id(text):
        message = "has the shape of the id of a run or a submission, which links go by, allowed: any other name"
        raise ValueError(message)
    return text


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
    AfterValidator(_one_line),
    AfterValidator(_no_id),
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_one_line)]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000),
    AfterValidator(_without_control_characters),
]
Lines = Annotated[tuple[Line, ...], BeforeValidator(_separated), Field(max_length=200)]
Url = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^https?://[A-Za-z0-9][^\s<>\"'`\\{}|^]*$")
]
Doi = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^10\.\d{4,9}/[^\s<>\"'`\\]+$")]
# as the Hub names repositories: parts of letters, digits and _, joined by single dots or dashes
_HUB_NAME = "[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*"
HubModel = Annotated[str, StringConstraints(strip_whitespace=True, max_length=96, pattern=f"^{_HUB_NAME}/{_HUB_NAME}$")]
Count = Annotated[int, Field(ge=1, le=10**15)]
Attempts = Annotated[int, Field(ge=1, le=10**6)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]


class Card(BaseModel):
    """One participant of the board."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Name = Field(description="Name of the model, as the board shows it, at most 80 characters")
    version: Line | None = Field(None, description="Version of the model")
    authors: Lines = Field((), description="Authors, one entry each")
    contact: Line | None = Field(None, description="Whom to write to")
    affiliation: Line | None = Field(None, description="Institution of the authors")
    paper: Url | None = Field(None, description="Address of the paper, http(s)://...")
    doi: Doi | None = Field(None, description="DOI of the paper, 10.xxxx/...")
    code: Url | None = Field(None, description="Address of the code, http(s)://...")
    hub_model: HubModel | None = Field(None, description="Model repository on the Hugging Face Hub, owner/name")
    licence: Line | None = Field(None, description="Licence of code and weights, best as an SPDX identifier")
    open_weights: bool | None = Field(None, description="Whether the weights can be downloaded, true or false")
    architecture: Line | None = Field(None, description="Family: diffusion, flow matching, language model, ...")
    parameters: Count | None = Field(None, description="Number of trainable parameters, a whole number")
    training_sets: Lines = Field(
        (),
        description="Data sets trained on, one entry each; the name of a reference set alone, such as MP-20 or "
        "Alex-MP-20, lets the overlap with it be measured",
    )
    pre_relaxed: bool | None = Field(
        None, description="Whether the structures were relaxed before they were submitted, true or false"
    )
    pre_relaxation_potential: Line | None = Field(None, description="Potential used for that relaxation")
    pre_relaxation_settings: Text | None = Field(None, description="Optimiser, force limit, steps of that relaxation")
    sampling_settings: Text | None = Field(
        None, description="Settings of the sampler: steps, temperature, guidance, seed"
    )
    n_generated: Count | None = Field(
        None, description="Structures generated before any filter was applied, a whole number"
    )
    filters: Text | None = Field(None, description="Filters applied before submitting, and what each removed")
    n_attempts: Attempts | None = Field(
        None,
        description="Samplings or trainings of this model and version that were scored, or could have been, of which "
        "the submitted ones were chosen, a whole number; 1 if nothing was chosen",
    )
    seeds: Line | None = Field(None, description="Random seeds of sampling and training, one line")
    training_compute: Line | None = Field(None, description="Compute spent on training, with unit")
    sampling_compute: Line | None = Field(None, description="Compute spent on 2,500 samples, with unit")
    hardware: Line | None = Field(None, description="Hardware of training and sampling")
    date: Day | None = Field(None, description="Day the structures were generated, YYYY-MM-DD")


def load_card(path: Path) -> Card:
    """Read a card from a TOML file.

    Raises:
        FileRefusedError: CARD_INVALID, naming the field, what is wrong and what is allowed.

    """
    try:
        with path.open("rb") as file:
            content = file.read(CARD_BYTES + 1)
        if len(content) > CARD_BYTES:
            detail = f"card: more than {CARD_BYTES:,} bytes, allowed: at most {CARD_BYTES:,}"
            raise FileRefusedError(Reason.CARD_INVALID, detail)
        fields = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        detail = f"card: cannot be opened ({error.strerror}), allowed: a TOML file"
        raise FileRefusedError(Reason.CARD_INVALID, detail) from error
    except UnicodeDecodeError as error:
        detail = f"card: byte {error.start:,} is not UTF-8, allowed: UTF-8 text"
        raise FileRefusedError(Reason.CARD_INVALID, detail) from error
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        detail = f"card: not TOML ({one_line(error)}), allowed: lines of 'field = value'"
        raise FileRefusedError(Reason.CARD_INVALID, detail) from error
    return card_from_fields(fields)


def card_from_fields(fields: Mapping[str, object]) -> Card:
    """Build a card from a form; a field left blank is a field not given.

    Raises:
        FileRefusedError: CARD_INVALID, naming each field, what is wrong and what is allowed.

    """
    given = {name: value for name, value in fields.items() if not _blank(value)}
    try:
        return Card.model_validate(given)
    except ValidationError as error:
        detail = "; ".join(_described(one) for one in error.errors(include_url=False))
        raise FileRefusedError(Reason.CARD_INVALID, detail) from error


def form_fields(card: Card) -> dict[str, str]:
    """What a form of this card holds, blank where a field is not given: :func:`card_from_fields` makes it of that."""
    return {name: _written(getattr(card, name)) for name in Card.model_fields}


def card_toml(card: Card) -> str:
    """The card as a TOML file without the fields that are not given: :func:`load_card` reads it."""
    given = card.model_dump(exclude_defaults=True)
    return tomlkit.dumps({name: list(value) if isinstance(value, tuple) else value for name, value in given.items()})


def schema_json() -> str:
    """JSON Schema of a card, as text."""
    return json.dumps(Card.model_json_schema(), indent=2) + "\n"


def _written(value: object) -> str:
    """A value of a card as a form holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "; ".join(value) if isinstance(value, tuple) else str(value)


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _described(error: ErrorDetails) -> str:
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, Card.model_fields, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        return f"{shown(name)}: not a field of a card; {hint}allowed: {', '.join(Card.model_fields)}"
    description = Card.model_fields[str(error["loc"][0])].description
    if error["type"] == "missing":
        return f"{name}: missing, allowed: {description}"
    pattern = error["type"] == "string_pattern_mismatch"
    message = "does not have the form of such a value" if pattern else error["msg"].removeprefix("Value error, ")
    return f"{name}: {shown(error['input'])}: {message[0].lower()}{message[1:]}, allowed: {description}"


if __name__ == "__main__":
    sys.stdout.write(schema_json())
