"""Cards on selling to firms: dependence on few accounts, accounts gone quiet, who pays late."""

from __future__ import annotations

from datetime import date

from echannel.locale import Speaker
from echannel.metrics import b2b
from echannel.metrics.result import OK
from echannel.metrics.turnover import Sales, as_date
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card, reasons
from echannel.views.context import View
from echannel.views.frames import first_row, keyed
from echannel.views.segment_cards import last_orders
from echannel.views.tables import Column, Table

_AGE_COLOURS = {
    "not_due": theme.MAIN,
    "days_1_30": theme.SOFT,
    "days_31_60": theme.ALERT,
    "days_61_90": theme.ALERT,
    "days_over_90": theme.THIRD,
    "unknown": theme.MUTED,
}
DEPENDENT = 0.25  # a client beyond a quarter of turnover is a risk to the firm: the programme's threshold


def concentration(view: View) -> Card | None:
    """How much of turnover hangs on few accounts."""
    if "b2b" not in view.kinds:
        return None
    say, part = view.say, view.of_kind("b2b")
    measures = view.figures(b2b.concentration, part.sales)
    accounts = view.figures(b2b.top_accounts, part.sales)
    by_name = keyed(measures, "measure")
    known = accounts[accounts["status"] == OK]
    sentence, figures = "", NO_FIGURES
    if by_name.loc["top_1", "status"] == OK and len(known):
        top, five = by_name.loc["top_1"], by_name.loc["top_5"]
        sentence = say(
            "growth.say.concentration", top=say.percent(top["value"], 0), five=say.percent(five["value"], 0)
        )
        sentence += " " + (
            say("growth.say.dependent") if top["value"] > DEPENDENT else say("growth.say.not_dependent")
        )
        figures = (
            charts.ranked(
                [_account(say, name) for name in known["customer_id"]],
                known["value"].tolist(),
                axes.whole_money(say),
                texts=[
                    f"{say.money(value, decimals=0)} · {say.percent(share, 0)}"
                    for value, share in zip(known["value"], known["share"], strict=True)
                ],
                colour=[theme.ALERT if share > DEPENDENT else theme.MAIN for share in known["share"]],
                notes=[
                    say("growth.say.last_order", day=say.day(as_date(int(day)))) for day in known["last_day"]
                ],
            ),
        )
    note = (
        say("growth.note.hhi", hhi=say.number(by_name.loc["hhi", "value"], 3))
        if by_name.loc["hhi", "status"] == OK
        else ""
    )
    table = Table(
        "top-accounts",
        known.assign(
            last=[as_date(int(day)) for day in known["last_day"]],
            number=last_orders(part, known["customer_id"]),
        ),
        (
            Column("customer_id", "account", words=lambda name: _account(say, name)),
            Column("country", "country", "country"),
            Column("value", "net_turnover", "money"),
            Column("share", "share", "percent"),
            Column("cumulative_share", "cumulative_share", "percent"),
            Column("n", "orders", "number"),
            Column("last", "last_order", "day"),
            Column("number", "last_order_number"),
        ),
        say.currency,
    )
    n = int(by_name.loc["top_1", "n"])
    return Card(
        "growth.concentration",
        sentence,
        part.rows(n, "accounts"),
        figures,
        table if len(known) else None,
        reasons(measures),
        note,
        term="customer_concentration",
    )


def accounts_at_risk(view: View) -> Card | None:
    """Accounts that should have ordered by now, by their own rhythm."""
    if "b2b" not in view.kinds:
        return None
    say, part = view.say, view.of_kind("b2b")
    frame = part.of_all_days(b2b.accounts_at_risk)
    known = frame[frame["status"] == OK].head(10)
    figures, table = NO_FIGURES, None
    if len(known):
        sentence = say(
            "growth.say.accounts_at_risk",
            n=int((frame["status"] == OK).sum()),
            money=say.money(frame["turnover"].sum(), decimals=0),
        )
        figures = (
            charts.ranked(
                [_account(say, name) for name in known["customer_id"]],
                known["turnover"].tolist(),
                axes.whole_money(say),
                notes=[
                    say("growth.say.own_rhythm", rhythm=say.number(rhythm), since=say.number(since))
                    for rhythm, since in zip(known["rhythm"], known["days_since"], strict=True)
                ],
            ),
        )
        everyone = frame[frame["status"] == OK]
        table = Table(
            "accounts-at-risk",
            everyone.assign(
                last=[as_date(int(day)) for day in everyone["last_day"]],
                number=last_orders(part, everyone["customer_id"]),
            ),
            (
                Column("customer_id", "account", words=lambda name: _account(say, name)),
                Column("country", "country", "country"),
                Column("turnover", "yearly_turnover", "money"),
                Column("rhythm", "usual_days", "number"),
                Column("days_since", "days_since_last", "number"),
                Column("last", "last_order", "day"),
                Column("number", "last_order_number"),
            ),
            say.currency,
        )
    else:
        sentence = "" if len(frame) else say("growth.say.no_account_at_risk")
    return Card(
        "growth.accounts_at_risk",
        sentence,
        part.rows(len(part.whole.orders), "orders", part.whole),
        figures,
        table,
        reasons(frame),
    )


