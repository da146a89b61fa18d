"""Secrets by reference: profiles say where a secret is kept, never what it is."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from echannel.errors import UserError


def resolve(reference: str) -> SecretStr:
    """The secret that a reference stands for; it never shows in print or logs.

    ``env:NAME``, ``keyring:service/user`` or ``file:/a/path`` (also ``~/…``): a file that only its owner may
    read, outside any git folder, with the secret as its only line.

    Raises
    ------
    UserError
        When it is not there: names the reference, which is no secret.
    """
    kind, _, place = reference.partition(":")
    if kind == "env":
        value = os.environ.get(place)
    elif kind == "keyring":
        value = _from_keyring(*place.split("/", 1), reference=reference)
    elif kind == "file":
        value = _from_file(Path(place))
    else:
        # What stands there may be the secret itself: it is not repeated.
        raise UserError("sync.error.secret_plain")
    if not value:
        raise UserError(f"sync.error.secret_missing_{kind}", reference=reference, name=place)
    return SecretStr(value)


def resolve_all(references: Mapping[str, str]) -> dict[str, SecretStr]:
    """Every secret of a source, by the name its connector knows it by."""
    return {name: resolve(reference) for name, reference in references.items()}


def _from_file(given: Path) -> str | None:
    try:
        path = given.expanduser().resolve()
        mode = stat.S_IMODE(path.stat().st_mode)
    except (OSError, RuntimeError):
        return None
    if any((folder / ".git").exists() for folder in path.parents):
        raise UserError("sync.error.secret_in_git", file=str(given))
    if os.name == "posix" and mode & 0o077:
        raise UserError("sync.error.secret_permissions", file=str(given), mode=f"{mode:o}")
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _from_keyring(service: str, user: str = "", *, reference: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(service, user)
    except KeyringError:
        raise UserError("sync.error.no_keyring", reference=reference) from None
