"""A made-up shop for the tests of the views: three years, both kinds of customer, names that bite."""

from __future__ import annotations

from functools import cached_property
from types import SimpleNamespace

import numpy as np
import pandas as pd
from handmade import canonical

from echannel.countries import country_pack
from echannel.locale import Speaker
from echannel.metrics.inventory import Inventory
from echannel.metrics.turnover import prepare
from echannel.profiles import SmeProfile
from echannel.stock import inventory_of
from echannel.store import STORED, Manifest

SCRIPT = "<script>alert(1)</script>"
FORMULA = '=cmd|"/c calc"!A1'


class Shop(SimpleNamespace):
    """A firm as views see it, without a folder."""

    @cached_property
    def inventory(self) -> Inventory:
        """As ``Sme.inventory``."""
        return inventory_of(self)  # type: ignore[arg-type]


def shop(
    orientation: str = "both", orders: int = 3000, country: str = "FR", seed: int = 7, months: int = 35
) -> SimpleNamespace:
    """An SME as the views see it (``Sme``), from random tables; no file, no store."""
    tables = shop_tables(orientation, orders, country, seed, months)
    profile = SmeProfile.model_validate(
        {
            "id": "made-up",
            "name": f"Made up & Sons {SCRIPT}",
            "country": country,
            "languages": ["fr", "en"],
            "orientation": orientation,
            "currency": "EUR" if country == "FR" else "GBP",
            "timezone": "Europe/Paris",
            "vat": {"regime": "standard"},
            "fiscal_year_start": "01-01",
            "launch_pad": "test",
            "sources": [{"id": "boutique", "connector": "files", "options": {}}],
        }
    )
    names = ("orders", "order_lines", "refunds", "products", "customers", "visits")
    sales = prepare(*(tables[name] for name in names), currency=profile.currency)
    manifest = Manifest(
        number=1,
        synced_at="2026-11-24T08:00:00+00:00",
        package="0.1.0",
        versions=dict.fromkeys(names, 1),
        rejected={},
    )
    return Shop(
        profile=profile,
        workspace=None,
        memory=None,
        sales=sales,
        manifest=manifest,
        pack=country_pack(country),
        table=lambda name: tables[name] if name in tables else STORED[name].empty(),
        speaker=lambda language=None: Speaker(language or "fr", country, profile.currency),
    )


