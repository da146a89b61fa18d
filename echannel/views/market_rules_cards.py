"""Cards on the rules of a border: what is disputed, what holds and what is coming, whose origin counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from echannel.countries.dated import cited
from echannel.countries.trade import Switch, TradeRules
from echannel.exports import Case
from echannel.views import axes, charts, theme
from echannel.views.cards import Card, Rows, moved_by
from echannel.views.context import View
from echannel.views.market_facts import home, named, of_market, rules_day
from echannel.views.market_landed_facts import (
    abroad,
    basket_names,
    case,
    duty_words,
    first_known,
    landed,
    money_there,
    options,
    year_case,
)
from echannel.views.tables import Column, Table

MOST_PRODUCTS = 200
HEAVIEST = 100.0  # kg of one piece: beyond it grams were written as kilograms more often than not


@moved_by(of_market)
def disputed(view: View) -> Card | None:
    """Rules that the sources dispute: a basket under each reading."""
    if not abroad(view):
        return None
    say, rules = view.say, case(view).route.rules
    kind = options(view).kind
    switches = [one for one in rules.switches if rules.rule(one.rule, kind) is not None]
    if not switches:
        return None
    rows = [_reading(view, switch, reading) for switch in switches for reading in switch.readings]
    frame = pd.DataFrame(rows)
    by_rule = frame.groupby("rule")[["ioss", "border"]]
    moved = (by_rule.max() - by_rule.min()).to_numpy()
    spread = np.nanmax(moved) if np.isfinite(moved).any() else np.nan
    table = Table(
        "disputed-rules",
        frame,
        (
            Column("rule", "market_rule", words=lambda name: say(f"market.switch.{name}"), long=True),
            Column("reading", "market_reading", words=lambda name: say(f"market.reading.{name}"), long=True),
            Column("basket", "market_basket_held", long=True),
            *_totals(kind),
            Column(
                "taken",
                "market_taken",
                words=lambda on: say("market.say.taken" if on else "market.say.other"),
            ),
            Column("source", "market_source", long=True),
        ),
        case(view).currency,
    )
    reasons = tuple(dict.fromkeys(why for why in frame["reason"] if why))
    if np.isfinite(spread) and spread < 0.005:
        sentence = say("market.say.disputed_nothing", n=len(switches))
    elif np.isfinite(spread):
        sentence = say("market.say.disputed", n=len(switches), money=money_there(view, float(spread)))
    else:
        sentence = say("market.say.disputed_unknown", n=len(switches))
    return Card("market.landed_disputed", sentence, table=table, missing=reasons, open_table=True)


def _totals(kind: str) -> tuple[Column, ...]:
    """With IOSS and without for consumers; firms have no such choice, and one total."""
    if kind == "b2b":
        return (Column("border", "market_total", "cents", absent="why"),)
    return (
        Column("ioss", "market_total_ioss", "cents", absent="why"),
        Column("border", "market_total_border", "cents", absent="why"),
    )


def _reading(view: View, switch: Switch, reading: str) -> dict[str, Any]:
    """One reading of a disputed rule: what a basket then costs, with and without IOSS.

    Whether origin helps is shown on a basket whose origin is proven, where there is one.
    """
    one, at = case(view), first_known(landed(view)) or 0
    if switch.name == "preference":
        lines = one.parcels.originating(one.route.rules.partners).astype("float64")
        proven = np.flatnonzero(one.parcels.total(lines) > 0)
        at = int(proven[0]) if len(proven) else at
    row: dict[str, Any] = {
        "rule": switch.name,
        "reading": f"{switch.name}.{reading}",
        "basket": basket_names(view)[at],
        "taken": one.route.rules.reading(switch.name, options(view).readings) == reading,
        "source": cited(switch.readings[reading], view.say.language),
        "why": "",
        "reason": "",
    }
    for scheme in ("ioss", "border"):
        base = options(view, scheme)
        chosen = replace(base, scheme=scheme, readings={**base.readings, switch.name: reading})
        found = landed(view, chosen=chosen)
        row[scheme] = found["total"][at, 0]
        if found.reason[at, 0]:
            row["why"], row["reason"] = view.say("market.say.input_missing"), str(found.reason[at, 0])
    return row


@moved_by(of_market)
def coming(view: View) -> Card | None:
    """Which rules hold on the day, until when, how sure they are, and what is announced."""
    if not abroad(view):
        return None
    say, rules = view.say, case(view).route.rules
    held = [
        {
            "rule": rule.name,
            "state": "in_force",
            "amount": _amount(view, rules, rule.amount, rule.up_to),
            "since": pd.Timestamp(rule.since),
            "until": pd.Timestamp(rule.until) if rule.until else pd.NaT,
            "confidence": rule.confidence,
            "source": cited(rule.source, say.language),
        }
        for rule in rules.rules
        if options(view).kind in rule.kinds and rule.name != "handling_fee"
    ]
    expected = [one for one in rules.coming if options(view).kind in one.kinds]
    announced = [
        {
            "rule": one.name,
            "state": "announced",
            "amount": "",
            "since": pd.Timestamp(one.day),
            "until": pd.NaT,
            "confidence": one.confidence,
            "source": cited(one.source, say.language),
        }
        for one in expected
    ]
    if not held and not announced:
        sentence = say("market.say.no_rules", market=named(view, rules.destination))
        return Card("market.landed_coming", sentence)
    frame = pd.DataFrame([*held, *announced])
    frame["until_words"] = say("market.say.open_ended")
    sentence = say("market.say.rules_held", n=len(held), day=rules_day(view))
    if announced:
        told = [
            say(
                "market.say.coming_unsure" if one.confidence == "disputed" else "market.say.coming_on",
                what=say(f"market.rule.{one.name}"),
                day=one.day,
            )
            for one in expected
        ]
        sentence += " " + say("market.say.coming", changes=told)
    table = Table(
        "rules",
        frame,
        (
            Column("rule", "market_rule", words=lambda name: say(f"market.rule.{name}"), long=True),
            Column("state", "market_rule_state", words=lambda name: say(f"market.rule_state.{name}")),
            Column("amount", "market_amount"),
            Column("since", "market_since", "day"),
            Column("until", "market_until", "day", absent="until_words"),
            Column("confidence", "market_confidence", words=lambda name: say(f"market.sureness.{name}")),
            Column("source", "market_source", long=True),
        ),
    )
    return Card("market.landed_coming", sentence, table=table, open_table=True)


def _amount(view: View, rules: TradeRules, amount: float | None, up_to: float | None) -> str:
    """A rule's amount and limit as people write them."""
    say, parts = view.say, []
    if amount is not None:
        parts.append(say.money(amount, rules.currency))
    if up_to is not None:
        parts.append(say("market.say.up_to", money=say.money(up_to, rules.currency, 0)))
    return " · ".join(parts)


