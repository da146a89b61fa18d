"""What each order costs: prices of the day, discounts, carriage, VAT, payment, refunds.

Every order adds up to the cent: goods − discount + shipping + wrapping = total, with VAT and without.
What does not add up in the files is put in afterwards, on purpose (see ``faults``).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from echannel.demo.demand import days_of, sale_days
from echannel.demo.firms import Firm
from echannel.demo.people import EUROPEAN_UNION

STANDARD = 0.2  # VAT on carriage and wrapping, in both countries
RATES = {"GBP": ("EUR", 1.16), "EUR": ("GBP", 0.86)}  # a shop's own price list abroad
TILLS = ("generic_xlsx", "generic_ods")  # sales over the counter
_NO_VOUCHERS = (*TILLS, "ebay")  # eBay's report has no column for them
_NO_CARRIAGE = (*TILLS, "xero", "invoices_csv", "invoices_xlsx")


def priced(
    firm: Firm,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    customers: pd.DataFrame,
    products: pd.DataFrame,
    first: date,
    last: date,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Orders and lines with all their amounts, in the order's currency."""
    who = orders["customer"].to_numpy()
    orders = orders.assign(
        country=customers["country"].to_numpy()[who],
        terms=customers["terms"].to_numpy()[who],
        rebate=customers["rebate"].to_numpy()[who],
    )
    orders = _currency(firm, orders)
    lines = _dominated(firm, lines, who, orders["kind"].to_numpy() == "b2b", products)
    lines = _line_amounts(firm, orders, lines, products, first, last, rng)
    orders = _order_amounts(firm, orders, lines, first, last, rng)
    orders = _fates(firm, orders, customers, (last - first).days, rng)
    return _refunds(firm, orders, lines, (last - first).days, rng), lines


def _currency(firm: Firm, orders: pd.DataFrame) -> pd.DataFrame:
    home = "GBP" if firm.country == "GB" else "EUR"
    other, rate = RATES[home]
    euro_zone = orders["country"].isin(EUROPEAN_UNION)
    there = euro_zone if home == "GBP" else orders["country"] == "GB"
    there &= firm.foreign_currency
    return orders.assign(currency=np.where(there, other, home), rate=np.where(there, rate, 1.0))


def _dominated(
    firm: Firm, lines: pd.DataFrame, who: np.ndarray, of_firm: np.ndarray, products: pd.DataFrame
) -> pd.DataFrame:
    """Let one account buy so much that it makes the firm's dominant share of the turnover."""
    if not firm.dominant:
        return lines
    value = lines["quantity"].to_numpy() * products["net"].to_numpy()[lines["product"]]
    by_customer = np.bincount(who[lines["order"]], value)
    accounts = np.unique(who[of_firm])
    big = accounts[np.argsort(np.bincount(who)[accounts], kind="stable")[-3]]
    rest = by_customer.sum() - by_customer[big]
    factor = firm.dominant / (1 - firm.dominant) * rest / by_customer[big]
    grown = np.maximum(1, np.rint(lines["quantity"] * max(1.0, factor))).astype(int)
    return lines.assign(quantity=np.where(who[lines["order"]] == big, grown, lines["quantity"]))


