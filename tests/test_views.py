"""What people see: nothing made up, nothing unsafe, nothing in the wrong language's habits."""

from __future__ import annotations

import io
import json
import math
import re
from html.parser import HTMLParser

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_shop import FORMULA, SCRIPT, shop

from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.metrics.periods import Period
from echannel.views import (
    acquisition_cards,
    axes,
    b2b_cards,
    change_cards,
    charts,
    context,
    customer_cards,
    growth_cards,
    place_cards,
    product_cards,
    segment_cards,
    theme,
)
from echannel.views import page as pages
from echannel.views.blocks import block_html, opening_html
from echannel.views.cards import Card, Download, steady, to_page
from echannel.views.context import Choice, View, period_named
from echannel.views.export import to_csv, to_xlsx
from echannel.views.page import Page
from echannel.views.tables import Column, Table, currency_sign, to_html

EN, FR = Speaker("en", "GB", "GBP"), Speaker("fr", "FR", "EUR")
CARDS = [
    growth_cards.tiles,
    growth_cards.turnover_by_month,
    growth_cards.rolling_year,
    growth_cards.turnover_bridge,
    growth_cards.platform_numbers,
    place_cards.by_channel,
    place_cards.by_country,
    place_cards.by_weekday,
    change_cards.products,
    change_cards.customers,
    change_cards.drivers,
    change_cards.calendar,
    customer_cards.new_and_returning,
    customer_cards.repeat_rate,
    customer_cards.time_between_orders,
    customer_cards.cohort_retention,
    segment_cards.rfm_segments,
    segment_cards.quiet_customers,
    segment_cards.lifetime_value,
    product_cards.best_sellers,
    product_cards.movers,
    product_cards.bought_together,
    product_cards.discounts,
    product_cards.margin,
    product_cards.returns,
    acquisition_cards.funnel,
    acquisition_cards.conversion_by_month,
    acquisition_cards.advertising,
    b2b_cards.concentration,
    b2b_cards.accounts_at_risk,
    b2b_cards.receivables,
    b2b_cards.payment_delays,
]


@pytest.fixture(scope="module")
def made_up():
    return {kind: shop(kind, orders=1200) for kind in ("b2c", "b2b", "both")}


# --- look ---------------------------------------------------------------------------------------


def test_every_colour_of_the_palette_stands_out_on_white():
    assert all(theme.contrast(colour) >= 3 for colour in theme.PALETTE)
    assert theme.contrast("#000000") == pytest.approx(21)
    assert theme.contrast("#777777") == pytest.approx(4.48, abs=0.01)  # WebAIM's contrast checker


def test_words_on_the_page_have_contrast_for_reading():
    inks = re.findall(r"--ec-(?:ink|soft|good-ink|bad-ink|main): (#[0-9a-f]{6})", theme.css())
    assert len(inks) == 5
    assert all(theme.contrast(ink) >= 4.5 for ink in inks)


# --- charts --------------------------------------------------------------------------------------


@given(st.floats(-1e9, 1e9), st.floats(0.01, 1e9))
def test_ticks_are_round_and_cover_the_data(low, span):
    high = low + span
    axis = axes.ticks(low, high, lambda value: f"{value:.12g}")
    assert axis["range"][0] <= low and axis["range"][1] >= high
    assert len(axis["tickvals"]) == len(set(axis["ticktext"])) <= 9


def test_an_axis_of_months_speaks_the_readers_language():
    months = list(pd.period_range("2024-01", "2026-12", freq="M"))
    assert axes.month_axis(FR, months)["ticktext"][:2] == ["janv.<br>2024", "juil."]
    assert axes.month_axis(EN, months)["ticktext"][:2] == ["Jan<br>2024", "Jul"]


def test_money_on_axes_is_short_and_in_the_readers_habits():
    assert axes.short_money(EN)(12_000) == "£12k"
    assert axes.short_money(FR)(12_000) == "12\u00a0k\u00a0€"
    assert axes.short_money(Speaker("fr", "GB", "GBP"))(12_000) == "12\u00a0k\u00a0£"


