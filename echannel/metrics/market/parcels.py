"""Parcels: what is sent together, line by line, with what customs asks of every line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Parcels:
    """Lines of parcels, in order: ``parcel`` is each line's place among ``keys``.

    ``value``: quantity × unit price, seller's currency, ex VAT, before discount; ``hs_code``: digits only, ""
    unknown; ``origin``: where the goods were *made*, "" unknown; ``proven``: the seller holds proof of that
    origin; ``vat_class``: which of a market's VAT rates the line takes, "" for the standard one;
    ``weight_kg`` and ``quantity`` per line, NaN unknown.
    """

    keys: np.ndarray
    parcel: np.ndarray
    value: np.ndarray
    hs_code: np.ndarray
    origin: np.ndarray
    proven: np.ndarray
    vat_class: np.ndarray
    weight_kg: np.ndarray
    quantity: np.ndarray

    def total(self, lines: np.ndarray) -> np.ndarray:
        """The sum of a figure of the lines per parcel; NaN where one of them is."""
        if self._single:
            return lines
        return np.bincount(self.parcel, lines, len(self.keys))

    def distinct(self, among: np.ndarray) -> np.ndarray:
        """How many tariff items (six digits) each parcel holds among some of its lines.

        NaN where a code is missing and more than one of these lines is there: one line is one item.
        """
        if self._single:
            return among.astype("float64")
        n = len(self.keys)
        lines = np.bincount(self.parcel[among], minlength=n)
        items = self._items
        known = among & (items >= 0)
        pairs = np.unique(self.parcel[known] * (items.max(initial=0) + 1) + items[known])
        count = np.bincount(pairs // (items.max(initial=0) + 1), minlength=n).astype("float64")
        unknown = np.bincount(self.parcel[among & (items < 0)], minlength=n)
        return np.where(unknown == 0, count, np.where(lines == 1, 1.0, np.nan))

    def rates(self, by_code: Mapping[str, float]) -> np.ndarray:
        """A rate per line from the longest entry that begins its HS code; NaN without one ("" fits all)."""
        codes, place = self._codes
        return np.array([_longest(code, by_code) for code in codes])[place]

    def vat_rates(self, by_class: Mapping[str, float], standard: float) -> np.ndarray:
        """The VAT rate per line: its class's, else the standard one."""
        classes, place = self._classes
        return np.array([by_class.get(name, standard) for name in classes])[place]

    def originating(self, partners: frozenset[str]) -> np.ndarray:
        """Lines made in one of ``partners`` (the exporter's side of an agreement), with proof."""
        if not partners:
            return np.zeros(len(self.value), dtype=bool)
        places, place = self._origins
        return np.array([name in partners for name in places], dtype=bool)[place] & self.proven

    @cached_property
    def has_no_code(self) -> np.ndarray:
        """Parcels with a line whose HS code is unknown."""
        return self.total((self.hs_code == "").astype("float64")) > 0

    @cached_property
    def weight(self) -> np.ndarray:
        """What each parcel weighs, kg; NaN where a line's weight is unknown."""
        return self.total(self.weight_kg * self.quantity)

    @cached_property
    def _single(self) -> bool:
        return len(self.keys) == len(self.parcel) and bool((self.parcel == np.arange(len(self.keys))).all())

    @cached_property
    def _codes(self) -> tuple[np.ndarray, np.ndarray]:
        return _coded(self.hs_code)

    @cached_property
    def _classes(self) -> tuple[np.ndarray, np.ndarray]:
        return _coded(self.vat_class)

    @cached_property
    def _origins(self) -> tuple[np.ndarray, np.ndarray]:
        return _coded(self.origin)

    @cached_property
    def _items(self) -> np.ndarray:
        codes, place = self._codes
        six = pd.factorize(np.array([code[:6] for code in codes], dtype=object))
        numbers = np.where([code == "" for code in codes], -1, six[0])
        return numbers[place]


def parcels_of(lines: pd.DataFrame) -> Parcels:
    """Parcels from lines: ``parcel`` (any key), ``quantity``, ``unit_price`` (seller's currency, ex VAT).

    As far as known also ``hs_code``, ``origin_country``, ``proven``, ``vat_class``, ``weight_kg``.
    """
    place, keys = pd.factorize(lines["parcel"])
    order = np.argsort(place, kind="stable")
    part = lines.iloc[order]

    def texts(name: str) -> np.ndarray:
        if name not in part:
            return np.full(len(part), "", dtype=object)
        return part[name].astype(object).where(part[name].notna(), "").to_numpy(dtype=object)

    def numbers(name: str) -> np.ndarray:
        if name not in part:
            return np.full(len(part), np.nan)
        return part[name].to_numpy(dtype="float64", na_value=np.nan)

    proven = part["proven"].to_numpy(dtype=bool) if "proven" in part else np.zeros(len(part), dtype=bool)
    quantity = numbers("quantity")
    return Parcels(
        keys=np.asarray(keys),
        parcel=place[order],
        value=quantity * numbers("unit_price"),
        hs_code=_plain_codes(texts("hs_code")),
        origin=texts("origin_country"),
        proven=proven,
        vat_class=texts("vat_class"),
        weight_kg=numbers("weight_kg"),
        quantity=quantity,
    )


def _plain_codes(codes: np.ndarray) -> np.ndarray:
    """HS codes as digits; what has fewer than six is no tariff item, and is unknown."""
    found, place = _coded(codes)
    digits = ["".join(sign for sign in str(code) if sign.isdigit()) for code in found]
    return np.array([code if len(code) >= 6 else "" for code in digits], dtype=object)[place]


def _longest(code: str, by_code: Mapping[str, float]) -> float:
    fitting = [start for start in by_code if code.startswith(start) and (code or not start)]
    return by_code[max(fitting, key=len)] if fitting else np.nan


def _coded(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    place, found = pd.factorize(texts)
    return np.asarray(found, dtype=object), place
