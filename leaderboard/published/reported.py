"""Values that papers and other boards report: text for people, of another kind than the scores of this board.

A value is kept as the digits that were published and never becomes a number here, so nothing can rank, average or store
it; a test keeps every module but the page from importing this one.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from submissions.card import Doi, Line, Url  # noqa: TC001 - pydantic reads the types of fields

FILE = Path(__file__).with_suffix(".toml")

Value = Annotated[str, StringConstraints(pattern=r"^(-|-?\d+(\.\d+)?( ± \d+(\.\d+)?)?)$")]


class Source(BaseModel):
    """One table of one source.

    Attributes:
        title: of the source.
        kind: of the source.
        address: where the values stand.
        doi: of the paper.
        state: date, version or commit of the values, and what is known of their standing.
        second_hand: whether they were read where another quotes them.
        setting: number of structures, reference set, potential and whatever else makes them what they are.
        columns: names of the values, with unit.
        rows: values of each model, as many as there are columns; ``-`` where none was published.

    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Line
    kind: Literal["paper", "board", "repository"]
    address: Url | None = None
    doi: Doi | None = None
    state: Line
    second_hand: bool
    setting: Line
    columns: tuple[Line, ...] = Field(min_length=1)
    rows: dict[Line, tuple[Value, ...]] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not (self.second_hand or self.address or self.doi):
            message = f"{self.title}: first-hand values need an address or a DOI"
            raise ValueError(message)
        for model, values in self.rows.items():
            if len(values) != len(self.columns):
                message = f"{self.title}: {model} has {len(values)} values for {len(self.columns)} columns"
                raise ValueError(message)
        return self


def reported(path: Path = FILE) -> tuple[Source, ...]:
    """All sources, in the order of the page."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(Source.model_validate(source) for source in content["source"])
