"""Rules for goods that cross a border: dated data files, chosen by the day, with their source and confidence.

>>> from datetime import date
>>> trade_rules("GB", "FR", date(2026, 6, 30)).rule("flat_duty") is None
True
>>> trade_rules("GB", "FR", date(2026, 7, 1)).rule("flat_duty").amount
3.0
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from echannel.countries.dated import Dated, Source, Strict, in_force_on
from echannel.errors import UserError
from echannel.yml import read_yaml

Confidence = Literal["high", "medium", "low", "disputed"]
Kind = Literal["b2c", "b2b"]

_AREAS = ("eu", "gb")


class TradeRule(Dated):
    """One rule: amounts in its area's currency; ``up_to`` an intrinsic value (goods ex VAT, no carriage).

    ``country``: it holds in this member of the area only; ``optional``: the seller chooses.
    """

    name: str
    confidence: Confidence
    kinds: tuple[Kind, ...]
    amount: float | None = None
    up_to: float | None = None
    country: str | None = None
    scheme: str | None = None
    optional: bool = False


class Agreement(Dated):
    """A free-trade agreement: no duty on goods that *originate* with the partner, when that is proven.

    ``exporter_number`` is what an exporter needs for its statement on origin, above ``number_above``.
    """

    name: str
    partner: str
    confidence: Confidence
    exporter_number: str
    number_above: float = 0.0
    number_currency: str | None = None
    valid_months: int


class Switch(Strict):
    """What the sources dispute about a rule: its readings with who reads it so; the reader chooses one."""

    name: str
    rule: str
    default: str
    readings: dict[str, Source]


class Coming(Strict):
    """A change that is announced: shown with its day, never computed by itself."""

    name: str
    day: date
    kinds: tuple[Kind, ...] = ("b2c", "b2b")
    confidence: Confidence
    source: Source


class _Area(Strict):
    area: str
    currency: str
    known_since: date
    members: tuple[str, ...]
    rules: tuple[TradeRule, ...]
    agreements: tuple[Agreement, ...]
    switches: tuple[Switch, ...]
    coming: tuple[Coming, ...]


@dataclass(frozen=True)
class TradeRules:
    """The rules of one route on one day.

    ``route`` is ``domestic``, ``union`` (two members of one customs and VAT area) or ``import``; ``area`` is
    the destination's (``EU``, ``GB``), None where no rules are kept: there only what the owner enters is
    computed. ``currency`` is that of the rules' amounts, None without an area.
    """

    origin: str
    destination: str
    on: date
    route: Literal["domestic", "union", "import"]
    area: str | None
    currency: str | None
    rules: tuple[TradeRule, ...]
    agreement: Agreement | None
    partners: frozenset[str]
    switches: tuple[Switch, ...]
    coming: tuple[Coming, ...]

    def rule(self, name: str, kind: str | None = None) -> TradeRule | None:
        """The rule called ``name`` that is in force on this route, for ``kind`` of customer; None without."""
        for rule in self.rules:
            if rule.name == name and (kind is None or kind in rule.kinds):
                return rule
        return None

    def reading(self, name: str, chosen: Mapping[str, str] | None = None) -> str:
        """The reading of a disputed rule: the chosen one, else the default; "" without a dispute."""
        for switch in self.switches:
            if switch.name == name:
                wanted = (chosen or {}).get(name, switch.default)
                if wanted not in switch.readings:
                    known = ", ".join(switch.readings)
                    raise UserError("error.unknown_reading", value=wanted, rule=name, known=known)
                return wanted
        return ""


def trade_rules(origin: str, destination: str, on: date) -> TradeRules:
    """The rules for goods sent from ``origin`` to ``destination`` (ISO 3166 alpha-2) on a day.

    Raises
    ------
    UserError
        A day before the first one that the data files cover.
    """
    area, home = _area_of(destination), _area_of(origin)
    same_area = area is not None and home is not None and area.area == home.area
    route: Literal["domestic", "union", "import"] = (
        "domestic" if origin == destination else "union" if same_area else "import"
    )
    if area is None or route == "domestic":
        return TradeRules(origin, destination, on, route, None, None, (), None, frozenset(), (), ())
    if on < area.known_since:
        raise UserError("error.no_trade_rules", day=on, since=area.known_since)
    rules = tuple(
        rule
        for rule in in_force_on(area.rules, on)
        if rule.country in (None, destination) and (route == "import") == (rule.name != "oss")
    )
    names = {rule.name for rule in rules}
    agreement = None
    if route == "import" and home is not None:
        among = in_force_on(area.agreements, on)
        agreement = next((one for one in among if one.partner == home.area), None)
    return TradeRules(
        origin=origin,
        destination=destination,
        on=on,
        route=route,
        area=area.area,
        currency=area.currency,
        rules=rules,
        agreement=agreement,
        partners=frozenset(home.members) if agreement and home else frozenset(),
        switches=tuple(switch for switch in area.switches if switch.rule in names),
        coming=tuple(one for one in area.coming if one.day > on or one.confidence == "disputed")
        if route == "import"
        else (),
    )


def customs_area(country: str) -> str | None:
    """The customs area whose rules are kept for a country: ``EU``, ``GB``, or None."""
    found = _area_of(country)
    return found.area if found else None


def first_day() -> date:
    """The first day of which the rules of every area are kept."""
    return max(area.known_since for area in _areas())


def area_members(country: str) -> tuple[str, ...]:
    """The members of a country's customs area; the country alone where no rules are kept."""
    found = _area_of(country)
    return found.members if found else (country,)


def area_currency(country: str) -> str | None:
    """The currency in which a country's customs area states its amounts; None where no rules are kept."""
    found = _area_of(country)
    return found.currency if found else None


def _area_of(country: str) -> _Area | None:
    return next((area for area in _areas() if country in area.members), None)


@lru_cache(maxsize=1)
def _areas() -> tuple[_Area, ...]:
    folder = files("echannel.countries.trade")
    return tuple(
        _Area.model_validate(read_yaml((folder / f"{name}.yml").read_text(encoding="utf-8")))
        for name in _AREAS
    )
