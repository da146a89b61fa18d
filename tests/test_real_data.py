"""Acceptance on real data: from the files to a profile, to tables, to reports, without touching code.

UCI Online Retail (a UK gift wholesaler, Dec 2010 – Dec 2011) and CDNOW's 1/10 sample (a music shop,
Jan 1997 – Jun 1998) lie outside the project, in ``$ECHANNEL_SHARED/data`` or ``../shared/data``; where
they are absent these tests are skipped.

What counts in Online Retail, and where every pound of the file's £9,747,747.934 goes
--------------------------------------------------------------------------------------
- Amounts are taken as they stand, without VAT (the file has none; the profile says: not registered).
- An invoice with something sold is an order, on its day; the order's lines at price 0 are samples and
  corrections: kept, worth nothing.
- A document that only takes away is no order but a refund on its own day: the C invoices (cancellations and
  returns; also the fees of Amazon, of banks and of a charity, which the firm booked that way) and the two
  bad-debt adjustments of invoices A563186 and A563187. The third, A563185, adds: it is an order.
- Stock corrections (negative quantity at price 0) are refunds of nothing: no money moves.
- POST, DOT and C2 are carriage; M, D, S, B, BANK CHARGES, AMAZONFEE and CRUK are money but no product.
- Exact repeats of a line are kept: the file cannot tell a slip from two of the same.
- Three of its 38 countries ("Channel Islands", "European Community", "Unspecified") are no ISO country:
  those orders count, with their country unknown.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from echannel import open_sme
from echannel.cli import run
from echannel.metrics.turnover import bridge
from echannel.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ECHANNEL_SHARED", ROOT.parent / "shared")) / "data"
ONLINE_RETAIL = DATA / "online_retail" / "online_retail.parquet"
CDNOW = DATA / "CDNOW_sample.txt"
CARRIAGE = ["POST", "DOT", "C2"]
NO_PRODUCT = ["M", "m", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"]
NO_COUNTRY = {"Channel Islands", "European Community", "Unspecified"}

needs_online_retail = pytest.mark.skipif(not ONLINE_RETAIL.exists(), reason="Online Retail is not at hand")
needs_cdnow = pytest.mark.skipif(not CDNOW.exists(), reason="CDNOW's sample is not at hand")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace of its own, as ``$ECHANNEL_ROOT`` for all commands of this module."""
    root = tmp_path_factory.mktemp("real")
    (root / "parameters" / "smes").mkdir(parents=True)
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECHANNEL_ROOT", str(root))
        yield Workspace(root)


def echannel(*arguments: str) -> None:
    """One command, in English, that must succeed."""
    assert run([*arguments, "--lang", "en"], os.environ) == 0, arguments


def init(sme: str, path: Path, orientation: str, currency: str) -> None:
    """``echannel init`` as one types it who takes what is proposed."""
    echannel(
        "init", sme, "--files", str(path), "--name", sme, "--country", "GB", "--orientation", orientation,
        "--currency", currency, "--vat-regime", "unregistered", "--launch-pad", "kent", "--copy", "--yes",
    )  # fmt: skip


@pytest.fixture(scope="module")
def retail(workspace):
    """Online Retail, read and synced; the owner has named the codes that are no products."""
    init("online-retail", ONLINE_RETAIL, "both", "GBP")
    path = workspace.parameters / "smes" / "online-retail.yml"
    profile = yaml.safe_load(path.read_text(encoding="utf-8"))
    (file,) = profile["sources"][0]["options"]["files"]
    file |= {"amounts": "net", "shipping_codes": CARRIAGE, "not_products": NO_PRODUCT}
    path.write_text(yaml.safe_dump(profile), encoding="utf-8")
    echannel("sync", "online-retail")
    return open_sme("online-retail", workspace)


@pytest.fixture(scope="module")
def lines():
    """Online Retail in plain pandas: one row per line, its value, and what its invoice is."""
    frame = pd.read_parquet(ONLINE_RETAIL)
    frame["value"] = frame["Quantity"] * frame["UnitPrice"]
    takes = (frame["value"] < 0) | ((frame["value"] == 0) & (frame["Quantity"] < 0))
    frame["credit"] = takes.groupby(frame["InvoiceNo"]).transform("all")
    return frame


