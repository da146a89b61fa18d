"""YAML, read by the fast loader where the library has it: ten times as fast, the same values and errors."""

from __future__ import annotations

from typing import Any

import yaml

_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:
    """Plain values of a YAML text; raises ``yaml.YAMLError``, which names the line."""
    try:
        return yaml.load(text, Loader=_FAST)  # noqa: S506 - both loaders are safe ones
    except yaml.YAMLError:
        # What is wrong is said by one of them, whichever a machine has.
        return yaml.safe_load(text)
