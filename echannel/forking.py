"""Whether a process can be forked here."""

from __future__ import annotations

import os
import sys


def can_fork() -> bool:
    """Whether processes can be forked here; macOS forbids it to one that has used its frameworks."""
    return hasattr(os, "fork") and sys.platform != "darwin"