def test_a_figure_carries_no_number_that_json_does_not_know():
    figure = charts.ranked(["a", "b"], [1.0, math.nan], axes.counts(EN))
    assert json.loads(charts.to_json(figure))["data"][0]["x"] == [1.0, None]


def test_a_figure_in_html_reads_back_as_it_was():
    figure = charts.ranked([SCRIPT, 'l\'été & "co"'], [1.0, np.float64(2)], axes.counts(EN))
    html = charts.to_html(figure, f"what {SCRIPT} shows")
    attributes = _first_tag(html)
    assert json.loads(attributes["data-figure"]) == json.loads(charts.to_json(figure))
    assert "<script" not in html


def test_a_name_on_a_chart_holds_no_markup_for_plotly():
    assert axes.label('<a href="javascript:x">é & co</a>', 99) == (
        '&lt;a href="javascript:x"&gt;é &amp; co&lt;/a&gt;'
    )
    assert axes.lines_of("un nom de produit vraiment très long pour un graphique", 20).count("<br>") == 1


def test_a_waterfall_ends_where_it_should():
    figure = charts.money_waterfall(EN, list("abcd"), [100.0, 30.0, -50.0, 80.0], [True, False, False, True])
    bars = figure["data"][0]
    assert bars["base"] == [0.0, 100.0, 80.0, 0.0]
    assert bars["x"] == [100.0, 30.0, 50.0, 80.0]
    assert bars["text"] == ["£100", "+£30", "−£50", "£80"]


# --- tables and downloads ------------------------------------------------------------------------


def _table() -> Table:
    frame = pd.DataFrame(
        {
            "product": [SCRIPT, FORMULA, "+33 1", "\t=1", "Thé"],
            "value": [1234.5, math.nan, -0.005, 0.0, 1e6],
            "share": [0.125, 0.5, math.nan, 0.0, 1.0],
            "day": pd.to_datetime(["2026-11-24", None, "2026-01-01", "2026-02-01", "2026-03-01"]),
        }
    )
    columns = (
        Column("product", "product"),
        Column("value", "net_turnover", "cents"),
        Column("share", "share", "percent"),
        Column("day", "last_order", "day"),
    )
    return Table("t", frame, columns, "EUR")


def test_a_french_csv_opens_in_a_french_spreadsheet():
    raw = to_csv(_table(), FR)
    assert raw.startswith(b"\xef\xbb\xbf")
    lines = raw.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "Produit;CA net HT (€);Part;Dernière commande"
    assert lines[1] == f"{SCRIPT};1234,5;0,125;2026-11-24"


def test_an_english_csv_has_commas_and_points():
    lines = to_csv(_table(), EN).decode("utf-8-sig").split("\r\n")
    assert lines[0] == "Product,Net turnover ex VAT (€),Share,Last order"
    assert lines[1] == f"{SCRIPT},1234.5,0.125,2026-11-24"


@pytest.mark.parametrize("say", [EN, FR])
def test_no_cell_of_a_csv_starts_a_formula(say):
    names = [f"{start}1+1" for start in "=+-@\t\r＝＋－＠"] + [" =1+1"]
    table = Table("t", pd.DataFrame({"name": names}), (Column("name", "product"),))
    cells = to_csv(table, say).decode("utf-8-sig").split("\r\n")[1:-1]
    assert len(cells) == len(names)
    assert all(cell.lstrip('"').startswith("'") for cell in cells)


def test_unknown_is_empty_in_a_file_and_said_on_the_page():
    table = _table()
    assert to_csv(table, EN).decode("utf-8-sig").split("\r\n")[2].split(",")[-3:] == ["", "0.5", ""]
    html = to_html(table, FR, "légende")
    assert html.count("inconnu") == 3
    assert ">0,00" in html  # a zero that is known stays a zero


