"""Secrets by reference: profiles say where a secret is kept, never what it is."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pydantic import SecretStr

from echannel.errors import UserError


def resolve(reference: str) -> SecretStr:
    """The secret that ``env:NAME`` or ``keyring:service/user`` stands for; it never shows in print or logs.

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
    else:
        # What stands there may be the secret itself: it is not repeated.
        raise UserError("sync.error.secret_plain")
    if not value:
        raise UserError(f"sync.error.secret_missing_{kind}", reference=reference, name=place)
    return SecretStr(value)


def resolve_all(references: Mapping[str, str]) -> dict[str, SecretStr]:
    """Every secret of a source, by the name its connector knows it by."""
    return {name: resolve(reference) for name, reference in references.items()}


def _from_keyring(service: str, user: str = "", *, reference: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(service, user)
    except KeyringError:
        raise UserError("sync.error.no_keyring", reference=reference) from None
