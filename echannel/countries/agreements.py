"""On which terms goods from home reach a market: one customs area, an agreement, or neither, by date."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from echannel.countries.dated import Dated, in_force_on
from echannel.countries.trade import customs_area
from echannel.yml import read_yaml

Access = Literal["union", "customs_union", "agreement", "none"]


class Partnership(Dated):
    """An agreement of a customs area with some markets; ``kind`` says how far it goes."""

    name: str
    partners: tuple[str, ...]
    kind: Literal["customs_union", "agreement"]


def access(home: str, market: str, on: date) -> Access | None:
    """How goods that originate at home reach ``market`` on a day; None where home's agreements are not kept.

    ``union``: the same customs and VAT area, no border; ``customs_union``: no duty on most goods, a border
    for VAT; ``agreement``: reduced or no duty on goods whose origin is proven; ``none``: no agreement known.
    """
    area = customs_area(home)
    if area is None:
        return None
    if area == customs_area(market):
        return "union"
    found = (one for one in in_force_on(_partnerships(area), on) if market in one.partners)
    return next((one.kind for one in found), "none")


@lru_cache
def _partnerships(area: str) -> tuple[Partnership, ...]:
    text = files("echannel.countries.trade").joinpath("agreements.yml").read_text(encoding="utf-8")
    return tuple(Partnership.model_validate(one) for one in read_yaml(text).get(area, ()))
