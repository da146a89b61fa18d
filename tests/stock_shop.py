"""A made-up firm with a stockroom, for the tests of the inventory page: sales, suppliers, purchases, counts.

Its stock is consistent: what is on hand is what was bought less what was sold, plus what came back.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from handmade import canonical
from views_shop import FORMULA, SCRIPT, shop_tables

from echannel.profiles import SmeProfile
from echannel.sme import Sme
from echannel.store import STORED, Manifest, SmeStore

TODAY = pd.Timestamp("2026-11-15")
RARE = "p25"  # sold three times ever
SLEEPING = "p26"  # bought, and never sold since
PACK = 6.0
SUPPLIERS = [
    {
        "supplier_id": "s0",
        "name": "Dupont & Cie",
        "country": "FR",
        "language": "fr",
        "lead_time_days": 10.0,
        "payment_days": 45.0,
        "order_value_min": 150.0,
    },
    {
        "supplier_id": "s1",
        "name": f"Albion {SCRIPT}",
        "country": "GB",
        "language": "en",
        "lead_time_days": 14.0,
    },
    {"supplier_id": "s2", "name": FORMULA, "country": None, "language": None},
]
LEAD_DAYS = {"s0": (9, 2), "s1": (21, 6), "s2": (12, 0)}


class MadeUp(Sme):
    """An SME whose tables are in hand; what it keeps goes into a folder of its own."""

    def __init__(self, profile: SmeProfile, tables: dict[str, pd.DataFrame]) -> None:
        self.profile = profile
        self.workspace = None
        self.memory = None
        self._folder = tempfile.TemporaryDirectory(prefix="echannel-test-")  # gone with the SME
        self.store = SmeStore(Path(self._folder.name))
        self.tables = tables
        self.manifest = Manifest(1, "2026-11-16T08:00:00+00:00", "0.1.0", dict.fromkeys(tables, 1))

    def table(self, name: str) -> pd.DataFrame:
        return self.tables[name] if name in self.tables else STORED[name].empty()


def stocked(
    orientation: str = "both", country: str = "FR", orders: int = 2500, seed: int = 7, **without: bool
) -> MadeUp:
    """A firm with 27 products, three suppliers and one count of its stock.

    ``without`` leaves things out: ``costs``, ``suppliers``, ``purchases``, ``stock``.
    """
    tables = shop_tables(orientation, orders, country, seed)
    tables["products"] = _products(tables["products"], bool(without.get("costs")))
    tables["order_lines"] = _with_rare(tables["order_lines"])
    on_hand, bought = _bought_and_left(tables)
    tables["suppliers"] = canonical("suppliers", SUPPLIERS)
    tables["purchases"] = canonical("purchases", bought)
    tables["stock_levels"] = canonical("stock_levels", _counted(on_hand, orientation))
    for name, table in (("suppliers", "suppliers"), ("purchases", "purchases"), ("stock", "stock_levels")):
        if without.get(name):
            tables[table] = STORED[table].empty()
    profile = SmeProfile.model_validate(
        {
            "id": "stocked",
            "name": f"Stocked & Sons {SCRIPT}",
            "country": country,
            "languages": ["fr", "en"],
            "orientation": orientation,
            "currency": "EUR" if country == "FR" else "GBP",
            "timezone": "Europe/Paris",
            "vat": {"regime": "reel_normal" if country == "FR" else "standard"},
            "fiscal_year_start": "01-01",
            "launch_pad": "test",
            "sources": [{"id": "boutique", "connector": "files", "options": {}}],
        }
    )
    return MadeUp(profile, tables)


def _products(listed: pd.DataFrame, no_costs: bool) -> pd.DataFrame:
    rows = listed.astype(object).where(listed.notna(), None).to_dict("records")
    more = [
        {"product_id": RARE, "name": "Théière rare", "category": "Maison", "unit_cost": 9.0},
        {"product_id": SLEEPING, "name": "Nappe oubliée", "category": "Maison", "unit_cost": 20.0},
    ]
    made = []
    for at, row in enumerate([*rows, *more]):
        made.append(
            {
                **row,
                "supplier_id": f"s{at % 3}",
                "unit_cost": None if no_costs else row["unit_cost"],
                "price_net": 5.0 + at * 1.3,
                "order_quantity_multiple": PACK if at % 2 else None,
                "created_at": pd.Timestamp("2023-10-01", tz="UTC"),
            }
        )
    return canonical("products", made)


def _with_rare(lines: pd.DataFrame) -> pd.DataFrame:
    """Three lines of an ordinary product become the rare one's."""
    where = lines.index[(lines["product_id"] == "p00").to_numpy()][-400::160][:3]
    names = lines["product_id"].astype(object)
    names.loc[where] = RARE
    return lines.assign(product_id=names.astype("category"))


