"""The ranking with its bands against a plain loop, and how long a slider of the market page takes.

``python -m benchmarks.market [SME]``: 200 made-up markets on 10 criteria, 10,000 draws of weights and
figures; the loop draws, weighs and sorts one draw at a time, as one would write it first, and is timed on a
twentieth of the draws. With a synced SME of the workspace around, also the page's redraw.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from echannel.metrics.market import ranking, stability

MARKETS, CRITERIA = 200, 10
LOOPED = 500
REPEATS = 5


def made_up() -> tuple[pd.DataFrame, dict[str, float], dict[str, int], pd.DataFrame]:
    """Figures, weights, directions, and standard deviations of the figures."""
    rng = np.random.default_rng(1)
    names = [f"c{n}" for n in range(CRITERIA)]
    matrix = pd.DataFrame(rng.random((MARKETS, CRITERIA)), [f"m{n}" for n in range(MARKETS)], names)
    matrix = matrix.mask(rng.random(matrix.shape) < 0.05)
    return matrix, dict.fromkeys(names, 1.0), dict.fromkeys(names, 1), matrix * 0 + 0.05


def loop(
    matrix: pd.DataFrame,
    weights: dict[str, float],
    directions: dict[str, int],
    spread: pd.DataFrame,
    draws: int,
) -> pd.DataFrame:
    """The same, one draw after another; what is not known is drawn from its criterion's mean and spread."""
    rng = np.random.default_rng(0)
    share = ranking.checked_weights(weights, matrix.columns)
    bounds = ranking.bounds_of(matrix)
    filled, deviation = matrix.fillna(matrix.mean()), spread.fillna(matrix.std(ddof=0))
    places = []
    for _ in range(draws):
        moved = filled + rng.normal(0, 1, matrix.shape) * deviation
        score = (moved - bounds["low"]) / (bounds["high"] - bounds["low"])
        score = score @ rng.dirichlet(stability.CONCENTRATION * share)
        places.append(score.rank(ascending=False).to_numpy())
    return pd.DataFrame(
        np.percentile(places, [10, 50, 90], axis=0).T, matrix.index, ["low", "middle", "high"]
    )


def timed(work: Callable[[], object]) -> float:
    """Seconds of the quickest of some runs."""
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def bands() -> None:
    """Prints the time of the bands, of the loop for as many draws, and their ratio."""
    matrix, weights, directions, spread = made_up()
    start = time.perf_counter()
    looped = loop(matrix, weights, directions, spread, LOOPED)
    plain = (time.perf_counter() - start) * stability.DRAWS / LOOPED
    for method in ranking.METHODS:
        seconds = timed(lambda m=method: stability.rank_bands(matrix, weights, directions, spread, method=m))  # type: ignore[misc]
        print(f"{method}: {1000 * seconds:.0f} ms for {MARKETS} markets × {stability.DRAWS} draws", end="")
        print(f", a plain loop {plain:.1f} s: {plain / seconds:.0f} ×")
    found = stability.rank_bands(matrix, weights, directions, spread).bands
    print(
        f"places apart from the loop's, on average: {(found['middle'] - looped['middle']).abs().mean():.2f}"
    )


def page(sme_id: str) -> None:
    """Prints how long the market page takes first, and again when a weight, the market or the day moves."""
    import json
    from dataclasses import replace
    from datetime import date
    from pathlib import Path

    from echannel.sme import open_sme
    from echannel.views import page as pages
    from echannel.views.context import Choice
    from echannel.views.market_choice import MarketChoice
    from echannel.views.page import Page

    sme = open_sme(sme_id)
    assert len(sme.sales.orders) >= 0
    pages.display = lambda *_: None
    shown = Page("market", sme, sme.speaker(), "live")
    names = {"page": shown}
    start = time.perf_counter()
    shown.head()
    notebook = json.loads((Path(__file__).parents[1] / "notebooks/market.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if "open_page(" not in source:
            exec(source, names)
    print(f"first page {time.perf_counter() - start:.2f} s")
    base = MarketChoice(rules_on=date(2026, 11, 24))
    tried = {
        "a weight": replace(base, weights=(("size", 20.0),)),
        "another": replace(base, weights=(("size", 20.0), ("distance", 3.0))),
        "market": replace(base, market="DE"),
        "method": replace(base, market="DE", method="topsis"),
        "day": replace(base, market="DE", rules_on=date(2026, 6, 30)),
    }
    for name, choice in tried.items():
        start, used = time.perf_counter(), time.process_time()
        shown.redraw(Choice(market=choice))
        print(f"{name}: {time.perf_counter() - start:.3f} s, {time.process_time() - used:.3f} s of one core")


if __name__ == "__main__":
    bands()
    if len(sys.argv) > 1:
        page(sys.argv[1])
