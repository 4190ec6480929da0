"""How the rows of a set are measured and merged: the settings that a definition states, else those of the code."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from metrics.measure import settings_hash
from metrics.measure.matching.verdict import VERSION, MatchSettings
from reference_data.build.convert_energies import Conversion
from reference_data.build.measure_rows import needed_measures
from reference_data.files.manifest import SettingsRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class BuildSettings:
    """How the rows of a set become crystals.

    Attributes:
        measures: settings of every measurement that fills the columns of a set, by name.
        matching: settings of the matching that merges rows.
        conversion: to which energy convention energies are converted.

    """

    measures: Mapping[str, Any]
    matching: MatchSettings
    conversion: Conversion = field(default_factory=Conversion)

    @classmethod
    def of(cls, measures: Mapping[str, Mapping[str, Any]], matching: Mapping[str, Any]) -> BuildSettings:
        """Complete what is stated by the code's defaults; whole numbers are taken for floating-point settings.

        Args:
            measures: settings by name of the measurement.
            matching: settings of the matching.

        Raises:
            ValueError: a measurement that a set does not need, a setting that does not exist, or a value of another
                type.

        """
        needed = needed_measures()
        if unknown := sorted(set(measures) - set(needed)):
            msg = f"a set takes no measurement {', '.join(unknown)}, it takes {', '.join(needed)}"
            raise ValueError(msg)
        return cls(
            {name: _made(each.settings, measures.get(name, {}), f"measures.{name}") for name, each in needed.items()},
            _made(MatchSettings, matching, "matching"),
        )

    def measure_records(self) -> dict[str, SettingsRecord]:
        """What the manifest says of each measurement."""
        needed = needed_measures()
        return {name: _record(needed[name].version, settings) for name, settings in self.measures.items()}

    def matching_record(self) -> SettingsRecord:
        """What the manifest says of the matching."""
        return _record(VERSION, self.matching)


def _made(kind: type[Settings], stated: Mapping[str, Any], where: str) -> Settings:
    types = get_type_hints(kind)
    if unknown := sorted(set(stated) - set(types)):
        msg = f"{where} has no setting {', '.join(unknown)}, it has {', '.join(types) or 'none'}"
        raise ValueError(msg)
    return kind(**{name: _checked(value, types[name], f"{where}.{name}") for name, value in stated.items()})


def _checked(value: object, kind: Any, where: str) -> object:  # noqa: ANN401 - the type of a field
    try:
        checked: object = TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError as error:
        msg = f"{where} is {value!r:.40}: {error.errors()[0]['msg']}"
        raise ValueError(msg) from error
    return checked


def _record(version: int, settings: Any) -> SettingsRecord:  # noqa: ANN401 - a dataclass
    return SettingsRecord(version=version, settings_hash=settings_hash(settings), settings=asdict(settings))
