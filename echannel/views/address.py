"""What the reader chose, as a page's address has it: ``?period=quarter&country=FR&stock.longer=7``.

A choice survives a change of language, of tool and a reload, and a link to a page is a link to what was
seen there. What the address says comes from outside: what does not fit is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from echannel.views.context import Choice

# Which parts of a choice each tool's page lets its reader turn; the others are not its business.
TURNED = {
    "growth": ("period", "kind", "channel", "country"),
    "inventory": ("stock",),
    "planning": ("plan",),
    "market": ("market",),
}
_LONGEST = 300


def written(choice: Choice, tool: str) -> dict[str, str]:
    """The choice of one tool's page by name, "" for what stands as it usually does."""
    usual = _values(Choice(), tool)
    return {
        name: "" if value == usual[name] else _text(value) for name, value in _values(choice, tool).items()
    }


def read(query: Mapping[str, str], tool: str) -> Choice:
    """The choice that an address names; what is unknown, or makes no sense, stays as it usually is."""
    choice = Choice()
    for part in TURNED.get(tool, ()):
        usual = getattr(choice, part)
        found: Any
        if is_dataclass(usual) and not isinstance(usual, type):
            found = replace(usual, **_found(query, usual, f"{part}."))
        else:
            found = _found(query, choice, "").get(part, usual)
        choice = replace(choice, **{part: found})
    return choice


def _values(choice: Choice, tool: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for part in TURNED.get(tool, ()):
        value = getattr(choice, part)
        if is_dataclass(value):
            values.update({f"{part}.{one.name}": getattr(value, one.name) for one in fields(value)})
        else:
            values[part] = value
    return values


def _found(query: Mapping[str, str], owner: Any, prefix: str) -> dict[str, Any]:
    hints, found = get_type_hints(type(owner)), {}
    for one in fields(owner):
        text = query.get(prefix + one.name, "")
        if not text or len(text) > _LONGEST:
            continue
        try:
            found[one.name] = _value(text, hints[one.name])
        except ValueError:
            continue
    return found


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(f"{name}:{_text(one)}" for name, one in value)
    if isinstance(value, float):
        return f"{value:g}" if math.isinf(value) else repr(value)
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)


def _value(text: str, hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        hint = next(one for one in get_args(hint) if one is not type(None))
    if get_origin(hint) is tuple:
        of = get_args(get_args(hint)[0])[1]
        return tuple((name, _value(one, of)) for name, _, one in (p.partition(":") for p in text.split(",")))
    if hint is date:
        return date.fromisoformat(text)
    if hint not in (str, int, float):
        raise ValueError(f"no address for {hint}")
    value = hint(text)
    if isinstance(value, float) and math.isnan(value):
        raise ValueError("not a number")
    return value
