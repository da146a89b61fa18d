"""E-Channel: an analytical workbench for small firms that sell online.

>>> from echannel import open_sme
>>> sme = open_sme("kent-gifts")
>>> sme.table("orders"), sme.sales.entries
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

__version__ = version("echannel")
__all__ = ["__version__", "open_cohort", "open_sme"]


def __getattr__(name: str) -> Any:
    """Load the public functions when first asked for: `import echannel` itself stays quick."""
    if name in {"open_sme", "open_cohort"}:
        from echannel import sme

        return getattr(sme, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
