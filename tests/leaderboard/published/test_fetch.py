"""Downloading published outputs with the real client, from a web server on this machine."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderboard.__main__ import main
from leaderboard.errors import CommandError
from leaderboard.published import recipe as recipe_module
from leaderboard.published.archive import cifs_of, natural_order, pack
from leaderboard.published.fetch import fetch
from leaderboard.published.recipe import Recipe, recipes
from submissions.card import load_card
from submissions.limits import Limits
from tests.leaderboard.published.file_server import FileServer, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TEST_DATA = Path(os.environ.get("LEADERBOARD_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
CIFS = {f"gen_{number}.cif": f"data_{number}\n".encode() * 400 for number in (10, 2, 1)}
ORDERED = {name: CIFS[name] for name in ("gen_1.cif", "gen_2.cif", "gen_10.cif")}


def tarred(files: Mapping[str, bytes], mode: str = "w:gz") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def in_folder(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": content for name, content in files.items()}


ARCHIVE = tarred(
    {
        **in_folder("repository-c0ffee/samples/Model", CIFS),
        **in_folder("repository-c0ffee/samples/Other", {"gen_3.cif": b"data_3"}),
        "repository-c0ffee/samples/Model/notes.txt": b"no structure",
        "repository-c0ffee/samples/Model/._gen_1.cif": b"of a Mac",
        "repository-c0ffee/samples/Model/deeper/gen_4.cif": b"data_4",
    }
)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with running(FileServer({"/archive.tar.gz": ARCHIVE})) as started:
        yield started


def recipe_of(server: FileServer, path: str = "/archive.tar.gz", **fields: object) -> Recipe:
    """A recipe of a file of the server."""
    content = {
        "name": "model",
        "card": {"model": "Model", "training_sets": ["MP-20"], "pre_relaxed": True},
        "address": server.address + path,
        "page": "https://example.org/model",
        "licence": "CC-BY-4.0",
        "licence_page": "https://example.org/licence",
        "published_by": "the authors",
        "selection": "all that were generated",
        "most_bytes": 1_000_000,
        "folder": "samples/Model",
        "read_on": "2026-11-30",
        **fields,
    }
    return Recipe.model_validate(content)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def packed(cifs: Mapping[str, bytes], folder: Path) -> bytes:
    pack(cifs, folder / "packed.zip")
    return (folder / "packed.zip").read_bytes()


def silent(_line: str) -> None:
    """Say nothing."""


def test_the_submission_holds_the_cifs_of_the_folder_and_its_card_says_how_they_were_selected(
    server: FileServer, tmp_path: Path
) -> None:
    fetched = fetch(recipe_of(server, first=2), tmp_path, silent)
    with zipfile.ZipFile(fetched.submission) as submission:
        assert {name: submission.read(name) for name in submission.namelist()} == dict(list(ORDERED.items())[:2])
    card = load_card(fetched.card)
    assert (card.model, card.training_sets, card.pre_relaxed) == ("Model", ("MP-20",), True)
    assert card.filters == "all that were generated; here the first 2 by name"
    assert card.licence == "CC-BY-4.0 (outputs)"


@pytest.mark.parametrize("archive", [tarred, lambda files: tarred(files, "w:xz"), zipped], ids=["gz", "xz", "zip"])
def test_the_same_files_give_the_same_submission_from_any_archive(
    server: FileServer, tmp_path: Path, archive: object
) -> None:
    assert callable(archive)
    server.files["/other"] = archive(in_folder("samples/Model", dict(reversed(CIFS.items()))))
    pinned = sha256(packed(ORDERED, tmp_path))
    fetched = fetch(recipe_of(server, "/other", submission_sha256=pinned), tmp_path / "out", silent)
    assert (fetched.is_verified, fetched.sha256) == (True, pinned)


def test_a_broken_download_resumes_and_no_token_of_the_hub_is_sent(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    server.redirects["/moved"] = "/archive.tar.gz"
    (tmp_path / "model.part").write_bytes(ARCHIVE[:100])
    fetched = fetch(recipe_of(server, "/moved", sha256=sha256(ARCHIVE)), tmp_path, silent)
    assert fetched.is_verified
    assert [byte_range for _, byte_range, _ in server.requests] == ["bytes=100-", "bytes=100-"]
    assert {authorization for *_, authorization in server.requests} == {None}


def test_a_connection_that_breaks_is_made_again(server: FileServer, tmp_path: Path) -> None:
    server.ends_after = 150
    assert fetch(recipe_of(server, sha256=sha256(ARCHIVE)), tmp_path, silent).is_verified
    assert len(server.requests) == 2


def test_what_is_downloaded_is_not_downloaded_again(server: FileServer, tmp_path: Path) -> None:
    fetch(recipe_of(server), tmp_path, silent)
    fetch(recipe_of(server), tmp_path, silent)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("path", "fields", "message"),
    [
        ("/archive.tar.gz", {"sha256": "0" * 64}, rf"gives sha256 {sha256(ARCHIVE)}, expected 0{{64}}; fetch again"),
        ("/archive.tar.gz", {"submission_sha256": "0" * 64}, "expected 0{64}; they were changed: nothing was written"),
        ("/archive.tar.gz", {"n_structures": 4}, "has 3 CIFs in samples/Model, expected 4: nothing was written"),
        (
            "/archive.tar.gz",
            {"folder": "samples/Third"},
            "has these folders samples/Third with CIFs: none; expected one",
        ),
        ("/archive.tar.gz", {"most_bytes": 50}, "sends more than 50 bytes for model; expected 50 bytes"),
        ("/two", {}, "with CIFs: a/samples/Model, b/samples/Model; expected one"),
        ("/cut", {}, "is damaged or no zip or tar archive"),
        ("/cut-tar", {}, r"is damaged or no zip or tar archive \(it has no end\)"),
        ("/page", {}, "is damaged or no zip or tar archive"),
        ("/gone", {}, r"cannot be downloaded \(.*404.*\); check the connection .* look at https://example.org/model"),
    ],
)
def test_what_is_not_the_file_that_is_meant_is_refused(
    server: FileServer, tmp_path: Path, path: str, fields: dict[str, object], message: str
) -> None:
    server.files["/two"] = tarred({**in_folder("a/samples/Model", CIFS), **in_folder("b/samples/Model", CIFS)})
    server.files["/cut"] = ARCHIVE[:-40]
    # between two members: what is before the cut is a whole tar but for its end
    server.files["/cut-tar"] = tarred(in_folder("samples/Model", CIFS), "w")[: 8 * 512]
    server.files["/page"] = b"<html>Sign in</html>"
    with pytest.raises(CommandError, match=message):
        fetch(recipe_of(server, path, **fields), tmp_path, silent)
    assert not list(tmp_path.glob("model.zip"))
    assert not list(tmp_path.glob("model.toml"))


def test_a_structure_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(ARCHIVE)
    with pytest.raises(CommandError, match=r"has 101 bytes or more.*a structure may have 100"):
        cifs_of(tmp_path / "archive", "samples/Model", limits=Limits(record_bytes=100))


def test_numbers_in_names_are_compared_as_numbers() -> None:
    assert sorted(["b1", "a10", "a9", "a010x", "a"], key=natural_order) == ["a", "a9", "a10", "a010x", "b1"]


def test_the_command_says_that_a_file_without_a_pin_is_unverified(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = recipe_of(server)
    monkeypatch.setattr(recipe_module, "recipes", lambda: {"model": recipe})
    assert main(["published", "model", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'model.zip'}\n"
    assert f"UNVERIFIED: the recipe pins no sha256. Downloaded: {sha256(ARCHIVE)}" in said.err
    assert f"score {tmp_path / 'model.zip'} --card {tmp_path / 'model.toml'}" in said.err


def test_the_command_lists_the_recipes_and_wants_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["published", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(f"{name}: " in listed for name in recipes())
    assert main(["published"]) == 2
    assert "name a recipe; there are: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("matgen_mattergen", "mattergen"),
        ("matgen_cdvae", "cdvae"),
        ("matgen_ion_exchange", "ion_exchange"),
        ("matgen_random", "random_prototypes"),
    ],
)
def test_copies_of_the_published_files_have_the_sha256_that_is_pinned(
    server: FileServer, tmp_path: Path, name: str, file: str
) -> None:
    copies = TEST_DATA / "submissions" / f"{file}.zip"
    if not copies.is_file():
        pytest.skip(f"needs {copies}; set LEADERBOARD_TEST_DATA to the folder of real data")
    recipe = recipes()[name]
    with zipfile.ZipFile(copies) as archive:
        files = {member: archive.read(member) for member in archive.namelist()}
    server.files["/copies"] = tarred(in_folder(f"matgen_baselines-c0ffee/{recipe.folder}", files))
    local = recipe.model_copy(update={"address": f"{server.address}/copies"})
    fetched = fetch(local, tmp_path, silent)
    assert fetched.is_verified
    assert load_card(fetched.card).filters == recipe.selected
