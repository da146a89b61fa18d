"""Cards on money that leaves on days of its own: VAT, taxes and charges, and on customers who pay late."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.countries.late_payment import late_law
from echannel.metrics import b2b
from echannel.metrics.planning import history, late_payers
from echannel.metrics.planning.engine import Plan
from echannel.metrics.planning.late_payers import LateEffect
from echannel.metrics.planning.rules import NEVER, LateLaw, PlanRules
from echannel.metrics.planning.tax_calendar import by_month, tax_calendar
from echannel.metrics.planning.vat import takes_effect, threshold_crossing
from echannel.metrics.result import OK
from echannel.metrics.turnover import as_date
from echannel.views import axes, charts, theme
from echannel.views.b2b_cards import default_terms
from echannel.views.cards import NO_FIGURES, Card
from echannel.views.context import View, on_paper_too
from echannel.views.frames import keyed
from echannel.views.planning_charts import Mark, money_ahead
from echannel.views.planning_facts import calendar, first_day, period_of, rows
from echannel.views.planning_plan import basis, planned, why_not
from echannel.views.tables import Column, Table

MONTHS_SHOWN = 14
SHOCK_DAYS = 75.0  # a customer who pays after two and a half months
SHOCK_MORE = 45.0

_TAXES = (
    ("vat", theme.MAIN),
    ("one_stop", theme.SOFT),
    ("corporation_tax", theme.THIRD),
    ("payroll", theme.SECOND),
)


@on_paper_too
def tax_dates(view: View) -> Card:
    """When VAT, tax and payroll charges take cash in the next fourteen months."""
    made, plan = basis(view), planned(view)
    if made is None or plan is None:
        return Card("planning.tax_dates", "", missing=why_not(view), term="vat_return")
    rules, say = made.rules, view.say
    found = view.kept("tax calendar", lambda: tax_calendar(plan, rules, MONTHS_SHOWN))
    wide = view.kept("tax months", lambda: by_month(found, plan.start, min(MONTHS_SHOWN, plan.months)))
    bars = [
        charts.Series(say(f"planning.tax.{name}"), wide[name].tolist(), colour)
        for name, colour in _TAXES
        if name in wide
    ]
    figure = charts.over_months(
        say,
        [period_of(month) for month in wide.index],
        bars,
        [],
        axes.whole_money(say),
        axes.short_money(say),
        stacked=True,
    )
    passed, held = _limits_in_words(view, plan, rules)
    said = [*_payments_in_words(view, found), *_changes_in_words(view, rules), *passed]
    noted = [
        say("planning.say.regime", regime=say(f"vat_regime.{rules.vat.regimes[0]}")),
        *held,
        *_duties_in_words(view, plan, rules),
        *([say("planning.say.vat_day_unknown")] if _day_unknown(view, plan) else []),
        *([say("planning.say.payroll_default")] if _default_charges(plan, rules) else []),
    ]
    return Card(
        "planning.tax_dates",
        " ".join(said),
        rows(view),
        (figure,) if bars else NO_FIGURES,
        _calendar_table(view, found),
        note=" ".join(noted),
        term="vat_return",
    )


def _payments_in_words(view: View, found: pd.DataFrame) -> list[str]:
    """How much goes in all, what comes next, and the heaviest month."""
    say, paid = view.say, found[found["amount"] > 0]
    if paid.empty:
        return [say("planning.say.no_tax", n=MONTHS_SHOWN)]
    total = say.money(found["amount"].sum(), decimals=0)
    said = [say("planning.say.tax_total", n=MONTHS_SHOWN, money=total)]
    following = paid.iloc[0]
    said.append(
        say(
            "planning.say.tax_next",
            tax=say(f"planning.tax.{following['tax']}"),
            money=say.money(following["amount"], decimals=0),
            day=as_date(int(following["day"])),
        )
    )
    month = pd.Series([as_date(int(day)).to_period("M") for day in paid["day"]], index=paid.index)
    sums = paid.groupby(month)["amount"].sum()
    if len(sums) > 1:
        money = say.money(float(sums.max()), decimals=0)
        said.append(say("planning.say.tax_heaviest", month=sums.idxmax(), money=money))
    return said


def _changes_in_words(view: View, rules: PlanRules) -> list[str]:
    """Where in the plan another VAT regime replaces the first one, or returns come more or less often."""
    say, regimes = view.say, rules.vat.regimes
    every = returns_by_month(rules)
    said = []
    for at in range(1, rules.months):
        told = {"day": first_day(rules.start + at), "every": say(f"planning.filing.{every[at] or 'none'}")}
        if regimes[at] != regimes[at - 1]:
            old, new = (say(f"vat_regime.{name}") for name in (regimes[at - 1], regimes[at]))
            said.append(say("planning.say.regime_changes", old=old, new=new, **told))
        elif every[at] != every[at - 1]:
            said.append(say("planning.say.filing_changes", **told))
    return said


def returns_by_month(rules: PlanRules) -> list[str]:
    """How often VAT is declared, by month: ``monthly``, ``quarterly``, ``yearly``, "" where it is not.

    A return that a change of rules cuts short counts as what came before it.
    """
    names = {1: "monthly", 3: "quarterly", 12: "yearly"}
    every = [""] * rules.months
    for period in rules.vat.periods:
        name = names.get(period.last - period.first + 1, "")
        for month in range(max(period.first, rules.start), min(period.last + 1, rules.start + rules.months)):
            at = month - rules.start
            every[at] = name or (every[at - 1] if at else "")
    return every


def _limits_in_words(view: View, plan: Plan, rules: PlanRules) -> tuple[list[str], list[str]]:
    """Limits of turnover that the plan passes; and where it passes none, the nearest one."""
    say = view.say
    before = view.once("turnover before", lambda: turnover_before(view, plan.start))
    turnover = plan.line("turnover")[None, :]
    passed, held = [], []
    for watch in rules.watches:
        crossed = threshold_crossing(turnover, watch, plan.start, before)
        if crossed[0] == NEVER:
            held.append(watch)
            continue
        passed.append(
            say(
                "planning.say.limit_passed",
                limit=say.money(watch.amount, decimals=0),
                counted=say("planning.limit.rolling" if watch.rolling else "planning.limit.calendar_year"),
                month=period_of(int(crossed[0])),
                day=first_day(int(takes_effect(crossed, watch)[0])),
                effect=say(f"planning.limit_effect.{watch.name}"),
            )
        )
    if passed or not held:
        return passed, []
    lowest = min(held, key=lambda watch: watch.amount)
    return [], [say("planning.say.limit_held", limit=say.money(lowest.amount, decimals=0))]


def turnover_before(view: View, start: int) -> np.ndarray:
    """Net turnover of the twelve months before a plan, newest last; without sales that far back, shorter."""
    past = history.monthly(view.sme.sales)
    months = past["month"].to_numpy()
    wanted = past[(months >= start - 12) & (months < start)]
    return wanted["turnover"].to_numpy(float)


def _duties_in_words(view: View, plan: Plan, rules: PlanRules) -> list[str]:
    """What the law brings within the plan, with what it costs there."""
    say, said = view.say, []
    for one in rules.known_costs:
        if one.amount > 0 and rules.start < one.first:
            counted = float(plan.line("e_invoicing")[one.first - rules.start])
            ours = one.is_default and abs(counted - one.amount) < 0.005
            key = "planning.say.duty_assumed" if ours else "planning.say.duty"
            said.append(say(key, duty=say(f"coming.{one.name}"), money=say.money(counted, decimals=0)))
    return said


def _day_unknown(view: View, plan: Plan) -> bool:
    """Whether the day of VAT returns depends on a place that the profile does not name."""
    taxes = view.sme.pack.taxes
    return taxes is not None and bool(taxes.filing_days) and not plan.inputs.departement


def _default_charges(plan: Plan, rules: PlanRules) -> bool:
    return rules.payroll.is_default and any(np.isnan(one.employer_rate) for one in plan.inputs.staff)


def _calendar_table(view: View, found: pd.DataFrame) -> Table:
    say = view.say

    def what(row: tuple[str, str]) -> str:
        tax, kind = row
        if kind == "filing":
            return say(f"deadline.{tax}")
        name = say(f"planning.tax.{tax}")
        if kind == "charges":
            return name
        return say("planning.tax_and_kind", tax=name, kind=say(f"planning.tax_kind.{kind}"))

    frame = pd.DataFrame(
        {
            "day": [as_date(int(day)) for day in found["day"]],
            "what": list(zip(found["tax"], found["kind"], strict=True)),
            "of": [
                None if first < 0 else (int(first), int(last))
                for first, last in zip(found["period_first"], found["period_last"], strict=True)
            ],
            "amount": found["amount"].to_numpy(float),
            "no_span": "–",
            "no_amount": say("planning.only_filed"),
        }
    )
    return Table(
        "tax-dates",
        frame,
        (
            Column("day", "planning_due", "day"),
            Column("what", "planning_tax", words=what),
            Column(
                "of", "planning_tax_period", words=lambda span: months_in_words(view, *span), absent="no_span"
            ),
            Column("amount", "amount", "cents", absent="no_amount"),
        ),
        say.currency,
    )


def months_in_words(view: View, first: int, last: int) -> str:
    """A stretch of whole months."""
    if first == last:
        return view.say.month(period_of(first))
    return view.say.period(first_day(first), first_day(last + 1) - pd.Timedelta(days=1))


def late_payer(view: View) -> Card | None:
    """What happens when a large business customer, or all of them, pay late."""
    if "b2b" not in view.kinds:
        return None
    made, plan = basis(view), planned(view)
    if made is None or plan is None:
        return Card("planning.late_payer", "", missing=why_not(view), term="payment_terms")
    inputs, rules = plan.inputs, made.rules
    usual = late_payers.usual_days_of(inputs)
    if np.isnan(usual):
        return None
    days = SHOCK_DAYS if usual <= SHOCK_DAYS - SHOCK_MORE / 3 else usual + SHOCK_MORE
    share, orders = view.once("largest account", lambda: largest_account(view))
    law = late_law(view.sme.pack, as_date(view.sme.sales.last_day).date())
    overdue = view.once("days overdue", lambda: days_overdue(view))
    agreed = usual - max(overdue, 0.0) if not np.isnan(overdue) else None
    effect = view.kept(
        "late payment",
        lambda: late_payers.late_payment(inputs, rules, days, share, law, orders, agreed_days=agreed),
    )
    every = (usual, *(one for one in (45.0, 60.0, 75.0, 90.0) if one > usual + 1), days)
    steps = view.kept(
        "days late", lambda: late_payers.by_days(inputs, rules, share, tuple(sorted(set(every))))
    )
    said = [*_shock_in_words(view, effect), *_discipline_in_words(view, effect, overdue)]
    return Card(
        "planning.late_payer",
        " ".join([*said, *_law_in_words(view, effect, law)]),
        rows(view),
        (_cash_chart(view, plan, effect),),
        _steps_table(view, steps),
        note=_bill_in_words(view, law),
        term="payment_terms",
    )


def largest_account(view: View) -> tuple[float, float]:
    """The largest account's share of turnover with firms, and its orders a year; all of it where unknown."""
    part = view.of_kind("b2b").sales.select(view.sme.sales.last_day - 364, view.sme.sales.last_day)
    accounts = b2b.top_accounts(part, 1)
    known = accounts[(accounts["status"] == OK).to_numpy()]
    if known.empty or not known["share"].iloc[0] > 0:
        return 1.0, float("nan")
    return float(known["share"].iloc[0]), float(known["n"].iloc[0])


