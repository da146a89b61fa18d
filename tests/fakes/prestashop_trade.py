"""What happens in the made-up shop: orders, refunds, cancellations, lines deleted; and the truth of it."""

from __future__ import annotations

from datetime import timedelta

from fakes.prestashop_shop import CANARIES, COUNTED, CURRENCIES, NEVER, TAXES, PrestaShop

CANCELLED = 6


def _m(value: float) -> str:
    return f"{value:.6f}"


def sell(
    shop: PrestaShop,
    customer: int | None = None,
    state: int = 2,
    currency: int | None = None,
    discount: float = 0.0,
    wrapping: float = 0.0,
    lines: int | None = None,
    reference: str = "",
    rate: float | None = None,
    module: str = "ps_wirepayment",
) -> int:
    """An order, paid when its state says so, with its cart; its parts add up."""
    rand, tables = shop.random, shop.tables
    customer = customer or rand.randint(1, shop.next_id("customers") - 1)
    currency = currency or rand.choice((1, 1, 2, 3))
    rate = rate or CURRENCIES[currency][1]
    address = shop.address_of[customer]
    number = shop.next_id("orders")
    chosen = [_line(shop, number, rate) for _ in range(lines if lines is not None else rand.randint(1, 4))]
    cart_rows = [
        {"id_product": one["product_id"], "id_product_attribute": one["product_attribute_id"],
         "quantity": one["product_quantity"]}
        for one in chosen
    ]  # fmt: skip
    cart = shop.add(
        "carts",
        id_shop=1, id_currency=currency, id_customer=customer, secure_key=CANARIES["secure_key"],
        date_add=shop.stamp(), date_upd=shop.stamp(), associations={"cart_rows": cart_rows},
    )  # fmt: skip
    shipping = round(rand.choice((0.0, 4.9, 7.0)) * rate, 2)
    reference = reference or f"R{number:08d}"
    paid = state in COUNTED and state != 12
    shop.add(
        "orders", id=number, id_address_delivery=address, id_address_invoice=address, id_cart=cart,
        id_currency=currency, id_customer=customer, id_shop=1, current_state=state, module=module,
        payment="Virement", valid=int(state in COUNTED and state != 9), reference=reference,
        secure_key=CANARIES["secure_key"], note=CANARIES["lastname"],
        invoice_date=shop.stamp() if paid else NEVER, date_add=shop.stamp(), date_upd=shop.stamp(),
        conversion_rate=_m(rate), associations={},
        _discount=discount, _shipping=shipping, _wrapping=wrapping,
    )  # fmt: skip
    details = tables["order_details"]
    shop.lines[number] = [details[shop.add("order_details", **one)] for one in chosen]
    total(shop, number)
    if paid:
        amount = tables["orders"][number]["total_paid"]
        shop.add("order_payments", order_reference=reference, amount=amount, date_add=shop.stamp())
    return number


def _line(shop: PrestaShop, order: int, rate: float) -> dict:
    rand = shop.random
    product = shop.tables["products"][rand.randint(1, shop.next_id("products") - 1)]
    options = [c for c in shop.tables["combinations"].values() if c["id_product"] == product["id"]]
    option = rand.choice(options) if options else None
    tax = rand.choice((1, 1, 2, 3))
    unit = (float(product["price"]) + float(option["price"] if option else 0)) * rate
    quantity, cut = rand.randint(1, 4), rand.choice((0.0, 0.0, 0.2))
    sold = unit * (1 - cut)
    net = round(sold * quantity, 2)
    gross = round(net * (1 + TAXES[tax] / 100), 2)
    return {
        "id_order": order,
        "product_id": product["id"],
        "product_attribute_id": option["id"] if option else 0,
        "product_name": product["name"]["1"],
        "product_reference": product["reference"],
        "product_quantity": quantity,
        "product_quantity_refunded": 0,
        "unit_price_tax_excl": _m(sold),
        "unit_price_tax_incl": _m(sold * (1 + TAXES[tax] / 100)),
        "total_price_tax_excl": _m(net),
        "total_price_tax_incl": _m(gross),
        "original_product_price": _m(unit),
        "purchase_supplier_price": _m(0),
        "original_wholesale_price": product["wholesale_price"],
        "total_refunded_tax_excl": _m(0),
        "total_refunded_tax_incl": _m(0),
        "associations": {"taxes": [{"id": tax}]} if tax != 3 else {},
    }


def lines_of(shop: PrestaShop, order: int) -> list[dict]:
    return shop.lines[order]


def total(shop: PrestaShop, order: int) -> None:
    """Write an order's totals from its lines."""
    row, lines = shop.tables["orders"][order], lines_of(shop, order)
    goods = {side: round(sum(float(one[f"total_price_tax_{side}"]) for one in lines), 2) for side in _SIDES}
    discount = {"excl": round(goods["excl"] * row["_discount"], 2)}
    discount["incl"] = round(goods["incl"] * row["_discount"], 2)
    shipping = {"excl": row["_shipping"], "incl": round(row["_shipping"] * 1.2, 2)}
    wrapping = {"excl": row["_wrapping"], "incl": round(row["_wrapping"] * 1.2, 2)}
    paid = {s: round(goods[s] - discount[s] + shipping[s] + wrapping[s], 2) for s in _SIDES}
    shop.touch(
        "orders",
        order,
        total_products=_m(goods["excl"]),
        total_products_wt=_m(goods["incl"]),
        total_paid=_m(paid["incl"]),
        **{f"total_paid_tax_{s}": _m(paid[s]) for s in _SIDES},
        **{f"total_discounts_tax_{s}": _m(discount[s]) for s in _SIDES},
        **{f"total_shipping_tax_{s}": _m(shipping[s]) for s in _SIDES},
        **{f"total_wrapping_tax_{s}": _m(wrapping[s]) for s in _SIDES},
    )


