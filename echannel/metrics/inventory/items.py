"""What is known of each product for ordering it, and where each figure comes from.

Every input that may be assumed has a twin ``<name>_from``: "product" (its own entry), "supplier" (the
supplier's entry or price list), "measured" (from purchases or sales), "profile" (the SME said so for all
its stock), "default" (nobody said: ours), "" (unknown, the value is NaN).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from echannel.metrics.counting import divided
from echannel.metrics.inventory.panels import day_or_none, places_in, product_index, received_quantity
from echannel.tables import SUPPLIER_PRICES

# Without any other word; what stands on them is marked "default".
HOLDING_RATE = 0.22  # of a unit's cost per year: capital, room, insurance, loss
ORDER_COST = 25.0  # reporting currency, of one order to a supplier: writing, receiving, paying
LEAD_TIME_DAYS = 14.0
LEAD_TIME_SPREAD = 0.25  # standard deviation as a share of the lead time
REVIEW_DAYS = 7.0
PAYMENT_DAYS = 30.0  # the legal term without agreement, both in the UK and in France

FEWEST_DELIVERIES = 3  # fewer do not measure a lead time
_YEAR = 365

AbcMeasure = Literal["turnover", "margin", "units"]
Column = tuple[np.ndarray, np.ndarray]  # values, and where each comes from


@dataclass(frozen=True)
class InventorySettings:
    """How an SME keeps its stock; what is None was not said and takes a default that is marked as one.

    ``holding_rate`` per year and unit of cost; ``order_cost`` and ``budget`` in the reporting currency;
    ``service`` the cycle service wanted per ABC class; ``dead_after_days`` without a sale;
    ``slow_cover_days`` and ``over_cover_days`` (beyond lead time, review and safety stock) of cover;
    ``roll_back_days`` how far stock is told back beyond what purchases explain; ``country`` the SME's own.
    """

    holding_rate: float | None = None
    order_cost: float | None = None
    lead_time_days: float | None = None
    lead_time_sd_days: float | None = None
    review_days: float | None = None
    payment_days: float | None = None
    service: Mapping[str, float] = field(default_factory=dict)
    budget: float | None = None
    dead_after_days: int = 180
    slow_cover_days: float = 180.0
    over_cover_days: float = 90.0
    abc_by: AbcMeasure = "turnover"
    abc_cuts: tuple[float, float] = (0.80, 0.95)
    xyz_cuts: tuple[float, float] = (0.5, 1.0)
    roll_back_days: int = 31
    country: str | None = None


def items(
    products: pd.DataFrame,
    suppliers: pd.DataFrame,
    purchases: pd.DataFrame,
    settings: InventorySettings,
    prices: pd.DataFrame | None = None,
    lines: pd.DataFrame | None = None,
    index: pd.Index | None = None,
    today: int | None = None,
) -> pd.DataFrame:
    """One row per product of ``index`` (default: every product named), with what ordering it needs.

    Parameters
    ----------
    products, suppliers, purchases, prices : the canonical tables (``prices`` = supplier_prices).
    lines : ``Sales.lines``; fills in a cost or price that no list has, from the last 12 months' sales.
    today : the last local day of the data; by default of the purchases.

    Returns
    -------
    Index ``product_id``: ``name``, ``sku``, ``category`` ("" unknown), ``supplier_id`` ("" unknown),
    ``known`` (in the product list), ``active``, ``created_day`` (NaN unknown), ``unit_cost`` and
    ``price_net`` (reporting currency, ex VAT; 0 in a list counts as unknown), ``lead_time_days`` and
    ``lead_time_sd_days`` (measured over deliveries: received − ordered, of the product or else of its
    supplier, with at least 3), ``lead_time_n``, ``order_cost``, ``holding_rate``, ``review_days``,
    ``payment_days``, ``order_quantity_min``, ``order_quantity_multiple``, ``order_value_min``,
    ``shelf_life_days``, each with its ``_from``; ``cross_channel`` (the supplier is on the other side of
    the Channel) and ``customs_unknown`` (it is, and no delivery measures what customs takes).
    """
    price_list = SUPPLIER_PRICES.empty() if prices is None else prices
    if index is None:
        index = product_index([products["product_id"], purchases["product_id"], price_list["product_id"]])
    if today is None:
        days = day_or_none(purchases["received_on"])
        today = int(np.nanmax(days)) if np.isfinite(days).any() else 0
    own = _listed(products, index)
    by_purchase = _last_bought(purchases, index)
    frame = pd.DataFrame(index=index)
    frame["name"] = own["name"].astype(object).where(own["name"].notna(), "")
    frame["sku"] = own["sku"].astype(object).where(own["sku"].notna(), "")
    frame["category"] = _text(own["category"])
    _put(frame, "supplier_id", _supplier(own, by_purchase, price_list, index))
    frame["known"] = index.isin(products["product_id"].astype(str))
    frame["active"] = own["active"].astype("boolean").fillna(True).to_numpy(dtype=bool)
    frame["created_day"] = day_or_none(own["created_at"])
    sold = _sold_at(lines, index, today)
    _put(
        frame,
        "unit_cost",
        _first_known(
            ("product", _positive(own["unit_cost"])),
            ("measured", by_purchase["unit_cost"].to_numpy()),
            ("supplier", _list_price(price_list, index)),
            ("measured", sold["unit_cost"]),
        ),
    )
    _put(
        frame,
        "price_net",
        _first_known(("product", _positive(own["price_net"])), ("measured", sold["price"])),
    )
    partner = _partner(suppliers, frame["supplier_id"])
    _lead_times(frame, own, partner, purchases, settings)
    _terms(frame, own, partner, settings)
    country = partner["country"].to_numpy()
    home = settings.country
    across = np.array([_across(home, other) for other in country], dtype=bool)
    frame["cross_channel"] = across
    frame["customs_unknown"] = across & (frame["lead_time_days_from"] != "measured").to_numpy()
    return frame


def _listed(products: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    keyed = products.drop_duplicates("product_id", keep="last")
    return keyed.set_axis(keyed["product_id"].astype(str), axis=0).reindex(index)


def _text(column: pd.Series) -> np.ndarray:
    """A column of names as text; "" where there is none."""
    return column.astype(object).where(column.notna(), "").astype(str).to_numpy(dtype=object)


def _positive(column: pd.Series) -> np.ndarray:
    values = column.to_numpy(dtype="float64")
    return np.where(values > 0, values, np.nan)


def _first_known(*candidates: tuple[str, np.ndarray | float | None]) -> Column:
    """The first known value of each product, and where it comes from."""
    size = next(len(values) for _, values in candidates if isinstance(values, np.ndarray))
    value, source = np.full(size, np.nan), np.full(size, "", dtype=object)
    for name, values in candidates:
        if values is None:
            continue
        given = np.broadcast_to(np.asarray(values, dtype="float64"), size)
        take = np.isnan(value) & np.isfinite(given)
        value, source = np.where(take, given, value), np.where(take, name, source)
    return value, source


def _put(frame: pd.DataFrame, name: str, column: Column) -> None:
    frame[name], frame[f"{name}_from"] = column


def _last_bought(purchases: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    """Supplier of each product's last purchase, and the mean cost of its last year of purchases."""
    on = purchases["received_on"].fillna(purchases["ordered_on"])
    frame = purchases.assign(row=places_in(index, purchases["product_id"]), day=day_or_none(on))
    frame = frame[frame["row"] >= 0].sort_values("day", na_position="first", kind="stable")
    supplier, cost = np.full(len(index), "", dtype=object), np.full(len(index), np.nan)
    named = frame[frame["supplier_id"].notna()]
    supplier[named["row"]] = named["supplier_id"].astype(str)  # the last one stays
    priced = frame[(frame["unit_cost"] > 0) & (frame["quantity"] > 0)]
    last = priced.groupby("row")["day"].transform("max")
    recent = priced[(priced["day"].isna() & last.isna()) | (priced["day"] > last - _YEAR)]
    units = np.bincount(recent["row"], recent["quantity"], len(index))
    cost = divided(np.bincount(recent["row"], recent["quantity"] * recent["unit_cost"], len(index)), units)
    return pd.DataFrame({"supplier_id": supplier, "unit_cost": cost}, index=index)