def test_a_workbook_holds_numbers_and_no_formula():
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx([_table(), _table()], FR)))
    assert len(book.sheetnames) == 2
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["Produit", "CA net HT (€)", "Part", "Dernière commande"]
    assert sheet["A3"].value == FORMULA and sheet["A3"].data_type == "s"
    assert sheet["B2"].value == 1234.5 and sheet["B3"].value is None
    assert not [cell for row in sheet for cell in row if cell.data_type == "f"]


def test_a_table_is_a_table_to_those_who_hear_it():
    html = to_html(_table(), EN, f"about {SCRIPT}")
    assert html.count("<tr>") == 6
    assert html.count('scope="col"') == 4 and html.count('scope="row"') == 5
    assert "<caption" in html and "<script" not in html


def test_long_tables_say_how_much_more_there_is():
    table = Table("t", pd.DataFrame({"n": range(230)}), (Column("n", "orders", "number"),))
    assert "30" in re.search(r"ec-note.*", to_html(table, EN, "")).group()


def test_currency_signs():
    assert currency_sign(EN, "EUR") == "€"
    assert currency_sign(FR, "GBP") == "£"


# --- periods -------------------------------------------------------------------------------------


def _day(text: str) -> int:
    return (pd.Timestamp(text) - pd.Timestamp(0)).days


@pytest.mark.parametrize(
    ("name", "since", "until"),
    [
        ("year", "2025-11-01", "2026-10-31"),
        ("quarter", "2026-08-01", "2026-10-31"),
        ("month", "2026-10-01", "2026-10-31"),
        ("year_to_date", "2026-01-01", "2026-11-15"),
        ("last_year", "2025-01-01", "2025-12-31"),
        ("all", "2023-12-15", "2026-11-15"),
    ],
)
def test_periods_end_with_whole_months(name, since, until):
    period = period_named(name, _day("2023-12-15"), _day("2026-11-15"))
    assert period == Period(_day(since), _day(until))


def test_a_month_whose_last_day_is_there_is_whole():
    assert period_named("month", _day("2025-01-01"), _day("2026-02-28")).since == _day("2026-02-01")


def test_data_of_a_few_days_are_a_period_of_their_own():
    period = period_named("year", _day("2026-11-03"), _day("2026-11-15"))
    assert period == Period(_day("2026-11-03"), _day("2026-11-15"))


# --- cards ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", ["b2c", "b2b", "both"])
def test_every_card_is_drawn_safely(made_up, kind, language):
    view = View(made_up[kind], made_up[kind].speaker(language))
    for card in CARDS:
        html = block_html(card(view), view)
        assert "<script" not in html
        assert not re.search(r"\bnan\b|NaN|NaT|None|\{\w+\}", re.sub(r'href="data:[^"]*"', "", html)), card
        _balanced(html)


@pytest.mark.parametrize("period", ["quarter", "month", "year_to_date", "last_year", "all"])
def test_every_card_stands_every_period(made_up, period):
    view = View(made_up["both"], FR, Choice(period))
    assert all(isinstance(block_html(card(view), view), str) for card in CARDS)
    assert opening_html("growth", view).count("<dd>") == 3


def test_an_empty_shop_has_a_page_that_says_so():
    empty = shop("both", orders=3, months=2)
    view = View(empty, FR, Choice("year", "b2c", "phone", "JP"))
    html = "".join(block_html(card(view), view) for card in CARDS)
    assert "ec-missing" in html
    assert "\u202f0\u00a0€" not in html


@pytest.mark.parametrize("orders", [60, 150, 3000])
def test_behind_every_chart_stand_its_figures_however_small_the_firm(orders):
    view = View(shop("b2c", orders=orders), FR)
    cards = (card(view) for card in CARDS if card is not growth_cards.tiles)
    charted = [one for one in cards if one is not None and one.figures]
    assert charted
    assert [one.key for one in charted if one.table is None or one.table.frame.empty] == []