def _shock_in_words(view: View, effect: LateEffect) -> list[str]:
    say = view.say
    told = {
        "days": say.number(effect.days),
        "usual": say.number(effect.usual_days),
        "share": say.percent(effect.share, 0),
    }
    alone = effect.share < 1
    said = [say("planning.say.late_account" if alone else "planning.say.late_all", **told)]
    lowest = say.money(effect.lowest, decimals=0)
    before = say.money(effect.lowest_before, decimals=0)
    said.append(say("planning.say.late_lowest", lowest=lowest, before=before))
    first, already = int(effect.first_negative[0]), int(effect.first_negative_before[0])
    if first == NEVER:
        said.append(say("planning.say.late_holds"))
    elif already == NEVER:
        said.append(say("planning.say.late_first", month=period_of(first)))
        if effect.most_days > effect.usual_days:
            said.append(say("planning.say.late_most_days", days=say.number(effect.most_days)))
    elif first < already:
        said.append(say("planning.say.late_sooner", month=period_of(first), before=period_of(already)))
    else:
        said.append(say("planning.say.late_anyway", month=period_of(first)))
    return said


def days_overdue(view: View) -> float:
    """Days after the agreed day that firms paid, by amount (early: negative); NaN where that is not known."""
    delays = keyed(b2b.payment_delays(view.of_kind("b2b").sales, default_terms(view)), "measure")
    late = delays.loc["days_late_weighted"]
    return float(late["value"]) if late["status"] == OK else float("nan")


