"""Turnover, once: which orders count, on which day, and the bridge from what customers paid to net goods.

Every tool starts from :func:`prepare`, so a figure called turnover is the same everywhere.

Definitions
-----------
- An order counts when its status is one of ``COUNTED_STATUSES``: confirmed and not cancelled.
  An unpaid B2B order that was shipped counts (it is invoiced); a pending cart does not.
- It counts on the SME's local day of the order.
- A refund counts on its own local day (``by="refund_date"``, as accounts do) or on the day of
  its order (``by="order_date"``, to judge a season's sales).
- All money is in the SME's reporting currency, net of VAT unless the name says gross.
- **Turnover** without another word is net goods: after discounts and refunds, shipping excluded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from echannel.metrics.coverage import last_day

COUNTED_STATUSES = ("paid", "shipped", "delivered", "refunded", "partly_refunded")

RefundView = Literal["refund_date", "order_date"]

_GROSS = ["goods_gross", "shipping_gross", "wrapping_gross", "discount_gross", "total_gross"]
_ORDER_MONEY = [
    *_GROSS,
    "goods_net",
    "discount_net",
    "shipping_net",
    "wrapping_net",
    "vat_amount",
]
_CENT = 0.01
_NOISE = 1e-9  # of floating point
BRIDGE_STEPS = (
    "goods_gross",
    "shipping_gross",
    "wrapping_gross",
    "discount_gross",
    "total_gross",
    "vat",
    "invoiced",
    "refunded",
    "net_invoiced",
    "shipping",
    "net_goods",
)


@dataclass(frozen=True)
class Sales:
    """An SME's counted sales, ready for metrics; money in the reporting currency.

    Attributes
    ----------
    entries : one row per counted order and per refund: ``entry`` (sale, refund), ``order_id``,
        ``customer_id``, ``kind``, ``channel``, ``country``, ``day`` (days since 1970-01-01, local),
        ``month`` (months since 1970-01), ``order_rank`` (1 = the customer's first order ever; 0 = customer
        unknown, or the order of a refund), one column per name in ``BRIDGE_STEPS`` (signs such that
        columns simply add up) and ``refunded_vat`` (the VAT given back with what was ``refunded``).
    orders : one row per counted order: keys as above, ``first_day`` (the customer's first order; -1 unknown),
        ``order_rank``, ``ordered_at``, ``paid_at``, ``due_at``, ``status``, ``goods`` (net, before
        discounts), ``discount``, ``shipping``, ``net_goods`` (before refunds), ``vat``, ``total_gross``,
        ``quantity`` (units; NaN when the order has no lines), ``parts_stated``, ``vat_stated``.
    lines : one row per sold line (``entry`` sale), refunded line (refund; a refund that names no product is
        spread over its order's lines by value) and remainder that no line
        explains (unitemised): keys as above, ``product_id``, ``category``, ``quantity``, ``listed`` (before
        any discount), ``discount``, ``net`` (after line and order discounts and refunds), ``cost`` (NaN =
        unknown). The sum of ``net`` equals the sum of ``entries.net_goods``.
    customers, products, visits : the canonical tables, as they are.
    currency : reporting currency.
    first_day, last_day : the local days that the data tell of: from the first order, counted or not, to
        the last trade or later trace of it (``echannel.metrics.coverage``).
    """

    entries: pd.DataFrame
    orders: pd.DataFrame
    lines: pd.DataFrame
    customers: pd.DataFrame
    products: pd.DataFrame
    visits: pd.DataFrame
    currency: str
    first_day: int
    last_day: int

    def select(
        self,
        since: int | None = None,
        until: int | None = None,
        kinds: Sequence[str] | None = None,
        channels: Sequence[str] | None = None,
        countries: Sequence[str] | None = None,
    ) -> Sales:
        """The part of the sales between two local days (both included), of some kinds, channels, countries.

        Customers keep the rank of their orders: a regular of many years is not new in a period.
        """

        def part(frame: pd.DataFrame) -> pd.DataFrame:
            keep = np.ones(len(frame), dtype=bool)
            if since is not None:
                keep &= frame["day"].to_numpy() >= since
            if until is not None:
                keep &= frame["day"].to_numpy() <= until
            for column, wanted in (("kind", kinds), ("channel", channels), ("country", countries)):
                if wanted is not None:
                    keep &= frame[column].isin(list(wanted)).to_numpy()
            return frame if keep.all() else frame[keep]

        visits = self.visits
        if since is not None:
            visits = visits[day_number(visits["date"]) >= since]
        if until is not None:
            visits = visits[day_number(visits["date"]) <= until]
        if countries is not None:
            visits = visits[visits["country"].isin(list(countries))]
        return replace(
            self,
            entries=part(self.entries),
            orders=part(self.orders),
            lines=part(self.lines),
            visits=visits,
            first_day=self.first_day if since is None else max(since, self.first_day),
            last_day=self.last_day if until is None else min(until, self.last_day),
        )


def prepare(
    orders: pd.DataFrame,
    order_lines: pd.DataFrame,
    refunds: pd.DataFrame,
    products: pd.DataFrame,
    customers: pd.DataFrame,
    visits: pd.DataFrame,
    currency: str,
    by: RefundView = "refund_date",
    over: int | None = None,
) -> Sales:
    """Counted sales from the canonical tables (see ``echannel.tables`` for columns and units).

    ``over`` is the last local day that was over when the data came, where that is known.
    """
    counted = _counted(orders)
    returned = _returned(refunds, orders, counted, by)
    lines = _lines(counted, order_lines, returned, products)
    counted["quantity"] = _units(lines, counted)
    days = orders["local_day"].to_numpy()
    return Sales(
        entries=_entries(counted, returned),
        orders=counted[
            [
                *_KEYS,
                "first_day",
                "ordered_at",
                "paid_at",
                "due_at",
                "status",
                "goods",
                "discount",
                "shipping",
                "net_goods",
                "vat",
                "total_gross",
                "quantity",
                "parts_stated",
                "vat_stated",
            ]
        ],
        lines=lines,
        customers=customers,
        products=products,
        visits=visits,
        currency=currency,
        first_day=int(days.min()) if len(days) else 0,
        last_day=last_day(
            days,
            refunds["local_day"].to_numpy(),
            (day_number(visits["date"]), _paid_days(orders["paid_at"])),
            over,
        ),
    )


def _paid_days(moments: pd.Series) -> np.ndarray:
    return day_number(moments.dropna().dt.tz_convert(None))


_KEYS = ["order_id", "customer_id", "kind", "channel", "country", "day", "month", "order_rank"]


def _units(lines: pd.DataFrame, counted: pd.DataFrame) -> np.ndarray:
    """Units sold per order; NaN where the order has no lines."""
    sold = lines[["order_id", "quantity"]][(lines["entry"] == "sale").to_numpy()]
    at = places(sold["order_id"], counted["order_id"])
    units = np.bincount(at, sold["quantity"].fillna(0.0), len(counted))
    return np.where(np.bincount(at, minlength=len(counted)) > 0, units, np.nan)


def _counted(orders: pd.DataFrame) -> pd.DataFrame:
    frame = orders[orders["status"].isin(COUNTED_STATUSES)].sort_values(["ordered_at", "order_id"])
    frame = frame.reset_index(drop=True).rename(columns={"local_day": "day"})
    frame[_ORDER_MONEY] = frame[_ORDER_MONEY].to_numpy() * frame[["fx_rate"]].to_numpy()
    known = frame["customer_id"].notna().to_numpy()
    by_customer = frame.groupby("customer_id", observed=True)
    return frame.assign(
        month=month_number(frame["day"]),
        order_rank=np.where(known, by_customer.cumcount() + 1, 0).astype("int32"),
        first_day=np.where(known, by_customer["day"].transform("min").fillna(-1), -1).astype("int32"),
        goods=frame["goods_net"],
        discount=frame["discount_net"],
        shipping=frame["shipping_net"],
        vat=frame["vat_amount"],
        invoiced=frame["total_gross"] - frame["vat_amount"],
        net_goods=frame["total_gross"] - frame["vat_amount"] - frame["shipping_net"],
    )


def _returned(
    refunds: pd.DataFrame, orders: pd.DataFrame, counted: pd.DataFrame, by: RefundView
) -> pd.DataFrame:
    """Refunds of counted orders (and refunds whose order is not known), with their order's keys.

    A refund of a cancelled order gives back money that never was turnover: left out.
    """
    known = places(refunds["order_id"], orders["order_id"]) >= 0
    of_uncounted = known & (places(refunds["order_id"], counted["order_id"]) < 0)
    frame = refunds[~of_uncounted].reset_index(drop=True)
    keys = counted[["order_id", "customer_id", "kind", "channel", "country", "order_rank", "day"]]
    position = places(frame["order_id"], counted["order_id"])
    joined = keys.drop(columns="order_id").take(np.maximum(position, 0)) if len(keys) else keys[:0]
    joined = joined.reset_index(drop=True).reindex(frame.index)
    unknown = position < 0
    own = frame.reindex(columns=["customer_id", "kind", "channel", "country"])
    for column in own:  # a credit note that names no order still says whose it is
        joined[column] = joined[column].astype(object).where(~unknown, own[column].astype(object))
    rate = frame["fx_rate"].to_numpy()
    order_day = np.where(unknown, frame["local_day"], joined["day"])
    day = (order_day if by == "order_date" else frame["local_day"].to_numpy()).astype("int32")
    return pd.DataFrame(
        {
            "order_id": frame["order_id"],
            **{column: joined[column] for column in ("customer_id", "kind", "channel", "country")},
            "day": day,
            "month": month_number(pd.Series(day)),
            "order_rank": np.where(unknown, 0, joined["order_rank"]).astype("int32"),
            "product_id": frame["product_id"],
            "quantity": frame["quantity"],
            "net": frame["net_amount"].to_numpy() * rate,
            "shipping": frame["shipping_net"].to_numpy() * rate,
            "vat": frame["vat_amount"].to_numpy() * rate,
        }
    )


def _entries(counted: pd.DataFrame, returned: pd.DataFrame) -> pd.DataFrame:
    sales = counted[_KEYS].assign(
        entry="sale",
        **{column: counted[column] for column in _GROSS},
        vat=counted["vat"],
        invoiced=counted["invoiced"],
        refunded=0.0,
        refunded_vat=0.0,
        net_invoiced=counted["invoiced"],
        shipping=counted["shipping"],
        net_goods=counted["net_goods"],
    )
    back = returned[_KEYS].assign(
        entry="refund",
        **dict.fromkeys((*_GROSS, "vat", "invoiced"), 0.0),
        refunded=returned["net"],
        refunded_vat=returned["vat"],
        net_invoiced=-returned["net"],
        shipping=-returned["shipping"],
        net_goods=returned["shipping"] - returned["net"],
    )
    return _stack([sales, back])


def _lines(
    counted: pd.DataFrame, order_lines: pd.DataFrame, returned: pd.DataFrame, products: pd.DataFrame
) -> pd.DataFrame:
    position = places(order_lines["order_id"], counted["order_id"])
    sold = order_lines[position >= 0].reset_index(drop=True)
    position = position[position >= 0]
    order = counted[_KEYS].take(position).reset_index(drop=True)
    rate = counted["fx_rate"].to_numpy()[position]
    listed = (sold["quantity"] * sold["unit_price_net"]).to_numpy() * rate
    after_line_discount = sold["net_amount"].to_numpy() * rate
    # An order's own discount is spread over its lines by value.
    goods = np.bincount(position, after_line_discount, len(counted))[position]
    share = np.divide(after_line_discount, goods, out=np.zeros(len(goods)), where=goods != 0)
    net = after_line_discount - share * counted["discount"].to_numpy()[position]
    discount = listed - net
    rest = counted["net_goods"].to_numpy() - np.bincount(position, net, len(counted))
    cents, spread = _rounding(rest, position, after_line_discount, counted["fx_rate"].to_numpy())
    listed, net = listed + cents, net + cents
    sales = order[_KEYS].assign(
        entry="sale",
        product_id=sold["product_id"],
        quantity=sold["quantity"],
        listed=listed,
        discount=discount,
        net=net,
        unit_cost=sold["unit_cost"],
    )
    back = _named(returned, sales)
    back = back[_KEYS].assign(
        entry="refund",
        product_id=back["product_id"],
        quantity=-back["quantity"].fillna(0.0),
        listed=0.0,
        discount=0.0,
        net=back["shipping"] - back["net"],
        unit_cost=np.nan,
    )
    open_orders = ~spread & (np.abs(rest) > _NOISE)
    unitemised = counted.loc[open_orders, _KEYS].assign(
        entry="unitemised",
        product_id=np.nan,
        quantity=0.0,
        listed=rest[open_orders],
        discount=0.0,
        net=rest[open_orders],
        unit_cost=np.nan,
    )
    lines = _stack([sales, back, unitemised])
    known = places(lines["product_id"], products["product_id"])
    listed_cost = _looked_up(products["unit_cost"].to_numpy(dtype="float64"), known)
    unit_cost = lines.pop("unit_cost").fillna(pd.Series(listed_cost))
    category = products["category"].astype("category")
    # Money given back without goods coming back costs no goods.
    cost = np.where(lines["quantity"] == 0, 0.0, lines["quantity"] * unit_cost)
    cost = np.where(lines["entry"] == "unitemised", np.nan, cost)
    codes = np.r_[category.cat.codes.to_numpy(), -1][known]  # place -1: no such product
    return lines.assign(category=pd.Categorical.from_codes(codes, category.cat.categories), cost=cost)


def _named(returned: pd.DataFrame, sales: pd.DataFrame) -> pd.DataFrame:
    """Refunds by product: one that names none is spread over its order's lines by their value.

    Half an order given back is half of each of its products, else a best seller would keep its full
    amount. Only a refund whose order has no lines stays without a product.
    """
    vague = (returned["product_id"].isna() & returned["order_id"].notna()).to_numpy()
    if not vague.any() or sales.empty:
        return returned
    orders = returned.loc[vague, "order_id"].astype(object)
    lines = sales.loc[sales["order_id"].isin(orders), ["order_id", "product_id", "net"]]
    lines = lines.assign(order_id=lines["order_id"].astype(object), weight=lines["net"].clip(lower=0.0))
    whole = lines.groupby("order_id")["weight"].transform("sum")
    even = 1 / lines.groupby("order_id")["weight"].transform("size")
    lines["weight"] = np.where(whole > 0, lines["weight"] / whole.where(whole > 0, 1.0), even)
    spread = orders.reset_index().merge(lines, on="order_id")  # index: the refund's row
    pieces = returned.loc[spread["index"]].reset_index(drop=True)
    money = ["net", "shipping", "vat"]
    pieces[money] = pieces[money].to_numpy() * spread[["weight"]].to_numpy()
    pieces = pieces.assign(product_id=spread["product_id"], quantity=0.0)
    rest = returned.drop(index=spread["index"].unique().tolist())
    return pd.concat(
        [frame.astype({"product_id": object, "order_id": object}) for frame in (rest, pieces)],
        ignore_index=True,
    )


def _rounding(
    rest: np.ndarray, position: np.ndarray, amounts: np.ndarray, rate: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The cents that rounding leaves between an order and its lines: per line, by value; and whose they are.

    Rounding is up to a cent per line and one for the order; what is more is no rounding.
    """
    lines = np.bincount(position, minlength=len(rest))
    rounded = (lines > 0) & (np.abs(rest) <= (lines + 1) * _CENT * rate)
    size = np.bincount(position, np.abs(amounts), len(rest))[position]
    share = np.divide(np.abs(amounts), size, out=1 / lines[position], where=size > 0)
    return share * np.where(rounded, rest, 0.0)[position], rounded


def _looked_up(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """``values`` at ``positions``; NaN where the position is -1."""
    if not len(values):
        return np.full(len(positions), np.nan)
    return np.where(positions >= 0, values[np.maximum(positions, 0)], np.nan)


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """The frames one below the other; text columns stay dictionary-encoded."""
    texts = ["order_id", "customer_id", "kind", "channel", "country", "entry", "product_id"]
    texts = [column for column in texts if column in frames[0]]
    stacked = pd.concat([frame.drop(columns=texts) for frame in frames], ignore_index=True)
    joined = {column: _joined([frame[column] for frame in frames]) for column in texts}
    return stacked.assign(**joined)[list(frames[0].columns)]


def _joined(columns: list[pd.Series]) -> pd.Categorical:
    """Dictionary-encoded columns one below the other, with the categories that occur."""
    encoded = [pd.Categorical(column) for column in columns]
    texts = [part.set_categories(part.categories.astype(object)) for part in encoded]
    whole = union_categoricals(texts)
    used = np.bincount(whole.codes + 1, minlength=len(whole.categories) + 1)[1:] > 0
    if used.all():
        return whole
    renumbered = np.r_[np.where(used, np.cumsum(used) - 1, -1), -1]  # last: no value
    return pd.Categorical.from_codes(renumbered[whole.codes], whole.categories[used])


def places(wanted: pd.Series, among: pd.Series) -> np.ndarray:
    """The row of each wanted key among unique keys; -1 where there is none. Both dictionary-encoded."""
    keys, rows = wanted.astype("category").cat, among.astype("category").cat
    row_of = np.full(len(rows.categories) + 1, -1)  # last: no such key
    row_of[rows.codes.to_numpy()] = np.arange(len(among))
    row_of[-1] = -1
    same = keys.categories is rows.categories
    code_of = np.arange(len(keys.categories)) if same else rows.categories.get_indexer(keys.categories)
    return row_of[np.r_[code_of, -1][keys.codes.to_numpy()]]


def bridge(entries: pd.DataFrame) -> pd.DataFrame:
    """The bridge from what customers paid to net goods.

    ``goods + shipping + wrapping − discounts = total paid (gross) − VAT = invoiced − refunds
    = net invoiced − shipping = net goods``; every step in the reporting currency.

    Returns
    -------
    One row per name in ``BRIDGE_STEPS``, in that order: ``step``, ``value`` (amounts taken away are
    positive: the step's name says its sign), ``n`` (counted orders), ``status``, ``reason``.
    """
    n = int((entries["entry"] == "sale").sum())
    return pd.DataFrame(
        {
            "step": BRIDGE_STEPS,
            "value": [float(entries[step].sum()) for step in BRIDGE_STEPS],
            "n": n,
            "status": "ok",
            "reason": "",
        }
    )


def day_number(dates: pd.Series) -> np.ndarray:
    """Days since 1970-01-01 of naive calendar dates."""
    return dates.to_numpy().astype("datetime64[D]").astype("int64")


def month_number(days: pd.Series) -> np.ndarray:
    """Months since 1970-01 of local day numbers."""
    return days.to_numpy().astype("datetime64[D]").astype("datetime64[M]").astype("int32")


def month_periods(numbers: pd.Series | np.ndarray) -> pd.PeriodIndex:
    """Month numbers as pandas periods."""
    return pd.PeriodIndex(np.asarray(numbers).astype("datetime64[M]").astype("datetime64[ns]"), freq="M")


def as_date(day: int) -> pd.Timestamp:
    """A local day number as a calendar date."""
    return pd.Timestamp(day, unit="D")
