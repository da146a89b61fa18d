"""An SME's forecast kept on disk, and the season that a cohort lends without showing anybody's figures."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from stock_shop import MadeUp, stocked
from views_shop import shop_tables

from echannel import foresight
from echannel.peers import SEASON, season_text
from echannel.views import planning_sales_cards
from echannel.views.cards import to_page
from echannel.views.context import View
from echannel.workspace import Workspace


@pytest.fixture(scope="module")
def firm():
    return stocked("both", orders=900)


def test_a_forecast_is_computed_once_and_read_by_the_next_page(firm, monkeypatch):
    made = []
    real = foresight.computed
    monkeypatch.setattr(foresight, "computed", lambda *given: made.append(given) or real(*given))
    first = firm.turnover_forecast
    again = type(firm)(firm.profile, firm.tables)
    again.store = firm.store
    second = again.turnover_forecast
    assert len(made) == 1
    for one in fields(first):
        pd.testing.assert_frame_equal(getattr(first, one.name), getattr(second, one.name), check_dtype=False)
    np.testing.assert_array_equal(first.paths(20, 4), second.paths(20, 4))
    assert first.start == first.past["month"].iloc[-1] + 1


def test_what_a_forecast_rests_on_is_in_its_key(firm):
    other = type(firm)(firm.profile, firm.tables)
    other.manifest = replace(firm.manifest, files={"orders": ["another.parquet"]})
    keys = {foresight._key(firm, None), foresight._key(firm, "b2c"), foresight._key(other, None)}
    assert len(keys) == 3


def cohort_of(tmp_path, firm, monkeypatch, n: int) -> Workspace:
    """A cohort of ``n`` firms that all trade like ``firm``."""
    workspace = Workspace(tmp_path)
    (workspace.parameters / "cohorts").mkdir(parents=True)
    names = [f"firm-{at}" for at in range(n)]
    (workspace.parameters / "cohorts" / "pilot.yml").write_text(
        "id: pilot\nname: {en: Pilot, fr: Pilote}\nlaunch_pads: [test]\n"
        f"groups: [{{id: one, name: {{en: One, fr: Un}}, smes: [{', '.join(names)}]}}]\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("echannel.sme.open_sme", lambda name, where: firm)
    return workspace


def test_a_cohorts_season_is_twelve_factors_and_no_figure(tmp_path, firm, monkeypatch):
    workspace = cohort_of(tmp_path, firm, monkeypatch, 6)
    assert foresight.write_season(workspace, "pilot") == ("all",)
    (path,) = (workspace.store.parent / "seasons").iterdir()
    content = json.loads(path.read_text(encoding="utf-8"))
    assert set(content) == {"all"} and set(content["all"]) == {"index", "spread", "firms"}
    assert content["all"]["firms"] == 5  # never how many exactly
    assert len(content["all"]["index"]) == 12 and np.mean(np.log(content["all"]["index"])) == pytest.approx(
        0, abs=0.01
    )
    assert "firm-" not in path.read_text(encoding="utf-8")

    young = type(firm)(firm.profile.model_copy(update={"id": "firm-3"}), firm.tables)
    young.workspace = workspace
    lent = foresight.season_of_peers(young)
    assert lent is not None and lent.log_index.sum() == pytest.approx(0, abs=1e-9)
    assert foresight._key(young, None) != foresight._key(firm, None)

    # A kernel of this firm alone opens no cohort's file: it is handed the same shape, and no name.
    by_file, text = foresight._key(young, None), season_text(workspace, young.profile)
    assert "firm" not in text.replace('"firms"', "") and "pilot" not in text
    monkeypatch.setenv(SEASON, text)
    young.workspace = Workspace(tmp_path / "elsewhere")
    assert foresight._key(young, None) == by_file
    monkeypatch.setenv(SEASON, "")
    assert foresight.season_of_peers(young) is None
    monkeypatch.delenv(SEASON)
    young.workspace = workspace
    stranger = type(firm)(firm.profile, firm.tables)
    stranger.workspace = workspace
    assert foresight.season_of_peers(stranger) is None
    path.write_text('{"all": {"index": [1, 2]}}', encoding="utf-8")
    assert foresight.season_of_peers(young) is None


def test_a_small_cohort_pools_nothing(tmp_path, firm, monkeypatch):
    workspace = cohort_of(tmp_path, firm, monkeypatch, 4)
    assert foresight.write_season(workspace, "pilot") == ()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_cards_answer_in_the_readers_language(firm, language):
    view = View(firm, firm.speaker(language))
    made = planning_sales_cards.forecast(view), planning_sales_cards.forecast_record(view)
    drivers = planning_sales_cards.sales_drivers(view)
    for card in (*made, drivers):
        page = to_page(card, view.say, "boutique")
        assert card.sentence and "<script>alert" not in page
    year = firm.turnover_forecast.mean[:12].sum()
    assert view.say.money(float(year), decimals=0) in made[0].sentence
    assert len(made[0].table.frame) == 36
    assert {"b2b", "b2c"} == set(drivers.table.frame["kind"])
    products = drivers.table.frame.groupby("kind")["value"].prod()
    for kind in ("b2b", "b2c"):
        assert view.say.money(float(products[kind]), decimals=0) in drivers.sentence


def test_a_firm_too_young_is_told_why(firm):
    young = MadeUp(firm.profile, shop_tables("b2c", 60, "FR", 7, months=2))
    view = View(young, young.speaker("en"))
    card = planning_sales_cards.forecast(view)
    assert card.missing == ("reason.few_months_to_forecast",) and not card.figures
    assert view.say(card.missing[0]) in to_page(card, view.say, "boutique").replace("&#x27;", "'")
