"""What every export format needs: one outlet's orders with all that an export may show, and texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from echannel.demo.trade import Trade

ZONES = {"GB": "Europe/London", "FR": "Europe/Paris"}
COUNTRIES = {
    "GB": {"GB": "United Kingdom", "FR": "France", "IE": "Ireland", "DE": "Germany", "NL": "Netherlands",
           "US": "United States", "BE": "Belgium", "ES": "Spain", "CH": "Switzerland"},
    "FR": {"GB": "Royaume-Uni", "FR": "France", "IE": "Irlande", "DE": "Allemagne", "NL": "Pays-Bas",
           "US": "États-Unis", "BE": "Belgique", "ES": "Espagne", "CH": "Suisse"},
}  # fmt: skip


@dataclass(frozen=True)
class Sold:
    """One outlet's orders, one row each, and its lines with their order's fields beside their own.

    ``orders`` carries the customer's fields, ``ref`` (the order's number as the platform writes it) and
    ``at`` (local wall time); ``lines`` carries the product's fields and ``row``, the position of its order.
    """

    country: str
    first: date
    orders: pd.DataFrame
    lines: pd.DataFrame
    rng: np.random.Generator

    @property
    def zone(self) -> str:
        """The time zone of the shop's clock."""
        return ZONES[self.country]

    def moment(self, day: pd.Series | np.ndarray, pattern: str) -> np.ndarray:
        """Days of the window as text; a day below 0 is empty."""
        numbers = np.asarray(day)
        codes, distinct = pd.factorize(numbers)
        texts = [
            ""
            if number < 0
            else (pd.Timestamp(self.first) + pd.Timedelta(days=int(number))).strftime(pattern)
            for number in distinct
        ]
        return np.asarray(texts, dtype=object)[codes]


@dataclass(frozen=True)
class Raw:
    """Rows as they will stand in the file, all text, with the order (position) that each belongs to."""

    frame: pd.DataFrame
    order: np.ndarray


@dataclass(frozen=True)
class Format:
    """One export format: how its rows come about and how its files look.

    ``bad_date`` is a date of its style that does not exist. ``amount``, ``total`` and ``country`` name the
    columns in which something can go wrong; ``carries`` says which fates the export shows at all.
    """

    build: Callable[[Sold], Raw]
    name: str
    date: str
    bad_date: str
    amount: str
    total: tuple[str, ...] = ()
    country: str = ""
    separator: str = ","
    extension: str = "csv"
    quote_all: bool = False
    refunds: bool = False
    open_orders: bool = True  # pending and cancelled orders stand in the export too
    numbers: tuple[str, ...] = ()  # columns that a workbook holds as numbers
    dates: tuple[str, ...] = ()  # columns that a workbook holds as dates
    footer: tuple[str, ...] = ()


def sold_by(trade: Trade, outlet: int, fmt: Format, rng: np.random.Generator) -> Sold:
    """The orders of one outlet, as far as its export shows them."""
    orders = trade.orders[trade.orders["outlet"] == outlet]
    if not fmt.open_orders:
        orders = orders[~orders["status"].isin(["pending", "cancelled"])]
    if not fmt.refunds:
        given_back = orders["status"].isin(["refunded", "partly_refunded"])
        orders = orders.assign(
            status=orders["status"].mask(given_back, "delivered"),
            refunded=0.0,
            refunded_net=0.0,
            refunded_on=-1,
        )
    people = trade.customers.drop(columns=["country", "kind", "outlet", "terms", "rebate"])
    orders = orders.join(people, on="customer")
    lines = trade.lines[trade.lines["order"].isin(orders.index)]
    row = np.searchsorted(orders.index.to_numpy(), lines["order"].to_numpy())
    at = np.datetime64(trade.first, "s") + (orders["day"] * 86400 + orders["second"]).to_numpy()
    orders = orders.assign(at=at).reset_index(drop=True)
    products = trade.products[["product_id", "name", "category"]].rename(columns={"name": "product_name"})
    lines = lines.assign(row=row).join(products, on="product").reset_index(drop=True)
    return Sold(trade.firm.country, trade.first, orders, lines, rng)


def money(values: pd.Series | np.ndarray, digits: int = 2, comma: bool = False) -> np.ndarray:
    """Amounts as plain text; unknown is empty."""
    numbers = np.asarray(values, dtype="float64")
    texts = np.char.mod(f"%.{digits}f", np.where(np.isnan(numbers), 0.0, numbers) + 0.0)
    if comma:
        texts = np.char.replace(texts, ".", ",")
    return np.where(np.isnan(numbers), "", texts).astype(object)


def money_or_empty(values: pd.Series | np.ndarray, digits: int = 2, comma: bool = False) -> np.ndarray:
    """As :func:`money`, but nothing where the amount is 0."""
    numbers = np.asarray(values, dtype="float64")
    return money(np.where(numbers == 0, np.nan, numbers), digits, comma)


def words_for(values: pd.Series, words: dict[str, str]) -> np.ndarray:
    """Codes in the platform's own words."""
    return values.map(words).fillna("").to_numpy(dtype=object)


def numbered(n: int, first: int, pattern: str = "{}") -> list[str]:
    """Running numbers as text."""
    return [pattern.format(first + position) for position in range(n)]


def stamp(at: pd.Series, pattern: str) -> np.ndarray:
    """Wall times as text."""
    return pd.DatetimeIndex(at).strftime(pattern).to_numpy(dtype=object)


def sheet(columns: tuple[str, ...], filled: dict[str, object], n: int) -> pd.DataFrame:
    """A frame with all of a platform's columns, in its order; what is not filled is empty."""
    unknown = set(filled) - set(columns)
    assert not unknown, unknown
    return pd.DataFrame({column: filled.get(column, "") for column in columns}, index=range(n))
