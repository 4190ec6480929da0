"""Downloading a built set with the Hub's own client, from a stand-in of the Hub on this machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reference_data import download as downloading
from reference_data.errors import ReferenceSetError
from reference_data.fetch import fetch
from reference_data.files.crystals import CRYSTALS_FILE
from reference_data.files.manifest import MANIFEST_FILE, SET_FILES, read_manifest, write_manifest
from reference_data.published import Published, published_by
from tests.reference_data.hub_files import COMMIT, Hub, running

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "somebody/sets"
PLACE = Published(repository=REPOSITORY, folder="small")


@pytest.fixture
def published(small_set: Path, tmp_path: Path) -> Path:
    """A copy of the small set to spoil, in the folder of a dataset with other files."""
    folder = tmp_path / "dataset" / "small"
    shutil.copytree(small_set, folder)
    (folder.parent / "loading.py").write_text("raise SystemExit('run')\n")
    return folder


@pytest.fixture
def hub(published: Path) -> Iterator[Hub]:
    with running(Hub({REPOSITORY: published.parent})) as started:
        yield started


def fetched(hub: Hub, out: Path, place: Published = PLACE, **options: Any) -> list[str]:  # noqa: ANN401 - options of fetch
    """Lines of progress of a download."""
    lines: list[str] = []
    fetch("small", place, out, report=lines.append, endpoint=hub.address, **options)
    return lines


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_fetched_set_is_the_published_one_and_nothing_else_is_left(hub: Hub, small_set: Path, tmp_path: Path) -> None:
    lines = fetched(hub, tmp_path / "sets" / "small")
    assert files(tmp_path / "sets" / "small") == files(small_set)
    assert [path.name for path in (tmp_path / "sets").iterdir()] == ["small"]
    assert lines == [
        f"small: {sum(len(data) for name, data in files(small_set).items() if name != MANIFEST_FILE) / 1e6:.1f} MB"
    ]
    assert {path for path, _ in hub.requests} == {f"small/{name}" for name in (*SET_FILES, MANIFEST_FILE)}


def test_a_set_that_is_there_is_not_downloaded_again_and_another_one_is_kept(
    hub: Hub, published: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    fetched(hub, out)
    before, hub.requests[:] = files(out), []
    assert fetched(hub, out) == [f"small: {out} is this set already"]
    assert [path for path, _ in hub.requests] == [f"small/{MANIFEST_FILE}"]
    write_manifest(read_manifest(published).model_copy(update={"title": "Another state"}), published)
    with pytest.raises(ReferenceSetError, match="holds another state of the set, manifest sha256 "):
        fetched(hub, out)
    assert files(out) == before


def test_a_manifest_that_is_pinned_is_the_only_one_that_is_taken(hub: Hub, published: Path, tmp_path: Path) -> None:
    pinned = PLACE.model_copy(update={"manifest_sha256": sha256(published / MANIFEST_FILE)})
    write_manifest(read_manifest(published).model_copy(update={"title": "Somebody else's"}), published)
    with pytest.raises(ReferenceSetError, match=f"expected {pinned.manifest_sha256}; name the revision"):
        fetched(hub, tmp_path / "out", pinned)
    assert [path for path, _ in hub.requests] == [f"small/{MANIFEST_FILE}"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", SET_FILES)
def test_a_file_of_other_bytes_is_refused_and_fetched_anew_once_it_is_right(
    hub: Hub, published: Path, small_set: Path, tmp_path: Path, name: str
) -> None:
    right = (published / name).read_bytes()
    (published / name).write_bytes(bytes([right[0] ^ 1]) + right[1:] if right else b"more")
    with pytest.raises(ReferenceSetError) as refused:
        fetched(hub, tmp_path / "out")
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()
    (published / name).write_bytes(right)
    fetched(hub, tmp_path / "out")
    assert files(tmp_path / "out") == files(small_set)


@pytest.mark.parametrize("size", [10, -10])
def test_a_file_of_another_size_is_refused(hub: Hub, published: Path, tmp_path: Path, size: int) -> None:
    path = published / CRYSTALS_FILE
    path.write_bytes(path.read_bytes() + b"x" * size if size > 0 else path.read_bytes()[:size])
    for _ in range(2):  # what is kept of the first try does not make the second one hang or pass
        with pytest.raises(ReferenceSetError, match=r"more than [\d,]+ bytes|with sha256|416"):
            fetched(hub, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_connection_that_is_cut_is_taken_up_where_it_ended(hub: Hub, small_set: Path, tmp_path: Path) -> None:
    hub.ends_after = 100
    fetched(hub, tmp_path / "out")
    assert files(tmp_path / "out") == files(small_set)


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_what_came_before_is_not_asked_for_again(
    hub: Hub, small_set: Path, tmp_path: Path, *, knows_ranges: bool
) -> None:
    hub.knows_ranges = knows_ranges
    kept = tmp_path / ".out.fetch" / sha256(small_set / MANIFEST_FILE)[:16]
    kept.mkdir(parents=True)
    (kept / f"{CRYSTALS_FILE}.part").write_bytes((small_set / CRYSTALS_FILE).read_bytes()[:1_000])
    (kept / "digests.npy").write_bytes((small_set / "digests.npy").read_bytes())
    lines = fetched(hub, tmp_path / "out")
    assert ", of which 0.0 MB are here" in lines[0]
    ranges = dict(hub.requests)
    assert ranges[f"small/{CRYSTALS_FILE}"] == "bytes=1000-"
    assert "small/digests.npy" not in ranges
    assert files(tmp_path / "out") == files(small_set)


def test_a_killed_download_resumes(hub: Hub, small_set: Path, tmp_path: Path) -> None:
    """The client writes blocks of 10 MB, which a small set does not have: they are made smaller."""
    hub.pause_s, hub.block_bytes = 0.02, 64
    program = (
        "import sys, huggingface_hub.constants as constants; constants.DOWNLOAD_CHUNK_SIZE = 64;"
        "from reference_data.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "fetch", "small", "--repository", REPOSITORY, "--folder", "small"]
    command += ["--out", str(tmp_path / "out")]
    environment = {**os.environ, "HF_ENDPOINT": hub.address, "HF_HUB_DISABLE_TELEMETRY": "1"}
    kept = tmp_path / ".out.fetch" / sha256(small_set / MANIFEST_FILE)[:16]
    part = kept / f"{CRYSTALS_FILE}.part"
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as first:
        for _ in range(6_000):
            if part.is_file() and part.stat().st_size > 500:
                break
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
    n_kept = part.stat().st_size
    assert 0 < n_kept < (small_set / CRYSTALS_FILE).stat().st_size
    assert not (tmp_path / "out").exists()
    hub.pause_s, hub.requests[:] = 0.0, []
    again = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert dict(hub.requests)[f"small/{CRYSTALS_FILE}"] == f"bytes={n_kept}-"
    assert files(tmp_path / "out") == files(small_set)
    assert again.stdout.startswith(f"small: 4 crystals in {tmp_path / 'out'}, manifest sha256 ")
    assert not (tmp_path / ".out.fetch").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"repository": "somebody/else"}, "the Hub has no dataset somebody/else, or it is private; expected"),
        ({"repository": "somebody/gated"}, "somebody/gated is gated, and this account has no access to it; expected"),
        ({"revision": "v9"}, f"{REPOSITORY} has no revision v9; expected"),
        ({"folder": "elsewhere"}, f"{REPOSITORY} has no file elsewhere/{MANIFEST_FILE}; expected"),
    ],
)
def test_what_the_hub_does_not_give_is_said_in_one_line(
    hub: Hub, tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    hub.gated.add("somebody/gated")
    with pytest.raises(ReferenceSetError) as refused:
        fetched(hub, tmp_path / "out", PLACE.model_copy(update=changes))
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_no_hub_at_all_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)  # the client tries again, a second later each time
    with pytest.raises(
        ReferenceSetError, match=r"revision main of somebody/sets cannot be downloaded \(.+\); expected"
    ):
        fetch("small", PLACE, tmp_path / "out", report=print, endpoint="http://127.0.0.1:9")


def test_what_would_not_open_here_is_refused_before_it_is_downloaded(hub: Hub, published: Path, tmp_path: Path) -> None:
    manifest = read_manifest(published)
    for changes, message in (
        ({"name": "other"}, "holds the set other; expected the set small"),
        ({"fingerprints": {"bawl": 0}}, r"was built with the fingerprints \{'bawl': 0\}"),
    ):
        write_manifest(manifest.model_copy(update=changes), published)
        with pytest.raises(ReferenceSetError, match=message):
            fetched(hub, tmp_path / "out")
    assert {path for path, _ in hub.requests} == {f"small/{MANIFEST_FILE}"}


@pytest.mark.parametrize("name", ["../../outside", "/etc/outside", "crystals.parquet/../../outside"])
def test_a_manifest_cannot_name_a_file_outside_the_set(hub: Hub, published: Path, tmp_path: Path, name: str) -> None:
    path = published / MANIFEST_FILE
    path.write_text(path.read_text().replace('[files."refusals.jsonl"]', f'[files."{name}"]'))
    with pytest.raises(ReferenceSetError, match=r"files must be crystals\.parquet"):
        fetched(hub, tmp_path / "out")
    assert not list(tmp_path.rglob("outside"))


def test_too_little_room_is_said_before_anything_is_downloaded(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(ReferenceSetError, match=r"has room for 0 MB; expected 0 MB for the rest of small; make room"):
        fetched(hub, tmp_path / "out")
    assert {path for path, _ in hub.requests} == {f"small/{MANIFEST_FILE}"}


def test_progress_says_rate_and_time_left(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloading, "REPORT_EVERY_S", 0.0)
    lines = fetched(hub, tmp_path / "out")
    assert len(lines) > 5
    assert all(" MB/s, 0:" in line and line.endswith(" min left") for line in lines[1:])


@pytest.mark.parametrize(
    "fields",
    [
        {"repository": "../etc"},
        {"repository": "somebody/sets", "folder": "../up"},
        {"repository": "somebody/sets", "folder": "/etc"},
        {"repository": "somebody/sets", "manifest_sha256": "abc"},
        {"repository": "somebody/sets", "revision": "a b"},
    ],
)
def test_a_place_of_no_such_form_is_refused(fields: dict[str, str | None], tmp_path: Path) -> None:
    with pytest.raises(ReferenceSetError, match="where the set is published: "):
        published_by(tmp_path / "none.toml", fields)


def test_the_definition_says_where_and_which_and_the_command_line_may_name_another(tmp_path: Path) -> None:
    definition = tmp_path / "small.toml"
    with pytest.raises(ReferenceSetError, match="does not say where the set is published"):
        published_by(definition, {})
    definition.write_text(f'[published]\nrepository = "a/b"\nrevision = "{COMMIT}"\nmanifest_sha256 = "{"0" * 64}"\n')
    assert published_by(definition, {}).manifest_sha256 == "0" * 64
    assert published_by(definition, {"revision": "main"}).revision == "main"
    # the hash is that of the repository it stands with
    assert published_by(definition, {"repository": "c/d"}) == Published(repository="c/d")
