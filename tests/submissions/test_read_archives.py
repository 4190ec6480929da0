"""What an archive may hold, what it may not, and that one bad member costs the others nothing."""

from __future__ import annotations

import gzip
import io
import pickle
import stat
import struct
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from submissions.limits import Limits
from submissions.read import split
from submissions.refusal import FileRefusedError, Reason
from tests.submissions.packing import assert_is, cif, crystals, read_all, reason, table, tarred, zipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKERS = {"zip": zipped, "tar": tarred, "tar.gz": lambda members: tarred(members, "gz")}
SMALL = Limits(unpacked_bytes=1_000_000, members=50, record_bytes=100_000)


@pytest.fixture(params=PACKERS)
def packer(request: pytest.FixtureRequest) -> Callable[..., bytes]:
    return PACKERS[request.param]


def test_documents_are_no_records(packer: Callable[..., bytes], tmp_path: Path) -> None:
    documents = [
        "README",
        "a/readme.rst",
        "notes.MD",
        "a/log.txt",
        "card.toml",
        ".hidden",
        "._a.cif",
        "__MACOSX/a.cif",
        "a/.x/b.cif",
    ]
    results = read_all(tmp_path, packer({name: cif() for name in [*documents, "./kept.cif"]}))
    assert list(results) == ["kept"]


def test_ids_keep_folders_and_lose_known_extensions_only(packer: Callable[..., bytes], tmp_path: Path) -> None:
    ids = {"a/b/c.cif": "a/b/c", "d.CIF.gz": "d", "e.vasp": "e", "f.poscar": "f", "g.xyz": "g", "h.json": "h"}
    ids |= {"i.dat": "i.dat", "j.1": "j.1", "k": "k", "=l.cif": "=l", "Ä b.cif": "Ä b", "x" * 150 + ".cif": "x" * 150}
    results = read_all(tmp_path, packer({name: cif() for name in ids}))
    assert list(results) == list(ids.values())
    assert [reason(result) for result in results.values()] == [None] * len(ids)


def test_repeated_ids_are_numbered(packer: Callable[..., bytes], tmp_path: Path) -> None:
    names = ["a.cif", "a.vasp", "a#2.cif", "a.xyz", "a"]
    assert list(read_all(tmp_path, packer({name: cif() for name in names}))) == ["a", "a#2", "a#2#2", "a#3", "a#4"]


def bad_members() -> dict[str, tuple[str | bytes, Reason]]:
    """Name -> content and the reason it must be refused for."""
    return {
        "/etc/passwd.cif": (cif(), Reason.UNSAFE_PATH),
        "../../up.cif": (cif(), Reason.UNSAFE_PATH),
        "a/../../up.cif": (cif(), Reason.UNSAFE_PATH),
        "..\\up.cif": (cif(), Reason.UNSAFE_PATH),
        "C:\\up.cif": (cif(), Reason.UNSAFE_PATH),
        "inner.zip": (zipped({"a.cif": cif()}), Reason.NESTED_ARCHIVE),
        "inner.cif": (tarred({"a.cif": cif()}), Reason.NESTED_ARCHIVE),
        "inner.tgz": (tarred({"a.cif": cif()}, "gz"), Reason.NESTED_ARCHIVE),
        "twice.gz": (gzip.compress(gzip.compress(cif().encode())), Reason.NESTED_ARCHIVE),
        "seven.cif": (b"7z\xbc\xaf\x27\x1c" + bytes(50), Reason.NESTED_ARCHIVE),
        "model.pkl": (pickle.dumps({"a": 1}), Reason.PICKLE),
        "old.pkl": (pickle.dumps({"a": 1}, protocol=0), Reason.PICKLE),
        "empty.cif": ("", Reason.EMPTY),
        "blank.cif": (" \n\t\n", Reason.EMPTY),
        "picture.cif": (b"\x89PNG\r\n\x1a\n" + bytes(100), Reason.UNREADABLE_FORMAT),
        "words.cif": ("this is no structure", Reason.UNREADABLE_FORMAT),
        "wide.cif": (cif().encode("utf-16-be"), Reason.WRONG_ENCODING),
        "odd.cif": (b"\xff\xfe" + cif().encode("utf-16-le")[:-1], Reason.WRONG_ENCODING),
        "wide.csv": (table(["id", "cif"], [("a", cif())]).encode("utf-16-le"), Reason.WRONG_ENCODING),
        "other.csv": (table(["id", "structures"], [("a", cif())]), Reason.NO_STRUCTURE_COLUMN),
        "cut.cif.gz": (gzip.compress(cif().encode())[:-30], Reason.DAMAGED),
        "large.cif": (cif() + "#" * 200_000, Reason.RECORD_TOO_LARGE),
    }


