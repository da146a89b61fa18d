"""Each source's own traps, against a server that answers in the recorded shapes."""

from __future__ import annotations

import io
import json
import os
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fakes.server import FakeServer, Reply
from hypothesis import given, settings
from hypothesis import strategies as st
from live_help import live

from echannel.reference import companies, comtrade, ecb, eurostat, fx, uk_tariff, vies, world_bank
from echannel.reference.http import SourceFailed
from echannel.reference.snapshot import markets

SAMPLES = Path(os.environ.get("ECHANNEL_SHARED", Path(__file__).parents[3] / "shared")) / "market" / "samples"


def sample(name: str) -> bytes:
    path = SAMPLES / name
    if not path.is_file():
        pytest.skip("the recorded answers are not at hand")
    return path.read_bytes()


def serving(answer):
    """A server that gives this to every question (or what it makes of the call)."""
    return FakeServer(answer if callable(answer) else lambda call: answer)


def kind(call) -> str:
    with pytest.raises(SourceFailed) as failed:
        call()
    return failed.value.kind


# The World Bank.


def bank_row(iso3, year, value, **more):
    return {
        "indicator": {"id": "SP.POP.TOTL", "value": "Population"},
        "country": {"id": iso3[:2], "value": iso3},
        "countryiso3code": iso3,
        "date": str(year),
        "value": value,
        "unit": "",
        "obs_status": "",
        "decimal": 0,
        **more,
    }


def bank_page(rows, page=1, pages=1):
    return [{"page": page, "pages": pages, "per_page": "1000", "total": len(rows)}, rows]


def test_world_bank_pages_are_all_read_and_nulls_and_groups_left_out(tmp_path):
    pages = {
        "1": bank_page([bank_row("FRA", 2024, 68.5), bank_row("DEU", 2024, None)], 1, 2),
        "2": bank_page(
            [bank_row("EUU", 2024, 450.0), bank_row("", 2024, 1.0), bank_row("GBR", 2023, 69)], 2, 2
        ),
    }
    with serving(lambda call: pages[call.params["page"]]) as server:
        table = world_bank.figures(live(tmp_path, server), "population", 2026)
    assert list(zip(table["market"], table["year"], table["value"], strict=True)) == [
        ("FR", 2024, 68.5),
        ("GB", 2023, 69.0),
    ]
    call = server.calls[0]
    assert call.params["format"] == "json" and call.params["date"] == "2014:2026"
    assert "FRA" in call.path and max(map(len, call.path.split("/"))) < 1500


def test_world_bank_percentages_become_fractions_and_only_named_editions_of_the_index_count(tmp_path):
    with serving(bank_page([bank_row("FRA", 2024, 1.19)])) as server:
        assert world_bank.figures(live(tmp_path, server), "gdp_growth", 2026)[
            "value"
        ].item() == pytest.approx(0.0119)
    rows = [bank_row("FRA", 2018, 3.84), bank_row("FRA", 2022, 3.9), bank_row("FRA", 2026, 70.0)]
    with serving(bank_page(rows)) as server:
        table = world_bank.figures(live(tmp_path / "lpi", server), "lpi", 2026)
    assert dict(zip(table["figure"], table["value"], strict=True)) == {"lpi_2018": 3.84, "lpi": 3.9}


@pytest.mark.parametrize(
    "body",
    [
        [{"message": [{"id": "120", "key": "Invalid value", "value": "…"}]}],
        b"<html>",
        {},
        [],
        [{"page": 1}],
        b"null",
    ],
)
def test_world_bank_errors_that_come_with_status_200_are_errors(tmp_path, body):
    with serving(body) as server:
        assert kind(lambda: world_bank.figures(live(tmp_path, server), "population", 2026)) == "answer"
    assert kind(lambda: world_bank.figures(live(tmp_path, online=False), "population", 2026)) == "offline"


def test_world_bank_without_rows_is_empty(tmp_path):
    with serving([{"page": 0, "pages": 0, "per_page": 50, "total": 0}, None]) as server:
        assert world_bank.figures(live(tmp_path, server), "population", 2026).empty


def test_world_bank_as_recorded(tmp_path):
    with serving(Reply(sample("worldbank_error_http200.json"))) as server:
        assert kind(lambda: world_bank.figures(live(tmp_path, server), "population", 2026)) == "answer"


# Eurostat.


def stat(
    values, ids=("freq", "indic_is", "unit", "ind_type", "geo", "time"), sizes=None, flags=None, **categories
):
    codes = {
        "freq": ["A"],
        "indic_is": ["I_BUY3"],
        "unit": ["PC_IND"],
        "ind_type": ["IND_TOTAL"],
        **categories,
    }
    dimension = {name: {"category": {"index": {c: i for i, c in enumerate(codes[name])}}} for name in ids}
    return {
        "version": "2.0",
        "class": "dataset",
        "id": list(ids),
        "value": values,
        "status": flags or {},
        "size": sizes or [len(codes[name]) for name in ids],
        "dimension": dimension,
    }


