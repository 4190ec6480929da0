"""Whatever the text: a crystal or a refused record, and nothing else."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submissions.formats import cif
from submissions.limits import Limits
from submissions.record import Record
from submissions.refusal import RecordRefusedError
from tests.submissions.formats.cif.texts import operations, written
from tests.submissions.packing import cif as packed_cif

FOLDER = Path(__file__).parents[2] / "field_inputs" / "cif"
SEEDS = [
    packed_cif().encode(),
    packed_cif("LiFeO").encode(),
    *(path.read_bytes() for path in sorted(FOLDER.glob("*.cif"))),
]
LIMITS = Limits()
WORDS = [
    "?", ".", "''", "'", '"', ";", "\n;\n", "loop_\n", "data_x\n", "save_x\n", "global_\n", "#", "_a", "1e999", "nan",
    "-1", "1/0", "(", "x,y,z", "'-x,-y,-z'", "'x+1/3,y,z'", "\u2212", "\x0c", "\r", "[", "]", "$x", "stop_", "9" * 400,
    "F m -3 m", "R -3 m :H", "_space_group_IT_number 227\n", "_cell_formula_units_Z 3\n", "_atom_site_occupancy", "0.5",
    "180", "Fe3+", "NH4", "_atom_site_Cartn_x", "1000000", '"""', "\ufeff", "'0.1 0.2'", "'F d -3 m'", "\n\n",
    "_cell_angle_gamma 120\n",
]  # fmt: skip
generously = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


def read_any(content: bytes) -> None:
    """Cut and read; a crystal has finite numbers and places within the cell."""
    with contextlib.suppress(RecordRefusedError):
        for record in cif.split(io.BufferedReader(io.BytesIO(content)), LIMITS):
            if isinstance(record, Record) and record.refusal is None:
                read_one(record.payload)
    read_one(content)


def read_one(payload: bytes) -> None:
    with contextlib.suppress(RecordRefusedError):
        crystal = cif.parse(payload, LIMITS)
        assert 0 < crystal.n_sites <= LIMITS.sites
        assert np.isfinite(crystal.lattice).all()
        assert ((crystal.frac_coords >= 0) & (crystal.frac_coords < 1)).all()


@generously
@given(
    content=st.sampled_from(SEEDS),
    places=st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from([0, 0, 1, 5, 30]), st.sampled_from(WORDS)), min_size=1, max_size=4
    ),
)
def test_good_files_with_words_exchanged(content: bytes, places: list[tuple[float, int, str]]) -> None:
    for where, removed, put in places:
        start = int(where * len(content))
        content = content[:start] + put.encode() + content[start + removed :]
    read_any(content)


@generously
@given(content=st.sampled_from(SEEDS), order=st.lists(st.integers(0, 40), min_size=1, max_size=60))
def test_lines_in_any_order(content: bytes, order: list[int]) -> None:
    lines = content.split(b"\n")
    read_any(b"\n".join(lines[at % len(lines)] for at in order))


@generously
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), max_size=40).map(" ".join))
def test_words_in_any_order(text: str) -> None:
    read_any(b"data_x\n" + text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "text",
    [
        # what made the reader stumble while it was written
        written(["K1 K ';' 0 0"]), written(["K1 K ; 0 0"]), written(["K1 K 0 0 0"]).replace("_a 6", "_a '6 7'"),
        written(["K1 K 0 0 0"], operations(["'x+1/0,y,z'"])), written(["K1 K 0 0 0"], operations(["'1e400*x,y,z'"])),
        written(["K1 K 0 0 0"], operations(["'x,y,z'", "'9x-80y,x-9y,z'"])), "data_x\nsave_y\n_a 1\nsave_\n",
        written(["K1 K 1e300 0 0"]), written(["K1 K 0 0 0"], parameters="6 7 8 1e-320 90 90"),
        written(["K1 K 1e308 1e308 0"], columns="label type_symbol Cartn_x Cartn_y Cartn_z"),
        written(["K1 K 0 0 0"], parameters="1e-300 6 7 90 90 90"),
        written(["K1 K 0 0 0"], "_symmetry_space_group_name_H-M 'C 2'\n_symmetry_Int_Tables_number 3"),
        written(["K1 K 0 0 0"], operations(["'x,y,z'", "'-x,-y,-z'"]), "_space_group_name_H-M_alt 'F m -3 m'"),
    ],
)  # fmt: skip
def test_texts_that_made_the_reader_stumble(text: str) -> None:
    read_any(text.encode())


def test_the_seeds_are_read() -> None:
    # so that the tests above begin where there is something to break
    expected = json.loads((FOLDER / "expected.json").read_text())
    assert len(SEEDS) == 2 + len(expected)