def test_each_bad_member_is_refused_with_its_reason_and_nothing_else_is_lost(
    packer: Callable[..., bytes], tmp_path: Path
) -> None:
    bad = bad_members()
    good = {f"good{number}.cif": cif("ZnS") for number in range(len(bad))}
    members: dict[str, str | bytes] = {}
    for (bad_name, (content, _)), (good_name, text) in zip(bad.items(), good.items(), strict=True):
        members |= {bad_name: content, good_name: text}
    results = list(read_all(tmp_path, packer(members), SMALL).values())
    assert [reason(result) for result in results[0::2]] == [why for _, why in bad.values()]
    for result in results[1::2]:
        assert_is(result, crystals()["ZnS"], tolerance=1e-7)


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "links.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.cif")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("good.cif", cif())
    results = read_all(tmp_path, path.read_bytes())
    assert {name: reason(result) for name, result in results.items()} == {"link": Reason.LINK, "good": None}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(kind: bytes, tmp_path: Path) -> None:
    link = tarfile.TarInfo("link.cif")
    link.type = kind
    link.linkname = "/etc/passwd"
    results = read_all(tmp_path, tarred({"link.cif": link, "good.cif": cif()}))
    assert {name: reason(result) for name, result in results.items()} == {"link": Reason.LINK, "good": None}


def test_unusual_zip_members_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bz.cif", cif(), compress_type=zipfile.ZIP_BZIP2)
        archive.writestr("secret.cif", cif())
        archive.writestr("good.cif", cif())
    content = bytearray(buffer.getvalue())
    # Bit 0 of the flags in the directory entry (offset 8) says that a password is needed.
    content[content.rfind(b"PK\x01\x02", 0, content.rfind(b"secret.cif")) + 8] |= 1
    results = read_all(tmp_path, bytes(content))
    assert [reason(result) for result in results.values()] == [Reason.UNSUPPORTED_COMPRESSION, Reason.ENCRYPTED, None]


def test_a_member_whose_size_is_a_lie_is_damaged_and_its_neighbours_are_not(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.cif": cif(), "lie.cif": cif("ZnS"), "z.cif": cif()}))
    entry = content.rfind(b"PK\x01\x02", 0, content.rfind(b"lie.cif"))
    struct.pack_into("<L", content, entry + 24, 40)
    results = read_all(tmp_path, bytes(content))
    assert {name: reason(result) for name, result in results.items()} == {"a": None, "lie": Reason.DAMAGED, "z": None}


def bomb(opening: str) -> str:
    """Ten million blanks, which deflate to ten thousand bytes."""
    return opening + (" " * 1_000 + "\n") * 10_000


@pytest.mark.parametrize("opening", ["data_a\n", "id,cif\n", "[\n", '{"a": 1}\n'])
def test_a_bomb_is_refused_as_a_file_once_it_passes_the_bound(
    packer: Callable[..., bytes], opening: str, tmp_path: Path
) -> None:
    content = packer({"a.cif": cif(), "bomb.cif": bomb(opening)})
    with pytest.raises(FileRefusedError, match="more than 1,000,000 bytes") as caught:
        read_all(tmp_path, gzip.compress(content) if content.startswith(b"a.cif") else content, SMALL)
    assert caught.value.reason is Reason.UNPACKED_TOO_LARGE


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError) as caught:
        read_all(tmp_path, gzip.compress(bomb("data_a\n").encode()), SMALL)
    assert caught.value.reason is Reason.UNPACKED_TOO_LARGE


