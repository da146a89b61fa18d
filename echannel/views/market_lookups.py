"""In a dashboard: is this VAT number valid, is this firm real; asked only where the workspace allows it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import pandas as pd

from echannel.errors import UserError
from echannel.reference import vies
from echannel.reference.http import Limits, Live
from echannel.reference.lookups import firms, firms_words, vat_words
from echannel.views.cards import Card, steady
from echannel.views.context import View

REGISTERS = ("vat", "FR", "GB")
_PATIENCE = Limits(connect=5.0, read=10.0, answer=15.0, attempts=1)  # somebody looks at the page
_KEPT = 5  # answers of this sitting that stay in sight


@steady
def customer_check(view: View) -> Card | None:
    """What the fields below are for, and whether they may ask; a report has no fields and no such card."""
    if view.mode == "report" or view.sme.workspace is None:
        return None
    say = view.say
    missing = () if Live(view.sme.workspace).online else ("reason.lookups_offline",)
    return Card("market.customer_check", say("market.say.customer_check"), missing=missing)


class Lookups:
    """A number or name and a register; the answer says when it was given. Nothing of it is kept on disk."""

    def __init__(self, view: View, _: Callable[[], None]) -> None:
        from ipywidgets import HTML, Button, Dropdown, HBox, Layout, Text

        self.view = view
        say = view.say
        registers = [(say(f"market.register.{name.lower()}"), name) for name in REGISTERS]
        self.register = Dropdown(options=registers, value="vat", description=say("market.filter.register"))
        self.wanted = Text(placeholder=say("market.filter.wanted"))
        self.button = Button(description=say("market.filter.look_up"))
        self.button.add_class("ec-button")
        self.button.on_click(lambda _: self.ask())
        self.said = HTML()
        self.answers: dict[tuple[str, str], tuple[pd.Timestamp, list[str]]] = {}
        parts = [self.register, self.wanted, self.button, self.said]
        self.box = HBox(parts, layout=Layout(flex_flow="row wrap", overflow="visible"))
        self.box.add_class("ec-filters")

    def follow(self, view: View) -> None:
        """A register has nothing to do with the market looked at: what was answered stays."""
        self.view = view

    def ask(self) -> None:
        """Asks the register, where the workspace may; what cannot be asked is said, with the last answer."""
        say, workspace = self.view.say, self.view.sme.workspace
        wanted, register = self.wanted.value.strip()[:100], str(self.register.value)
        if not wanted or workspace is None:
            self._tell([say("market.say.enter_number")])
            return
        about = (register, wanted.upper())
        try:
            lines, answered = self._asked(Live(workspace, limits=_PATIENCE), register, wanted)
        except UserError as error:
            lines, answered = [say.error(error)], False
        if answered:
            self.answers.pop(about, None)
            self.answers[about] = (pd.Timestamp.now(tz=self.view.sme.profile.timezone), lines)
        self._tell([] if answered else lines)

    def _asked(self, live: Live, register: str, wanted: str) -> tuple[list[str], bool]:
        """What was said, and whether that is an answer."""
        say = self.view.say
        if not live.online:
            command = "vat" if register == "vat" else "company"
            raise UserError(f"market.say.lookups_offline_{command}", wanted=wanted, country=register)
        if register != "vat":
            return firms_words(say, wanted, firms(live, wanted, register)), True
        found = vies.check(live, wanted)
        return [vat_words(say, wanted, found)], found.reason != "reason.vies_away"

    def _tell(self, first: list[str]) -> None:
        """What could not be asked, then the answers of this sitting, newest first, each with its moment."""
        say = self.view.say
        lines = list(first)
        for at, answer in list(self.answers.values())[: -_KEPT - 1 : -1]:
            lines += answer
            lines.append(say("market.say.answered", day=say.day(at), time=f"{at:%H:%M}"))
        self.said.value = "<br>".join(escape(line) for line in lines)
