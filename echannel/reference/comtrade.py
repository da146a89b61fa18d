"""Imports by HS code from UN Comtrade: without a key through its preview, with one through its data service.

A wrong parameter gives an empty answer without an error, so empty is "nothing known", never zero; an answer
as long as the limit may be cut, silently; without second partner, customs procedure and transport fixed to
their totals the same trade is counted several times. Reporter codes are not ISO's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from echannel.metrics.result import INPUT_MISSING, OK
from echannel.reference.http import Answer, Live, Source, SourceFailed
from echannel.reference.snapshot import markets

SOURCE = Source("comtrade", "UN Comtrade", "https://comtradeapi.un.org", days=90, pace=6.0)
_PREVIEW, _KEYED = "public/v1/preview/C/A/HS", "data/v1/get/C/A/HS"
_PREVIEW_LIMIT, _KEYED_LIMIT = 500, 100_000
_TOTALS = {"partnerCode": 0, "partner2Code": 0, "customsCode": "C00", "motCode": 0}


def imports(live: Live, hs_code: str, years: Sequence[int]) -> pd.DataFrame:
    """Imports of goods of one HS heading or subheading (4 or 6 digits) into every market from the world.

    Columns: ``market``, ``year``, ``value`` (US dollars, cif), ``status``, ``reason``: one row per market and
    year; NaN, missing, where nothing is known. Longer codes are cut to six digits, the world's common part.

    Raises
    ------
    SourceFailed
        Not one of the years could be had.
    """
    code = hs6(hs_code)
    known, failed = [], None
    for year in years if code else ():
        try:
            known.append(_year(live, code, year))
        except SourceFailed as failure:
            failed = failure
    if failed is not None and not known:
        raise failed
    everywhere = pd.MultiIndex.from_product([markets().index, years], names=["market", "year"])
    found = pd.concat(known) if known else pd.Series(dtype="float64")
    value = pd.Series(np.nan, index=everywhere) if found.empty else found.reindex(everywhere)
    table = value.rename("value").reset_index()
    there = table["value"].notna()
    return table.assign(
        status=np.where(there, OK, INPUT_MISSING), reason=np.where(there, "", "reason.no_trade_data")
    )


def hs6(code: object) -> str:
    """The first six digits of a tariff code (or its four-digit heading); "" for anything else."""
    digits = re.sub(r"[\s.]", "", str(code or ""))
    if not digits.isdigit() or len(digits) < 4:
        return ""
    return digits[:6] if len(digits) >= 6 else digits[:4]


def _year(live: Live, code: str, year: int) -> pd.Series:
    """Imports of one year by market and year; markets without a figure are not there."""
    # Reading what is kept needs no key, only where it was kept.
    keyed = live.has_key("comtrade")
    key = live.key("comtrade") if keyed and live.online else None
    params = {
        "reporterCode": ",".join(str(one) for one in sorted(markets()["comtrade_code"])),
        "period": year,
        "flowCode": "M",
        "cmdCode": code,
        **_TOTALS,
    }
    headers = {"Ocp-Apim-Subscription-Key": key} if key else {}
    limit = _KEYED_LIMIT if keyed else _PREVIEW_LIMIT

    def read(answer: Answer) -> dict[tuple[str, int], float]:
        return _values(answer, code, year, limit)

    found = read(live.get(SOURCE, _KEYED if keyed else _PREVIEW, params, headers, check=read))
    index = pd.MultiIndex.from_tuples(list(found), names=["market", "year"]) if found else None
    return pd.Series(list(found.values()), index=index, dtype="float64")


def _values(answer: Answer, code: str, year: int, limit: int) -> dict[tuple[str, int], float]:
    """The totals of an answer by market and year; one that may be cut, or counts twice, is none."""
    rows = _rows(answer)
    if len(rows) >= limit:
        raise SourceFailed("large", SOURCE.name)
    by_code = {reporter: str(market) for market, reporter in markets()["comtrade_code"].items()}
    found: dict[tuple[str, int], float] = {}
    for row in rows:
        market, value = by_code.get(row.get("reporterCode")), row.get("primaryValue")
        asked = str(row.get("period")) == str(year) and str(row.get("cmdCode")) == code
        if market is None or not isinstance(value, int | float) or not asked or not _is_total(row):
            continue
        if (market, year) in found:
            raise SourceFailed("answer", SOURCE.name)
        found[market, year] = float(value)
    return found


def _is_total(row: dict[str, Any]) -> bool:
    """Whether the row is the sum over partners, procedures and transport, not a part of it."""
    return row.get("flowCode", "M") == "M" and all(
        str(row.get(name, total)) == str(total) for name, total in _TOTALS.items()
    )


def _rows(answer: Answer) -> list[dict[str, Any]]:
    match answer.json():
        case {"error": str(said)} if said:
            raise SourceFailed("quota" if "limit" in said.lower() else "answer", SOURCE.name)
        case {"data": list(rows)}:
            return [row for row in rows if isinstance(row, dict)]
    raise SourceFailed("answer", SOURCE.name)