def _list_price(prices: pd.DataFrame, index: pd.Index) -> np.ndarray:
    """The price of one unit: of the lowest quantity a supplier names, the cheapest of several suppliers."""
    rows = places_in(index, prices["product_id"])
    frame = prices.assign(row=rows)[(rows >= 0) & (prices["unit_cost"] > 0).to_numpy()]
    least = frame.sort_values("quantity_from").drop_duplicates(["row", "supplier_id"])
    cost = np.full(len(index), np.inf)
    np.minimum.at(cost, least["row"].to_numpy(), least["unit_cost"].to_numpy())
    return np.where(np.isfinite(cost), cost, np.nan)


def _supplier(own: pd.DataFrame, by_purchase: pd.DataFrame, prices: pd.DataFrame, index: pd.Index) -> Column:
    listed, bought = _text(own["supplier_id"]), by_purchase["supplier_id"].to_numpy()
    offered = np.full(len(index), "", dtype=object)
    rows = places_in(index, prices["product_id"])
    cheapest = prices.assign(row=rows)[rows >= 0].sort_values("unit_cost", ascending=False, kind="stable")
    offered[cheapest["row"]] = cheapest["supplier_id"].astype(str)
    value, source = listed.copy(), np.where(listed != "", "product", "").astype(object)
    for name, other in (("measured", bought), ("supplier", offered)):
        take = (value == "") & (other != "")
        value, source = np.where(take, other, value), np.where(take, name, source)
    return value, source


