"""Where tables and reports lie: a local folder, or a place that fsspec opens (``s3://bucket/prefix``).

A :class:`RemotePath` is the part of ``pathlib.Path`` that this project uses, so that the same code writes
to both. An object is put whole or not at all; nothing here relies on renaming or locking, which object
storage does not have: who must be the only one creates an object that must not be there yet.

Credentials come from the surroundings (``AWS_ACCESS_KEY_ID`` and the like, a profile file, a machine's
role), never from an address: one that holds any is refused, and is not repeated.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from echannel.errors import UserError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

TABLES_ON = ("s3", "gs", "az", "abfs", "abfss")
"""Kinds of storage that Delta tables can lie on, besides a folder; reports lie on any that fsspec opens."""


class RemotePath:
    """An object, or what begins like a folder, on an fsspec file system; workers are handed it as it is."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def __truediv__(self, name: str | Path) -> RemotePath:
        return RemotePath(f"{self.url}/{Path(name).as_posix()}")

    def __str__(self) -> str:
        return self.url

    def __repr__(self) -> str:
        return f"RemotePath({self.url!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemotePath) and other.url == self.url

    def __hash__(self) -> int:
        return hash(self.url)

    def __lt__(self, other: RemotePath) -> bool:
        return self.url < other.url

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.url.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The last part of the address, without its ending."""
        return Path(self.name).stem

    @property
    def parent(self) -> RemotePath:
        """The address without its last part."""
        return RemotePath(self.url.rpartition("/")[0])

    @property
    def parents(self) -> tuple[RemotePath, ...]:
        """The addresses above, nearest first."""
        above = self.url.partition("://")[2].count("/")
        return tuple(RemotePath(self.url.rsplit("/", n)[0]) for n in range(1, above + 1))

    def mkdir(self, parents: bool = True, exist_ok: bool = True) -> None:
        """Nothing: on object storage a folder is there as soon as something is in it."""

    def is_file(self) -> bool:
        """Whether the object is there (one request)."""
        return bool(self._fs.isfile(self._path))

    def is_dir(self) -> bool:
        """Whether anything is below it."""
        return bool(self._fs.isdir(self._path))

    def version(self) -> str:
        """What changes whenever the object does (one request); empty where there is none."""
        try:
            about = self._fs.info(self._path)
        except FileNotFoundError:
            return ""
        return str(about.get("ETag") or (about.get("mtime"), about.get("created"), about.get("size")))

    def read_bytes(self) -> bytes:
        """The whole object; ``FileNotFoundError`` where there is none."""
        return bytes(self._fs.cat_file(self._path))

    def read_text(self, encoding: str = "utf-8") -> str:
        """The whole object as text."""
        return self.read_bytes().decode(encoding)

    def write_bytes(self, content: bytes) -> None:
        """Put the object in place, whole, over what was there."""
        self._fs.pipe_file(self._path, content)

    def create(self, content: bytes) -> None:
        """Put the object in place if there is none (``If-None-Match: *``), else ``FileExistsError``."""
        self._fs.pipe_file(self._path, content, mode="create")

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove the object."""
        with suppress(*((FileNotFoundError,) if missing_ok else ())):
            self._fs.rm_file(self._path)

    def iterdir(self) -> Iterator[RemotePath]:
        """What is directly below it."""
        return self.glob("*")

    def glob(self, pattern: str) -> Iterator[RemotePath]:
        """What matches below it, in order."""
        base = self._path
        for found in sorted(self._fs.glob(f"{base}/{pattern}")):
            yield self / str(found)[len(base) :].lstrip("/")

    def below(self) -> set[str]:
        """Every object below it, by the rest of its address (one request per thousand)."""
        return {str(found)[len(self._path) :].lstrip("/") for found in self._fs.find(self._path)}

    def read_many(self, names: Iterable[str]) -> dict[str, bytes]:
        """The objects of these names below it, many at a time; those that are not there are left out."""
        paths = {f"{self._path}/{name}": name for name in names}
        found = self._fs.cat(list(paths), on_error="omit") if paths else {}
        return {paths[path]: bytes(content) for path, content in found.items()}

    @property
    def _fs(self) -> AbstractFileSystem:
        return _opened(self.url)[0]

    @property
    def _path(self) -> str:
        return _opened(self.url)[1]


Place: TypeAlias = Path | RemotePath


def place(text: str | Path | RemotePath) -> Place:
    """A folder, or a place on a remote store, as people write it.

    Raises
    ------
    UserError
        An address that holds credentials, of a kind that is not known, or whose library is not installed.
    """
    if isinstance(text, RemotePath):
        return text
    if isinstance(text, Path) or "://" not in text:
        return Path(text)
    parts = urlsplit(text)
    if parts.scheme == "file":
        return Path(parts.path)
    if parts.password or parts.query or (parts.username and parts.scheme not in ("abfs", "abfss")):
        raise UserError("scale.error.secret_in_url", kind=parts.scheme)
    remote = RemotePath(text)
    _opened(remote.url)
    return remote


def tables_place(text: str | Path) -> Place:
    """A place for tables: :func:`place`, of a kind that Delta tables can lie on; else ``UserError``."""
    found = place(text)
    if isinstance(found, RemotePath) and (kind := urlsplit(found.url).scheme) not in TABLES_ON:
        raise UserError("scale.error.tables_kind", kind=kind, known=", ".join(TABLES_ON))
    return found


def write_whole(where: Place, content: bytes) -> None:
    """Write a file so that a reader, or a run killed half-way, sees the old one or the new one whole."""
    if isinstance(where, RemotePath):
        where.write_bytes(content)
        return
    where.parent.mkdir(parents=True, exist_ok=True)
    unfinished = where.with_name(f".{where.name}.{os.getpid()}.part")
    unfinished.write_bytes(content)
    unfinished.replace(where)


def lock_file(where: Place) -> Path:
    """A file for a lock on this machine: in the folder itself; for a remote one, among temporary files.

    It keeps writers of one machine apart. Those of several are kept apart by what is created once only.
    """
    if isinstance(where, Path):
        where.mkdir(parents=True, exist_ok=True)
        return where / ".lock"
    folder = Path(tempfile.gettempdir()) / f"echannel-locks-{os.getuid() if hasattr(os, 'getuid') else ''}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / hashlib.sha256(where.url.encode()).hexdigest()[:24]


def delta_options(where: Place) -> dict[str, str] | None:
    """What ``deltalake`` must be told besides the address; it finds credentials in the surroundings itself.

    Plain HTTP is allowed to this very machine only.
    """
    if isinstance(where, Path):
        return None
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    options = {"aws_endpoint": endpoint} if endpoint else {}
    parts = urlsplit(endpoint)
    if parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"):
        options["allow_http"] = "true"
    return options


def _opened(url: str) -> tuple[Any, str]:
    """The file system of an address, and the path on it; fsspec keeps one per process and thread."""
    from fsspec.core import url_to_fs

    try:
        # Listings that are remembered would hide what another machine has written since.
        return url_to_fs(url, **({"use_listings_cache": False} if url.startswith("s3://") else {}))
    except ImportError:
        raise UserError("scale.error.no_library", kind=urlsplit(url).scheme) from None
    except ValueError:
        raise UserError("scale.error.unknown_kind", kind=urlsplit(url).scheme) from None
