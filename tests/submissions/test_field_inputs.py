"""Files that were submitted and read wrongly once: each gives the crystals that were meant, or the true reason.

`formats.json` says what each file holds, stated by hand when the file was added: formula, number of sites and maybe the
volume of each record in its order, null for one that must be refused.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from metrics.formula import elements_of
from submissions.elements import SYMBOLS
from submissions.read import Contents, parse, split
from submissions.refusal import FileRefusedError, RecordRefusedError
from tests.submissions.packing import cif

FOLDER = Path(__file__).parent / "field_inputs"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "formats.json").read_text())


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if "records" in expected])
def test_every_structure_of_the_file_is_read_as_it_was_meant(name: str) -> None:
    expected = EXPECTED[name]
    records = list(split(FOLDER / name))
    assert len(records) == len(expected["records"])
    if "ids" in expected:
        assert [record.id for record in records] == expected["ids"]
    for record, meant in zip(records, expected["records"], strict=True):
        if meant is None:
            with pytest.raises(RecordRefusedError) as caught:
                parse(record)
            assert str(caught.value.reason) in expected.get("refusal", [caught.value.reason])
            continue
        crystal = parse(record)
        assert Counter(SYMBOLS[number - 1] for number in crystal.atomic_numbers) == elements_of(meant["formula"])
        assert crystal.n_sites == meant["sites"]
        assert crystal.volume == pytest.approx(meant.get("volume", crystal.volume), abs=0.01)


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if "file_refused" in expected])
def test_a_file_of_another_program_is_refused_once_with_the_lines_that_convert_it(name: str) -> None:
    with pytest.raises(FileRefusedError) as caught:
        list(split(FOLDER / name))
    assert caught.value.reason in EXPECTED[name]["file_refused"]
    assert "FILE" in caught.value.detail


def test_what_an_output_folder_holds_besides_structures_is_named() -> None:
    contents = Contents()
    records = list(split(FOLDER / "k31_output_folder.zip", contents=contents))
    assert contents.summary(len(records)) == (
        "1 structure found in 1 file, 4 files ignored: run/generate.py (script), run/config.yaml (configuration), "
        "run/train.log (log), run/metrics.json (facts)"
    )


def test_blocks_of_a_cif_that_hold_metadata_are_named(tmp_path: Path) -> None:
    path = tmp_path / "two.cif"
    path.write_text("data_global\n_journal_year 2021\n\n" + cif() + cif("ZnS"))
    contents = Contents()
    assert [record.id for record in split(path, contents=contents)] == ["NaCl", "ZnS"]
    assert contents.left_out() == ", 1 part ignored: global (CIF block without a structure)"
