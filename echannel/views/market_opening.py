"""The market page's first three sentences: where next, why, what to do first."""

from __future__ import annotations

from echannel.views.context import View
from echannel.views.market_facts import country, market_of, own_traction, ranking
from echannel.views.market_ranking_cards import ranking_sentence, reasons_sentence
from echannel.views.market_traction_cards import traction_sentence

Sentences = tuple[str, str, str]


def market(view: View) -> Sentences:
    """Where to sell next and how sure that is; what speaks for it; the first step, from own signals."""
    return ranking_sentence(view), _why(view), _first_step(view)


def _why(view: View) -> str:
    own = traction_sentence(view)
    speaks = reasons_sentence(view)
    return f"{speaks} {own}".strip() or view.say("market.say.none_ranked")


def _first_step(view: View) -> str:
    """By what the shop shows of the market: sell better there, make visitors buy, or try it small."""
    say, chosen = view.say, market_of(view)
    own = own_traction(view)
    signal = str(own["signal"].get(chosen, "none"))
    if not ranking(view)["rank"].notna().any():
        return say("market.open.fill_figures")
    return say(f"market.open.{signal}", market=country(view, chosen))
