"""Exports of shop systems: Shopify, WooCommerce, PrestaShop."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.demo.formats import headers
from echannel.demo.formats.base import (
    COUNTRIES,
    Format,
    Raw,
    Sold,
    money,
    money_or_empty,
    numbered,
    sheet,
    stamp,
    words_for,
)

_LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def _on_first_line(sold: Sold) -> np.ndarray:
    """Whether a line is the first of its order."""
    return ~sold.lines["row"].duplicated().to_numpy()


def shopify(sold: Sold) -> Raw:
    """Order fields on the first line of each order; further items on lines with little more than the name."""
    orders = sold.orders.assign(ref=numbered(len(sold.orders), 1001, "#{}"))
    row, lines = sold.lines["row"].to_numpy(), sold.lines
    first = _on_first_line(sold)

    def once(values: object) -> np.ndarray:
        return np.where(first, np.asarray(values, dtype=object)[row], "")

    def each(column: str) -> np.ndarray:
        return orders[column].to_numpy(dtype=object)[row]

    at = pd.DatetimeIndex(orders["at"]).tz_localize(sold.zone, ambiguous=True, nonexistent="shift_forward")
    created = at.strftime("%Y-%m-%d %H:%M:%S %z").to_numpy(dtype=object)
    cancelled = (orders["status"] == "cancelled").to_numpy()
    sent = orders["shipped"].to_numpy() >= 0
    paid_by = words_for(orders["payment"], {"card": "Shopify Payments", "paypal": "PayPal"})
    tax = "GB VAT 20%" if sold.country == "GB" else "FR TVA 20%"
    filled = {
        "Name": orders["ref"].to_numpy(dtype=object)[row],
        "Email": each("email"),
        "Financial Status": once(words_for(orders["status"], {
            "paid": "paid", "shipped": "paid", "delivered": "paid", "pending": "pending",
            "cancelled": "voided", "refunded": "refunded", "partly_refunded": "partially_refunded"})),
        "Paid at": once(np.where(orders["paid"].to_numpy() >= 0, created, "")),
        "Fulfillment Status": once(np.where(sent, "fulfilled", "unfulfilled")),
        "Fulfilled at": once(sold.moment(orders["shipped"], "%Y-%m-%d 16:00:00 +0000")),
        "Accepts Marketing": once(np.where(orders["customer"] % 3 == 0, "yes", "no")),
        "Currency": once(orders["currency"]),
        "Subtotal": once(money(orders["goods_gross"] - orders["discount_gross"])),
        "Shipping": once(money(orders["shipping_gross"])),
        "Taxes": once(money(orders["vat"])),
        "Total": once(money(orders["total"])),
        "Discount Code": once(orders["voucher"]),
        "Discount Amount": once(money(orders["discount_gross"])),
        "Shipping Method": once(np.full(len(orders), "Standard")),
        "Created at": created[row],
        "Lineitem quantity": lines["quantity"].astype(str),
        "Lineitem name": lines["product_name"],
        "Lineitem price": money(lines["unit_gross"]),
        "Lineitem sku": lines["product_id"],
        "Lineitem requires shipping": "true",
        "Lineitem taxable": np.where(lines["vat_rate"] > 0, "true", "false"),
        "Lineitem fulfillment status": np.where(sent, "fulfilled", "pending")[row],
        **{f"{side} {field}": once(orders[column]) for side in ("Billing", "Shipping") for field, column in (
            ("Name", "name"), ("Street", "street"), ("Address1", "street"), ("City", "town"),
            ("Zip", "postcode"), ("Country", "country"), ("Phone", "phone"))},
        "Cancelled at": once(np.where(cancelled, created, "")),
        "Payment Method": once(paid_by),
        "Refunded Amount": once(money(orders["refunded"])),
        "Vendor": lines["category"],
        "Outstanding Balance": once(money(np.where(orders["status"] == "pending", orders["total"], 0.0))),
        "Id": once(numbered(len(orders), 5_600_000_000_001, "{}")),
        "Risk Level": once(np.full(len(orders), "Low")),
        "Source": once(np.full(len(orders), "web")),
        "Lineitem discount": "0.00",
        "Tax 1 Name": once(np.where(orders["vat"] > 0, tax, "")),
        "Tax 1 Value": once(money_or_empty(orders["vat"])),
    }  # fmt: skip
    return Raw(sheet(headers.SHOPIFY, filled, len(lines)), row)


def woo_suite(sold: Sold) -> Raw:
    """One row per order, amounts without VAT and the VAT beside them."""
    orders = sold.orders
    names = orders["name"].str.split(" ", n=1, expand=True).reindex(columns=[0, 1]).fillna("")
    states = {"paid": "processing", "shipped": "completed", "delivered": "completed", "pending": "pending",
              "cancelled": "cancelled", "refunded": "refunded", "partly_refunded": "completed"}  # fmt: skip
    filled = {
        "order_id": numbered(len(orders), 2101),
        "order_number": numbered(len(orders), 2101),
        "order_date": stamp(orders["at"], "%Y-%m-%d %H:%M:%S"),
        "paid_date": np.where(orders["paid"] >= 0, stamp(orders["at"], "%Y-%m-%d %H:%M:%S"), ""),
        "status": words_for(orders["status"], states),
        "shipping_total": money(orders["shipping_net"]),
        "shipping_tax_total": money(orders["shipping_gross"] - orders["shipping_net"]),
        "fee_total": "0.00",
        "fee_tax_total": "0.00",
        "tax_total": money(orders["vat"]),
        "cart_discount": money(orders["discount_net"]),
        "order_discount": "0.00",
        "discount_total": money(orders["discount_net"]),
        "order_total": money(orders["total"]),
        "order_subtotal": money(orders["goods_net"]),
        "order_currency": orders["currency"],
        "payment_method": words_for(orders["payment"], {"card": "stripe", "paypal": "paypal"}),
        "payment_method_title": words_for(orders["payment"], {"card": "Card", "paypal": "PayPal"}),
        "customer_id": (orders["customer"] + 17).astype(str),
        "customer_email": orders["email"],
        "billing_first_name": names[0],
        "billing_last_name": names[1],
        "billing_company": orders["company"],
        "billing_country": orders["country"],
        "shipping_country": orders["country"],
        "refunded_total": money(orders["refunded"]),
    }
    return Raw(sheet(headers.WOO_SUITE, filled, len(orders)), np.arange(len(orders)))


def woo_analytics(sold: Sold) -> Raw:
    """WooCommerce Analytics: net sales only, the products in one cell."""
    orders, lines = sold.orders, sold.lines
    items = (
        (lines["quantity"].astype(str) + "× " + lines["product_name"]).groupby(lines["row"]).agg(", ".join)
    )
    net = orders["goods_net"] - orders["discount_net"]
    states = {"paid": "processing", "shipped": "completed", "delivered": "completed", "pending": "on-hold",
              "cancelled": "cancelled"}  # fmt: skip
    filled = {
        "Date": stamp(orders["at"], "%Y-%m-%d %H:%M:%S"),
        "Order #": numbered(len(orders), 301),
        "N. Revenue (formatted)": [f"{text} €" for text in money(net, comma=True)],
        "Status": words_for(orders["status"], states),
        "Customer": orders["name"],
        "Customer type": np.where(orders["customer"].duplicated(), "returning", "new"),
        "Product(s)": items.to_numpy(dtype=object),
        "Items sold": lines.groupby("row")["quantity"].sum().astype(str).to_numpy(dtype=object),
        "Coupon(s)": orders["voucher"],
        "Net Sales": money(net),
        "Attribution": np.where(orders["customer"] % 4 == 0, "Organic: Google", "Direct"),
    }
    return Raw(sheet(headers.WOO_ANALYTICS, filled, len(orders)), np.arange(len(orders)))


_STATES_FR = {
    "paid": "Paiement accepté", "shipped": "Expédié", "delivered": "Livré", "cancelled": "Annulé",
    "pending": "En attente du paiement par chèque", "refunded": "Remboursé",
    "partly_refunded": "Remboursement partiel",
}  # fmt: skip
_STATES_EN = {
    "paid": "Payment accepted", "shipped": "Shipped", "delivered": "Delivered", "cancelled": "Canceled",
    "pending": "Awaiting check payment", "refunded": "Refunded", "partly_refunded": "Partial refund",
}  # fmt: skip


def _references(sold: Sold) -> np.ndarray:
    """PrestaShop's order references: nine capital letters, each different."""
    n = len(sold.orders)
    drawn = sold.rng.integers(0, 26, (n, 6))
    position = np.arange(n)[:, None] // np.array([676, 26, 1]) % 26
    return np.array(["".join(word) for word in _LETTERS[np.hstack([drawn, position])]], dtype=object)


