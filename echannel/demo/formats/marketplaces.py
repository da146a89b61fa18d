"""Exports of marketplaces: Amazon, eBay, Etsy."""

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
    words_for,
)


def amazon(sold: Sold) -> Raw:
    """All orders: one row per item, times in UTC, no buyer; carriage on an order's first row."""
    orders, lines, row = sold.orders, sold.lines, sold.lines["row"].to_numpy()
    first = ~lines["row"].duplicated().to_numpy()
    at = pd.DatetimeIndex(orders["at"]).tz_localize(sold.zone, ambiguous=True, nonexistent="shift_forward")
    utc = at.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%S+00:00").to_numpy(dtype=object)
    whole = orders["discount_gross"].to_numpy()
    discount = np.round(whole[row] * lines["gross"].to_numpy() / orders["goods_gross"].to_numpy()[row], 2)
    rest = np.round(whole - np.bincount(row, discount, len(orders)), 2)[row]
    discount = discount + np.where(first, rest, 0.0)
    after = lines["gross"] - lines["net"]
    refs = [f"{203 + n % 3}-{1_000_003 + n * 7919 % 9_000_000:07d}-{4_000_037 + n * 104_729 % 5_000_000:07d}"
            for n in range(len(orders))]  # fmt: skip
    words = {"paid": "Unshipped", "shipped": "Shipped", "delivered": "Shipped - Delivered to Buyer",
             "pending": "Pending", "cancelled": "Cancelled"}  # fmt: skip
    site = "Amazon.co.uk" if sold.country == "GB" else "Amazon.fr"
    status = words_for(orders["status"], words)[row]
    shipping_vat = orders["shipping_gross"] - orders["shipping_net"]
    wrapping_vat = orders["wrapping_gross"] - orders["wrapping_net"]
    filled = {
        "amazon-order-id": np.asarray(refs, dtype=object)[row],
        "merchant-order-id": np.asarray(refs, dtype=object)[row],
        "purchase-date": utc[row],
        "last-updated-date": utc[row],
        "order-status": status,
        "fulfillment-channel": "Merchant",
        "sales-channel": site,
        "ship-service-level": "Standard",
        "product-name": lines["product_name"],
        "sku": lines["product_id"],
        "asin": ["B0" + identifier[-4:].rjust(8, "0") for identifier in lines["product_id"]],
        "item-status": status,
        "quantity": lines["quantity"].astype(str),
        "currency": orders["currency"].to_numpy(dtype=object)[row],
        "item-price": money(lines["gross"]),
        "item-tax": money(after),
        "shipping-price": np.where(first, money_or_empty(orders["shipping_gross"])[row], ""),
        "shipping-tax": np.where(first, money_or_empty(shipping_vat)[row], ""),
        "gift-wrap-price": np.where(first, money_or_empty(orders["wrapping_gross"])[row], ""),
        "gift-wrap-tax": np.where(first, money_or_empty(wrapping_vat)[row], ""),
        "item-promotion-discount": money_or_empty(discount),
        "ship-city": orders["town"].to_numpy(dtype=object)[row],
        "ship-postal-code": orders["postcode"].to_numpy(dtype=object)[row],
        "ship-country": orders["country"].to_numpy(dtype=object)[row],
        "is-business-order": "false",
    }
    return Raw(sheet(headers.AMAZON, filled, len(lines)), row)


def _pounds(values: pd.Series | np.ndarray) -> np.ndarray:
    """£1,433.66"""
    return np.array([f"£{value:,.2f}" for value in np.asarray(values)], dtype=object)


