"""What a figure means, in plain words: for a mouse that rests on its sign, a finger, and the keyboard."""

from __future__ import annotations

from html import escape

from echannel.locale import Speaker


def card_words(key: str, part: str, say: Speaker) -> str:
    """A card's ``what``, ``how``, ``compared`` or ``next``; ``key`` is ``<tool>.<name>``."""
    tool, name = key.split(".", 1)
    return say(f"{tool}.card.{name}.{part}")


def what(key: str, term: str, say: Speaker) -> str:
    """What a card shows, its term of the glossary first (pointed at: in the other language); as HTML."""
    text = escape(card_words(key, "what", say))
    if not term:
        return text
    return f'<dfn title="{escape(say.other.term(term))}">{escape(say.term(term))}</dfn>. {text}'


# The glossary's term for what a tile shows, where it has one.
_TERMS = {
    "views.help.growth.turnover": "net_turnover",
    "views.help.growth.orders": "orders",
    "views.help.growth.basket_b2c": "aov",
    "views.help.growth.basket_b2b": "aov",
    "views.help.growth.units_per_order": "items_per_order",
    "views.help.growth.refund_rate": "return_rate",
    "views.help.inventory.value_at_cost": "stock_value",
    "views.help.inventory.turn": "stock_turn",
    "views.help.inventory.cover": "days_of_cover",
    "views.help.inventory.gmroi": "gmroi",
    "views.help.inventory.stock_outs": "stockout_rate",
    "views.help.planning.lowest": "cash_low",
    "views.help.planning.break_even": "break_even_date",
    "views.help.planning.dry": "prob_cash_negative",
    "views.help.market.stands_out": "own_traction",
    "views.help.market.first": "market_attractiveness",
}


def card_tip(name: str, of: str, key: str, term: str, say: Speaker) -> str:
    """The help of the card ``key``, whose question is ``of``: what it is, and how it is computed."""
    text, how = (escape(card_words(key, part, say)) for part in ("what", "how"))
    named = f"{in_both(term, say)} {text}" if term else text
    return _tip(name, of, f"<span>{named}</span><span>{how}</span>", say)


def tile_tip(at: int, of: str, name: str, say: Speaker) -> str:
    """The help of a headline figure (``views.help.<tool>.<name>``), the ``at``-th of its row."""
    term, text = _TERMS.get(name, ""), escape(say(name))
    own = f"{name.replace('.', '-').replace('_', '-')}-{at}"
    return _tip(own, of, f"<span>{in_both(term, say)} {text}</span>" if term else f"<span>{text}</span>", say)


def _tip(name: str, of: str, html: str, say: Speaker) -> str:
    """A question mark that opens ``html`` while it is pointed at or has the focus; ``name``: an id."""
    label = escape(say("views.help.label", of=of))
    return (
        f'<span class="ec-help"><button type="button" class="ec-ask" aria-label="{label}" '
        f'aria-describedby="{name}-help">?</button>'
        f'<span class="ec-tip" role="tooltip" id="{name}-help">{html}</span></span>'
    )


def in_both(term: str, say: Speaker) -> str:
    """A term of the glossary in the reader's language and, after it, in the other one."""
    mine, other = say.term(term), say.other.term(term)
    if mine == other:
        return f"<dfn>{escape(mine)}</dfn>."
    return (
        f'<dfn>{escape(mine)}</dfn> <span class="ec-also">(<span lang="{say.other.language}">'
        f"{escape(other)}</span>)</span>."
    )