@needs_online_retail
def test_every_pound_of_online_retail_is_accounted_for(retail, lines):
    steps = bridge(retail.sales.entries).set_index("step")["value"]
    assert retail.manifest.rejected == {}  # nothing in quarantine
    assert lines["value"].sum() == pytest.approx(9_747_747.934, abs=0.0005)
    assert steps["invoiced"] == pytest.approx(lines.loc[~lines["credit"], "value"].sum(), abs=0.005)
    assert steps["refunded"] == pytest.approx(-lines.loc[lines["credit"], "value"].sum(), abs=0.005)
    assert steps["invoiced"] - steps["refunded"] == pytest.approx(9_747_747.934, abs=0.005)
    carriage = lines.loc[lines["StockCode"].isin(CARRIAGE), "value"].sum()
    assert steps["shipping"] == pytest.approx(carriage, abs=0.005)
    assert steps["net_goods"] == pytest.approx(9_747_747.934 - carriage, abs=0.005)


@needs_online_retail
def test_refunds_of_online_retail_are_its_cancellations_and_bad_debts(retail, lines):
    refunds = retail.table("refunds")
    document = refunds["refund_id"].astype(str).str.split("-").str[0]
    by_letter = refunds.groupby(document.str[0])["net_amount"].sum()
    in_file = -lines[lines["credit"]].groupby(lines["InvoiceNo"].str[0])["value"].sum()
    assert by_letter["C"] == pytest.approx(896_812.49, abs=0.005) == pytest.approx(in_file["C"], abs=0.005)
    assert by_letter["A"] == pytest.approx(2 * 11_062.06, abs=0.005) == pytest.approx(in_file["A"], abs=0.005)
    assert by_letter.drop(["A", "C"]).sum() == 0  # stock corrections
    assert document.nunique() == lines.loc[lines["credit"], "InvoiceNo"].nunique()


@needs_online_retail
def test_orders_customers_and_months_of_online_retail(retail, lines):
    sold = lines[~lines["credit"]]
    orders = retail.sales.orders
    assert len(orders) == sold["InvoiceNo"].nunique()
    assert orders["customer_id"].nunique() == sold["CustomerID"].nunique()
    assert orders["quantity"].sum() == sold.loc[~sold["StockCode"].isin(CARRIAGE), "Quantity"].sum()
    assert lines["InvoiceNo"].nunique() == 25_900
    entries = retail.sales.entries
    by_month = entries.groupby("month")["net_invoiced"].sum()
    in_file = lines.groupby(lines["InvoiceDate"].dt.to_period("M"))["value"].sum()
    assert by_month.to_numpy() == pytest.approx(in_file.to_numpy(), abs=0.005)
    assert len(by_month) == 13


@needs_online_retail
def test_countries_of_online_retail(retail, lines):
    sold = lines[~lines["credit"]]
    orders = retail.sales.orders
    by_country = sold.groupby("Country")["value"].sum()
    assert len(by_country) == 38
    named = by_country.drop(list(NO_COUNTRY))
    read = (orders["net_goods"] + orders["shipping"]).groupby(orders["country"].astype(object)).sum()
    assert sorted(read) == pytest.approx(sorted(named), abs=0.005)
    assert read["GB"] == pytest.approx(by_country["United Kingdom"], abs=0.005)
    assert read["IE"] == pytest.approx(by_country["EIRE"], abs=0.005)
    assert read["ZA"] == pytest.approx(by_country["RSA"], abs=0.005)
    unknown = sold[sold["Country"].isin(NO_COUNTRY)]
    assert orders["country"].isna().sum() == unknown["InvoiceNo"].nunique()


@needs_online_retail
def test_turnover_after_cancellations_by_country_and_by_customer(retail, lines):
    """A cancelled invoice comes off the turnover of its own customer and country."""
    entries = retail.sales.entries
    by_country = entries.groupby(entries["country"].astype(object))["net_invoiced"].sum()
    in_file = lines.groupby("Country")["value"].sum().drop(list(NO_COUNTRY))
    assert sorted(by_country) == pytest.approx(sorted(in_file), abs=0.005)
    by_customer = entries.groupby(entries["customer_id"].astype(object))["net_invoiced"].sum()
    of_customer = lines.groupby("CustomerID")["value"].sum()
    assert len(by_customer) == len(of_customer) == 4_372
    assert sorted(by_customer) == pytest.approx(sorted(of_customer), abs=0.005)
    nameless = entries.loc[entries["customer_id"].isna(), "net_invoiced"].sum()
    assert nameless == pytest.approx(lines.loc[lines["CustomerID"].isna(), "value"].sum(), abs=0.005)