def ebay(sold: Sold) -> Raw:
    """Orders report: an order of several items has a row with its totals first, then a row per item."""
    orders, lines = sold.orders, sold.lines
    sizes = np.bincount(lines["row"], minlength=len(orders))
    several = np.flatnonzero(sizes > 1)
    heads = pd.DataFrame({"row": several, "line": -1})
    items = pd.DataFrame({"row": lines["row"], "line": np.arange(len(lines))})
    layout = pd.concat([heads, items]).sort_values(["row", "line"], kind="stable", ignore_index=True)
    row, line = layout["row"].to_numpy(), layout["line"].to_numpy()
    is_item, totals = line >= 0, (line < 0) | (sizes[row] == 1)

    def of_order(values: object) -> np.ndarray:
        return np.where(totals, np.asarray(values, dtype=object)[row], "")

    def of_item(values: object) -> np.ndarray:
        return np.where(is_item, np.asarray(values, dtype=object)[np.maximum(line, 0)], "")

    refs = np.array(
        [f"{11 + n % 9:02d}-{8_000 + n * 37 % 91_999:05d}-{10_000 + n:05d}" for n in range(len(orders))],
        dtype=object,
    )
    names = words_for(orders["country"], COUNTRIES["GB"])
    filled = {
        "Sales Record Number": np.array(numbered(len(orders), 3001), dtype=object)[row],
        "Order Number": refs[row],
        "Buyer Username": of_order([f"buyer_{number}" for number in orders["customer"]]),
        "Buyer Name": of_order(orders["name"]),
        "Buyer Email": of_order(orders["email"]),
        "Buyer Address 1": of_order(orders["street"]),
        "Buyer City": of_order(orders["town"]),
        "Buyer Zip": of_order(orders["postcode"]),
        "Buyer Country": of_order(names),
        "Ship To Name": of_order(orders["name"]),
        "Ship To Phone": of_order(orders["phone"]),
        "Ship To Address 1": of_order(orders["street"]),
        "Ship To City": of_order(orders["town"]),
        "Ship To Zip": of_order(orders["postcode"]),
        "Ship To Country": of_order(names),
        "Item Number": of_item([str(254_000_000_000 + number) for number in lines["product"]]),
        "Item Title": of_item(lines["product_name"]),
        "Custom Label": of_item(lines["product_id"]),
        "Sold Via Promoted Listings": of_item(np.full(len(lines), "No")),
        "Quantity": np.where(
            is_item, of_item(lines["quantity"].astype(str)), _units(lines, len(orders))[row]
        ),
        "Sold For": np.where(
            is_item, of_item(_pounds(lines["unit_gross"])), of_order(_pounds(orders["goods_gross"]))
        ),
        "Shipping And Handling": of_order(_pounds(orders["shipping_gross"])),
        "Seller Collected Tax": of_order(np.full(len(orders), "£0.00")),
        "eBay Collected Tax": of_order(np.full(len(orders), "£0.00")),
        "Total Price": of_order(_pounds(orders["total"])),
        "eBay Collected Tax Included in Total": of_order(np.full(len(orders), "No")),
        "Payment Method": of_order(
            words_for(orders["payment"], {"card": "Managed Payments", "paypal": "PayPal"})
        ),
        "Sale Date": sold.moment(orders["day"], "%b-%d-%y")[row],
        "Paid On Date": of_order(sold.moment(orders["paid"], "%b-%d-%y")),
        "Shipped On Date": of_order(sold.moment(orders["shipped"], "%b-%d-%y")),
        "Global Shipping Program": "No",
        "Click And Collect": "No",
        "eBay Plus": "No",
    }
    return Raw(sheet(headers.EBAY, filled, len(layout)), row)


def _units(lines: pd.DataFrame, n: int) -> np.ndarray:
    return np.char.mod("%d", np.bincount(lines["row"], lines["quantity"], n).astype(int)).astype(object)


