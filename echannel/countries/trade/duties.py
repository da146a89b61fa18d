"""What a firm must see to in a market, by direction, kind of customer and day, from dated data."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from pydantic import Field

from echannel.countries.dated import Dated, Strict, in_force_on
from echannel.countries.trade.rules import customs_area
from echannel.yml import read_yaml

Kind = Literal["b2c", "b2b"]


class Duty(Dated):
    """One duty; ``except`` names countries of an area that have their own."""

    name: str
    origins: tuple[str, ...] = Field(alias="from")
    destinations: tuple[str, ...] = Field(alias="to")
    excepted: tuple[str, ...] = Field(default=(), alias="except")
    kinds: tuple[Kind, ...]
    confidence: Literal["high", "medium", "disputed"]

    def concerns(self, home: str, market: str, kind: str) -> bool:
        """Whether a firm of ``home`` that sells to ``kind`` in ``market`` has this duty."""
        return (
            kind in self.kinds
            and market not in self.excepted
            and bool(_names(home) & set(self.origins))
            and bool(_names(market) & set(self.destinations))
        )


class _Duties(Strict):
    duties: tuple[Duty, ...]


def duties_of(home: str, market: str, kind: str, day: date) -> tuple[Duty, ...]:
    """The duties in force on ``day`` for a firm of ``home`` (ISO code) that sells to ``kind`` in ``market``.

    Within one country there are none here: what holds at home is no step abroad. Where both lie in the
    same customs area, only duties that name the area on both sides hold.
    """
    if home == market:
        return ()
    same = customs_area(home) is not None and customs_area(home) == customs_area(market)
    found = in_force_on((one for one in _read() if one.concerns(home, market, kind)), day)
    return tuple(one for one in found if not same or one.name not in _AT_THE_BORDER)


# Between members of one customs union no goods are declared.
_AT_THE_BORDER = {"eori", "product_rules", "vat_registration"}


def _names(country: str) -> set[str]:
    """What a country is called in the data: itself, its customs area, or ``other``."""
    area = customs_area(country)
    return {country, area or "other"}


@lru_cache
def _read() -> tuple[Duty, ...]:
    text = files("echannel.countries.trade").joinpath("duties.yml").read_text(encoding="utf-8")
    return _Duties.model_validate(read_yaml(text)).duties