def test_a_firm_that_sells_to_firms_sees_accounts_and_no_cohorts(made_up):
    view = View(made_up["b2b"], FR)
    assert customer_cards.cohort_retention(view) is None
    assert b2b_cards.concentration(view) is not None


def test_a_firm_that_sells_to_consumers_sees_no_receivables(made_up):
    view = View(made_up["b2c"], FR)
    assert b2b_cards.receivables(view) is None
    assert customer_cards.cohort_retention(view) is not None


def test_a_mixed_firm_never_sees_a_mixed_basket(made_up):
    view = View(made_up["both"], FR)
    tiles = growth_cards.tiles(view).tiles
    baskets = {tile.label: tile for tile in tiles if "moyen" in tile.label}
    assert list(baskets) == ["Panier moyen des particuliers, TTC", "Commande moyenne des entreprises, HT"]
    consumers = view.of_kind("b2c").sales.orders
    gross = (consumers["total_gross"] - consumers["shipping"] * 1.2).mean()
    assert baskets["Panier moyen des particuliers, TTC"].value == FR.money(gross)
    assert (
        baskets["Panier moyen des particuliers, TTC"].under == f"{FR.money(consumers['net_goods'].mean())} HT"
    )
    firms = view.of_kind("b2b").sales.orders
    assert baskets["Commande moyenne des entreprises, HT"].value == FR.money(firms["net_goods"].mean())


def test_the_month_card_says_what_the_sales_say(made_up):
    view = View(made_up["b2c"], FR)
    card = growth_cards.turnover_by_month(view)
    entries = view.whole.entries
    october = entries[entries["month"] == (2026 - 1970) * 12 + 9]["net_goods"].sum()
    assert FR.money(october, decimals=0) in card.sentence
    assert sum(card.figures[0]["data"][0]["y"]) == pytest.approx(entries["net_goods"].sum())


def test_parts_on_a_chart_of_change_lead_from_one_total_to_the_other(made_up):
    view = View(made_up["both"], FR)
    for card in (change_cards.products, change_cards.customers, change_cards.drivers):
        bars = card(view).figures[0]["data"][0]
        after = view.sales.entries["net_goods"].sum()
        assert bars["x"][-1] == pytest.approx(after, abs=0.02)


def test_unknown_costs_leave_a_reason_and_no_margin():
    sme = shop("b2c", orders=400)
    bare = sme.sales.lines.assign(cost=np.nan)
    object.__setattr__(sme.sales, "lines", bare)
    card = product_cards.margin(View(sme, FR))
    assert card.missing and not card.figures and card.sentence == ""
    assert "ec-missing" in to_page(card, FR, "boutique")


def test_no_order_is_counted_twice_in_what_a_card_rests_on(made_up):
    view = View(made_up["both"], FR)
    orders = len(view.sales.orders)
    cards = [card(view) for card in CARDS if card is not growth_cards.tiles]
    counted = {c.key: c.rows.n for c in cards if c and c.rows and c.rows.unit == "orders"}
    inside = (
        "by_channel",
        "by_country",
        "by_weekday",
        "turnover_bridge",
        "new_and_returning",
        "best_sellers",
    )
    for name in inside:
        kind = orders if name != "new_and_returning" else len(view.of_kind("b2c").sales.orders)
        assert counted[f"growth.{name}"] == kind, name
    assert counted["growth.turnover_by_month"] == len(view.whole.orders)


def test_a_lesson_answers_five_questions(made_up):
    view = View(made_up["both"], EN)
    html = block_html(product_cards.best_sellers(view), view)
    heads = re.findall(r"<dt>(.*?)</dt>", html)
    assert heads == [
        "What is it?",
        "How is it computed?",
        "From which rows?",
        "Compared with what?",
        "So what?",
    ]
    assert "Source: boutique." in html