def _sold_at(lines: pd.DataFrame | None, index: pd.Index, today: int) -> dict[str, np.ndarray | None]:
    """Mean cost and net price of the units sold in the last 12 months."""
    if lines is None or lines.empty:
        return {"unit_cost": None, "price": None}
    rows = places_in(index, lines["product_id"])
    day, quantity = lines["day"].to_numpy(), lines["quantity"].to_numpy(dtype="float64")
    cost, net = lines["cost"].to_numpy(dtype="float64"), lines["net"].to_numpy(dtype="float64")
    sold = (rows >= 0) & (lines["entry"] == "sale").to_numpy() & (quantity > 0) & (day > today - _YEAR)
    priced = sold & (cost > 0)
    size = len(index)

    def mean(rows_of: np.ndarray, amounts: np.ndarray) -> np.ndarray:
        units = np.bincount(rows[rows_of], quantity[rows_of], size)
        value = divided(np.bincount(rows[rows_of], amounts[rows_of], size), units)
        return np.where(value > 0, value, np.nan)

    return {"unit_cost": mean(priced, cost), "price": mean(sold, net)}


def _partner(suppliers: pd.DataFrame, supplier_id: pd.Series) -> pd.DataFrame:
    """The supplier's own entry, a row per product."""
    keyed = suppliers.drop_duplicates("supplier_id", keep="last")
    return keyed.set_axis(keyed["supplier_id"].astype(str), axis=0).reindex(supplier_id.to_numpy())


def supplier_names(purchases: pd.DataFrame) -> np.ndarray:
    """The supplier of each purchase line; "" unknown."""
    return _text(purchases["supplier_id"])