def shop_tables(
    orientation: str, orders: int, country: str, seed: int, months: int = 35
) -> dict[str, pd.DataFrame]:
    """Canonical tables of a random shop that ends on 15 November 2026."""
    rng = np.random.default_rng(seed)
    end = pd.Timestamp("2026-11-15")
    days = int((end - (end - pd.DateOffset(months=months))).days)
    at = end - pd.to_timedelta(np.sort(rng.beta(1.2, 1.0, orders) * days)[::-1], unit="D")
    b2b = {"both": rng.random(orders) < 0.25, "b2b": np.ones(orders, bool)}.get(
        orientation, np.zeros(orders, bool)
    )
    customer = np.where(
        b2b, rng.zipf(1.4, orders) % 30, 1000 + (rng.gamma(0.6, orders / 3, orders)).astype(int)
    )
    ids = [f"o{n:06d}" for n in range(orders)]
    products = pd.DataFrame(
        {
            "product_id": [f"p{n:02d}" for n in range(25)],
            "name": [SCRIPT, FORMULA, *(f"Galette n° {n}" for n in range(2, 25))],
            "category": ["Épicerie", "Maison", "Textile", "Cadeaux", "Mer"] * 5,
            "unit_cost": np.where(np.arange(25) % 6 == 0, np.nan, 2.0 + np.arange(25) * 0.5),
        }
    )
    per_order = rng.integers(1, 4, orders)
    line_of = np.repeat(np.arange(orders), per_order)
    product = (rng.zipf(1.5, len(line_of)) - 1) % 25
    quantity = rng.integers(1, 4, len(line_of)).astype(float)
    price = np.round(4.0 + product * 1.3 + 0.1 * (at.year.to_numpy()[line_of] - 2023), 2)
    goods = np.bincount(line_of, quantity * price, orders)
    discount = np.round(np.where(rng.random(orders) < 0.2, goods * 0.1, 0.0), 2)
    net = goods - discount + 4.0
    frame = pd.DataFrame(
        {
            "order_id": ids,
            "ordered_at": at,
            "customer_id": [f"c{n:05d}" if rng.random() > 0.03 else None for n in customer],
            "kind": np.where(b2b, "b2b", "b2c"),
            "channel": rng.choice(["own_shop", "own_shop", "marketplace"], orders),
            "country": rng.choice(["FR", "FR", "FR", "GB", "BE"], orders),
            "currency": "EUR" if country == "FR" else "GBP",
            "status": np.where(rng.random(orders) < 0.03, "cancelled", "paid"),
            "paid_at": at + pd.to_timedelta(np.where(b2b, rng.integers(5, 90, orders), 0), unit="D"),
            "due_at": at + pd.to_timedelta(np.where(b2b, 30, 0), unit="D"),
            "goods_net": goods,
            "discount_net": discount,
            "shipping_net": 4.0,
            "goods_gross": goods * 1.2,
            "discount_gross": discount * 1.2,
            "shipping_gross": 4.8,
            "vat_amount": net * 0.2,
            "total_gross": net * 1.2,
        }
    )
    frame.loc[frame["paid_at"] > end, "paid_at"] = pd.NaT
    back = np.flatnonzero(rng.random(orders) < 0.06)
    lines = pd.DataFrame(
        {
            "order_id": [ids[n] for n in line_of],
            "line_no": (np.arange(len(line_of)) - np.searchsorted(line_of, line_of) + 1).astype("int32"),
            "product_id": [f"p{n:02d}" for n in product],
            "quantity": quantity,
            "unit_price_net": price,
            "net_amount": quantity * price,
        }
    )
    first_line = lines.drop_duplicates("order_id").reset_index(drop=True).iloc[back]
    refunds = pd.DataFrame(
        {
            "refund_id": [f"r{n}" for n in back],
            "order_id": first_line["order_id"].to_numpy(),
            "product_id": first_line["product_id"].to_numpy(),
            "quantity": first_line["quantity"].to_numpy(),
            "net_amount": first_line["net_amount"].to_numpy(),
            "vat_amount": first_line["net_amount"].to_numpy() * 0.2,
            "currency": "EUR" if country == "FR" else "GBP",
            "refunded_at": (at[back] + pd.Timedelta(days=9)).to_series().clip(upper=end).to_numpy(),
        }
    )
    dates = pd.date_range(end - pd.Timedelta(days=600), end)
    visits = pd.concat(
        [
            pd.DataFrame(
                {
                    "date": dates,
                    "source": source,
                    "medium": medium,
                    "country": "ZZ",
                    "device": "mobile",
                    "sessions": rng.poisson(60, len(dates)).astype(float),
                    "product_views": rng.poisson(40, len(dates)).astype(float),
                    "add_to_carts": rng.poisson(9, len(dates)).astype(float),
                    "checkouts": rng.poisson(5, len(dates)).astype(float),
                    "orders": rng.poisson(2, len(dates)).astype(float),
                    "cost": rng.gamma(2, 6, len(dates)) if medium == "cpc" else 0.0,
                }
            )
            for source, medium in (("google", "organic"), ("google", "cpc"), ("newsletter", "email"))
        ]
    )
    customers = pd.DataFrame(
        {"customer_id": sorted(frame["customer_id"].dropna().unique()), "kind": "b2c", "country": "FR"}
    )
    written = {
        "orders": frame,
        "order_lines": lines,
        "refunds": refunds,
        "products": products,
        "customers": customers,
        "visits": visits,
    }
    return {name: canonical(name, _rows(content)) for name, content in written.items()}


def _rows(frame: pd.DataFrame) -> list[dict]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")
