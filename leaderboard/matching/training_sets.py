"""What a model was trained on, as far as reference sets stand for it, and which records are crystals of that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from leaderboard.matching.classes import Fact, standings
from reference_data.errors import ReferenceSetError
from reference_data.reference import letters, named_set, open_reference, present_sha256, set_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from leaderboard.matching.classes import Standing
    from leaderboard.matching.findings import Findings
    from leaderboard.matching.pool import Pool
    from leaderboard.protocol import Protocol
    from metrics.measure.matching.verdict import MatchSettings
    from reference_data.reference import Reference
    from submissions.card import Card

TRAINING_COLUMNS: Mapping[str, pa.DataType] = {"in_training_set": pa.bool_(), "training_matched_id": pa.string()}


@dataclass(frozen=True)
class TrainingSets:
    """The training sets that a card declares.

    Attributes:
        references: those at hand, by name, none twice.
        missing: why each of the others is not.

    """

    references: tuple[Reference, ...] = ()
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, declared: Sequence[str], protocol: Protocol, folders: Iterable[str | Path] = ()) -> TrainingSets:
        """Find the sets.

        Args:
            declared: lines of the card; each is to be the name of a defined set, whatever its case and punctuation, or
                that of a set among the folders.
            protocol: whose settings the sets have to be measured and merged with.
            folders: built sets, by name or folder, that were trained on whatever the card says.

        Raises:
            ReferenceSetError: one of the folders holds no set that can be used, or two hold sets of one name.

        """
        at_hand: dict[str, Reference] = {}
        for folder in folders:
            reference = _opened(folder, protocol)
            other = at_hand.setdefault(letters(reference.name), reference)
            if other.manifest_sha256 != reference.manifest_sha256:
                raise ReferenceSetError(
                    what=f"{other.folder} and {reference.folder} are two training sets of the name {reference.name}",
                    expected="one set of each name",
                    remedy="leave one out, or build it under another name",
                )
        missing = []
        for line in declared:
            named = at_hand.get(letters(line)) or _at_hand(line, protocol)
            if isinstance(named, str):
                missing.append(named)
            else:
                at_hand[letters(named.name)] = named
        return cls(tuple(at_hand[name] for name in sorted(at_hand)), tuple(missing))

    @property
    def is_whole(self) -> bool:
        """Whether some are declared and all of them are at hand: in part, what is not in them says nothing."""
        return bool(self.references) and not self.missing

    @property
    def hashes(self) -> dict[str, str]:
        """Hash of the manifest of each set by its name; of none unless they are whole."""
        return {reference.name: reference.manifest_sha256 for reference in self.references} if self.is_whole else {}

    def on_card(self, card: Card) -> Card:
        """The card with a line for each set that it does not name, so that it says all that was trained on."""
        lines = {letters(line) for line in card.training_sets}
        others = [reference.name for reference in self.references if letters(reference.name) not in lines]
        return card.model_copy(update={"training_sets": (*card.training_sets, *others)}) if others else card


NONE_DECLARED = TrainingSets()


def note_training(
    findings: Findings,
    pool: Pool,
    rows: Sequence[Sequence[int]],
    classes: Sequence[int],
    training: TrainingSets,
    settings: MatchSettings,
    compared: Mapping[str, Sequence[Standing]],
) -> None:
    """Note whether each record is a crystal of a training set, by the verdict that decides ``in_reference``.

    Args:
        findings: where the facts go.
        pool: the crystals; those of the records come first.
        rows: rows that hold each crystal of the records.
        classes: class of each of them; a class is known as a whole.
        training: the sets; unless all of them are at hand every fact is unknown. Why is a matter of the run and not of
            its structures: it stands on the card, and ``training_sets`` of ``run.json`` is empty.
        settings: of the verdict.
        compared: what each crystal is to sets that it was compared with already, by the hash of their manifests.

    """
    if not training.is_whole:
        return
    of_sets = [
        compared.get(reference.manifest_sha256) or _standings(pool, len(rows), classes, reference, settings)
        for reference in training.references
    ]
    for holders, *of_crystal in zip(rows, *of_sets, strict=True):
        fact, identifier = _in_any(of_crystal, training.references)
        for row in holders:
            findings.note(row, "in_training_set", fact.value, fact.reason)
            findings.note(row, "training_matched_id", identifier)


def _standings(
    pool: Pool, n: int, classes: Sequence[int], reference: Reference, settings: MatchSettings
) -> list[Standing]:
    """What each of the first n crystals is to a set."""
    records = pool.crystals[:n]
    known = reference.rows_of_formulas(crystal.reduced_formula for crystal in records)
    with_set = replace(
        pool,
        crystals=[*records, *(crystal.candidate() for crystal in known)],
        names=[*pool.names[:n], *(crystal.id for crystal in known)],
    )
    # what is near without being the same crystal is not asked for
    return standings(with_set.verdicts_with_others(n, settings, "training"), with_set.names, classes, near_distance=0.0)


def _in_any(of_sets: Sequence[Standing], references: Sequence[Reference]) -> tuple[Fact, str | None]:
    """Whether a crystal is in one of the sets, and which crystal of it, as ``<set>: <id>``."""
    for stands, reference in zip(of_sets, references, strict=True):
        if stands.known:
            return Fact(value=True), f"{reference.name}: {stands.matched_id}"
    failure = next((stands.failure for stands in of_sets if stands.known is None), None)
    return Fact(None if failure else False, failure), None


def _at_hand(line: str, protocol: Protocol) -> Reference | str:
    """The built set that a line of a card names, or why there is none."""
    name = named_set(line)
    if name is None:
        return f"training set {line!r} is not the name of a known set ({', '.join(set_names())})"
    if present_sha256(name) is None:
        return f"training set {name} is not at hand; `crystal-leaderboard reference fetch {name}` or build it"
    try:
        return _opened(name, protocol)
    except ReferenceSetError as error:
        return f"training set {name} cannot be used: {error}"


def _opened(name_or_folder: str | Path, protocol: Protocol) -> Reference:
    reference = open_reference(name_or_folder)
    reference.refuse_other_settings(protocol.measures, protocol.matching)
    return reference