_SIDES = ("excl", "incl")


def refund(shop: PrestaShop, order: int, share: float = 0.5, shipping: bool = False) -> int | None:
    """A slip for part of some lines; the order itself is not touched, as in a real shop."""
    row, details = shop.tables["orders"][order], []
    for line in lines_of(shop, order):
        left = line["product_quantity"] - line["product_quantity_refunded"]
        quantity = min(left, max(1, round(left * share)))
        if not quantity:
            continue
        back = {
            side: round(float(line[f"total_price_tax_{side}"]) * quantity / line["product_quantity"], 2)
            for side in _SIDES
        }
        details.append((line, quantity, back))
        if share < 1:
            break
    if not details:
        return None
    shop.revision += 1
    for line, quantity, back in details:
        line["product_quantity_refunded"] += quantity
        for side in _SIDES:
            key = f"total_refunded_tax_{side}"
            line[key] = _m(float(line[key]) + back[side])
    goods = {side: sum(back[side] for _, _, back in details) for side in _SIDES}
    carried = {s: float(row[f"total_shipping_tax_{s}"]) if shipping else 0.0 for s in _SIDES}
    rows = [
        {"id_order_detail": line["id"], "product_quantity": quantity,
         "amount_tax_excl": _m(back["excl"]), "amount_tax_incl": _m(back["incl"])}
        for line, quantity, back in details
    ]  # fmt: skip
    return shop.add(
        "order_slip", id_order=order, id_customer=row["id_customer"], conversion_rate=row["conversion_rate"],
        total_products_tax_excl=_m(goods["excl"]), total_products_tax_incl=_m(goods["incl"]),
        total_shipping_tax_excl=_m(carried["excl"]), total_shipping_tax_incl=_m(carried["incl"]),
        amount=_m(goods["incl"]), shipping_cost_amount=_m(carried["incl"]), partial=0,
        order_slip_type=2 if shipping else 0, date_add=shop.stamp(), date_upd=shop.stamp(),
        associations={"order_slip_details": rows},
    )  # fmt: skip


def delete_line(shop: PrestaShop, order: int) -> None:
    """The row goes, and the totals with it; an order may end up with none."""
    lines = lines_of(shop, order)
    if lines:
        shop.remove("order_details", lines.pop()["id"])
        total(shop, order)


def set_state(shop: PrestaShop, order: int, state: int) -> None:
    valid = int(state in COUNTED and state != 9)
    shop.touch("orders", order, current_state=state, valid=valid)


def truth(shop: PrestaShop) -> dict[str, float]:
    """Net goods and invoiced turnover of counted orders and what slips gave back of them, in euros."""
    sums = {"invoiced": 0.0, "refunded": 0.0, "shipping": 0.0, "vat": 0.0, "orders": 0}
    back: dict[int, float] = {}
    for slip in shop.tables["order_slip"].values():
        net = float(slip["total_products_tax_excl"]) + float(slip["total_shipping_tax_excl"])
        back[slip["id_order"]] = back.get(slip["id_order"], 0.0) + net
    for number, row in shop.tables["orders"].items():
        if row["current_state"] not in COUNTED:
            continue
        rate = float(row["conversion_rate"])
        sums["orders"] += 1
        sums["invoiced"] += float(row["total_paid_tax_excl"]) / rate
        sums["vat"] += (float(row["total_paid_tax_incl"]) - float(row["total_paid_tax_excl"])) / rate
        sums["refunded"] += back.get(number, 0.0) / rate
    return sums


def trading_shop(orders: int, seed: int = 1, **more: int) -> PrestaShop:
    """A shop with some orders in all states, some refunds and given-up carts."""
    shop = PrestaShop(seed, **more)
    rand = shop.random
    for _ in range(orders):
        shop.now += timedelta(minutes=rand.randint(20, 400))
        state, discount = rand.choice((1, 2, 4, 5, 5, 5, 6, 9, 12)), rand.choice((0.0, 0.0, 0.1))
        number = sell(shop, state=state, discount=discount, wrapping=rand.choice((0.0, 0.0, 2.0)))
        if rand.random() < 0.1 and shop.tables["orders"][number]["current_state"] in COUNTED:
            refund(shop, number, share=rand.choice((0.3, 1.0)), shipping=rand.random() < 0.3)
        if rand.random() < 0.2:
            shop.add(
                "carts", id_shop=1, id_currency=1, id_customer=0, secure_key="", date_add=shop.stamp(),
                date_upd=shop.stamp(), associations={},
            )  # fmt: skip
    shop.pass_time()
    return shop