def _bought_and_left(tables: dict[str, pd.DataFrame]) -> tuple[pd.Series, list[dict]]:
    """What an owner who reorders by feel buys, and what is left; the first three products run low."""
    orders, lines = tables["orders"], tables["order_lines"]
    day_of = orders.loc[orders["status"] != "cancelled"].set_index("order_id")["local_day"]
    day = lines["order_id"].astype(object).map(day_of)
    sold = pd.crosstab(
        lines["product_id"].astype(object), day.astype("Int64"), values=lines["quantity"], aggfunc="sum"
    ).fillna(0.0)
    today = (TODAY - pd.Timestamp(0)).days
    ids = [str(one) for one in tables["products"]["product_id"]]
    sold = sold.reindex(index=ids, columns=range(int(orders["local_day"].min()), today + 1), fill_value=0.0)
    rng = np.random.default_rng(5)
    per_day = sold.mean(axis=1).to_numpy()
    supplier = [f"s{at % 3}" for at in range(len(ids))]
    mean, spread = (np.array([LEAD_DAYS[one][part] for one in supplier]) for part in (0, 1))
    held = np.ceil(per_day * 40) + 6
    refused: set[tuple[str, int]] = set()
    coming: list[tuple[int, int, float]] = []
    bought: list[dict] = []
    number = 0
    for at, now in enumerate(sold.columns):
        for due, row, units in [one for one in coming if one[0] == now]:
            held[row] += units
            coming.remove((due, row, units))
        asked = sold.to_numpy()[:, at]
        served = asked <= held
        refused |= {(ids[row], int(now)) for row in np.flatnonzero(~served)}
        held -= np.where(served, asked, 0.0)
        on_order = np.bincount([row for _, row, _ in coming], [u for *_, u in coming], len(ids))
        low = held + on_order < per_day * (mean + 3)
        low[:3] &= now < today - 50  # nobody looked after these for seven weeks
        for row in np.flatnonzero(low & (per_day > 0)):
            units = float(np.ceil(max(per_day[row] * 30, 3) / PACK) * PACK)
            due = now + int(max(1, round(rng.normal(mean[row], spread[row]))))
            coming.append((due, int(row), units))
            number += 1
            bought.append(
                {
                    "purchase_id": f"b{number:05d}",
                    "line_no": 1,
                    "supplier_id": supplier[row],
                    "product_id": ids[row],
                    "ordered_on": pd.Timestamp(0) + pd.Timedelta(days=int(now)),
                    "expected_on": pd.Timestamp(0) + pd.Timedelta(days=int(now + mean[row])),
                    "received_on": pd.Timestamp(0) + pd.Timedelta(days=due) if due <= today else None,
                    "quantity": units,
                    "received_quantity": units if due <= today else None,
                    "unit_cost": 2.0 + row * 0.5,
                }
            )
    there = [
        (str(one), at) not in refused for one, at in zip(lines["product_id"], day.fillna(-1), strict=True)
    ]
    tables["order_lines"] = lines[there].reset_index(drop=True)
    refunds = tables["refunds"]
    back = refunds.groupby(refunds["product_id"].astype(str))["quantity"].sum().reindex(ids).fillna(0.0)
    left = pd.Series(np.maximum(held + back.to_numpy(), 0.0), index=ids)
    left[SLEEPING] = 40.0
    return left, bought


def _counted(on_hand: pd.Series, orientation: str) -> list[dict]:
    """One count on the last day; firms that sell to firms have a second place and reserved goods."""
    two = orientation != "b2c"
    rows = []
    for at, (product, units) in enumerate(on_hand.items()):
        there = float(np.floor(units / 3)) if two and at % 4 == 0 else 0.0
        common = {"product_id": product, "as_of": TODAY}
        kept_back = float(min(2, units - there)) if two and at % 5 == 0 else 0.0
        rows.append({**common, "location": "main", "on_hand": units - there, "reserved": kept_back})
        if there:
            rows.append({**common, "location": "depot", "on_hand": there, "reserved": 0.0})
    return rows
