"""Make the bundled example submission: ``python -m submissions.examples.make``.

``example.zip`` is what a newcomer scores first; ``expected.csv`` says for each of its records what must come out.
"""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from submissions.examples.recipes import Example, examples

FOLDER = Path(__file__).parent
ARCHIVE = FOLDER / "example.zip"
EXPECTED = FOLDER / "expected.csv"
COLUMNS = ("id", "refusal", "charge_valid", "distance_valid", "plausible", "identified", "duplicate_of", "known_as")


def archive_bytes() -> bytes:
    """Bytes of the zip, the same on every machine.

    Members are stored, not deflated, because what deflate writes differs between versions of zlib; they bear one fixed
    date and system.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for example in examples():
            member = zipfile.ZipInfo(example.name, date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3  # Unix, wherever it is made
            member.external_attr = 0o644 << 16
            archive.writestr(member, example.content)
    return packed.getvalue()


def expected_csv() -> str:
    """One row for each record; an empty field is unknown, or does not apply."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(example) for example in examples())
    return text.getvalue()


def _row(example: Example) -> list[str]:
    facts = (example.charge_valid, example.distance_valid, example.plausible, example.identified)
    return [
        _id(example.name),
        example.refusal or "",
        *("" if fact is None else str(fact).lower() for fact in facts),
        _id(example.duplicate_of or ""),
        example.known_as or "",
    ]


def _id(name: str) -> str:
    return name.removesuffix(".cif")


def main() -> None:
    """Write both files beside this script."""
    ARCHIVE.write_bytes(archive_bytes())
    EXPECTED.write_text(expected_csv(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
