"""What must be seen to before selling in a market, how far the firm is, and noting it down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import pandas as pd

from echannel.countries.dated import cited
from echannel.countries.trade.duties import Duty, duties_of
from echannel.register import STATES, duty_states, existing_register, open_register, set_duty_state
from echannel.register.models import DutyState
from echannel.views import charts, theme
from echannel.views.cards import NO_FIGURES, Card, moved_by
from echannel.views.context import View
from echannel.views.market_facts import country, home, kind_of, market_of, of_market, rules_day
from echannel.views.tables import Column, Table

_COLOURS = {"open": theme.ALERT, "asked": theme.SOFT, "done": theme.SECOND, "not_needed": theme.MUTED}


def duties_here(view: View) -> tuple[Duty, ...]:
    """The duties of the firm in the market looked at, on the day of the rules."""
    return duties_of(home(view), market_of(view), kind_of(view), rules_day(view))


def states_here(view: View) -> Mapping[str, DutyState]:
    """What was noted down of them; a dashboard reads it anew each time, since it changes it."""
    if view.mode == "report":
        return view.once(f"duty states {market_of(view)}", lambda: _noted_states(view))
    return _noted_states(view)


def _noted_states(view: View) -> Mapping[str, DutyState]:
    register = existing_register(view.sme.workspace) if view.sme.workspace else None
    return duty_states(register, view.sme.profile.id, market_of(view)) if register else {}


def open_duties(view: View) -> list[Duty]:
    """Those that are neither done nor found not to be needed."""
    noted = states_here(view)
    return [one for one in duties_here(view) if _state(noted, one) in ("open", "asked")]


@moved_by(of_market)
def duties(view: View) -> Card | None:
    """The checklist: each duty, what to do, since when, where it stands, and how far the firm is."""
    found = duties_here(view)
    if not found:
        return None
    say, noted = view.say, states_here(view)
    frame = pd.DataFrame([_row(noted, one, say.language) for one in found])
    counts = frame["state"].value_counts()
    left = int(counts.reindex(["open", "asked"]).sum())
    name = country(view, market_of(view))
    if left:
        first = next(one for one in found if _state(noted, one) in ("open", "asked"))
        sentence = say(
            "market.say.duties_left",
            n=left,
            of=len(found),
            market=name,
            duty=say(f"market.duty.{first.name}"),
        )
    else:
        sentence = say("market.say.duties_done", n=len(found), market=name)
    shown = [state for state in STATES if counts.get(state, 0)]
    figures = (
        (
            charts.ranked(
                [say(f"market.duty_state.{state}") for state in shown],
                [float(counts[state]) for state in shown],
                say.number,
                colour=[_COLOURS[state] for state in shown],
            ),
        )
        if len(shown) > 1
        else NO_FIGURES
    )
    table = Table(
        "market-duties",
        frame,
        (
            Column("name", "sheet_duty", words=lambda one: say(f"market.duty.{one}"), long=True),
            Column("state", "sheet_state", words=lambda one: say(f"market.duty_state.{one}")),
            Column("name", "sheet_do", words=lambda one: say(f"market.duty_do.{one}"), long=True),
            Column("since", "sheet_since", "day"),
            Column("source", "sheet_source", long=True),
            Column("confidence", "sheet_confidence", words=lambda one: say(f"market.confidence.{one}")),
            Column("note", "sheet_note", long=True),
        ),
    )
    return Card(
        "market.duties",
        sentence,
        None,
        figures,
        table,
        note=say("market.say.no_legal_advice"),
        open_table=True,
    )


def _row(noted: Mapping[str, DutyState], duty: Duty, language: str) -> dict[str, Any]:
    state = noted.get(duty.name)
    said = [part for part in ((state.note, state.by) if state else ()) if part]
    return {
        "name": duty.name,
        "state": state.state if state else "open",
        "since": duty.since,
        "source": cited(duty.source, language),
        "confidence": duty.confidence if duty.checked or duty.confidence == "disputed" else "unread",
        "note": " – ".join(said) or "–",
    }


def _state(noted: Mapping[str, DutyState], duty: Duty) -> str:
    return noted[duty.name].state if duty.name in noted else "open"


class DutyNotes:
    """In a dashboard: one duty, its state and a note; what is noted down stands in the register at once."""

    def __init__(self, view: View, drawn_again: Callable[[], None]) -> None:
        from ipywidgets import HTML, Button, Dropdown, HBox, Layout, Text

        self.view, self._again = view, drawn_again
        say = view.say
        self.duty = Dropdown(description=say("market.filter.duty"))
        states = [(say(f"market.duty_state.{state}"), state) for state in STATES]
        self.state = Dropdown(description=say("market.filter.duty_state"), options=states, value="done")
        self.note = Text(placeholder=say("market.filter.duty_note"))
        self.button = Button(description=say("market.filter.duty_save"))
        self.button.add_class("ec-button")
        self.button.on_click(lambda _: self.save())
        self.said = HTML()
        parts = [self.duty, self.state, self.note, self.button, self.said]
        self.box = HBox(parts, layout=Layout(flex_flow="row wrap", overflow="visible"))
        self.box.add_class("ec-filters")
        self.follow(view)

    def follow(self, view: View) -> None:
        """Offers the duties of the market that is now looked at."""
        self.view = view
        found = [(view.say(f"market.duty.{one.name}"), one.name) for one in duties_here(view)]
        names = [name for _, name in found]
        if list(self.duty.options) != found:
            before = self.duty.value
            self.duty.options = found
            # New options leave a list without a value: what is shown first would not be noted down.
            left = [one.name for one in open_duties(view)]
            self.duty.value = before if before in names else next(iter(left or names), None)
            self.said.value = ""
        self.box.layout.display = "" if found else "none"

    def save(self) -> None:
        """Notes the state down for this SME and has the cards drawn again."""
        if not self.duty.value or self.view.sme.workspace is None:
            return
        set_duty_state(
            open_register(self.view.sme.workspace),
            self.view.sme.profile.id,
            market_of(self.view),
            self.duty.value,
            self.state.value,
            note=self.note.value.strip()[:500],
        )
        self.note.value = ""
        say = self.view.say
        duty, state = say(f"market.duty.{self.duty.value}"), say(f"market.duty_state.{self.state.value}")
        self.said.value = escape(say("market.say.duty_noted", duty=duty, state=state))
        self._again()
