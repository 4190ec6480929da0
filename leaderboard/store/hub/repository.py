"""The dataset repository itself: which files it has, how they come down and how they go up, by ``huggingface_hub``."""

from __future__ import annotations

import hashlib
import logging
import re
from typing import TYPE_CHECKING, NamedTuple

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_url, set_client_factory
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.file_download import http_get
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils._http import default_client_factory
from huggingface_hub.utils.tqdm import disable_progress_bars

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

TIMEOUT_S = 60.0
"""Of one request; the client itself would wait for ever."""
MESSAGE_CHARACTERS = 300
CLIENT_ERRORS = (httpx2.HTTPError, OSError, ValueError, KeyError, TypeError, RuntimeError)
"""What the client raises where the network fails, the Hub refuses or answers what it does not expect; its uploads of
large files wrap whatever it was in the last one."""
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_CONFLICT = {409, 412}
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}


class HubError(Exception):
    """The Hub could not be used; the message is one line.

    Attributes:
        is_temporary: whether trying again may help.
        is_conflict: somebody else has written to the repository in between.

    """

    def __init__(
        self, message: str, *, is_temporary: bool, is_conflict: bool = False, retry_after_s: float | None = None
    ) -> None:
        """Say what happened; ``retry_after_s`` is what the Hub asks for."""
        super().__init__(message)
        self.is_temporary = is_temporary
        self.is_conflict = is_conflict
        self._retry_after_s = retry_after_s

    def wait_s(self, failures: int) -> float:
        """How long to wait after so many failures in a row, in seconds."""
        return self._retry_after_s if self._retry_after_s is not None else float(2 ** min(failures - 1, 9))


class RemoteFile(NamedTuple):
    """A file of the repository.

    Attributes:
        size: in bytes.
        digest: sha256 of the content where the Hub keeps it as a large file, git's sha1 of it otherwise.

    """

    size: int
    digest: str

    def is_content(self, content: bytes) -> bool:
        """Whether the file has this content."""
        return len(content) == self.size and self.digest in _digests(content)


class Repository:
    """A dataset repository of the Hub.

    Args:
        name: ``<owner>/<name>``.
        token: of an account that may write to it; without one public repositories are read.
        endpoint: of the Hub; None for the usual one.

    """

    def __init__(self, name: str, token: str | None, endpoint: str | None = None) -> None:
        """Remember which; nothing is asked yet.

        Raises:
            ValueError: the name is none of a repository.

        """
        if not _NAME.fullmatch(name):
            msg = f"RESULTS_REPO is {name!r}; expected the name of a dataset repository, as in owner/name"
            raise ValueError(msg)
        self.name = name
        self._token = token or False
        self._api = HfApi(endpoint=endpoint, token=self._token)
        disable_progress_bars()
        # it tells of each try; what comes of them is told here
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        set_client_factory(_client)

    def head(self) -> str:
        """Hash of the newest commit.

        Raises:
            HubError: it cannot be asked.

        """
        try:
            return str(self._api.dataset_info(self.name, revision="main", timeout=TIMEOUT_S).sha)
        except CLIENT_ERRORS as error:
            raise self._error(error) from error

    def files(self, revision: str) -> dict[str, RemoteFile]:
        """All files of a commit by their paths.

        Raises:
            HubError: they cannot be listed.

        """
        try:
            tree = self._api.list_repo_tree(self.name, recursive=True, revision=revision, repo_type="dataset")
            return {entry.path: _remote_file(entry) for entry in tree if isinstance(entry, RepoFile)}
        except CLIENT_ERRORS as error:
            raise self._error(error) from error

    def download(self, path: str, revision: str, expected: RemoteFile, target: Path) -> None:
        """Fetch a file as it was in a commit.

        Raises:
            HubError: it cannot be fetched, or is not what the commit says.
            OSError: it cannot be written.

        """
        url = hf_hub_url(self.name, path, repo_type="dataset", revision=revision, endpoint=self._api.endpoint)
        with target.open("wb") as file:
            try:
                http_get(url, file, headers=build_hf_headers(token=self._token), expected_size=expected.size)
            except CLIENT_ERRORS as error:
                raise self._error(error) from error
        if not expected.is_content(target.read_bytes()):
            msg = f"{self.name}: {path} came down as something else than its commit says"
            raise HubError(msg, is_temporary=True)

    def commit(self, added: Mapping[str, Path], deleted: Iterable[str], parent: str) -> str:
        """Write files in one commit on top of the one that was seen; hash of the new one.

        Raises:
            HubError: they cannot be written, with ``is_conflict`` where the repository has changed since.

        """
        operations = [CommitOperationDelete(path, is_folder=False) for path in deleted]
        additions = [CommitOperationAdd(path, source) for path, source in added.items()]
        message = f"Add {len(additions)} and delete {len(operations)} files"
        try:
            done = self._api.create_commit(
                self.name,
                [*additions, *operations],
                commit_message=message,
                repo_type="dataset",
                revision="main",
                parent_commit=parent,
            )
        except CLIENT_ERRORS as error:
            raise self._error(error) from error
        return str(done.oid)

    def _error(self, error: Exception) -> HubError:
        if isinstance(error, RuntimeError) and isinstance(error.__cause__, CLIENT_ERRORS):
            return self._error(error.__cause__)
        line = " ".join(str(error).split())[:MESSAGE_CHARACTERS]
        if isinstance(error, RepositoryNotFoundError):
            msg = (
                f"RESULTS_REPO {self.name}: no dataset repository that HF_TOKEN may use; create it on the Hub, or give "
                "a token with the right to write to it"
            )
            return HubError(msg, is_temporary=False)
        if not isinstance(error, HfHubHTTPError):
            is_network = isinstance(error, httpx2.HTTPError | OSError | RuntimeError)
            return HubError(f"RESULTS_REPO {self.name}: {line or type(error).__name__}", is_temporary=is_network)
        status = error.response.status_code
        return HubError(
            f"RESULTS_REPO {self.name}: {line}",
            is_temporary=status in _TEMPORARY | _CONFLICT,
            is_conflict=status in _CONFLICT,
            retry_after_s=_retry_after(error.response),
        )


def _client() -> httpx2.Client:
    client = default_client_factory()
    client.timeout = TIMEOUT_S
    return client


def _retry_after(response: httpx2.Response) -> float | None:
    text = response.headers.get("Retry-After", "").strip()
    return float(text) if text.isdecimal() else None


def _remote_file(entry: RepoFile) -> RemoteFile:
    return RemoteFile(entry.size, entry.lfs.sha256 if entry.lfs else entry.blob_id)


def _digests(content: bytes) -> tuple[str, str]:
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return hashlib.sha256(content).hexdigest(), blob.hexdigest()
