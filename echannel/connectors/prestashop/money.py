"""Currencies, and tax rates of lines.

``conversion_rate`` is how much of a currency one unit of the shop's own currency buys. An order's amounts
are in the order's currency, at the rate kept with the order; costs are always in the shop's own currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from echannel.connectors.prestashop.parsing import Record, flags, ids, numbers, rows_of, texts
from echannel.errors import UserError

_TIDY = 2e-4
_HALF_CENT = 0.0051


@dataclass(frozen=True)
class Money:
    """A shop's currencies, deleted ones too, and the way from its own to the reporting currency.

    ``codes`` and ``rates`` by currency id; ``factor`` times an amount in the shop's own currency is the
    amount in the reporting currency: 1 where they are the same, else today's rate of the shop.
    """

    codes: Mapping[int, str]
    rates: Mapping[int, float]
    own: str
    factor: float

    @classmethod
    def of(cls, currencies: list[Record], settings: Mapping[str, str], reporting: str) -> Money:
        """From the shop's currencies.

        Raises
        ------
        UserError
            When the shop has no rate to the reporting currency.
        """
        number, iso = ids(currencies), texts(currencies, "iso_code")
        rate, gone = numbers(currencies, "conversion_rate"), flags(currencies, "deleted")
        codes = {int(one): str(code).upper() for one, code in zip(number, iso, strict=True) if code}
        rates = {int(one): float(r) for one, r in zip(number, rate, strict=True) if r > 0}
        default = settings.get("PS_CURRENCY_DEFAULT", "")
        unit = [int(one) for one, r, out in zip(number, rate, gone, strict=True) if r == 1 and not out]
        own = codes.get(int(default) if default.isdigit() else (unit or [0])[0], "")
        if own == reporting:
            return cls(codes, rates, own, 1.0)
        live = [
            float(r)
            for one, r, out in zip(number, rate, gone, strict=True)
            if codes.get(int(one)) == reporting and r > 0 and not out
        ]
        if not own or not live:
            raise UserError("prestashop.error.no_rate", own=own or "–", reporting=reporting)
        return cls(codes, rates, own, live[0])

    def code(self, currency: np.ndarray) -> np.ndarray:
        """ISO codes of currency ids; None where the shop has lost the currency altogether."""
        return np.array([self.codes.get(int(one)) for one in currency] or [], dtype=object)

    def to_reporting(self, rate: np.ndarray, currency: np.ndarray) -> np.ndarray:
        """What one unit is worth in the reporting currency, at the rate kept with a record.

        A rate of 0 or none: today's rate of the currency.
        """
        now = np.array([self.rates.get(int(one), np.nan) for one in currency] or [], dtype="float64")
        return self.factor / np.where(rate > 0, rate, now)

    def cost(self, amounts: np.ndarray) -> np.ndarray:
        """Costs in the shop's own currency as costs in the reporting currency; 0 means unknown: NaN."""
        return np.where(amounts > 0, amounts, np.nan) * self.factor


def line_rates(lines: list[Record], rates: Mapping[int, float]) -> np.ndarray:
    """The VAT rate of each line as a fraction; NaN: unknown.

    From the taxes that the shop names for the line (several are added up); where it names none, from the
    amounts with and without tax, put right by the nearest of the shop's own rates that rounding allows.
    """
    rows, owner = rows_of(lines, "taxes")
    stated = np.array([rates.get(int(one), np.nan) for one in ids(rows)] or [], dtype="float64")
    summed = np.bincount(owner, stated, len(lines)) if len(rows) else np.zeros(len(lines))
    named = np.bincount(owner, minlength=len(lines)) > 0 if len(rows) else np.zeros(len(lines), bool)
    net, gross = numbers(lines, "total_price_tax_excl"), numbers(lines, "total_price_tax_incl")
    worked_out = np.divide(gross, net, out=np.full(len(net), np.nan), where=net > 0) - 1
    worked_out = _tidied(worked_out, net, np.array(sorted({0.0, *rates.values()})))
    return np.where(named & ~np.isnan(summed), summed, worked_out)


def _tidied(rate: np.ndarray, net: np.ndarray, known: np.ndarray) -> np.ndarray:
    if not len(rate):
        return rate
    at = np.abs(rate[:, None] - known[None, :]).argmin(axis=1)
    nearest = known[at]
    allowed = np.divide(2 * _HALF_CENT, net, out=np.zeros(len(net)), where=net > 0) + _TIDY
    return np.where(np.abs(nearest - rate) <= allowed, nearest, np.round(rate, 4))