def receivables(view: View) -> Card | None:
    """What customers owe, and how overdue it is."""
    if "b2b" not in view.kinds:
        return None
    say, part = view.say, view.of_kind("b2b")
    frame = part.of_all_days(b2b.receivables_by_age, None, default_terms(view))
    dso = part.of_all_days(b2b.days_sales_outstanding)
    known = frame[frame["status"] == OK]
    days = first_row(dso[dso["method"] == "ratio"])
    sentence, figures = "", NO_FIGURES
    if len(known):
        late = known[~known["bucket"].isin(["not_due", "unknown"])]
        sentence = say(
            "growth.say.receivables",
            money=say.money(known["value"].sum(), decimals=0),
            late=say.money(late["value"].sum(), decimals=0),
            n=int(late["n"].sum()),
        )
        figures = (
            charts.ranked(
                [say(f"growth.age.{bucket}") for bucket in known["bucket"]],
                known["value"].tolist(),
                axes.whole_money(say),
                colour=[_AGE_COLOURS[bucket] for bucket in known["bucket"]],
                notes=[say("views.rows.orders", n=int(n)) for n in known["n"]],
            ),
        )
    if days["status"] == OK:
        sentence += " " + say("growth.say.dso", days=say.number(days["value"]))
    table = Table(
        "receivables",
        frame,
        (
            Column("bucket", "age_bucket", words=lambda bucket: say(f"growth.age.{bucket}")),
            Column("value", "receivables_gross", "money"),
            Column("share", "share", "percent"),
            Column("n", "open_orders", "number"),
        ),
        say.currency,
    )
    return Card(
        "growth.receivables",
        sentence.strip(),
        part.rows(int(days["n"]), "orders", part.whole),
        figures,
        table if len(known) else None,
        tuple(dict.fromkeys((*reasons(frame), *reasons(dso)))),
    )


def payment_delays(view: View) -> Card | None:
    """How long customers take to pay, against what the law allows."""
    if "b2b" not in view.kinds:
        return None
    say, part = view.say, view.of_kind("b2b")
    frame = keyed(view.figures(b2b.payment_delays, part.sales, default_terms(view)), "measure")
    legal, limit_key = _legal_days(view)
    sentence, figures = "", NO_FIGURES
    to_pay = frame.loc["days_to_pay"]
    if to_pay["status"] == OK:
        sentence = say("growth.say.days_to_pay", days=say.number(to_pay["value"]))
        late = frame.loc["late_share"]
        if late["status"] == OK:
            sentence += " " + say("growth.say.late_share", share=say.percent(late["value"], 0))
        names, values = [say("growth.payment.days_to_pay")], [to_pay["value"]]
        if legal is not None:
            names.append(say(limit_key))
            values.append(float(legal))
        figures = (
            charts.ranked(
                names,
                values,
                lambda days: say("growth.days", n=round(days)),
                colour=[theme.MAIN, theme.MUTED][: len(names)],
            ),
        )
    missing = reasons(frame.reset_index())
    if legal is not None:
        sentence += _beyond(view, part.sales, legal)
    shown = frame.reset_index()
    shown = shown[shown["status"] == OK]
    table = Table(
        "payment-delays",
        shown.assign(
            shown=[
                say.percent(value) if measure == "late_share" else say.number(value, 1)
                for measure, value in zip(shown["measure"], shown["value"], strict=True)
            ]
        ),
        (
            Column("measure", "measure", words=lambda measure: say(f"growth.payment.{measure}")),
            Column("shown", "value"),
            Column("n", "paid_orders", "number"),
        ),
    )
    return Card(
        "growth.payment_delays",
        sentence.strip(),
        part.rows(int(to_pay["n"])),
        figures,
        table if len(shown) else None,
        missing,
        term="payment_terms",
    )


def _beyond(view: View, sales: Sales, legal: int) -> str:
    """How many orders went beyond the legal term, and beyond every lawful way of counting it."""
    say = view.say
    found = view.figures(b2b.beyond_legal_term, sales, view.sme.pack.latest_payment)
    orders = found[found["measure"] == "orders"]
    first, every = orders.iloc[0], orders.iloc[-1]
    if first["status"] != OK:
        return ""
    n = int(first["numerator"])
    said = " " + say("growth.say.beyond_legal", n=n, all=int(first["denominator"]), days=legal)
    law = view.sme.pack.payment_law_on(_last_day(view))
    if n and law and law.max_days_end_of_month:
        late = int(every["numerator"])
        said += " " + say("growth.say.beyond_every_counting", n=late, days=law.max_days_end_of_month)
    return said


def default_terms(view: View) -> int | None:
    """Days to pay where the order says none: the default of the SME's country, if it has a law."""
    law = view.sme.pack.payment_law_on(_last_day(view))
    return law.default_days if law else None


def _legal_days(view: View) -> tuple[int | None, str]:
    """The longest term the law allows, or the default where it caps none; and how to call it."""
    law = view.sme.pack.payment_law_on(_last_day(view))
    if law is None:
        return None, "growth.payment.default_term"
    if law.max_days is not None:
        return law.max_days, "growth.payment.longest_term"
    return law.default_days, "growth.payment.default_term"


def _last_day(view: View) -> date:
    return as_date(view.sme.sales.last_day).date()


def _account(say: Speaker, name: object) -> str:
    """An account's short code: names are never stored, the firm finds the account by its code."""
    return say("growth.account", code=str(name)[:8])