def presta_list(sold: Sold) -> Raw:
    """The list of orders, in French: a total with VAT and a customer's initial and name."""
    orders = sold.orders
    initial = orders["name"].str[:1] + ". " + orders["name"].str.split(" ", n=1).str[-1]
    filled = {
        "ID": numbered(len(orders), 41),
        "Référence": _references(sold),
        "Nouveau client": np.where(orders["customer"].duplicated(), "0", "1"),
        "Livraison": words_for(orders["country"], COUNTRIES["FR"]),
        "Client": initial,
        "Total": [f"{text}\u00a0€" for text in money(orders["total"], comma=True)],
        "Paiement": words_for(orders["payment"], {"card": "Carte bancaire", "paypal": "PayPal"}),
        "État": words_for(orders["status"], _STATES_FR),
        "Date": stamp(orders["at"], "%Y-%m-%d %H:%M:%S"),
    }
    return Raw(sheet(headers.PRESTA_LIST, filled, len(orders)), np.arange(len(orders)))


def presta_list_16(sold: Sold) -> Raw:
    """The list of orders of PrestaShop 1.6: "id" in small letters, a last empty cell on every line."""
    raw = presta_list(sold)
    return Raw(raw.frame.rename(columns={"ID": "id"}).assign(**{"": ""}), raw.order)