def test_eurostat_values_are_placed_by_their_position(tmp_path):
    body = stat(
        {"0": 50.0, "3": 60.5, "4": 71.5, "5": None},
        geo=["EL", "UK", "FR"],
        time=["2024", "2025"],
        flags={"0": "b", "4": "p"},
    )
    with serving(body) as server:
        table = eurostat.online_buyers(live(tmp_path, server)).set_index(["market", "year"])
    assert table["value"].to_dict() == {("GR", 2024): 0.5, ("GB", 2025): 0.605, ("FR", 2024): 0.715}
    assert "possible_break" in table.loc[("GR", 2024), "caveat"]
    assert table.loc[("FR", 2024), "caveat"] == "three_months"
    assert "geo" not in server.calls[0].params and server.calls[0].params["indic_is"] == "I_BUY3"


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_unflattening_is_numpys_row_major_order(data):
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    names = [f"d{n}" for n in range(len(sizes))]
    count = int(np.prod(sizes))
    positions = data.draw(st.lists(st.integers(0, count - 1), unique=True))
    codes = {name: [f"{name}-{i}" for i in range(size)] for name, size in zip(names, sizes, strict=True)}
    table = eurostat.unflattened(stat({str(p): float(p) for p in positions}, names, sizes, **codes))
    for position, row in zip(positions, table.itertuples(index=False), strict=True):
        at = np.unravel_index(position, sizes)
        assert list(row[: len(sizes)]) == [codes[name][i] for name, i in zip(names, at, strict=True)]


def test_eurostat_takes_lists_and_codes_in_any_order():
    body = {
        "id": ["time", "geo"],
        "size": [2, 2],
        "value": [1, None, 3, 4],
        "status": ["", "", "b"],
        "dimension": {
            "time": {"category": {"index": ["2024", "2025"]}},
            "geo": {"category": {"index": {"FR": 1, "DE": 0}}},
        },
    }
    rows = eurostat.unflattened(body).to_records(index=False).tolist()
    assert rows == [("2024", "DE", 1, ""), ("2025", "DE", 3, "b"), ("2025", "FR", 4, "")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": [{"status": 400, "id": 150, "label": "INVALID_QUERY_DIMENSION"}]}, "answer"),
        ({"warning": {"status": 413, "label": "ASYNCHRONOUS_RESPONSE"}}, "large"),
        (
            {
                "id": ["geo"],
                "size": [1],
                "value": {"7": 1},
                "dimension": {"geo": {"category": {"index": ["FR"]}}},
            },
            "answer",
        ),
        (Reply({"error": [{"status": 404, "id": 100}]}, 404), "not_found"),
    ],
)
def test_eurostat_errors_and_warnings(tmp_path, body, expected):
    with serving(body) as server:
        assert kind(lambda: eurostat.online_buyers(live(tmp_path, server))) == expected


def test_eurostat_as_recorded(tmp_path):
    with serving(Reply(sample("eurostat_warning_async.json"))) as server:
        assert kind(lambda: eurostat.online_buyers(live(tmp_path, server))) == "large"


# UN Comtrade.


def trade_row(reporter, year, value, code="691200", **more):
    totals = {"partnerCode": 0, "partner2Code": 0, "customsCode": "C00", "motCode": 0, "flowCode": "M"}
    return {
        "reporterCode": reporter,
        "period": str(year),
        "cmdCode": code,
        "primaryValue": value,
        **totals,
        **more,
    }


def trade(*rows, error=""):
    return {"elapsedTime": "0.2 secs", "count": len(rows), "data": list(rows), "error": error}


def test_comtrade_reads_totals_only_and_leaves_gaps(tmp_path):
    def app(call):
        if call.params["period"] == "2023":
            return trade()
        return trade(
            trade_row(251, 2024, 900.0),
            trade_row(251, 2024, 40.0, motCode=1000),
            trade_row(276, 2024, None),
            trade_row(250, 2024, 7.0),
            trade_row(842, 2024, 5000),
        )

    with serving(app) as server:
        table = comtrade.imports(live(tmp_path, server), "6912.00.81", [2023, 2024]).set_index(
            ["market", "year"]
        )
    assert table["value"].dropna().to_dict() == {("FR", 2024): 900.0, ("US", 2024): 5000.0}
    assert table.loc[("DE", 2024), "reason"] == "reason.no_trade_data" and len(table) == 2 * len(markets())
    params = server.calls[0].params
    assert (params["cmdCode"], params["partner2Code"], params["motCode"]) == ("691200", "0", "0")
    assert "251" in params["reporterCode"].split(",") and "subscription-key" not in json.dumps(params)