def delivery_days(purchases: pd.DataFrame) -> pd.DataFrame:
    """Deliveries with the days they took: one row per purchase, product and day of receipt.

    ``supplier_id``, ``product_id`` (text; supplier "" unknown), ``purchase_id``, ``received_day``,
    ``days`` (received − ordered; a receipt before its order is a mistake and left out).
    """
    frame = pd.DataFrame(
        {
            "purchase_id": purchases["purchase_id"].astype(str).to_numpy(dtype=object),
            "supplier_id": supplier_names(purchases),
            "product_id": purchases["product_id"].astype(str).to_numpy(dtype=object),
            "received_day": day_or_none(purchases["received_on"]),
            "days": day_or_none(purchases["received_on"]) - day_or_none(purchases["ordered_on"]),
        }
    )
    came = (received_quantity(purchases) > 0) & (frame["days"] >= 0).to_numpy()
    return frame[came].drop_duplicates(["purchase_id", "product_id", "received_day"])


def _measured(days: pd.DataFrame, key: str) -> pd.DataFrame:
    once = days.drop_duplicates(["purchase_id", key, "received_day"])
    stats = once[once[key] != ""].groupby(key)["days"].agg(["mean", "std", "count"])
    return stats[stats["count"] >= FEWEST_DELIVERIES]


def _lead_times(
    frame: pd.DataFrame,
    own: pd.DataFrame,
    partner: pd.DataFrame,
    purchases: pd.DataFrame,
    settings: InventorySettings,
) -> None:
    days = delivery_days(purchases)
    product = _measured(days, "product_id").reindex(frame.index)
    supplier = _measured(days, "supplier_id").reindex(frame["supplier_id"].to_numpy())
    _put(
        frame,
        "lead_time_days",
        _first_known(
            ("measured", product["mean"].to_numpy()),
            ("measured", supplier["mean"].to_numpy()),
            ("product", own["lead_time_days"].to_numpy(dtype="float64")),
            ("supplier", partner["lead_time_days"].to_numpy(dtype="float64")),
            ("profile", settings.lead_time_days),
            ("default", LEAD_TIME_DAYS),
        ),
    )
    _put(
        frame,
        "lead_time_sd_days",
        _first_known(
            ("measured", product["std"].to_numpy()),
            ("measured", supplier["std"].to_numpy()),
            ("product", own["lead_time_sd_days"].to_numpy(dtype="float64")),
            ("profile", settings.lead_time_sd_days),
            ("default", frame["lead_time_days"].to_numpy() * LEAD_TIME_SPREAD),
        ),
    )
    counted = product["count"].to_numpy()
    frame["lead_time_n"] = np.nan_to_num(np.where(counted > 0, counted, supplier["count"].to_numpy()))


def _terms(
    frame: pd.DataFrame, own: pd.DataFrame, partner: pd.DataFrame, settings: InventorySettings
) -> None:
    def theirs(name: str) -> np.ndarray:
        return partner[name].to_numpy(dtype="float64")

    nothing = np.full(len(frame), np.nan)
    columns: dict[str, Sequence[tuple[str, np.ndarray | float | None]]] = {
        "order_cost": [
            ("supplier", theirs("order_cost")),
            ("profile", settings.order_cost),
            ("default", ORDER_COST),
        ],
        "holding_rate": [("", nothing), ("profile", settings.holding_rate), ("default", HOLDING_RATE)],
        "review_days": [
            ("supplier", _positive(partner["review_days"])),
            ("profile", settings.review_days),
            ("default", REVIEW_DAYS),
        ],
        "payment_days": [
            ("supplier", theirs("payment_days")),
            ("profile", settings.payment_days),
            ("default", PAYMENT_DAYS),
        ],
        "order_quantity_min": [("product", _positive(own["order_quantity_min"])), ("default", 1.0)],
        "order_quantity_multiple": [("product", _positive(own["order_quantity_multiple"])), ("default", 1.0)],
        "order_value_min": [("supplier", theirs("order_value_min")), ("default", 0.0)],
        "shelf_life_days": [("product", _positive(own["shelf_life_days"]))],
    }
    for name, candidates in columns.items():
        _put(frame, name, _first_known(*candidates))


def _across(home: str | None, other: object) -> bool:
    """Whether goods from ``other`` cross the Channel's customs border to ``home``."""
    if home is None or not isinstance(other, str):
        return False
    return (home == "GB") != (other == "GB")
