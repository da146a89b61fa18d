"""What was given back: credit slips, product by product, and the carriage that came with them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from echannel.connectors.prestashop.orders import Facts
from echannel.connectors.prestashop.parsing import Record, ids, numbers, rows_of

_LESS_VOUCHER, _CHOSEN_AMOUNT = 1, 2
_CENT = 0.011


def _slip_amounts(slips: list[Record]) -> pd.DataFrame:
    """Goods and shipping given back by each slip, with and without tax, in the order's currency.

    From the slip's own totals; 1.6.0 has none: then from its details. Two kinds of slip say something else
    (``OrderSlipCreator`` of 1.7.7 to 9): with a voucher deducted, the shop takes it, as it stands, off one
    side only; with an amount chosen by hand, ``amount`` is what was paid back (with tax, unless it
    equals the total without), whatever the products cost.
    """
    details, owner = rows_of(slips, "order_slip_details")
    listed = {
        side: np.bincount(owner, numbers(details, f"amount_tax_{side}", 0.0), len(slips))
        if len(details)
        else np.zeros(len(slips))
        for side in ("excl", "incl")
    }
    goods = {}
    for side, found in listed.items():
        stated = numbers(slips, f"total_products_tax_{side}")
        goods[side] = np.where(np.isnan(stated), found, stated)
    kind, amount = ids(slips, "order_slip_type"), numbers(slips, "amount", 0.0)
    factor = np.ones(len(slips))
    for side in ("excl", "incl"):
        # Amounts by hand count with tax when they are deducted from the side without, and the reverse.
        other = {"excl": "incl", "incl": "excl"}[side]
        taken = listed[side] - goods[side]
        voucher = (kind == _LESS_VOUCHER) & (taken > 2 * _CENT) & (listed[other] > 0)
        factor = np.where(voucher, 1 - taken / np.where(voucher, listed[other], 1.0), factor)
        goods[side] = np.where(voucher, listed[side], goods[side])
    differs = np.minimum(np.abs(amount - goods["excl"]), np.abs(amount - goods["incl"])) > _CENT
    by_hand = (kind == _CHOSEN_AMOUNT) & (amount > 0) & (goods["incl"] > 0) & differs
    factor = np.where(by_hand, amount / np.where(by_hand, goods["incl"], 1.0), factor)
    net, gross = numbers(slips, "total_shipping_tax_excl"), numbers(slips, "total_shipping_tax_incl")
    gross = np.where(np.isnan(gross), numbers(slips, "shipping_cost_amount", 0.0), gross)
    share = np.divide(goods["excl"], goods["incl"], out=np.ones(len(slips)), where=goods["incl"] > 0)
    return pd.DataFrame(
        {
            "order": ids(slips, "id_order"),
            "goods_net": goods["excl"] * factor,
            "goods_gross": goods["incl"] * factor,
            "shipping_net": np.where(np.isnan(net), gross * share, net),
            "shipping_gross": gross,
            "by_hand": by_hand,
        }
    )


def given_back(slips: list[Record]) -> dict[int, float]:
    """What slips gave back of each order, ex VAT, in the order's currency."""
    amounts = _slip_amounts(slips)
    total = (amounts["goods_net"] + amounts["shipping_net"]).groupby(amounts["order"]).sum()
    return dict(zip(total.index.tolist(), total.tolist(), strict=True))


def refunds_frame(
    slips: list[Record], orders: pd.DataFrame, products: Mapping[int, str | None], facts: Facts
) -> tuple[pd.DataFrame, int]:
    """The canonical refunds, one row per product of a slip and one for its carriage; and how many slips gave
    back an amount chosen by hand.

    ``orders`` are the canonical orders that they belong to, ``products`` the product of each order line by
    its id. A slip's goods are spread over its details by what each was worth.
    """
    amounts = _slip_amounts(slips)
    details, owner = rows_of(slips, "order_slip_details")
    number = ids(slips)
    weight = numbers(details, "amount_tax_excl", 0.0)
    whole = np.bincount(owner, weight, len(slips)) if len(details) else np.zeros(len(slips))
    share = np.divide(weight, whole[owner], out=np.zeros(len(weight)), where=whole[owner] > 0)
    line = ids(details, "id_order_detail")
    by_product = pd.DataFrame(
        {
            "slip": owner,
            "refund_id": [f"{s}-{one}" for s, one in zip(number[owner], line, strict=True)],
            "product_id": [products.get(int(one)) for one in line],
            "quantity": numbers(details, "product_quantity"),
            "net_amount": amounts["goods_net"].to_numpy()[owner] * share,
            "gross": amounts["goods_gross"].to_numpy()[owner] * share,
            "shipping_net": 0.0,
        }
    )
    bare = np.flatnonzero((whole <= 0) & (amounts["goods_gross"].to_numpy() > 0))
    carried = np.flatnonzero(amounts["shipping_gross"].to_numpy() > 0)
    frame = pd.concat(
        [
            by_product,
            _lump(number, bare, "goods", amounts["goods_net"], amounts["goods_gross"]),
            _lump(number, carried, "shipping", amounts["shipping_net"], amounts["shipping_gross"]),
        ],
        ignore_index=True,
    )
    at = frame["slip"].to_numpy("int64")
    order = amounts["order"].to_numpy()[at].astype(str)
    known = orders.set_index("order_id")[["currency", "_currency_id"]].reindex(order)
    rate = numbers(slips, "conversion_rate")[at]
    made = facts.clock.utc(slips, "date_add")
    gone = made.isna().to_numpy()
    made = made.where(~gone, facts.clock.utc(slips, "date_upd"))
    frame = frame.assign(
        order_id=order.astype(object),
        vat_amount=frame["gross"] - frame["net_amount"],
        currency=known["currency"].to_numpy(object),
        fx_rate=facts.money.to_reporting(rate, known["_currency_id"].fillna(0).to_numpy("int64")),
        refunded_at=made.take(at).reset_index(drop=True),
        date_stated=True,
        source=facts.source,
        _file="order_slip",
        _row=number[at],
    )
    return frame.drop(columns=["slip", "gross"]), int(amounts["by_hand"].sum())


def _lump(number: np.ndarray, at: np.ndarray, what: str, net: pd.Series, gross: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "slip": at,
            "refund_id": [f"{one}-{what}" for one in number[at]],
            "product_id": np.full(len(at), None, dtype=object),
            "quantity": np.full(len(at), np.nan),
            "net_amount": net.to_numpy()[at],
            "gross": gross.to_numpy()[at],
            "shipping_net": net.to_numpy()[at] if what == "shipping" else 0.0,
        }
    )
