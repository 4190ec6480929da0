"""Compressed files, tars and zips made to hide structures, to fill the memory or to take long."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from functools import partial
from typing import TYPE_CHECKING

from submissions.refusal import Reason
from tests.submissions.hostile.file import Hostile, rows, whole
from tests.submissions.hostile.parts import CIF, MB, D, E, M, T, U, gz
from tests.submissions.packing import tarred, zipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def files() -> Iterator[Hostile]:
    """All of them."""
    for family in (_packed, _tars, _zips, _names):
        yield from family()


def _packed() -> Iterator[Hostile]:
    head = b"\x1f\x8b\x08\x08" + bytes(6)
    yield whole("empty file", lambda: b"", E)
    yield whole("one blank", lambda: b" ", E)
    yield whole("zeros", lambda: bytes(1_000), U)
    yield whole("gzip of nothing", lambda: gz(b""), E)
    yield whole("gzip name of 10 MB", lambda: head + b"n" * 10 * MB, D)
    yield whole("gzip name of 1 MB, then nothing", lambda: head + b"n" * MB + b"\0", D)
    yield whole("100,000 empty gzip members", lambda: gz(b"") * 100_000, D)
    yield rows("1,000 empty gzip members, then a CIF", lambda: gz(b"") * 1_000 + gz(CIF.encode()), 1)
    yield rows("gzip padded with zeros", lambda: gz(CIF.encode()) + bytes(100_000), 1)
    yield whole("gzip with other bytes behind", lambda: gz(CIF.encode()) + b"junk", D)
    for name, pack in (("gzip", gz), ("bzip2", bz2.compress), ("xz", lzma.compress)):
        packed = pack(CIF.encode() * 50)
        yield rows(f"{name} twice over", partial(_joined, pack(CIF.encode()), pack(CIF.encode())), 2)
        yield whole(f"{name} cut off", partial(bytes, packed[:-20]), D, M)
        yield whole(f"{name} of {name}", partial(pack, packed), Reason.NESTED_ARCHIVE)
        yield whole(f"{name} of a zip", partial(pack, zipped({"a.cif": CIF})), Reason.NESTED_ARCHIVE)
        yield whole(f"{name} of blanks, 20 MB", partial(pack, b" " * 20 * MB), E)
        yield whole(f"{name} of zeros, 20 MB", partial(pack, bytes(20 * MB)), U, E)
        flipped = bytearray(packed)
        flipped[len(flipped) // 2] ^= 0xFF
        yield whole(f"{name} with a byte changed", partial(bytes, bytes(flipped)), D, M)
    yield whole("xz that asks for 1.5 GB", lambda: _xz_of_dictionary(1_500), D)


def _joined(*parts: bytes) -> bytes:
    return b"".join(parts)


def _xz_of_dictionary(megabytes: int) -> bytes:
    # the size of the dictionary stands in the block's header, and nothing of that size needs to follow
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 8 << 20}]
    packed = bytearray(lzma.compress(CIF.encode(), lzma.FORMAT_XZ, filters=filters))
    # stream header 12 bytes, block header: size, flags, filter id, size of properties, property, padding, CRC32
    bits = max(bit for bit in range(41) if (2 | (bit & 1)) << (bit // 2 + 11) <= megabytes << 20)
    packed[16] = bits
    size = 4 * (packed[12] + 1)
    packed[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(bytes(packed[12 : 12 + size - 4])))
    return bytes(packed)


def _tars() -> Iterator[Hostile]:
    one, two = tarred({"a.cif": CIF}), tarred({"b.cif": CIF, "c.cif": CIF})
    body = 512 + -(-len(CIF) // 512) * 512
    yield rows("two tars joined", lambda: one + two, 3)
    yield rows("two tars joined, gzip each", lambda: gz(one) + gz(two), 3)
    yield rows("tar without the mark of its end", lambda: two[: 2 * body], 2, D)
    yield rows("tar cut within a member", lambda: two[: 2 * body - 512], 1, D)
    yield rows("tar cut within a header", lambda: two[: body + 100], 1, D)
    yield rows("tar with one block of zeros at its end", lambda: two[: 2 * body] + bytes(512), 2)
    yield rows("tar with 20 MB of zeros at its end", lambda: two + bytes(20 * MB), 2)
    yield rows("tar with junk behind", lambda: one + b"junk" * 1_000, 1, D)
    yield rows("tar with a damaged header", lambda: one[:body] + b"x" * 512 + two, 1, D)
    yield whole("tar of nothing", lambda: tarred({}), E, U)
    yield rows("tar of links", partial(_tar_of_types, (tarfile.SYMTYPE, tarfile.LNKTYPE)), 1, *[Reason.LINK] * 2)
    devices = (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
    yield rows("tar of devices", partial(_tar_of_types, devices), 1, *[Reason.LINK] * 3)
    yield rows(
        "tar of paths that lead out",
        partial(tarred, {"../a.cif": CIF, "/b.cif": CIF, "c.cif": CIF}),
        1,
        *[Reason.UNSAFE_PATH] * 2,
    )
    yield rows("tar that holds a tar", lambda: tarred({"a.tar": one, "b.cif": CIF}), 1, Reason.NESTED_ARCHIVE)
    yield rows("tar with a member that claims a terabyte", partial(_tar_that_claims, 1 << 40), 0, D)
    yield whole("tar of 50 pax headers in a row", lambda: _pax(b"30 mtime=1350244992.023960108\n") * 50 + one, D)
    yield whole("tar with a pax header of 10 MB", lambda: _pax(b"x" * 10 * MB) + one, D)
    yield whole("tar with a pax header without a length", lambda: _pax(b"path=x\n") + one, D)
    yield rows("tar of 2,000 empty members", lambda: tarred({f"{n}.cif": "" for n in range(2_000)}), 0, *[E] * 2_000)
    yield rows("tar with a name of 60,000 characters", lambda: _long_name(60_000), 0, Reason.ID_TOO_LONG)


def _tar_of_types(types: Iterable[bytes]) -> bytes:
    members: dict[str, str | bytes | tarfile.TarInfo] = {"a.cif": CIF}
    for number, kind in enumerate(types):
        info = tarfile.TarInfo(f"{number}.cif")
        info.type, info.linkname = kind, "/etc/passwd"
        members[info.name] = info
    return tarred(members)


def _tar_that_claims(size: int) -> bytes:
    info = tarfile.TarInfo("a.cif")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT) + CIF.encode()


def _pax(data: bytes) -> bytes:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, len(data)
    return info.tobuf() + data + bytes(-len(data) % 512)


def many_members(count: int) -> bytes:
    header = tarfile.TarInfo("a.cif").tobuf()
    return gz(header * count + bytes(1_024))


def _long_name(length: int) -> bytes:
    info = tarfile.TarInfo("x" * length + ".cif")
    info.size = len(CIF)
    return info.tobuf(tarfile.GNU_FORMAT) + CIF.encode() + bytes(-len(CIF) % 512) + bytes(1_024)


def _zips() -> Iterator[Hostile]:
    good = zipped({"a.cif": CIF, "b.cif": CIF})
    yield whole("zip of nothing", partial(zipped, {}), E)
    yield whole("zip cut off", lambda: good[:-30], D)
    yield whole("zip of its first 20 bytes", lambda: good[:20], D)
    yield rows("zip with bytes before it", lambda: good[:0] + good, 2)
    yield rows("zip with a wrong checksum", partial(_zip_patched, 14, b"\0\0\0\0"), 0, D)
    yield rows(
        "zip of paths that lead out",
        partial(zipped, {"../a.cif": CIF, "/b": CIF, "C:\\c": CIF, "d.cif": CIF}),
        1,
        *[Reason.UNSAFE_PATH] * 3,
    )
    yield rows("zip that holds a zip", partial(zipped, {"a.zip": good, "b.cif": CIF}), 1, Reason.NESTED_ARCHIVE)
    yield rows("zip with a link", _zip_with_link, 1, Reason.LINK)
    yield rows("zip with a password", _zip_encrypted, 0, Reason.ENCRYPTED)
    yield rows("zip packed by bzip2", partial(_zip_by, zipfile.ZIP_BZIP2), 0, Reason.UNSUPPORTED_COMPRESSION)
    yield rows("zip packed by lzma", partial(_zip_by, zipfile.ZIP_LZMA), 0, Reason.UNSUPPORTED_COMPRESSION)
    yield rows("zip with one name thrice", partial(_zip_of_pairs, [("a.cif", CIF)] * 3), 3)
    yield rows("zip with a member of 50 MB of zeros", lambda: zipped({"a.cif": bytes(50 * MB), "b.cif": CIF}), 1, U)
    yield rows("zip with a CIF of 50 MB of blanks", lambda: zipped({"a.cif": CIF + " " * 50 * MB, "b.cif": CIF}), 1, T)
    yield rows("zip of 3,000 empty members", lambda: zipped({f"{n}.cif": "" for n in range(3_000)}), 0, *[E] * 3_000)
    yield whole("zip whose directory lists 100,001 members", _zip_of_central_headers, Reason.TOO_MANY_MEMBERS)
    yield rows("zip with names in other alphabets", partial(zipped, {"\u7d50\u6676.cif": CIF, "\u202egpj.cif": CIF}), 2)
    escapes = {"\x1b[2J.cif": CIF, "a\nb.cif": CIF, "=cmd|'/C calc'!A0.cif": CIF}
    yield rows("zip with names that command a terminal", partial(zipped, escapes), 3)
    yield rows(
        "zip with a name of 5,000 characters", partial(zipped, {"x" * 5_000 + ".cif": CIF}), 0, Reason.ID_TOO_LONG
    )
    yield rows("zip with a name that is empty", _zip_without_name, 1)
    yield whole("zip of a NumPy archive", partial(zipped, {"a.npy": b"\x93NUMPY"}), U)
    yield whole("zip of PyTorch", partial(zipped, {"archive/data.pkl": b"\x80\x02."}), Reason.PICKLE)


def _zip_patched(offset: int, patch: bytes) -> bytes:
    content = bytearray(zipped({"a.cif": CIF}))
    for magic, more in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        start = content.find(magic) + offset + more
        content[start : start + len(patch)] = patch
    return bytes(content)


def _zip_encrypted() -> bytes:
    return _zip_patched(6, b"\x01\x00")


def _zip_by(method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("a.cif", CIF)
    return buffer.getvalue()


def _zip_of_pairs(pairs: list[tuple[str, str]]) -> bytes:
    content = zipped({f"{number:05}": text for number, (_, text) in enumerate(pairs)})
    for number, (name, _) in enumerate(pairs):
        content = content.replace(b"%05d" % number, name.encode())
    return content


def _zip_with_link() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("link.cif")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
        archive.writestr("a.cif", CIF)
    return buffer.getvalue()


def _zip_without_name() -> bytes:
    # a name of one character becomes one of none, with its byte as an extra field that nobody reads
    content = bytearray(zipped({"a": CIF}))
    local, central = content.find(b"PK\x03\x04"), content.find(b"PK\x01\x02")
    content[local + 26 : local + 30] = b"\0\0\1\0"
    content[central + 28 : central + 32] = b"\0\0\1\0"
    return bytes(content)


def _zip_of_central_headers() -> bytes:
    return zipped({"a.cif": CIF}) + b"PK\x01\x02" * 100_001


def _names() -> Iterator[Hostile]:
    for name in (
        "readme.cif",
        "README_1.vasp",
        ".a.cif",
        ".cif",
        "LICENSE.cif",
        "notes.txt.cif",
        "thumbs.db.cif",
        "CHGCAR.cif",
    ):
        yield rows(f"member {name}", partial(zipped, {name: CIF, "b.cif": CIF}), 2)
        yield rows(f"empty member {name}", partial(zipped, {name: "", "b.cif": CIF}), 1, E)
    for name in ("readme.md", "a.txt", ".hidden", "__MACOSX/a.cif", "._a.cif", ".git/a.cif"):
        yield rows(f"no structure {name}", partial(zipped, {name: CIF, "b.cif": CIF}), 1)
    yield whole("nothing but documents", partial(zipped, {"readme.md": "x", "a.txt": "y"}), E)