def etsy_items(sold: Sold) -> Raw:
    """Order items: one row per item, the order's carriage on each; the export knows no refund."""
    orders, lines, row = sold.orders, sold.lines, sold.lines["row"].to_numpy()
    first = ~lines["row"].duplicated().to_numpy()
    names = words_for(orders["country"], COUNTRIES["GB"])
    buyers = (orders["name"] + " (user" + orders["customer"].astype(str) + ")").to_numpy(dtype=object)
    filled = {
        "Sale Date": sold.moment(orders["day"], "%m/%d/%y")[row],
        "Item Name": lines["product_name"],
        "Buyer": buyers[row],
        "Quantity": lines["quantity"].astype(str),
        "Price": money(lines["unit_gross"]),
        "Coupon Code": orders["voucher"].to_numpy(dtype=object)[row],
        "Discount Amount": np.where(first, money(orders["discount_gross"])[row], "0.00"),
        "Shipping Discount": "0.00",
        "Order Shipping": money(orders["shipping_gross"])[row],
        "Order Sales Tax": "0.00",
        "Item Total": money(lines["gross"]),
        "Currency": orders["currency"].to_numpy(dtype=object)[row],
        "Transaction ID": numbered(len(lines), 3_900_000_001),
        "Listing ID": (1_400_000_000 + lines["product"]).astype(str),
        "Date Paid": sold.moment(orders["day"], "%m/%d/%Y")[row],
        "Date Shipped": sold.moment(orders["shipped"], "%m/%d/%Y")[row],
        "Ship Name": orders["name"].to_numpy(dtype=object)[row],
        "Ship Address1": orders["street"].to_numpy(dtype=object)[row],
        "Ship City": orders["town"].to_numpy(dtype=object)[row],
        "Ship Zipcode": orders["postcode"].to_numpy(dtype=object)[row],
        "Ship Country": names[row],
        "Order ID": np.array(numbered(len(orders), 3_200_000_001), dtype=object)[row],
        "Order Type": "online",
        "Listings Type": "listing",
        "Payment Type": "online_cc",
        "VAT Paid by Buyer": "0.00",
        "SKU": lines["product_id"],
    }  # fmt: skip
    return Raw(sheet(headers.ETSY_ITEMS, filled, len(lines)), row)


def etsy_orders(sold: Sold) -> Raw:
    """Orders: one row per order; what is left after refunds stands in "Adjusted Order Total"."""
    orders = sold.orders
    names = orders["name"].str.split(" ", n=1, expand=True).reindex(columns=[0, 1]).fillna("")
    given_back = (orders["refunded"] > 0).to_numpy()
    left = np.where(given_back, orders["total"] - orders["refunded"], np.nan)
    filled = {
        "Sale Date": sold.moment(orders["day"], "%m/%d/%y"),
        "Order ID": numbered(len(orders), 3_100_000_001),
        "Buyer User ID": [f"user{number}" for number in orders["customer"]],
        "Full Name": orders["name"],
        "First Name": names[0],
        "Last Name": names[1],
        "Number of Items": sold.lines.groupby("row")["quantity"].sum().astype(str).to_numpy(dtype=object),
        "Payment Method": "Credit Card",
        "Date Shipped": sold.moment(orders["shipped"], "%m/%d/%Y"),
        "Street 1": orders["street"],
        "Ship City": orders["town"],
        "Ship Zipcode": orders["postcode"],
        "Ship Country": words_for(orders["country"], COUNTRIES["GB"]),
        "Currency": orders["currency"],
        "Order Value": money(orders["goods_gross"]),
        "Coupon Code": orders["voucher"],
        "Discount Amount": money(orders["discount_gross"]),
        "Shipping Discount": "0.00",
        "Shipping": money(orders["shipping_gross"]),
        "Sales Tax": "0.00",
        "Order Total": money(orders["total"]),
        "Card Processing Fees": money(orders["total"] * 0.04 + 0.2),
        "Order Net": money(orders["total"] * 0.96 - 0.2),
        "Adjusted Order Total": money(left),
        "Buyer": orders["name"],
        "Order Type": "online",
        "Payment Type": "online_cc",
    }
    return Raw(sheet(headers.ETSY_ORDERS, filled, len(orders)), np.arange(len(orders)))


MARKETPLACES = {
    "amazon": Format(
        amazon, "amazon-orders-{first}", "purchase-date", "2025-13-05T10:15:00+00:00", "item-price",
        country="ship-country", separator="\t", extension="txt",
    ),
    "ebay": Format(
        ebay, "eBay-OrdersReport-{first}", "Sale Date", "Feb-30-25", "Sold For", total=("Total Price",),
        country="Ship To Country", open_orders=False,
        footer=("{orders} record(s) downloaded", "Seller ID : {firm}"),
    ),
    "etsy_items": Format(
        etsy_items, "EtsySoldOrderItems{first}", "Sale Date", "02/30/25", "Price", country="Ship Country",
        open_orders=False,
    ),
    "etsy_orders": Format(
        etsy_orders, "EtsySoldOrders{first}", "Sale Date", "02/30/25", "Order Total", total=("Order Total",),
        country="Ship Country", refunds=True, open_orders=False,
    ),
}  # fmt: skip
