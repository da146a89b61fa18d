"""Imports by market: newest year, growth, and what size, income and distance would lead one to expect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from echannel.metrics.market.imports import import_figures, import_potential


def test_newest_year_and_growth_by_hand() -> None:
    trade = pd.DataFrame(
        {
            "market": ["FR"] * 3 + ["DE", "MT", "MT", "IT"],
            "year": [2020, 2022, 2024, 2023, 2020, 2024, 2024],
            "value": [100.0, np.nan, 121.0 * 1.21, 50.0, 0.0, 7.0, np.nan],
        }
    )
    found = import_figures(trade)
    assert found.loc["FR"].tolist() == pytest.approx([146.41, 0.1, 2024])
    assert found.loc["DE", "imports"] == 50 and np.isnan(found.loc["DE", "imports_growth"])
    assert found.loc["MT", "imports"] == 7 and np.isnan(found.loc["MT", "imports_growth"])
    assert "IT" not in found.index


def test_a_market_that_imports_half_of_what_its_like_do_has_the_most_to_give() -> None:
    rng = np.random.default_rng(3)
    names = [f"M{i}" for i in range(30)]
    size = pd.Series(np.exp(rng.normal(27, 1.2, 30)), names)
    income = pd.Series(np.exp(rng.normal(10.5, 0.4, 30)), names)
    distance = pd.Series(np.exp(rng.normal(7.5, 0.8, 30)), names)
    usual = 1e-3 * size**0.9 * income**0.3 * distance**-0.2
    usual["M7"] = usual.max() / 2
    size["M7"], income["M7"], distance["M7"] = size.max(), income.max(), distance.min()
    trade = pd.DataFrame(
        {
            "market": np.repeat(names, 5),
            "year": np.tile(np.arange(2020, 2025), 30),
            "value": np.repeat(usual.to_numpy(), 5) * rng.uniform(0.9, 1.1, 150),
        }
    )
    model, found = import_potential(trade, size, income, distance)
    assert model.status == "ok" and model.n == 150
    assert found.index[0] == "M7"
    assert (found["unrealised"] >= 0).all() and set(found["year"]) == {2024}
    few, nothing = import_potential(trade.head(5), size, income, distance)
    assert few.status == "too_few" and nothing["expected"].isna().all()