def test_a_term_shows_both_languages(made_up):
    view = View(made_up["both"], FR)
    html = block_html(product_cards.margin(view), view)
    assert '<dfn title="Margin (% of selling price)">Taux de marque</dfn>' in html
    assert '<dfn>Taux de marque</dfn> <span class="ec-also">(<span lang="en">Margin' in html
    assert "markup" not in html.lower()


def test_models_are_fitted_once_whatever_the_period(made_up, monkeypatch):
    calls = []
    real = segment_cards.lifetime.lifetime_value

    def counted(sales, *more):
        calls.append(1)
        return real(sales, *more)

    monkeypatch.setattr(segment_cards.lifetime, "lifetime_value", counted)
    view = View(made_up["b2c"], FR)
    for choice in (Choice(), Choice("month"), Choice(channel="marketplace"), Choice(country="GB")):
        segment_cards.lifetime_value(view.chosen(choice))
    assert len(calls) == 1


def test_a_dashboard_keeps_few_copies_of_the_sales(made_up):
    view = View(made_up["both"], FR)
    for country in ("FR", "GB", "BE"):
        for channel in ("own_shop", "marketplace", None):
            part = view.chosen(Choice(channel=channel, country=country))
            assert set(part.whole.orders["country"]) == {country}
    assert sum(key[0] == "narrowed" for key in view._memory) == context.MOST_NARROWED


# --- pages ---------------------------------------------------------------------------------------


def test_a_page_in_a_report_is_plain_html(made_up, monkeypatch):
    shown: list[str] = []
    monkeypatch.setattr(pages, "_show", shown.append)
    page = Page("growth", made_up["both"], FR, "report")
    page.head()
    page.opening()
    page.section("b2b")
    page.show(growth_cards.turnover_by_month)
    page.foot()
    html = "".join(shown)
    assert "<script" not in html
    assert html.count('class="ec-figure"') == 1
    assert "echannel 0" in html and "24 nov. 2026" in html
    assert "Made up &amp; Sons &lt;script&gt;" in html


def test_a_section_that_does_not_apply_leaves_nothing(made_up, monkeypatch):
    shown: list[str] = []
    monkeypatch.setattr(pages, "_show", shown.append)
    Page("growth", made_up["b2c"], FR, "report").section("b2b")
    assert shown == []


def test_a_dashboard_redraws_every_block_for_a_choice(made_up, monkeypatch):
    monkeypatch.setattr(pages, "display", lambda *_: None)
    page = Page("growth", made_up["both"], FR, "live")
    page.head()
    page.show(growth_cards.tiles)
    page.show(place_cards.by_country)
    before = [slot.place.widget.value for slot in page._slots]
    page.redraw(Choice("month", country="GB"))
    after = [slot.place.widget.value for slot in page._slots]
    assert all(one != other for one, other in zip(before, after, strict=True))
    expected = View(made_up["both"], FR, Choice("month", country="GB"))
    assert growth_cards.tiles(expected).tiles[0].value in after[1]


def test_a_steady_card_is_drawn_once(made_up, monkeypatch):
    monkeypatch.setattr(pages, "display", lambda *_: None)
    drawn: list[str] = []

    @steady
    def still(view):
        drawn.append(view.choice.period)

    page = Page("growth", made_up["both"], FR, "live")
    page.show(still)
    page.show(lambda view: drawn.append("moves"))
    page.redraw(Choice("month"))
    assert drawn == ["year", "moves", "moves"]


def test_a_card_names_what_is_assumed_and_leads_to_the_audit(made_up):
    card = Card("growth.margin", "", assumed="14 < 15")
    report, live = (View(made_up["both"], FR, mode=mode) for mode in ("report", "live"))
    assert '14 &lt; 15 <a href="audit.fr.html">' in block_html(card, report)
    assert '<a href="audit.ipynb?sme=made-up&amp;lang=fr">' in block_html(card, live.chosen(Choice("month")))