def _line_amounts(
    firm: Firm,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    products: pd.DataFrame,
    first: date,
    last: date,
    rng: np.random.Generator,
) -> pd.DataFrame:
    product, order = lines["product"].to_numpy(), lines["order"].to_numpy()
    day = orders["day"].to_numpy()[order]
    of_firm = (orders["kind"] == "b2b").to_numpy()[order]
    change = np.where(
        day >= products["change_day"].to_numpy()[product], products["change"].to_numpy()[product], 1
    )
    on_sale = sale_days(firm, days_of(first, last))[day] & products["on_sale"].to_numpy()[product] & ~of_firm
    cut = np.where(on_sale, np.asarray([0.8, 0.7, 0.5])[(product + day // 365) % 3], 1.0)
    factor = change * cut * orders["rate"].to_numpy()[order]
    vat = products["vat"].to_numpy()[product] * _taxed(firm, orders)[order]
    home_vat = products["vat"].to_numpy()[product]
    # Shops set prices with VAT; firms' price lists are without. Who exports sells at the price without VAT.
    shop_gross = products["gross"].to_numpy()[product] * factor / np.where(vat == home_vat, 1, 1 + home_vat)
    unit_gross = np.round(shop_gross, 2)
    list_net = np.round(products["net"].to_numpy()[product] * factor, 2)
    unit_net = np.where(of_firm, list_net, np.round(unit_gross / (1 + vat), 6))
    rebate = orders["rebate"].to_numpy()[order]
    quantity = lines["quantity"].to_numpy()
    value = np.round(quantity * unit_net, 2)
    net = np.where(of_firm, value - np.round(value * rebate, 2), quantity * unit_net)
    gross = np.where(of_firm, np.round(net * (1 + vat), 2), np.round(quantity * unit_gross, 2))
    return lines.assign(
        unit_net=unit_net,
        unit_gross=np.where(of_firm, np.round(unit_net * (1 + vat), 4), unit_gross),
        vat_rate=vat,
        rebate=rebate,
        net=net,
        gross=gross,
        cost=np.where(products["cost_known"], products["cost"], np.nan)[product],
    )


def _taxed(firm: Firm, orders: pd.DataFrame) -> np.ndarray:
    """Home VAT: at home, and for consumers in the EU when the seller is there (below the EUR 10,000 of
    article 59c of directive 2006/112/EC). Exports, and firms in another EU country, pay none."""
    home = (orders["country"] == firm.country).to_numpy()
    consumer = (orders["kind"] == "b2c").to_numpy()
    within = firm.country == "FR" and orders["country"].isin(EUROPEAN_UNION).to_numpy()
    return (home | (consumer & within)) & firm.registered


def _order_amounts(
    firm: Firm, orders: pd.DataFrame, lines: pd.DataFrame, first: date, last: date, rng: np.random.Generator
) -> pd.DataFrame:
    n = len(orders)
    goods_gross = np.round(np.bincount(lines["order"], lines["gross"], n), 2)
    goods_net = np.round(np.bincount(lines["order"], lines["net"], n), 2)
    consumer = (orders["kind"] == "b2c").to_numpy()
    shop = _shops(firm, orders)
    day = orders["day"].to_numpy()
    campaign = sale_days(firm, days_of(first, last))[day]
    voucher = consumer & (rng.random(n) < np.where(campaign, 0.1, 0.06)) & ~np.isin(shop, _NO_VOUCHERS)
    discount_gross = np.where(voucher, np.round(goods_gross * rng.choice([0.1, 0.1, 0.15], n), 2), 0.0)
    share = np.divide(goods_net, goods_gross, out=np.ones(n), where=goods_gross > 0)
    rate = np.where(_taxed(firm, orders), STANDARD, 0.0)
    shipping_gross, shipping_net = _carriage(orders, goods_gross - discount_gross, rate, shop, firm)
    wraps = consumer & np.isin(shop, ["presta_en", "presta_sql", "amazon"]) & (rng.random(n) < 0.05)
    wrapping_gross = np.where(wraps, 2.9, 0.0)
    discount_net = np.round(discount_gross * share, 2)
    wrapping_net = np.round(wrapping_gross / (1 + rate), 2)
    total = np.round(goods_gross - discount_gross + shipping_gross + wrapping_gross, 2)
    total_net = np.round(goods_net - discount_net + shipping_net + wrapping_net, 2)
    return orders.assign(
        goods_gross=goods_gross,
        goods_net=goods_net,
        discount_gross=discount_gross,
        discount_net=discount_net,
        shipping_gross=shipping_gross,
        shipping_net=shipping_net,
        wrapping_gross=wrapping_gross,
        wrapping_net=wrapping_net,
        total=total,
        total_net=total_net,
        vat=np.round(total - total_net, 2),
        voucher=np.where(voucher, _voucher_names(firm, day), ""),
        payment=rng.choice(["card", "paypal"], n, p=[0.75, 0.25]),
        lines=np.bincount(lines["order"], minlength=n),
    )


def _shops(firm: Firm, orders: pd.DataFrame) -> np.ndarray:
    """The format of the outlet of each order."""
    return np.array([outlet.format for outlet in firm.outlets])[orders["outlet"]]


def _voucher_names(firm: Firm, day: np.ndarray) -> np.ndarray:
    names = ("WELCOME10", "THANKYOU") if firm.country == "GB" else ("BIENVENUE10", "MERCI")
    return np.asarray(names)[day % 2]


def _carriage(
    orders: pd.DataFrame, value: np.ndarray, rate: np.ndarray, shop: np.ndarray, firm: Firm
) -> tuple[np.ndarray, np.ndarray]:
    """Shipping with and without VAT: free above a threshold, none over the counter."""
    home = (orders["country"] == firm.country).to_numpy()
    heavy = 29.0 if firm.sector == "furniture" else 4.9
    price = np.where(home, heavy, 12.9)
    price = np.where(home & (value >= (60 if firm.sector != "furniture" else 500)), 0.0, price)
    of_firm = (orders["kind"] == "b2b").to_numpy()
    net = np.where(value >= 300, 0.0, np.where(home, 12.0, 35.0))
    gross = np.where(of_firm, np.round(net * (1 + rate), 2), price)
    net = np.where(of_firm, net, np.round(price / (1 + rate), 2))
    none = np.isin(shop, _NO_CARRIAGE)
    return np.where(none, 0.0, gross), np.where(none, 0.0, net)


def _fates(
    firm: Firm, orders: pd.DataFrame, customers: pd.DataFrame, today: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Status, day of payment and due day; -1: not yet."""
    n = len(orders)
    day = orders["day"].to_numpy()
    of_firm = (orders["kind"] == "b2b").to_numpy()
    due = np.where(of_firm, day + orders["terms"], day)
    late = customers["lateness"].to_numpy()[orders["customer"]]
    paid = np.where(of_firm, np.maximum(day, due + np.rint(rng.normal(late, 4.0, n))), day).astype(int)
    paid = np.where(paid > today, -1, paid)
    age = today - day
    status = np.select([age <= 1, age <= 5], ["paid", "shipped"], "delivered")
    status = np.where(of_firm & (paid < 0), "shipped", status)
    chance = rng.random(n)
    waits = ~of_firm & ~np.isin(_shops(firm, orders), TILLS)
    status = np.where(waits & (chance < np.where(age <= 2, 0.1, 0.004)), "pending", status)
    cancelled = (chance > 0.976) & ~(of_firm & (orders["customer"].to_numpy() % 2 == 0))
    status = np.where(cancelled, "cancelled", status)
    paid = np.where(np.isin(status, ["pending", "cancelled"]), -1, paid)
    shipped = np.where(
        np.isin(status, ["shipped", "delivered"]), np.minimum(day + rng.integers(1, 4, n), today), -1
    )
    return orders.assign(status=status, due=due, paid=paid, shipped=shipped)


def _refunds(
    firm: Firm, orders: pd.DataFrame, lines: pd.DataFrame, today: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Money given back: the whole order with its carriage, its goods, one line, or a gesture; -1: no day."""
    n = len(orders)
    on = orders["day"].to_numpy() + rng.integers(4, 26, n)
    sent = orders["status"].isin(["delivered", "shipped"]).to_numpy()
    back = sent & (rng.random(n) < firm.refunds) & (on <= today)
    goods = (orders["goods_gross"] - orders["discount_gross"]).to_numpy()
    one_line = np.round(_first_line(lines, n) * goods / orders["goods_gross"].to_numpy(), 2)
    kind = rng.choice(["all", "goods", "line", "gesture"], n, p=[0.3, 0.25, 0.3, 0.15])
    amount = np.select(
        [kind == "all", kind == "goods", kind == "line"],
        [orders["total"].to_numpy(), goods, one_line],
        np.round(goods * 0.15, 2),
    )
    amount = np.where(back, amount, 0.0)
    back &= amount > 0
    whole = back & (np.abs(amount - orders["total"].to_numpy()) < 0.005)
    share = (orders["total_net"] / orders["total"]).to_numpy()
    status = np.select([whole, back], ["refunded", "partly_refunded"], orders["status"])
    return orders.assign(
        status=status,
        refunded=amount,
        refunded_net=np.round(amount * share, 2),
        refunded_on=np.where(back, on, -1),
    )


def _first_line(lines: pd.DataFrame, n: int) -> np.ndarray:
    first = lines.drop_duplicates("order")
    return np.bincount(first["order"], first["gross"], n)
