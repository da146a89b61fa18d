"""The 24 firms: how each one trades. Who they are stands in their profiles (``parameters/smes/``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Outlet:
    """One place where a firm sells, by the format of its export; ``share`` of the firm's orders.

    ``months``: months per export file; each file but the first repeats the last days of the one before.
    """

    format: str
    share: float = 1.0
    kind: str = "b2c"
    months: int = 12
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Firm:
    """How one firm trades; rates are fractions, ``growth`` per year, days count from the window's first."""

    id: str
    country: str
    sector: str
    orders: int
    products: int
    outlets: tuple[Outlet, ...]
    growth: float = 0.05
    turn: date | None = None  # from here on the trend is ``growth_after``
    growth_after: float = 0.0
    repeat: float = 0.6  # expected further orders of a new customer, roughly
    regularity: float = 1.0  # 1: at random (Poisson); more: an even rhythm, as firms order
    abroad: float = 0.03
    foreign_currency: bool = False
    refunds: float = 0.04
    shock: tuple[tuple[date, int], ...] = ()  # closed from this day, for so many weeks; a rebound follows
    intermittent: float = 0.0  # share of products that sell now and then, in larger lots
    late_payers: float = 0.0  # share of business customers who pay well after the due day
    dominant: float = 0.0  # share of the turnover that one customer makes
    missing_costs: float = 0.02
    registered: bool = True
    starts: date | None = None
    lists: str = ""  # p(roducts) s(tock) c(ustomers) v(isits), as far as the firm has them
    basket: float = 0.7  # further lines per order
    side_encoding: str = "utf-8"


