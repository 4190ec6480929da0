"""Open a reference set and look crystals up in it by formula or fingerprint key.

Opening maps the index into memory and reads no crystal, whatever the size of the set. Nothing here imports pymatgen.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metrics.family import family_of
from metrics.fingerprint_versions import FINGERPRINT_VERSIONS
from reference_data.errors import ReferenceSetError
from reference_data.files.crystals import CRYSTALS_FILE, CrystalTable, ReferenceCrystal
from reference_data.files.hulls import read_hull
from reference_data.files.index import Index, TextIndex
from reference_data.files.manifest import MANIFEST_FILE, STATISTICS_FILE, Manifest, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pyarrow as pa

    from metrics.measure.energy.hull import Hull
    from reference_data.files.hulls import HullTables

SETS = Path(__file__).parent / "sets"
REBUILD = "build the set again with `python -m reference_data build`"


class Reference:
    """An open reference set; make it with :func:`open_reference`. Look-ups may run in several threads.

    Attributes:
        folder: where the set lies.
        manifest: what is in it and where it comes from.
        manifest_sha256: hash of the manifest file, which holds the hashes of all others: the identity of the set.

    """

    def __init__(self, folder: Path, manifest: Manifest, manifest_sha256: str, index: Index) -> None:
        """Keep what :func:`open_reference` has checked."""
        self.folder = folder
        self.manifest = manifest
        self.manifest_sha256 = manifest_sha256
        self._index = index
        self._table = CrystalTable(folder / CRYSTALS_FILE)
        self._hulls: dict[str, Hull] = {}
        self._read_hull = cache(partial(read_hull, folder))

    @property
    def name(self) -> str:
        """Short name of the set."""
        return self.manifest.name

    @property
    def indicative(self) -> bool:
        """True where no ranking may rest on the set."""
        return self.manifest.indicative

    @property
    def n_crystals(self) -> int:
        """Number of crystals."""
        return self.manifest.n_crystals

    @cached_property
    def statistics(self) -> Mapping[str, Any]:
        """What scores compare with: see :class:`metrics.reference_statistics.ReferenceStatistics`."""
        content: dict[str, Any] = json.loads((self.folder / STATISTICS_FILE).read_text(encoding="utf-8"))
        return content

    def crystals(self, rows: Sequence[int]) -> list[ReferenceCrystal]:
        """The crystals with these row numbers, in that order.

        Raises:
            IndexError: a row number outside the set.

        """
        return self._table.crystals(rows)

    def rows(self, rows: Sequence[int], columns: Sequence[str] | None = None) -> pa.Table:
        """The named columns (default: all) of the table of crystals in these rows, in that order.

        Raises:
            IndexError: a row number outside the set.

        """
        return self._table.rows(rows, columns)

    def rows_of_formulas(self, formulas: Iterable[str]) -> list[ReferenceCrystal]:
        """All crystals of these reduced formulas, by row number; only their row groups are read."""
        wanted = set(formulas)
        proposed = self._index.rows_of_formulas(sorted(wanted))
        crystals = self.crystals(sorted({row for rows in proposed if len(rows) for row in rows.tolist()}))
        return [crystal for crystal in crystals if crystal.reduced_formula in wanted]

    def rows_with_keys(self, keys: Iterable[str]) -> dict[str, list[int]]:
        """For each of these fingerprint keys that the set has, the numbers of the rows that hold it."""
        return self._confirmed(self._index.keys, "keys", keys)

    def known_bawls(self, bawls: Iterable[str]) -> set[str]:
        """Those of these BAWL fingerprints that any row of any source has."""
        return set(self._confirmed(self._index.bawls, "bawls", bawls))

    def known_prototypes(self, prototypes: Iterable[str]) -> set[str]:
        """Those of these prototypes that any crystal of the set has."""
        return set(self._confirmed(self._index.prototypes, "prototype", prototypes))

    def known_families(self, families: Iterable[str]) -> set[str]:
        """Those of these families of compounds that any crystal of the set belongs to."""
        return set(self._confirmed(self._index.families, "reduced_formula", families, family_of))

    @property
    def conventions(self) -> tuple[str, ...]:
        """Energy conventions of the hulls of the set, the best founded first; none where it has no energies."""
        return tuple(hull.convention for hull in self.manifest.hulls)

    def hull_tables(self, convention: str) -> HullTables:
        """Vertices, elemental energies and numbers of entries of a hull; read when first asked for.

        Raises:
            ReferenceSetError: the set has no hull of this convention.

        """
        if convention not in self.conventions:
            raise ReferenceSetError(
                what=f"reference set {self.name} has no hull of the energy convention {convention!r}",
                expected=f"one of {', '.join(self.conventions)}" if self.conventions else "a set with energies",
                remedy="choose one of these, or another set",
            )
        return self._read_hull(convention)

    def hull(self, convention: str) -> Hull:
        """The convex hull of the set's formation energies of one convention; this imports numba.

        Raises:
            ReferenceSetError: the set has no hull of this convention.

        """
        from metrics.measure.energy.hull import Hull  # noqa: PLC0415 - the app opens sets without numba

        if convention not in self._hulls:
            tables = self.hull_tables(convention)
            counts = dict(zip(tables.systems["chemical_system"], tables.systems["n_entries"], strict=True))
            self._hulls[convention] = Hull(convention, tables.vertices, counts, alternatives=self.conventions)
        return self._hulls[convention]

    def elemental_references(self, convention: str) -> dict[str, float]:
        """Total energy of each element, eV/atom, which turns total energies of this convention into formation energies.

        Raises:
            ReferenceSetError: the set has no hull of this convention, or it was made of formation energies alone.

        """
        references = self.hull_tables(convention).elemental_references
        if references.empty:
            raise ReferenceSetError(
                what=f"the hull of {convention} of reference set {self.name} has no total energies of the elements",
                expected="those that turn a potential's energy into a formation energy",
                remedy="name them in the set's definition (elemental_references) and build it again",
            )
        return dict(zip(references["element"], references["energy_per_atom"], strict=True))

    def refuse_other_settings(self, measures: Mapping[str, Mapping[str, Any]], matching: Mapping[str, Any]) -> None:
        """Refuse to compare crystals with a set that was measured or merged otherwise.

        Values are compared, so that 5 is 5.0, and plain data is enough: no measurement is imported. A measurement that
        only one of both sides takes is compared with nothing.

        Args:
            measures: all settings of each measurement that crystals are measured with, by its name.
            matching: all settings of the structure matching that they are compared by.

        Raises:
            ReferenceSetError: a setting differs.

        """
        pairs = {
            f"measures.{name}": (measures[name], record.settings)
            for name, record in self.manifest.measures.items()
            if name in measures
        } | {"matching": (matching, self.manifest.matching.settings)}
        different = [
            (f"{where}.{key}", wanted.get(key, "not stated"), built.get(key, "not stated"))
            for where, (wanted, built) in pairs.items()
            for key in sorted({*wanted, *built})
            if key not in wanted or key not in built or wanted[key] != built[key]
        ]
        if different:
            raise ReferenceSetError(
                what=f"reference set {self.name} was built with "
                + ", ".join(f"{key} {built}" for key, _, built in different),
                expected=", ".join(f"{key} {wanted}" for key, wanted, _ in different) + ", as the protocol says",
                remedy="state these settings in the set's definition and build it again, or choose another protocol",
            )

    def _confirmed(
        self, index: TextIndex, column: str, texts: Iterable[str], text_of: Callable[[str], str] = str
    ) -> dict[str, list[int]]:
        """For each of these texts that the column has, rows that hold it: proposed by the index, confirmed there.

        What holds one text may state it in other words: ``text_of`` makes the text that is indexed.
        """
        wanted = sorted(set(texts))
        proposed = dict(zip(wanted, index.rows_with(wanted), strict=True))
        numbers = sorted({row for rows in proposed.values() for row in rows.tolist()})
        held = dict(zip(numbers, self._table.rows(numbers, [column])[column].to_pylist(), strict=True))

        def holds(row: int, text: str) -> bool:
            value = held[row]
            return text_of(value) == text if isinstance(value, str) else text in (value or ())

        confirmed = {text: [row for row in rows.tolist() if holds(row, text)] for text, rows in proposed.items()}
        return {text: rows for text, rows in confirmed.items() if rows}


def open_reference(name_or_folder: str | Path) -> Reference:
    """Open a set by name (see :func:`set_names`) or by its folder.

    Raises:
        ReferenceSetError: no such set, not built, incomplete, or built with other versions than this code's.

    """
    folder = set_folder(name_or_folder)
    manifest = read_manifest(folder)
    if manifest.fingerprints != FINGERPRINT_VERSIONS:
        raise ReferenceSetError(
            what=f"{folder} was built with the fingerprints {manifest.fingerprints}",
            expected=f"{dict(FINGERPRINT_VERSIONS)}",
            remedy=REBUILD,
        )
    for name, record in manifest.files.items():
        path = folder / name
        n_bytes = path.stat().st_size if path.is_file() else None
        if n_bytes != record.n_bytes:
            raise ReferenceSetError(
                what=f"{path} {'is missing' if n_bytes is None else f'has {n_bytes} bytes'}",
                expected=f"{record.n_bytes} bytes",
                remedy=REBUILD,
            )
    try:
        index = Index.open(folder)
    except (ValueError, EOFError) as error:
        raise ReferenceSetError(
            what=f"the index of {folder} is broken ({error})",
            expected="sorted arrays of digests and rows",
            remedy=REBUILD,
        ) from error
    return Reference(folder, manifest, _sha256(folder / MANIFEST_FILE), index)


def present_sha256(name: str) -> str | None:
    """Hash of the manifest of the defined set of this name; None where there is none, or it is not built here."""
    path = SETS / name / MANIFEST_FILE
    return _sha256(path) if name in set_names() and path.is_file() else None


def set_names() -> list[str]:
    """Names of the sets this repository defines, built or not."""
    return sorted(path.stem for path in SETS.glob("*.toml"))


def named_set(text: str) -> str | None:
    """The defined set that a text names, whatever its case and punctuation: ``MP-20`` is ``mp-20``; None where none is.

    Letters and digits must be the name's and no others, so "MP-20, our split" names no set.
    """
    by_letters = {letters(name): name for name in set_names()}
    return by_letters.get(letters(text))


def letters(name: str) -> str:
    """Letters and digits of a name in lower case: what people agree on when they write the name of a data set."""
    return "".join(character for character in name.casefold() if character.isalnum())


def set_folder(name_or_folder: str | Path) -> Path:
    """Folder of a set: a defined name comes first, then an existing folder.

    Raises:
        ReferenceSetError: neither.

    """
    if str(name_or_folder) in set_names():
        return SETS / str(name_or_folder)
    if Path(name_or_folder).is_dir():
        return Path(name_or_folder)
    raise ReferenceSetError(
        what=f"no reference set {str(name_or_folder)!r}",
        expected=f"one of {', '.join(set_names())}, or the folder of a built set",
        remedy="see `python -m reference_data list`",
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
