"""What the registry says of potentials without loading any, and what is refused before loading."""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from metrics.energy_convention import check_convention
from metrics.measure.potentials import Potential, PotentialUnavailableError, find, registry
from metrics.measure.potentials.uma_s_1p1 import UNPINNED

ROOT = Path(__file__).parents[4]


def test_listing_potentials_loads_none_of_their_packages() -> None:
    code = (
        "import sys; from metrics.measure.potentials import registry; assert registry();"
        "print(sorted({'torch', 'ase', 'pymatgen', 'chgnet', 'sevenn'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("potential", registry().values(), ids=lambda potential: potential.id)
def test_each_names_what_decides_its_energies(potential: Potential) -> None:
    assert check_convention(potential.energy_convention)
    assert len(bytes.fromhex(potential.checkpoint_sha256)) == 32
    assert potential.elements <= set(range(1, 119))
    assert all("==" in requirement for requirement in potential.requirements)
    low, high = potential.energy_range
    assert low < 0 < high
    assert 4 < potential.reach < 12  # angstrom: beyond nearest neighbours, within what a graph of a crystal can hold


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no potential 'chgnet2'; there are: chgnet, chgnet-r2scan, emt"):
        find("chgnet2")


def test_a_corrupted_checkpoint_is_refused_with_both_hashes(tmp_path: Path) -> None:
    emt = find("emt")
    copy = tmp_path / "emt.py"
    copy.write_bytes(emt.checkpoint().read_bytes() + b"\n")
    with pytest.raises(
        PotentialUnavailableError, match=rf"has sha256 [0-9a-f]{{64}}, expected {emt.checkpoint_sha256}"
    ):
        replace(emt, find_checkpoint=lambda: copy).make("cpu")


def test_a_missing_checkpoint_is_refused_with_its_place(tmp_path: Path) -> None:
    absent = replace(find("emt"), find_checkpoint=lambda: tmp_path / "weights.pt")
    assert (absent.missing() or "").startswith(f"emt: no checkpoint {tmp_path / 'weights.pt'}; ")


@pytest.mark.parametrize(
    ("requirement", "reason"),
    [
        ("no-such-package==1.0", "emt needs no-such-package==1.0, which is not installed; pip install -r"),
        ("ase==3.0.0", "emt needs ase==3.0.0, found 3.29.0; pip install -r"),
    ],
)
def test_another_package_than_pinned_is_refused_with_what_to_install(requirement: str, reason: str) -> None:
    refused = replace(find("emt"), requirements=(requirement,))
    assert (refused.missing() or "").startswith(reason)


def test_one_that_cannot_share_our_packages_runs_in_its_own_environment_where_that_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment without any package: nothing can be loaded there, whatever is installed here."""
    monkeypatch.setattr("metrics.installed.FOLDER", tmp_path)
    emt = replace(find("emt"), environment="bare")
    assert (emt.python, emt.missing()) == (sys.executable, None)
    venv.create(tmp_path / ".venv-bare", with_pip=False)
    assert emt.python == str(tmp_path / ".venv-bare" / "bin" / "python")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert (emt.missing() or "").startswith("emt needs ase==3.29.0, which is not installed")


def test_gated_weights_without_a_stated_hash_match_no_file(tmp_path: Path) -> None:
    file = tmp_path / "uma-s-1p1.pt"
    file.touch()
    unpinned = replace(find("uma-s-1p1"), requirements=(), find_checkpoint=lambda: file, checkpoint_sha256=UNPINNED)
    assert f"expected {UNPINNED}" in (unpinned.missing() or "")


def test_the_command_says_which_are_ready() -> None:
    command = [sys.executable, "-m", "metrics.measure.potentials"]
    run = subprocess.run([*command, "emt"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "emt: ready\n")
    run = subprocess.run([*command, "emt2"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("no potential 'emt2'; there are: ")