def test_files_are_links_in_a_report_and_made_on_demand_in_a_dashboard(made_up, monkeypatch):
    shown: list = []
    monkeypatch.setattr(pages, "_show", shown.append)
    monkeypatch.setattr(pages, "display", shown.append)

    def files(view):
        return (Download("a & b", f"{view.choice.period}.pdf", "application/pdf", b"1"),)

    Page("inventory", made_up["both"], FR, "report").offer(files)
    link = '<a download="year.pdf" href="data:application/pdf;base64,MQ==">a &amp; b</a>'
    assert link in shown.pop()
    page = Page("inventory", made_up["both"], FR, "live")
    page.offer(files)
    button, links = shown.pop().children
    assert links.value == ""
    button.click()
    assert link in links.value
    page.redraw(Choice("month"))
    assert links.value == "", "an older choice's files are gone"
    button.click()
    assert "month.pdf" in links.value


def test_one_card_that_fails_does_not_take_a_dashboard_down(made_up, monkeypatch):
    monkeypatch.setattr(pages, "display", lambda *_: None)
    page = Page("growth", made_up["b2c"], FR, "live")
    page.show(lambda view: 1 / 0)
    page.show(growth_cards.tiles)
    failed, fine = (slot.place.widget.value for slot in page._slots)
    assert "Ce chiffre ne peut pas s’afficher" in failed and "ZeroDivision" not in failed
    assert "ec-tiles" in fine


def test_a_report_whose_card_fails_fails(made_up):
    with pytest.raises(ZeroDivisionError):
        Page("growth", made_up["b2c"], FR, "report").show(lambda view: 1 / 0)


@pytest.fixture
def shown(monkeypatch, tmp_path):
    (tmp_path / "parameters" / "smes").mkdir(parents=True)
    (tmp_path / "parameters" / "smes" / "shop.yml").write_text(
        "id: shop\nname: Shop\ncountry: FR\nlanguages: [fr]\norientation: b2c\ncurrency: EUR\n"
        "timezone: Europe/Paris\nvat: {regime: standard}\nfiscal_year_start: 01-01\nlaunch_pad: x\n"
    )
    monkeypatch.setenv("ECHANNEL_ROOT", str(tmp_path))
    out: list[str] = []
    monkeypatch.setattr(pages, "_show", out.append)
    return out


def test_without_an_sme_the_page_says_which_there_are(shown):
    pages.open_page("growth", "", "fr").opening()
    assert "shop" in shown[0] and len(shown) == 1


@pytest.mark.parametrize(("sme", "words"), [("shop", "shop"), ("nobody", "nobody"), ("../etc", "../etc")])
def test_what_goes_wrong_is_said_in_the_readers_language(shown, sme, words):
    with pytest.raises(UserError):
        pages.open_page("growth", sme, "fr")
    assert "Cette page ne peut pas s’afficher" in shown[0] and words in shown[0]


def test_a_dashboard_takes_sme_and_language_from_the_address(shown, monkeypatch):
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    monkeypatch.setenv("QUERY_STRING", "sme=<b>nobody&lang=fr")
    pages.open_page("growth").show(growth_cards.tiles)
    assert len(shown) == 1
    assert "&lt;b&gt;nobody" in shown[0] and "<b>" not in shown[0]


def test_an_unknown_language_is_an_error_and_no_traceback(shown):
    with pytest.raises(UserError, match="unknown_language"):
        pages.open_page("growth", "shop", "de")


# --- helpers -------------------------------------------------------------------------------------

_VOID = {"br", "img", "meta", "link", "hr", "input"}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.first: dict[str, str] = {}

    def handle_starttag(self, tag, attrs):
        self.first = self.first or dict(attrs)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag


def _balanced(html: str) -> None:
    parser = _Tags()
    parser.feed(html)
    assert parser.open == []


def _first_tag(html: str) -> dict[str, str]:
    parser = _Tags()
    parser.feed(html)
    return parser.first
