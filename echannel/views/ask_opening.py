"""The opening of the page on which an SME asks its own data."""

from __future__ import annotations

from echannel.metrics.turnover import as_date
from echannel.views.context import View
from echannel.views.opening import Sentences

HEADS = ("ask.opening.what", "ask.opening.how", "views.opening.next")


def ask(view: View) -> Sentences:
    """What there is to ask about, how, and what to do first."""
    say, sales = view.say, view.sme.sales
    if sales.last_day < sales.first_day:
        return (say("ask.say.no_rows"), say("ask.say.how"), say("ask.say.connect"))
    period = say.period(as_date(sales.first_day), as_date(sales.last_day))
    there = say("ask.say.there", n=len(sales.orders), period=period)
    return (there, say("ask.say.how"), say("ask.say.begin"))