def test_members_that_share_their_bytes_are_counted_each(tmp_path: Path) -> None:
    """The overlapping zip bomb of D. Fifield (https://www.usenix.org/conference/woot19/presentation/fifield)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.cif", cif() + " " * 90_000)
        info = archive.infolist()[0]
        archive.filelist.extend([info] * 40)
    with pytest.raises(FileRefusedError) as caught:
        read_all(tmp_path, buffer.getvalue(), SMALL)
    assert caught.value.reason is Reason.UNPACKED_TOO_LARGE


@pytest.mark.parametrize("count", [50, 51])
def test_members_are_counted(packer: Callable[..., bytes], count: int, tmp_path: Path) -> None:
    content = packer({f"{number}.txt": "" for number in range(count - 1)} | {"a.cif": cif()})
    if count <= SMALL.members:
        assert list(read_all(tmp_path, content, SMALL)) == ["a"]
    else:
        with pytest.raises(FileRefusedError, match="more than 50 members") as caught:
            read_all(tmp_path, content, SMALL)
        assert caught.value.reason is Reason.TOO_MANY_MEMBERS


def test_rows_are_counted_as_members_are(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="more than 50 records") as caught:
        read_all(tmp_path, table(["cif"], [["data_a"]] * 51), SMALL)
    assert caught.value.reason is Reason.TOO_MANY_MEMBERS


@pytest.mark.parametrize("kept", [100, 600])
def test_a_tar_that_ends_early_keeps_what_came_before(kept: int, tmp_path: Path) -> None:
    content = tarred({"a.cif": cif(), "b.cif": cif("ZnS")})
    start_of_b = content.index(b"b.cif")
    results = read_all(tmp_path, content[: start_of_b + kept], name="cut.tar")
    assert reason(results["a"]) is None
    assert Reason.DAMAGED in {reason(result) for result in results.values()}


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XGLTYPE])
def test_a_tar_of_nothing_but_headers_is_given_up_soon(kind: bytes, tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type = kind
    with pytest.raises(FileRefusedError, match="more than 4 extended tar headers"):
        read_all(tmp_path, header.tobuf(tarfile.GNU_FORMAT) * 1_000)


def test_a_zip_that_ends_early_is_refused_as_a_file(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError) as caught:
        read_all(tmp_path, zipped({"a.cif": cif()})[:-40])
    assert caught.value.reason is Reason.DAMAGED


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", Reason.EMPTY),
        (b"\n \n", Reason.EMPTY),
        (zipped({}), Reason.EMPTY),
        (zipped({"README.md": "nothing else"}), Reason.EMPTY),
        (b"id,cif\n", Reason.EMPTY),
        (b"[]", Reason.EMPTY),
        (pickle.dumps([1, 2]), Reason.PICKLE),
        (gzip.compress(pickle.dumps([1, 2]), mtime=0), Reason.PICKLE),
        (gzip.compress(zipped({"a.cif": cif()}), mtime=0), Reason.NESTED_ARCHIVE),
        (cif().encode("utf-16-le"), Reason.WRONG_ENCODING),
        (b"BZh91AY&SY", Reason.DAMAGED),
        (b"hello", Reason.UNREADABLE_FORMAT),
        (bytes(2_000), Reason.UNREADABLE_FORMAT),
        (b"PAR1" + bytes(100) + b"PAR1", Reason.DAMAGED),
        (b"SQLite format 3\x00" + bytes(2_000), Reason.DAMAGED),
        (gzip.compress(cif().encode(), mtime=0)[:20], Reason.DAMAGED),
    ],
)
def test_a_file_in_which_nothing_is_a_record_is_refused(content: bytes, why: Reason, tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError) as caught:
        read_all(tmp_path, content)
    assert caught.value.reason is why


def test_an_upload_that_is_too_large_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match=r"1,000 bytes, at most 999") as caught:
        read_all(tmp_path, b"x" * 1_000, Limits(upload_bytes=999))
    assert caught.value.reason is Reason.FILE_TOO_LARGE


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="packed as zip"):
        list(split(tmp_path))


def test_nothing_is_written_beside_the_file(packer: Callable[..., bytes], tmp_path: Path) -> None:
    read_all(tmp_path, packer({name: content for name, (content, _) in bad_members().items()}))
    assert [path.name for path in tmp_path.iterdir()] == ["upload.bin"]
    assert not (tmp_path.parent / "up.cif").exists()