@needs_online_retail
def test_the_paid_lines_of_known_customers_and_their_first_cohort(retail, lines):
    """The usual cleaned set: customer known, quantity and price above 0."""
    table, orders = retail.table("order_lines"), retail.table("orders")
    joined = table.merge(orders[["order_id", "customer_id", "local_day", "shipping_net"]], on="order_id")
    paid = joined[joined["customer_id"].notna() & (joined["quantity"] > 0) & (joined["unit_price_net"] > 0)]
    clean = lines[lines["CustomerID"].notna() & (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)]
    assert len(clean) == 397_884
    assert clean["value"].sum() == pytest.approx(8_911_407.904, abs=0.0005)
    goods = clean[~clean["StockCode"].isin(CARRIAGE)]
    assert len(paid) == len(goods)
    assert paid["net_amount"].sum() == pytest.approx(goods["value"].sum(), abs=0.005)
    buys = orders[(orders["total_gross"] > 0) & orders["customer_id"].notna()]
    assert buys["customer_id"].nunique() == clean["CustomerID"].nunique() == 4_338
    assert len(buys) == clean["InvoiceNo"].nunique() == 18_532
    month = buys["local_day"].to_numpy().astype("datetime64[D]").astype("datetime64[M]")
    buys = buys.assign(month=month, customer_id=buys["customer_id"].astype(object))
    first = buys.groupby("customer_id")["month"].transform("min")
    cohort = buys[first == first.min()]
    active = cohort.groupby("month")["customer_id"].nunique()
    assert active.tolist() == [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]


@needs_online_retail
def test_a_second_sync_of_online_retail_changes_nothing(retail, workspace):
    before = retail.manifest.versions
    echannel("sync", "online-retail")
    assert open_sme("online-retail", workspace).manifest.versions == before


@needs_online_retail
def test_a_quarter_of_online_retail_as_a_csv_gives_the_same_turnover(retail, lines, workspace, tmp_path):
    path = tmp_path / "retail.csv"
    quarter = lines[lines["InvoiceDate"] < "2011-03-01"]
    shown = quarter["InvoiceDate"].dt.strftime("%d/%m/%Y %H:%M")
    quarter.drop(columns=["value", "credit"]).assign(InvoiceDate=shown).to_csv(path, index=False)
    init("retail-csv", path, "both", "GBP")
    echannel("sync", "retail-csv")
    again = open_sme("retail-csv", workspace)
    assert again.manifest.rejected == {}
    steps = bridge(again.sales.entries).set_index("step")["value"]
    assert steps["net_invoiced"] == pytest.approx(quarter["value"].sum(), abs=0.005)
    same_days = retail.sales.orders[retail.sales.orders["day"] <= again.sales.last_day]
    assert len(again.sales.orders) == len(same_days) > 3_500
    assert again.sales.orders["customer_id"].nunique() == same_days["customer_id"].nunique()


@pytest.fixture(scope="module")
def music(workspace):
    """CDNOW's sample: a file without headers, read and synced."""
    init("cdnow", CDNOW, "b2c", "USD")
    echannel("sync", "cdnow")
    return open_sme("cdnow", workspace)


@needs_cdnow
def test_cdnow_reconciles_with_plain_pandas(music):
    names = ["full", "customer", "date", "units", "dollars"]
    plain = pd.read_csv(CDNOW, sep=r"\s+", header=None, names=names)
    orders = music.sales.orders
    assert music.manifest.rejected == {}
    assert orders["customer_id"].nunique() == plain["customer"].nunique() == 2_357
    assert len(orders) == len(plain) == 6_919
    assert orders["total_gross"].sum() == pytest.approx(plain["dollars"].sum(), abs=0.005)
    assert orders["quantity"].sum() == plain["units"].sum()
    day = pd.to_datetime(plain["date"], format="%Y%m%d").to_numpy().astype("datetime64[D]").astype("int64")
    by_day = plain.groupby(day)["dollars"].sum()
    assert orders.groupby("day")["total_gross"].sum().to_dict() == pytest.approx(by_day.to_dict(), abs=0.005)
    per_customer = orders.groupby("customer_id", observed=True).size()
    assert sorted(per_customer) == sorted(plain.groupby("customer").size())


@pytest.mark.slow
@needs_cdnow
@needs_online_retail
@pytest.mark.parametrize(
    ("sme", "tools"),
    [
        # Its forecasts of 4,000 products are the benchmark of the inventory tool.
        ("online-retail", ("growth", "audit")),
        ("cdnow", ("growth", "audit", "inventory", "planning", "market")),
    ],
)
def test_reports_in_both_languages(retail, music, workspace, sme, tools):
    echannel("run", sme, *(option for tool in tools for option in ("--tool", tool)))
    folder = workspace.reports / sme / sme
    for tool in tools:
        for language in ("en", "fr"):
            page = (folder / f"{tool}.{language}.html").read_text(encoding="utf-8")
            assert f'lang="{language}"' in page
            assert "Traceback" not in page
    assert (workspace.reports / sme / "index.html").is_file()
