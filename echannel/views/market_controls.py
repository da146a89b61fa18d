"""What the reader of the market dashboard may turn: market, customers, the day's rules, terms, weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from ipywidgets import Accordion, DatePicker, Dropdown, HBox, IntSlider, Layout, VBox

from echannel.countries.trade import first_day, trade_rules
from echannel.errors import UserError
from echannel.metrics.market.criteria import CRITERIA, PRESETS, preset
from echannel.metrics.market.ranking import METHODS
from echannel.views.context import Choice, View
from echannel.views.market_choice import MarketChoice
from echannel.views.market_facts import compared, country, home, kind_of, market_of, rules_day
from echannel.views.market_landed_facts import usual_discount

MOST_WEIGHT = 30
TERMS = ("dap", "ddp")
CHANNELS = ("own_shop", "marketplace")
MOST_OFF = 50  # per cent of discount that the slider goes to
SCHEMES = {"import": ("ioss", "border"), "union": ("oss", "home")}  # of consumers' parcels, by route
_USUAL = ""


def market_bar(view: View, choose: Callable[[Choice], None]) -> VBox:
    """The lists and sliders; ``choose`` is called with the new choice whenever one is let go."""
    return _Bar(view, choose).box


class _Bar:
    """The widgets of one page. Moving one of them asks for one redraw, also where it moves others."""

    def __init__(self, view: View, choose: Callable[[Choice], None]) -> None:
        self.view, self.choose, self.quiet = view, choose, False
        self.lists = self._lists()
        self.sliders = self._sliders()
        self.disputed: dict[str, Dropdown] = {}
        self.switches = HBox([], layout=Layout(flex_flow="row wrap", overflow="visible"))
        self.switches.add_class("ec-filters")
        self.switches.add_class("ec-sliders")
        weights = HBox(list(self.sliders.values()), layout=Layout(flex_flow="row wrap", overflow="visible"))
        weights.add_class("ec-filters")
        weights.add_class("ec-sliders")
        top = HBox(list(self.lists.values()), layout=Layout(flex_flow="row wrap", overflow="visible"))
        top.add_class("ec-filters")
        top.add_class("ec-sliders")
        folded = Accordion([weights, self.switches], selected_index=None)
        for at, name in enumerate(("weights", "disputed")):
            folded.set_title(at, view.say(f"market.filter.{name}"))
        folded.add_class("ec-folded")
        self.box = VBox([top, folded])
        self.usual_off = self._off()
        self._offer_schemes()
        self._offer_switches()
        for name, box in self.lists.items():
            box.observe(self._on_kind if name == "kind" else self._on_change, names="value")
        for slider in self.sliders.values():
            slider.observe(self._on_change, names="value")

    def _lists(self) -> dict[str, Any]:
        view, say, now = self.view, self.view.say, self.view.choice.market
        names = sorted((country(view, code), str(code)) for code in compared(view).figures.index)
        lists: dict[str, Any] = {
            "market": Dropdown(
                options=[(say("market.filter.ranked_first"), _USUAL), *names], value=now.market
            ),
            "kind": Dropdown(
                options=[(say(f"market.kind.{kind}"), kind) for kind in PRESETS], value=kind_of(view)
            ),
            "method": Dropdown(
                options=[(say(f"market.method.{name}"), name) for name in METHODS], value=now.method
            ),
            "rules_on": DatePicker(value=max(rules_day(view), first_day()), min=first_day()),
            "terms": Dropdown(
                options=[
                    (say("market.filter.usual"), _USUAL),
                    *((say(f"market.terms.{name}"), name) for name in TERMS),
                ],
                value=now.terms,
            ),
            "scheme": Dropdown(options=[(say("market.filter.usual"), _USUAL)], value=_USUAL),
            "channel": Dropdown(
                options=[
                    (say("market.filter.usual"), _USUAL),
                    *((say(f"market.channel.{name}"), name) for name in CHANNELS),
                ],
                value=now.channel if now.channel in CHANNELS else _USUAL,
            ),
            "discount": IntSlider(
                value=self._off() if now.discount is None else round(100 * now.discount),
                min=0,
                max=MOST_OFF,
                continuous_update=False,
            ),
        }
        for name, box in lists.items():
            box.description = say(f"market.filter.{name}")
            box.style.description_width = "initial"
        return lists

    def _sliders(self) -> dict[str, IntSlider]:
        say, weights = self.view.say, preset(kind_of(self.view)) | dict(self.view.choice.market.weights)
        absent = compared(self.view).absent
        return {
            name: IntSlider(
                value=round(weights[name]),
                min=0,
                max=MOST_WEIGHT,
                continuous_update=False,
                description=say(f"market.criterion.{name}"),
                style={"description_width": "initial"},
            )
            for name in CRITERIA
            if name not in absent
        }

    def _on_kind(self, change: Any) -> None:
        """Other customers, other weights: the sliders go to the preset."""
        self.quiet = True
        weights = preset(str(change["new"]))
        for name, slider in self.sliders.items():
            slider.value = round(weights[name])
        self.quiet = False
        self._on_change(change)

    def _on_change(self, _: Any) -> None:
        if self.quiet:
            return
        self.quiet = True
        self.view = self.view.chosen(self._choice())
        self._offer_discount()
        self._offer_schemes()
        self._offer_switches()
        self.quiet = False
        self.choose(self._choice())

    def _choice(self) -> Choice:
        kind = str(self.lists["kind"].value)
        usual = preset(kind)
        chosen_day = self.lists["rules_on"].value
        off = self.lists["discount"].value
        return replace(
            self.view.choice,
            market=MarketChoice(
                market=self.lists["market"].value or "",
                kind=kind,
                weights=tuple(
                    (name, float(slider.value))
                    for name, slider in self.sliders.items()
                    if slider.value != round(usual[name])
                ),
                method=self.lists["method"].value,
                rules_on=chosen_day if isinstance(chosen_day, date) else None,
                terms=self.lists["terms"].value or "",
                scheme=self.lists["scheme"].value or "",
                channel=self.lists["channel"].value or "",
                discount=None if off == self.usual_off else off / 100,
                switches=tuple((name, box.value) for name, box in self.disputed.items() if box.value),
            ),
        )

    def _offer_discount(self) -> None:
        """Another market, another discount entered: the slider goes there, unless it was moved."""
        before, self.usual_off = self.usual_off, self._off()
        if self.lists["discount"].value == before:
            self.lists["discount"].value = self.usual_off

    def _off(self) -> int:
        """The discount entered for the market, per cent; none where nothing can be ranked."""
        try:
            return min(round(100 * usual_discount(self.view)), MOST_OFF)
        except UserError:
            return 0

    def _rules(self) -> Any:
        """The rules on the way to the chosen market; None where none are known or nothing can be ranked."""
        try:
            return trade_rules(home(self.view), market_of(self.view), rules_day(self.view))
        except UserError:
            return None

    def _offer_schemes(self) -> None:
        """The VAT schemes that the route to the market has: none for firms, or outside the EU and the UK."""
        say, box, rules = self.view.say, self.lists["scheme"], self._rules()
        names: tuple[str, ...] = ()
        if rules is not None and kind_of(self.view) == "b2c" and rules.area == "EU":
            names = SCHEMES.get(rules.route, ())
        kept = box.value if box.value in names else _USUAL
        box.options = [
            (say("market.filter.usual"), _USUAL),
            *((say(f"market.scheme.{name}"), name) for name in names),
        ]
        box.value = kept

    def _offer_switches(self) -> None:
        """One list per dispute that touches the route on that day."""
        say, rules = self.view.say, self._rules()
        found = rules.switches if rules is not None else ()
        if [one.name for one in found] == list(self.disputed):
            return
        self.disputed = {}
        for one in found:
            box = Dropdown(
                options=[(say(f"market.reading.{one.name}.{reading}"), reading) for reading in one.readings],
                value=one.default,
                description=say(f"market.switch.{one.name}"),
                style={"description_width": "initial"},
            )
            box.observe(self._on_change, names="value")
            self.disputed[one.name] = box
        self.switches.children = list(self.disputed.values())
