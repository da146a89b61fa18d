"""What every answer tells the browser to allow, and what not."""

from __future__ import annotations

from echannel.server.serving import Serving

_YEAR = 365 * 24 * 3600


def headers(serving: Serving) -> dict[str, str]:
    """The headers of every answer; pages that run scripts have their own policy (:func:`page_policy`)."""
    common = {
        "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Server": "",
    }
    if serving.secure:
        common["Strict-Transport-Security"] = f"max-age={_YEAR}"
    return common


def page_policy(host: str, secure: bool, nonce: str) -> str:
    """The policy of a dashboard: everything from here, and of inline scripts only those with the nonce.

    Widgets compile their messages' schemas with ``eval`` and set styles on elements: these two stay allowed.
    """
    socket = f"{'wss' if secure else 'ws'}://{host}"
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
        f"style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src 'self' {socket}; object-src 'none'; "
        f"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
