"""From a source's answer, or its silence, to what the market page shows: years, the snapshot with its age."""

from __future__ import annotations

import socket
from datetime import date
from types import SimpleNamespace

import pytest
from fakes.server import FakeServer, Reply
from live_help import SOURCES, live
from test_clients import bank_page, bank_row, rates_zip, stat
from test_lookups import FIRM
from test_views_market_sheet import seen
from views_shop import shop

from echannel.cli import run
from echannel.reference import comtrade, console
from echannel.reference.http import Limits, Live
from echannel.reference.snapshot import markets
from echannel.views import market_facts, market_lookups, market_sheet_cards, market_trend_cards
from echannel.workspace import Workspace

YEARS = (2021, 2022, 2024)  # 2023 is a gap


def app(call):
    """Every source with several years, and trade of the firm's goods."""
    known = markets()
    if call.path.startswith("/country"):
        years = (2022,) if "LPI" in call.path else YEARS
        return bank_page([bank_row(iso3, year, year - 2000.0) for iso3 in known["iso3"] for year in years])
    if "isoc_ec_ib20" in call.path:
        members = list(known.index[known["eu_member"]])
        values = {str(n): 50.0 + n % 3 for n in range(len(members) * len(YEARS))}
        return stat(values, geo=members, time=[str(year) for year in YEARS])
    if call.path.endswith(".zip"):
        return Reply(rates_zip("Date,USD,GBP,\n2026-11-23,1.25,0.8,\n"))
    if "cmdCode" in call.params:
        row = {"flowCode": "M", "cmdCode": call.params["cmdCode"], "period": call.params["period"]}
        return {"data": [{**row, "reporterCode": int(code), "primaryValue": 1e6 * int(call.params["period"])}
                         for code in known["comtrade_code"]]}  # fmt: skip
    return Reply(b"", 404)


@pytest.fixture(scope="module")
def made() -> SimpleNamespace:
    return shop("both", orders=300, country="GB")


@pytest.fixture
def firm(made, tmp_path, monkeypatch) -> SimpleNamespace:
    kept = SimpleNamespace(**vars(made))
    kept.workspace = Workspace(tmp_path)
    (tmp_path / "parameters").mkdir()
    monkeypatch.setenv("ECHANNEL_ROOT", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("ECHANNEL_LIVE", raising=False)
    return kept


def refreshed(firm, server, monkeypatch, language="en") -> int:
    monkeypatch.setattr(console, "Live", lambda place, online=None: live(place.root, server))
    return run(["reference", "refresh", "--lang", language], {})


def test_a_refresh_brings_years_that_the_page_draws_with_the_gap_left_open(firm, monkeypatch):
    before = market_trend_cards.over_time(seen(firm, "DE"))
    assert "reference refresh" in before.note and "Income per head" in before.note
    with FakeServer(app) as server:
        assert refreshed(firm, server, monkeypatch) == 0
        way = live(firm.workspace.root, server)
        assert comtrade.imports(way, "691200", list(YEARS))["value"].notna().all()
    for language in ("en", "fr"):
        card = market_trend_cards.over_time(seen(firm, "DE", language))
        drawn = {chart["layout"]["title"]["text"]: chart["data"][0] for chart in card.figures[1:]}
        income = next(
            one for name, one in drawn.items() if name in ("Income per head", "Revenu par habitant")
        )
        assert income["x"] == [2021, 2022, 2023, 2024]
        assert income["y"] == [21.0, 22.0, None, 24.0]
        assert income["text"][2] == "–"
        table = card.table.frame
        assert set(table.loc[table["figure"] == "gdp", "year"]) >= {2021, 2022, 2024}


def test_imports_of_the_goods_are_drawn_over_the_years_that_were_fetched(firm, monkeypatch):
    import pandas as pd

    flows = pd.DataFrame({"market": "DE", "year": [2020, 2021], "value": [2e6, 3e6], "hs_code": "691200"})
    monkeypatch.setattr(market_facts, "trade_of", lambda *_: flows)
    card = market_trend_cards.over_time(seen(firm, "DE"))
    assert next(c for c in card.figures[1:] if c["data"][0]["y"] == [2e6, 3e6])["data"][0]["x"] == [
        2020,
        2021,
    ]
    assert "reference refresh" not in card.note.split("one year")[0] and "not there yet" not in card.note


@pytest.mark.parametrize("fault", ["500", "429", "503 maintenance", "html"])
def test_a_source_that_is_ill_leaves_the_snapshot_with_its_age_and_says_so(firm, monkeypatch, capsys, fault):
    shown = market_sheet_cards.like_what(seen(firm, "DE")).table.frame
    with FakeServer(app) as server:
        server.fail(fault, times=None)
        assert refreshed(firm, server, monkeypatch, "fr") == 1
    said = capsys.readouterr().out
    assert "inchangé" in said and "World Bank" in said and "Traceback" not in said
    again = market_sheet_cards.like_what(seen(firm, "DE")).table.frame
    assert again.equals(shown) and again["years"].str.fullmatch(r"20\d\d").sum() == 9


def dead(place: Workspace) -> Live:
    """A way to an address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    return Live(place, True, dict.fromkeys(SOURCES, url), Limits(sleep=lambda _: None, connect=1.0))


def test_a_dead_address_stops_neither_the_command_nor_the_page(firm, monkeypatch, capsys):
    monkeypatch.setattr(console, "Live", lambda place, online=None: dead(place))
    assert run(["reference", "refresh"], {}) == 1
    said = capsys.readouterr().out
    assert said.count("World Bank") >= 6
    assert run(["reference", "status"], {}) == 0
    assert "24 Nov 2026" in capsys.readouterr().out  # the day on which the snapshot was read
    view = seen(firm, "MA")
    frame = market_sheet_cards.like_what(view).table.frame.set_index("figure")
    assert frame.loc["lpi", "words"] is None and frame.loc["population", "years"] == "2024"


def answer(call):
    return {"results": [FIRM]} if call.path == "/search" else {"isValid": True, "userError": "VALID"}


def test_a_number_is_looked_up_on_the_page_only_where_that_is_switched_on(firm, monkeypatch):
    view = seen(firm, "FR")
    fields = market_lookups.Lookups(view, lambda: None)
    assert market_lookups.customer_check(view) is None  # a report has no fields
    fields.button.click()
    assert "first" in fields.said.value
    fields.wanted.value = "FR40303265045"
    fields.button.click()
    assert "offline" in fields.said.value and "echannel reference vat FR40303265045" in fields.said.value
    assert not (firm.workspace.root / "data").exists()
    with FakeServer(answer) as server:
        monkeypatch.setattr(market_lookups, "Live", lambda place, limits=None: live(place.root, server))
        fields.button.click()
        assert "FR40303265045: valid." in fields.said.value and str(date.today().year) in fields.said.value
        fields.register.value, fields.wanted.value = "FR", "<b>303265045"
        fields.button.click()
        assert "LA BOUTIQUE" in fields.said.value and "<b>" not in fields.said.value
        assert "MARTIN" not in fields.said.value
    monkeypatch.setattr(market_lookups, "Live", lambda place, limits=None: dead(place))
    fields.register.value, fields.wanted.value = "vat", "FR40303265045"
    fields.button.click()
    # What VIES said earlier stands below, with the moment at which it said so.
    assert "could not answer" in fields.said.value and "FR40303265045: valid." in fields.said.value
