"""In a dashboard: noting down a competitor's price by hand."""

from __future__ import annotations

from collections.abc import Callable

from echannel.competitors import price_of
from echannel.errors import UserError
from echannel.reference import snapshot
from echannel.register import add_price, open_register
from echannel.views.context import View
from echannel.views.market_facts import home, market_of

MOST_PRODUCTS = 2000


class PriceNotes:
    """A product, who sells the like, for how much; it stands in the register at once, for this SME."""

    def __init__(self, view: View, drawn_again: Callable[[], None]) -> None:
        from ipywidgets import HTML, Button, Combobox, HBox, Layout, Text

        self.view, self._again = view, drawn_again
        say = view.say
        table = view.sme.table("products")
        ids = [str(one) for one in table["product_id"].head(MOST_PRODUCTS)]
        self._ids = {f"{view.product(one)} ({one})": one for one in ids}
        self.product = Combobox(placeholder=say("market.filter.price_product"), options=list(self._ids))
        self.competitor = Text(placeholder=say("market.filter.price_competitor"))
        self.price = Text(placeholder=say("market.filter.price_price"))
        self.currency = Text(layout=Layout(width="5em"))
        self.button = Button(description=say("market.filter.price_save"))
        self.button.add_class("ec-button")
        self.button.on_click(lambda _: self.save())
        self.said = HTML()
        parts = [self.product, self.competitor, self.price, self.currency, self.button, self.said]
        self.box = HBox(parts, layout=Layout(flex_flow="row wrap", overflow="visible"))
        self.box.add_class("ec-filters")
        self.follow(view)

    def follow(self, view: View) -> None:
        """Prices are those of the market that is now looked at."""
        self.view = view
        facts = snapshot.markets(view.sme.workspace)
        market = market_of(view)
        if market in facts.index:
            self.currency.value = str(facts.loc[market, "currency"])
        self.box.layout.display = "none" if market == home(view) else ""

    def save(self) -> None:
        """Notes the price down and has the cards drawn again; says what is wrong with it otherwise."""
        from html import escape

        sme = self.view.sme
        if sme.workspace is None:
            return
        typed = self.product.value.strip()
        if not typed:
            self.said.value = escape(self.view.say("market.say.choose_product"))
            return
        try:
            noted = price_of(
                sme,
                market_of(self.view),
                self._ids.get(typed, typed),
                self.competitor.value,
                self.price.value,
                self.currency.value,
            )
        except UserError as wrong:
            self.said.value = escape(self.view.say.error(wrong))
            return
        add_price(open_register(sme.workspace), sme.profile.id, **noted)
        price = self.view.say.money(noted["price"], noted["currency"])
        said = self.view.say("market.say.price_noted", competitor=noted["competitor"], price=price)
        self.said.value = escape(said)
        self.price.value = self.competitor.value = ""
        self._again()
