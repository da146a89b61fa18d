"""Cross-border rules: by date and by route, each with its words in both languages, source and confidence."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date, timedelta
from importlib.resources import files

import pytest
import yaml
from catalogue_scan import ROOT, catalogue

from echannel.countries import agreements
from echannel.countries.dated import Source, cited, never_two_at_once
from echannel.countries.trade import TradeRule, area_members, customs_area, duties, trade_rules
from echannel.errors import UserError
from echannel.export_profile import ExportProfile, for_market
from echannel.locale import LANGUAGES, Speaker
from echannel.profiles import SmeProfile, read_profile

TODAY = date(2026, 11, 24)
AREAS = [
    yaml.safe_load((files("echannel.countries.trade") / f"{name}.yml").read_text(encoding="utf-8"))
    for name in ("eu", "gb")
]


@pytest.mark.parametrize(
    ("way", "name", "last_without", "first_with"),
    [
        (("GB", "FR"), "flat_duty", "2026-06-30", "2026-07-01"),
        (("GB", "DE"), "flat_duty", "2026-06-30", "2026-07-01"),
        (("GB", "FR"), "parcel_tax", "2026-02-28", "2026-03-01"),
        (("GB", "FR"), "import_vat_on_return", "2021-12-31", "2022-01-01"),
    ],
)
def test_a_rule_begins_on_its_day(way, name, last_without, first_with):
    assert trade_rules(*way, date.fromisoformat(last_without)).rule(name) is None
    assert trade_rules(*way, date.fromisoformat(first_with)).rule(name) is not None


@pytest.mark.parametrize(
    ("way", "name", "last"),
    [
        (("GB", "FR"), "duty_relief", "2026-06-30"),
        (("GB", "FR"), "flat_duty", "2028-07-01"),
        (("FR", "GB"), "duty_relief", "2029-03-31"),
    ],
)
def test_a_rule_ends_after_its_last_day(way, name, last):
    day = date.fromisoformat(last)
    assert trade_rules(*way, day).rule(name) is not None
    assert trade_rules(*way, day + timedelta(days=1)).rule(name) is None


def test_rules_of_one_member_hold_there_alone():
    assert trade_rules("GB", "FR", TODAY).rule("parcel_tax").amount == 2
    assert trade_rules("GB", "BE", TODAY).rule("parcel_tax") is None


def test_routes_are_told_apart():
    routes = {
        way: trade_rules(*way, TODAY).route
        for way in (("FR", "FR"), ("FR", "DE"), ("FR", "GB"), ("GB", "US"))
    }
    assert list(routes.values()) == ["domestic", "union", "import", "import"]
    assert trade_rules("FR", "DE", TODAY).rule("oss").amount == 10_000
    assert trade_rules("GB", "DE", TODAY).rule("oss") is None, "no yearly limit for sellers from outside"
    elsewhere = trade_rules("GB", "US", TODAY)
    assert (elsewhere.area, elsewhere.currency, elsewhere.rules, elsewhere.switches) == (None, None, (), ())
    assert customs_area("NO") is None and area_members("NO") == ("NO",) and len(area_members("FR")) == 27


def test_origin_counts_both_ways_across_the_channel_and_nowhere_else():
    assert trade_rules("GB", "FR", TODAY).partners == {"GB"}
    assert "PT" in trade_rules("FR", "GB", TODAY).partners
    assert trade_rules("US", "FR", TODAY).agreement is None
    assert trade_rules("FR", "GB", TODAY).agreement.number_above == 6000


def test_disputed_rules_are_switches_only_while_they_hold():
    names = {one.name for one in trade_rules("GB", "FR", TODAY).switches}
    assert names == {"flat_duty_scope", "charges_in_vat_base", "preference", "parcel_tax", "handling_fee"}
    assert "flat_duty_scope" not in {one.name for one in trade_rules("GB", "FR", date(2026, 6, 30)).switches}
    assert trade_rules("FR", "GB", TODAY).switches == ()


def test_what_is_coming_is_announced_until_it_is_there():
    assert [one.name for one in trade_rules("GB", "FR", TODAY).coming] == ["handling_fee", "flat_duty_ends"]
    assert [one.name for one in trade_rules("FR", "GB", TODAY).coming] == ["uk_relief_ends"]
    assert trade_rules("FR", "GB", date(2029, 4, 1)).coming == ()


def test_a_day_before_the_files_is_an_error_for_people():
    with pytest.raises(UserError) as refused:
        trade_rules("FR", "GB", date(2020, 12, 31))
    assert refused.value.values == {"day": date(2020, 12, 31), "since": date(2021, 1, 1)}


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area["area"])
def test_no_rule_holds_twice_and_every_one_has_source_and_confidence(area):
    together = defaultdict(list)
    for content in area["rules"]:
        rule = TradeRule.model_validate(content)
        assert rule.kinds and rule.confidence
        together[rule.name, rule.country].append(rule)
    assert all(map(never_two_at_once, together.values()))
    for switch in area["switches"]:
        assert switch["default"] in switch["readings"] and all(switch["readings"].values())
        assert switch["rule"] in {rule["name"] for rule in area["rules"]}


def _sources() -> list[Source]:
    """Every place that the files cite."""
    of_areas = [
        source
        for area in AREAS
        for source in (
            *(one["source"] for one in (*area["rules"], *area["agreements"], *area["coming"])),
            *(source for switch in area["switches"] for source in switch["readings"].values()),
        )
    ]
    partners = [one for area in ("EU", "GB") for one in agreements._partnerships(area)]
    return [*of_areas, *(one.source for one in (*duties._read(), *partners))]


def test_every_source_reads_right_in_both_languages():
    """A law has its name of each language; a title of a page in English stands in quotation marks."""
    english = re.compile(
        r"\b(Council|Regulations?|Agreement|Act|Budget of|and|the country|guidance|July)\b|art\. \w+[a-c]$"
    )
    french = re.compile(r"\b(Règlement|règlement|Accord|Loi|Code de|juillet|juin|et|bis|quater)\b|[«»]")
    assert len(_sources()) > 50
    for source in _sources():
        told = {language: cited(source, language) for language in LANGUAGES}
        assert all(text.strip() for text in told.values())
        own_names = re.sub(r"«[^»]*»|les (General|Consumer) [\w ]+ 20\d\d", "", told["fr"])
        assert not english.search(own_names), told["fr"]
        assert not french.search(told["en"]), told["en"]
        assert not re.search("[^\u00a0][;:»]|«[^\u00a0]", told["fr"]), told["fr"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_in_the_files_has_its_words(language):
    known = catalogue(language)
    for area in AREAS:
        wanted = {f"market.rule.{one['name']}" for one in (*area["rules"], *area["coming"])}
        for switch in area["switches"]:
            wanted |= {f"market.switch.{switch['name']}"}
            wanted |= {f"market.reading.{switch['name']}.{reading}" for reading in switch["readings"]}
        assert wanted <= known.keys(), wanted - known.keys()


@pytest.mark.parametrize(
    ("entered", "key", "value", "allowed", "permis"),
    [
        (
            "duty_rates: {France: {'6302': 0.1}}",
            "exports.duty_rates",
            "France",
            "country code",
            "code de pays",
        ),
        ("duty_rates: {FR: {63 02: 0.1}}", "exports.duty_rates.FR", "63 02", "customs code", "code douanier"),
        ("duty_rates: {FR: {6302: 0.1}}", "exports.duty_rates.FR", "6302", "quotation marks", "guillemets"),
        ("carriage_cost: {NO: 5}", "exports.carriage_cost", "", "Norway", "Norvège"),
        ("duty_rates: {FR: {'6302': 12}}", "exports.duty_rates.FR.6302", "12", "0.12", "0.12"),
        ("vat_rates: {FR: {Food: 20}}", "exports.vat_rates.FR.Food", "20", "0.2 for 20%", "0.2 pour 20"),
        ("clearance_fee: {FR: -1}", "exports.clearance_fee.FR", "-1", "0 or more", "supérieur"),
        ("proof_of_origin: KG-1", "exports.proof_of_origin", "KG-1", "square brackets", "entre crochets"),
        ("setup: 5", "exports.setup", "", "setup_cost", "setup_cost"),
    ],
)
def test_a_mistake_about_exports_is_named_with_what_is_allowed(
    tmp_path, entered, key, value, allowed, permis
):
    """As the file has it: without what the library that reads it calls a key or a choice."""
    profile = yaml.safe_load((ROOT / "parameters/smes/kent-gifts.yml").read_text(encoding="utf-8"))
    path = tmp_path / "kent-gifts.yml"
    del profile["exports"]
    path.write_text(yaml.safe_dump(profile) + f"exports:\n  {entered}\n", encoding="utf-8")
    with pytest.raises(UserError) as refused:
        read_profile(path, SmeProfile)
    for language, what in (("en", allowed), ("fr", permis)):
        said = Speaker(language).error(refused.value)
        assert "kent-gifts.yml" in said and value in said and what in said
        marks = "“{}”" if language == "en" else "«\u00a0{}\u00a0»"
        assert marks.format(key) in said and "[key]" not in said and "literal" not in said


def test_what_is_entered_for_a_market_wins_over_its_area_and_over_all():
    entered = ExportProfile(carriage_cost={"*": 20.0, "EU": 10.0, "FR": 8.0}).carriage_cost
    assert [for_market(entered, market) for market in ("FR", "DE", "US")] == [8.0, 10.0, 20.0]
    assert for_market({}, "FR") is None