def test_comtrade_uses_a_key_where_there_is_one(tmp_path, monkeypatch):
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters" / "reference.yml").write_text("keys: {comtrade: 'env:COMTRADE_KEY'}")
    monkeypatch.setenv("COMTRADE_KEY", "k3y")
    with serving(trade(trade_row(251, 2024, 1.0, "6912"))) as server:
        comtrade.imports(live(tmp_path, server), "6912", [2024])
    assert server.calls[0].path == "/data/v1/get/C/A/HS"
    assert server.calls[0].headers["Ocp-Apim-Subscription-Key"] == "k3y"
    monkeypatch.delenv("COMTRADE_KEY")  # what is kept is read without it
    kept = comtrade.imports(live(tmp_path, server, online=False), "6912", [2024])
    assert kept.set_index("market").loc["FR", "status"] == "ok"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (trade(*[trade_row(251, 2024, 1.0, motCode=n) for n in range(1, 501)]), "large"),
        (trade(trade_row(251, 2024, 1.0, "6912"), trade_row(251, 2024, 2.0, "6912")), "answer"),
        (trade(error="You have exceeded the limit"), "quota"),
        (Reply({"message": "Rate limit is exceeded. Try again in 2 seconds."}, 429), "quota"),
    ],
)
def test_comtrade_never_takes_a_cut_a_doubled_or_a_refused_answer(tmp_path, body, expected):
    with serving(body) as server:
        assert kind(lambda: comtrade.imports(live(tmp_path, server), "6912", [2024])) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("6912.00.81 00", "691200"),
        ("6912", "6912"),
        ("69120", "6912"),
        ("", ""),
        (None, ""),
        ("mug", ""),
        (np.nan, ""),
    ],
)
def test_codes_are_cut_to_what_the_world_has_in_common(given, expected):
    assert comtrade.hs6(given) == expected


def test_comtrade_without_a_code_asks_nobody(tmp_path):
    with serving(trade()) as server:
        assert (
            comtrade.imports(live(tmp_path, server), "mug", [2024])["value"].isna().all() and not server.calls
        )


def test_comtrade_as_recorded(tmp_path):
    recorded = json.loads(sample("comtrade_get_C_A_HS_recorded.json"))
    row = next(one for one in recorded["data"] if one["reporterCode"] == 156)
    row["partnerCode"], row["cmdCode"] = 0, "6912"
    year = int(row["period"])
    with serving(trade(row)) as server:
        table = comtrade.imports(live(tmp_path, server), "6912", [year]).set_index("market")
    assert table.loc["CN", "value"] == row["cifvalue"]


# The ECB.


