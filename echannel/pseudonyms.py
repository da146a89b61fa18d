"""Who bought what, without who it is: keyed hashes in place of names, e-mails and account numbers.

Each SME has a key of its own, so that nobody can tell the same customer of two SMEs, nor try out
e-mail addresses against the tables without the key.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from echannel.errors import UserError
from echannel.workspace import Workspace

KEY_BYTES = 32
DIGEST_BYTES = 10  # 80 bits: a collision among a million customers has a chance of 4 in 10,000 billion


def key_path(workspace: Workspace, sme_id: str) -> Path:
    """Where an SME's key lies."""
    return workspace.keys / f"{sme_id}.key"


def load_key(path: Path, create: bool = True) -> bytes:
    """The key in a file that only its owner may read; made on first use.

    Raises
    ------
    UserError
        When others could read it, when it is damaged, or missing although ``create`` is False.
    """
    if not path.is_file():
        if not create:
            raise UserError("sync.error.key_lost", file=str(path))
        _create_key(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise UserError("sync.error.key_permissions", file=str(path), mode=f"{mode:o}")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise UserError("sync.error.key_damaged", file=str(path))
    return key


def _create_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(secrets.token_bytes(KEY_BYTES))
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)


def pseudonymiser(key: bytes) -> Callable[[pd.Series], pd.Series]:
    """A function from identifying values to pseudonyms: the same person always gets the same one.

    Case, width, and spaces around or doubled do not count (``" Ann@Example.com"`` is
    ``"ann@example.com"``); empty stays empty.
    """

    def pseudonyms(values: pd.Series) -> pd.Series:
        unique = values.dropna().unique()
        known = {value: _pseudonym(str(value), key) for value in unique}
        return values.map(known).astype("string")

    return pseudonyms


def _pseudonym(value: str, key: bytes) -> str | None:
    text = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    if not text:
        return None
    return hashlib.blake2b(text.encode(), key=key, digest_size=DIGEST_BYTES).hexdigest()