@moved_by(of_market)
def origin(view: View) -> Card | None:
    """Where each product was made, whether that is proven, and what customs still need to know of it."""
    if not abroad(view) or case(view).route.rules.route != "import":
        return None
    say, rules = view.say, case(view).route.rules
    frame = _products(view)
    counts = frame["verdict"].value_counts()
    sentence = say(
        "market.say.origin",
        n=len(frame),
        proven=int(counts.get("proven", 0)),
        provable=int(counts.get("provable", 0)),
        elsewhere=int(counts.get("elsewhere", 0)),
        unknown=int(counts.get("unknown", 0)),
    )
    if rules.agreement is None:
        sentence = say("market.say.no_agreement", n=len(frame), market=named(view, rules.destination))
    notes = []
    if rules.agreement is not None:
        number = rules.agreement.exporter_number
        above = rules.agreement.number_above
        key = "market.say.exporter_number_above" if above else "market.say.exporter_number"
        limit = say.money(above, rules.agreement.number_currency, 0)
        notes.append(say(key, number=number, money=limit, n=rules.agreement.valid_months))
    if rules.area == "EU" and options(view).kind == "b2c":
        notes.append(say("market.say.gpsr", since=pd.Timestamp(2024, 12, 13)))
    # Fewer than six digits are no customs code.
    digits = frame["hs_code"].astype(object).where(frame["hs_code"].notna(), "").astype(str)
    short = digits.str.count(r"\d") < 6
    absent = {"hs_code": short, "weight_kg": frame["weight_kg"].isna()}
    missing = [name for name in absent if absent[name].any()]
    notes += duty_words(view, year_case(view))
    notes += [say(f"market.say.no_{name}", n=int(absent[name].sum())) for name in missing]
    odd = frame[(frame["weight_kg"] <= 0) | (frame["weight_kg"] > HEAVIEST)]
    if len(odd):
        first = view.product(odd["product_id"].iloc[0])
        weight = say.number(odd["weight_kg"].iloc[0], 1)
        notes.append(say("market.say.odd_weight", n=len(odd), product=first, weight=weight))
    table = Table(
        "origin",
        frame.head(MOST_PRODUCTS),
        (
            Column("product_id", "product", words=view.product, long=True),
            Column("origin_country", "market_made_in", "country"),
            Column(
                "verdict", "market_origin_verdict", words=lambda name: say(f"market.origin.{name}"), long=True
            ),
            Column("hs_code", "market_hs_code"),
            *_duty_columns(frame),
            Column("weight_kg", "market_weight_kg", "decimal"),
            Column("net", "net_turnover", "money"),
        ),
        view.sme.profile.currency,
    )
    rows = Rows(len(frame), "products")
    figures = (_by_origin(view, frame),)
    return Card("market.landed_origin", sentence, rows, figures, table, note=" ".join(notes))