def presta_sql(sold: Sold) -> Raw:
    """A line-level export in French: decimal comma, dd/mm/yyyy, every amount HT and TTC."""
    orders, lines, row = sold.orders, sold.lines, sold.lines["row"].to_numpy()
    fr = {column: money(orders[column], comma=True)[row] for column in (
        "discount_net", "discount_gross", "shipping_net", "shipping_gross", "wrapping_net", "wrapping_gross",
        "total_net", "total")}  # fmt: skip
    refs = _references(sold)
    firm = (orders["company"] != "").to_numpy()
    vat_number = np.where(firm, [f"FR{11 + c % 80}0000{c:05d}" for c in orders["customer"]], "")
    filled = {
        "N° commande": refs[row],
        "Date commande": stamp(orders["at"], "%d/%m/%Y %H:%M")[row],
        "Date paiement": sold.moment(orders["paid"], "%d/%m/%Y")[row],
        "Date échéance": np.where(firm, sold.moment(orders["due"], "%d/%m/%Y"), "")[row],
        "État": words_for(orders["status"], _STATES_FR)[row],
        "Client": orders["name"].to_numpy(dtype=object)[row],
        "E-mail": orders["email"].to_numpy(dtype=object)[row],
        "Société": orders["company"].to_numpy(dtype=object)[row],
        "N° TVA": vat_number[row],
        "Pays": words_for(orders["country"], COUNTRIES["FR"])[row],
        "Devise": orders["currency"].to_numpy(dtype=object)[row],
        "Mode de paiement": words_for(orders["payment"], {"card": "Carte bancaire", "paypal": "PayPal"})[row],
        "Référence produit": lines["product_id"],
        "Désignation": lines["product_name"],
        "Quantité": lines["quantity"].astype(str),
        "PU HT": money(lines["net"] / lines["quantity"], 6, comma=True),
        "PU TTC": money(lines["gross"] / lines["quantity"], 6, comma=True),
        "Taux TVA": [f"{text} %" for text in money(lines["vat_rate"] * 100, 1, comma=True)],
        "Prix d'achat HT": money(lines["cost"], comma=True),
        "Remise HT": fr["discount_net"],
        "Remise TTC": fr["discount_gross"],
        "Port HT": fr["shipping_net"],
        "Port TTC": fr["shipping_gross"],
        "Emballage HT": fr["wrapping_net"],
        "Emballage TTC": fr["wrapping_gross"],
        "Total HT": fr["total_net"],
        "Total TTC": fr["total"],
        "Remboursé HT": money_or_empty(orders["refunded_net"], comma=True)[row],
        "Remboursé TTC": money_or_empty(orders["refunded"], comma=True)[row],
        "Date remboursement": sold.moment(orders["refunded_on"], "%d/%m/%Y")[row],
    }
    return Raw(sheet(headers.PRESTA_SQL, filled, len(lines)), row)


