"""A thousand years of 5,000 products in numpy, against the same weeks in a plain Python loop.

``python -m benchmarks.inventory_simulation [PRODUCTS] [YEARS]`` (default 5 000 × 1 000). The plain loop runs
a small part, and its time per product and year is compared. Both must agree on the share of units served.
"""

from __future__ import annotations

import random
import sys
import time

import numpy as np
import pandas as pd

from echannel.metrics.inventory.distributions import demand_kind
from echannel.metrics.inventory.simulation import RUN_IN, WEEKS, _Inputs, _inputs, simulate

PLAIN_PRODUCTS, PLAIN_YEARS = 40, 25


def policies(products: int) -> pd.DataFrame:
    """Random policies: a few units a year to some thousand, steady to lumpy, lead times of 1 to 9 weeks."""
    rng = np.random.default_rng(1)
    per_day = rng.gamma(0.6, 3.0, products) + 0.02
    sd_day = per_day * rng.uniform(0.5, 4.0, products)
    lead = rng.uniform(5, 60, products)
    sd = np.sqrt((lead + 7) * sd_day**2 + (per_day * lead * 0.2) ** 2)
    return pd.DataFrame(
        {
            "per_day": per_day,
            "sd_day": sd_day,
            "lead_time_days": lead,
            "lead_time_sd_days": lead * 0.2,
            "review_days": 7.0,
            "distribution": demand_kind(per_day * (lead + 7), sd),
            "reorder_point": np.ceil(per_day * (lead + 7) + 1.3 * sd),
            "order_quantity": np.ceil(per_day * 30),
        }
    )


def plain(inputs: _Inputs, years: int) -> float:
    """The share of units served: one product, one year, one week after the other."""
    draw = random.Random(1)
    wished_in_all = served_in_all = 0.0
    tables = [(d.tolist(), w.tolist()) for d, w in zip(inputs.demand, inputs.lead, strict=True)]
    rest = zip(tables, inputs.point.tolist(), inputs.quantity.tolist(), inputs.every.tolist(), strict=True)
    for (demand, lead), point, quantity, every in rest:
        for _ in range(years):
            stock, on_order, coming = point + quantity * draw.random(), 0.0, {}
            for week in range(RUN_IN + WEEKS):
                arrived = coming.pop(week, 0.0)
                stock += arrived
                on_order -= arrived
                wished = demand[draw.randrange(len(demand))]
                served = min(stock, wished)
                stock -= served
                if week >= RUN_IN:
                    wished_in_all += wished
                    served_in_all += served
                if week % every == 0 and stock + on_order <= point:
                    bought = ((point - stock - on_order) // quantity + 1) * quantity
                    due = week + lead[draw.randrange(len(lead))]
                    coming[due] = coming.get(due, 0.0) + bought
                    on_order += bought
    return served_in_all / wished_in_all


def main(products: int = 5_000, years: int = 1_000) -> None:
    plan = policies(products)
    few = plan[:PLAIN_PRODUCTS]
    started = time.perf_counter()
    slow = plain(_inputs(few), PLAIN_YEARS)
    plain_time = (time.perf_counter() - started) / (len(few) * PLAIN_YEARS)
    same = simulate(few, 400)
    quick = same.sold.sum(dtype="float64") / same.asked.sum(dtype="float64")
    if abs(slow - quick) > 0.01:
        raise SystemExit(f"the share of units served differs: {slow:.4f} and {quick:.4f}")
    started = time.perf_counter()
    found = simulate(plan, years)
    seconds = time.perf_counter() - started
    served = found.sold.sum(dtype="float64") / found.asked.sum(dtype="float64")
    weeks = products * years * (RUN_IN + WEEKS)
    ratio = plain_time / (seconds / products / years)
    print(f"{products} products x {years} years: {seconds:.1f} s, {weeks / seconds / 1e6:.0f} M weeks/s")
    print(f"share of units served: {served:.4f}; of {len(few)} products {quick:.4f}, plain loop {slow:.4f}")
    print(f"plain loop: {plain_time * 1e6:.0f} us a product and year, {ratio:.0f} x")


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:3]))
