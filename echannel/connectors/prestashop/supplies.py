"""Suppliers, their prices, and what was ordered from them (advanced stock management)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.connectors.prestashop.clock import Clock
from echannel.connectors.prestashop.money import Money
from echannel.connectors.prestashop.orders import product_ids
from echannel.connectors.prestashop.parsing import Record, flags, ids, numbers, texts
from echannel.connectors.prestashop.people import Places


def suppliers_frame(suppliers: list[Record], addresses: list[Record], places: Places) -> pd.DataFrame:
    """The canonical suppliers, with the country of their address."""
    found = dict(zip(ids(addresses, "id_supplier").tolist(), ids(addresses).tolist(), strict=True))
    at = np.array([found.get(int(one), 0) for one in ids(suppliers)] or [], dtype="int64")
    return pd.DataFrame(
        {
            "supplier_id": ids(suppliers).astype(str).astype(object),
            "name": texts(suppliers, "name"),
            "country": places.of_orders(at)["country"].to_numpy(object),
            "_file": "suppliers",
            "_row": ids(suppliers),
        }
    )


def supplier_prices_frame(prices: list[Record], known: set[str], money: Money) -> pd.DataFrame:
    """Suppliers' prices of one unit, in the reporting currency; a price of 0 is none.

    A price of a whole product holds for its combinations that have none of their own.
    """
    currency = ids(prices, "id_currency")
    amount = numbers(prices, "product_supplier_price_te", 0.0)
    rate = np.array([money.rates.get(int(one), 1.0) for one in currency] or [], dtype="float64")
    frame = pd.DataFrame(
        {
            "supplier_id": ids(prices, "id_supplier").astype(str).astype(object),
            "product_id": product_ids(prices, "id_product", "id_product_attribute"),
            "quantity_from": 1.0,
            "unit_cost": amount * money.to_reporting(rate, currency),
            "_file": "product_suppliers",
            "_row": ids(prices),
        }
    )
    frame = frame[(frame["unit_cost"] > 0) & frame["product_id"].notna()]
    own = frame[frame["product_id"].isin(known)]
    whole = frame[~frame["product_id"].isin(known)]
    made = sorted(one for one in known if "-" in one)
    combinations = pd.DataFrame(
        {"product_id": made, "of": [one.partition("-")[0] for one in made]}, dtype=object
    )
    spread = whole.rename(columns={"product_id": "of"}).merge(combinations, on="of").drop(columns="of")
    keys = ["supplier_id", "product_id", "quantity_from"]
    return pd.concat([spread, own]).drop_duplicates(keys, keep="last").reset_index(drop=True)


def purchases_frame(
    orders: list[Record],
    details: list[Record],
    receipts: list[Record],
    states: list[Record],
    money: Money,
    clock: Clock,
    source: str,
) -> pd.DataFrame:
    """The canonical purchases from supply orders: each receipt of a line is a line, and what is still to
    come another one.

    Supply orders that were never sent (still open to editing, or templates) are left out; of closed ones
    nothing more is to come. The cost is the line's total after the discounts of line and order, by unit.
    """
    state = {int(one["id"]): one for one in states if one.get("id")}
    of = [state.get(int(one), {}) for one in ids(orders, "id_supply_order_state")]
    open_, closed = flags(of, "editable"), flags(of, "enclosed")
    sent = ~open_ & ~flags(orders, "is_template")
    head = pd.DataFrame(
        {
            "supplier_id": ids(orders, "id_supplier").astype(str).astype(object),
            "location": np.char.add("warehouse-", ids(orders, "id_warehouse").astype(str)).astype(object),
            "ordered_on": clock.days(orders, "date_add"),
            "expected_on": clock.days(orders, "date_delivery_expected"),
            "currency": ids(orders, "id_currency"),
            "closed": closed,
        },
        index=ids(orders),
    )[sent]
    lines = pd.DataFrame(
        {
            "detail": ids(details),
            "order": ids(details, "id_supply_order"),
            "product_id": product_ids(details, "id_product", "id_product_attribute"),
            "expected": numbers(details, "quantity_expected", 0.0),
            "received": numbers(details, "quantity_received", 0.0),
            "paid": numbers(details, "price_with_order_discount_te", 0.0),
        }
    )
    lines = lines[lines["order"].isin(head.index)].join(head, on="order").reset_index(drop=True)
    came = pd.DataFrame(
        {
            "detail": ids(receipts, "id_supply_order_detail"),
            "quantity": numbers(receipts, "quantity", 0.0),
            "received_on": clock.days(receipts, "date_add"),
        }
    ).merge(lines, on="detail")
    rest = (lines["expected"] - lines["received"]).clip(lower=0.0).where(~lines["closed"], 0.0)
    coming = lines.assign(quantity=rest)[rest > 0]
    frame = pd.concat([came.assign(here=True), coming.assign(here=False)], ignore_index=True)
    frame = frame.assign(received_quantity=frame["quantity"].where(frame["here"]))
    frame = frame.sort_values(["order", "detail"], kind="stable")
    currency = frame["currency"].to_numpy("int64")
    rate = np.array([money.rates.get(int(one), 1.0) for one in currency] or [], dtype="float64")
    known = (frame["paid"] > 0) & (frame["expected"] > 0)
    cost = (frame["paid"] / frame["expected"]).where(known).to_numpy() * money.to_reporting(rate, currency)
    return pd.DataFrame(
        {
            "purchase_id": frame["order"].astype(str).astype(object),
            "line_no": frame.groupby("order").cumcount() + 1,
            **{name: frame[name] for name in ("supplier_id", "product_id", "location", "ordered_on")},
            **{name: frame[name] for name in ("expected_on", "received_on", "quantity", "received_quantity")},
            "unit_cost": cost,
            "source": source,
            "_file": "supply_order_details",
            "_row": frame["detail"],
        }
    ).reset_index(drop=True)
