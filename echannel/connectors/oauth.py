"""One-legged OAuth 1.0a (RFC 5849): how shops take a pair of keys where they take no token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

METHODS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}


def encoded(value: Any) -> str:
    """Percent-encoding of RFC 5849, 3.6: all but letters, digits, ``-._~``."""
    return quote(str(value), safe="-._~")


def base_string(method: str, url: str, params: Mapping[str, Any]) -> str:
    """What is signed (3.4.1): method, address without default port and query, parameters in order."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, default) else f":{parts.port}"
    address = f"{parts.scheme.lower()}://{(parts.hostname or '').lower()}{port}{parts.path or '/'}"
    pairs = sorted((encoded(name), encoded(value)) for name, value in params.items())
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join((method.upper(), encoded(address), encoded(joined)))


def signature(base: str, secret: str, kind: str = "HMAC-SHA256", token: str = "") -> str:
    """The signature (3.4.2) with a client's secret and a token's, which WooCommerce has none of."""
    key = f"{encoded(secret)}&{encoded(token)}".encode("ascii")
    return base64.b64encode(hmac.new(key, base.encode("ascii"), METHODS[kind]).digest()).decode("ascii")


def signer(key: str, secret: str) -> Callable[[str, str, Mapping[str, Any]], Mapping[str, str]]:
    """For ``Api``: an ``Authorization`` header for each request, good for once."""

    def sign(method: str, url: str, params: Mapping[str, Any]) -> Mapping[str, str]:
        stated = {
            "oauth_consumer_key": key,
            "oauth_nonce": secrets.token_hex(16),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(time.time())),
        }
        signed = signature(base_string(method, url, {**params, **stated}), secret)
        fields = {**stated, "oauth_signature": signed}
        said = ", ".join(f'{name}="{encoded(value)}"' for name, value in fields.items())
        return {"Authorization": f"OAuth {said}"}

    return sign