def _by_origin(view: View, frame: pd.DataFrame) -> charts.Figure:
    """The turnover of the products by what their origin is worth."""
    say = view.say
    by = frame.groupby("verdict")["net"].agg(["sum", "size"]).sort_values("sum", ascending=False)
    shares = by["sum"] / frame["net"].sum()
    return charts.ranked(
        [say(f"market.origin.{name}") for name in by.index],
        shares.tolist(),
        axes.percents(say),
        colour=[theme.MAIN if name == "proven" else theme.SOFT for name in by.index],
        texts=[
            say("market.say.origin_share", share=say.percent(share, 0), n=int(n))
            for share, n in zip(shares, by["size"], strict=True)
        ],
    )


def _products(view: View) -> pd.DataFrame:
    """The products sold in the last twelve months, best first, with what their origin is worth there."""
    lines, rules = year_case(view).lines, case(view).route.rules
    sold = lines.assign(net=lines["unit_price"] * lines["quantity"]).groupby("product_id")["net"].sum()
    facts = lines.drop_duplicates("product_id").set_index("product_id")
    frame = facts[["origin_country", "hs_code", "weight_kg", "proven"]].join(sold)
    frame = frame.sort_values("net", ascending=False, kind="stable").reset_index()
    made_here = frame["origin_country"].isin(list(rules.partners) or [home(view)])
    if rules.agreement is None:
        verdicts = np.where(frame["origin_country"].isna(), "unknown", "no_agreement")
    else:
        verdicts = np.select(
            [frame["origin_country"].isna(), ~made_here, frame["proven"]],
            ["unknown", "elsewhere", "proven"],
            "provable",
        )
    return frame.assign(verdict=verdicts, **_kept_duties(year_case(view), frame["hs_code"]))


def _kept_duties(of: Case, codes: pd.Series) -> dict[str, pd.Series]:
    """The UK tariff's rates of each product whose duty the firm has not entered; NaN where none is kept."""
    plain = codes.astype(object).where(codes.notna(), "").astype(str).str.replace(r"\D", "", regex=True)
    duty = {code: one.duty for code, one in of.kept_duties.items()}
    proven = {code: one.preference for code, one in of.kept_duties.items()}
    return {
        "uk_duty": plain.map(duty).astype("float64"),
        "uk_preference": plain.map(proven).astype("float64"),
    }


def _duty_columns(frame: pd.DataFrame) -> list[Column]:
    """The tariff's rates, where any is kept."""
    names = [name for name in ("uk_duty", "uk_preference") if frame[name].notna().any()]
    return [Column(name, f"market_{name}", "percent") for name in names]
