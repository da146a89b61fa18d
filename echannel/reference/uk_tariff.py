"""Duty and VAT of one commodity from the UK Trade Tariff (``uk``), and Northern Ireland's twin (``xi``).

The answer is JSON:API: what a measure refers to lies among ``included``. A duty that is more than a plain
percentage (per weight, with a minimum …) is handed on as its text, without a rate. Licence: OGL v3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np

from echannel.reference.http import Answer, Live, Source, SourceFailed

SOURCE = Source("uk_tariff", "Trade Tariff", "https://www.trade-tariff.service.gov.uk", days=1, pace=0.2)
_ACCEPT = {"Accept": "application/vnd.hmrc.2.0+json"}
_THIRD_COUNTRY, _PREFERENCE, _VAT = "103", "142", "305"


@dataclass(frozen=True)
class Commodity:
    """One ten-digit commodity: duty from any third country, preferences by origin, and VAT rates.

    Rates are fractions; NaN where the duty is no plain percentage or not given (then see the texts).
    """

    code: str
    description: str
    duty: float
    duty_text: str
    preferences: dict[str, float] = field(default_factory=dict)  # by country or area, as the tariff names it
    vat_rates: tuple[float, ...] = ()
    read: date | None = None


def commodity(live: Live, code: str, origin: str = "", service: Literal["uk", "xi"] = "uk") -> Commodity:
    """The measures on imports of a commodity; ``origin`` (ISO code) leaves out those of other countries.

    Raises
    ------
    SourceFailed
        Out of reach, or no such ten-digit code (``not_found``: it may be a heading).
    """
    plain = re.sub(r"[\s.]", "", code)
    if not re.fullmatch(r"\d{10}", plain):
        raise SourceFailed("not_found", SOURCE.name)
    params = {"filter[geographical_area_id]": origin} if origin else {}
    answer = live.get(SOURCE, f"{service}/api/commodities/{plain}", params, _ACCEPT, check=_data)
    data = _data(answer)
    known = {(one.get("type"), str(one.get("id"))): one for one in _list(answer.json().get("included"))}
    duty, text, preferences, vat = np.nan, "", dict[str, float](), list[float]()
    for kind, area, expression in _measures(data, known):
        if kind == _THIRD_COUNTRY:
            duty, text = _rate(expression), expression
        elif kind == _PREFERENCE:
            preferences[area] = _rate(expression)
        elif kind == _VAT:
            vat.append(_rate(expression))
    attributes = data["attributes"]
    described = attributes.get("description_plain") or attributes.get("description") or ""
    return Commodity(plain, described, duty, text, preferences, tuple(sorted(vat)), answer.at.date())


def _measures(data: dict[str, Any], known: dict[Any, dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Kind, area and wording of each measure on imports."""
    for reference in _list(_related(data, "import_measures")):
        measure = known.get((reference.get("type"), str(reference.get("id"))), {})
        kind, area, expression = (
            _related(measure, name) or {} for name in ("measure_type", "geographical_area", "duty_expression")
        )
        there = known.get((expression.get("type"), str(expression.get("id"))), {})
        attributes = there.get("attributes") or {}
        wording = str(attributes.get("base") or attributes.get("verbose_duty") or "")
        yield str(kind.get("id", "")), str(area.get("id", "")), wording


def _rate(wording: str) -> float:
    plain = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", re.sub(r"<[^>]*>", "", wording))
    return round(float(plain.group(1)) / 100, 6) if plain else np.nan


def _related(one: dict[str, Any], name: str) -> Any:
    return ((one.get("relationships") or {}).get(name) or {}).get("data")


def _list(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _data(answer: Answer) -> dict[str, Any]:
    match answer.json():
        case {"data": {"attributes": dict(), **_rest} as data}:
            return data
    raise SourceFailed("answer", SOURCE.name)