def presta_en(sold: Sold) -> Raw:
    """A line-level export of an English PrestaShop's SQL manager."""
    orders, lines, row = sold.orders, sold.lines, sold.lines["row"].to_numpy()

    def both(name: str, column: str) -> dict[str, np.ndarray]:
        return {
            f"{name} (tax excl.)": money(orders[f"{column}_net"])[row],
            f"{name} (tax incl.)": money(orders[f"{column}_gross"])[row],
        }

    filled = {
        "Order reference": _references(sold)[row],
        "Order date": stamp(orders["at"], "%Y-%m-%d %H:%M:%S")[row],
        "Payment date": sold.moment(orders["paid"], "%Y-%m-%d")[row],
        "Order state": words_for(orders["status"], _STATES_EN)[row],
        "Customer name": orders["name"].to_numpy(dtype=object)[row],
        "Customer email": orders["email"].to_numpy(dtype=object)[row],
        "Delivery country": words_for(orders["country"], COUNTRIES["GB"])[row],
        "Currency": orders["currency"].to_numpy(dtype=object)[row],
        "Payment": words_for(orders["payment"], {"card": "Card", "paypal": "PayPal"})[row],
        "Product reference": lines["product_id"],
        "Product name": lines["product_name"],
        "Quantity": lines["quantity"].astype(str),
        "Unit price (tax excl.)": money(lines["unit_net"], 6),
        "Unit price (tax incl.)": money(lines["unit_gross"], 6),
        "VAT rate": money(lines["vat_rate"] * 100, 1),
        **both("Discount", "discount"),
        **both("Shipping", "shipping"),
        **both("Gift wrapping", "wrapping"),
        "Total (tax excl.)": money(orders["total_net"])[row],
        "Total (tax incl.)": money(orders["total"])[row],
        "Refunded (tax excl.)": money_or_empty(orders["refunded_net"])[row],
        "Refunded (tax incl.)": money_or_empty(orders["refunded"])[row],
        "Refund date": sold.moment(orders["refunded_on"], "%Y-%m-%d")[row],
    }
    return Raw(sheet(headers.PRESTA_EN, filled, len(lines)), row)


SHOPS = {
    "shopify": Format(
        shopify, "shopify_orders_{first}_{last}", "Created at", "2025-02-30 10:15:00 +0000", "Lineitem price",
        total=("Total",), country="Shipping Country", refunds=True,
    ),
    "woo_suite": Format(
        woo_suite, "orders-export-{first}", "order_date", "2025-02-30 10:15:00", "order_total",
        total=("order_total",), country="shipping_country", refunds=True,
    ),
    "woo_analytics": Format(
        woo_analytics, "wc-orders-report-{first}", "Date", "2025-02-30 10:15:00", "Net Sales",
    ),
    "presta_list": Format(
        presta_list, "commandes_{first}", "Date", "0000-00-00 00:00:00", "Total", country="Livraison",
        separator=";",
    ),
    "presta_list_16": Format(
        presta_list_16, "commandes_{first}", "Date", "0000-00-00 00:00:00", "Total", country="Livraison",
        separator=";", quote_all=True,
    ),
    "presta_sql": Format(
        presta_sql, "commandes-{first}", "Date commande", "31/02/2025 10:15", "PU HT",
        total=("Total HT", "Total TTC"), country="Pays", separator=";", refunds=True,
    ),
    "presta_en": Format(
        presta_en, "orders-{first}", "Order date", "2025-02-30 10:15:00", "Unit price (tax incl.)",
        total=("Total (tax excl.)", "Total (tax incl.)"), country="Delivery country", separator=";",
        refunds=True,
    ),
}  # fmt: skip
