"""The lines of an order: each thing that was sold once, whether it was bought by itself, as one of a kind in
several sizes (configurable), or in a bundle."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from echannel.connectors.magento.money import amount
from echannel.connectors.rest import Record, number


def sold(items: list[Record], prices: Mapping[str, float]) -> Iterator[tuple[Record, Record, float]]:
    """What was sold: the item that holds the money, the item that left the shelf, and its share of the money.

    A configurable parent holds the money of its one child. A bundle priced by its parts has the money
    twice, at the parent and at the children: the children's counts. One with its own price has it once:
    it is spread over the children by quantity and list price (``prices``, by product; 1 where unknown).
    """
    children: dict[int, list[Record]] = {}
    for item in items:
        if item.get("parent_item_id"):
            children.setdefault(int(item["parent_item_id"]), []).append(item)
    numbers = {int(item["item_id"]) for item in items}
    for item in items:
        parts = children.get(int(item["item_id"]), [])
        if item.get("parent_item_id") and int(item["parent_item_id"]) in numbers:
            continue
        if not parts:
            yield item, item, 1.0
        elif item.get("product_type") == "configurable" and len(parts) == 1:
            yield item, parts[0], 1.0
        elif sum(amount(part, "row_total") for part in parts) > 0:
            yield from ((part, part, 1.0) for part in parts)
        else:
            worth = [
                amount(part, "qty_ordered") * (prices.get(str(part.get("product_id"))) or 1.0)
                for part in parts
            ]
            whole = sum(worth)
            for part, one in zip(parts, worth, strict=True):
                yield item, part, one / whole if whole else 1 / len(parts)


def line_rows(order: Record, prices: Mapping[str, float], worth: float | None) -> list[Record]:
    """The canonical lines, after the discount of each; ``worth``: of the base currency, which costs are in.

    What was cancelled of an order that otherwise stands is left out.
    """
    rows = []
    standing = order.get("state") != "canceled"
    for paid, item, share in sold(order.get("items") or [], prices):
        ordered = amount(item, "qty_ordered")
        # Magento keeps a configurable's and a bundle's cancelled units at the part that is shipped.
        gone = max(amount(item, "qty_canceled"), amount(paid, "qty_canceled") if paid is not item else 0.0)
        kept = 1 - min(gone / ordered, 1.0) if standing and ordered else 1.0
        if not kept:
            continue
        before = amount(paid, "row_total") * share * kept
        discount = (
            (amount(paid, "discount_amount") - amount(paid, "discount_tax_compensation_amount"))
            * share
            * kept
        )
        quantity, cost, percent = ordered * kept, _cost(paid, item), number(paid.get("tax_percent"))
        rows.append(
            {
                "order_id": str(order["entity_id"]),
                "line_no": int(item["item_id"]),
                "product_id": str(item["product_id"]) if item.get("product_id") else None,
                "quantity": quantity,
                "unit_price_net": before / quantity if quantity else 0.0,
                "discount_net": discount,
                "net_amount": before - discount,
                "vat_rate": percent / 100,
                "unit_cost": cost * (math.nan if worth is None else worth),
                "_file": "orders",
                "_row": order["entity_id"],
            }
        )
    return rows


def _cost(paid: Record, item: Record) -> float:
    """The cost kept with the line; a configurable's may stand at its parent. 0 means unknown."""
    own = amount(item, "base_cost")
    if own <= 0 and paid.get("product_type") == "configurable":
        own = amount(paid, "base_cost")
    return own if own > 0 else math.nan
