"""Texts of others in files that a spreadsheet opens: none may start a formula."""

from __future__ import annotations

from typing import Any

# Also the full-width forms, and the blanks that spreadsheets skip before they look for a formula.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_cell(value: Any) -> Any:
    """The value, with an apostrophe before what a spreadsheet would run as a formula; numbers are none."""
    if not isinstance(value, str) or not value:
        return value
    if value[0] not in "\t\r\n" and not value.lstrip(" \u00a0").startswith(_STARTS):
        return value
    return value if _is_number(value) else f"'{value}"


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return text == text.strip()
