"""Landed cost of a whole catalogue in forty markets, against a plain loop over products.

``python -m benchmarks.market_landed [PRODUCTS]``: by default 10 000 products × 40 markets, every step of each
with who bears it, and the margins. The loop computes goods, customs value, duty, flat duty, VAT and total of
one parcel after the other in plain Python, with the same rules and rounding, on some of the same products;
its totals are compared with ours.
"""

from __future__ import annotations

import sys
import time
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

from echannel.countries.trade import area_members, trade_rules
from echannel.metrics.market.crossing import Route
from echannel.metrics.market.landed import Landed, landed_cost
from echannel.metrics.market.margin import SellingCosts, margins
from echannel.metrics.market.parcels import parcels_of

ON = date(2026, 11, 24)
OTHERS = ("US", "CA", "AU", "NZ", "JP", "SG", "AE", "MA", "TR", "CH", "NO", "IS", "KR")
MARKETS = (*area_members("FR"), *OTHERS)
LOOP = 200
DUTY = {"340600": 0.0, "691110": 0.12, "482010": 0.0, "630291": 0.12}


def catalogue(products: int) -> pd.DataFrame:
    """Single-product parcels on both sides of the limit, half of them of proven origin."""
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "parcel": np.arange(products),
            "quantity": 1.0,
            "unit_price": rng.uniform(3, 400, products).round(2),
            "hs_code": rng.choice(list(DUTY), products),
            "origin_country": rng.choice(["GB", "CN"], products),
            "proven": True,
        }
    )


def routes() -> list[Route]:
    """The ways to forty markets, duty rates entered for all."""
    return [
        Route(trade_rules("GB", market, ON), 0.2, currency_rate=1.2, carriage=9.5, duty_rates=DUTY)
        for market in MARKETS
    ]


def ours(lines: pd.DataFrame, ways: list[Route]) -> tuple[float, float, Landed]:
    """Seconds for the landed cost, and for the margins, of all products in all markets."""
    started = time.perf_counter()
    parcels = parcels_of(lines)
    found = landed_cost(parcels, ways)
    middle = time.perf_counter()
    cost = lines["unit_price"].to_numpy() * 0.45
    margins(parcels, cost, ways, [SellingCosts(9.5, 0.015, 0.25)] * len(ways))
    return middle - started, time.perf_counter() - middle, found


def loop(lines: pd.DataFrame, ways: list[Route]) -> tuple[float, np.ndarray]:
    """Seconds of the plain loop, and its totals ``(products, markets)``."""
    started = time.perf_counter()
    totals = [[_one(line, way) for way in ways] for line in lines.itertuples(index=False)]
    return time.perf_counter() - started, np.array(totals)


def _cents(value: float) -> float:
    return float(Decimal(str(round(value, 8))).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _one(line: object, way: Route) -> float:
    goods = _cents(line.unit_price * way.currency_rate)
    charged = goods + _cents(way.carriage * way.currency_rate)
    rules, duty = way.rules, 0.0
    flat = rules.rule("flat_duty", "b2c")
    tax = rules.rule("parcel_tax", "b2c")
    if flat is not None and goods <= flat.up_to:
        duty = flat.amount + (tax.amount if tax else 0.0)  # through IOSS, whatever the origin
    elif line.origin_country not in rules.partners:
        duty = _cents(charged * DUTY[line.hs_code])
    return round(charged + duty + _cents((charged + duty) * way.vat_rate), 2)


def main() -> None:
    products = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    lines, ways = catalogue(products), routes()
    ours(lines.head(100), ways)
    landed, margin, found = min((ours(lines, ways) for _ in range(3)), key=lambda one: one[0])
    seconds, totals = loop(lines.head(LOOP), ways)
    same = np.allclose(found["total"][:LOOP], totals, atol=0.005)
    per_product = seconds / min(LOOP, products)
    share = landed / products / per_product
    print(f"landed cost, {products} products x {len(ways)} markets: {landed:.2f} s (at most 1 s)")
    print(f"margins of the same: {margin:.2f} s")
    print(f"plain loop: {per_product * products:.1f} s for as many; ours takes {share:.3f} of it")
    print("totals agree to the cent" if same else "TOTALS DIFFER")
    if not same or landed > 1:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