def rates_zip(text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("eurofxref-hist.csv", text)
    return out.getvalue()


def test_new_rates_take_their_place_and_bad_ones_do_not(tmp_path):
    good = rates_zip("Date,USD,GBP,BGN,\n2026-11-23,1.25,0.8,N/A,\n2026-11-20,1.2,0.8,N/A,\n")
    with serving(Reply(good)) as server:
        way = live(tmp_path, server)
        assert ecb.refresh_rates(way) == pd.Timestamp("2026-11-23")
    assert fx.rate("EUR", "USD", date(2026, 11, 24), way.workspace).value == 1.25
    for n, bad in enumerate(
        [b"PK broken", b"<html>", rates_zip("a,b\n1,2\n"), rates_zip("Date,USD,GBP\nx,y,z\n")]
    ):
        with serving(Reply(bad)) as server:
            assert kind(lambda s=server, n=n: ecb.refresh_rates(live(tmp_path / str(n), s))) == "answer"
    assert fx.rate("EUR", "USD", date(2026, 11, 24), way.workspace).value == 1.25


# VIES.


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"isValid": True, "userError": "VALID", "name": "X"}, "valid"),
        ({"isValid": False, "userError": "INVALID"}, "invalid"),
        ({"isValid": False, "userError": "MS_UNAVAILABLE"}, "unknown"),
        ({"isValid": False, "userError": "MS_MAX_CONCURRENT_REQ"}, "unknown"),
        ({"isValid": False}, "unknown"),
        ({"actionSucceed": False, "errorWrappers": [{"error": "GLOBAL_MAX_CONCURRENT_REQ"}]}, "unknown"),
        (b"<html>", "unknown"),
        (Reply(b"", 500), "unknown"),
    ],
)
def test_vies_has_three_answers(tmp_path, body, state):
    with serving(body) as server:
        assert vies.check(live(tmp_path, server), "FR 40 303 265 045").state == state
    assert all(b"name" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_vies_asks_for_greece_by_its_own_letters_and_not_for_great_britain(tmp_path):
    with serving({"isValid": True, "userError": "VALID"}) as server:
        way = live(tmp_path, server)
        assert (
            vies.check(way, "GR094259216").state == "valid" and server.calls[0].path == "/ms/EL/vat/094259216"
        )
        assert vies.check(way, "GB123456789").reason == "reason.vies_other_country"
        assert vies.check(way, "FR/../x").state == "invalid" and len(server.calls) == 1
    assert vies.check(live(tmp_path, online=False), "FR40303265045").reason == "reason.vies_offline"


def test_vies_as_recorded(tmp_path):
    with serving(Reply(sample("vies_valid_live_2026-10-08.json"))) as server:
        assert vies.check(live(tmp_path, server), "PL7740001454").state == "valid"


# Registers of firms.


def test_a_french_firm_without_its_directors(tmp_path):
    found = {
        "siren": "303265045",
        "nom_complet": "LA BOUTIQUE",
        "nature_juridique": "5499",
        "etat_administratif": "C",
        "activite_principale": "47.91A",
        "date_creation": "1985-02-01",
        "dirigeants": [{"nom": "MARTIN", "prenoms": "Jeanne"}],
    }
    with serving({"results": [{**found, "siren": "999999999"}, found], "total_results": 2}) as server:
        firm = companies.french_company(live(tmp_path, server), "303265045")
        assert companies.french_company(live(tmp_path, server), "111111118") is None
    assert firm == companies.Company(
        "FR", "303265045", "LA BOUTIQUE", False, "5499", "47.91A", date(1985, 2, 1)
    )
    assert "MARTIN" not in repr(firm)
    assert not any(b"MARTIN" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_british_firm_needs_a_key(tmp_path, monkeypatch):
    body = {
        "company_number": "01234567",
        "company_name": "MUGS LTD",
        "company_status": "active",
        "type": "ltd",
        "sic_codes": ["47910"],
        "date_of_creation": "2001-05-06",
    }
    with serving(lambda call: body if call.basic == ("k3y", "") else Reply(b"", 401)) as server:
        assert kind(lambda: companies.british_company(live(tmp_path, server), "01234567")) == "no_key"
        (tmp_path / "parameters").mkdir()
        (tmp_path / "parameters" / "reference.yml").write_text("keys: {companies_house: 'env:CH_KEY'}")
        monkeypatch.setenv("CH_KEY", "k3y")
        firm = companies.british_company(live(tmp_path, server), "01234567")
        assert (firm.active, firm.activity, firm.founded) == (True, "47910", date(2001, 5, 6))
        server.fail("404")
        assert companies.british_company(live(tmp_path, server), "09999999") is None


# The UK's tariff.


def tariff():
    def measure(number, kind, area, duty):
        return [
            {
                "id": number,
                "type": "measure",
                "relationships": {
                    "measure_type": {"data": {"id": kind, "type": "measure_type"}},
                    "geographical_area": {"data": {"id": area, "type": "geographical_area"}},
                    "duty_expression": {"data": {"id": f"{number}-duty", "type": "duty_expression"}},
                },
            },
            {"id": f"{number}-duty", "type": "duty_expression", "attributes": {"base": duty}},
        ]

    included = [
        *measure("1", "103", "1011", "12.00 %"),
        *measure("2", "142", "EU", "0.00 %"),
        *measure("-3", "305", "1011", "20.00 %"),
        *measure("4", "142", "XX", "4.00 % + 9.30 GBP / 100 kg"),
    ]
    references = [{"id": n, "type": "measure"} for n in ("1", "2", "-3", "4", "missing")]
    return {
        "data": {
            "id": "1",
            "type": "commodity",
            "attributes": {"goods_nomenclature_item_id": "6912008100", "description_plain": "Mugs"},
            "relationships": {"import_measures": {"data": references}},
        },
        "included": included,
    }


def test_a_commoditys_duty_preference_and_vat(tmp_path):
    with serving(tariff()) as server:
        found = uk_tariff.commodity(live(tmp_path, server), "6912 00 81 00", "FR")
    assert (found.duty, found.vat_rates, found.description) == (0.12, (0.2,), "Mugs")
    assert found.preferences["EU"] == 0.0 and np.isnan(found.preferences["XX"])
    call = server.calls[0]
    assert call.path == "/uk/api/commodities/6912008100" and call.params == {
        "filter[geographical_area_id]": "FR"
    }
    assert call.headers["Accept"] == "application/vnd.hmrc.2.0+json"


def test_a_heading_is_no_commodity(tmp_path):
    with serving(Reply({"error": "not found"}, 404)) as server:
        assert kind(lambda: uk_tariff.commodity(live(tmp_path, server), "6912000000")) == "not_found"
        assert kind(lambda: uk_tariff.commodity(live(tmp_path, server), "6912")) == "not_found"
    assert len(server.calls) == 1