def _discipline_in_words(view: View, effect: LateEffect, overdue: float) -> list[str]:
    """What a day is worth, and what is gained where everybody pays on the agreed day."""
    say = view.say
    said = [say("planning.say.late_a_day", money=say.money(effect.a_day, decimals=0))]
    if np.isnan(overdue):
        return said
    gained, cash = late_payers.days_gained(overdue, 0.0, effect.a_day / effect.share * 365)
    if gained >= 1:
        money = say.money(cash, decimals=0)
        said.append(say("planning.say.days_gained", n=round(gained), money=money))
    else:
        said.append(say("planning.say.already_on_time"))
    return said


def _law_in_words(view: View, effect: LateEffect, law: LateLaw | None) -> list[str]:
    if law is None or effect.interest <= 0:
        return []
    say = view.say
    said = [
        say(
            "planning.say.late_granted",
            interest=say.money(effect.interest, decimals=0),
            rate=say.percent(law.interest_rate, 2),
            fees=say.money(effect.fees, decimals=0),
        )
    ]
    if law.max_days is not None and effect.days > law.max_days:
        said.append(say("planning.say.late_unlawful", n=law.max_days))
    return said


def _bill_in_words(view: View, law: LateLaw | None) -> str:
    """A bill on its way, shown as one; "" without any."""
    if law is None or law.bill_days is None:
        return ""
    bill = view.sme.pack.payment_bills[0]
    return view.say("planning.say.late_bill", bill=view.say(f"payment_bill.{bill.name}"), n=law.bill_days)


