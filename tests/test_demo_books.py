"""The books of two demo firms: balanced, the same each time, and saying what the firm's trade says."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from books_help import by_account, connect, ledger
from test_demo import HERE

from echannel.connectors.accounts import AccountsConnector
from echannel.countries.statements import statements_of
from echannel.demo.books import HOUSES, SIREN
from echannel.demo.cohort import SEED, DemoSummary, write_firm
from echannel.demo.firms import FIRMS
from echannel.metrics.planning.books import balances, held, profit_and_loss, read_books
from echannel.profiles import load_sme
from echannel.workspace import Workspace

MATCH = {"breizh-epicerie": "*FEC*.txt", "sussex-parts": "Account-Transactions-*.csv"}
COUNTRY = {"breizh-epicerie": "FR", "sussex-parts": "GB"}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Both firms' folders, trades and ledgers."""
    found = {}
    for firm in (one for one in FIRMS if one.id in HOUSES):
        folder = tmp_path_factory.mktemp(firm.id)
        trade = write_firm(firm, folder, SEED, DemoSummary())
        batches = list(connect(folder, firm.country, files=[{"match": MATCH[firm.id]}]).fetch({}))
        assert all(batch.rejected.empty for batch in batches)
        found[firm.id] = folder, trade, ledger(batches)
    return found


@pytest.mark.parametrize("firm", sorted(HOUSES))
def test_every_entry_balances_and_so_do_the_books(written, firm):
    folder, _, lines = written[firm]
    assert abs((lines["debit"] - lines["credit"]).sum()) < 0.005
    if firm == "breizh-epicerie":
        for path in sorted(folder.glob(f"{SIREN}FEC*.txt")):
            file = pd.read_csv(path, sep="|", dtype=str, encoding="cp1252", keep_default_na=False)
            cents = sum(
                sign * file[name].str.replace(",", "").astype(int)
                for name, sign in (("Debit", 1), ("Credit", -1))
            )
            assert (cents.groupby(file["EcritureNum"]).sum() == 0).all()
            assert (
                file["EcritureDate"].is_monotonic_increasing
                and (file["EcritureDate"].str[:4] == path.stem[-8:-4]).all()
            )
    books = read_books(lines, statements_of(COUNTRY[firm]))
    assert (books.status, books.loose) == ("ok", 0.0) and books.complete.all()
    found = balances(books)
    signed = found["value"] * np.where(found["side"] == "debit", 1, -1)
    assert signed.groupby(found["month"]).sum().abs().max() < 0.01
    assert (found.loc[found["line"] == "cash", "value"] > 0).all()


@pytest.mark.parametrize("firm", sorted(HOUSES))
def test_sales_in_the_books_are_those_of_the_trade(written, firm):
    _, trade, lines = written[firm]
    orders = trade.orders[~trade.orders["status"].isin(["pending", "cancelled"])]
    books = read_books(lines, statements_of(COUNTRY[firm]))
    found = profit_and_loss(books)
    sold = found[found["line"].isin(["goods_sold", "production_sold", "turnover"])]
    sold = sold.groupby("period")["value"].sum()
    for month, value in sold.items():
        start = (np.datetime64(int(month), "M").astype("datetime64[D]") - np.datetime64(trade.first)).astype(
            int
        )
        end = (
            np.datetime64(int(month) + 1, "M").astype("datetime64[D]") - np.datetime64(trade.first)
        ).astype(int)
        inside = (orders["day"] >= start) & (orders["day"] < end)
        back = (orders["refunded_on"] >= start) & (orders["refunded_on"] < end)
        truth = orders.loc[inside, "total_net"].sum() - orders.loc[back, "refunded_net"].sum()
        assert value == pytest.approx(truth, abs=0.05)


def test_balances_brought_forward_say_what_the_years_before_add_up_to(written):
    _, _, lines = written["breizh-epicerie"]
    opening = lines[lines["journal"] == "opening"]
    assert sorted(opening["date"].dt.year.unique()) == [2024, 2025, 2026]
    later = opening["date"].dt.year > 2024
    once = lines.drop(opening.index[later])
    whole, rest = (read_books(frame, statements_of("FR")) for frame in (lines, once))
    for name in ("cash", "receivables", "payables", "stock", "vat", "loans"):
        assert np.allclose(held(whole, name), held(rest, name))


def test_no_third_party_is_named_in_the_ledger(written):
    _, _, lines = written["breizh-epicerie"]
    third = lines[lines["account"].astype(str).str.startswith(("401", "411"))]
    assert third["account"].astype(str).str.match(r"4[01]1:").all() and third["label"].isna().all()
    assert by_account(lines)["707000"] < 0


@pytest.mark.parametrize("firm", sorted(HOUSES))
def test_the_profile_reads_these_files(written, firm):
    profile = load_sme(Workspace(HERE.root), firm)
    source = next(one for one in profile.sources if one.connector == "accounts")
    assert [one["match"] for one in source.options["files"]] == [MATCH[firm]]
    assert source.options["folder"] == f"data/inbox/{firm}" and AccountsConnector is not None


def test_the_same_seed_gives_the_same_books(written, tmp_path):
    for firm in (one for one in FIRMS if one.id in HOUSES):
        write_firm(firm, tmp_path / firm.id, SEED, DemoSummary())
        for path in (tmp_path / firm.id).glob(MATCH[firm.id]):
            twin = written[firm.id][0] / path.name
            assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(twin.read_bytes()).digest()
