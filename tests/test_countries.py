"""Country packs: what the law and the calendar say, by date; and a third country without new code."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import yaml
from handmade import canonical, order
from hypothesis import given
from hypothesis import strategies as st

from echannel.countries import country_codes, country_pack
from echannel.countries.dated import Dated
from echannel.countries.identifiers import luhn
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.metrics.turnover import prepare
from echannel.profiles import load_sme
from echannel.sme import open_sme
from echannel.sync import sync_sme
from echannel.workspace import Workspace

days = st.dates(date(2014, 1, 1), date(2032, 12, 31))


def period(country: str, year: int, name: str) -> tuple[date, date]:
    return next((one.first, one.last) for one in country_pack(country).sale_periods(year) if one.name == name)


def day(text: str) -> date:
    return date.fromisoformat(text)


# --- VAT -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "name", "on", "rate"),
    [
        ("GB", "standard", "2010-12-01", 0.175),  # the first day of Online Retail
        ("GB", "standard", "2011-01-03", 0.175),
        ("GB", "standard", "2011-01-04", 0.20),
        ("GB", "hospitality", "2020-07-15", 0.05),
        ("GB", "hospitality", "2021-09-30", 0.05),
        ("GB", "hospitality", "2021-10-01", 0.125),
        ("GB", "hospitality", "2022-03-31", 0.125),
        ("GB", "zero", "2026-11-24", 0.0),
        ("FR", "standard", "2013-12-31", 0.196),
        ("FR", "standard", "2014-01-01", 0.20),
        ("FR", "intermediate", "2013-12-31", 0.07),
        ("FR", "intermediate", "2026-11-24", 0.10),
        ("FR", "reduced", "2026-11-24", 0.055),
        ("FR", "special", "2026-11-24", 0.021),
    ],
)
def test_vat_rates_by_date(country, name, on, rate):
    assert country_pack(country).vat_rate(name, day(on)) == rate
    assert country_pack(country).vat_rates_on(day(on))[name] == rate


def test_a_rate_that_has_ended_is_refused_with_its_name_and_day():
    with pytest.raises(UserError) as refused:
        country_pack("GB").vat_rate("hospitality", date(2022, 4, 1))
    assert "hospitality" in Speaker("en").error(refused.value)
    assert "1 avr. 2022" in Speaker("fr").error(refused.value)


@given(days)
def test_every_day_since_2014_has_a_standard_rate_a_payment_law_and_every_regime_its_limits(on):
    for code in ("GB", "FR"):
        pack = country_pack(code)
        assert 0 < pack.vat_rate("standard", on) < 1
        if on >= date(2014, 4, 1):
            assert pack.payment_law_on(on) is not None
            for regime in pack.vat_regimes:
                if regime.until is None or on <= regime.until:
                    assert regime.thresholds_on(on), (code, regime.name, on)


@pytest.mark.parametrize(
    ("country", "regime", "on", "limits"),
    [
        ("GB", "standard", "2024-03-31", {"registration": 85_000, "deregistration": 83_000}),
        ("GB", "standard", "2024-04-01", {"registration": 90_000, "deregistration": 88_000}),
        ("GB", "flat_rate", "2026-11-24", {"join": 150_000, "leave": 230_000}),
        ("GB", "cash_accounting", "2026-11-24", {"join": 1_350_000, "leave": 1_600_000}),
        (
            "FR",
            "franchise",
            "2026-11-24",
            {"goods": 85_000, "goods_tolerated": 93_500, "services": 37_500, "services_tolerated": 41_250},
        ),
        (
            "FR",
            "franchise",
            "2024-12-31",
            {"goods": 91_900, "goods_tolerated": 101_000, "services": 36_800, "services_tolerated": 39_100},
        ),
        ("FR", "reel_simplifie", "2027-01-01", {}),
    ],
)
def test_vat_regimes_and_their_limits_by_date(country, regime, on, limits):
    assert country_pack(country).vat_regime(regime).thresholds_on(day(on)) == limits


def test_regimes_say_whether_vat_is_charged():
    charged = {one.name: one.registered for code in ("GB", "FR") for one in country_pack(code).vat_regimes}
    assert [name for name, registered in charged.items() if not registered] == ["unregistered", "franchise"]
    assert country_pack("FR").vat_regime("reel_simplifie").until == date(2026, 12, 31)
    with pytest.raises(UserError, match="unknown_vat_regime"):
        country_pack("FR").vat_regime("flat_rate")


def test_every_figure_has_a_source():
    for code in ("GB", "FR"):
        for rules in (country_pack(code).vat_rates, country_pack(code).payment_laws):
            assert all(isinstance(rule, Dated) and len(rule.source) > 8 for rule in rules)


# --- Payment terms -------------------------------------------------------------------------------


def test_french_terms_in_both_countings():
    law = country_pack("FR").payment_law_on(date(2026, 4, 6))
    assert law.latest_due(date(2026, 4, 6)) == {
        "days": date(2026, 6, 5),
        "end_of_month_then_days": date(2026, 6, 14),
        "days_then_end_of_month": date(2026, 5, 31),
    }
    assert law.default_due(date(2026, 4, 6)) == date(2026, 5, 6)
    assert law.recovery_fee(12) == law.recovery_fee(99_999) == 40
    assert country_pack("FR").payment_law_on(date(2012, 6, 1)).recovery_fee(100) == 0


def test_british_terms_have_no_cap_and_the_bill_is_not_law():
    pack = country_pack("GB")
    law = pack.payment_law_on(date(2026, 11, 24))
    assert (law.default_days, law.max_days, law.fair_days) == (30, None, 60)
    assert law.latest_due(date(2026, 4, 6)) == {}
    assert [law.recovery_fee(debt) for debt in (999.99, 1_000, 9_999.99, 10_000)] == [40, 70, 70, 100]
    (bill,) = pack.payment_bills
    assert bill.max_days == 60
    for language, words in (("en", "not in force"), ("fr", "pas en vigueur")):
        assert words in Speaker(language, "GB")(f"payment_bill.{bill.name}")


@given(days)
def test_end_of_month_countings_end_where_they_say(invoiced):
    latest = country_pack("FR").payment_law_on(invoiced).latest_due(invoiced)
    assert (latest["days_then_end_of_month"] + timedelta(days=1)).day == 1
    assert (latest["end_of_month_then_days"] - timedelta(days=44)).day == 1
    assert latest["days"] - invoiced == timedelta(days=60)


# --- Calendars -----------------------------------------------------------------------------------

SOLDES = {
    ("soldes_winter", 2014): ("2014-01-08", "2014-02-11"),  # five weeks until 2014
    ("soldes_winter", 2016): ("2016-01-06", "2016-02-16"),  # six from 2015 to 2019
    ("soldes_summer", 2016): ("2016-06-22", "2016-08-02"),
    ("soldes_summer", 2019): ("2019-06-26", "2019-08-06"),
    ("soldes_winter", 2020): ("2020-01-08", "2020-02-04"),  # four since
    ("soldes_summer", 2020): ("2020-07-15", "2020-08-11"),  # moved: Covid
    ("soldes_winter", 2021): ("2021-01-20", "2021-03-02"),
    ("soldes_summer", 2021): ("2021-06-30", "2021-07-27"),
    ("soldes_summer", 2022): ("2022-06-22", "2022-07-19"),
    ("soldes_summer", 2023): ("2023-06-28", "2023-08-01"),  # one week longer: riots
    ("soldes_winter", 2026): ("2026-01-07", "2026-02-03"),
    ("soldes_summer", 2026): ("2026-06-24", "2026-07-21"),
    ("soldes_winter", 2027): ("2027-01-06", "2027-02-02"),
    ("soldes_summer", 2027): ("2027-06-23", "2027-07-20"),
    ("soldes_winter", 2028): ("2028-01-12", "2028-02-08"),
    ("soldes_summer", 2028): ("2028-06-28", "2028-07-25"),
}


@pytest.mark.parametrize(("which", "dates"), SOLDES.items())
def test_soldes_as_published(which, dates):
    name, year = which
    assert period("FR", year, name) == tuple(map(day, dates))


@given(st.integers(2024, 2060))
def test_soldes_follow_the_rule_of_2019(year):
    (winter, winter_end), (summer, summer_end) = (
        period("FR", year, f"soldes_{s}") for s in ("winter", "summer")
    )
    assert winter.weekday() == summer.weekday() == 2
    assert date(year, 1, 6) <= winter <= date(year, 1, 12)
    assert date(year, 6, 22) <= summer <= date(year, 6, 28)
    assert winter_end - winter == summer_end - summer == timedelta(days=27)


@pytest.mark.parametrize(("year", "friday"), [(2024, 29), (2025, 28), (2026, 27), (2027, 26)])
def test_black_friday_lies_in_its_week_in_both_countries(year, friday):
    for code in ("GB", "FR"):
        first, last = period(code, year, "black_friday_week")
        assert (first, last) == (date(year, 11, friday - 4), date(year, 11, friday) + timedelta(days=3))


def test_only_french_soldes_are_regulated():
    regulated = {
        (code, one.name)
        for code in ("GB", "FR")
        for one in country_pack(code).sale_periods(2026)
        if one.regulated
    }
    assert regulated == {("FR", "soldes_winter"), ("FR", "soldes_summer")}


def test_a_period_that_runs_over_new_year_is_found_from_either_side():
    pack = country_pack("GB")
    for first, last in (("2026-01-10", "2026-01-20"), ("2025-12-20", "2025-12-26")):
        assert [one.name for one in pack.sale_periods_between(day(first), day(last))] == ["boxing_day_sales"]
    assert pack.sale_periods_between(date(2026, 2, 1), date(2026, 11, 22)) == ()


def test_public_holidays_by_country_in_both_languages():
    english = country_pack("GB").public_holidays([2026], "en")
    french = country_pack("GB").public_holidays([2026], "fr")
    assert english.keys() == french.keys()
    assert (english[date(2026, 4, 3)], french[date(2026, 4, 3)]) == ("Good Friday", "Vendredi saint")
    assert date(2026, 11, 30) in country_pack("GB").public_holidays([2026], "en", subdivision="SCT")
    assert date(2026, 11, 30) not in english
    assert len(country_pack("FR").public_holidays([2026], "fr")) == 11
    assert country_pack("FR").public_holidays([2026], "en")[date(2026, 7, 14)] == "Bastille Day"


@pytest.mark.parametrize("subdivision", ["ENG", "SCT", "NIR", "WLS"])
def test_no_british_holiday_stays_english_for_a_french_reader(subdivision):
    pack = country_pack("GB")
    years = range(1990, 2036)
    english = pack.public_holidays(years, "en", subdivision)
    french = pack.public_holidays(years, "fr", subdivision)
    assert [english[on] for on in english if english[on] == french[on]] == []


# --- Identifiers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "name", "value", "valid"),
    [
        ("FR", "siren", "732 829 320", True),
        ("FR", "siren", "732 829 321", False),
        ("FR", "siren", "73282932", False),
        ("FR", "siret", "732 829 320 00074", True),
        ("FR", "siret", "356 000 000 00048", True),  # La Poste's head office: Luhn as well
        ("FR", "siret", "356 000 000 00013", False),
        ("FR", "vat_number", "FR 44 732 829 320", True),
        ("FR", "vat_number", "FR 45 732 829 320", False),
        ("FR", "vat_number", "FR K7 399 859 412", True),
        ("GB", "company_number", "01234567", True),
        ("GB", "company_number", "SC123456", True),
        ("GB", "company_number", "XX123456", False),
        ("GB", "vat_number", "GB 337 4400 71", True),  # modulus 97
        ("GB", "vat_number", "GB 337 4400 16", True),  # modulus 97-55
        ("GB", "vat_number", "GB 337 4400 72", False),
    ],
)
def test_identifiers(country, name, value, valid):
    assert country_pack(country).identifier(name).is_valid(value) is valid


def test_la_poste_s_establishments_sum_to_a_multiple_of_five():
    siret = country_pack("FR").identifier("siret")
    value = next(
        f"356000000{n:05d}"
        for n in range(100_000)
        if (14 + sum(map(int, str(n)))) % 5 == 0 and not luhn(f"356000000{n:05d}")
    )
    assert siret.is_valid(value)


@given(st.integers(0, 99_999_999))
def test_one_wrong_digit_in_a_siren_is_always_caught(number):
    body = f"{number:08d}"
    siren = next(body + str(check) for check in range(10) if luhn(body + str(check)))
    for place in range(9):
        wrong = siren[:place] + str((int(siren[place]) + 1) % 10) + siren[place + 1 :]
        assert not luhn(wrong)


# --- A third country -----------------------------------------------------------------------------

FREEDONIA = {
    "code": "QF",
    "reviewed": date(2026, 1, 31),
    "currency": "CHF",
    "timezone": "Europe/Zurich",
    "fiscal_year_start": "07-01",
    "vat_rates": [
        {"name": "standard", "rate": 0.11, "since": date(2010, 1, 1), "source": "Rufus' edict, 1933"},
    ],
    "vat_regimes": [
        {"name": "duck", "registered": True, "filing": ["yearly"], "source": "Rufus' edict, 1933"}
    ],
    "payment_laws": [
        {"since": date(2010, 1, 1), "default_days": 10, "max_days": 20, "source": "Rufus' edict, 1933"}
    ],
    "price_display": {"b2c": "gross", "b2b": "gross", "source": "Rufus' edict, 1933"},
    "calendar": {"library": "CH", "subdivision": "GE"},
    "sale_rules": [
        {
            "name": "hail",
            "regulated": True,
            "start": {"month": 2, "weekday": "tuesday", "nth": 1},
            "days": 2,
            "since": 2020,
            "source": "Rufus' edict, 1933",
        }
    ],
    "terms": {
        "en": {
            "vat_rate.standard": "Crown rate",
            "vat_regime.duck": "Duck regime",
            "sale_period.hail": "Hail days",
            "term.vat": "Crown tax",
        },
        "fr": {
            "vat_rate.standard": "Taux de la couronne",
            "vat_regime.duck": "Régime du canard",
            "sale_period.hail": "Jours de grêle",
            "term.vat": "Taxe de la couronne",
        },
    },
}

PROFILE = {
    "id": "firefly",
    "name": "Firefly & Sons",
    "country": "QF",
    "languages": ["fr", "en"],
    "orientation": "b2c",
    "currency": "CHF",
    "timezone": "Europe/Zurich",
    "vat": {"regime": "duck"},
    "fiscal_year_start": "07-01",
    "launch_pad": "Freedonia",
}


@pytest.fixture
def freedonia(tmp_path, monkeypatch):
    for folder, name, content in (("countries", "qf", FREEDONIA), ("smes", "firefly", PROFILE)):
        path = tmp_path / "parameters" / folder / f"{name}.yml"
        path.parent.mkdir(parents=True)
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    monkeypatch.setenv("ECHANNEL_ROOT", str(tmp_path))
    return Workspace(tmp_path)


def test_a_third_country_is_one_file(freedonia):
    profile = load_sme(freedonia, "firefly")
    assert set(country_codes(freedonia)) == {"FR", "GB", "QF"}
    pack = country_pack(profile.country)
    assert pack.vat_rate("standard", date(2026, 1, 1)) == 0.11
    assert [one.first for one in pack.sale_periods(2026)] == [date(2026, 2, 3)]
    assert pack.payment_law_on(date(2026, 1, 1)).latest_due(date(2026, 1, 1)) == {"days": date(2026, 1, 21)}
    assert pack.price_basis("b2b") == "gross"
    assert date(2026, 8, 1) in pack.public_holidays([2026], "fr")

    say = Speaker("fr", profile.country, profile.currency)
    assert say.term("vat") == "Taxe de la couronne"
    assert say.other.term("vat") == "Crown tax"
    assert say(f"sale_period.{pack.sale_periods(2026)[0].name}") == "Jours de grêle"
    assert say.money(1234.5) == "1\u202f234,50\u00a0CHF"
    assert Speaker("fr").term("vat") == "TVA"


def test_a_third_country_has_the_same_turnover(freedonia):
    frames = [canonical("orders", [order("1", "2026-02-03", 100.0, vat=0.11, country="QF", currency="CHF")])]
    frames += [canonical(name, []) for name in ("order_lines", "refunds", "products", "customers", "visits")]
    entries = prepare(*frames, "CHF").entries
    assert entries["net_goods"].sum() == pytest.approx(100.0)


def test_a_third_country_s_files_are_read_with_its_own_vat(freedonia):
    inbox = freedonia.root / "data" / "inbox" / "firefly"
    inbox.mkdir(parents=True)
    rows = [
        "Commande;Date;Article;Quantité;Prix unitaire TTC",
        "1;03/02/2026;Plume;2;55,50",
        "2;14/02/2026;Plume;1;55,50",
    ]
    (inbox / "commandes.csv").write_text("\n".join(rows), encoding="utf-8")
    options = {"folder": "data/inbox/firefly", "files": [{"match": "*.csv", "preset": "generic_orders"}]}
    sources = [{"id": "shop", "connector": "files", "options": options}]
    path = freedonia.parameters / "smes" / "firefly.yml"
    path.write_text(yaml.safe_dump({**PROFILE, "sources": sources}, allow_unicode=True), encoding="utf-8")

    report = sync_sme(freedonia, "firefly")
    assert (report.kept["orders"], report.refused) == (2, 0)
    firefly = open_sme("firefly", freedonia)
    assert firefly.pack.code == "QF"
    # 166.50 francs at 11 %: 150 without VAT.
    assert firefly.sales.entries["net_goods"].sum() == pytest.approx(150.0)
    assert not firefly.table("orders")["vat_stated"].any()
    assert firefly.speaker().money(150.0, decimals=0) == "150\u00a0CHF"


def test_an_edited_pack_is_read_again_and_a_foreign_workspace_keeps_to_itself(freedonia, tmp_path_factory):
    assert country_pack("QF").vat_rate("standard", date(2026, 1, 1)) == 0.11
    path = freedonia.parameters / "countries" / "qf.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("0.11", "0.12000"), encoding="utf-8")
    assert country_pack("QF").vat_rate("standard", date(2026, 1, 1)) == 0.12
    with pytest.raises(UserError, match="no_country_pack"):
        country_pack("QF", Workspace(tmp_path_factory.mktemp("elsewhere")))


@pytest.mark.parametrize(
    ("change", "place", "hint"),
    [
        (
            {"vat_rates": [{"name": "standard", "rate": "lots", "since": "2010-01-01", "source": "x"}]},
            "vat_rates.0.rate",
            "number",
        ),
        ({"vat_rates": [*FREEDONIA["vat_rates"], *FREEDONIA["vat_rates"]]}, "qf", "same day"),
        ({"terms": {"en": {}, "fr": {}}}, "qf", "sale_period.hail"),
        ({"currenzy": "CHF"}, "currenzy", "currency"),
        ({"calendar": {"libary": "CH"}}, "calendar.library", "missing"),
        ({"calendar": {"library": "CH", "subdivison": "GE"}}, "calendar.subdivison", "subdivision"),
    ],
)
def test_a_mistake_in_a_pack_is_named_in_both_languages(freedonia, change, place, hint):
    path = freedonia.parameters / "countries" / "qf.yml"
    path.write_text(yaml.safe_dump({**FREEDONIA, **change}, allow_unicode=True), encoding="utf-8")
    with pytest.raises(UserError) as refused:
        country_pack("QF")
    for language in LANGUAGES:
        sentence = Speaker(language).error(refused.value)
        assert "qf.yml" in sentence and place in sentence
    assert hint in Speaker("en").error(refused.value)


@pytest.mark.parametrize("code", ["ZZ", "..", "../x", "gb/../fr", ""])
def test_an_unknown_country_is_refused_with_the_known_ones(code):
    with pytest.raises(UserError) as refused:
        country_pack(code)
    assert "FR, GB" in Speaker("en").error(refused.value)
    assert refused.value.key == "error.no_country_pack"
