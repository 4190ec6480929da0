"""Download a set that was built elsewhere: a dataset on the Hub, every file checked against the set's manifest.

The manifest comes first and says which files there are: their names are those of any set, so nothing that a repository
holds besides is downloaded, and nothing of it is run. Files are kept as far as they came, so an interrupted download
resumes; the set appears at its place in one step, when all of it is right.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from metrics.fingerprint_versions import FINGERPRINT_VERSIONS
from reference_data.download import MEGABYTE, Meter, alone, download
from reference_data.errors import ReferenceSetError
from reference_data.files.manifest import MANIFEST_FILE, read_manifest
from reference_data.reference import open_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reference_data.files.manifest import FileRecord, Manifest
    from reference_data.published import Published
    from reference_data.reference import Reference

MAX_MANIFEST_BYTES = 4 * 2**20


def fetch(
    name: str, place: Published, out: Path, *, report: Callable[[str], None], endpoint: str | None = None
) -> Reference:
    """Download a published set into a folder; one that is there already is opened.

    Args:
        name: the set's name, which its manifest must have.
        place: where it is published.
        out: folder of the set; it must not exist, unless as this very set.
        report: takes lines of progress.
        endpoint: address of the Hub; default is the client's.

    Raises:
        ReferenceSetError: the Hub does not give the set, what it gives is not the set that is meant or not usable
            here, there is not enough room, or another set is at the place.

    """
    scratch = out.parent / f".{out.name}.fetch"
    scratch.mkdir(parents=True, exist_ok=True)
    with alone(scratch / "lock", out):
        hub = _Hub(place, endpoint)
        manifest, sha256 = _manifest(hub, name, scratch)
        if out.exists() and any(out.iterdir()):
            reference = _present(out, sha256)
            report(f"{name}: {out} is this set already")
        else:
            # by its hash: what was kept of another state of the repository is not mixed with this one
            kept = scratch / sha256[:16]
            kept.mkdir(exist_ok=True)
            _download(hub, manifest, kept, report)
            (scratch / MANIFEST_FILE).replace(kept / MANIFEST_FILE)
            open_reference(kept)  # refused before it is at its place
            kept.rename(out)
            reference = open_reference(out)
        shutil.rmtree(scratch)
    return reference


class _Hub:
    """Files of one commit of a dataset."""

    def __init__(self, place: Published, endpoint: str | None) -> None:
        """Ask which commit the revision stands for."""
        from huggingface_hub import HfApi  # noqa: PLC0415 - slow to import, and no other command needs it

        self._place, self._endpoint = place, endpoint
        with self._answers(f"revision {place.revision}"):
            info = HfApi(endpoint=endpoint).dataset_info(place.repository, revision=place.revision)
        self.commit = str(info.sha)

    @property
    def place(self) -> Published:
        """Where the files are."""
        return self._place

    def download(self, name: str, path: Path, most_bytes: int, on_bytes: Callable[[int], None]) -> None:
        """Download a file of the set, going on behind what the path holds of it.

        Args:
            name: of the file.
            path: where it goes.
            most_bytes: a longer file is refused as soon as it is longer.
            on_bytes: told how many bytes there are.

        """
        from huggingface_hub import hf_hub_url  # noqa: PLC0415 - as above
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined] # noqa: PLC0415 - as above

        url = hf_hub_url(
            self._place.repository,
            self._place.path_of(name),
            repo_type="dataset",
            revision=self.commit,
            endpoint=self._endpoint,
        )
        with self._answers(name):
            download(url, path, most_bytes, on_bytes, headers=build_hf_headers())

    @contextmanager
    def _answers(self, what: str) -> Iterator[None]:
        """Turn what the client raises into one line; what the disk refuses is raised as it is."""
        from httpx2 import HTTPError  # noqa: PLC0415 - comes with huggingface_hub

        try:
            yield
        except (HTTPError, OSError, ValueError) as error:
            if isinstance(error, OSError) and not isinstance(error, HTTPError) and error.errno is not None:
                raise
            raise ReferenceSetError(
                what=self._problem(what, error),
                expected="a dataset on the Hub with the files of a built set",
                remedy="check the name, the connection and `hf auth login`, then fetch again: what came is kept",
            ) from error

    def _problem(self, what: str, error: Exception) -> str:
        from huggingface_hub.errors import (  # noqa: PLC0415 - as above
            GatedRepoError,
            RemoteEntryNotFoundError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        repository = self._place.repository
        if isinstance(error, GatedRepoError):
            return f"{repository} is gated, and this account has no access to it"
        if isinstance(error, RepositoryNotFoundError):
            return f"the Hub has no dataset {repository}, or it is private"
        if isinstance(error, RevisionNotFoundError):
            return f"{repository} has no revision {self._place.revision}"
        if isinstance(error, RemoteEntryNotFoundError):
            return f"{repository} has no file {self._place.path_of(what)}"
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return f"{what} of {repository} cannot be downloaded ({first})"


def _manifest(hub: _Hub, name: str, scratch: Path) -> tuple[Manifest, str]:
    """The manifest of the published set and its hash, as far as it can be judged before anything else is downloaded."""
    path = scratch / MANIFEST_FILE
    path.unlink(missing_ok=True)
    hub.download(MANIFEST_FILE, path, MAX_MANIFEST_BYTES, lambda _n_bytes: None)
    sha256, pinned = hashlib.sha256(path.read_bytes()).hexdigest(), hub.place.manifest_sha256
    where = f"{hub.place.repository} at {hub.commit[:12]}"
    if pinned not in (None, sha256):
        raise ReferenceSetError(
            what=f"the manifest of {where} has sha256 {sha256}",
            expected=f"{pinned}",
            remedy="name the revision that is meant, or ask who published the set",
        )
    manifest = read_manifest(scratch)
    if manifest.name != name:
        raise ReferenceSetError(
            what=f"{where} holds the set {manifest.name}",
            expected=f"the set {name}",
            remedy=f"fetch {manifest.name}, or name another repository or folder",
        )
    if manifest.fingerprints != FINGERPRINT_VERSIONS:
        raise ReferenceSetError(
            what=f"the set in {where} was built with the fingerprints {manifest.fingerprints}",
            expected=f"{dict(FINGERPRINT_VERSIONS)}",
            remedy="name a revision that this code's version built, or build the set",
        )
    return manifest, sha256


def _present(out: Path, sha256: str) -> Reference:
    """The set that is at the place already, if it is the one that is meant."""
    reference = open_reference(out)
    if reference.manifest_sha256 != sha256:
        raise ReferenceSetError(
            what=f"{out} holds another state of the set, manifest sha256 {reference.manifest_sha256}",
            expected=sha256,
            remedy="move it away, or choose another folder with --out",
        )
    return reference


def _download(hub: _Hub, manifest: Manifest, kept: Path, report: Callable[[str], None]) -> None:
    """Bring every file of the set into the folder; what is there under its own name is whole and right."""
    missing = {
        name: record
        for name, record in manifest.files.items()
        if not ((kept / name).is_file() and (kept / name).stat().st_size == record.n_bytes)
    }
    parts = {name: kept / f"{name}.part" for name in missing}
    begun = sum(part.stat().st_size for part in parts.values() if part.is_file())
    total, left = (sum(record.n_bytes for record in records.values()) for records in (manifest.files, missing))
    room = shutil.disk_usage(kept).free
    if left - begun > room:
        raise ReferenceSetError(
            what=f"{kept.parent.parent} has room for {room / MEGABYTE:,.0f} MB",
            expected=f"{(left - begun) / MEGABYTE:,.0f} MB for the rest of {manifest.name}",
            remedy="make room, or choose another folder with --out",
        )
    meter = Meter(manifest.name, total - left, total, begun, report)
    for name, record in missing.items():
        _download_file(hub, name, record, parts[name], meter)
        parts[name].replace(kept / name)
        meter.finish(record.n_bytes)


def _download_file(hub: _Hub, name: str, record: FileRecord, part: Path, meter: Meter) -> None:
    if part.is_file() and part.stat().st_size > record.n_bytes:
        part.unlink()
    if not part.is_file() or part.stat().st_size < record.n_bytes:
        hub.download(name, part, record.n_bytes, meter.reach)
    n_bytes = part.stat().st_size
    with part.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if (n_bytes, sha256) != (record.n_bytes, record.sha256):
        part.unlink()
        raise ReferenceSetError(
            what=f"{name} of {hub.place.repository} has {n_bytes:,} bytes with sha256 {sha256}",
            expected=f"{record.n_bytes:,} bytes with sha256 {record.sha256}, as the manifest says",
            remedy="fetch again; if it stays so, the set was altered: ask who published it",
        )