def _cash_chart(view: View, plan: Plan, effect: LateEffect) -> charts.Figure:
    """Cash with and without the delay, as far as the lowest point and a little further."""
    say, held = view.say, effect.cash[0]
    low = int(held.argmin())
    shown = slice(0, max(MONTHS_SHOWN, low + 4))
    words = say("planning.mark.late_lowest", money=say.money(held[low], decimals=0))
    before = effect.cash_before[0][shown].tolist()
    return money_ahead(
        say,
        calendar(plan.inputs)[shown],
        [
            charts.Series(say("planning.series.paid_as_usual"), before, theme.MAIN),
            charts.Series(say("planning.series.paid_late"), held[shown].tolist(), theme.ALERT, "dash"),
        ],
        marks=[Mark(low, float(held[low]), words, theme.ALERT)],
    )


def _steps_table(view: View, steps: pd.DataFrame) -> Table:
    say = view.say

    def when(month: int) -> str:
        return say("planning.never") if month == NEVER else say.month(period_of(month))

    return Table(
        "late-payer",
        steps,
        (
            Column("days", "planning_days_to_pay", "number"),
            Column("lowest", "planning_lowest_cash", "money"),
            Column("lowest_month", "planning_lowest_month", words=when),
            Column("first_negative", "planning_first_negative", words=when),
        ),
        say.currency,
    )