FIRMS: tuple[Firm, ...] = (
    Firm(
        "kent-gifts", "GB", "gifts", 8000, 160,
        (Outlet("presta_en", encoding="utf-8-sig"),),
        growth=0.10, repeat=0.55, abroad=0.05, refunds=0.04, missing_costs=0.18, lists="psv",
    ),
    Firm(
        "sussex-parts", "GB", "parts", 1900, 220,
        (Outlet("xero", kind="b2b"),),
        growth=0.02, repeat=28.0, regularity=5.0, abroad=0.04, refunds=0.02, intermittent=0.45,
        late_payers=0.2, dominant=0.34, lists="psc", basket=2.2,
    ),
    Firm(
        "hastings-toys", "GB", "toys", 9500, 180,
        (Outlet("shopify", 0.68), Outlet("amazon", 0.32, months=6, encoding="cp1252")),
        growth=0.15, repeat=0.45, abroad=0.04, foreign_currency=True, refunds=0.06, lists="psv",
    ),
    Firm(
        "whitstable-pantry", "GB", "food", 5200, 90,
        (Outlet("shopify"),),
        growth=0.20, repeat=2.2, abroad=0.08, foreign_currency=True, refunds=0.02, lists="psv", basket=1.9,
    ),
    Firm(
        "canterbury-books", "GB", "books", 3600, 260,
        (Outlet("woo_suite"),),
        growth=-0.10, repeat=1.3, abroad=0.06, refunds=0.02, lists="pv", basket=0.8,
    ),
    Firm(
        "dover-candles", "GB", "gifts", 2500, 60,
        (Outlet("shopify", 0.6), Outlet("etsy_items", 0.4)),
        growth=0.30, repeat=0.7, refunds=0.03, lists="p",
    ),
    Firm(
        "medway-spares", "GB", "parts", 3400, 280,
        (Outlet("ebay", 0.7, months=3), Outlet("generic_xlsx", 0.3)),
        growth=0.0, repeat=0.5, abroad=0.05, refunds=0.05, intermittent=0.5, lists="ps", basket=0.3,
    ),
    Firm(
        "rye-ceramics", "GB", "crafts", 420, 35,
        (Outlet("etsy_orders"),),
        growth=0.08, repeat=0.3, abroad=0.10, refunds=0.03, registered=False, lists="", basket=0.4,
    ),
    Firm(
        "thanet-garden", "GB", "garden", 2600, 120,
        (Outlet("woo_suite", 0.8), Outlet("xero", 0.2, kind="b2b")),
        growth=0.04, repeat=0.8, refunds=0.03, shock=((date(2025, 1, 13), 5),), late_payers=0.15,
        lists="pscv", basket=1.2,
    ),
    Firm(
        "romney-knitwear", "GB", "clothing", 4200, 130,
        (Outlet("shopify", encoding="utf-8-sig"),),
        growth=0.12, turn=date(2025, 9, 1), growth_after=-0.25, repeat=0.7, abroad=0.12,
        foreign_currency=True, refunds=0.17, lists="psv",
    ),
    Firm(
        "downs-cidery", "GB", "wine", 1700, 45,
        (Outlet("generic_csv", 0.7), Outlet("xero", 0.3, kind="b2b")),
        growth=0.06, repeat=1.2, refunds=0.02, late_payers=0.2, dominant=0.25, lists="psc", basket=1.1,
    ),
    Firm(
        "eastbourne-skincare", "GB", "cosmetics", 170, 18,
        (Outlet("shopify"),),
        growth=1.0, repeat=0.3, refunds=0.03, starts=date(2026, 8, 10), lists="pv", missing_costs=0.0,
    ),
    Firm(
        "breizh-epicerie", "FR", "food", 11500, 140,
        (Outlet("presta_sql", encoding="cp1252"),),
        growth=0.09, repeat=2.0, abroad=0.06, refunds=0.025, lists="psv", basket=1.8, side_encoding="cp1252",
    ),
    Firm(
        "morbihan-voiles", "FR", "sailing", 950, 150,
        (Outlet("presta_sql", 0.65, kind="b2b", encoding="cp1252"),
         Outlet("invoices_csv", 0.35, kind="b2b", encoding="cp1252")),
        growth=0.05, repeat=16.0, regularity=4.0, abroad=0.12, refunds=0.02, intermittent=0.35,
        late_payers=0.2, dominant=0.33, lists="psc", basket=2.0, side_encoding="cp1252",
    ),
    Firm(
        "malo-marinieres", "FR", "clothing", 6400, 110,
        (Outlet("shopify"),),
        growth=0.07, repeat=0.8, abroad=0.10, foreign_currency=True, refunds=0.15,
        shock=((date(2025, 3, 3), 4),), lists="psv",
    ),
    Firm(
        "vitre-jouets", "FR", "toys", 5600, 150,
        (Outlet("presta_sql", 0.7, encoding="cp1252"), Outlet("amazon", 0.3, months=6)),
        growth=0.03, repeat=0.6, refunds=0.05, lists="psv", basket=0.9,
    ),
    Firm(
        "golfe-cosmetiques", "FR", "cosmetics", 4800, 55,
        (Outlet("shopify"),),
        growth=0.45, repeat=1.6, abroad=0.07, foreign_currency=True, refunds=0.03, lists="pv", basket=0.9,
    ),
    Firm(
        "cornouaille-faience", "FR", "crafts", 720, 60,
        (Outlet("presta_list"),),
        growth=-0.04, repeat=0.3, abroad=0.12, refunds=0.0, lists="",
    ),
    Firm(
        "leon-jardin", "FR", "garden", 2100, 100,
        (Outlet("woo_suite"),),
        growth=0.06, repeat=0.8, refunds=0.03, lists="ps", basket=1.2,
    ),
    Firm(
        "armor-pieces", "FR", "parts", 1100, 240,
        (Outlet("invoices_xlsx", kind="b2b"),),
        growth=-0.02, repeat=18.0, regularity=4.0, refunds=0.02, intermittent=0.6, late_payers=0.35,
        lists="psc", basket=1.8,
    ),
    Firm(
        "loire-cavistes", "FR", "wine", 1700, 80,
        (Outlet("generic_ods", 0.55), Outlet("invoices_csv", 0.45, kind="b2b", encoding="utf-16")),
        growth=0.08, repeat=2.5, regularity=1.5, abroad=0.05, refunds=0.015, late_payers=0.25,
        dominant=0.35, lists="psc", basket=1.5,
    ),
    Firm(
        "broceliande-livres", "FR", "books", 1500, 180,
        (Outlet("presta_list_16", encoding="utf-8"),),
        growth=0.0, repeat=1.1, refunds=0.0, lists="v",
    ),
    Firm(
        "rennes-bijoux", "FR", "jewellery", 620, 40,
        (Outlet("etsy_items"),),
        growth=0.18, repeat=0.4, abroad=0.15, refunds=0.0, registered=False, lists="p", basket=0.3,
    ),
    Firm(
        "ouessant-meubles", "FR", "furniture", 850, 70,
        (Outlet("woo_analytics"),),
        growth=-0.24, repeat=0.25, abroad=0.02, refunds=0.0,
        shock=((date(2024, 11, 4), 6), (date(2026, 2, 2), 3)), lists="pv", basket=0.3,
    ),
)  # fmt: skip
