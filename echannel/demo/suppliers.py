"""Whom a firm buys from: eight invented suppliers, their terms, and how they keep them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.demo.firms import Firm

BREAKS = ((1, 0.0), (5, 0.04), (15, 0.08))  # from so many smallest orders on, so much less
_FRESH = {"food", "wine", "cosmetics", "garden"}
_LANGUAGE = {"GB": "en", "FR": "fr", "CN": "en", "PT": "pt", "IT": "it"}
_CURRENCY = {"GB": "GBP", "FR": "EUR", "CN": "USD", "PT": "EUR", "IT": "EUR"}
# Agreed lead times, how far they spread (of their logarithm), and how often a delivery is quite late.
_LEAD = {"home": ((4, 7, 10, 14), 0.12, 0.06), "across": ((12, 16, 21), 0.22, 0.18),
         "near": ((14, 20, 28), 0.2, 0.12), "far": ((45, 60), 0.18, 0.25)}  # fmt: skip
# Names as they come in: untrusted text, as customers' names are.
_NAMES = {
    "GB": ("Medway Wholesale Ltd", "Hartley & Sons <Trade>", "Albion Supplies Ltd", "=Wealden Mills Ltd",
           "Stour Valley Trading Ltd", "Pennine Packing Ltd"),
    "FR": ("Établissements Kerdoncuff", "Le Guen & Fils <Gros>", "Comptoir de l'Aulne SARL", "=Sté Morvan",
           "Ateliers du Blavet", "Maison Quéméner SAS"),
    "CN": ("Bright Harbour Trading Co., Ltd",),
    "PT": ("Oficina do Minho Lda",),
    "IT": ("Fratelli Bonacorsi S.r.l.",),
}  # fmt: skip


def suppliers(firm: Firm, rng: np.random.Generator) -> pd.DataFrame:
    """The suppliers S01 to S08, one row each.

    ``lead`` (agreed days), ``spread`` and ``late`` (chance of a long delay), ``terms`` (days),
    ``order_cost`` and ``order_minimum`` (the firm's currency; NaN: none), ``rhythm`` (days between
    orders), ``drift`` (of prices, per year), ``breaks`` (prices fall with the quantity).
    """
    other = "FR" if firm.country == "GB" else "GB"
    abroad = "IT" if firm.country == "GB" else "PT"
    far = firm.country if firm.sector in _FRESH else "CN"
    country = rng.permutation([*[firm.country] * 4, other, other, abroad, far])
    where = np.select(
        [country == firm.country, country == other, country == "CN"], ["home", "across", "far"], "near"
    )
    rhythm = rng.integers(14, 30, 8) if firm.sector in _FRESH else rng.integers(28, 61, 8)
    return pd.DataFrame(
        {
            "supplier": [f"S{number:02d}" for number in range(1, 9)],
            "name": _named(country),
            "country": country,
            "language": [_LANGUAGE[code] for code in country],
            "currency": [_CURRENCY[code] for code in country],
            "lead": [int(rng.choice(_LEAD[kind][0])) for kind in where],
            "spread": [_LEAD[kind][1] for kind in where],
            "late": [_LEAD[kind][2] for kind in where],
            "terms": rng.choice([0, 14, 30, 30, 30, 45, 60], 8),
            "order_cost": np.where(where == "home", 18.0, np.where(where == "far", 140.0, 55.0)),
            "order_minimum": rng.choice([np.nan, np.nan, 100.0, 150.0, 250.0, 500.0], 8),
            "rhythm": np.where(where == "far", 120, rhythm),
            "drift": rng.choice([0.0, 0.02, 0.04, 0.07], 8),
            "breaks": rng.permutation([True] * 3 + [False] * 5),
        }
    )


def _named(country: np.ndarray) -> list[str]:
    nth = pd.Series(country).groupby(country).cumcount()
    return [_NAMES[code][at] for code, at in zip(country, nth, strict=True)]


def lead_times(known: pd.DataFrame, number: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Days that each delivery took, by the supplier's row ``number``."""
    lead, spread, late = (known[name].to_numpy()[number] for name in ("lead", "spread", "late"))
    usual = lead * np.exp(rng.normal(-0.8 * spread, spread))
    delay = np.where(rng.random(len(number)) < late, rng.integers(5, 22, len(number)), 0)
    return np.maximum(1, np.rint(usual) + delay).astype(int)
