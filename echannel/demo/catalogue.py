"""What a firm sells: products with prices, costs, lives, stock-outs and partners in the basket."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml

from echannel.demo.firms import Firm

# Names as they come out of real shops: untrusted text for whoever shows or exports them.
NASTY = {
    "GB": (
        'Mystery box <script>alert("box")</script>',
        '=HYPERLINK("http://example.org","Click")',
        "Salt & pepper 🧂 set",
        "+44 Party pack, “large”",
    ),
    "FR": (
        'Pochette <script>alert("surprise")</script>',
        '=HYPERLINK("http://example.org";"Cliquez")',
        "Sel & poivre 🧂 du marin",
        "@ffiche « L'été à la plage »",
    ),
}
RAMP, FADE = 75, 150  # days in which a new product finds its buyers, and an old one loses them


@lru_cache
def words() -> dict[str, Any]:
    """The vocabulary of ``words.yml``."""
    return yaml.safe_load((files("echannel.demo") / "words.yml").read_text(encoding="utf-8"))


def catalogue(firm: Firm, days: int, rng: np.random.Generator) -> pd.DataFrame:
    """The products of a firm, one row each, by number; ``days`` is the length of the window.

    Prices in the firm's currency: ``gross`` (with VAT) and ``net`` on the first day; ``change_day`` and
    ``change`` say when and by how much they move. ``born``, ``dies``, ``out_from``, ``out_to`` are days.
    """
    frame = _named(firm, rng)
    n = len(frame)
    position = rng.beta(1.2, 2.5, n)
    low, high = frame.pop("low"), frame.pop("high")
    asked = low + position * (high - low)
    gross = np.floor(asked) + rng.choice([0.5, 0.9, 0.95], n)
    rate = frame["vat"] if firm.registered else 0.0 * frame["vat"]
    net = np.round(gross / (1 + rate), 2)
    new = rng.random(n) < 0.3
    old = ~new & (rng.random(n) < 0.2)
    lean = rng.random(n) < firm.intermittent
    popularity = (1 + rng.permutation(n)) ** -0.75 * rng.lognormal(0, 0.3, n)
    out = rng.random(n) < 0.25
    out_from = rng.integers(30, max(31, days - 30), n)
    return frame.assign(
        vat=rate,
        gross=gross,
        net=net,
        cost=np.round(net * np.clip(frame.pop("cost_part") + rng.normal(0, 0.06, n), 0.1, 0.92), 2),
        cost_known=rng.permutation(n) >= round(firm.missing_costs * n),
        born=np.where(new, rng.integers(0, max(1, days - 60), n), -10_000),
        dies=np.where(old, rng.integers(days // 3, days, n), 10_000),
        change_day=rng.integers(days // 4, days, n),
        change=np.where(rng.random(n) < 0.5, rng.choice([0.95, 1.03, 1.05, 1.08, 1.12], n), 1.0),
        popularity=np.where(lean, popularity * 0.15, popularity),
        lot=np.where(lean, rng.integers(2, 9, n), 1),
        on_sale=(rng.random(n) < 0.45) & ~new,
        out_from=np.where(out, out_from, 10_000),
        out_to=np.where(out, out_from + rng.integers(6, 28, n), 10_000),
        partner=np.where(rng.random(n) < 0.15, rng.integers(0, n, n), -1),
        weight=np.round(rng.lognormal(-0.8, 0.8, n), 2),
        lead_time=rng.choice([3, 5, 7, 10, 14, 21, 35], n),
        order_minimum=rng.choice([1, 6, 10, 12, 24], n),
        supplier=[f"S{number:02d}" for number in rng.integers(1, 9, n)],
        origin=_origin(
            firm, rng.choice([firm.country, "FR", "GB", "CN", "PT"], n, p=[0.5, 0.15, 0.1, 0.15, 0.1])
        ),
    )


def life(products: pd.DataFrame, product: np.ndarray, day: np.ndarray, month: np.ndarray) -> np.ndarray:
    """How much of its full demand a product finds on a day, 0 to 1: ramp, fading, season."""
    born = products["born"].to_numpy()[product]
    dies = products["dies"].to_numpy()[product]
    level = np.clip((day - born) / RAMP, 0, 1) * np.clip((dies - day) / FADE, 0, 1)
    in_season = np.stack(products["season"].to_list())[product, month - 1]
    return np.where(day >= born, level, 0.0) * in_season


def out_of_stock(products: pd.DataFrame, product: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Whether a product was sold out on a day."""
    since = products["out_from"].to_numpy()[product]
    until = products["out_to"].to_numpy()[product]
    return (day >= since) & (day < until)


def _named(firm: Firm, rng: np.random.Generator) -> pd.DataFrame:
    sector = words()[firm.country][firm.sector]
    rows = []
    for category, about in sector["categories"].items():
        always = "season" not in about
        season = np.array([always or month in about["season"] for month in range(1, 13)])
        low, high = about["price"]
        codes = about.get("hs", [""] * len(about["things"]))
        for thing, code in zip(about["things"], codes, strict=True):
            for kind in sector["kinds"]:
                name = _title(firm, thing, kind)
                rows.append((name, category, low, high, about["vat"], about["cost"], season, code))
    columns = ["name", "category", "low", "high", "vat", "cost_part", "season", "hs_code"]
    every = pd.DataFrame(rows, columns=columns)
    chosen = rng.choice(len(every), firm.products, replace=firm.products > len(every))
    frame = every.iloc[np.sort(chosen)].reset_index(drop=True)
    again = frame.groupby("name").cumcount()
    frame["name"] = frame["name"] + [f" {chr(65 + number)}" if number else "" for number in again]
    nasty = NASTY[firm.country]
    odd = rng.choice(len(frame), len(nasty), replace=False)
    frame.loc[odd, "name"] = list(nasty)
    prefix = "".join(word[0] for word in firm.id.split("-")).upper()
    frame.insert(0, "product_id", [f"{prefix}-{1001 + number}" for number in range(len(frame))])
    return frame


def _origin(firm: Firm, drawn: np.ndarray) -> np.ndarray:
    """Where products were made; a French grocer's come from home, but for the tins from Portugal."""
    if firm.country == "FR" and firm.sector == "food":
        return np.where(drawn == "PT", "PT", "FR")
    return drawn


def _title(firm: Firm, thing: str, kind: str) -> str:
    if firm.country == "FR" or firm.sector in {"parts", "books"}:
        return f"{thing} {kind}"
    name = f"{kind} {thing.lower()}"
    return name[0].upper() + name[1:]
