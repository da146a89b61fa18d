"""Where results are kept, under short names for what they rest on: good while that is the same."""

from __future__ import annotations

import hashlib
import json

KEPT = "kept"
"""The folder beside an SME's tables in which results lie."""


def key_of(*parts: object) -> str:
    """A short name for everything that a result rests on: parts that print alike are alike."""
    written = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()[:24]
