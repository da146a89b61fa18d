"""Figures of Eurostat's dissemination API, in JSON-stat 2.0.

Values are a sparse mapping by flat index: the order of dimensions is read from ``id``, never assumed, and the
last one moves fastest. Errors and "too large" may come with HTTP 200. Greece is EL and the United Kingdom UK.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from echannel.reference.http import Answer, Live, Source, SourceFailed
from echannel.reference.snapshot import markets

SOURCE = Source("eurostat", "Eurostat", "https://ec.europa.eu/eurostat/api/dissemination", days=14)
_DATA = "statistics/1.0/data"
_ISO = {"EL": "GR", "UK": "GB"}
_YEARS = 6
_BREAK = "possible_break"


def online_buyers(live: Live) -> pd.DataFrame:
    """People aged 16 to 74 who bought online within three months (fractions), in the snapshot's layout."""
    question = {"unit": "PC_IND", "ind_type": "IND_TOTAL", "indic_is": "I_BUY3"}
    table, answer = dataset(live, "isoc_ec_ib20", {**question, "lastTimePeriod": _YEARS})
    for name, code in question.items():
        if name in table:
            table = table[table[name] == code]
    market = table["geo"].replace(_ISO)
    found = pd.DataFrame(
        {
            "market": market,
            "figure": "online_buyers",
            "value": table["value"] / 100,
            "year": table["time"].astype(int),
            "source": "eurostat_buyers",
            "caveat": table["status"].map(
                lambda flag: f"three_months {_BREAK if 'b' in flag else ''}".strip()
            ),
            "retrieved": answer.at.date().isoformat(),
        }
    )
    return found[found["market"].isin(markets().index)].reset_index(drop=True)


def dataset(live: Live, code: str, params: Mapping[str, Any]) -> tuple[pd.DataFrame, Answer]:
    """A data set as a long frame: one column per dimension, ``value`` and ``status`` (flags, "" for none).

    Countries are left unfiltered: addresses that name many are refused. Raises ``SourceFailed``.
    """
    question = {"format": "JSON", "lang": "EN", **params}
    answer = live.get(SOURCE, f"{_DATA}/{code}", question, check=_checked)
    return unflattened(_checked(answer)), answer


def unflattened(stat: Mapping[str, Any]) -> pd.DataFrame:
    """A JSON-stat 2.0 data set, one row per value that is there (null ones are not)."""
    names, sizes = list(stat["id"]), [int(size) for size in stat["size"]]
    categories = [_in_order(stat["dimension"][name]["category"]["index"]) for name in names]
    flags = stat.get("status") or {}
    rows = []
    for position, value in _items(stat["value"]):
        if value is None:
            continue
        rest, labels = position, []
        for size, labelled in zip(reversed(sizes), reversed(categories), strict=True):
            rest, at = divmod(rest, size)
            labels.append(labelled[at])
        if rest:
            raise IndexError(position)
        rows.append((*reversed(labels), float(value), _flag(flags, position)))
    return pd.DataFrame(rows, columns=[*names, "value", "status"])


def _items(values: Any) -> list[tuple[int, Any]]:
    if isinstance(values, Mapping):
        return [(int(position), value) for position, value in values.items()]
    return list(enumerate(values))


def _flag(flags: Any, position: int) -> str:
    if isinstance(flags, Mapping):
        return str(flags.get(str(position), "") or "")
    return str((flags[position] if isinstance(flags, list) and position < len(flags) else "") or "")


def _in_order(index: Any) -> list[str]:
    """The codes of a dimension by position; ``index`` may be a list or map codes to positions."""
    return list(index) if isinstance(index, list) else sorted(index, key=lambda code: index[code])


def _checked(answer: Answer) -> dict[str, Any]:
    said = answer.json()
    if isinstance(said, dict) and isinstance(said.get("warning"), dict):
        raise SourceFailed("large", SOURCE.name)
    if (
        not isinstance(said, dict)
        or "error" in said
        or not {"id", "size", "dimension", "value"} <= said.keys()
    ):
        raise SourceFailed("answer", SOURCE.name)
    try:
        unflattened(said)
    except (KeyError, IndexError, TypeError, ValueError):
        raise SourceFailed("answer", SOURCE.name) from None
    return said
