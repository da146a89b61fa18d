"""What the cards of the inventory page share: names, days, rows, and which inputs are assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from html import unescape
from string import Formatter
from typing import Any

import numpy as np
import pandas as pd

from echannel.locale import Speaker, messages
from echannel.metrics.inventory import Inventory
from echannel.metrics.result import OK
from echannel.metrics.turnover import as_date
from echannel.views.cards import Rows
from echannel.views.context import View

YEAR = 365


def stock(view: View) -> Inventory:
    """The SME's stock, its panels, and what is known of every product."""
    return view.sme.inventory


def measured(view: View, metric: Callable[..., pd.DataFrame], **options: Any) -> pd.DataFrame:
    """``metric(stock, **options)``, computed once for a page and its reports: no choice moves it, and it has
    no words in it. It is read only."""
    name = f"{metric.__module__}.{metric.__qualname__} {sorted(options.items())}"
    return view.once(name, lambda: metric(stock(view), **options))


def supplier(view: View, supplier_id: object) -> str:
    """A supplier's name; its id where it has none, and a word where nobody is named."""
    names = view.once("supplier names", lambda: _supplier_names(stock(view).suppliers))
    return names.get(str(supplier_id), str(supplier_id)) if supplier_id else view.say("inventory.no_supplier")


def _supplier_names(suppliers: pd.DataFrame) -> dict[str, str]:
    named = suppliers[suppliers["name"].fillna("").str.strip() != ""]
    return {
        str(one): unescape(str(name)) for one, name in zip(named["supplier_id"], named["name"], strict=True)
    }


def category(view: View, name: object) -> str:
    """A category's name, or that there is none."""
    return str(name) if name else view.say("inventory.no_category")


def as_days(column: pd.Series) -> np.ndarray:
    """Local days as dates; NaT where there is none."""
    days = column.to_numpy("float64")
    known = np.isfinite(days)
    dates = np.where(known, days, 0.0).astype("int64").astype("datetime64[D]")
    return np.where(known, dates, np.datetime64("NaT")).astype("datetime64[ns]")


def rows(view: View, n: float, unit: str) -> Rows:
    """Which rows a card rests on, over all days of the data."""
    inventory = stock(view)
    return Rows(int(n), unit, as_date(inventory.first_day), as_date(inventory.today))


def year_rows(view: View, n: float, unit: str) -> Rows:
    """Which rows a card rests on, of the last twelve months."""
    inventory = stock(view)
    since = max(inventory.first_day, inventory.today - YEAR + 1)
    return Rows(int(n), unit, as_date(since), as_date(inventory.today))


def known(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a value."""
    return frame[(frame["status"] == OK).to_numpy()]


def all_reasons(frames: Iterable[pd.DataFrame]) -> tuple[str, ...]:
    """Why nothing at all is known: the reasons of frames none of whose rows has a value."""
    found: dict[str, None] = {}
    for frame in frames:
        if not (frame["status"] == OK).any():
            found |= dict.fromkeys(str(one) for one in frame["reason"] if one)
    return tuple(found)


def assumed(view: View, items: pd.DataFrame, inputs: Sequence[str]) -> str:
    """Which of these inputs nobody stated, for how many of ``items``, and what is taken; "" for none."""
    say = view.say
    parts = []
    for name in inputs:
        taken = items[(items[f"{name}_from"] == "default").to_numpy()]
        if taken.empty:
            continue
        values = taken[name].dropna().unique()
        value = input_value(say, name, values[0]) if len(values) == 1 else ""
        words = say(f"inventory.input.{name}")
        named = say("inventory.assumed.value", input=words, value=value) if value else words
        whom = (
            say("inventory.assumed.all")
            if len(taken) == len(items)
            else say("inventory.assumed.some", n=len(taken), all=len(items))
        )
        parts.append(say("inventory.assumed.part", named=named, whom=whom))
    return say("inventory.assumed.sentence", parts=parts) if parts else ""


def assumed_inputs(say: Speaker, joined: object) -> str:
    """The inputs of one product that nobody stated (``policy.assumed``), in words."""
    names = [name for name in str(joined).split(",") if name]
    return (
        ", ".join(say(f"inventory.input.{name}") for name in names)
        if names
        else say("inventory.assumed.none")
    )


def input_value(say: Speaker, name: str, value: Any) -> str:
    """An input's value with its unit."""
    if name in {"order_cost", "unit_cost", "price_net", "order_value_min"}:
        return say.money(value)
    if name == "holding_rate":
        return say.percent(value, 0)
    return say("inventory.days", n=round(float(value), 1))


def days_in_words(say: Speaker, value: float) -> str:
    """So many days; whole ones where that is near enough."""
    shown = round(float(value)) if abs(value) >= 10 else round(float(value), 1)
    return say("inventory.days", n=shown)


_DAYS = ("day", "order_by")
_WHOLE = ("position", "available", "reorder_point", "order_up_to", "days_late")


def line_words(say: Speaker, key: str, row: Mapping[Any, Any]) -> str:
    """The reason of a line with the line's own values, each as a sentence says it."""
    worded = {name: _worded(say, name, row[name]) for name in _asked(say, key) if name in row}
    return say(key, **{name: text for name, text in worded.items() if text})


@lru_cache(maxsize=256)
def _asked(say: Speaker, key: str) -> frozenset[str]:
    """What a sentence names of a line: a line has thirty values, and each takes a while to be worded."""
    message = messages(say.language)[key]
    forms = message if isinstance(message, tuple) else (message,)
    return frozenset(name for form in forms for _, name, _, _ in Formatter().parse(form) if name)


def _worded(say: Speaker, name: str, value: Any) -> str:
    """A column of a line; "" for what is no number or not known."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        return ""
    if name.endswith(_DAYS) and name not in {"per_day", "sd_day"}:
        return say.day(as_date(int(value)))
    if name in {"money", "cost", "unit_cost"}:
        return say.money(value, decimals=0)
    return say.number(value, 0 if name in _WHOLE or abs(value) >= 10 or float(value).is_integer() else 1)
