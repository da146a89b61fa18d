"""What two firms of the demonstration noted down of their competitors' prices abroad."""

from __future__ import annotations

from datetime import timedelta
from zlib import crc32

import numpy as np
import pandas as pd

from echannel.demo.formats.base import money
from echannel.demo.trade import Trade

PRODUCTS = 6
# firm: market, currency, its units for one of the firm's, made-up competitors
_ACROSS = {
    "kent-gifts": ("FR", "EUR", 1.19, ("La Malle aux Cadeaux", "Maison Garance", "Petit Comptoir")),
    "breizh-epicerie": ("GB", "GBP", 0.84, ("The Salty Larder", "Galette & Co", "Harbour Pantry")),
}
_HEADERS = {
    "GB": ["Market", "Product", "Competitor", "Price", "Currency", "Date", "Note"],
    "FR": ["Pays", "Produit", "Concurrent", "Prix", "Devise", "Date", "Note"],
}


def competitors(trade: Trade, seed: int) -> pd.DataFrame | None:
    """The ``competitors.csv`` of a firm that keeps one; its last row names a product that is not sold."""
    firm = trade.firm
    if firm.id not in _ACROSS:
        return None
    market, currency, rate, rivals = _ACROSS[firm.id]
    rng = np.random.default_rng([seed, crc32(f"{firm.id} competitors".encode())])
    best = trade.lines["product"].value_counts(sort=True).index[:PRODUCTS]
    known = trade.products.loc[sorted(best)]
    seen = pd.Timestamp(trade.last) - timedelta(days=40)
    rows = []
    for product, gross in zip(known["product_id"], known["gross"], strict=True):
        for rival in rng.permutation(rivals)[: rng.integers(2, 4)]:
            price = round(float(gross) * rate * rng.uniform(0.82, 1.22), 1) - 0.05
            day = seen + timedelta(days=int(rng.integers(0, 40)))
            rows.append([market, product, rival, price, currency, f"{day:%Y-%m-%d}", ""])
    rows.append([market, "XX-0000", rivals[0], 12.95, currency, f"{seen:%Y-%m-%d}", ""])
    frame = pd.DataFrame(rows, columns=_HEADERS[firm.country])
    frame[_HEADERS[firm.country][3]] = money(frame.iloc[:, 3], comma=firm.country == "FR")
    return frame
