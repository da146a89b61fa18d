"""A page's first three sentences, written from the data: what happened, why, what to do next."""

from __future__ import annotations

from echannel.metrics import b2b, products, rfm
from echannel.metrics.result import OK
from echannel.metrics.turnover import as_date
from echannel.views import audit_cards, change_cards, growth_cards
from echannel.views.context import View
from echannel.views.customer_cards import own_customers
from echannel.views.frames import first_row, largest
from echannel.views.segment_cards import QUIET

Sentences = tuple[str, str, str]


def growth(view: View) -> Sentences:
    """Of the sales: the change, its main cause, the one step that most asks to be taken."""
    say = view.say
    if not len(view.sales.orders):
        nothing = say("views.opening.nothing")
        return nothing, say("growth.open.no_cause"), say("growth.open.carry_on")
    return growth_cards.turnover_sentence(view), _cause(view), _next_step(view)


def _cause(view: View) -> str:
    """The largest part of the change, with how sure that is, and the product most of it comes from."""
    say = view.say
    cause = change_cards.main_cause(view)
    if cause is None or view.compared is None:
        return say("growth.open.no_cause")
    sentence = change_cards.cause_sentence(view, cause)
    if cause["part"] not in ("price", "volume", "mix", "new_items", "lost_items"):
        return sentence
    detail = change_cards.by_product(view)
    column = detail[str(cause["part"])] * (1 if cause["value"] > 0 else -1)
    if len(column) and column.max() > 0.25 * abs(cause["value"]):
        row = largest(detail, column)
        sentence += " " + say(
            "growth.open.cause_product",
            product=view.product(row["product_id"]),
            money=say.money(row[str(cause["part"])], decimals=0, signed=True),
        )
    return sentence


def _next_step(view: View) -> str:
    """The one thing that most asks to be done: accounts gone quiet, good customers gone quiet, a product
    that lost more than chance would take, costs that are missing."""
    say = view.say
    if "b2b" in view.kinds:
        accounts = view.of_kind("b2b").of_all_days(b2b.accounts_at_risk)
        known = accounts[accounts["status"] == OK]
        if len(known):
            money = say.money(known["turnover"].sum(), decimals=0)
            return say("growth.open.call_accounts", n=len(known), money=money)
    segments = own_customers(view).of_all_days(rfm.rfm_segments)
    quiet = segments[segments["segment"].isin(QUIET) & (segments["status"] == OK)]
    if "b2c" in view.kinds and quiet["n"].sum() > 0 and quiet["value"].sum() > 0:
        money = say.money(quiet["value"].sum(), decimals=0)
        return say("growth.open.write_to", n=int(quiet["n"].sum()), money=money)
    if view.compared is not None:
        moved = view.figures(products.movers, view.whole.lines, view.period, view.compared)
        fallen = moved[(moved["status"] == OK) & (moved["direction"] == "faller") & moved["beyond_chance"]]
        if len(fallen):
            row = first_row(fallen)
            return say(
                "growth.open.look_at_product",
                product=view.product(row["product_id"]),
                money=say.money(-row["value"], decimals=0),
            )
    margin = view.figures(products.margin, view.whole.lines, view.period)
    if not (margin["status"] == OK).any():
        return say("growth.open.add_costs")
    return say("growth.open.carry_on")


def audit(view: View) -> Sentences:
    """Of the data: what was read, what holds the tools back, what to mend first."""
    say, sales = view.say, view.sme.sales
    orders = len(view.sme.table("orders"))
    what = (
        say(
            "audit.open.what",
            n=orders,
            period=say.period(as_date(sales.first_day), as_date(sales.last_day)),
        )
        if orders
        else say("audit.open.no_orders")
    )
    what += " " + say("audit.open.refused", n=sum(view.sme.manifest.rejected.values()))
    to_mend = audit_cards.to_mend(view)
    if not len(to_mend):
        return what, say("audit.open.ready"), say("audit.say.nothing_to_fix")
    first = first_row(to_mend)
    why = say(
        "audit.open.why",
        because=audit_cards.finding_in_words(say, first["check"], first["value"]),
        tools=audit_cards.tools_in_words(say, first["unlocks"]),
    )
    return what, why, say(f"audit.check.{first['check']}.fix")
