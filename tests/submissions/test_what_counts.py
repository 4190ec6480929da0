"""What counts as submitted: everything meant as a structure, however broken; what is none is named and left out."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from submissions.files.ignored import by_name_alone, by_name_and_content
from submissions.read import Contents, split
from submissions.refusal import FileRefusedError, Reason
from tests.submissions.packing import cif, crystals, read_all, reason, table, tarred, zipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DICT = json.dumps(crystals()["NaCl"].as_dict())
NO_STRUCTURES: dict[str, str | bytes] = {
    # by their names alone
    "README": cif(),
    "docs/readme.rst": "how it was made",
    "LICENSE": cif(),
    "notes.MD": cif(),
    "a/prompts.txt": cif(),
    "card.toml": "model = 'x'",
    ".DS_Store": b"\x00\x00\x00\x01Bud1" + bytes(100),
    "._a.cif": b"\x00\x05\x16\x07",
    "__MACOSX/a.cif": cif(),
    "Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "b/desktop.ini": "[.ShellClassInfo]\n",
    "~$table.xlsx": b"user",
    "run/CHGCAR": str(crystals()["NaCl"].to(fmt="poscar")) + "\n 2 2 2\n 0.1 0.2 0.3 0.4 0.5\n 0.6 0.7 0.8\n",
    # by their names, and their content agrees
    "generate.py": "import json, sys\nprint({'lattice': 1})\n",
    "run.sh": "#!/bin/sh\npython generate.py\n",
    "sample.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": ["x = 1"]}], "metadata": {}}),
    "train.log": "step,loss\n1,0.5\n",
    "slurm-123.out": "12\n",
    "nohup.out": "",
    "events.out.tfevents.1700.host": bytes(range(200)),
    "config.yaml": "data_dir: /tmp\nloop_: 1\n",
    "hparams.yml": "lr: 1e-3\n",
    "pyproject.toml": "[project]\nname = 'x'\n",
    "settings.ini": "[a]\nb = 1\n",
    "vasprun.xml": "<?xml version='1.0'?>\n<modeling></modeling>\n",
    "INCAR": "ENCUT = 520\n",
    "KPOINTS": "k\n0\nGamma\n3 3 3\n0 0 0\n",
    "POTCAR.spec": "Na_pv\nCl\n",
    "OUTCAR.gz": b"\x1f\x8b\x08\x00",
    "pw.in": "&CONTROL\n/\nATOMIC_POSITIONS\nNa 0 0 0\n",
    "Na.upf": "<UPF version='2.0.1'>\n",
    "metrics.json": json.dumps({"valid": 0.9}),
    "wandb-summary.json": json.dumps({"_step": 10, "loss": {"min": 1}}),
    "train_config.json": json.dumps({"layers": [1, 2]}),
    "eval_results.csv": table(["id", "e_hull"], [("a", 0.1)]),
    "properties.csv": table(["formula", "energy"], [("NaCl", -1.0)]),
    "last.ckpt": zipped({"archive/data.pkl": b"x"}),
    "model.safetensors": bytes(range(64)),
    "best_model.pt": zipped({"archive/data.pkl": b"x"}),
    "optimizer.pth": b"\x80\x02}q\x00.",
    "energies.npy": b"\x93NUMPY\x01\x00v\x00" + bytes(118),
    "figures/hull.png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "paper.pdf": "%PDF-1.7\n",
    "a.cif~": "data_x\n",
}
"""Name -> content; none of these is a record."""
STRUCTURES: dict[str, tuple[str | bytes, Reason | None]] = {
    "a.cif": (cif(), None),
    # what looks like a document or is hidden counts by its extension, broken or not
    "readme_1.cif": (cif(), None),
    "LICENSE.vasp": ("", Reason.EMPTY),
    ".0001.cif": (cif(), None),
    ".cif": ("", Reason.EMPTY),
    "empty.cif": ("", Reason.EMPTY),
    "broken.cif": ("step 1 failed", Reason.UNREADABLE_FORMAT),
    "log_7.cif": ("", Reason.EMPTY),
    "config.xyz": ("oops", Reason.UNREADABLE_FORMAT),
    "POSCAR_3": ("", Reason.EMPTY),
    "POSCAR-config": ("x", Reason.UNREADABLE_FORMAT),
    "gen_5.json": (json.dumps({"error": "failed"}), Reason.MALFORMED),
    "gen_6.json": ("{}", Reason.MALFORMED),
    "gen_7.json": ("null", Reason.EMPTY),
    "gen_8": ("nothing", Reason.UNREADABLE_FORMAT),
    "results.json": (json.dumps([json.loads(DICT)]), None),
    "scores.csv": (table(["id", "cif"], [("a", "")]), Reason.EMPTY),
    "log.jsonl": (DICT + "\n", None),
    "state.out": (str(crystals()["ZnS"].to(fmt="poscar")), None),
    "geometry.in": ("lattice_vector 4 0 0\n", Reason.UNREADABLE_FORMAT),
    "structures.pt": (zipped({"archive/data.pkl": b"x"}), Reason.PICKLE),
    "coords.npy": (b"\x93NUMPY\x01\x00v\x00" + bytes(118), Reason.UNREADABLE_FORMAT),
    "structures.csv": (table(["id", "structures"], [("a", cif())]), Reason.NO_STRUCTURE_COLUMN),
}
"""Name -> content and why it is refused, if it is; each of these is a record."""


@pytest.mark.parametrize("packer", [zipped, tarred])
def test_what_is_no_structure_is_named_and_the_rest_counts(packer: Callable[..., bytes], tmp_path: Path) -> None:
    members = {**NO_STRUCTURES, **{name: content for name, (content, _) in STRUCTURES.items()}}
    path = tmp_path / "all.zip"
    path.write_bytes(packer(members))
    contents = Contents()
    records = list(split(path, contents=contents))
    assert [one.name for one in contents.ignored] == list(NO_STRUCTURES)
    assert all(one.is_file and one.what for one in contents.ignored)
    assert contents.n_files == len(STRUCTURES) == len(records)
    reasons = [reason(result) for result in read_all(tmp_path, path.read_bytes()).values()]
    assert reasons == [why for _, why in STRUCTURES.values()]


def test_the_summary_counts_and_names() -> None:
    contents = Contents(n_files=2_500)
    assert contents.summary(2_500) == "2,500 structures found in 2,500 files"


def test_an_archive_of_nothing_but_other_files_says_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError) as caught:
        read_all(tmp_path, zipped({"metrics.json": "{}", "run.py": "print()"}))
    assert caught.value.reason is Reason.EMPTY
    assert "2 files ignored: metrics.json (facts), run.py (script)" in caught.value.detail


def test_a_name_with_the_extension_of_a_structure_is_never_left_out() -> None:
    for extension in (".cif", ".vasp", ".xyz", ".poscar", ".cif.gz", ".CIF"):
        for stem in ("log", "config", "metrics", "INCAR", "run.py", "report_7", "CHGCAR"):
            name = stem + extension
            assert by_name_and_content(name) is None
            assert by_name_alone([name]) is None


def array() -> bytes:
    return b"\x93NUMPY\x01\x00v\x00" + bytes(118)


FOREIGN: dict[str, tuple[bytes, Reason, str]] = {
    "pickle": (pickle.dumps([1]), Reason.PICKLE, "pickle.load"),
    "pickle of protocol 0": (pickle.dumps([1], protocol=0), Reason.PICKLE, "pickle.load"),
    "torch": (zipped({"archive/data.pkl": b"\x80\x02.", "archive/version": "3"}), Reason.PICKLE, "torch.load"),
    "npy": (array(), Reason.UNREADABLE_FORMAT, "numpy.load"),
    "npz": (zipped({"a.npy": array(), "b.npy": array()}), Reason.UNREADABLE_FORMAT, "numpy.load"),
    "lmdb": (bytes(16) + b"\xde\xc0\xef\xbe" + bytes(100), Reason.UNREADABLE_FORMAT, "LMDB"),
    "traj": (b"- of UlmASE-Trajectory  " + bytes(40), Reason.UNREADABLE_FORMAT, "ase.io.read('FILE', ':')"),
    "atp": (b"ATPK\x02" + bytes(60), Reason.UNREADABLE_FORMAT, "atompack.Database.open('FILE')"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(60), Reason.UNREADABLE_FORMAT, "h5py"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(60), Reason.UNREADABLE_FORMAT, "zstd -d"),
    "excel": (zipped({"[Content_Types].xml": "", "xl/workbook.xml": ""}), Reason.UNREADABLE_FORMAT, "read_excel"),
    "feather": (b"ARROW1" + bytes(60), Reason.UNREADABLE_FORMAT, "read_feather"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_files_of_other_programs_are_refused_once_with_how_to_convert_them(kind: str, tmp_path: Path) -> None:
    content, why, how = FOREIGN[kind]
    with pytest.raises(FileRefusedError) as caught:
        read_all(tmp_path, content)
    assert caught.value.reason is why
    assert how in caught.value.detail
    results = read_all(tmp_path, zipped({"a.cif": cif(), f"x.{kind}": content}))
    assert [reason(result) for result in results.values()] == [None, why]
    other = results[f"x.{kind}"]
    assert isinstance(other, tuple)
    assert how in other[1]


def test_a_really_written_array_is_told_as_one(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", positions=np.zeros((2, 3)))
    with pytest.raises(FileRefusedError, match=r"a NumPy archive \(\.npz\)"):
        list(split(tmp_path / "a.npz"))
