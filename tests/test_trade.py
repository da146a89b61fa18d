"""Cross-border rules: by date and by route, each with its words in both languages, source and confidence."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from importlib.resources import files

import pytest
import yaml
from catalogue_scan import ROOT, catalogue

from echannel.countries.dated import never_two_at_once
from echannel.countries.trade import TradeRule, area_members, customs_area, trade_rules
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
        assert rule.source.strip() and rule.kinds
        together[rule.name, rule.country].append(rule)
    assert all(map(never_two_at_once, together.values()))
    for switch in area["switches"]:
        assert switch["default"] in switch["readings"] and all(switch["readings"].values())
        assert switch["rule"] in {rule["name"] for rule in area["rules"]}


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
    ("entered", "key", "allowed"),
    [
        ({"duty_rates": {"France": {"6302": 0.1}}}, "duty_rates.France", "country code"),
        ({"duty_rates": {"FR": {"63 02": 0.1}}}, "duty_rates.FR.63 02", "customs code"),
        ({"clearance_fee": {"FR": -1}}, "clearance_fee.FR", ""),
        ({"setup": 5}, "exports.setup", "setup_cost"),
    ],
)
def test_a_mistake_about_exports_is_named_with_what_is_allowed(tmp_path, entered, key, allowed):
    profile = yaml.safe_load((ROOT / "parameters/smes/kent-gifts.yml").read_text(encoding="utf-8"))
    path = tmp_path / "kent-gifts.yml"
    path.write_text(yaml.safe_dump({**profile, "exports": entered}), encoding="utf-8")
    with pytest.raises(UserError) as refused:
        read_profile(path, SmeProfile)
    said = Speaker("en").error(refused.value)
    assert key in said and allowed in said


def test_what_is_entered_for_a_market_wins_over_its_area_and_over_all():
    entered = ExportProfile(carriage_cost={"*": 20.0, "EU": 10.0, "FR": 8.0}).carriage_cost
    assert [for_market(entered, market) for market in ("FR", "DE", "US")] == [8.0, 10.0, 20.0]
    assert for_market({}, "FR") is None
