"""A reference set as data: what it is, what it is good for, where its crystals come from, how they are measured."""

import tomllib
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from metrics.energy_convention import preferred_first
from reference_data.build.convert_energies import Conversion
from reference_data.build.hull.inputs import HullSource
from reference_data.build.settings import BuildSettings
from reference_data.errors import ReferenceSetError, validation_text
from reference_data.published import Published
from reference_data.sources import AnySource
from reference_data.sources.base import Name, Text
from reference_data.sources.lemat_bulk import Database


class SetDefinition(BaseModel):
    """The content of ``sets/<name>.toml``; no other keys are allowed.

    Attributes:
        name: how the set is called on the command line and on the board.
        title: one line for a person.
        licence: SPDX expression of the set as a whole.
        indicative: True where novelty against this set alone proves little, so that no ranking rests on it.
        not_for: what the set is not good for, in one or two sentences.
        sources: where its crystals come from, in the order in which they are read.
        hull: tables of energies that give entries of its hulls without giving crystals; ``[[hull]]`` in the file.
        measures: settings of measurements, by name of the measurement; what is not stated is as the code has it.
        matching: settings of the structure matching that merges rows, likewise.
        convert_energies_to: energy convention to which total energies of the crystals are converted, one by one; those
            that cannot be are left out. Without one they stay as given.
        published: where the built set can be downloaded; None where nobody has published it.

    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    title: Text
    licence: Text
    indicative: bool
    not_for: Text
    sources: tuple[AnySource, ...] = Field(min_length=1)
    hull: tuple[HullSource, ...] = ()
    measures: dict[str, dict[str, Any]] = {}
    matching: dict[str, Any] = {}
    convert_energies_to: Literal["pbe_mp2020"] | None = None
    published: Published | None = None

    @cached_property
    def settings(self) -> BuildSettings:
        """How the rows of the set are measured and merged."""
        hubbard_u = {
            described.name: described.hubbard_u
            for source in self.sources
            for described in source.provenances
            if isinstance(described, Database) and described.hubbard_u is not None
        }
        stated = BuildSettings.of(self.measures, self.matching)
        return replace(stated, conversion=Conversion(self.convert_energies_to, hubbard_u))

    @property
    def hull_conventions(self) -> tuple[str, ...]:
        """Energy conventions of the hulls that the set has if its sources hold the energies that they may."""
        of_crystals = (convention for source in self.sources for convention in source.energy_conventions)
        converted = (self.settings.conversion.target_of(convention) for convention in of_crystals)
        return preferred_first([*converted, *(table.convention for table in self.hull)])

    @model_validator(mode="after")
    def _distinct_names(self) -> Self:
        crystal_names = [described.name for source in self.sources for described in source.provenances]
        names = [*crystal_names, *(table.name for table in self.hull)]
        if len(set(names)) < len(names):
            msg = f"names of sources must differ, got {', '.join(names)}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _possible_settings(self) -> Self:
        BuildSettings.of(self.measures, self.matching)
        return self


def load_definition(path: Path) -> SetDefinition:
    """Read and check a set's definition.

    Raises:
        ReferenceSetError: no such file, not TOML, a field missing, unknown or of a wrong value.

    """
    try:
        return SetDefinition.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ReferenceSetError(
            what=f"{path} cannot be read ({error.strerror})",
            expected="the TOML definition of a set",
            remedy="check the path",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReferenceSetError(
            what=f"{path} is not TOML ({error})", expected="the TOML definition of a set", remedy="correct that line"
        ) from error
    except ValidationError as error:
        raise ReferenceSetError(
            what=f"{path}: {validation_text(error)}",
            expected=f"the fields {', '.join(SetDefinition.model_fields)}",
            remedy="correct these fields; reference_data/sets/starter.toml is an example",
        ) from error
