"""Opening sets and looking up in them: everything in a set is found, however it is written down."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from metrics.family import family_of
from metrics.fingerprint_versions import FINGERPRINT_VERSIONS
from metrics.measure.chemistry.composition import reduced_formula_of
from metrics.measure.fingerprint import METHODS
from metrics.measure.matching.verdict import Candidate, MatchSettings, compare
from reference_data.errors import ReferenceSetError
from reference_data.files.index import (
    BAWL_ROWS_FILE,
    FAMILY_ROWS_FILE,
    KEY_DIGESTS_FILE,
    KEY_ROWS_FILE,
    PROTOTYPE_ROWS_FILE,
)
from reference_data.files.manifest import MANIFEST_FILE, SET_FILES
from reference_data.reference import Reference, open_reference
from reference_data.sets.starter.make.tables import KNOWN_COMPOUNDS_FILE
from tests.disguise import disguised

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def starter() -> Reference:
    return open_reference("starter")


def test_the_starter_set_says_that_it_is_indicative(starter: Reference) -> None:
    assert starter.name == "starter"
    assert starter.indicative
    assert "Judging novelty" in starter.manifest.not_for
    # 288 prototypes (Mehl et al. 2017), 103 elements and the known compounds are read; what is refused or merged is
    # counted
    n_read = 288 + 103 + pq.read_metadata(KNOWN_COMPOUNDS_FILE).num_rows
    assert starter.manifest.n_read == n_read
    assert starter.n_crystals == n_read - starter.manifest.n_refused - starter.manifest.n_merged
    assert sum(len(crystal.source_ids) for crystal in starter.crystals(range(starter.n_crystals))) == (
        n_read - starter.manifest.n_refused
    )


def test_every_crystal_of_the_starter_set_is_found_by_formula_and_by_each_key(starter: Reference) -> None:
    crystals = starter.crystals(range(starter.n_crystals))
    by_formula = starter.rows_of_formulas(crystal.reduced_formula for crystal in crystals)
    assert [crystal.row for crystal in by_formula] == list(range(starter.n_crystals))
    by_key = starter.rows_with_keys(key for crystal in crystals for key in crystal.keys)
    assert all(crystal.row in by_key[key] for crystal in crystals for key in crystal.keys)


def test_disguised_copies_of_the_starter_set_are_known(starter: Reference) -> None:
    random = np.random.default_rng(20261123)
    crystals = starter.crystals(range(0, starter.n_crystals, 83))
    for crystal in (crystal for crystal in crystals if crystal.crystal.n_sites <= 20):
        copy = disguised(crystal.crystal, random, determinant=2)
        keys = METHODS["canonical-bawl"].compute(copy).keys
        hits = starter.rows_with_keys(keys)
        assert crystal.row in {row for rows in hits.values() for row in rows}, crystal.id
        candidate = Candidate(crystal=copy, reduced_formula=reduced_formula_of(copy), keys=keys)
        (known,) = [
            reference_crystal
            for reference_crystal in starter.rows_of_formulas([candidate.reduced_formula])
            if reference_crystal.row == crystal.row
        ]
        assert compare(candidate, known.candidate(), MatchSettings()).same, crystal.id


def test_elements_and_prototypes_that_are_one_crystal_are_merged(starter: Reference) -> None:
    # diamond is a prototype (A_cF8_227_a) and the ground state that ASE tabulates; graphite is another crystal
    carbon = {crystal.id: crystal for crystal in starter.rows_of_formulas(["C"])}
    assert carbon["aflow-A_cF8_227_a-C"].source_ids == ("aflow-A_cF8_227_a-C", "element-C-diamond")
    assert carbon["aflow-A_cF8_227_a-C"].sources == ("aflow-prototypes", "elements")
    (graphite,) = [crystal for crystal in carbon.values() if "aflow-A_hP4_194_bc-C" in crystal.source_ids]
    assert "element-C-diamond" not in graphite.source_ids


def test_bawl_is_known_by_that_of_any_source_row_and_prototypes_by_their_text(small_set: Path) -> None:
    reference = open_reference(small_set)
    salt = reference.rows_of_formulas(["NaCl"])[0]
    # a-salt carries what its source publishes, b-salt what the code computes; they are one crystal
    assert salt.bawl == salt.bawls[0] == "published-salt"
    computed = salt.bawls[1]
    assert computed is not None
    assert computed.endswith("_225_Na4Cl4")
    assert reference.known_bawls(["published-salt", computed, "x", "y"]) == {"published-salt", computed, "x"}
    # rock salt, copper, and diamond's positions; not those of wurtzite
    assert salt.prototype == "AB:225:4[-3mm]|4[-3mm]"
    texts = [salt.prototype, "A:225:4[-3mm]", "A:227:8[-43m]", "AB:186:2[3m]|2[3m]"]
    assert reference.known_prototypes(texts) == set(texts[:3])


def test_a_family_is_known_by_any_formula_of_it(small_set: Path) -> None:
    reference = open_reference(small_set)
    # salt, copper and silicon make these known, whichever metals and halogens are asked about
    known = {family_of(formula) for formula in ("KBr", "Au", "Ge")}
    assert reference.known_families({*known, family_of("MgO")}) == known


def test_what_the_set_does_not_have_is_not_found(small_set: Path) -> None:
    reference = open_reference(small_set)
    assert reference.rows_of_formulas(["KBr", "Na2Cl2", ""]) == []
    assert reference.rows_with_keys(["NaCl:1:0", ""]) == {}
    assert reference.rows_with_keys([]) == {}
    assert reference.known_bawls([]) == reference.known_bawls([""]) == set()
    assert reference.known_prototypes([]) == reference.known_prototypes(["AB:225:"]) == set()
    assert reference.known_families([]) == reference.known_families(["2:10 16:10", "1:10"]) == set()


@pytest.mark.parametrize("name", [KEY_ROWS_FILE, BAWL_ROWS_FILE, PROTOTYPE_ROWS_FILE, FAMILY_ROWS_FILE])
def test_a_collision_of_digests_is_no_hit(small_copy: Path, name: str) -> None:
    # an index in which the digest of a foreign text leads to a row that does not hold it
    first = open_reference(small_copy).crystals([0])[0]
    spoiled = np.load(small_copy / name)
    spoiled[:] = 3
    np.save(small_copy / name, spoiled)
    reference = open_reference(small_copy)
    confirmed = {
        KEY_ROWS_FILE: reference.rows_with_keys(first.keys),
        BAWL_ROWS_FILE: reference.known_bawls(filter(None, first.bawls)),
        PROTOTYPE_ROWS_FILE: reference.known_prototypes(filter(None, [first.prototype])),
        FAMILY_ROWS_FILE: reference.known_families([family_of(first.reduced_formula)]),
    }
    assert [file for file, hits in confirmed.items() if not hits] == [name]


def test_many_formulas_read_each_crystal_once(small_set: Path) -> None:
    reference = open_reference(small_set)
    crystals = reference.rows_of_formulas(["Si", "NaCl", "Si", "NaCl"])
    assert [crystal.id for crystal in crystals] == ["a-salt", "c-salt-cscl", "b-silicon"]


def test_opening_and_looking_up_imports_no_pymatgen() -> None:
    code = (
        "import sys\n"
        "from reference_data.reference import open_reference\n"
        "reference = open_reference('starter')\n"
        "crystals = reference.rows_of_formulas(['NaCl'])\n"
        "assert crystals and reference.rows_with_keys(crystals[0].keys)\n"
        "assert reference.statistics['elements']['Na']\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'pymatgen', 'ase', 'numba', 'torch'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("canonical-bawl = {version}", "canonical-bawl = 99", "fingerprints .*99.*expected .*canonical-bawl"),
        ("format_version = 5", "format_version = 99", "format version 99; expected version 5"),
        ("format_version = 5", "format_version = 4", "format version 4; expected version 5; build the set again with"),
        ("indicative = true", "indicative = maybe", "not TOML"),
        ("n_crystals = 4", "n_crystals = -4", "n_crystals"),
        ("indicative = true", "indicative = true\nsurprise = 1", "surprise"),
    ],
)
def test_a_set_of_another_version_or_with_a_broken_manifest_is_refused(
    small_copy: Path, old: str, new: str, message: str
) -> None:
    old = old.format(version=FINGERPRINT_VERSIONS["canonical-bawl"])
    text = (small_copy / MANIFEST_FILE).read_text(encoding="utf-8")
    assert old in text
    (small_copy / MANIFEST_FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ReferenceSetError, match=message):
        open_reference(small_copy)


@pytest.mark.parametrize("name", SET_FILES)
def test_a_missing_or_cut_file_is_refused(small_copy: Path, name: str) -> None:
    content = (small_copy / name).read_bytes()
    (small_copy / name).write_bytes(content[:-1])
    with pytest.raises(ReferenceSetError, match=f"{name} has {len(content) - 1} bytes; expected {len(content)}"):
        open_reference(small_copy)
    (small_copy / name).unlink()
    with pytest.raises(ReferenceSetError, match=f"{name} is missing"):
        open_reference(small_copy)


def test_an_index_of_another_shape_is_refused(small_copy: Path) -> None:
    content = bytearray((small_copy / KEY_DIGESTS_FILE).read_bytes())
    content[:6] = b"broken"
    (small_copy / KEY_DIGESTS_FILE).write_bytes(bytes(content))
    with pytest.raises(ReferenceSetError, match=r"index .* is broken"):
        open_reference(small_copy)


@pytest.mark.parametrize("name", ["no-such-set", "/no/such/folder"])
def test_an_unknown_set_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(ReferenceSetError, match=r"one of .*\bstarter\b"):
        open_reference(name)


def test_a_folder_that_is_no_built_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceSetError, match=f"holds no {MANIFEST_FILE}"):
        open_reference(tmp_path)
