"""The plan's workbook: a real spreadsheet program recalculates it and finds what we found, to the cent."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl import Workbook, load_workbook
from spreadsheet import find_spreadsheet_program, recalculated
from xlsxwriter.worksheet import Worksheet

from echannel.countries import country_pack
from echannel.countries.plan_rules import TaxFacts, plan_rules
from echannel.locale import Speaker
from echannel.metrics.planning.engine import Plan, build_plan
from echannel.metrics.planning.inputs import (
    AT_ONCE,
    Asset,
    Cost,
    Grant,
    Loan,
    OneOff,
    OpeningBalance,
    OwnersMoney,
    PaymentTerms,
    PlanInputs,
    StaffMember,
    StockPolicy,
    Stream,
)
from echannel.metrics.planning.layouts import STATEMENTS
from echannel.metrics.planning.rules import PlanRules, TaxSetting, VatSetting
from echannel.views.workbook import grid, plan_workbook

START, MONTHS = (2026 - 1970) * 12 + 10, 36
_MISSING = "NO SPREADSHEET PROGRAM: install LibreOffice (Debian: libreoffice-calc-nogui)"
AT = np.arange(MONTHS)
FIRMS = [("FR", "reel_simplifie"), ("FR", "franchise"), ("GB", "cash_accounting"), ("GB", "annual")]


def everything(country: str) -> PlanInputs:
    """A firm with one of everything that a plan may hold."""
    chance = np.random.default_rng(7)
    rate = 0.2
    return PlanInputs(
        country,
        "EUR" if country == "FR" else "GBP",
        START,
        (
            Stream(
                "b2c", "b2c", chance.uniform(8_000, 22_000, (1, MONTHS)), 0.58, rate, terms=PaymentTerms(4),
                fee_rate=0.014, fee_fixed=0.25, basket=48.0, carriage_rate=0.07, return_rate=0.05,
                return_loss=0.2, price_index=np.linspace(1, 1.05, MONTHS),
            ),
            Stream(
                "b2b", "b2b", chance.uniform(2_000, 9_000, (1, MONTHS)), 0.66, rate,
                terms=PaymentTerms(45, end_of_month=country == "FR"), commission_rate=0.02,
            ),
            Stream(
                "entry_be", "b2c", chance.uniform(500, 1_500, (1, MONTHS)), 0.6, 0.21, vat_scheme="oss",
                terms=PaymentTerms(14),
            ),
        ),
        fiscal_year_start_month=4,
        costs=(
            Cost("ads", "marketing", 300.0, 0.06, rate),
            Cost("rent", "rent", 900.0, 0.0, rate, AT_ONCE),
            Cost("shop", "platform", 79.0, 0.0, rate),
            Cost("rates", "local_taxes", np.where(AT % 12 == 0, 700.0, 0.0)),
        ),
        staff=(StaffMember("one", 2_300.0, START), StaffMember("two", 1_900.0, START + 7, START + 25, 0.38)),
        loans=(
            Loan(15_000, START + 2, 0.045, 48),
            Loan(9_000, START - 1, 0.05, 30, deferred=3, outstanding=True),
            Loan(12_000, START - 10, 0.04, 40, kind="linear"),
            Loan(7_000, START - 6, 0.05, 24),
            Loan(5_000, START + 5, 0.06, 24, deferred=6, capitalised=True),
            Loan(8_000, START + 1, 0.03, 20, kind="bullet"),
        ),
        assets=(Asset(6_000, START + 1, 3, rate), Asset(2_500, START + 14, 5, rate)),
        grants=(Grant(4_000, START + 3, 24), Grant(1_000, START + 6)),
        one_offs=(OneOff("site", START + 4, 1_800.0, rate),),
        owner=OwnersMoney(np.where(AT == 0, 5_000.0, 0.0), np.where(AT == 17, 2_500.0, 0.0)),
        opening=OpeningBalance(4_000, 21_000, 15_500, 9_800, 1_400, 7_000, 30),
        vat=VatSetting((900.0, 1_100.0), 2_600.0, 9_500.0),
        tax=TaxSetting(1_200.0, 3_000.0, 4_200.0),
        stock=StockPolicy(50.0, np.where(AT > 8, 1_500.0, 0.0)),
        purchase_terms=PaymentTerms(40),
        purchase_vat_rate=rate,
        carriage_vat_rate=rate,
        overdraft_rate=0.13,
    )  # fmt: skip


def rules(country: str, regime: str) -> PlanRules:
    turnover = dict.fromkeys(range(START - 12, START + MONTHS), 15_000.0)
    begins = START + 14 if regime == "franchise" else None
    facts = TaxFacts(regime, fiscal_year_start_month=4, turnover=turnover, registered_from=begins)
    return plan_rules(country_pack(country), facts, START, MONTHS)


@pytest.fixture(scope="module")
def program() -> str:
    found = find_spreadsheet_program()
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    return found


def lines_of(book: Workbook, say: Speaker) -> dict[str, list[float]]:
    found = {}
    for name, layout in STATEMENTS.items():
        sheet = book[say(f"planning.sheet.{name}")]
        rows = {
            row[0].value: [cell.value for cell in row[3 : 3 + MONTHS]] for row in sheet.iter_rows(min_row=5)
        }
        found |= {line.name: rows[say(f"planning.line.{line.name}")] for line in layout}
    return found


def assert_same(book: Workbook, plan: Plan, say: Speaker) -> None:
    for name, values in lines_of(book, say).items():
        np.testing.assert_allclose(values, plan.line(name), rtol=0, atol=0.001, err_msg=name)


@pytest.mark.parametrize(("country", "regime"), FIRMS)
def test_a_spreadsheet_finds_the_plan_to_the_cent(
    program: str, tmp_path: Path, country: str, regime: str
) -> None:
    say = Speaker("fr" if country == "GB" else "en", country, "EUR" if country == "FR" else "GBP")
    law = rules(country, regime)
    plan = build_plan(everything(country), law)
    path = tmp_path / "plan.xlsx"
    path.write_bytes(plan_workbook(plan, law, [("What", "Value")], "A plan", say))
    assert_same(recalculated(program, path, tmp_path), plan, say)


def test_a_changed_cell_moves_every_statement(program: str, tmp_path: Path) -> None:
    say, law, inputs = Speaker("en", "FR", "EUR"), rules("FR", "reel_normal"), everything("FR")
    path = tmp_path / "plan.xlsx"
    path.write_bytes(plan_workbook(build_plan(inputs, law), law, [("What", "Value")], "A plan", say))
    book = load_workbook(path)
    sheet = book[say("planning.sheet.selling")]
    first = {row[0].value: row for row in reversed(list(sheet.iter_rows(min_row=5)))}
    first[say("planning.book.stream.cost_share")][3].value = 0.5
    first[say("planning.book.stream.days")][3].value = 40
    costs = book[say("planning.sheet.costs")]
    cover = next(row for row in costs.iter_rows() if row[0].value == say("planning.book.goods.cover"))
    cover[1].value = 75
    book.save(path)
    stream = replace(inputs.streams[0], cost_share=0.5, terms=PaymentTerms(40))
    moved = replace(
        inputs, streams=(stream, *inputs.streams[1:]), stock=replace(inputs.stock, cover_days=75.0)
    )
    assert_same(recalculated(program, path, tmp_path), build_plan(moved, law), say)


class OneByOne(Worksheet):
    """A sheet as XlsxWriter makes it: each formula by itself, looked through for newer functions."""

    def write_formulas(self, row: int, first: int, formulas: Any, style: Any, results: Any) -> None:
        for at, (formula, result) in enumerate(zip(formulas, results, strict=True)):
            self.write_formula(row, first + at, f"={formula}", style, result)


def test_rows_written_at_once_are_as_xlsxwriter_writes_each_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    def written(country: str, regime: str) -> bytes:
        say, law = Speaker("en", country, "EUR"), rules(country, regime)
        return plan_workbook(build_plan(everything(country), law), law, [("What", "Value")], "A plan", say)

    def each_month(book: grid.Grid, template: str, here: str) -> list[str]:
        return [book.formula(template, month, here)[1:] for month in range(book.months)]

    at_once = [written(*one) for one in FIRMS]
    monkeypatch.setattr(grid, "PlainFormulas", OneByOne)
    monkeypatch.setattr(grid.Grid, "formulas", each_month)
    assert at_once == [written(*one) for one in FIRMS]


def test_what_others_wrote_starts_no_formula(tmp_path: Path) -> None:
    say, law = Speaker("en", "FR", "EUR"), rules("FR", "reel_normal")
    inputs = replace(everything("FR"), loans=(Loan(1_000, START, 0.01, 12, name="=HYPERLINK(1)"),))
    path = tmp_path / "plan.xlsx"
    path.write_bytes(plan_workbook(build_plan(inputs, law), law, [("=1+1", "@x")], "=2+2", say))
    texts = [cell for cell in load_workbook(path)[say("planning.sheet.assumptions")]["A"] if cell.value]
    assert all(cell.data_type == "s" and not str(cell.value).startswith("=") for cell in texts)
